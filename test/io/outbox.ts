/** The outbox on a link that takes what it likes: bytes arrive whole and in order, nothing passes the bound, and no slab is lost. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Encoder } from '../../src/io/encoder.ts'
import type { Framing } from '../../src/io/link.ts'
import { LinkOutbox, type Outlet } from '../../src/io/outbox.ts'
import { limits } from '../../src/limits.ts'
import { Pool } from '../../src/memory/pool.ts'
import type { Posted, Voice } from '../../src/mqtt/outbox.ts'
import type { Message, ProtocolLevel, PublishOptions, Reply } from '../../src/mqtt/packet.ts'
import { parseReplies, type Received, replyOf } from '../fixtures/io/arbitraries.ts'
import { DoubleLink } from '../fixtures/io/double-link.ts'
import { readFrames } from '../fixtures/io/frames.ts'
import { holds } from '../fixtures/io/property.ts'

const bytesMax = limits.outboxBytesMax + limits.outboxRepliesBytesMax
/** What one client may hold of the pool: bytes that are being written stand in slabs that are at least half full, the others closer. */
const slabsMax = Math.ceil((2 * bytesMax) / limits.slabBytes) + 2
const pingresp: Reply = { type: 'PINGRESP' }

const atQos0: PublishOptions = { qos: 0, retain: false, dup: false, packetId: 0, subscriptionIds: [], expirySeconds: undefined }
const atQos1: PublishOptions = { ...atQos0, qos: 1, packetId: 7 }
const anyLength = Number.POSITIVE_INFINITY

function messageOf(payloadBytes: number, fill = 0x2a, topic = 't'): Message {
  return { topic, payload: Buffer.alloc(payloadBytes, fill), qos: 0, retain: false }
}

/** Some outboxes with one encoder, and turns of the event loop that end when the test says so. */
class House {
  readonly pool: Pool
  readonly encoder: Encoder
  readonly rooms: Room[] = []

  constructor(slabs: number) {
    this.pool = new Pool(slabs, limits.slabBytes)
    this.encoder = new Encoder(this.pool)
  }

  open(framing: Framing, room?: number, voice?: Voice): Room {
    const made = new Room(this, framing, room)
    if (voice) made.speak(voice)
    this.rooms.push(made)
    return made
  }

  endTurn(): void {
    for (const room of this.rooms.filter(({ late }) => late)) {
      room.late = false
      room.outbox.flush()
    }
    this.encoder.endTurn()
  }

  /** Slabs that are held, but for the one that the encoder fills of each framing and version. */
  get heldSlabs(): number {
    return Math.max(0, this.pool.count - this.pool.free - 4)
  }
}

class Room implements Outlet {
  readonly pool: Pool
  readonly encoder: Encoder
  readonly link: DoubleLink
  readonly outbox: LinkOutbox
  readonly expected: (Reply | Received)[] = []
  /** What `takeHeld` answers, and what it does before. */
  rest: 'taken' | 'left' = 'taken'
  released: () => void = () => undefined
  level: ProtocolLevel = 4
  late = false
  drains = 0
  crowds = 0

  constructor(house: House, framing: Framing, room?: number) {
    this.pool = house.pool
    this.encoder = house.encoder
    this.link = new DoubleLink(framing, room)
    this.outbox = new LinkOutbox(this.link, this)
    this.link.own({ received: () => undefined, written: () => this.outbox.written(), violated: () => undefined, closed: () => undefined })
  }

  flushLater(): void {
    this.late = true
  }

  crowded(): void {
    this.crowds++
  }

  drained(): void {
    this.drains++
  }

  takeHeld(): boolean {
    this.released()
    return this.rest === 'taken'
  }

  speak(voice: Voice): void {
    this.level = voice.level
    this.outbox.speak(voice)
  }

  reply(packet: Reply): void {
    const refusedBefore = this.outbox.overflowed
    this.outbox.reply(packet)
    if (refusedBefore || this.outbox.overflowed || (packet.type === 'DISCONNECT' && this.level < 5)) return
    this.expected.push(asUnderstood(packet, this.level))
  }

  publish(message: Message, options: PublishOptions): Posted {
    const posted = this.outbox.publish(message, options)
    const { topic, payload, properties } = message
    const five = this.level === 5 ? {} : { expirySeconds: undefined, subscriptionIds: [], properties: undefined }
    const received = { type: 'PUBLISH', topic, payload: Buffer.from(payload), properties, topicAlias: 0, ...options, ...five } as const
    if (posted === 'sent') this.expected.push(received)
    return posted
  }

