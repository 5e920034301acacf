/** Reading back what was kept: what belongs to nothing goes, what is past the bounds goes, and a store that fails is waited for. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { bodyKey, deliveryKey, receivedKey, retainedKey, sessionKey } from '../../src/mqtt/keys.ts'
import { dropReasons, type Kept, Loading } from '../../src/mqtt/loading.ts'
import type { Message } from '../../src/mqtt/packet.ts'
import { type DeliveryRow, Records } from '../../src/mqtt/record.ts'
import { message } from '../fixtures/mqtt/packets.ts'
import { sessionOf, utf8 } from '../fixtures/store/kept.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const now = { monotonicMs: 5_000, wallMs: 1_700_000_000_000 }
const records = new Records(utf8)

/** What is found on a disk, written without the keeper. */
class Found {
  readonly rows = new Map<string, Uint8Array>()

  session(number: number): this {
    this.rows.set(sessionKey(number), records.encodeSession(sessionOf(number), now))
    return this
  }

  delivery(session: number, order: number, row: Partial<DeliveryRow>): this {
    const whole: DeliveryRow = { packetId: order, qos: 1, retain: false, subscriptionIds: [], body: undefined, ...row }
    return this.put(deliveryKey(session, order), records.encodeDelivery(whole))
  }

  body(number: number, of: Message): this {
    return this.put(bodyKey(number), records.encodeMessage(of, now))
  }

  retained(number: number, of: Message): this {
    return this.put(retainedKey(number), records.encodeMessage(of, now))
  }

  put(key: string, value: Uint8Array = new Uint8Array()): this {
    this.rows.set(key, value)
    return this
  }
}

interface Outcome {
  readonly kept: Kept
  readonly loading: Loading
  readonly dropped: Record<string, number>
  /** Keys that are left. */
  readonly left: readonly string[]
}

const load = ({ rows }: Found): Outcome => {
  const store = new MemoryStore(undefined, rows)
  const loading = new Loading(store, records, now)
  let isWhole: boolean | undefined
  loading.start(is => {
    isWhole = is
  })
  while (isWhole === undefined) store.turn()
  store.turn()
  if (!isWhole) throw new Error('not whole')
  return {
    loading,
    kept: loading.kept,
    dropped: loading.dropped.counted(dropReasons),
    left: [...rows.keys()].filter(key => store.get(key))
  }
}

t.test('nothing is nothing', async t => {
  const { kept, dropped } = load(new Found())
  t.strictSame([kept, dropped], [{ sessions: [], retained: [], lastSessionNumber: 0 }, {}])
})

t.test('all of it, over many pages', async t => {
  const found = new Found().put(receivedKey(2, 65_535)).put(receivedKey(2, 1))
  for (let number = 1; number <= 40; number++) found.session(number)
  for (let order = 1; order <= 40; order++) found.delivery(2, order, { body: 100 + order }).body(100 + order, message(`t=${order}`))
  for (let number = 1; number <= 40; number++) found.retained(200 + number, message(`r${number}=x`))
  const { kept, dropped, loading } = load(found)
  t.strictSame(
    kept.sessions.map(({ number }) => number),
    Array.from({ length: 40 }, (_, index) => index + 1)
  )
  t.strictSame([...(kept.sessions[1]?.received.ids() ?? [])], [1, 65_535])
  t.strictSame(
    kept.sessions[1]?.deliveries.map(({ order, packetId, message: { topic } }) => [order, packetId, topic]),
    Array.from({ length: 40 }, (_, index) => [index + 1, index + 1, 't'])
  )
  t.strictSame([kept.retained.length, kept.lastSessionNumber, loading.lastMessageNumber, dropped], [40, 40, 240, {}])
})

t.test('a message that is shared is one object, and counts those who refer to it', async t => {
  const found = new Found().session(1).session(2).body(7, message('t=x'))
  const { kept, loading } = load(found.delivery(1, 1, { body: 7 }).delivery(2, 1, { body: 7 }).delivery(2, 2, { qos: 2 }))
  const [first, second] = kept.sessions.map(({ deliveries }) => deliveries)
  t.equal(first?.[0]?.message, second?.[0]?.message)
  t.strictSame([...loading.bodies.values()], [{ number: 7, references: 2 }])
  t.match(second?.[1], { state: 'released', message: { topic: '' } })
})

