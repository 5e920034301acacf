/** Acknowledged means kept: what the keeper saved is there after a crash at any instant, and what it dropped is not. */
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Keeper, type Kept } from '../../src/mqtt/keeper.ts'
import { deliveryKey } from '../../src/mqtt/keys.ts'
import type { Message } from '../../src/mqtt/packet.ts'
import type { DeliveryRecord, SessionRecord } from '../../src/mqtt/record.ts'
import { holds } from '../fixtures/io/property.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { message } from '../fixtures/mqtt/packets.ts'
import { deliveryOf, loadKeeper, options, plain, SetClocks, sessionOf, utf8, willOf } from '../fixtures/store/kept.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const fresh = (): { readonly store: MemoryStore; readonly keeper: Keeper } => {
  const store = new MemoryStore()
  return { store, keeper: loadKeeper(store).keeper }
}

const again = (store: MemoryStore, clocks?: SetClocks): Kept => {
  store.turn()
  return loadKeeper(store.reopen(), clocks).kept
}

t.test('a session comes back with all that is its own', async t => {
  const { store, keeper } = fresh()
  const subscriptions = new Map([
    ['a/#', options({ qos: 2, noLocal: true, identifier: 9 })],
    ['$share/g/b', options({ retainHandling: 2 })]
  ])
  const session = sessionOf(4, { subscriptions, awayMs: 1_000, will: willOf('w=x', { delaySeconds: 7 }) })
  const deliveries = [
    deliveryOf(1, { subscriptionIds: [9, 10], retain: true }),
    deliveryOf(2, { qos: 2 }),
    deliveryOf(3, { message: { ...message('e=x'), properties: Uint8Array.of(1, 0), expiresAtMs: 9_000 } })
  ]
  t.equal(keeper.saveSession(session), true)
  for (const delivery of deliveries) t.equal(keeper.saveDelivery(4, delivery), true)
  t.equal(keeper.saveReceived(4, 300), true)
  t.equal(keeper.saveReceived(4, 301), true)
  t.equal(keeper.dropReceived(4, 300), true)
  const { sessions, lastSessionNumber } = again(store)
  const read: number[] = []
  store.entries('', 100, entries => read.push(...entries.map(({ value }) => value.length)))
  store.turn()
  t.ok(read.length > 5 && read.every(bytes => bytes > 0), 'no value is empty, for the store loses memory by those')
  t.strictSame(sessions.length, 1)
  const [kept] = sessions
  t.strictSame([kept?.subscriptions, kept?.awayMs, kept?.will?.delaySeconds, kept?.clientId], [subscriptions, 1_000, 7, 'c4'])
  t.match(kept?.deliveries, deliveries)
  t.strictSame([[...(kept?.received.ids() ?? [])], lastSessionNumber], [[301], 4])
})

t.test('a message is written once however many sessions wait for it, and goes with the last of them', async t => {
  const { store, keeper } = fresh()
  const shared = { ...message('a=x'), payload: new Uint8Array(10_000) }
  for (let session = 1; session <= 20; session++) {
    keeper.saveSession(sessionOf(session))
    keeper.saveDelivery(session, deliveryOf(1, { message: shared }))
  }
  store.turn()
  t.ok(store.writtenBytes < 12_000)
  t.equal(store.size, 20 + 20 + 1)
  for (let session = 1; session <= 19; session++) keeper.dropDelivery(session, deliveryOf(1, { message: shared }))
  store.turn()
  t.equal(store.size, 20 + 1 + 1)
  const { keeper: next, kept } = loadKeeper(store)
  const delivery = kept.sessions[19]?.deliveries[0] as DeliveryRecord
  next.saveDelivery(3, { ...delivery, order: 2 })
  next.dropDelivery(20, delivery)
  store.turn()
  t.equal(store.size, 20 + 1 + 1, 'references go on after a restart')
  next.dropDelivery(3, { ...delivery, order: 2 })
  store.turn()
  t.equal(store.size, 20)
  t.equal(next.saveDelivery(1, { ...delivery, order: 7 }), true, 'it may come again')
  t.match(again(store).sessions[0]?.deliveries, [{ order: 7, message: { payload: shared.payload } }])
})