  /** What the peer understood, with topics for aliases; unfinished packets are left out. */
  arrived(): (Reply | Received)[] {
    return resolve(this.arrivedRaw())
  }

  arrivedRaw(): (Reply | Received)[] {
    const bytes = this.link.arrivedBytes
    if (this.link.framing === 'bare') return parseReplies(bytes, this.level)
    return readFrames(bytes).frames.flatMap(({ fin, opcode, payload }) => {
      const packets = parseReplies(payload, this.level)
      ok(fin && opcode === 2 && packets.length === 1, 'one packet in one binary frame')
      return packets
    })
  }
}

/** What a client of a version hears of a reply. */
function asUnderstood(packet: Reply, level: ProtocolLevel): Reply {
  if (level === 5) return packet
  if (packet.type === 'CONNACK') return { ...packet, properties: {} }
  if (packet.type === 'SUBACK')
    return { ...packet, reasonCodes: packet.reasonCodes.map(code => Math.min(code, 0x80)), reasonString: undefined }
  if (packet.type === 'UNSUBACK') return { ...packet, reasonCodes: [] }
  return 'reasonCode' in packet ? ({ ...packet, reasonCode: 0, reasonString: undefined } as Reply) : packet
}

/** Puts the topics in for the aliases, as a client does. */
function resolve(packets: readonly (Reply | Received)[]): (Reply | Received)[] {
  const topics = new Map<number, string>()
  return packets.map(packet => {
    if (packet.type !== 'PUBLISH') return packet
    if (packet.topic !== '') topics.set(packet.topicAlias, packet.topic)
    return { ...packet, topic: topics.get(packet.topicAlias) ?? packet.topic, topicAlias: 0 }
  })
}

const framings = ['bare', 'websocket'] as const
const voices: readonly Voice[] = [
  { level: 4, packetBytesMax: anyLength, topicAliasMax: 0 },
  { level: 5, packetBytesMax: anyLength, topicAliasMax: 3 }
]

interface Step {
  readonly kind: 'reply' | 'publish' | 'everybody' | 'turn' | 'take'
  readonly who: number
  readonly packet: Reply
  readonly which: number
  readonly qos1: boolean
  readonly bytes: number
}

const step: fc.Arbitrary<Step> = fc.record(
  {
    kind: fc.constantFrom('reply', 'publish', 'publish', 'everybody', 'turn', 'take'),
    who: fc.nat(3),
    packet: replyOf(5),
    which: fc.nat(5),
    qos1: fc.boolean(),
    bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60_000 }))
  },
  { noNullPrototype: true }
)
const payloadSizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 32_730 })), {
  minLength: 6,
  maxLength: 6
})

t.test('whatever is taken arrives whole, in order and once, and nothing passes the bound', async t => {
  holds(
    t,
    400,
    fc.property(fc.array(step, { maxLength: 60 }), payloadSizes, (steps, sizes) => {
      const house = new House(4 * slabsMax + 64)
      for (const voice of voices) for (const framing of framings) house.open(framing, 0, voice)
      const messages = sizes.map((bytes, index) => messageOf(bytes, 0x2a, `some/topic/${index % 5}`))
      let packetId = 0
      for (const [index, { kind, who, packet, which, qos1, bytes }] of steps.entries()) {
        const room = house.rooms[who] as Room
        const message = messages[which] as Message
        if (kind === 'reply') room.reply(packet)
        else if (kind === 'take') room.link.take(bytes)
        else if (kind === 'publish') room.publish(message, qos1 ? { ...atQos1, packetId: ++packetId } : atQos0)
        else if (kind === 'everybody') for (const each of house.rooms) each.publish(message, atQos0)
        else {
          house.endTurn()
          for (const { payload } of messages) payload.fill(index) // the bytes of a message are good for a turn only
          ok(house.heldSlabs <= 4 * slabsMax, `${house.heldSlabs} slabs`)
        }
        for (const { outbox } of house.rooms) ok(outbox.bytes <= bytesMax && outbox.bytes >= 0, `${outbox.bytes} bytes`)
      }
      for (const room of house.rooms) room.link.take(Number.POSITIVE_INFINITY)
      house.endTurn()
      for (const room of house.rooms) {
        deepStrictEqual(room.arrived(), room.expected)
        equal(room.outbox.bytes, 0)
        room.outbox.drop()
      }
      ok(house.pool.free >= house.pool.count - 4)
    })
  )
})

