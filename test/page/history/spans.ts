/** Spans put together: what is not known stays unknown, and sums are sums. */
import fc from 'fast-check'
import t from 'tap'
import type { HistoryAnswer } from '../../../src/api.ts'
import { backfilledShare, extend, fold, importedWh, isBackfilled, spansOf, sumOf, unknownShare } from '../../../src/page/history/spans.ts'

/** Minutes of an answer; a watt is drawn, fed in if less than 0, and null is not known. */
function answerOf(watts: readonly (number | null)[], fromMs = 0, filled = false): HistoryAnswer {
  const energyWh = watts.map(each => each && each / 60)
  return {
    ...{ sensor: '0', channel: null, zone: 'UTC', step: '1m', nowMs: 1e12, sinceMs: 0, fromMs, toMs: fromMs + watts.length * 60_000 },
    startMs: watts.map((_, index) => fromMs + index * 60_000),
    energyWh,
    exportedWh: energyWh.map(each => each && Math.max(0, -each)),
    backfilledWh: energyWh.map(each => (filled ? each : each && 0)),
    knownSeconds: watts.map(each => (each === null ? 0 : 60)),
    meanWatts: filled ? watts.map(() => null) : watts,
    minWatts: filled ? watts.map(() => null) : watts,
    maxWatts: filled ? watts.map(() => null) : watts,
    celsius: watts.map(() => null),
    cost: watts.map(each => (each === null ? null : ((each * 25) / 1e6).toFixed(6))),
    currency: 'GBP'
  }
}

t.test('what was drawn and what was fed in', async t => {
  const sum = sumOf(spansOf(answerOf([600, -1200, null, 60])), { fromMs: 0, toMs: 240_000 })
  t.match(sum, { energyWh: -9, exportedWh: 20, movedWh: 31, knownSeconds: 180, minWatts: -1200, maxWatts: 600, celsius: null })
  t.equal(importedWh(sum), 11)
  t.equal(sum.meanWatts, -180)
  t.equal(sum.cost, '-0.0135')
})

t.test('what is not known', async t => {
  const spans = spansOf(answerOf([null, null]))
  const sum = sumOf(spans, { fromMs: 0, toMs: 120_000 })
  t.match(sum, { energyWh: null, meanWatts: null, minWatts: null, maxWatts: null, cost: null, knownSeconds: 0 })
  t.equal(importedWh(sum), null)
  t.equal(unknownShare(sum, 0, 1e12), 1)
  t.equal(unknownShare(sum, 60_000, 90_000), 1, 'of what has gone by since the first reading')
  t.equal(unknownShare(sum, null, 1e12), 0, 'never heard: nothing was missed')
})

t.test('what was filled in', async t => {
  const [measured] = spansOf(answerOf([600]))
  const [filled] = spansOf(answerOf([-600], 60_000, true))
  t.notOk(measured && isBackfilled(measured))
  t.ok(filled && isBackfilled(filled))
  t.equal(filled?.meanWatts, -600, 'its mean follows from its energy')
  const sum = sumOf(
    [measured, filled].filter(span => span !== undefined),
    { fromMs: 0, toMs: 120_000 }
  )
  t.equal(backfilledShare(sum), 0.5, 'half of it, though the two cancel out')
  t.equal(sum.energyWh, 0)
})

t.test('folding loses nothing', async t => {
  const watts = fc.array(fc.option(fc.integer({ min: -5000, max: 9000 }), { nil: null }), { minLength: 1, maxLength: 60 })
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 59 }), { maxLength: 8 })
  fc.assert(
    fc.property(watts, cuts, (series, places) => {
      const spans = spansOf(answerOf(series))
      const inside = places.filter(place => place < series.length).sort((one, other) => one - other)
      const bounds = [0, ...inside, series.length].map(place => place * 60_000)
      const folded = fold(spans, bounds)
      const whole = sumOf(spans, { fromMs: 0, toMs: series.length * 60_000 })
      const again = sumOf(folded, whole)
      return (
        folded.length === bounds.length - 1 &&
        Math.abs((again.energyWh ?? 0) - (whole.energyWh ?? 0)) < 1e-6 &&
        (again.energyWh === null) === (whole.energyWh === null) &&
        again.knownSeconds === whole.knownSeconds &&
        again.maxWatts === whole.maxWatts &&
        Number(again.cost) === Number(whole.cost)
      )
    })
  )
  t.strictSame(
    fold(spansOf(answerOf([60], 120_000)), [0, 60_000, 120_000, 180_000]).map(({ energyWh }) => energyWh),
    [null, null, 1],
    'bounds before the first span'
  )
})

t.test('an answer is carried on by a later one', async t => {
  const later = { ...answerOf([7, 8], 120_000), nowMs: 2e12 }
  const joined = extend(answerOf([1, 2, 3]), later)
  t.strictSame(joined.meanWatts, [1, 2, 7, 8], 'the later one is right where both speak')
  t.strictSame(joined.startMs, [0, 60_000, 120_000, 180_000])
  t.match(joined, { fromMs: 0, toMs: 240_000, nowMs: 2e12 })
  t.strictSame(extend(answerOf([1]), answerOf([2], 60_000)).meanWatts, [1, 2], 'where they only join as well')
})