t.test('once released only the packet id matters', async t => {
  const { store, keeper } = fresh()
  keeper.saveSession(sessionOf(1))
  const delivery = deliveryOf(5, { qos: 2, packetId: 77 })
  keeper.saveDelivery(1, delivery)
  t.equal(keeper.releaseDelivery(1, delivery), true)
  store.turn()
  t.equal(store.size, 2, 'its message is gone')
  const { keeper: next, kept } = loadKeeper(store)
  const released = kept.sessions[0]?.deliveries[0] as DeliveryRecord
  t.match(released, { order: 5, packetId: 77, qos: 2, state: 'released', message: { topic: '' } })
  next.dropDelivery(1, released)
  store.turn()
  t.equal(store.size, 1)

  keeper.saveSession(sessionOf(2))
  keeper.saveDelivery(2, delivery)
  keeper.saveDelivery(1, delivery)
  keeper.releaseDelivery(1, delivery)
  keeper.dropDelivery(1, { ...delivery, state: 'released' })
  store.turn()
  t.equal(store.size, 4, 'another session still waits for the message')
  keeper.dropDelivery(2, delivery)
  keeper.dropSession(2, [])

  t.equal(keeper.saveDelivery(1, delivery), true)
  store.put = () => false
  t.equal(keeper.releaseDelivery(1, delivery), false, 'the store is full')
  store.turn()
  t.equal(store.size, 1, 'then all of it goes')
})

t.test('a session that is dropped leaves nothing, whatever it had', async t => {
  const { store, keeper } = fresh()
  const shared = message('s=x')
  const deliveries = [deliveryOf(1), deliveryOf(2, { message: shared }), deliveryOf(3, { state: 'released', qos: 2, message: shared })]
  for (const number of [1, 2]) {
    keeper.saveSession(sessionOf(number))
    keeper.saveDelivery(number, deliveryOf(2, { message: shared }))
  }
  keeper.saveDelivery(1, deliveries[0] as DeliveryRecord)
  keeper.releaseDelivery(1, deliveryOf(3, { qos: 2 }))
  for (let id = 1; id <= 500; id++) keeper.saveReceived(1, id)
  store.turn()
  keeper.saveReceived(1, 501)
  t.equal(keeper.dropSession(1, deliveries), true)
  for (let turn = 0; turn < 40; turn++) store.turn()
  t.equal(store.size, 3, 'the other one, its delivery and the message')
  t.match(again(store), { sessions: [{ number: 2, deliveries: [{ message: { topic: 's' } }] }], lastSessionNumber: 2 })

  await t.test('while the store fails it waits', async t => {
    const entries = store.entries.bind(store)
    store.entries = (prefix, countMax, done, after) => entries(prefix, countMax, all => done(store.state === 'open' ? all : []), after)
    store.state = 'failing'
    keeper.dropSession(2, [deliveryOf(2, { message: shared })])
    for (let turn = 0; turn < 5; turn++) store.turn()
    t.equal(store.size, 3)
    store.state = 'open'
    for (let turn = 0; turn < 5; turn++) store.turn()
    t.equal(store.size, 0)
  })

  await t.test('of many at once the rest goes when all is loaded', async t => {
    const count = limits.sessionsMax + 5
    for (let number = 1; number <= count; number++) {
      keeper.saveSession(sessionOf(number))
      keeper.saveReceived(number, 1)
    }
    for (let number = 1; number <= count; number++) keeper.dropSession(number, [])
    for (let turn = 0; turn < 3 * count; turn++) store.turn()
    t.equal(store.size, 5)
    const { keeper: next, kept } = loadKeeper(store)
    store.turn()
    t.strictSame([store.size, kept.sessions, kept.lastSessionNumber], [0, [], count])
    t.strictSame([next.dropped.get('of-no-session'), keeper.dropped.get('of-no-session')], [5, 0])
  })
})

t.test('a retained message is kept by topic', async t => {
  const { store, keeper } = fresh()
  for (const text of ['a/ä=1', 'b=1', 'a/ä=2', 'c=1']) t.equal(keeper.retain(message(text, { retain: true })), true)
  t.equal(keeper.unretain('b'), true)
  t.equal(keeper.unretain('unknown'), true)
  store.turn()
  t.equal(store.size, 2)
  const { keeper: next, kept } = loadKeeper(store)
  t.match(kept.retained, [message('a/ä=2', { retain: true }), message('c=1', { retain: true })])
  next.retain(message('c=2'))
  next.retain(message('d=1'))
  next.unretain('a/ä')
  t.match(again(store).retained, [message('c=2'), message('d=1')])
  store.delete = () => false
  t.equal(next.unretain('c'), false, 'the store has no room for that')
  t.match(again(store).retained.length, 2)
})

