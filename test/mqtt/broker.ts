/** The broker: which sessions there are, and which of them a message reaches. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Broker } from '../../src/mqtt/broker.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import {
  connect,
  disconnect,
  kept,
  level5,
  message,
  puback,
  publish,
  pubrec,
  subscribe,
  unsubscribe,
  will
} from '../fixtures/mqtt/packets.ts'

/** A house with a client that hears everything. */
function watched(): { house: House; watcher: Client } {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  return { house, watcher }
}

/** A client with a kept session that is subscribed to `a`, and went away. */
function leave(house: House, clientId: string): void {
  house.connect(clientId, kept).send(subscribe(1, { a: 1 }), disconnect())
}

function isKept(house: House, clientId: string): boolean {
  const client = house.accept()
  const present = client.send(connect(clientId, kept)).includes('CONNACK 0 present')
  client.send(disconnect())
  return present
}

t.test(
  '[MQTT-3.1.2-5] [MQTT-3.1.2-23] [MQTT-3.2.2-3] [MQTT-4.1.0-1] [3.1.1 MQTT-3.1.2-4] [3.1.1 MQTT-3.1.2-5] [3.1.1 MQTT-3.2.2-2] [3.1.1 MQTT-4.1.0-1] a kept session is there again, with what came meanwhile',
  async t => {
    const house = new House()
    leave(house, 'c')
    house.broker.publish(message('a=1', { qos: 1 }))
    house.broker.publish(message('a=2', { qos: 0 }))
    t.equal(house.count('deliveries-dropped'), 1)
    t.ok(house.broker instanceof Broker)
    t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1'])
  }
)

t.test('19: [MQTT-3.2.0-1] [MQTT-3.2.0-2] [3.1.1 MQTT-3.2.0-1] CONNACK comes before what waited and what is repeated', async t => {
  const house = new House()
  const client = house.connect('c', kept)
  client.send(subscribe(1, { a: 1 }))
  house.broker.publish(message('a=1', { qos: 1 }))
  client.end()
  house.broker.publish(message('a=2', { qos: 1 }))
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup', 'PUBLISH a=2 q1 id2'])
})

t.test('[MQTT-3.1.2-6] [MQTT-3.2.2-3] [3.1.1 MQTT-3.2.2-3] no session, none present', async t => {
  t.strictSame(new House().accept().send(connect('c', kept)), ['CONNACK 0'])
})

t.test(
  '[MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.2.2-2] [3.1.1 MQTT-3.1.2-6] [3.1.1 MQTT-3.1.4-3] [3.1.1 MQTT-3.2.2-1] [3.1.1 MQTT-4.1.0-2] a clean session begins with nothing and leaves nothing',
  async t => {
    const house = new House()
    leave(house, 'c')
    const client = house.accept()
    t.strictSame(client.send(connect('c')), ['CONNACK 0'])
    house.broker.publish(message('a=1', { qos: 1 }))
    t.strictSame(client.send(subscribe(1, { a: 1 })), ['SUBACK 1: 1'])
    client.send(disconnect())
    t.equal(house.broker.sessions, 0)
    t.equal(house.count('sessions-cleaned'), 2)
    t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0'])
    house.broker.publish(message('a=2', { qos: 1 }))
    t.equal(house.count('deliveries-queued'), 0)
  }
)

t.test('11: a clean CONNECT forgets QoS 2 ids: the next message with that id is delivered', async t => {
  const { house, watcher } = watched()
  house.connect('c', kept).send(publish('a=1', { qos: 2, packetId: 7 }), disconnect())
  house.connect('c').send(publish('a=2', { qos: 2, packetId: 7 }))
  t.strictSame(watcher.lines(), ['PUBLISH a=1', 'PUBLISH a=2'])
})

t.test('12: a kept session knows QoS 2 ids after a new connection', async t => {
  const { house, watcher } = watched()
  house.connect('c', kept).send(publish('a=1', { qos: 2, packetId: 7 }), { type: 'end', reason: 'lost' })
  const client = house.connect('c', kept)
  t.strictSame(client.send(publish('a=1', { qos: 2, packetId: 7, dup: true })), ['PUBREC 7'])
  t.strictSame(watcher.lines(), ['PUBLISH a=1'])
})

