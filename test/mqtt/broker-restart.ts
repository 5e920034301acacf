/** The broker after a crash: what it takes back, within its bounds, and what came before that could be read. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Broker } from '../../src/mqtt/broker.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { connect, disconnect, kept, level5, message, publish, subscribe, will } from '../fixtures/mqtt/packets.ts'
import { Porter } from '../fixtures/mqtt/porter.ts'

/** A client with a kept session that is subscribed to `a`, and went away. */
function leave(house: House, clientId: string): void {
  house.connect(clientId, kept).send(subscribe(1, { a: 1 }), disconnect())
}

/** Bounds that hold in a run. */
function withLimits(changes: Partial<Record<keyof typeof limits, number>>, act: () => void): void {
  const before = { ...limits }
  Object.assign(limits, changes)
  act()
  Object.assign(limits, before)
}

t.test('[MQTT-3.1.2-23] [3.1.1 MQTT-3.1.2-4] sessions, subscriptions and retained messages are there again', async t => {
  const house = new House()
  t.ok(house.broker instanceof Broker)
  leave(house, 'c')
  house.connect('shared', kept).send(subscribe(1, { '$share/g/b': { qos: 1, identifier: 5 } }))
  house.connect('d', level5).send(publish('r=1', { retain: true, expirySeconds: 100 }), publish('a=1', { qos: 1, packetId: 1 }))
  house.nowMs += 1_000
  const next = new House(house)
  t.strictSame([next.broker.sessions, next.broker.clients, next.broker.retained.count], [2, 0, 1])
  t.strictSame(next.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup'])
  next.broker.publish(message('b=1', { qos: 1 }))
  t.strictSame(next.accept().send(connect('shared', kept)), ['CONNACK 0 present', 'PUBLISH b=1 q1 id1 for 5'])
  t.strictSame(next.connect('e').send(subscribe(1, { r: 0 })), ['SUBACK 1: 0', 'PUBLISH r=1 retain expires 99'])
})

t.test('a session that was not kept leaves nothing', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 2 }), publish('a=1', { qos: 2, packetId: 1 }))
  t.equal(house.store.size, 0)
  t.equal(new House(house).broker.sessions, 0)
})

t.test('4: sessions go on to expire as if there had been no crash, and the longest away goes first', async t => {
  const house = new House()
  house.connect('here', { ...level5, cleanStart: false, sessionExpirySeconds: 60 }) // for longer than it may be away
  leave(house, 'new')
  house.connect('old', kept).send(disconnect())
  house.pass(100_000)
  house.connect('new', kept).send(disconnect())
  const next = new House(house)
  withLimits({ sessionsMax: 3 }, () => leave(next, 'more'))
  t.equal(next.count('sessions-displaced'), 1)
  t.strictSame(next.accept().send(connect('new', kept)), ['CONNACK 0 present'])
  t.strictSame(next.accept().send(connect('old', kept)), ['CONNACK 0'])
  next.pass(60_000)
  t.equal(next.count('sessions-expired'), 0, 'the one that was here has 60 s from now on')
  next.pass(1)
  t.equal(next.count('sessions-expired'), 1)
})

t.test('[MQTT-3.1.2-8] a will with a delay, and a session, go on waiting from where they were, however often it crashes', async t => {
  const away = { ...level5, cleanStart: false, sessionExpirySeconds: 60 }
  const house = new House()
  house.connect('away', { ...away, will: will('w=gone', { delaySeconds: 10 }) }).end()
  house.connect('here', away)
  house.pass(9_000)
  const next = new House(house)
  next.pass(999)
  t.equal(next.count('wills-published'), 0)
  next.pass(1)
  t.equal(next.count('wills-published'), 1)
  next.pass(50_000)
  const last = new House(next)
  last.pass(9_001)
  t.equal(last.count('sessions-expired'), 2, 'both were away since the first crash at the latest')
})

