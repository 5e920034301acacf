/** A series: blocks that come and go, and are read as they are now. */
import t from 'tap'
import { Horizon } from '../../src/history/horizon.ts'
import { emptyRow, Rows } from '../../src/history/rows.ts'
import { Series } from '../../src/history/series.ts'
import { days, minutes, seconds, tiers, yearKey } from '../../src/history/tiers.ts'
import { limits } from '../../src/limits.ts'
import { hourMs, startMs } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const row = (atMs: number) => ({ ...emptyRow(Math.floor(atMs / 10_000)), net: 1_000, coveredMs: 10_000, min: 360, max: 360 })
const slotsOf = (series: Series, tier: (typeof tiers)[number], fromMs: number, toMs: number): number[] => {
  const slots: number[] = []
  for (const { slot } of series.read(tier, fromMs, toMs)) slots.push(slot - Math.floor(startMs / tier.slotMs))
  return slots
}

/** A store that tells how often it was asked for a block. */
class AskedStore extends MemoryStore {
  asked = 0

  override get(key: string): Uint8Array | undefined {
    this.asked++
    return super.get(key)
  }
}

t.test('a row is in every tier, in memory and in the store', async t => {
  const store = new MemoryStore()
  const series = new Series(store, '/0/0')
  for (const ms of [0, 20_000, hourMs, 3 * hourMs]) series.add(row(startMs + ms))
  const all = (of: Series) => tiers.map(tier => slotsOf(of, tier, startMs, startMs + 4 * hourMs))
  const expected = [
    [0, 2, 360, 1_080],
    [0, 60, 180],
    [0, 4, 12]
  ]
  t.strictSame(all(series), expected)
  series.put()
  store.turn()
  t.equal(store.size, 3 + 3 + 1)
  t.strictSame(all(series), expected)
  t.strictSame(all(new Series(store.reopen(), '/0/0')), expected)
  t.strictSame(slotsOf(series, seconds, startMs + 10_000, startMs + hourMs), [2], 'only what was asked for')
  t.strictSame(
    ['0/0472224s/0/0', '0/0472227s/0/0'].map(key => series.holds(key)),
    [false, true],
    'only where time is'
  )
  const before = store.writtenBytes
  series.put()
  store.turn()
  t.equal(store.writtenBytes, before, 'what has not changed is not written')
})

t.test('rows may be added to a tier that time has left', async t => {
  const store = new MemoryStore()
  const series = new Series(store, '/0/0')
  series.add(row(startMs + 5 * hourMs))
  series.addAll(minutes, [])
  series.addAll(minutes, [
    { ...emptyRow(startMs / 60_000), filled: 5, filledMs: 60_000 },
    { ...emptyRow(startMs / 60_000 + 9), filled: 5, filledMs: 60_000 }
  ])
  series.put()
  store.turn()
  t.strictSame(slotsOf(new Series(store.reopen(), '/0/0'), minutes, startMs, startMs + 6 * hourMs), [0, 9, 300])
  t.equal(series.holds('0/0472224m/0/0'), false)
})

t.test('blocks that the store does not take are held, then forgotten', async t => {
  const store = new MemoryStore()
  const series = new Series(store, '/0/0')
  store.put = () => false
  for (let hour = 0; hour < limits.historyBlocksHeldMax; hour++) {
    series.add(row(startMs + hour * hourMs))
    series.put()
  }
  t.ok(series.forgotten > 0)
  t.ok(tiers.every(tier => slotsOf(series, tier, startMs, startMs + limits.historyBlocksHeldMax * hourMs).length > 0))
})

t.test('the days of a year that nothing else remembers', async t => {
  const store = new MemoryStore()
  const series = new Series(store, '/0/0')
  t.equal(series.readYear(2026), undefined)
  const rows = new Rows(days.slotMs)
  rows.add({ ...emptyRow(31), filled: 7, filledMs: 1 })
  store.put(yearKey(2026, '/0/0'), rows.encode())
  t.match(series.readYear(2026)?.next(), { slot: 31, filled: 7 })
})

