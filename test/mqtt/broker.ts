/** The broker: which sessions there are, and which of them a message reaches. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { brokerCounters } from '../../src/mqtt/broker.ts'
import { closeReasons } from '../../src/mqtt/session.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { connect, message, puback, publish, pubrec, subscribe, unsubscribe } from '../fixtures/mqtt/packets.ts'

const kept = { cleanSession: false }

/** A house with a client that hears everything. */
function watched(): { house: House; watcher: Client } {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  return { house, watcher }
}

/** A client with a kept session that is subscribed to `a`, and went away. */
function leave(house: House, clientId: string): void {
  house.connect(clientId, kept).send(subscribe(1, { a: 1 }), { type: 'DISCONNECT' })
}

function isKept(house: House, clientId: string): boolean {
  const client = house.accept()
  const present = client.send(connect(clientId, kept)).includes('CONNACK 0 present')
  client.send({ type: 'DISCONNECT' })
  return present
}

t.test('each reason to close has a counter', async t => {
  for (const reason of closeReasons) t.ok(brokerCounters.includes(`closed-${reason}`))
})

t.test('[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-4.1.0-1] a kept session is there again, with what came meanwhile', async t => {
  const house = new House()
  leave(house, 'c')
  house.broker.publish(message('a=1', { qos: 1 }))
  house.broker.publish(message('a=2', { qos: 0 }))
  t.equal(house.count('deliveries-dropped'), 1)
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1'])
})

t.test('19: [MQTT-3.2.0-1] CONNACK comes before what waited and what is repeated', async t => {
  const house = new House()
  const client = house.connect('c', kept)
  client.send(subscribe(1, { a: 1 }))
  house.broker.publish(message('a=1', { qos: 1 }))
  client.end()
  house.broker.publish(message('a=2', { qos: 1 }))
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup', 'PUBLISH a=2 q1 id2'])
})

t.test('[MQTT-3.2.2-3] no session, none present', async t => {
  t.strictSame(new House().accept().send(connect('c', kept)), ['CONNACK 0'])
})

t.test('[MQTT-3.1.2-6] [MQTT-3.2.2-1] a clean session begins with nothing and leaves nothing', async t => {
  const house = new House()
  leave(house, 'c')
  const client = house.accept()
  t.strictSame(client.send(connect('c')), ['CONNACK 0'])
  house.broker.publish(message('a=1', { qos: 1 }))
  t.strictSame(client.send(subscribe(1, { a: 1 })), ['SUBACK 1: 1'])
  client.send({ type: 'DISCONNECT' })
  t.equal(house.broker.sessions, 0)
  t.equal(house.count('sessions-cleaned'), 2)
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0'])
  house.broker.publish(message('a=2', { qos: 1 }))
  t.equal(house.count('deliveries-queued'), 0)
})