t.test('with a pool that is too small: bytes still arrive in order, as far as they arrive, and no slab is lost', async t => {
  holds(
    t,
    400,
    fc.property(fc.array(step, { maxLength: 60 }), payloadSizes, fc.integer({ min: 0, max: 24 }), (steps, sizes, slabs) => {
      const house = new House(slabs)
      for (const framing of framings) house.open(framing, 0, voices[sizes.length % 2])
      const messages = sizes.map((bytes, index) => messageOf(bytes, 0x2a, `some/topic/${index % 5}`))
      for (const { kind, who, packet, which, qos1, bytes } of steps) {
        const room = house.rooms[who % 2] as Room
        const message = messages[which] as Message
        if (kind === 'reply') room.reply(packet)
        else if (kind === 'take') room.link.take(bytes)
        else if (kind === 'publish') room.publish(message, qos1 ? atQos1 : atQos0)
        else if (kind === 'everybody') for (const each of house.rooms) each.publish(message, atQos0)
        else house.endTurn()
      }
      for (const room of house.rooms) room.link.take(Number.POSITIVE_INFINITY)
      house.endTurn()
      for (const room of house.rooms) {
        const arrived = room.arrived()
        deepStrictEqual(arrived, room.expected.slice(0, arrived.length))
        if (!room.outbox.overflowed) equal(arrived.length, room.expected.length)
        room.outbox.drop()
      }
      ok(house.pool.free >= house.pool.count - 4, `${house.pool.count - house.pool.free} slabs are lost`)
    })
  )
})

t.test('a turn ends with one write', async t => {
  const house = new House(64)
  const room = house.open('bare')
  for (let index = 0; index < 30; index++) room.publish(messageOf(100, index), atQos0)
  room.reply(pingresp)
  t.equal(room.link.writes, 0)
  house.endTurn()
  t.equal(room.link.writes, 1)
  t.strictSame(room.arrived(), room.expected)
})

t.test('what is gathered for one client is not gathered for another that got the same before', async t => {
  const house = new House(64)
  const [one, other] = [house.open('websocket'), house.open('websocket')]
  const messages = [messageOf(100, 1), messageOf(100, 2), messageOf(100, 3)] as const
  for (const room of [one, other]) room.publish(messages[0], atQos0)
  one.publish(messages[1], atQos0)
  for (const room of [one, other]) room.publish(messages[2], atQos0)
  house.endTurn()
  for (const room of [one, other]) t.strictSame(room.arrived(), room.expected)
  t.equal(other.expected.length, 2)
  t.equal(house.heldSlabs, 0)
})

t.test('too many pieces are written early', async t => {
  const house = new House(200)
  const [one, other] = [house.open('bare'), house.open('bare')]
  for (let index = 0; index <= limits.outboxSlicesMax; index++) {
    one.publish(messageOf(10), atQos0)
    other.publish(messageOf(10), atQos0) // stands between the first one's pieces
  }
  t.equal(one.link.writes, 1)
  house.endTurn()
  t.strictSame(one.arrived(), one.expected)
})

t.test('QoS 0 and QoS 1 are refused when it is full; a reply has room of its own', async t => {
  for (const framing of framings) {
    const house = new House(64)
    const room = house.open(framing, 0)
    while (room.publish(messageOf(1_000), atQos0) === 'sent') house.endTurn()
    t.ok(room.outbox.bytes > limits.outboxBytesMax - 1_100 && room.outbox.bytes <= limits.outboxBytesMax, `${room.outbox.bytes} bytes wait`)
    t.equal(room.publish(messageOf(1_000), atQos1), 'full', 'QoS 1')
    room.reply(pingresp)
    house.endTurn()
    t.notOk(room.outbox.overflowed, 'a reply goes in')
    t.equal(room.drains, 0)
    room.link.take(Number.POSITIVE_INFINITY)
    t.equal(room.drains, 1, 'who was refused is told once when there is room')
    t.strictSame(room.arrived(), room.expected)
  }
})

