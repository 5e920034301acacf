/** The horizon: known once nothing is found behind it, of any series. */
import t from 'tap'
import { Horizon } from '../../src/history/horizon.ts'
import { blockKey, minutes } from '../../src/history/tiers.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const hour = 472_224

t.test('it is known when nothing is stored of a later hour', async t => {
  for (const [stored, known] of [
    [hour, hour],
    [hour + 1, Number.POSITIVE_INFINITY]
  ] as const) {
    const store = new MemoryStore()
    store.put(blockKey(minutes, stored, '/0/0'), Uint8Array.of(1))
    store.put('y/0/0', Uint8Array.of(1))
    const horizon = new Horizon(store)
    horizon.look(hour)
    t.equal(horizon.hour, Number.POSITIVE_INFINITY, 'not before the store has answered')
    store.turn()
    t.equal(horizon.hour, known)
    horizon.look(hour + 5)
    store.turn()
    t.equal(horizon.hour, known, 'it looks once')
  }
})

t.test('a store that fails tells nothing', async t => {
  const store = new MemoryStore()
  const horizon = new Horizon(store)
  store.state = 'failing'
  horizon.look(hour)
  store.turn()
  t.equal(horizon.hour, Number.POSITIVE_INFINITY)
  store.state = 'open'
  horizon.look(hour + 1)
  store.state = 'failing'
  store.turn()
  t.equal(horizon.hour, Number.POSITIVE_INFINITY, 'it failed before it answered')
})