t.test('11: a clean CONNECT forgets QoS 2 ids: the next message with that id is delivered', async t => {
  const { house, watcher } = watched()
  house.connect('c', kept).send(publish('a=1', { qos: 2, packetId: 7 }), { type: 'DISCONNECT' })
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

t.test('9: [MQTT-3.1.4-2] a take-over does not let the old connection remove the new session', async t => {
  for (const cleanSession of [false, true]) {
    const house = new House()
    const old = house.connect('c', { cleanSession })
    old.send(subscribe(1, { a: 0 }))
    const client = house.accept()
    t.strictSame(client.send(connect('c', { cleanSession })), [cleanSession ? 'CONNACK 0' : 'CONNACK 0 present'])
    t.strictSame(old.lines(), ['closed taken-over'])
    client.send(subscribe(2, { b: 0 }))
    t.strictSame(old.send({ type: 'end', reason: 'lost' }, { type: 'DISCONNECT' }, unsubscribe(3, 'b')), [])
    house.pass(1_000)
    t.equal(house.broker.connections, 1)
    t.equal(house.broker.sessions, 1)
    house.broker.publish(message('a=1'))
    house.broker.publish(message('b=1'))
    t.strictSame(client.lines(), cleanSession ? ['PUBLISH b=1'] : ['PUBLISH a=1', 'PUBLISH b=1'])
  }
})

t.test("10: a take-over publishes the old connection's will exactly once, and not the new one's", async t => {
  const { house, watcher } = watched()
  const old = house.connect('c', { ...kept, will: message('will=old') })
  const client = house.connect('c', { ...kept, will: message('will=new') })
  old.end()
  t.strictSame(watcher.lines(), ['PUBLISH will=old'])
  client.send({ type: 'DISCONNECT' })
  t.strictSame(watcher.lines(), [])
})

t.test('10: the will of a take-over reaches the session that is taken over', async t => {
  const house = new House()
  house.connect('c', { ...kept, will: message('will=old', { qos: 1 }) }).send(subscribe(1, { will: 1 }))
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH will=old q1 id1'])
})

t.test('14: a take-over in the middle of a delivery leaves its window as it was', async t => {
  const house = new House()
  house.connect('c', kept).send(subscribe(1, { '#': 2 }))
  house.broker.publish(message('a=1', { qos: 2 }))
  for (let times = 0; times < limits.inflightMax + 1; times++) {
    t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q2 id1 dup'])
  }
  t.strictSame(house.connect('c', kept).send(pubrec(1)), ['PUBREL 1'])
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBREL 1'])
})

t.test('one client more than the bound is refused with return code 3; a client takes its own place over', async t => {
  const house = new House()
  leave(house, 'away')
  for (let index = 0; index < limits.clientsMax; index++) house.connect(`c${index}`)
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 3', 'closed refused'])
  t.strictSame(house.accept().send(connect('away', kept)), ['CONNACK 3', 'closed refused'], 'a session alone is no place')
  t.strictSame(house.accept().send(connect('', {})), ['CONNACK 3', 'closed refused'])
  t.strictSame(house.accept().send(connect('c0')), ['CONNACK 0'])
  leave(house, 'c1')
  t.strictSame(house.accept().send(connect('c1', kept)), ['CONNACK 0 present'], 'a place that was left is free')
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 3', 'closed refused'])
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
  here.send({ type: 'DISCONNECT' })
  leave(house, 'yet more')
  for (const id of ['c0', 'more', 'yet more', `c${limits.sessionsMax - 1}`]) t.ok(isKept(house, id), id)
})

t.test('4: a session that was displaced gets nothing any more', async t => {
  const house = new House()
  for (let index = 0; index <= limits.sessionsMax; index++) leave(house, `c${index}`)
  house.broker.publish(message('a=1', { qos: 1 }))
  t.equal(house.count('deliveries-queued'), limits.sessionsMax)
})

t.test('4: a session whose client stays away is dropped', async t => {
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

t.test('[MQTT-3.1.3-6] a client without an id gets one of its own', async t => {
  const house = new House()
  const clients = [house.connect(''), house.connect('')]
  for (const client of clients) client.send(subscribe(1, { a: 0 }))
  t.equal(house.broker.sessions, 2)
  house.broker.publish(message('a=1'))
  for (const client of clients) t.strictSame(client.lines(), ['PUBLISH a=1'])
})

t.test('[MQTT-3.1.3-2] ids are told apart character by character', async t => {
  const house = new House()
  const [a, b] = [house.connect('c'), house.connect('C')]
  t.strictSame([a.phase, b.phase], ['open', 'open'])
})

t.test('25: [MQTT-3.3.5-1] overlapping subscriptions deliver once, at the highest QoS', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { 'a/#': 0, 'a/b': 1, '+/b': 2, '#': 0 }))
  for (const qos of [0, 1, 2] as const) house.broker.publish(message(`a/b=${qos}`, { qos }))
  t.strictSame(client.lines(), ['PUBLISH a/b=0', 'PUBLISH a/b=1 q1 id1', 'PUBLISH a/b=2 q2 id2'])
  client.send(unsubscribe(2, '+/b'))
  house.broker.publish(message('a/b=3', { qos: 2 }))
  t.strictSame(client.lines(), ['PUBLISH a/b=3 q1 id3'])
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

t.test('[MQTT-3.8.4-6] a message is delivered at the lower of its own QoS and the one granted', async t => {
  for (const published of [0, 1, 2] as const) {
    for (const granted of [0, 1, 2] as const) {
      const house = new House()
      const client = house.connect('c')
      client.send(subscribe(1, { a: granted }))
      house.broker.publish(message('a=x', { qos: published }))
      const qos = Math.min(published, granted)
      t.strictSame(client.lines(), [qos === 0 ? 'PUBLISH a=x' : `PUBLISH a=x q${qos} id1`], `${published} to ${granted}`)
    }
  }
})

t.test('[MQTT-3.8.4-3] the same filter again replaces the QoS and resends retained messages', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { qos: 1, retain: true }))
  const client = house.connect('c')
  client.send(subscribe(1, { a: 0 }))
  t.strictSame(client.send(subscribe(2, { a: 1 })), ['SUBACK 2: 1', 'PUBLISH a=1 q1 id1 retain'])
  house.broker.publish(message('a=2', { qos: 1 }))
  t.strictSame(client.lines(), ['PUBLISH a=2 q1 id2'])
})

