/** The journal: small records in a ring, told again after a crash, once each. */
import t from 'tap'
import { Journal } from '../../src/history/journal.ts'
import { emptyRow, type Row } from '../../src/history/rows.ts'
import { limits } from '../../src/limits.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const row = (slot: number, net = 100): Row => ({ ...emptyRow(slot), net, coveredMs: 10_000, min: 36, max: 36 })
const told = (journal: Journal): string[] => {
  const lines: string[] = []
  journal.replay((series, rest, { slot, net }) => lines.push(`${series} ${rest} ${slot} ${net}`))
  return lines
}

t.test('what was noted is told once more until the blocks hold it', async t => {
  const store = new MemoryStore()
  const journal = new Journal(store, '')
  t.equal(journal.save(), true)
  store.turn()
  t.equal(store.size, 0, 'nothing came, nothing is written')
  journal.note('/0/0', [1, 2], row(170_000_000))
  journal.note('/0/0', [-3, 0], row(170_000_001))
  journal.note('/1/0', [0, 0], row(170_000_001, -7))
  journal.put('p//0', Uint8Array.of(1, 2))
  t.strictSame(journal.get('p//0'), Uint8Array.of(1, 2))
  journal.save()
  journal.note('/0/0', [5, 0], row(170_000_001))
  journal.save()
  journal.note('/0/0', [6, 0], row(170_000_002))
  store.turn()

  const again = new Journal(store.reopen(), '')
  t.strictSame(told(again), ['/0/0 -3,0 170000000 100', '/0/0 -3,0 170000001 100', '/1/0 0,0 170000001 -7', '/0/0 5,0 170000001 100'])
  t.strictSame(again.get('p//0'), Uint8Array.of(1, 2))
  t.equal(again.told.length, 0)

  journal.save()
  t.equal(journal.checkpoint(Uint8Array.of(9)), true)
  store.turn()
  const later = new Journal(store.reopen(), '')
  t.strictSame(told(later), [])
  t.strictSame([later.told, later.get('p//0')], [Uint8Array.of(9), Uint8Array.of(1, 2)])
  t.strictSame(told(new Journal(store.reopen(), 'other')), [])
})

t.test('the ring goes round, and asks for a checkpoint before it is full', async t => {
  const store = new MemoryStore()
  const journal = new Journal(store, '')
  for (let number = 1; number <= 3 * limits.journalRecordsMax; number++) {
    journal.note('/0/0', [0, 0], row(number))
    journal.save()
    if (journal.isCheckpointDue) journal.checkpoint(new Uint8Array())
    store.turn()
  }
  t.ok(store.size <= limits.journalRecordsMax + 1)
  const again = new Journal(store.reopen(), '')
  t.ok(told(again).length <= limits.journalRecordsMax / 2 + 1)
  t.match(told(again).at(-1), new RegExp(` ${3 * limits.journalRecordsMax} `))
})

t.test('what the store does not take is asked for again', async t => {
  const store = new MemoryStore()
  const journal = new Journal(store, '')
  const put = store.put.bind(store)
  store.put = () => false
  journal.note('/0/0', [0, 0], row(1))
  journal.put('p//0', Uint8Array.of(1))
  t.equal(journal.save(), false)
  t.equal(journal.isCheckpointDue, true, 'the blocks hold what no record does')
  t.equal(journal.checkpoint(new Uint8Array()), false)
  store.put = (key, value) => key !== 'p//0' && put(key, value)
  t.equal(journal.save(), true)
  t.equal(journal.checkpoint(new Uint8Array()), true)
  t.strictSame(journal.get('p//0'), Uint8Array.of(1), 'what was not taken is kept')
  store.put = put
  journal.save()
  store.turn()
  const again = new Journal(store.reopen(), '')
  t.strictSame(told(again), [])
  t.strictSame(again.get('p//0'), Uint8Array.of(1))
  journal.bypass()
  t.equal(journal.isCheckpointDue, true)
})

t.test('records that make no sense are passed over', async t => {
  const store = new MemoryStore()
  store.put('k/', Uint8Array.of(77, 1))
  store.put('j//3', Uint8Array.of(77))
  store.put('j//4', Uint8Array.of(1, 4, 200, 200, 3))
  t.strictSame(told(new Journal(store, '')), [])
})
