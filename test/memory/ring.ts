/** The ring: the last points, oldest first. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Ring } from '../../src/memory/ring.ts'

t.test('it is the tail of everything pushed', async () => {
  const points = fc.array(fc.tuple(fc.nat(), fc.integer()), { maxLength: 40 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), points, (capacity, points) => {
      const ring = new Ring(capacity)
      for (const [index, [time, value]] of points.entries()) {
        ring.push(time, value)
        const tail = points.slice(Math.max(0, index + 1 - capacity), index + 1)
        assert.deepEqual([...ring.points()], tail)
        assert.equal(ring.length, tail.length)
      }
    })
  )
})

t.test('an empty ring has no points', async t => {
  t.strictSame([...new Ring(3).points()], [])
})

t.test('a value that is no number stays in its place', async t => {
  const ring = new Ring(2)
  ring.push(1, Number.NaN)
  t.strictSame([...ring.points()], [[1, Number.NaN]])
})
