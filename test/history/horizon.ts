/** The horizon: what is new is not looked for, and what a clock that was wrong left behind it is found all the same. */
import t from 'tap'
import { Horizon } from '../../src/history/horizon.ts'
import { emptyRow } from '../../src/history/rows.ts'
import { Series } from '../../src/history/series.ts'
import { minutes } from '../../src/history/tiers.ts'
import { hourMs, startMs } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const hour = startMs / hourMs
const row = (atMs: number) => ({ ...emptyRow(Math.floor(atMs / 10_000)), net: 1_000, coveredMs: 10_000, min: 360, max: 360 })

/** A store that tells how often it was asked for a block. */
class AskedStore extends MemoryStore {
  asked = 0

  override get(key: string): Uint8Array | undefined {
    this.asked++
    return super.get(key)
  }
}

const minutesOf = (series: Series, fromMs: number): number[] => {
  const found: number[] = []
  for (const { slot } of series.read(minutes, fromMs, fromMs + hourMs)) found.push(slot - fromMs / 60_000)
  return found
}

t.test('blocks of hours that are still to come are not looked for', async t => {
  const store = new AskedStore()
  const horizon = new Horizon(store)
  const series = new Series(store, '/0/0', horizon)
  series.add(row(startMs))
  horizon.look(hour)
  store.turn()
  t.equal(horizon.hour, hour)
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
  t.strictSame(minutesOf(new Series(store.reopen(), '/0/0'), startMs + 2 * hourMs), [0, 1])
})

t.test('what was stored by a clock that was ahead stays', async t => {
  const before = new MemoryStore()
  const ahead = new Series(before, '/0/0')
  ahead.add(row(startMs + 3 * hourMs))
  ahead.put()
  before.turn()
  const store = before.reopen()
  const horizon = new Horizon(store)
  const series = new Series(store, '/0/0', horizon)
  series.add(row(startMs))
  horizon.look(hour)
  store.turn()
  t.equal(horizon.hour, Number.POSITIVE_INFINITY)
  series.add(row(startMs + 3 * hourMs + 60_000))
  t.strictSame(minutesOf(series, startMs + 3 * hourMs), [0, 1])
})

t.test('what was filled in behind the last reading stays', async t => {
  const store = new MemoryStore()
  const horizon = new Horizon(store)
  const series = new Series(store, '/0/0', horizon)
  series.add(row(startMs))
  horizon.look(hour)
  store.turn()
  series.addAll(minutes, [{ ...emptyRow((startMs + 2 * hourMs) / 60_000), filled: 5, filledMs: 60_000 }])
  series.put()
  store.turn()
  t.notOk(series.holds(`0/0${hour + 2}m/0/0`))
  series.add(row(startMs + 2 * hourMs + 60_000))
  t.strictSame(minutesOf(series, startMs + 2 * hourMs), [0, 1])
})

t.test('a store that fails tells nothing, and is asked again', async t => {
  const store = new MemoryStore()
  const horizon = new Horizon(store)
  store.state = 'failing'
  horizon.look(hour)
  store.turn()
  t.equal(horizon.hour, Number.POSITIVE_INFINITY)
  store.state = 'open'
  horizon.look(hour + 1)
  store.turn()
  t.equal(horizon.hour, hour + 1)
})