t.test('replies that do not fit either end it as too slow', async t => {
  const house = new House(64)
  const room = house.open('bare', 0)
  const suback: Reply = { type: 'SUBACK', packetId: 1, reasonCodes: Array.from({ length: 60 }, () => 0) }
  for (let sent = 0; sent < bytesMax; sent += 64) room.reply(suback)
  t.notOk(room.outbox.overflowed)
  room.reply(suback)
  t.ok(room.outbox.overflowed)
  room.outbox.close('too-slow')
  house.endTurn()
  t.strictSame(room.link.ends, ['too-slow'])
  t.equal(house.heldSlabs, 0)
})

t.test('one packet always fits into an empty outbox, whatever its size', async t => {
  for (const framing of framings) {
    const house = new House(64)
    const room = house.open(framing, 0)
    t.equal(room.publish(messageOf(limits.packetBytesMax - 7), atQos0), 'sent')
    t.ok(room.outbox.bytes <= bytesMax)
    house.endTurn()
    room.link.take(Number.POSITIVE_INFINITY)
    t.strictSame(room.arrived(), room.expected)
  }
})

t.test('a burst within a turn is tried on the system before it is refused', async t => {
  const house = new House(200)
  const room = house.open('bare')
  for (let index = 0; index < 40; index++) t.equal(room.publish(messageOf(5_000, index), atQos0), 'sent')
  house.endTurn()
  t.strictSame(room.arrived(), room.expected)
})

t.test('who is refused is not told of room that is too small: nobody asks in vain', async t => {
  const house = new House(64)
  const room = house.open('bare', 0)
  room.publish(messageOf(10_000), atQos0)
  house.endTurn()
  t.equal(room.publish(messageOf(30_000), atQos1), 'full')
  for (let turn = 0; turn < 10; turn++) house.endTurn()
  t.equal(room.drains, 0)
  room.link.take(Number.POSITIVE_INFINITY)
  t.equal(room.drains, 1)
  t.equal(room.publish(messageOf(30_000), atQos1), 'sent')
})

t.test('who is refused for want of slabs does not spin: it is told later', async t => {
  const house = new House(1)
  const room = house.open('bare')
  room.publish(messageOf(10), atQos0)
  house.endTurn()
  t.equal(room.publish(messageOf(9_000), atQos1), 'full')
  for (let turn = 0; turn < 10; turn++) house.endTurn()
  t.equal(room.drains, 0, 'not in the same breath')
  room.outbox.flush()
  t.equal(room.drains, 1, 'but when it is looked at again')
})

t.test('a client that does not read is not read from', async t => {
  const house = new House(64)
  const room = house.open('bare', 0)
  for (let index = 0; index < 20; index++) room.publish(messageOf(1_000), atQos0)
  house.endTurn()
  t.ok(room.link.paused)
  room.link.take(1_000)
  t.ok(room.link.paused, 'nor when it took a little')
  room.link.take(Number.POSITIVE_INFINITY)
  t.notOk(room.link.paused)
})

t.test('an end in good order waits for what was sent', async t => {
  const house = new House(64)
  const room = house.open('bare', 10)
  room.publish(messageOf(3_000), atQos0)
  house.endTurn()
  room.publish(messageOf(2_000), atQos0)
  room.outbox.close('client')
  t.equal(room.outbox.publish(messageOf(1), atQos0), 'full', 'nothing is taken any more')
  room.outbox.reply(pingresp)
  house.endTurn()
  t.strictSame(room.link.ends, [])
  room.link.take(Number.POSITIVE_INFINITY)
  t.strictSame(room.link.ends, ['client'])
  t.strictSame(room.arrived(), room.expected)
  t.equal(house.heldSlabs, 0)
})

t.test('an end in the turn in which the system took the rest still sends what was gathered', async t => {
  const house = new House(64)
  const room = house.open('bare', 10)
  room.publish(messageOf(3_000), atQos0)
  house.endTurn()
  room.publish(messageOf(2_000), atQos0)
  room.outbox.close('client')
  room.link.take(Number.POSITIVE_INFINITY)
  house.endTurn()
  t.strictSame(room.link.ends, ['client'])
  t.strictSame(room.arrived(), room.expected)
})

t.test('a hasty end waits for nothing', async t => {
  const house = new House(64)
  const room = house.open('bare', 10)
  room.publish(messageOf(3_000), atQos0)
  house.endTurn()
  room.outbox.close('too-slow')
  house.endTurn()
  t.strictSame(room.link.ends, ['too-slow'])
  t.equal(house.heldSlabs, 0)
  room.outbox.drop()
  room.outbox.flush()
  room.outbox.written()
  t.strictSame(room.link.ends, ['too-slow'], 'once')
})

