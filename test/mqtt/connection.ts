/** A connection: every cell of phases × events, and what CONNECT, PUBLISH, SUBSCRIBE and an end do beyond the table. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { Connection, Event } from '../../src/mqtt/connection.ts'
import { closeReasons } from '../../src/mqtt/session.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { connect, message, puback, pubcomp, publish, pubrec, pubrel, subscribe, unsubscribe } from '../fixtures/mqtt/packets.ts'

type Phase = Connection['phase']['name']

const events: { readonly [E in Event['type']]: Extract<Event, { type: E }> } = {
  CONNECT: connect('c'),
  PUBLISH: publish('a=x', { qos: 2, packetId: 7 }),
  PUBACK: puback(7) as Extract<Event, { type: 'PUBACK' }>,
  PUBREC: pubrec(7) as Extract<Event, { type: 'PUBREC' }>,
  PUBREL: pubrel(7) as Extract<Event, { type: 'PUBREL' }>,
  PUBCOMP: pubcomp(7) as Extract<Event, { type: 'PUBCOMP' }>,
  SUBSCRIBE: subscribe(7, { 'a/#': 1, 'a#': 0 }) as Extract<Event, { type: 'SUBSCRIBE' }>,
  UNSUBSCRIBE: unsubscribe(7, 'a', 'b') as Extract<Event, { type: 'UNSUBSCRIBE' }>,
  PINGREQ: { type: 'PINGREQ' },
  DISCONNECT: { type: 'DISCONNECT' },
  malformed: { type: 'malformed' },
  drained: { type: 'drained' },
  tick: { type: 'tick' },
  end: { type: 'end', reason: 'lost' }
}

type Cell = readonly [sent: readonly string[], phase: Phase]
const nothing: Cell = [[], 'closed']
const violation: Cell = [['closed protocol'], 'closed']

/** What each event does in each phase; the titles of the standard's demands stand beside them. */
const table: { readonly [P in Phase]: { readonly [E in Event['type']]: Cell } } = {
  opening: {
    CONNECT: [['CONNACK 0'], 'open'], // [MQTT-3.1.4-4]
    PUBLISH: violation, // [MQTT-3.1.0-1], and so below
    PUBACK: violation,
    PUBREC: violation,
    PUBREL: violation,
    PUBCOMP: violation,
    SUBSCRIBE: violation,
    UNSUBSCRIBE: violation,
    PINGREQ: violation,
    DISCONNECT: violation,
    malformed: [['closed malformed'], 'closed'],
    drained: [[], 'opening'],
    tick: [[], 'opening'],
    end: [['closed lost'], 'closed']
  },
  open: {
    CONNECT: violation, // [MQTT-3.1.0-2]
    PUBLISH: [['PUBREC 7'], 'open'], // [MQTT-3.3.4-1]
    PUBACK: [[], 'open'],
    PUBREC: [['PUBREL 7'], 'open'],
    PUBREL: [['PUBCOMP 7'], 'open'], // [MQTT-4.3.3-2]
    PUBCOMP: [[], 'open'],
    SUBSCRIBE: [['SUBACK 7: 1 128'], 'open'], // [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.9.3-1]
    UNSUBSCRIBE: [['UNSUBACK 7'], 'open'], // [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6]
    PINGREQ: [['PINGRESP'], 'open'], // [MQTT-3.12.4-1]
    DISCONNECT: [['closed client'], 'closed'],
    malformed: [['closed malformed'], 'closed'],
    drained: [[], 'open'],
    tick: [[], 'open'],
    end: [['closed lost'], 'closed']
  },
  closed: {
    CONNECT: nothing, // [MQTT-3.1.4-5], and so below
    PUBLISH: nothing,
    PUBACK: nothing,
    PUBREC: nothing,
    PUBREL: nothing,
    PUBCOMP: nothing,
    SUBSCRIBE: nothing,
    UNSUBSCRIBE: nothing,
    PINGREQ: nothing,
    DISCONNECT: nothing,
    malformed: nothing,
    drained: nothing,
    tick: nothing,
    end: nothing
  }
}

const reach: { readonly [P in Phase]: (house: House) => Client } = {
  opening: house => house.accept(),
  open: house => house.connect('c'),
  closed: house => {
    const client = house.connect('c')
    client.end()
    return client
  }
}