t.test('9: [MQTT-3.1.4-3] [3.1.1 MQTT-3.1.4-2] a take-over does not let the old connection remove the new session', async t => {
  for (const cleanStart of [false, true]) {
    const house = new House()
    const old = house.connect('c', { cleanStart })
    old.send(subscribe(1, { a: 0 }))
    const client = house.accept()
    t.strictSame(client.send(connect('c', { cleanStart })), [cleanStart ? 'CONNACK 0' : 'CONNACK 0 present'])
    t.strictSame(old.lines(), ['closed taken-over'])
    client.send(subscribe(2, { b: 0 }))
    t.strictSame(old.send({ type: 'end', reason: 'lost' }, disconnect(), unsubscribe(3, 'b')), [])
    house.pass(1_000)
    t.equal(house.broker.connections, 1)
    t.equal(house.broker.sessions, 1)
    house.broker.publish(message('a=1'))
    house.broker.publish(message('b=1'))
    t.strictSame(client.lines(), cleanStart ? ['PUBLISH b=1'] : ['PUBLISH a=1', 'PUBLISH b=1'])
  }
})

t.test("10: a take-over publishes the old connection's will exactly once, and not the new one's", async t => {
  const { house, watcher } = watched()
  const old = house.connect('c', { ...kept, will: will('will=old') })
  const client = house.connect('c', { ...kept, will: will('will=new') })
  old.end()
  t.strictSame(watcher.lines(), ['PUBLISH will=old'])
  client.send(disconnect())
  t.strictSame(watcher.lines(), [])
})

t.test('10: the will of a take-over reaches the session that is taken over', async t => {
  const house = new House()
  house.connect('c', { ...kept, will: will('will=old', { qos: 1 }) }).send(subscribe(1, { will: 1 }))
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH will=old q1 id1'])
})

t.test('14: a take-over in the middle of a delivery leaves its window as it was', async t => {
  const house = new House()
  house.connect('c', kept).send(subscribe(1, { '#': 2 }))
  house.broker.publish(message('a=1', { qos: 2 }))
  house.endTurn()
  for (let times = 0; times < limits.inflightMax + 1; times++) {
    t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q2 id1 dup'])
  }
  t.strictSame(house.connect('c', kept).send(pubrec(1)), ['PUBREL 1'])
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBREL 1'])
})

t.test('one client more than the bound is refused as the server is busy; a client takes its own place over', async t => {
  const house = new House()
  leave(house, 'away')
  for (let index = 0; index < limits.clientsMax; index++) house.connect(`c${index}`)
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 137', 'closed refused'])
  t.strictSame(house.accept().send(connect('away', kept)), ['CONNACK 137', 'closed refused'], 'a session alone is no place')
  t.strictSame(house.accept().send(connect('', {})), ['CONNACK 137', 'closed refused'])
  t.strictSame(house.accept().send(connect('c0')), ['CONNACK 0'])
  leave(house, 'c1')
  t.strictSame(house.accept().send(connect('c1', kept)), ['CONNACK 0 present'], 'a place that was left is free')
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 137', 'closed refused'])
  t.equal(house.broker.connections, limits.clientsMax)
})

t.test('4: sessions of clients that never come back are bounded: the longest away makes room', async t => {
  const house = new House()
  for (let index = 0; index < limits.sessionsMax; index++) leave(house, `c${index}`)
  t.equal(house.broker.sessions, limits.sessionsMax)
  const here = house.connect('c0', kept) // the longest away is here again
  leave(house, 'more')
  t.equal(house.broker.sessions, limits.sessionsMax)
  t.equal(house.count('sessions-displaced'), 1)
  t.notOk(isKept(house, 'c1'), 'which displaces the next one')
  t.equal(here.phase, 'open')
  here.send(disconnect())
  leave(house, 'yet more')
  for (const id of ['c0', 'more', 'yet more', `c${limits.sessionsMax - 1}`]) t.ok(isKept(house, id), id)
})