t.test('nothing that waits for the disk passes the bound, and what is refused changes nothing', async t => {
  const { store, keeper } = fresh()
  const large = { ...message('a=x'), payload: new Uint8Array(30_000) }
  store.state = 'failing'
  t.strictSame([keeper.isFull, keeper.hasRoomFor(large)], [false, true])
  let taken = 0
  while (taken < 100 && keeper.hasRoomFor({ ...large, properties: Uint8Array.of(1, 0) })) keeper.retain({ ...large, topic: `t${taken++}` })
  t.strictSame([keeper.isFull, taken], [true, 12])
  while (taken < 100 && keeper.retain({ ...large, topic: `t${taken}` })) taken++
  t.equal(taken, 17)
  const before = store.waitingBytes
  t.ok(before <= limits.keeperPendingBytesMax)
  t.equal(keeper.saveDelivery(1, deliveryOf(1, { message: large })), false, 'no room for the message')
  const room = limits.keeperPendingBytesMax - before
  const fitting = { ...message('a=x'), payload: new Uint8Array(room - 40) }
  t.equal(keeper.saveDelivery(1, deliveryOf(1, { message: fitting })), false, 'the message would fit, but not what refers to it')
  t.equal(store.waitingBytes, before)
  t.equal(keeper.saveSession(sessionOf(1, { clientId: 'x'.repeat(room) })), false)
  t.equal(keeper.saveDelivery(1, deliveryOf(1)), true, 'a small one')
  t.equal(keeper.unretain('t0'), true, 'drops always find room')
  t.equal(keeper.retain({ ...large, topic: 't0' }), true)
  store.state = 'open'
  store.turn()
  t.strictSame([keeper.isFull, store.waitingBytes, store.size], [false, 0, taken + 2])
})

t.test('told in the order in which it was asked for, and not before the store says so', async t => {
  const { store, keeper } = fresh()
  const told: number[] = []
  keeper.saveReceived(1, 1)
  for (const number of [1, 2]) keeper.afterSync(() => told.push(number))
  store.state = 'failing'
  store.turn()
  t.strictSame(told, [])
  store.state = 'open'
  store.turn()
  t.strictSame(told, [1, 2])
})

t.test('nothing is taken before all is loaded, and loading waits for the store', async t => {
  const { store: former, keeper: first } = fresh()
  first.saveSession(sessionOf(1))
  first.saveDelivery(1, deliveryOf(1))
  first.retain(message('r=1'))
  former.turn()
  const store = former.reopen()
  const keeper = new Keeper(store, utf8, new SetClocks())
  store.state = 'failing'
  const loaded: Kept[] = []
  keeper.load(kept => loaded.push(kept))
  for (let turn = 0; turn < 5; turn++) store.turn()
  t.strictSame(loaded, [])
  t.strictSame(
    [keeper.saveSession(sessionOf(1)), keeper.saveDelivery(1, deliveryOf(1)), keeper.retain(message('r=2')), keeper.unretain('r')],
    [false, false, false, false]
  )
  t.equal(keeper.hasRoomFor(message('r=2')), false)
  store.state = 'open'
  for (let turn = 0; turn < 20; turn++) store.turn()
  t.match(loaded, [{ sessions: [{ number: 1, deliveries: [{ order: 1 }] }], retained: [message('r=1')] }])
  t.equal(keeper.retain(message('r=2')), true)
  t.equal(keeper.saveDelivery(1, deliveryOf(2)), true)
  store.turn()
  t.strictSame([store.size, store.get(deliveryKey(1, 2))?.length], [1 + 2 + 2 + 1, 4])
})

