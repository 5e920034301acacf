/** A connection: every cell of phases × events, and what CONNECT, PUBLISH, SUBSCRIBE and an end do beyond the table. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { Connection } from '../../src/mqtt/connection.ts'
import { closeReasons } from '../../src/mqtt/outbox.ts'
import { reasonCodes } from '../../src/mqtt/packet.ts'
import type { Event, EventOf } from '../../src/mqtt/phase.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import {
  connect,
  disconnect,
  kept,
  level5,
  message,
  optionsOf,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  unsubscribe,
  will
} from '../fixtures/mqtt/packets.ts'
import { Porter } from '../fixtures/mqtt/porter.ts'

type Phase = Connection['phase']['name']

const events: { readonly [E in Event['type']]: EventOf<E> } = {
  CONNECT: connect('c'),
  PUBLISH: publish('a=x', { qos: 2, packetId: 7 }),
  PUBACK: puback(7) as EventOf<'PUBACK'>,
  PUBREC: pubrec(7) as EventOf<'PUBREC'>,
  PUBREL: pubrel(7) as EventOf<'PUBREL'>,
  PUBCOMP: pubcomp(7) as EventOf<'PUBCOMP'>,
  SUBSCRIBE: subscribe(7, { 'a/#': 1, 'a#': 0 }) as EventOf<'SUBSCRIBE'>,
  UNSUBSCRIBE: unsubscribe(7, 'a', 'b') as EventOf<'UNSUBSCRIBE'>,
  PINGREQ: { type: 'PINGREQ' },
  DISCONNECT: disconnect() as EventOf<'DISCONNECT'>,
  AUTH: { type: 'AUTH' },
  malformed: { type: 'malformed', reasonCode: reasonCodes.malformedPacket },
  identified: { type: 'identified', verdict: { user: 'alice', proof: 'x' } },
  drained: { type: 'drained' },
  tick: { type: 'tick' },
  end: { type: 'end', reason: 'lost' }
}

type Cell = readonly [sent: readonly string[], phase: Phase]
const nothing: Cell = [[], 'closed']
const violation: Cell = [['closed protocol'], 'closed']

/** What each event does in each phase. */
const table: { readonly [P in Phase]: { readonly [E in Event['type']]: Cell } } = {
  opening: {
    CONNECT: [['CONNACK 0'], 'open'],
    PUBLISH: violation,
    PUBACK: violation,
    PUBREC: violation,
    PUBREL: violation,
    PUBCOMP: violation,
    SUBSCRIBE: violation,
    UNSUBSCRIBE: violation,
    PINGREQ: violation,
    DISCONNECT: violation,
    AUTH: violation,
    malformed: [['closed malformed'], 'closed'],
    identified: [[], 'opening'],
    drained: [[], 'opening'],
    tick: [[], 'opening'],
    end: [['closed lost'], 'closed']
  },
  checking: {
    CONNECT: violation,
    PUBLISH: violation,
    PUBACK: violation,
    PUBREC: violation,
    PUBREL: violation,
    PUBCOMP: violation,
    SUBSCRIBE: violation,
    UNSUBSCRIBE: violation,
    PINGREQ: violation,
    DISCONNECT: violation,
    AUTH: violation,
    malformed: [['closed malformed'], 'closed'],
    identified: [['CONNACK 0'], 'open'],
    drained: [[], 'checking'],
    tick: [[], 'checking'],
    end: [['closed lost'], 'closed']
  },
  open: {
    CONNECT: violation,
    PUBLISH: [['PUBREC 7 code 16'], 'open'],
    PUBACK: [[], 'open'],
    PUBREC: [['PUBREL 7 code 146'], 'open'],
    PUBREL: [['PUBCOMP 7 code 146'], 'open'],
    PUBCOMP: [[], 'open'],
    SUBSCRIBE: [['SUBACK 7: 1 143'], 'open'],
    UNSUBSCRIBE: [['UNSUBACK 7: 17 17'], 'open'],
    PINGREQ: [['PINGRESP'], 'open'],
    DISCONNECT: [['closed client'], 'closed'],
    AUTH: violation,
    malformed: [['closed malformed'], 'closed'],
    identified: [[], 'open'],
    drained: [[], 'open'],
    tick: [[], 'open'],
    end: [['closed lost'], 'closed']
  },
  closed: {
    CONNECT: nothing,
    PUBLISH: nothing,
    PUBACK: nothing,
    PUBREC: nothing,
    PUBREL: nothing,
    PUBCOMP: nothing,
    SUBSCRIBE: nothing,
    UNSUBSCRIBE: nothing,
    PINGREQ: nothing,
    DISCONNECT: nothing,
    AUTH: nothing,
    malformed: nothing,
    identified: nothing,
    drained: nothing,
    tick: nothing,
    end: nothing
  }
}