t.test('4: a session that was displaced gets nothing any more', async t => {
  const house = new House()
  for (let index = 0; index <= limits.sessionsMax; index++) leave(house, `c${index}`)
  house.broker.publish(message('a=1', { qos: 1 }))
  t.equal(house.count('deliveries-queued'), limits.sessionsMax)
})

t.test('4: [MQTT-4.1.0-2] a session whose client stays away is dropped', async t => {
  const house = new House()
  leave(house, 'early')
  house.pass(1_000)
  leave(house, 'late')
  const here = house.connect('here', kept)
  house.pass(limits.sessionAwayMs - 1_000)
  t.equal(house.broker.sessions, 3)
  house.pass(1)
  t.equal(house.broker.sessions, 2)
  t.equal(house.count('sessions-expired'), 1)
  house.pass(limits.sessionAwayMs)
  t.equal(house.broker.sessions, 1)
  t.equal(here.phase, 'open')
})

t.test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] [3.1.1 MQTT-3.1.3-6] a client without an id gets one of its own', async t => {
  const house = new House()
  const clients = [house.connect(''), house.connect('')]
  for (const client of clients) client.send(subscribe(1, { a: 0 }))
  t.equal(house.broker.sessions, 2)
  house.broker.publish(message('a=1'))
  for (const client of clients) t.strictSame(client.lines(), ['PUBLISH a=1'])
})

t.test('[MQTT-3.1.3-2] [3.1.1 MQTT-3.1.3-2] ids are told apart character by character', async t => {
  const house = new House()
  const [a, b] = [house.connect('c'), house.connect('C')]
  t.strictSame([a.phase, b.phase], ['open', 'open'])
})

t.test('25: as many overlapping subscriptions as there may be stall nothing', async t => {
  const house = new House()
  const client = house.connect('c')
  const levels = [...'abcdef']
  const filters = Array.from({ length: 64 }, (_, bits) => levels.map((level, index) => (bits & (1 << index) ? '+' : level)).join('/'))
  client.send(subscribe(1, Object.fromEntries(filters.map(filter => [filter, 1]))))
  for (let n = 1; n <= 100; n++) {
    house.broker.publish(message(`a/b/c/d/e/f=${n}`, { qos: 1 }))
    t.strictSame(client.send(puback(n)), [`PUBLISH a/b/c/d/e/f=${n} q1 id${n}`])
  }
})

t.test(
  '[MQTT-3.8.4-3] [MQTT-3.8.4-4] [3.1.1 MQTT-3.8.4-3] the same filter again replaces the QoS and resends retained messages',
  async t => {
    const house = new House()
    house.broker.publish(message('a=1', { qos: 1, retain: true }))
    const client = house.connect('c')
    client.send(subscribe(1, { a: 0 }))
    t.strictSame(client.send(subscribe(2, { a: 1 })), ['SUBACK 2: 1', 'PUBLISH a=1 q1 id1 retain'])
    house.broker.publish(message('a=2', { qos: 1 }))
    t.strictSame(client.lines(), ['PUBLISH a=2 q1 id2'])
  }
)

t.test('one subscription more than the bound is refused', async t => {
  const house = new House()
  const client = house.connect('c')
  for (let index = 1; index <= limits.subscriptionsMax; index++) client.send(subscribe(index, { [`a/${index}`]: 0 }))
  t.strictSame(client.send(subscribe(99, { 'a/1': 1, more: 0 })), ['SUBACK 99: 1 151'])
  t.equal(house.count('subscribe-refused'), 1)
  house.broker.publish(message('more=1'))
  t.strictSame(client.lines(), [])
})

t.test('filters that weigh more than the bound are refused and counted', async t => {
  const house = new House()
  const client = house.connect('c')
  const long = 'a'.repeat(limits.subscriptionBytesMax / 3)
  t.strictSame(client.send(subscribe(1, { [long]: 0, [`b${long}`]: 0, c: 1 })), ['SUBACK 1: 0 151 1'])
  t.equal(house.count('subscribe-refused'), 1)
  t.strictSame(client.send(unsubscribe(2, long), subscribe(3, { [`b${long}`]: 0 })), ['UNSUBACK 2: 0', 'SUBACK 3: 0'], 'room again')
})