t.test('every event in every phase', async t => {
  for (const phase of ['opening', 'open', 'closed'] as const) {
    for (const event of Object.values(events)) {
      const house = new House()
      const client = reach[phase](house)
      t.equal(client.phase, phase)
      t.strictSame([client.send(event), client.phase], table[phase][event.type], `${event.type} in ${phase}`)
      t.equal(house.broker.connections, client.phase === 'closed' ? 0 : 1)
    }
  }
})

t.test('3.1 and 3.1.1 are spoken; [MQTT-3.1.2-2] [MQTT-3.2.2-4] [MQTT-3.2.2-5] others are refused with return code 1', async t => {
  for (const protocolLevel of [3, 4]) {
    t.strictSame(new House().accept().send(connect('c', { protocolLevel })), ['CONNACK 0'])
  }
  for (const protocolLevel of [0, 2, 5, 255]) {
    t.strictSame(new House().accept().send(connect('c', { protocolLevel })), ['CONNACK 1', 'closed refused'])
  }
})

t.test('[MQTT-3.2.2-2] a kept session is told of in 3.1.1, but not in 3.1, where that bit is reserved', async t => {
  for (const [protocolLevel, connack] of [
    [3, 'CONNACK 0'],
    [4, 'CONNACK 0 present']
  ] as const) {
    const house = new House()
    house.accept().send(connect('c', { cleanSession: false }), { type: 'DISCONNECT' })
    t.strictSame(house.accept().send(connect('c', { cleanSession: false, protocolLevel })), [connack])
  }
})

t.test('[MQTT-3.1.3-8] [MQTT-3.1.3-9] client ids that are refused with return code 2', async t => {
  const refused = ['CONNACK 2', 'closed refused']
  t.strictSame(new House().accept().send(connect('', { cleanSession: false })), refused)
  t.strictSame(new House().accept().send(connect('', { protocolLevel: 3 })), refused, '3.1 knows no empty one')
  t.strictSame(new House().accept().send(connect('c'.repeat(limits.clientIdCharactersMax + 1))), refused)
  t.strictSame(new House().accept().send(connect('c'.repeat(limits.clientIdCharactersMax))), ['CONNACK 0'])
})

t.test('one client too many is refused with return code 3', async t => {
  const house = new House()
  for (let index = 0; index < limits.clientsMax; index++) house.connect(`c${index}`)
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 3', 'closed refused'])
})

t.test('19: [MQTT-3.1.4-5] what comes behind a refused CONNECT is not handled', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const client = house.accept()
  t.strictSame(client.send(connect('c', { protocolLevel: 9 }), publish('a=x')), ['CONNACK 1', 'closed refused'])
  t.strictSame(watcher.lines(), [])
})

t.test('19: what comes with CONNECT is handled behind it', async t => {
  const client = new House().accept()
  t.strictSame(client.send(connect('c'), subscribe(1, { '#': 0 }), publish('a=x')), ['CONNACK 0', 'SUBACK 1: 0', 'PUBLISH a=x'])
})

t.test('a connection without CONNECT is closed once its time is up', async t => {
  const house = new House()
  const client = house.accept()
  house.pass(limits.connectMs)
  t.equal(client.phase, 'opening')
  house.pass(1)
  t.strictSame(client.lines(), ['closed connect-timeout'])
  t.equal(house.count('closed-connect-timeout'), 1)
})

t.test('[MQTT-3.1.2-24] silence of more than 1.5 times the keep-alive ends a connection, whatever was sent to it', async t => {
  const house = new House()
  const client = house.connect('c', { keepAliveSeconds: 10 })
  const forEver = house.connect('for-ever')
  house.pass(15_000)
  t.equal(client.phase, 'open')
  client.send({ type: 'PINGREQ' })
  house.pass(15_000)
  client.send({ type: 'drained' }, { type: 'tick' })
  t.equal(client.connection.silentMs(house.nowMs), 15_000, 'only packets are heard')
  t.equal(client.phase, 'open')
  house.pass(1)
  t.strictSame(client.lines(), ['closed keep-alive'])
  house.pass(10 * 24 * 3_600_000)
  t.equal(forEver.phase, 'open', '0 is never')
})

