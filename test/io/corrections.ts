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

t.test('the file may say something else while it runs: only what comes to something else is told', t => {
  const store = new MemoryStore(setImmediate)
  store.put('c/sensor/1', Buffer.from('{"name":"Ours"}'))
  const corrections = new Corrections(
    new Map([
      ['0', { name: 'House' }],
      ['1', { name: 'Sun' }],
      ['2', { scale: 2 }]
    ]),
    store
  )
  corrections.load(() => undefined)
  const changed: string[] = []
  const next = new Map([
    ['0', { name: 'Home' }],
    ['1', { name: 'Roof' }],
    ['meter2/3', { spikeFilter: true }]
  ])
  corrections.takeFile(next, place => changed.push(place))
  t.strictSame(changed, ['0', '2', 'meter2/3'], 'what was set on the page comes before the file')
  t.strictSame(
    ['0', '1', '2', 'meter2/3'].map(place => corrections.of(place)),
    [{ name: 'Home' }, { name: 'Ours' }, {}, { spikeFilter: true }]
  )
  corrections.takeBack('1')
  t.strictSame(corrections.of('1'), { name: 'Roof' })
  t.end()
})
