/** The corrections that are changed while the daemon runs. */
import t from 'tap'
import { Corrections } from '../../src/io/corrections.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

t.test('before it is known what was changed, nothing is: it would be lost', t => {
  const store = new MemoryStore(setImmediate)
  store.put('c/sensor/0', Buffer.from('{"name":"House"}'))
  const corrections = new Corrections(new Map(), store)
  t.throws(() => corrections.change('0', { scale: 2 }), /cannot be read now/)
  const changed: string[] = []
  corrections.load(place => changed.push(place))
  t.strictSame(changed, ['0'])
  corrections.change('0', { scale: 2 })
  t.strictSame(corrections.of('0'), { name: 'House', scale: 2 })
  t.end()
})
