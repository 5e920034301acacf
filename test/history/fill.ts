/** Filling: exactly what is missing, once, in any order, and only what is ours to tell. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Filler, type FillTimes, type PlacedSpan } from '../../src/history/fill.ts'
import { pointOf } from '../../src/history/integrate.ts'
import { Ledger } from '../../src/history/ledger.ts'
import { limits } from '../../src/limits.ts'
import { dayMs, hourMs, minuteMs, startMs, steady, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const now: FillTimes = { sinceMs: startMs, lastMs: startMs + 10 * dayMs, nowMs: startMs + 10 * dayMs }
const bucket = (index: number, kwh: number): PlacedSpan => {
  const fromMs = startMs + index * 2 * hourMs
  return { sensor: 0, scale: 'hours', fromMs, toMs: fromMs + 2 * hourMs, kwh }
}

/** A ledger in which a steady power was measured for some spans of time, in ms since the start. */
function measured(watts: number, ...spans: readonly (readonly [number, number])[]): { ledger: Ledger; filler: Filler; store: MemoryStore } {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  for (const [fromMs, toMs] of spans) {
    const points = steady(startMs + fromMs, startMs + toMs, watts).map(pointOf)
    for (const [index, to] of points.entries()) {
      const from = points[index - 1]
      if (from) ledger.measure(0, 'all', from, to)
    }
  }
  return { ledger, filler: new Filler(ledger), store }
}

const sumOf = (ledger: Ledger, { fromMs, toMs }: PlacedSpan): number => {
  const { measuredWh, backfilledWh } = ledger.query(0, fromMs, toMs)
  return measuredWh + backfilledWh
}
const near = (a: number, b: number, by = 0.01): boolean => Math.abs(a - b) < by

t.test('a gap in a bucket takes what the meter says on top of what was measured', async t => {
  const { ledger, filler } = measured(600, [0, hourMs])
  const outcome = filler.fill(bucket(0, 1.4), 1, now)
  assert(outcome.kind === 'filled')
  t.ok(near(outcome.wattHours, 800))
  t.strictSame([outcome.ms, outcome.isPart], [hourMs, false])
  t.ok(near(sumOf(ledger, bucket(0, 0)), 1400))
  t.ok(near(ledger.query(0, startMs + hourMs, startMs + hourMs + 30 * minuteMs).backfilledWh, 400), 'evenly')
  t.strictSame(filler.fill(bucket(0, 1.4), 1, now), { kind: 'whole' }, 'and never twice')
  t.strictSame(filler.fill({ ...bucket(0, 1.4), fromMs: startMs + 29_000, toMs: startMs + 2 * hourMs + 31_000 }, 1, now), { kind: 'whole' })
})

t.test('a bucket that was measured, or whose energy was, takes nothing', async t => {
  const { ledger, filler } = measured(600, [0, 2 * hourMs - limits.fillToleranceMs], [2 * hourMs, 3 * hourMs])
  t.strictSame(filler.fill(bucket(0, 9), 1, now), { kind: 'whole' })
  t.match(filler.fill(bucket(1, 0.5), 1, now), { kind: 'filled', wattHours: 0 }, 'the meter saw less than we did')
  t.strictSame(filler.fill(bucket(1, 5), 1, now), { kind: 'whole' }, 'which settles it')
  t.ok(near(ledger.query(0, startMs, startMs + 4 * hourMs).backfilledWh, 0))
})

t.test('what cannot be read is no gap', async t => {
  const { filler, store } = measured(600, [0, hourMs])
  store.state = 'failing'
  t.strictSame(filler.fill(bucket(0, 1.4), 1, now), { kind: 'refused', why: 'store-fails' })
})

t.test('history is scaled as the readings are', async t => {
  const { ledger, filler } = measured(600, [0, hourMs])
  filler.fill(bucket(0, 1), 1.2, now)
  t.ok(near(sumOf(ledger, bucket(0, 0)), 1200))
})

t.test('of a bucket that began before the first reading the part after it is filled, in proportion', async t => {
  const { ledger, filler } = measured(600, [30 * minuteMs, hourMs])
  const since = { ...now, sinceMs: startMs + 30 * minuteMs }
  const outcome = filler.fill(bucket(0, 1.2), 1, since)
  assert(outcome.kind === 'filled')
  t.ok(near(outcome.wattHours, 600), 'two thirds of the 900 Wh that are missing, for 60 of 90 minutes')
  t.equal(outcome.isPart, true)
  t.equal(ledger.query(0, startMs, startMs + 30 * minuteMs).backfilledWh, 0)
  t.strictSame(filler.fill(bucket(0, 1.2), 1, since), { kind: 'whole' })
})

t.test('what is not filled, and why', async t => {
  const { filler } = measured(600, [0, hourMs])
  const why = (span: PlacedSpan, changes: Partial<FillTimes> = {}): string => {
    const outcome = filler.fill(span, 1, { ...now, ...changes })
    return outcome.kind === 'refused' ? outcome.why : outcome.kind
  }
  for (const kwh of [-1, Number.NaN, Number.POSITIVE_INFINITY, 500]) t.equal(why(bucket(0, kwh)), 'implausible')
  t.equal(why({ ...bucket(0, 1), toMs: startMs }), 'implausible')
  t.equal(why(bucket(0, 1), { sinceMs: undefined }), 'before-first-reading')
  t.equal(why(bucket(0, 1), { sinceMs: startMs + 2 * hourMs }), 'before-first-reading')
  t.equal(why(bucket(0, 1), { sinceMs: startMs - dayMs, nowMs: startMs + 93 * dayMs + minuteMs }), 'older-than-ledger')
  t.equal(why(bucket(0, 1), { lastMs: startMs + hourMs, nowMs: startMs + hourMs }), 'not-over')
  const endMs = startMs + 2 * hourMs
  t.equal(why(bucket(0, 1), { lastMs: endMs - 10_000, nowMs: endMs + 1 }), 'not-over', 'the next reading may still measure it')
  t.equal(why(bucket(0, 1), { lastMs: endMs - 10_000, nowMs: endMs + 80_001 }), 'filled')
  for (const scale of ['days', 'blocks', 'years'] as const) t.equal(why({ ...bucket(0, 1), scale }), 'finer-history')
})