const reach: { readonly [P in Phase]: (house: House) => Client } = {
  opening: house => house.accept(),
  checking: house => {
    const client = house.accept()
    client.send(connect('c', { user: 'slow' }))
    return client
  },
  open: house => house.connect('c'),
  closed: house => {
    const client = house.connect('c')
    client.end()
    return client
  }
}

/** The statements that the table proves. */
const proven = [
  '[MQTT-3.1.0-1] [MQTT-3.1.0-2] [MQTT-3.1.4-5] [MQTT-3.3.4-1] [MQTT-3.7.2-1] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-6]',
  '[MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.12.4-1] [MQTT-3.14.4-1]',
  '[MQTT-4.3.3-8] [MQTT-4.3.3-11] [MQTT-4.12.0-7] [MQTT-4.13.1-1] [MQTT-2.2.1-5] [MQTT-2.2.1-6]',
  '[3.1.1 MQTT-3.1.0-1] [3.1.1 MQTT-3.1.0-2] [3.1.1 MQTT-3.1.4-4] [3.1.1 MQTT-3.3.4-1] [3.1.1 MQTT-3.8.4-1] [3.1.1 MQTT-3.8.4-2]',
  '[3.1.1 MQTT-3.8.4-5] [3.1.1 MQTT-3.9.3-1] [3.1.1 MQTT-3.10.4-4] [3.1.1 MQTT-3.10.4-5] [3.1.1 MQTT-3.10.4-6] [3.1.1 MQTT-3.12.4-1]',
  '[3.1.1 MQTT-4.8.0-1] [3.1.1 MQTT-2.3.1-6] [3.1.1 MQTT-2.3.1-7] [3.1.1 MQTT-4.3.3-2]'
]

t.test(`every event in every phase ${proven.join(' ')}`, async t => {
  for (const phase of ['opening', 'checking', 'open', 'closed'] as const) {
    for (const event of Object.values(events)) {
      const house = new House(undefined, 'killed', new Porter({ mode: 'open' }))
      const client = reach[phase](house)
      t.equal(client.phase, phase)
      t.equal(client.connection.session?.clientId, phase === 'open' ? 'c' : undefined)
      t.strictSame([client.send(event), client.phase], table[phase][event.type], `${event.type} in ${phase}`)
      t.equal(house.broker.connections, client.phase === 'closed' ? 0 : 1)
    }
  }
})

t.test(
  '[MQTT-4.13.1-1] [MQTT-4.13.2-1] [MQTT-3.14.4-2] [MQTT-3.14.0-1] a client of 5.0 that was let in is told why it is closed',
  async t => {
    const ends: readonly (readonly [Event, string[]])[] = [
      [events.CONNECT, ['DISCONNECT 130', 'closed protocol']],
      [events.AUTH, ['DISCONNECT 130', 'closed protocol']],
      [events.malformed, ['DISCONNECT 129', 'closed malformed']],
      [{ type: 'malformed', reasonCode: reasonCodes.packetTooLarge }, ['DISCONNECT 149', 'closed malformed']],
      [disconnect(), ['closed client']],
      [{ type: 'end', reason: 'lost' }, ['closed lost']],
      [{ type: 'end', reason: 'server' }, ['DISCONNECT 139', 'closed server']]
    ]
    for (const [event, lines] of ends) {
      const house = new House()
      t.strictSame(house.connect('c', level5).send(event), lines)
      t.strictSame(house.connect('c').send(event), lines.slice(-1), '3.1.1 has no such packet')
      t.strictSame(
        house.accept().send(...(event.type === 'CONNECT' ? [] : [event])),
        event.type === 'CONNECT' ? [] : [event.type === 'DISCONNECT' ? 'closed protocol' : lines.at(-1)]
      )
    }
  }
)

t.test(
  '[MQTT-3.1.2-2] [MQTT-3.2.2-6] [MQTT-3.2.2-7] [3.1.1 MQTT-3.1.2-2] [3.1.1 MQTT-3.2.2-4] [3.1.1 MQTT-3.2.2-5] 3.1, 3.1.1 and 5.0 are spoken, others are refused',
  async t => {
    for (const protocolLevel of [3, 4, 5]) t.strictSame(new House().accept().send(connect('c', { protocolLevel })), ['CONNACK 0'])
    for (const protocolLevel of [0, 2, 6, 255]) {
      const client = new House().accept()
      t.strictSame(client.send(connect('c', { protocolLevel })), ['CONNACK 132', 'closed refused'])
      t.equal(client.outbox.voice, undefined)
    }
  }
)