t.test('slabs that are given back are no longer being written, or somebody else would be read', async t => {
  const house = new House(64)
  const room = house.open('bare', 10)
  room.publish(messageOf(3_000, 0x41), atQos0)
  house.endTurn()
  room.outbox.close('protocol')
  house.endTurn()
  room.outbox.drop()
  const other = house.open('bare', 0)
  for (let index = 0; index < 20; index++) other.publish(messageOf(1_500, 0x42), atQos0)
  room.link.take(Number.POSITIVE_INFINITY)
  t.notOk(room.link.arrivedBytes.includes('BBBB'))
})

t.test('stuck is who has taken nothing for too long', async t => {
  const house = new House(64)
  const room = house.open('bare', 10)
  t.notOk(room.outbox.isStuck(0))
  room.publish(messageOf(3_000), atQos0)
  house.endTurn()
  t.notOk(room.outbox.isStuck(1_000))
  t.notOk(room.outbox.isStuck(1_000 + limits.drainMs))
  t.ok(room.outbox.isStuck(1_001 + limits.drainMs))
  room.link.take(Number.POSITIVE_INFINITY)
  t.notOk(room.outbox.isStuck(9e9))
})

t.test('a PUBLISH longer than the client takes is never sent, and what fits is [MQTT-3.1.2-24]', async t => {
  for (const framing of framings) {
    const house = new House(64)
    const room = house.open(framing, undefined, { level: 5, packetBytesMax: 100, topicAliasMax: 0 })
    t.equal(room.publish(messageOf(94), atQos0), 'sent', 'the bound itself, without the frame')
    t.equal(room.publish(messageOf(95), atQos0), 'too-large')
    t.equal(room.publish(messageOf(92), atQos1), 'sent')
    t.equal(room.publish(messageOf(93), atQos1), 'too-large')
    t.equal(room.publish(messageOf(93), { ...atQos0, subscriptionIds: [1] }), 'too-large', 'properties count')
    const other = house.open(framing, undefined, { level: 5, packetBytesMax: 101, topicAliasMax: 0 })
    t.equal(other.publish(messageOf(95), atQos0), 'sent', 'another client takes it')
    house.endTurn()
    t.strictSame(room.arrived(), room.expected)
    t.strictSame(other.arrived(), other.expected)
    t.equal(room.outbox.publish(messageOf(limits.scratchBytes), atQos0), 'too-large', 'nobody takes more than can be written')
  }
})

t.test('a reply that the client does not take is not sent, and nothing else comes of it', async t => {
  const house = new House(64)
  const room = house.open('websocket', undefined, { level: 5, packetBytesMax: 5, topicAliasMax: 0 })
  room.outbox.reply({ type: 'SUBACK', packetId: 1, reasonCodes: [0, 0, 0] })
  room.reply(pingresp)
  house.endTurn()
  t.notOk(room.outbox.overflowed)
  t.strictSame(room.arrived(), [pingresp])
})

t.test('a topic that comes again is named by its alias, once the client has been told [MQTT-3.3.2-11]', async t => {
  for (const framing of framings) {
    const house = new House(64)
    const room = house.open(framing, undefined, { level: 5, packetBytesMax: anyLength, topicAliasMax: 2 })
    const same = messageOf(3, 0x2a, 'sensor/0/watts')
    for (const name of ['0', '1', '0', '2', '1']) room.publish(messageOf(3, 0x2a, `sensor/${name}/watts`), atQos0)
    room.publish(same, atQos1)
    room.publish(same, atQos0)
    house.endTurn()
    t.strictSame(
      room.arrivedRaw().map(packet => packet.type === 'PUBLISH' && [packet.topic, packet.topicAlias]),
      [
        ['sensor/0/watts', 1],
        ['sensor/1/watts', 2],
        ['', 1],
        ['sensor/2/watts', 0],
        ['', 2],
        ['', 1],
        ['', 1]
      ]
    )
    t.strictSame(room.arrived(), room.expected)
    const none = house.open(framing, undefined, { level: 5, packetBytesMax: anyLength, topicAliasMax: 0 })
    none.publish(same, atQos0)
    none.publish(same, atQos0)
    house.endTurn()
    t.strictSame(none.arrivedRaw(), none.expected, 'a client that takes none gets none [MQTT-3.1.2-27]')
  }
})

