/** Pruning: what is too old goes, in time and bounded; a wrong clock costs little. */
import t from 'tap'
import { Pruner } from '../../src/history/pruner.ts'
import { emptyRow, RowReader } from '../../src/history/rows.ts'
import { Series } from '../../src/history/series.ts'
import { blockKey, days, minutes, quarters, seconds, type Tier, yearKey } from '../../src/history/tiers.ts'
import { limits } from '../../src/limits.ts'
import { dayMs, hourMs, startMs, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const name = '/0/0'

/** A store with an hour's slot in each of so many hours. */
function filled(hours: number): MemoryStore {
  const store = new MemoryStore()
  const series = new Series(store, name)
  for (let hour = 0; hour < hours; hour++) {
    series.add({ ...emptyRow((startMs + hour * hourMs) / 10_000), net: 5, coveredMs: 10_000, min: 2, max: 2 })
    series.put()
  }
  store.turn()
  return store
}

const isThere = (store: MemoryStore, tier: Tier, atMs: number): boolean =>
  store.get(blockKey(tier, Math.floor(atMs / tier.blockMs), name)) !== undefined
const prune = (store: MemoryStore, pruner: Pruner, nowMs: number): void => {
  pruner.prune(nowMs)
  pruner.prune(nowMs + 3 * dayMs) // it is walking already
  for (let turn = 0; turn < 100; turn++) store.turn()
}
const countOf = (store: MemoryStore, tier: Tier, hours: number): number =>
  Array.from({ length: hours }, (_, hour) => isThere(store, tier, startMs + hour * hourMs)).filter(each => each).length

t.test('each tier in its time', async t => {
  const hours = 6 * 24
  const store = filled(hours)
  store.put('0/0000001x/0/0', Uint8Array.of(1))
  store.put('0/0000001s/9/0', Uint8Array.of(1))
  store.put('0/0000001sother/0/0', Uint8Array.of(1))
  const pruner = new Pruner(store, '', utc, () => false)
  const endMs = startMs + hours * hourMs
  prune(store, pruner, endMs)
  t.ok(store.get('0/0000001x/0/0') && store.get('0/0000001sother/0/0'), 'what is not its own stays')
  t.equal(store.get('0/0000001s/9/0'), undefined)
  t.equal(countOf(store, seconds, hours), hours, 'a day that was long ago is enough for once')
  prune(store, pruner, endMs + hourMs)
  t.equal(countOf(store, seconds, hours), hours - 24, 'of what is left a day goes each hour')
  t.equal(countOf(store, minutes, hours), hours)
  prune(store, pruner, endMs + 2 * hourMs)
  prune(store, pruner, endMs + 3 * hourMs)
  t.equal(countOf(store, seconds, hours), hours - 72)
  prune(store, pruner, endMs + 4 * hourMs)
  t.equal(countOf(store, seconds, hours), hours - 96)
  prune(store, pruner, endMs + 5 * hourMs)
  t.equal(countOf(store, seconds, hours), hours - 96, 'and then not before a day of it has gathered')
  prune(store, pruner, endMs + 6 * hourMs)
  prune(store, pruner, endMs + 7 * hourMs)
  t.equal(countOf(store, minutes, hours), hours)
})

t.test('an hour with a clock that is far ahead costs a day of seconds and a week of minutes', async t => {
  const hours = 20 * 24
  const store = filled(hours)
  const pruner = new Pruner(store, '', utc, key => key === blockKey(minutes, (startMs + hourMs) / hourMs, name))
  prune(store, pruner, startMs + 9_000 * dayMs)
  t.equal(countOf(store, seconds, hours), hours - 24)
  t.equal(countOf(store, minutes, hours), hours - 7 * 24 + 1, 'and what stands in memory is not old')
  t.equal(store.get(yearKey(2023, name))?.length ? countOf(store, quarters, hours) : 'no days', 0, 'quarters become days')
  let sum = 0
  const reader = new RowReader(days.slotMs, store.get(yearKey(2023, name)) ?? new Uint8Array())
  for (let row = reader.next(); row; row = reader.next()) sum += row.net
  t.equal(sum, 5 * hours)
})

t.test('a store that fails is left alone, and one that takes no days keeps their quarters', async t => {
  const store = filled(24)
  const put = store.put.bind(store)
  store.put = () => false
  const pruner = new Pruner(store, '', utc, () => false)
  prune(store, pruner, startMs + 9_000 * dayMs)
  t.equal(isThere(store, quarters, startMs), true)
  store.put = put
  const many = filled(24 * 6)
  many.state = 'failing'
  prune(many, new Pruner(many, '', utc, () => false), startMs + 9_000 * dayMs)
  t.ok(countOf(many, seconds, 24 * 6) >= 24 * 6 - 32, 'no further page is asked for')
})

/** Prunes for a turn, and tells which years were put. */
const yearsPut = (store: MemoryStore): readonly string[] => {
  const put = store.put.bind(store)
  const years: string[] = []
  store.put = (key, value) => {
    if (key.startsWith('y/')) years.push(key)
    return put(key, value)
  }
  new Pruner(store, '', utc, () => false).prune(startMs + 9_000 * dayMs)
  store.turn()
  return years
}

t.test('a year that cannot be read is not begun anew', async t => {
  t.not(yearsPut(filled(24)).length, 0)
  const store = filled(24)
  const get = store.get.bind(store)
  store.get = key => {
    if (key.startsWith('y/')) store.state = 'failing'
    return store.state === 'open' ? get(key) : undefined
  }
  t.strictSame(yearsPut(store), [])
})

t.test('while much waits nothing is moved, for the store might take half of it', async t => {
  const store = filled(24)
  store.put('~', new Uint8Array(limits.storePendingBytesMax / 2))
  t.strictSame(yearsPut(store), [])
  t.equal(isThere(store, quarters, startMs), true)
})