t.test('23: a filter that is refused gets no retained message', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  t.strictSame(house.connect('c').send(subscribe(1, { 'a/#/b': 0, '#a': 0 })), ['SUBACK 1: 143 143'])
})

t.test('23: a client that comes back gets no retained message it has had', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  const client = house.connect('c', kept)
  t.strictSame(client.send(subscribe(1, { a: 1 })), ['SUBACK 1: 1', 'PUBLISH a=1 retain'])
  client.end()
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present'])
})

t.test(
  '[MQTT-3.3.1-8] [MQTT-3.3.1-12] [3.1.1 MQTT-3.3.1-9] [3.1.1 MQTT-3.3.1-12] [3.1.1 MQTT-3.1.2-7] RETAIN is not passed on, and keeps a message beyond its session',
  async t => {
    const { house, watcher } = watched()
    house.connect('c').send(publish('a=1', { retain: true }), publish('a=2'), disconnect())
    t.strictSame(watcher.lines(), ['PUBLISH a=1', 'PUBLISH a=2'])
    t.strictSame(house.connect('d').send(subscribe(1, { a: 0 })), ['SUBACK 1: 0', 'PUBLISH a=1 retain'])
  }
)

t.test('16: [MQTT-4.7.2-1] what is published to $ reaches those who asked for $', async t => {
  const { house, watcher } = watched()
  const client = house.connect('c')
  client.send(subscribe(1, { '$SYS/#': 0, '#': 0 }))
  house.broker.publish(message('$SYS/uptime=1', { retain: true }))
  t.strictSame(client.lines(), ['PUBLISH $SYS/uptime=1'])
  t.strictSame(watcher.lines(), [])
  t.strictSame(house.connect('d').send(subscribe(1, { '#': 0 })), ['SUBACK 1: 0'])
})

t.test('3: the queue of an absent client is bounded, and what is past it is counted', async t => {
  const house = new House()
  leave(house, 'c')
  for (let index = 0; index < limits.queueMessagesMax + 5; index++) house.broker.publish(message(`a=${index}`, { qos: 1 }))
  t.equal(house.count('deliveries-queued'), limits.queueMessagesMax)
  t.equal(house.count('deliveries-dropped'), 5)
})

t.test('[MQTT-3.3.1-3] DUP is not passed on', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { a: 1 }))
  t.strictSame(client.send(publish('a=1', { qos: 1, packetId: 7, dup: true })), ['PUBLISH a=1 q1 id1', 'PUBACK 7'])
})

t.test('[MQTT-3.10.4-3] a delivery that has begun is finished after UNSUBSCRIBE', async t => {
  const house = new House()
  const client = house.connect('c', kept)
  client.send(subscribe(1, { a: 1 }))
  house.broker.publish(message('a=1', { qos: 1 }))
  client.send(unsubscribe(2, 'a'), disconnect())
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup'])
})

t.test('messages that wait share one copy, made once', async t => {
  const house = new House()
  leave(house, 'c')
  leave(house, 'd')
  const received = message('a=hello', { qos: 1 })
  house.broker.publish(received)
  received.payload.fill(0)
  for (const id of ['c', 'd']) t.strictSame(house.accept().send(connect(id, kept)).slice(1), ['PUBLISH a=hello q1 id1'])
})

t.test('[MQTT-3.1.4-3] who is taken over is told so, in 5.0', async t => {
  const house = new House()
  const old = house.connect('c', level5)
  house.connect('c', level5)
  t.strictSame(old.lines(), ['DISCONNECT 142', 'closed taken-over'])
})

t.test('[MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-4.1.0-2] Clean Start and Session Expiry are two things', async t => {
  const house = new House()
  const present = (cleanStart: boolean, sessionExpirySeconds: number): boolean => {
    const client = house.accept()
    const [connack] = client.send(connect('c', { ...level5, cleanStart, sessionExpirySeconds }))
    client.send(disconnect())
    return connack === 'CONNACK 0 present'
  }
  t.notOk(present(true, 60), 'a clean start may be kept')
  t.ok(present(false, 60))
  house.pass(60_000)
  t.ok(present(false, 0), 'and one that is not may end with its connection')
  t.notOk(present(false, 60))
  house.pass(60_001)
  t.notOk(present(false, 60), 'its time was up')
  t.notOk(present(true, 60))
  t.equal(house.count('sessions-expired'), 1)
})