t.test('one subscription more than the bound is refused', async t => {
  const house = new House()
  const client = house.connect('c')
  for (let index = 1; index <= limits.subscriptionsMax; index++) client.send(subscribe(index, { [`a/${index}`]: 0 }))
  t.strictSame(client.send(subscribe(99, { 'a/1': 1, more: 0 })), ['SUBACK 99: 1 128'])
  t.equal(house.count('subscribe-refused'), 1)
  house.broker.publish(message('more=1'))
  t.strictSame(client.lines(), [])
})

t.test('filters that weigh more than the bound are refused and counted', async t => {
  const house = new House()
  const client = house.connect('c')
  const long = 'a'.repeat(limits.subscriptionBytesMax / 3)
  t.strictSame(client.send(subscribe(1, { [long]: 0, [`b${long}`]: 0, c: 1 })), ['SUBACK 1: 0 128 1'])
  t.equal(house.count('subscribe-refused'), 1)
  t.strictSame(client.send(unsubscribe(2, long), subscribe(3, { [`b${long}`]: 0 })), ['UNSUBACK 2', 'SUBACK 3: 0'], 'room again')
})

t.test('23: a filter that is refused gets no retained message', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  t.strictSame(house.connect('c').send(subscribe(1, { 'a/#/b': 0, '#a': 0 })), ['SUBACK 1: 128 128'])
})

t.test('23: a client that comes back gets no retained message it has had', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  const client = house.connect('c', kept)
  t.strictSame(client.send(subscribe(1, { a: 1 })), ['SUBACK 1: 1', 'PUBLISH a=1 retain'])
  client.end()
  t.strictSame(house.accept().send(connect('c', kept)), ['CONNACK 0 present'])
})

t.test('[MQTT-3.3.1-9] [MQTT-3.3.1-12] [MQTT-3.1.2-7] RETAIN is not passed on, and keeps a message beyond its session', async t => {
  const { house, watcher } = watched()
  house.connect('c').send(publish('a=1', { retain: true }), publish('a=2'), { type: 'DISCONNECT' })
  t.strictSame(watcher.lines(), ['PUBLISH a=1', 'PUBLISH a=2'])
  t.strictSame(house.connect('d').send(subscribe(1, { a: 0 })), ['SUBACK 1: 0', 'PUBLISH a=1 retain'])
})

t.test('a retained message past the bounds is passed on, counted, and not kept', async t => {
  const { house, watcher } = watched()
  for (let index = 0; index < limits.retainedMessagesMax; index++) house.broker.publish(message(`${index}=x`, { retain: true }))
  watcher.lines()
  house.broker.publish(message('more=x', { retain: true }))
  t.strictSame(watcher.lines(), ['PUBLISH more=x'])
  t.equal(house.count('retained-refused'), 1)
})

t.test('16: what is published to $ reaches those who asked for $', async t => {
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

t.test('[MQTT-4.5.0-1] a message reaches every matching session, and those alone', async t => {
  const house = new House()
  const clients = ['a', 'b', 'c'].map(id => house.connect(id))
  for (const [index, filter] of ['x/#', 'y', 'x/1'].entries()) clients[index]?.send(subscribe(1, { [filter]: 0 }))
  clients[1]?.send(publish('x/1=hello'))
  t.strictSame(
    clients.map(client => client.lines()),
    [['PUBLISH x/1=hello'], [], ['PUBLISH x/1=hello']]
  )
  t.equal(house.count('deliveries-sent'), 2)
  t.equal(house.count('messages-published'), 1)
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
  client.send(unsubscribe(2, 'a'), { type: 'DISCONNECT' })
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

t.test('stopping ends every connection, with its will', async t => {
  const { house, watcher } = watched()
  const stranger = house.accept()
  const client = house.connect('c', { will: message('will=gone') })
  house.broker.stop(house.nowMs)
  t.strictSame([stranger.lines(), client.lines(), watcher.lines()], Array(3).fill(['closed server']))
  t.equal(house.broker.connections, 0)
  t.equal(house.count('messages-published'), 1)
})