t.test('[MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT-3.14.4-3] the will is published once at each end but DISCONNECT', async t => {
  for (const reason of closeReasons) {
    const house = new House()
    const watcher = house.connect('watcher')
    watcher.send(subscribe(1, { '#': 2 }))
    const client = house.connect('c', { will: message('will=gone', { qos: 1 }) })
    if (reason === 'client') client.send({ type: 'DISCONNECT' }, { type: 'end', reason: 'lost' })
    else client.send({ type: 'end', reason }, { type: 'end', reason: 'lost' })
    t.strictSame(watcher.lines(), reason === 'client' ? [] : ['PUBLISH will=gone q1 id1'], reason)
    t.equal(house.count(`closed-${reason}`), 1)
    t.equal(house.count('closed-lost'), reason === 'lost' ? 1 : 0, 'counted once')
  }
})

t.test('[MQTT-3.1.2-8] the will is published after a violation, bytes that are no packet, and silence', async t => {
  const ends: readonly ((house: House, client: Client) => void)[] = [
    (_, client) => client.send(events.CONNECT),
    (_, client) => client.send(events.malformed),
    house => house.pass(1_501)
  ]
  for (const end of ends) {
    const house = new House()
    const watcher = house.connect('watcher')
    watcher.send(subscribe(1, { '#': 0 }))
    end(house, house.connect('c', { keepAliveSeconds: 1, will: message('will=gone') }))
    t.strictSame(watcher.lines(), ['PUBLISH will=gone'])
  }
})

t.test('[MQTT-3.1.2-16] [MQTT-3.1.2-17] a will is retained if it asks for that', async t => {
  for (const retain of [false, true]) {
    const house = new House()
    house.connect('c', { will: message('will=gone', { retain }) }).end()
    t.strictSame(house.connect('d').send(subscribe(1, { will: 0 })), ['SUBACK 1: 0', ...(retain ? ['PUBLISH will=gone retain'] : [])])
  }
})

t.test('18: the will of a CONNECT that was refused is never published', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  house.accept().send(connect('c', { protocolLevel: 9, will: message('will=gone') }), { type: 'end', reason: 'lost' })
  t.strictSame(watcher.lines(), [])
})

t.test('18: CONNECT and DISCONNECT in one go leave no will', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  house.accept().send(connect('c', { will: message('will=gone') }), { type: 'DISCONNECT' }, { type: 'end', reason: 'lost' })
  t.strictSame(watcher.lines(), [])
})

t.test("a will for the server's topics is refused", async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '$SYS/#': 0 }))
  house.connect('c', { will: message('$SYS/uptime=0', { retain: true }) }).end()
  t.strictSame(watcher.lines(), [])
  t.equal(house.count('publish-refused'), 1)
  t.equal(house.broker.retained.count, 0)
})

t.test('a will outlives the chunk in which it came', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const will = message('will=gone')
  const client = house.connect('c', { will })
  will.payload.fill(0)
  client.end()
  t.strictSame(watcher.lines(), ['PUBLISH will=gone'])
})

t.test('[MQTT-3.3.5-2] a PUBLISH that is refused is acknowledged all the same', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '$SYS/#': 0, '#': 0 }))
  const client = house.connect('c')
  t.strictSame(client.send(publish('$SYS/a=x')), [])
  t.strictSame(client.send(publish('$SYS/a=x', { qos: 1, packetId: 1 })), ['PUBACK 1'])
  t.strictSame(client.send(publish('$SYS/a=x', { qos: 2, packetId: 2 })), ['PUBREC 2'])
  t.strictSame(client.send(publish('$SYS/a=x', { qos: 2, packetId: 2, dup: true }), pubrel(2)), ['PUBREC 2', 'PUBCOMP 2'])
  t.strictSame(watcher.lines(), [])
  t.equal(house.count('publish-refused'), 3)
})

t.test('12: [MQTT-4.3.3-2] a QoS 2 message that is repeated is delivered once; after PUBREL its id is new', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 0 }))
  const packet = publish('a=1', { qos: 2, packetId: 7 })
  t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBREC 7'])
  t.strictSame(client.send({ ...packet, dup: true }), ['PUBREC 7'])
  t.strictSame(client.send(packet), ['PUBREC 7'], 'even without DUP')
  t.strictSame(client.send(pubrel(7), pubrel(7)), ['PUBCOMP 7', 'PUBCOMP 7'])
  t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBREC 7'])
})