t.test('what is put into the past is counted', async t => {
  const series = new Series(new MemoryStore(), '/0/0')
  for (const ms of [0, 10_000, 10_000, 20_000]) series.add(row(startMs + ms))
  t.equal(series.rewrites, 0)
  t.equal(series.lastSlot, (startMs + 20_000) / 10_000, 'and what came last is known')
  series.add(row(startMs))
  t.equal(series.rewrites, 1)
  series.addAll(minutes, [{ ...row(startMs), slot: startMs / 60_000 }])
  series.addAll(minutes, [])
  t.equal(series.rewrites, 2)
})

t.test('a block that was opened while the store could not be read is put together when it can', async t => {
  const store = new MemoryStore()
  const before = new Series(store, '/0/0')
  for (const ms of [0, 20_000]) before.add(row(startMs + ms))
  before.put()
  store.turn()
  const restarted = store.reopen()
  const series = new Series(restarted, '/0/0')
  const { get, put } = restarted
  const keys: string[] = []
  restarted.put = (key, value) => keys.push(key) > 0 && put.call(restarted, key, value)
  restarted.state = 'failing'
  restarted.get = () => undefined
  series.add(row(startMs + 20_000))
  series.add(row(startMs + 40_000))
  series.addAll(minutes, [{ ...emptyRow(startMs / 60_000), filled: 5, filledMs: 60_000 }])
  series.add(row(startMs + 2 * hourMs))
  series.put()
  t.strictSame(keys, ['0/0472226s/0/0', '0/0472226m/0/0'], 'what might be stored is not overwritten; what cannot be is written')
  restarted.state = 'open'
  restarted.get = get
  series.put()
  restarted.turn()
  t.strictSame(slotsOf(new Series(restarted.reopen(), '/0/0'), seconds, startMs, startMs + 3 * hourMs), [0, 2, 4, 720])
  const [minute] = [...series.read(minutes, startMs, startMs + 60_000)]
  t.match(minute, { net: 4_000, filled: 5 })
})

/** A series that was heard at the start, and a horizon for which the store was looked through then. */
const seriesIn = (store: MemoryStore): { readonly series: Series; readonly horizon: Horizon } => {
  const horizon = new Horizon(store)
  const series = new Series(store, '/0/0', horizon)
  series.add(row(startMs))
  horizon.look(startMs / hourMs)
  store.turn()
  return { series, horizon }
}

t.test('blocks of hours that are still to come are not looked for', async t => {
  const store = new AskedStore()
  const { series, horizon } = seriesIn(store)
  t.equal(horizon.hour, startMs / hourMs)
  store.asked = 0
  for (let later = 1; later <= 30; later++) {
    series.add(row(startMs + later * hourMs))
    series.put()
    store.turn()
  }
  t.equal(store.asked, 0)
  series.add(row(startMs + 2 * hourMs + 60_000)) // the clock was put back
  series.put()
  store.turn()
  t.ok(store.asked > 0)
  t.strictSame(slotsOf(new Series(store.reopen(), '/0/0'), minutes, startMs + 2 * hourMs, startMs + 3 * hourMs), [120, 121])
})

t.test('what was stored by a clock that was ahead stays', async t => {
  const before = new MemoryStore()
  const ahead = new Series(before, '/0/0')
  ahead.add(row(startMs + 3 * hourMs))
  ahead.put()
  before.turn()
  const { series, horizon } = seriesIn(before.reopen())
  t.equal(horizon.hour, Number.POSITIVE_INFINITY)
  series.add(row(startMs + 3 * hourMs + 60_000))
  t.strictSame(slotsOf(series, minutes, startMs + 3 * hourMs, startMs + 4 * hourMs), [180, 181])
})

t.test('what was filled in behind the last reading stays', async t => {
  const store = new MemoryStore()
  const { series } = seriesIn(store)
  series.addAll(minutes, [{ ...emptyRow((startMs + 2 * hourMs) / 60_000), filled: 5, filledMs: 60_000 }])
  series.put()
  store.turn()
  t.notOk(series.holds('0/0472226m/0/0'))
  series.add(row(startMs + 2 * hourMs + 60_000))
  t.strictSame(slotsOf(series, minutes, startMs + 2 * hourMs, startMs + 3 * hourMs), [120, 121])
})