t.test('the outbox is told how the client speaks before anything is sent', async t => {
  const client = new House().accept()
  client.send(connect('c', { protocolLevel: 5, packetBytesMax: 500, topicAliasMax: 7, authenticationMethod: 'x' }))
  t.strictSame(client.outbox.voice, { level: 5, packetBytesMax: 500, topicAliasMax: 7 })
})

t.test(
  '[MQTT-3.2.2-3] [3.1.1 MQTT-3.2.2-2] a kept session is told of in 3.1.1 and 5.0, but not in 3.1, where that bit is reserved',
  async t => {
    for (const [protocolLevel, connack] of [
      [3, 'CONNACK 0'],
      [4, 'CONNACK 0 present'],
      [5, 'CONNACK 0 present']
    ] as const) {
      const house = new House()
      house.accept().send(connect('c', kept), disconnect())
      t.strictSame(house.accept().send(connect('c', { ...kept, protocolLevel })), [connack])
    }
  }
)

t.test('[MQTT-3.1.3-8] [MQTT-3.1.4-2] [3.1.1 MQTT-3.1.3-8] [3.1.1 MQTT-3.1.3-9] client ids that are refused', async t => {
  const refused = ['CONNACK 133', 'closed refused']
  t.strictSame(new House().accept().send(connect('', { cleanStart: false })), refused)
  t.strictSame(new House().accept().send(connect('', { protocolLevel: 3 })), refused, '3.1 knows no empty one')
  t.strictSame(new House().accept().send(connect('c'.repeat(limits.clientIdCharactersMax + 1))), refused)
  t.strictSame(new House().accept().send(connect('c'.repeat(limits.clientIdCharactersMax))), ['CONNACK 0'])
})

t.test('[MQTT-4.12.0-1] [MQTT-4.12.0-4] [MQTT-4.12.0-6] enhanced authentication is refused', async t => {
  const packet = connect('c', { protocolLevel: 5, authenticationMethod: 'SCRAM-SHA-256' })
  t.strictSame(new House().accept().send(packet, events.AUTH), ['CONNACK 140', 'closed refused'])
})

t.test('one client too many is told that the server is busy', async t => {
  const house = new House()
  for (let index = 0; index < limits.clientsMax; index++) house.connect(`c${index}`)
  t.strictSame(house.accept().send(connect('more')), ['CONNACK 137', 'closed refused'])
})

t.test('19: [MQTT-3.1.4-6] [3.1.1 MQTT-3.1.4-5] what comes behind a refused CONNECT is not handled', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const client = house.accept()
  t.strictSame(client.send(connect('c', { protocolLevel: 9 }), publish('a=x')), ['CONNACK 132', 'closed refused'])
  t.strictSame(watcher.lines(), [])
})