t.test('days are for what hours do not reach, once these reach no further', async t => {
  const { ledger, filler } = measured(600, [0, minuteMs])
  const day = (index: number, kwh: number): PlacedSpan => ({
    sensor: 0,
    scale: 'days',
    fromMs: startMs + index * dayMs,
    toMs: startMs + (index + 1) * dayMs,
    kwh
  })
  const kinds = (spans: readonly PlacedSpan[], times = now) => spans.map(span => filler.fill(span, 1, times).kind)
  const after = (ms: number): FillTimes => ({ ...now, lastMs: now.lastMs + ms, nowMs: now.nowMs + ms })
  // Hours from the middle of day 1 on.
  const hours = Array.from({ length: 6 }, (_, index) => bucket(18 + index, 0.2))
  t.strictSame(
    kinds(hours),
    hours.map(() => 'filled')
  )
  t.strictSame(kinds([day(0, 1), day(1, 2)]), ['refused', 'refused'], 'hours may reach further in the next cycle')
  t.strictSame(kinds([bucket(17, 0.2)], after(2 * hourMs)), ['filled'])
  t.strictSame(kinds([day(0, 1)], after(4 * hourMs)), ['refused'], 'as they did')
  t.strictSame(kinds([bucket(17, 0.2)], after(4 * hourMs)), ['whole'])
  const latest = after(2 * hourMs + limits.fillSettleMs)
  t.strictSame(kinds([day(0, 1), day(1, 2), day(2, 3)], latest), ['filled', 'filled', 'refused'])
  t.ok(near(sumOf(ledger, day(0, 0)), 1000) && near(sumOf(ledger, day(1, 0)), 2000))
  t.ok(near(sumOf(ledger, hours[0] ?? day(0, 0)), 200), 'hours stay as they are')
  t.strictSame(kinds([day(0, 1), day(1, 2)], latest), ['whole', 'whole'])
})

t.test('whatever was measured, and in whatever order history comes, each span comes to what the meter says', async t => {
  const gaps = fc.array(fc.tuple(fc.nat(2 * 24 * 60), fc.integer({ min: 2, max: 400 })), { minLength: 1, maxLength: 6 })
  const order = fc.infiniteStream(fc.nat())
  const watts = fc.array(fc.integer({ min: 200, max: 3000 }), { minLength: 24, maxLength: 24 })
  fc.assert(
    fc.property(gaps, watts, order, (gaps, watts, order) => {
      const ledger = new Ledger(new MemoryStore(), '', utc)
      // Two days at a power that changes with the bucket, of which some minutes were not heard.
      const isHeard = (minute: number) => gaps.every(([from, length]) => minute < from || minute >= from + length)
      for (let minute = 0; minute < 2 * 24 * 60; minute++) {
        const atMs = startMs + minute * minuteMs
        const point = { atMs, watts: watts[Math.floor(minute / 120)] ?? 0, channelsWatts: [0, 0, 0] as const }
        if (isHeard(minute)) ledger.measure(0, 'all', point, { ...point, atMs: atMs + minuteMs })
      }
      const truth = (first: number, end: number) => Math.round(watts.slice(first, end).reduce((sum, each) => sum + 2 * each, 0)) / 1000
      const day = (index: number): PlacedSpan => ({
        ...bucket(index * 12, truth(index * 12, index * 12 + 12)),
        toMs: startMs + (index + 1) * dayMs,
        scale: 'days'
      })
      // Hours reach back over one day and a half only.
      const spans = [...watts.map((each, index) => bucket(index, (2 * each) / 1000)).slice(6), day(0), day(1)]
      const missedMs = watts.map((_, index) => ledger.query(0, bucket(index, 0).fromMs, bucket(index, 0).toMs).missingMs)
      const filler = new Filler(ledger)
      for (let cycle = 0; cycle < 3; cycle++) {
        const times = { ...now, lastMs: now.lastMs + cycle * 2 * hourMs, nowMs: now.nowMs + cycle * 2 * hourMs }
        const shuffled = spans.map(span => ({ span, place: order.next().value ?? 0 })).sort((a, b) => a.place - b.place)
        for (const { span } of shuffled) filler.fill(span, 1, times)
      }
      for (const span of spans) {
        const { fromMs, toMs, kwh } = span
        // A bucket that lacks no more than a minute is taken for whole, and may get a little of what its day lacks.
        const inexact = missedMs.filter(
          (ms, index) => index * 2 * hourMs + startMs >= fromMs && index * 2 * hourMs + startMs < toMs && ms > 0
        )
        const boundWh = 0.5 + (inexact.filter(ms => ms <= limits.fillToleranceMs).length * 3000 * limits.fillToleranceMs) / hourMs
        assert(ledger.query(0, fromMs, toMs).missingMs <= limits.fillToleranceMs * inexact.length)
        assert(Math.abs(sumOf(ledger, span) - kwh * 1000) < boundWh, `${span.scale}: ${sumOf(ledger, span)} for ${kwh}`)
        assert.notEqual(filler.fill(span, 1, { ...now, lastMs: now.lastMs + dayMs, nowMs: now.nowMs + dayMs }).kind, 'filled')
      }
    }),
    { numRuns: 40 }
  )
  t.pass()
})