t.test('an alias is not known before its PUBLISH was taken', async t => {
  const house = new House(64)
  const room = house.open('bare', 0, { level: 5, packetBytesMax: anyLength, topicAliasMax: 2 })
  const [large, small] = [messageOf(32_000, 0x2a, 'sensor/0/watts'), messageOf(3, 0x2a, 'sensor/0/watts')]
  room.publish(messageOf(2_000), atQos0)
  t.equal(room.publish(large, atQos0), 'full')
  t.equal(room.publish(small, atQos0), 'sent')
  house.endTurn()
  room.link.take(anyLength)
  t.strictSame(
    room.arrivedRaw().map(packet => packet.type === 'PUBLISH' && packet.topic),
    ['t', 'sensor/0/watts']
  )
})

t.test('an alias that would make a PUBLISH too long is left out', async t => {
  const house = new House(64)
  const message = messageOf(80, 0x2a, 'sensor/0/watts')
  const room = house.open('bare', undefined, { level: 5, packetBytesMax: 99, topicAliasMax: 2 })
  t.equal(room.publish(message, atQos0), 'sent')
  t.equal(room.publish(messageOf(77, 0x2a, 'sensor/0/watts'), atQos0), 'sent')
  t.equal(room.publish(messageOf(91, 0x2a, 'sensor/0/watts'), atQos0), 'sent', 'a known one makes room')
  t.equal(room.publish(messageOf(92, 0x2a, 'sensor/0/watts'), atQos0), 'too-large')
  house.endTurn()
  t.strictSame(
    room.arrivedRaw().map(packet => packet.type === 'PUBLISH' && [packet.topic, packet.topicAlias]),
    [
      ['sensor/0/watts', 0],
      ['sensor/0/watts', 1],
      ['', 1]
    ]
  )
})

t.test('a client that is held is not read from until it is released and what was left is taken', async t => {
  const house = new House(64)
  const room = house.open('bare')
  t.notOk(room.outbox.held)
  room.outbox.hold(true)
  t.ok(room.link.paused && room.outbox.held, 'at once')
  room.publish(messageOf(10), atQos0)
  house.endTurn()
  t.equal(room.arrived().length, 1, 'it still gets what is for it')
  t.ok(room.link.paused)
  room.outbox.hold(false)
  t.ok(room.link.paused, 'not while the broker is at work')
  room.rest = 'left'
  house.endTurn()
  t.ok(room.link.paused, 'something is left')
  room.rest = 'taken'
  room.outbox.flush()
  t.notOk(room.link.paused)
  room.released = () => room.outbox.hold(true)
  room.outbox.flush()
  t.ok(room.link.paused, 'the last packet that was left held it again')
})

t.test('one that takes one write a turn has publishers rest when it fills, but not one that takes nothing, nor any other', async t => {
  const house = new House(64)
  const half = limits.outboxBytesMax / 2
  const fill = (room: Room, bytes: number): number => {
    t.equal(room.publish(messageOf(bytes), atQos0), 'sent')
    return room.crowds
  }
  const plain = house.open('bare')
  t.equal(fill(plain, half), 0)
  const lively = house.open('bare')
  lively.link.takesOneWrite = true
  t.strictSame([fill(lively, half - 10), fill(lively, 10)], [0, 1])
  house.endTurn()
  t.equal(fill(lively, half - 10), 1)
  const frozen = house.open('bare', 0)
  frozen.link.takesOneWrite = true
  const crowds = [fill(frozen, half)]
  for (let turn = 0; turn < 4; turn++) {
    house.endTurn()
    crowds.push(fill(frozen, 1))
  }
  t.strictSame(crowds, [1, 2, 3, 3, 3])
  frozen.link.take(Number.POSITIVE_INFINITY)
  house.endTurn()
  t.equal(fill(frozen, half), 4, 'it has caught up')
  for (const room of house.rooms) room.outbox.drop()
})

t.test('a client that is released and does not read is not read from either', async t => {
  const house = new House(64)
  const room = house.open('bare', 0)
  let asked = 0
  room.released = () => {
    asked++
  }
  room.outbox.hold(true)
  room.outbox.hold(true)
  for (let index = 0; index < 20; index++) room.publish(messageOf(1_000), atQos0)
  room.outbox.hold(false)
  house.endTurn()
  t.ok(room.link.paused)
  t.equal(asked, 0, 'nor are packets of it taken')
  room.link.take(anyLength)
  t.notOk(room.link.paused)
  t.equal(asked, 1)
})
