/** The set of packet ids: it does as a set does, and weighs the same whatever is in it. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { IdSet } from '../../src/mqtt/id-set.ts'
import { holds } from '../fixtures/io/property.ts'

const id = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(255, 256, 65_534, 65_535), fc.integer({ min: 1, max: 65_535 }))
const act = fc.record({ name: fc.constantFrom('add' as const, 'delete' as const), id })

t.test('it does as a set does', async t => {
  const property = fc.property(fc.array(act), acts => {
    const [ids, model] = [new IdSet(), new Set<number>()]
    for (const { name, id } of acts) {
      assert.equal(ids.has(id), model.has(id))
      if (name === 'add') {
        ids.add(id)
        model.add(id)
      } else {
        assert.equal(ids.delete(id), model.delete(id))
      }
      assert.equal(ids.size, model.size)
    }
    assert.deepEqual(
      [...ids.ids()],
      [...model].sort((a, b) => a - b)
    )
  })
  holds(t, 500, property)
})

t.test('all ids at once', async t => {
  const ids = new IdSet()
  for (let id = 65_535; id > 0; id--) ids.add(id)
  t.equal(ids.size, 65_535)
  let last = 0
  for (const id of ids.ids()) if (id !== ++last) throw new Error(`${id} behind ${last - 1}`)
  t.equal(last, 65_535)
})