t.test('time goes on while the power is off', async t => {
  const { store, keeper } = fresh()
  keeper.saveSession(sessionOf(1, { awayMs: 0 }))
  keeper.retain({ ...message('r=1'), expiresAtMs: 65_000 })
  const clocks = new SetClocks()
  clocks.monotonic = 10
  clocks.wall += 20_000
  t.match(again(store, clocks), { sessions: [{ awayMs: 20_000 }], retained: [{ expiresAtMs: 40_010 }] })
})

/** A session as it should come back. */
interface Modelled {
  record: SessionRecord
  readonly deliveries: Map<number, DeliveryRecord>
  readonly received: Set<number>
}

/** What should be kept, and how many entries that takes. */
class Model {
  readonly sessions = new Map<number, Modelled>()
  readonly retained = new Map<string, Message>()

  get plain(): string {
    const sessions = [...this.sessions.values()].map(({ record, deliveries, received }) => {
      return { ...record, deliveries: [...deliveries.values()], received: { ids: () => [...received].sort((a, b) => a - b) } }
    })
    return plain({ sessions, retained: [...this.retained.values()] } as unknown as Kept)
  }

  get size(): number {
    const deliveries = [...this.sessions.values()].flatMap(session => [...session.deliveries.values()])
    const bodies = new Set(deliveries.filter(({ state }) => state === 'message').map(each => each.message))
    const received = [...this.sessions.values()].reduce((sum, session) => sum + session.received.size, 0)
    return this.sessions.size + deliveries.length + bodies.size + received + this.retained.size
  }
}

const released: Message = { topic: '', payload: new Uint8Array(), qos: 0, retain: false }
const messages = ['a=1', 'b=2', 'c=3'].map(text => ({ ...message(text, { qos: 2 }), properties: undefined, expiresAtMs: undefined }))
const steps = fc.array(
  fc.record({
    name: fc.constantFrom(
      ...(['session', 'gone', 'deliver', 'deliver', 'deliver', 'release', 'finish', 'finish', 'receive', 'received'] as const),
      ...(['retain', 'unretain', 'turn', 'turn', 'sync', 'fail', 'work', 'restart'] as const)
    ),
    which: fc.nat(2),
    other: fc.nat(2)
  }),
  { maxLength: 60 }
)

/** One run of the broker: what it does to the keeper it does to the model too. */
class Run {
  store = new MemoryStore()
  keeper = loadKeeper(this.store).keeper
  model = new Model()
  /** The model as it was written, and synced, last. */
  written = this.model.plain
  synced = this.model.plain
  #lastNumber = 0
  #lastOrder = 0
  /** Those who wait for the disk. */
  #waiting = 0
  readonly #failures: string[] = []

  get failures(): readonly string[] {
    return this.#failures
  }

  step(name: string, which: number, other: number): void {
    const [number, session] = [...this.model.sessions][which] ?? [0, undefined]
    const delivery = session && [...session.deliveries.values()][other]
    if (name === 'session') this.#save(number || ++this.#lastNumber, other)
    else if (name === 'retain') this.#retain(messages[which] as Message)
    else if (name === 'unretain') this.#unretain((messages[which] as Message).topic)
    else if (name === 'turn' || name === 'sync') this.#turn(name === 'sync')
    else if (name === 'fail' || name === 'work') this.store.state = name === 'fail' ? 'failing' : 'open'
    else if (name === 'restart') this.crash(other > 0)
    else if (!session) return
    else if (name === 'gone') this.#drop(number, session)
    else if (name === 'deliver') this.#deliver(number, session, messages[other] as Message)
    else if (name === 'receive') this.keeper.saveReceived(number, other + 1) && session.received.add(other + 1)
    else if (name === 'received') this.keeper.dropReceived(number, other + 1) && session.received.delete(other + 1)
    else if (delivery && name === 'finish') this.#finish(number, session, delivery)
    else if (delivery?.state === 'message' && delivery.qos === 2) this.#release(number, session, delivery)
  }

