/** Spreading: all of it arrives, evenly, where there is room. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { emptyRow, type Row } from '../../src/history/rows.ts'
import { Series } from '../../src/history/series.ts'
import { spread } from '../../src/history/spread.ts'
import { minutes, type Tier, tiers } from '../../src/history/tiers.ts'
import { dayMs, hourMs, minuteMs, startMs } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

function rowsOf(series: Series, tier: Tier): Row[] {
  const rows: Row[] = []
  for (const row of series.read(tier, startMs - dayMs, startMs + dayMs)) rows.push({ ...row })
  return rows
}

t.test('whatever is known already, every tier gets all of it, and no slot is filled beyond its length', async t => {
  const known = fc.uniqueArray(fc.nat(3 * 360), { maxLength: 400 })
  const kind = fc.constantFrom('measured', 'filled')
  fc.assert(
    fc.property(known, kind, fc.nat(9_000_000), fc.nat(100), fc.integer({ min: 1, max: 80 }), (known, kind, milli, from, length) => {
      const series = new Series(new MemoryStore(), '/0/0')
      for (const slot of [...known].sort((a, b) => a - b))
        series.add({ ...emptyRow(startMs / 10_000 + slot), net: 7, coveredMs: 10_000, min: 3, max: 3 })
      const room = 60 * length * 6 // more than may be missing
      spread(series, { fromMs: startMs + from * minuteMs, toMs: startMs + (from + length) * minuteMs, milli, kind }, startMs + hourMs)
      for (const tier of tiers) {
        const rows = rowsOf(series, tier)
        const sum = rows.reduce((all, { net, filled }) => all + net + filled, 0)
        const isFull = kind === 'filled' && rowsOf(series, minutes).every(({ filledMs }) => filledMs === 0)
        assert.equal(sum, 7 * known.length + (isFull ? 0 : milli), tier.letter)
        for (const { coveredMs, filledMs } of rows) assert(coveredMs <= tier.slotMs && coveredMs + filledMs <= tier.slotMs + room)
      }
    }),
    { numRuns: 60 }
  )
  t.pass()
})

t.test('evenly over what is missing', async t => {
  const series = new Series(new MemoryStore(), '/0/0')
  spread(series, { fromMs: startMs + 30_000, toMs: startMs + 3 * minuteMs, milli: 150, kind: 'filled' }, startMs)
  t.strictSame(
    rowsOf(series, minutes).map(({ filled, filledMs }) => [filled, filledMs]),
    [
      [30, 30_000],
      [60, 60_000],
      [60, 60_000]
    ]
  )
  spread(series, { fromMs: startMs, toMs: startMs + minuteMs, milli: 60_000, kind: 'measured' }, startMs)
  t.match(rowsOf(series, minutes)[0], { net: 60_000, coveredMs: minuteMs, min: 3_600, max: 3_600 })
})

t.test('slots of ten seconds are for what is new', async t => {
  const series = new Series(new MemoryStore(), '/0/0')
  spread(series, { fromMs: startMs, toMs: startMs + minuteMs, milli: 150, kind: 'filled' }, startMs + 4 * dayMs)
  t.strictSame(
    tiers.map(tier => rowsOf(series, tier).length),
    [0, 1, 1]
  )
})