t.test('[MQTT-4.3.2-2] a QoS 1 message that is repeated is a new one', async t => {
  const client = new House().connect('c')
  client.send(subscribe(1, { '#': 0 }))
  const packet = publish('a=1', { qos: 1, packetId: 7 })
  t.strictSame(client.send(packet, { ...packet, dup: true }), ['PUBLISH a=1', 'PUBACK 7', 'PUBLISH a=1', 'PUBACK 7'])
  client.send(publish('a=2', { qos: 2, packetId: 7 }))
  t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBACK 7'], 'even if an exchange at QoS 2 has its id')
})

t.test('12: PUBRELs that never come are bounded: one exchange too many closes the connection', async t => {
  const house = new House()
  const client = house.connect('c')
  for (let packetId = 1; packetId <= limits.receivedMax; packetId++) client.send(publish('a=x', { qos: 2, packetId }))
  t.strictSame(client.send(publish('a=x', { qos: 2, packetId: 1, dup: true })), ['PUBREC 1'], 'a repeat is not one more')
  t.strictSame(client.send(publish('a=x', { qos: 2, packetId: limits.receivedMax + 1 })), ['closed protocol'])
})

t.test('acknowledgements end exchanges, make room, and are counted when nothing awaited them', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 2 }))
  house.broker.publish(message('a=1', { qos: 1 }))
  house.broker.publish(message('a=2', { qos: 2 }))
  t.strictSame(client.lines(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=2 q2 id2'])
  t.strictSame(client.send(puback(1), pubrec(2), pubcomp(2)), ['PUBREL 2'])
  t.equal(house.count('unexpected-acknowledgement'), 0)
  t.strictSame(client.send(puback(1), pubrec(2), pubcomp(2)), ['PUBREL 2'], 'a client that waits for PUBREL gets it')
  t.equal(house.count('unexpected-acknowledgement'), 3)
})

t.test('room in the window lets the next message go, after PUBACK and after PUBCOMP', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 2 }))
  for (let n = 1; n <= limits.inflightMax + 2; n++) house.broker.publish(message(`n=${n}`, { qos: n === 1 ? 1 : 2 }))
  client.lines()
  t.match(client.send(puback(1)), [/^PUBLISH n=21 /])
  t.match(client.send(pubrec(2)), ['PUBREL 2'])
  t.match(client.send(pubcomp(2)), [/^PUBLISH n=22 /])
})

t.test('an outbox that has room again is filled', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 1 }))
  client.outbox.room = 0
  house.broker.publish(message('a=1', { qos: 1 }))
  t.strictSame(client.lines(), [])
  t.strictSame(client.drain(), ['PUBLISH a=1 q1 id1'])
})

t.test('[MQTT-3.8.4-4] [MQTT-3.3.1-6] retained messages follow SUBACK, for each filter that was granted', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { qos: 2, retain: true }))
  house.broker.publish(message('b=1', { retain: true }))
  const client = house.connect('c')
  t.strictSame(client.send(subscribe(3, { a: 1, 'a#': 1, '#': 0 })), [
    'SUBACK 3: 1 128 0',
    'PUBLISH a=1 q1 id1 retain',
    'PUBLISH a=1 retain',
    'PUBLISH b=1 retain'
  ])
})

t.test('a filter that stands in one SUBSCRIBE again and again is granted each time, and walked once at its last QoS', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { qos: 2, retain: true }))
  const client = house.connect('c')
  const subscriptions = ([2, 0, 1] as const).map(qos => ({ filter: 'a', qos }))
  t.strictSame(client.send({ type: 'SUBSCRIBE', packetId: 1, subscriptions }), ['SUBACK 1: 2 0 1', 'PUBLISH a=1 q1 id1 retain'])
})

t.test('[MQTT-3.10.4-2] UNSUBSCRIBE ends a subscription, and what is left of its retained messages', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  const client = house.connect('c')
  client.outbox.room = 0
  client.send(subscribe(1, { '#': 0 }), unsubscribe(2, '#'))
  t.strictSame(client.drain(), [])
  house.broker.publish(message('a=2'))
  t.strictSame(client.lines(), [])
})
