/** Counters: a fixed set of names, each from 0. */

import t from 'tap'
import { Counters } from '../../src/memory/counters.ts'

t.test('counts by name', async t => {
  const counters = new Counters(['apples', 'pears', 'plums'])
  counters.count('apples')
  counters.count('apples')
  counters.count('pears', 5)
  t.equal(counters.get('apples'), 2)
  t.equal(counters.get('pears'), 5)
  t.equal(counters.get('plums'), 0)
  t.strictSame(counters.all(), { apples: 2, pears: 5, plums: 0 })
  t.strictSame(counters.counted(['plums', 'pears']), { pears: 5 }, 'those asked for that are not 0')
})

t.test('a name that a caller smuggled in is 0', async t => {
  t.equal(new Counters<string>(['apples']).get('pears'), 0)
})