  /** The process is killed, or the power is cut, and it starts again. */
  crash(isPowerCut: boolean): void {
    this.store = isPowerCut ? this.store.reopenAfterPowerCut() : this.store.reopen()
    const expected = isPowerCut ? this.synced : this.written
    const { keeper, kept } = loadKeeper(this.store)
    if (plain(kept) !== expected) this.#failures.push(`expected ${expected}, found ${plain(kept)}`)
    this.keeper = keeper
    this.#waiting = 0
    this.model = new Model()
    for (const { deliveries, received, ...record } of kept.sessions) {
      const byOrder = new Map(deliveries.map(each => [each.order, each]))
      this.model.sessions.set(record.number, { record, deliveries: byOrder, received: new Set(received.ids()) })
    }
    for (const each of kept.retained) this.model.retained.set(each.topic, each)
    this.#lastNumber = kept.lastSessionNumber
    this.written = this.synced = this.model.plain
    this.settle()
  }

  /** When all has come to rest, there is no more in the store than there must be. */
  settle(): void {
    this.store.state = 'open'
    for (let turn = 0; turn < 20; turn++) this.#turn(true)
    if (this.store.size !== this.model.size) this.#failures.push(`${this.store.size} entries for ${this.model.plain}`)
  }

  #turn(isSync: boolean): void {
    if (isSync) {
      this.#waiting++
      this.keeper.afterSync(() => this.#waiting--)
    }
    const asked = this.#waiting // what was asked while the disk failed still waits
    const isOpen = this.store.state === 'open'
    this.store.turn()
    if (isOpen) this.written = this.model.plain
    if (isOpen && asked > 0) this.synced = this.model.plain
    if (this.#waiting !== (isOpen ? 0 : asked)) this.#failures.push('told at the wrong time')
  }

  #save(number: number, other: number): void {
    const record = sessionOf(number, { expirySeconds: other, subscriptions: new Map([[`f${other}`, options()]]), awayMs: 0 })
    this.keeper.saveSession(record)
    const session = this.model.sessions.get(number)
    if (session) session.record = record
    else this.model.sessions.set(number, { record, deliveries: new Map(), received: new Set() })
  }

  #drop(number: number, { deliveries }: Modelled): void {
    this.keeper.dropSession(number, deliveries.values())
    this.model.sessions.delete(number)
  }

  #deliver(number: number, { deliveries }: Modelled, of: Message): void {
    const order = ++this.#lastOrder
    const delivery = deliveryOf(order, { message: of, qos: order % 2 === 0 ? 1 : 2 })
    if (this.keeper.saveDelivery(number, delivery)) deliveries.set(order, delivery)
  }

  #finish(number: number, { deliveries }: Modelled, delivery: DeliveryRecord): void {
    this.keeper.dropDelivery(number, delivery)
    deliveries.delete(delivery.order)
  }

  #release(number: number, { deliveries }: Modelled, delivery: DeliveryRecord): void {
    this.keeper.releaseDelivery(number, delivery)
    deliveries.set(delivery.order, { ...delivery, state: 'released', message: released })
  }

  #retain(of: Message): void {
    if (this.keeper.retain(of)) this.model.retained.set(of.topic, of)
  }

  #unretain(topic: string): void {
    if (this.keeper.unretain(topic)) this.model.retained.delete(topic)
  }
}

t.test('whatever the broker does, and whenever it is killed or the power is cut', t => {
  const property = fc.property(steps, fc.boolean(), (all, isPowerCut) => {
    const run = new Run()
    for (const { name, which, other } of all) run.step(name, which, other)
    run.crash(isPowerCut)
    if (run.failures.length > 0) throw new Error(run.failures[0])
  })
  holds(t, 1_000, property)
  t.end()
})

t.test('whatever the broker does, nothing is left over', t => {
  const property = fc.property(steps, all => {
    const run = new Run()
    for (const { name, which, other } of all) run.step(name, which, other)
    run.settle()
    if (run.failures.length > 0) throw new Error(run.failures[0])
  })
  holds(t, 500, property)
  t.end()
})

t.test('what there is room for can be asked before it is made, and who clears away too late is overwhelmed', async t => {
  const house = new House()
  const { keeper } = house.broker
  t.ok(keeper.hasRoomOf(limits.keeperPendingBytesMax))
  house.store.put('x', new Uint8Array(1))
  t.notOk(keeper.hasRoomOf(limits.keeperPendingBytesMax))
  t.notOk(keeper.isOverwhelmed)
  for (let number = 1; number <= limits.sessionsMax; number++) keeper.dropSession(number, [])
  t.ok(keeper.isOverwhelmed)
  house.endTurn()
  t.notOk(keeper.isOverwhelmed)
})