t.test('the restored and the new do not pass the bounds together', async t => {
  const house = new House()
  for (const id of ['a', 'b', 'c']) leave(house, id)
  for (let n = 0; n < limits.retainedMessagesMax; n++) house.connect('r').send(publish(`${n}=x`, { retain: true }))
  const late = new House(house, 'late')
  const early = late.connect('early')
  for (let n = 0; n < 10; n++) late.broker.publish(message(`own/${n}=x`, { retain: true }))
  withLimits({ sessionsMax: 3 }, () => late.load())
  t.strictSame([late.broker.sessions, late.count('sessions-displaced'), early.phase], [3, 1, 'open'])
  t.equal(late.broker.retained.count, limits.retainedMessagesMax + 10, 'the daemon has crowded nobody out')
})

t.test('what is restored takes no place of who is here, and what makes room for it has its rights by then', async t => {
  for (const sessionsMax of [1, 2]) {
    const house = new House()
    for (const id of ['a', 'b']) house.connect(id, { ...kept, will: will('house/will=gone', { delaySeconds: 99 }) }).end()
    const late = new House(house, 'late', new Porter())
    const early = late.connect('early')
    withLimits({ sessionsMax }, () => late.load())
    t.strictSame([late.broker.sessions, early.phase], [sessionsMax, 'open'])
    t.strictSame([late.count('wills-withheld'), late.count('wills-published')], [sessionsMax - 1, 0])
  }
})

t.test('what came before the disk could be read is newer, and nothing is kept till then', async t => {
  const house = new House()
  leave(house, 'c')
  leave(house, 'd')
  house.connect('r').send(publish('a=old', { qos: 1, packetId: 1, retain: true }))
  const late = new House(house, 'late')
  const client = late.accept()
  client.sendWithinTurn(connect('c', { ...level5, ...kept }))
  t.match(client.outbox.take(), [{ sessionPresent: false, properties: { sessionExpirySeconds: 0 } }])
  t.strictSame(client.send(publish('a=new', { retain: true }), publish('a=x', { qos: 1, packetId: 1 })), ['PUBACK 1 code 151'])
  late.load()
  t.strictSame(late.connect('e').send(subscribe(1, { a: 0 })), ['SUBACK 1: 0', 'PUBLISH a=new retain'])
  t.equal(late.broker.sessions, 3)
  t.strictSame(late.accept().send(connect('d', kept)), ['CONNACK 0 present', 'PUBLISH a=old q1 id1 dup'])
  t.strictSame(client.lines(), ['DISCONNECT 139', 'closed server'], 'is sent back to what is kept for it')
  t.strictSame(late.accept().send(connect('c', kept)), ['CONNACK 0 present', 'PUBLISH a=old q1 id1 dup'])
  t.strictSame(late.count('sessions-cleaned'), 1, 'the one in between')
})

t.test('what is past the bounds of this run is dropped for good', async t => {
  const house = new House()
  leave(house, 'c')
  for (let n = 1; n <= 30; n++) house.broker.publish(message(`a=${n}`, { qos: 1 }))
  house.endTurn()
  let next = house
  // The window takes a part, the queue another, and their sum is more than either.
  const bytes = 10 * (2 + 2 + 128)
  withLimits({ inflightBytesMax: bytes + 100, queueBytesMax: bytes + 100 }, () => {
    next = new House(house)
  })
  t.equal(next.count('restored-dropped'), 1)
  t.strictSame(new House(next).count('restored-dropped'), 0)
})

t.test('a session for which the disk had no room is saved as soon as it has', async t => {
  const house = new House()
  house.store.state = 'failing'
  house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  for (const id of ['c', 'd']) leave(house, id)
  house.connect('gone', kept).send(disconnect())
  house.connect('gone')
  house.store.state = 'open'
  house.store.turn()
  house.broker.publish(message('a=1', { qos: 1 }))
  house.endTurn()
  const next = new House(house)
  for (const id of ['c', 'd']) t.strictSame(next.accept().send(connect(id, kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup'])
  t.equal(next.broker.sessions, 2)
})

t.test('[MQTT-4.3.3-10] packet ids of QoS 2 that were not released are known after a restart', async t => {
  const house = new House()
  const packet = publish('a=1', { qos: 2, packetId: 7 })
  house.connect('c', kept).send(packet)
  const next = new House(house)
  const watcher = next.connect('watcher')
  watcher.send(subscribe(1, { a: 0 }))
  t.strictSame(next.connect('c', kept).send({ ...packet, dup: true }), ['PUBREC 7'])
  t.strictSame(watcher.lines(), [])
})
