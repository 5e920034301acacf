/** The history of derived sensors: power as it was reckoned, bridged over no gap, the same after a restart. */
import t from 'tap'
import { minutes } from '../../src/history/tiers.ts'
import type { DerivedReading } from '../../src/reading.ts'
import { DerivedHistory } from '../../src/sinks/derived.ts'
import { hourMs, minuteMs, power, startMs, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const net = (atMs: number, watts: number): DerivedReading => ({ kind: 'derived', atMs, sensor: 'net', watts, formula: '0 - 1' })
const sumOf = (history: DerivedHistory): number => {
  let milli = 0
  for (const row of history.known()[0]?.series.read(minutes, startMs - hourMs, startMs + 9 * hourMs) ?? []) milli += row.net
  return milli
}

t.test('what is derived is kept, and nothing else', async t => {
  const store = new MemoryStore()
  const history = new DerivedHistory(store, utc)
  history.accept(power(startMs, 600))
  t.strictSame(history.known(), [])
  for (let atMs = startMs; atMs <= startMs + 10 * minuteMs; atMs += 6_000) history.accept(net(atMs, -600))
  t.equal(sumOf(history), -100_000)
  t.match(history.known(), [{ sensor: 'net', part: 'derived', sinceMs: startMs }])
  store.turn()
  t.equal(sumOf(new DerivedHistory(store.reopen(), utc)), -100_000)
  history.accept(net(startMs + 9 * minuteMs, 5_000))
  t.equal(sumOf(history), -100_000, 'one that comes late is none')
  history.accept(net(startMs + hourMs, -600))
  history.accept(net(startMs + hourMs + 6_000, -600))
  t.equal(sumOf(history), -101_000, 'nothing is known of a gap')
  history.accept(net(startMs, -600))
  history.accept(net(startMs + 60_000, -600))
  t.equal(sumOf(history), -111_000, 'and a clock that was set back goes on from there')
  history.save()
  store.turn()
  t.equal(sumOf(new DerivedHistory(store.reopen(), utc)), -111_000)
})

t.test('a store that cannot be read yet has none', async t => {
  const store = new MemoryStore()
  store.state = 'failing'
  const history = new DerivedHistory(store, utc)
  history.save()
  history.accept(net(startMs, 600))
  history.accept(net(startMs + 6_000, 600))
  t.strictSame(history.known(), [])
  store.state = 'open'
  const get = store.get.bind(store)
  store.get = key => {
    store.state = 'failing'
    return get(key)
  }
  t.strictSame(history.known(), [], 'nor one that fails while it is read')
  store.get = get
  store.state = 'open'
  history.accept(net(startMs + 12_000, 600))
  t.equal(sumOf(history), 1_000)
})

t.test('one that is no more keeps its history, and begins anew when it is there again', async t => {
  const history = new DerivedHistory(new MemoryStore(), utc)
  history.accept(net(startMs, 600))
  history.accept(net(startMs + 6_000, 600))
  history.forget('net')
  history.accept(net(startMs + 12_000, 600))
  t.equal(sumOf(history), 1_000, 'nothing is known of the time between')
})