t.test('the assigned client id and the expiry that holds are told', async t => {
  const client = new House().accept()
  client.sendWithinTurn(connect('', { ...level5, ...kept }))
  const [connack] = client.outbox.take()
  t.match(connack, { properties: { assignedClientId: 'random-1', sessionExpirySeconds: limits.sessionAwayMs / 1_000 } })
})

t.test('the daemon stops: all are told', async t => {
  const { house, watcher } = watched()
  const [opening, latest] = [house.accept(), house.connect('latest', level5)]
  house.broker.stop()
  t.strictSame(
    [watcher, opening, latest].map(client => client.lines()),
    [['closed server'], ['closed server'], ['DISCONNECT 139', 'closed server']]
  )
  t.strictSame([house.broker.connections, house.broker.clients], [0, 0])
})

t.test('clients are counted while they are here', async t => {
  const house = new House()
  house.accept()
  const client = house.connect('c', kept)
  t.strictSame([house.broker.connections, house.broker.clients, house.broker.sessions], [2, 1, 1])
  client.end()
  t.strictSame([house.broker.connections, house.broker.clients, house.broker.sessions], [1, 0, 1])
})

t.test('[MQTT-3.3.2-5] [MQTT-3.3.2-6] a retained message goes with what is left of its time, and goes when that is over', async t => {
  const house = new House()
  house.connect('c', level5).send(publish('a=1', { retain: true, expirySeconds: 10 }), publish('b=1', { retain: true, expirySeconds: 0 }))
  house.pass(3_500)
  const ask = (clientId: string): string[] => house.connect(clientId).send(subscribe(1, { '#': 0 }))
  t.strictSame(ask('d'), ['SUBACK 1: 0', 'PUBLISH a=1 retain expires 7'])
  house.pass(6_500)
  t.strictSame([ask('e'), house.broker.retained.count, house.count('retained-expired')], [['SUBACK 1: 0'], 0, 2])
})

t.test(
  '[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20] properties are forwarded as they came',
  async t => {
    const { house, watcher } = watched()
    const absent = house.connect('absent', kept)
    absent.send(subscribe(1, { a: 1 }), disconnect())
    house.connect('c', level5).send(publish('a=1', { qos: 1, packetId: 1, retain: true, properties: 'a, b, a' }))
    t.strictSame(watcher.lines(), ['PUBLISH a=1 with a, b, a'])
    const next = new House(house)
    t.strictSame(next.accept().send(connect('absent', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup with a, b, a'])
    t.strictSame(next.connect('d').send(subscribe(1, { a: 0 })), ['SUBACK 1: 0', 'PUBLISH a=1 retain with a, b, a'])
  }
)

t.test('[MQTT-3.10.4-3] [3.1.1 MQTT-3.10.4-3] what has begun is finished after UNSUBSCRIBE', async t => {
  const house = new House()
  const client = house.connect('c', kept)
  client.send(subscribe(1, { a: 2 }))
  house.broker.publish(message('a=1', { qos: 2 }))
  house.endTurn()
  client.send(unsubscribe(2, 'a'))
  client.end()
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q2 id1 dup'])
})

t.test('a packet id is not freed while the disk has no room to note that', async t => {
  const house = new House()
  const client = house.connect('c', kept)
  client.send(publish('a=1', { qos: 2, packetId: 7 }))
  const session = client.connection.session
  if (!session) throw new Error('no session')
  house.store.delete = () => false
  t.equal(house.broker.releaseReceived(session, 7), 'refused')
  t.ok(session.received.has(7))
  t.equal(house.broker.releaseReceived(session, 8), 'unknown')
})

t.test('nobody is let in while those who came and went leave more behind than the disk takes note of', async t => {
  const house = new House()
  house.store.state = 'failing'
  const client = house.connect('c')
  for (let n = 0; n <= 2 * limits.clientsMax * limits.receivedMax; n++) house.broker.keeper.afterSync(() => undefined)
  t.equal(house.broker.placeFor('d', true), undefined)
  t.equal(client.phase, 'open')
})