t.test('19: [MQTT-3.2.0-1] [3.1.1 MQTT-3.2.0-1] what comes with CONNECT is handled behind it', async t => {
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

t.test(
  '[MQTT-3.1.2-22] [3.1.1 MQTT-3.1.2-24] silence of more than 1.5 times the keep-alive ends a connection, whatever was sent to it',
  async t => {
    const house = new House()
    const client = house.connect('c', { keepAliveSeconds: 10 })
    const forEver = house.connect('for-ever')
    house.pass(15_000)
    t.equal(client.phase, 'open')
    client.send({ type: 'PINGREQ' })
    house.pass(15_000)
    client.send({ type: 'drained' }, { type: 'tick' })
    t.equal(client.connection.silentMs(), 15_000, 'only packets are heard')
    t.equal(client.phase, 'open')
    house.pass(1)
    t.strictSame(client.lines(), ['closed keep-alive'])
    house.pass(10 * 24 * 3_600_000)
    t.equal(forEver.phase, 'open', '0 is never')
    const latest = house.connect('latest', { ...level5, keepAliveSeconds: 10 })
    house.pass(15_001)
    t.strictSame(latest.lines(), ['DISCONNECT 141', 'closed keep-alive'])
  }
)

t.test(
  '[MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT-3.14.4-3] [3.1.1 MQTT-3.1.2-8] [3.1.1 MQTT-3.1.2-10] [3.1.1 MQTT-3.14.4-3] the will is published once at each end but DISCONNECT',
  async t => {
    for (const reason of closeReasons) {
      const house = new House()
      const watcher = house.connect('watcher')
      watcher.send(subscribe(1, { '#': 2 }))
      const client = house.connect('c', { will: will('will=gone', { qos: 1 }) })
      if (reason === 'client') client.send(disconnect(), { type: 'end', reason: 'lost' })
      else client.send({ type: 'end', reason }, { type: 'end', reason: 'lost' })
      t.strictSame(watcher.lines(), reason === 'client' ? [] : ['PUBLISH will=gone q1 id1'], reason)
      t.equal(house.count(`closed-${reason}`), 1)
      t.equal(house.count('closed-lost'), reason === 'lost' ? 1 : 0, 'counted once')
    }
  }
)

t.test(
  '[MQTT-3.1.2-8] [3.1.1 MQTT-3.1.2-8] [3.1.1 MQTT-3.14.1-1] the will is published after a violation, bytes that are no packet, and silence',
  async t => {
    const ends: readonly ((house: House, client: Client) => void)[] = [
      (_, client) => client.send(events.CONNECT),
      (_, client) => client.send(events.malformed),
      house => house.pass(1_501)
    ]
    for (const end of ends) {
      const house = new House()
      const watcher = house.connect('watcher')
      watcher.send(subscribe(1, { '#': 0 }))
      end(house, house.connect('c', { keepAliveSeconds: 1, will: will('will=gone') }))
      t.strictSame(watcher.lines(), ['PUBLISH will=gone'])
    }
  }
)

t.test('[MQTT-3.1.2-14] [MQTT-3.1.2-15] [3.1.1 MQTT-3.1.2-16] [3.1.1 MQTT-3.1.2-17] a will is retained if it asks for that', async t => {
  for (const retain of [false, true]) {
    const house = new House()
    house.connect('c', { will: will('will=gone', { retain }) }).end()
    t.strictSame(house.connect('d').send(subscribe(1, { will: 0 })), ['SUBACK 1: 0', ...(retain ? ['PUBLISH will=gone retain'] : [])])
  }
})

t.test('18: the will of a CONNECT that was refused is never published', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  house.accept().send(connect('c', { protocolLevel: 9, will: will('will=gone') }), { type: 'end', reason: 'lost' })
  t.strictSame(watcher.lines(), [])
})

t.test('18: CONNECT and DISCONNECT in one go leave no will', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  house.accept().send(connect('c', { will: will('will=gone') }), disconnect(), { type: 'end', reason: 'lost' })
  t.strictSame(watcher.lines(), [])
})

t.test("a will for the server's topics is refused", async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '$SYS/#': 0 }))
  house.connect('c', { will: will('$SYS/uptime=0', { retain: true }) }).end()
  t.strictSame(watcher.lines(), [])
  t.equal(house.count('publish-refused'), 1)
  t.equal(house.broker.retained.count, 0)
})

t.test('a will outlives the chunk in which it came', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const gone = will('will=gone')
  const client = house.connect('c', { will: gone })
  gone.payload.fill(0)
  client.end()
  t.strictSame(watcher.lines(), ['PUBLISH will=gone'])
})

t.test('[3.1.1 MQTT-3.3.5-2] [MQTT-4.3.3-9] a PUBLISH that is refused is acknowledged with 0x87, and reaches nobody', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '$SYS/#': 0, '#': 0 }))
  const client = house.connect('c')
  t.strictSame(client.send(publish('$SYS/a=x')), [])
  t.strictSame(client.send(publish('$SYS/a=x', { qos: 1, packetId: 1 })), ['PUBACK 1 code 135'])
  t.strictSame(client.send(publish('$SYS/a=x', { qos: 2, packetId: 2 })), ['PUBREC 2 code 135'])
  t.strictSame(watcher.lines(), [])
  t.equal(house.count('publish-refused'), 3)
  t.strictSame(client.send(publish('a=x', { qos: 2, packetId: 2 })), ['PUBREC 2'], 'the packet id is free')
  t.strictSame(watcher.lines(), ['PUBLISH a=x'])
})

