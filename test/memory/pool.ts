/** The pool: every slab has its holders or is free, and it never grows. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Pool } from '../../src/memory/pool.ts'

const act = fc.record({ name: fc.constantFrom('take' as const, 'retain' as const, 'release' as const), which: fc.nat() })

t.test('takes less frees is what is held, and a slab that is held is given to nobody else', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(act, { maxLength: 100 }), (count, acts) => {
      const pool = new Pool(count, 8)
      const references = new Map<number, number>()
      let refusals = 0
      let lowest = count
      for (const { name, which } of acts) {
        const held = [...references.keys()]
        const slab = held[which % held.length] ?? which % count
        const times = references.get(slab)
        if (name === 'take') {
          const taken = pool.take()
          if (held.length === count) {
            assert.equal(taken, -1)
            refusals++
          } else {
            assert.ok(taken >= 0 && taken < count && !references.has(taken))
            references.set(taken, 1)
          }
        } else if (times === undefined) {
          assert.throws(() => pool[name](slab), /not held/)
        } else {
          pool[name](slab)
          const left = times + (name === 'retain' ? 1 : -1)
          if (left === 0) references.delete(slab)
          else references.set(slab, left)
        }
        lowest = Math.min(lowest, count - references.size)
        assert.equal(pool.free, count - references.size)
        assert.equal(pool.refusals, refusals)
        assert.equal(pool.lowest, lowest)
      }
    })
  )
})

t.test('views of different slabs share no byte', async t => {
  const pool = new Pool(3, 4)
  const slabs = [pool.take(), pool.take(), pool.take()]
  for (const slab of slabs) pool.view(slab, 0, 4).fill(slab + 1)
  for (const slab of slabs) t.strictSame([...pool.view(slab, 0, 4)], Array(4).fill(slab + 1))
  t.strictSame([...pool.view(1, 3, 1)], [2], 'from an offset')
  t.equal(pool.buffer.byteLength, 12, 'all in one piece')
})

t.test('a copy from slab to slab moves those bytes and no others', async t => {
  const pool = new Pool(3, 4)
  for (const slab of [pool.take(), pool.take(), pool.take()]) pool.view(slab, 0, 4).set([1, 2, 3, 4].map(byte => 10 * slab + byte))
  pool.copy(2, 1, 0, 2, 2)
  t.strictSame([...new Uint8Array(pool.buffer)], [1, 2, 22, 23, 11, 12, 13, 14, 21, 22, 23, 24])
})

t.test('the slab that was used last is used next', async t => {
  const pool = new Pool(4, 1)
  const [first, second] = [pool.take(), pool.take()]
  pool.release(first)
  t.equal(pool.take(), first)
  pool.release(second)
  t.equal(pool.take(), second)
})

t.test('a slab that is free or is none throws: the caller has a bug', async t => {
  const pool = new Pool(2, 1)
  const slab = pool.take()
  pool.release(slab)
  t.throws(() => pool.release(slab), { message: `pool: slab ${slab} is not held` })
  t.throws(() => pool.retain(slab), { message: `pool: slab ${slab} is not held` })
  t.throws(() => pool.release(2), { message: 'pool: slab 2 is not held' })
  t.throws(() => pool.release(-1), { message: 'pool: slab -1 is not held' })
  t.equal(pool.free, 2)
})
