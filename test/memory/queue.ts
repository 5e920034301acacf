/** The queue: an array with two bounds, in a ring that grows. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Queue } from '../../src/memory/queue.ts'

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ name: fc.constant('push' as const), bytes: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant('shift' as const) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant('clear' as const) }) }
)

t.test('it does what an array with bounds does', async () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(200), fc.array(act, { maxLength: 120 }), (itemsMax, bytesMax, acts) => {
      const queue = new Queue<number>(itemsMax, bytesMax)
      let model: { readonly item: number; readonly bytes: number }[] = []
      const heldBytes = (): number => model.reduce((sum, { bytes }) => sum + bytes, 0)
      for (const [item, act] of acts.entries()) {
        if (act.name === 'push') {
          const fits = model.length < itemsMax && heldBytes() + act.bytes <= bytesMax
          assert.equal(queue.fits(act.bytes), fits)
          assert.equal(queue.push(item, act.bytes), fits)
          if (fits) model.push({ item, bytes: act.bytes })
        } else if (act.name === 'shift') {
          assert.equal(queue.shift(), model.shift()?.item)
        } else {
          queue.clear()
          model = []
        }
        assert.equal(queue.peek(), model[0]?.item)
        assert.deepEqual(
          [...queue.items()],
          model.map(({ item }) => item)
        )
        assert.equal(queue.length, model.length)
        assert.equal(queue.bytes, heldBytes())
      }
    })
  )
})

t.test('it keeps its order as it grows around the end of its ring', async t => {
  const queue = new Queue<number>(100, 1_000)
  for (const item of [0, 1, 2, 3]) queue.push(item, 1)
  t.equal(queue.shift(), 0)
  t.equal(queue.shift(), 1)
  for (const item of [4, 5, 6, 7, 8]) queue.push(item, 1)
  const items = Array.from({ length: queue.length }, () => queue.shift())
  t.strictSame(items, [2, 3, 4, 5, 6, 7, 8])
})

t.test('full in items or in bytes is an answer', async t => {
  const queue = new Queue<string>(2, 10)
  t.ok(queue.push('a', 4))
  t.notOk(queue.push('b', 7), 'a byte too many')
  t.ok(queue.push('c', 6), 'exactly full')
  t.notOk(queue.push('d', 0), 'an item too many')
  t.equal(queue.shift(), 'a')
  t.ok(queue.push('e', 4), 'room again')
})