t.test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] an acknowledgement tells when nobody was there, and when nobody had room', async t => {
  const house = new House()
  const client = house.connect('c', level5)
  t.strictSame(client.send(publish('a=x', { qos: 1, packetId: 1 }), publish('a=x', { qos: 2, packetId: 2 })), [
    'PUBACK 1 code 16',
    'PUBREC 2 code 16'
  ])
  const full = house.connect('full')
  full.send(subscribe(1, { a: 1 }))
  full.outbox.room = 0
  for (let n = 0; n < limits.queueMessagesMax; n++) house.broker.publish(message('a=x', { qos: 1 }))
  t.strictSame(client.send(publish('a=x', { qos: 1, packetId: 1 }), publish('a=x', { qos: 2, packetId: 3 })), [], 'it may catch up yet')
  house.pass(limits.patienceMs)
  t.strictSame(client.lines(), ['PUBACK 1 code 151', 'PUBREC 3 code 151'])
  t.strictSame(client.send(pubrel(2), pubrel(3)), ['PUBCOMP 2', 'PUBCOMP 3 code 146'], 'a refused one has no packet id')
})

t.test(
  '12: [MQTT-4.3.3-10] [MQTT-4.3.3-12] [3.1.1 MQTT-4.3.3-2] a QoS 2 message that is repeated is delivered once; after PUBREL its id is new',
  async t => {
    const house = new House()
    const client = house.connect('c')
    client.send(subscribe(1, { '#': 0 }))
    const packet = publish('a=1', { qos: 2, packetId: 7 })
    t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBREC 7'])
    t.strictSame(client.send({ ...packet, dup: true }), ['PUBREC 7'])
    t.strictSame(client.send(packet), ['PUBREC 7'], 'even without DUP')
    t.strictSame(client.send(pubrel(7), pubrel(7)), ['PUBCOMP 7', 'PUBCOMP 7 code 146'])
    t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBREC 7'])
  }
)

t.test('[MQTT-4.3.3-13] an exchange at QoS 2 goes on when its message has expired', async t => {
  const house = new House()
  const client = house.connect('c', level5)
  t.strictSame(client.send(publish('a=1', { qos: 2, packetId: 7, expirySeconds: 1 })), ['PUBREC 7 code 16'])
  house.pass(2_000)
  t.strictSame(client.send(publish('a=1', { qos: 2, packetId: 7, expirySeconds: 1, dup: true }), pubrel(7)), ['PUBREC 7', 'PUBCOMP 7'])
})

t.test(
  '[MQTT-4.3.2-4] [MQTT-4.3.2-5] [MQTT-3.3.1-3] [3.1.1 MQTT-4.3.2-2] [3.1.1 MQTT-3.3.1-3] a QoS 1 message that is repeated is a new one',
  async t => {
    const client = new House().connect('c')
    client.send(subscribe(1, { '#': 0 }))
    const packet = publish('a=1', { qos: 1, packetId: 7 })
    t.strictSame(client.send(packet, { ...packet, dup: true }), ['PUBLISH a=1', 'PUBACK 7', 'PUBLISH a=1', 'PUBACK 7'])
    client.send(publish('a=2', { qos: 2, packetId: 7 }))
    t.strictSame(client.send(packet), ['PUBLISH a=1', 'PUBACK 7'], 'even if an exchange at QoS 2 has its id')
  }
)

t.test('12: [MQTT-3.3.4-7] [MQTT-4.9.0-3] a client of 5.0 may have so many exchanges open as it was told; one more closes it', async t => {
  const house = new House()
  const latest = house.connect('latest', level5)
  for (let packetId = 1; packetId <= limits.receivedMax; packetId++) latest.send(publish('a=x', { qos: 2, packetId }))
  t.strictSame(latest.send(publish('a=x', { qos: 2, packetId: 1, dup: true })), ['PUBREC 1'], 'a repeat is not one more')
  t.strictSame(latest.send(publish('a=x'), { type: 'PINGREQ' }), ['PINGRESP'], 'nor is QoS 0')
  t.strictSame(latest.send(publish('a=x', { qos: 1, packetId: limits.receivedMax + 1 })), ['DISCONNECT 147', 'closed quota'])
  const client = house.connect('c')
  const most = limits.unreleasedMax
  for (let packetId = 1; packetId <= most; packetId++) client.sendWithinTurn(publish('a=x', { qos: 2, packetId }))
  t.strictSame(client.send(pubrel(most)).slice(-2), [`PUBREC ${most} code 16`, `PUBCOMP ${most}`], 'others were told nothing')
  client.send(publish('a=x', { qos: 2, packetId: most }))
  t.strictSame(client.send(publish('a=x', { qos: 2, packetId: most + 1 })), ['closed quota'], 'and have a wide bound')
})