t.test('what belongs to nothing goes and is counted', async t => {
  const found = new Found().session(1).session(4)
  found.put(sessionKey(2), Uint8Array.of(9)).delivery(2, 1, { body: 1 }).put(receivedKey(9, 5))
  found.put(deliveryKey(1, 1), Uint8Array.of(9)).delivery(1, 2, { body: 404 }).delivery(1, 3, { body: 405 }).body(1, message('a=x'))
  found.put(bodyKey(405), Uint8Array.of(9)).put(retainedKey(3), Uint8Array.of(9)).delivery(4, 1, { body: 6 }).body(6, message('b=x'))
  const { kept, dropped, left } = load(found)
  t.strictSame(dropped, { unreadable: 3, 'of-no-session': 2, 'of-no-message': 2, 'of-no-delivery': 2 })
  t.strictSame(left, [sessionKey(1), sessionKey(4), deliveryKey(4, 1), bodyKey(6)])
  t.equal(kept.lastSessionNumber, 9, 'what is left of it may be there still')
})

t.test('of two deliveries with one packet id, and of two messages of one topic, the later one counts', async t => {
  const found = new Found().session(1).body(1, message('a=1')).body(2, message('a=2'))
  found.delivery(1, 1, { packetId: 5, body: 1 }).delivery(1, 2, { packetId: 6, body: 2 }).delivery(1, 3, { packetId: 5, body: 2 })
  found.delivery(1, 4, { packetId: 8 }).delivery(1, 5, { packetId: 8, body: 2 })
  const { kept, dropped, left } = load(found.retained(3, message('r=1')).retained(4, message('s=1')).retained(5, message('r=2')))
  t.strictSame(
    kept.sessions[0]?.deliveries.map(({ order, packetId }) => [order, packetId]),
    [
      [2, 6],
      [3, 5],
      [5, 8]
    ]
  )
  t.strictSame(
    kept.retained.map(({ topic, payload }) => topic + String.fromCharCode(...payload)),
    ['s1', 'r2']
  )
  t.strictSame(dropped, { superseded: 3, 'of-no-delivery': 1 })
  t.strictSame(
    left.filter(key => key.startsWith('mqtt/m/')),
    [bodyKey(2)]
  )
})

t.test('what the bounds do not allow any more goes', async t => {
  const found = new Found()
  for (let number = 1; number <= limits.sessionsMax + 2; number++) found.session(number)
  const deliveriesMax = limits.queueMessagesMax + limits.inflightMax
  for (let order = 1; order <= deliveriesMax + 3; order++) found.delivery(1, order, { body: order }).body(order, message('a=x'))
  const large = { ...message('l=x'), payload: new Uint8Array(30_000) }
  const largeMax = Math.floor((limits.queueBytesMax + limits.inflightBytesMax) / 30_130)
  for (let order = 1; order <= largeMax + 1; order++) found.delivery(2, order, { body: 500 }).body(500, large)
  const retainedMax = limits.retainedMessagesMax + limits.retainedOwnMessages
  for (let number = 1; number <= retainedMax + 1; number++) found.retained(1_000 + number, message(`r${number}=x`))
  const { kept, dropped } = load(found)
  t.strictSame(dropped, { 'past-bounds': 2 + 3 + 1 + 1, 'of-no-delivery': 3 })
  t.strictSame([kept.sessions.length, kept.retained.length], [limits.sessionsMax, retainedMax])
  t.strictSame([kept.sessions[0]?.deliveries.length, kept.sessions[1]?.deliveries.length], [deliveriesMax, largeMax])
})

t.test('retained messages have a bound in bytes', async t => {
  const found = new Found()
  const count = Math.floor((limits.retainedBytesMax + limits.retainedOwnBytes) / 30_136)
  found.retained(0, { ...message('r1=x'), payload: new Uint8Array(30_000) })
  for (let number = 1; number <= count + 2; number++)
    found.retained(number, { ...message(`r${number % 50}=x`), payload: new Uint8Array(30_000) })
  const { kept, dropped } = load(found)
  t.strictSame([kept.retained.length, dropped], [count, { superseded: 1, 'past-bounds': 2 }])
})

t.test('when the store fails meanwhile, nothing that it did not answer is taken for gone', async t => {
  const found = new Found().session(1).delivery(1, 1, { body: 1 }).body(1, message('a=x')).retained(2, message('r=x'))
  for (let failsAt = 0; failsAt < 20; failsAt++) {
    const store = new MemoryStore(undefined, found.rows)
    let reads = 0
    const fails = (): boolean => {
      if (++reads > failsAt) store.state = 'failing'
      return store.state === 'failing'
    }
    const [get, entries] = [store.get.bind(store), store.entries.bind(store)]
    store.get = key => (fails() ? undefined : get(key))
    store.entries = (prefix, countMax, done, after) => entries(prefix, countMax, all => done(fails() ? [] : all), after)
    const loading = new Loading(store, records, now)
    let isWhole: boolean | undefined
    loading.start(is => {
      isWhole = is
    })
    while (isWhole === undefined) store.turn()
    store.state = 'open'
    store.turn()
    t.strictSame([isWhole, store.size, loading.dropped.counted(dropReasons)], [reads <= failsAt, 4, {}], `after ${failsAt} reads`)
  }
})