t.test('[MQTT-3.3.2-7] [MQTT-3.3.2-8] [MQTT-3.3.2-9] [MQTT-3.3.2-12] topic aliases', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const client = house.connect('c', level5)
  const alias = (text: string, topicAlias: number): Event => publish(text, { topicAlias })
  t.strictSame(client.send(alias('a=1', 1), alias('b=1', limits.topicAliasMax), alias('=2', 1), alias('c=3', 1), alias('=4', 1)), [])
  t.strictSame(watcher.lines(), ['PUBLISH a=1', 'PUBLISH b=1', 'PUBLISH a=2', 'PUBLISH c=3', 'PUBLISH c=4'])
  t.strictSame(client.send(alias('a=1', limits.topicAliasMax + 1)), ['DISCONNECT 148', 'closed protocol'])
  t.strictSame(house.connect('c', level5).send(alias('=5', 1)), ['DISCONNECT 130', 'closed protocol'], 'they end with the connection')
  const long = 'a'.repeat(limits.topicAliasBytesMax / 2 - 32)
  t.strictSame(house.connect('c', level5).send(alias(`${long}=`, 1), alias('a=', 2)), ['DISCONNECT 151', 'closed quota'])
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
  t.strictSame(client.send(puback(1), pubrec(2), pubcomp(2)), ['PUBREL 2 code 146'], 'a client that waits for PUBREL gets it')
  t.equal(house.count('unexpected-acknowledgement'), 3)
})

t.test('[MQTT-4.4.0-2] [MQTT-4.8.2-6] PUBACK and PUBREC with an error end the exchange: nothing is repeated, no PUBREL comes', async t => {
  const house = new House()
  const client = house.connect('c', { ...level5, ...kept })
  client.send(subscribe(1, { '$share/g/#': 2 }))
  const other = house.connect('d', level5)
  other.send(subscribe(1, { '$share/g/#': 2 }))
  for (const [text, qos] of [
    ['a=1', 1],
    ['a=2', 1],
    ['a=3', 2],
    ['a=4', 2]
  ] as const)
    house.broker.publish(message(text, { qos }))
  house.endTurn()
  t.strictSame(
    [client.lines(), other.lines()],
    [
      ['PUBLISH a=1 q1 id1', 'PUBLISH a=3 q2 id2'],
      ['PUBLISH a=2 q1 id1', 'PUBLISH a=4 q2 id2']
    ]
  )
  t.strictSame(client.send(puback(1, 0x80), pubrec(2, 0x97), pubrec(2, 0x97)), [])
  t.equal(house.count('unexpected-acknowledgement'), 1)
  client.end()
  t.strictSame(house.accept().send(connect('c', { ...level5, ...kept })), ['CONNACK 0 present'])
  t.strictSame(other.lines(), [], 'no other member is tried')
})

t.test('[MQTT-3.1.2-4] [MQTT-3.14.2-2] DISCONNECT may change how long the session is kept, but not from never to some time', async t => {
  const house = new House()
  const expiry = (sessionExpirySeconds: number) => ({ ...level5, cleanStart: false, sessionExpirySeconds })
  t.strictSame(house.connect('c', expiry(60)).send(disconnect(0, 1)), ['closed client'])
  house.pass(1_000)
  t.equal(house.broker.sessions, 1)
  house.pass(1)
  t.equal(house.broker.sessions, 0)
  t.strictSame(house.connect('c', expiry(60)).send(disconnect(0, 0)), ['closed client'])
  t.equal(house.broker.sessions, 0)
  t.strictSame(house.connect('c', expiry(0)).send(disconnect(0, 0)), ['closed client'])
  t.strictSame(house.connect('c', expiry(0)).send(disconnect(0, 1)), ['DISCONNECT 130', 'closed protocol'])
})

t.test('[MQTT-3.14.4-3] DISCONNECT with 0x04, or with an error, leaves the will', async t => {
  const house = new House()
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  for (const reasonCode of [reasonCodes.disconnectWithWill, 0x80]) {
    t.strictSame(house.connect('c', { ...level5, will: will('will=gone') }).send(disconnect(reasonCode)), ['closed client'])
    t.strictSame(watcher.lines(), ['PUBLISH will=gone'])
  }
})

t.test('room in the window lets the next message go, after PUBACK and after PUBCOMP', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { '#': 2 }))
  for (let n = 1; n <= limits.inflightMax + 2; n++) house.broker.publish(message(`n=${n}`, { qos: n === 1 ? 1 : 2 }))
  client.lines()
  t.strictSame(client.send(puback(1)), [`PUBLISH n=${limits.inflightMax + 1} q2 id${limits.inflightMax + 1}`])
  t.match(client.send(pubrec(2)), ['PUBREL 2'])
  t.strictSame(client.send(pubcomp(2)), [`PUBLISH n=${limits.inflightMax + 2} q2 id${limits.inflightMax + 2}`])
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

t.test(
  '[MQTT-3.8.4-4] [MQTT-3.8.4-5] [3.1.1 MQTT-3.8.4-4] [3.1.1 MQTT-3.3.1-6] retained messages follow SUBACK, for each filter that was granted',
  async t => {
    const house = new House()
    house.broker.publish(message('a=1', { qos: 2, retain: true }))
    house.broker.publish(message('b=1', { retain: true }))
    const client = house.connect('c')
    t.strictSame(client.send(subscribe(3, { a: 1, 'a#': 1, '#': 0 })), [
      'SUBACK 3: 1 143 0',
      'PUBLISH a=1 q1 id1 retain',
      'PUBLISH a=1 retain',
      'PUBLISH b=1 retain'
    ])
  }
)

t.test('a filter that stands in one SUBSCRIBE again and again is granted each time, and walked once at its last QoS', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { qos: 2, retain: true }))
  const client = house.connect('c')
  const subscriptions = ([2, 0, 1] as const).map(qos => ({ filter: 'a', ...optionsOf(qos) }))
  t.strictSame(client.send({ type: 'SUBSCRIBE', packetId: 1, subscriptions }), ['SUBACK 1: 2 0 1', 'PUBLISH a=1 q1 id1 retain'])
})

t.test(
  '[MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.11.3-2] [3.1.1 MQTT-3.10.4-2] UNSUBSCRIBE ends a subscription, and what is left of its retained messages',
  async t => {
    const house = new House()
    house.broker.publish(message('a=1', { retain: true }))
    const client = house.connect('c')
    client.outbox.room = 0
    t.strictSame(client.send(subscribe(1, { '#': 0 }), unsubscribe(2, 'a', '#')), ['SUBACK 1: 0', 'UNSUBACK 2: 17 0'])
    t.strictSame(client.drain(), [])
    house.broker.publish(message('a=2'))
    t.strictSame(client.lines(), [])
  }
)

t.test(
  '[MQTT-3.3.4-9] [MQTT-3.3.4-10] [MQTT-4.9.0-2] [MQTT-4.9.0-3] a client that takes no more at QoS 1 and 2 gets everything else',
  async t => {
    const house = new House()
    const client = house.connect('c', { ...level5, receiveMaximum: 1 })
    client.send(subscribe(1, { '#': 2 }))
    for (const qos of [2, 1, 0] as const) house.broker.publish(message(`a=${qos}`, { qos }))
    t.strictSame(client.lines(), ['PUBLISH a=2 q2 id1', 'PUBLISH a=0'])
    const sent = client.send({ type: 'PINGREQ' }, publish('b=1', { qos: 1, packetId: 1 }), subscribe(2, { c: 1 }), pubrec(1))
    t.strictSame(sent, ['PINGRESP', 'PUBACK 1', 'SUBACK 2: 1', 'PUBREL 1'])
    t.strictSame(client.send(pubcomp(1)), ['PUBLISH a=1 q1 id2'])
    t.strictSame(client.send(puback(2)), ['PUBLISH b=1 q1 id3'])
  }
)

t.test('what the disk has no room for is not acknowledged: the connection ends', async t => {
  for (const packet of [subscribe(2, { b: 0 }), unsubscribe(2, 'a'), pubrel(7)]) {
    const house = new House()
    const client = house.connect('c', kept)
    client.send(subscribe(1, { a: 1 }), publish('a=x', { qos: 2, packetId: 7 }))
    house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
    house.store.delete = () => false
    t.strictSame(client.send(packet), ['closed quota'], packet.type)
  }
})

t.test('[MQTT-4.9.0-1] what an earlier connection left unreleased takes nothing from the quota of this one', async t => {
  const house = new House()
  const old = house.connect('c', { ...level5, ...kept })
  for (let packetId = 1; packetId <= limits.receivedMax; packetId++) old.send(publish('a=x', { qos: 2, packetId }))
  const client = house.connect('c', { ...level5, ...kept })
  t.strictSame(client.send(publish('a=y', { qos: 1, packetId: limits.receivedMax + 1 })), [`PUBACK ${limits.receivedMax + 1} code 16`])
})

t.test('[MQTT-3.10.4-2] what is unsubscribed before SUBACK has gone gets no retained messages', async t => {
  const house = new House()
  house.broker.publish(message('a=1', { retain: true }))
  const client = house.connect('c', kept)
  t.strictSame(client.send(subscribe(1, { a: 0 }), unsubscribe(2, 'a')), ['SUBACK 1: 0', 'UNSUBACK 2: 0'])
})

t.test('two clients that publish to each other do not stop each other, and their answers wait until the other has caught up', async t => {
  const house = new House()
  const [a, b] = ['a', 'b'].map(name => house.connect(name)) as [Client, Client]
  a.send(subscribe(1, { 'to/a': 1 }))
  b.send(subscribe(1, { 'to/b': 1 }))
  const fill = limits.inflightMax + limits.queueMessagesMax / 2 + 1
  for (let packetId = 1; packetId <= fill; packetId++) a.send(publish('to/b=x', { qos: 1, packetId }))
  t.ok(a.outbox.isHeld)
  for (let packetId = 1; packetId <= fill; packetId++) b.send(publish('to/a=x', { qos: 1, packetId }))
  t.notOk(b.outbox.isHeld, 'for that would close a circle')
  t.not(b.lines().at(-1), `PUBACK ${fill}`)
  for (let packetId = 1; a.outbox.isHeld; packetId++) b.send(puback(packetId))
  for (let packetId = 1; b.connection.waitsFor; packetId++) a.send(puback(packetId))
  t.equal(b.lines().filter(line => line === `PUBACK ${fill}`).length, 1)
})

t.test('who waits for two subscribers goes on when both have caught up', async t => {
  const house = new House()
  const subscribers = ['x', 'y'].map(name => house.connect(name))
  for (const subscriber of subscribers) subscriber.send(subscribe(1, { a: 1 }))
  const publisher = house.connect('publisher')
  const fill = limits.inflightMax + limits.queueMessagesMax / 2 + 1
  for (let packetId = 1; packetId <= fill; packetId++) publisher.send(publish('a=x', { qos: 1, packetId }))
  t.equal(publisher.connection.waitsFor?.size, 2)
  const [x, y] = subscribers as [Client, Client]
  for (let packetId = 1; publisher.connection.waitsFor?.size === 2; packetId++) x.send(puback(packetId))
  t.ok(publisher.outbox.isHeld)
  for (let packetId = 1; publisher.connection.waitsFor; packetId++) y.send(puback(packetId))
  t.notOk(publisher.outbox.isHeld)
})

t.test('who publishes more to itself than it has room for is read from all the same, for what it acknowledges comes behind it', async t => {
  const house = new House()
  const client = house.connect('c')
  client.send(subscribe(1, { to: 1 }))
  const count = limits.inflightMax + limits.queueMessagesMax / 2 + limits.receivedMax + 9
  let answered = 0
  for (let packetId = 1; packetId <= count; packetId++) {
    answered += client.send(publish('to=x', { qos: 1, packetId })).filter(line => line.startsWith('PUBACK')).length
    t.notOk(client.outbox.isHeld)
  }
  t.ok(client.connection.waitsFor)
  t.equal(count - answered, limits.receivedMax - 1, 'so many answers wait')
})

t.test('who publishes to itself and to another is read from again as soon as the other has caught up', async t => {
  const house = new House()
  const [a, b] = ['a', 'b'].map(name => house.connect(name)) as [Client, Client]
  for (const client of [a, b]) client.send(subscribe(1, { to: 1 }))
  const fill = limits.inflightMax + limits.queueMessagesMax / 2 + 1
  for (let packetId = 1; packetId <= fill; packetId++) a.send(publish('to=x', { qos: 1, packetId }))
  t.ok(a.outbox.isHeld)
  for (let packetId = 1; a.outbox.isHeld && packetId <= fill; packetId++) b.send(puback(packetId))
  t.strictSame([a.outbox.isHeld, a.connection.waitsFor?.size], [false, 1], 'else it could not tell what it has taken itself')
  for (let packetId = 1; a.connection.waitsFor; packetId++) a.send(puback(packetId))
  t.equal(a.send(publish('to=x', { qos: 1, packetId: 9 })).at(-1), 'PUBACK 9')
})

t.test('who may not be here any more is told from who may', async t => {
  const porter = new Porter({}, ['alice'])
  const house = new House(undefined, 'killed', porter)
  const [alice, again, stranger] = [house.connect('a', { user: 'alice' }), house.connect('b', { user: 'alice' }), house.accept()]
  const known = new Map<string, boolean>()
  t.notOk(alice.connection.isRevoked(known))
  porter.changePasswords()
  t.notOk(again.connection.isRevoked(known), 'what is known is not asked again')
  t.ok(alice.connection.isRevoked(new Map()))
  t.notOk(stranger.connection.isRevoked(new Map()), 'nobody yet')
})
