/** The outbox on a link that takes what it likes: bytes arrive whole and in order, nothing passes the bound, and no slab is lost. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Encoder } from '../../src/io/encoder.ts'
import type { Framing } from '../../src/io/link.ts'
import { LinkOutbox, type Outlet } from '../../src/io/outbox.ts'
import { limits } from '../../src/limits.ts'
import { Pool } from '../../src/memory/pool.ts'
import type { Message, Publish, Reply } from '../../src/mqtt/packet.ts'
import { reply as anyReply, parseReplies } from '../fixtures/io/arbitraries.ts'
import { DoubleLink } from '../fixtures/io/double-link.ts'
import { readFrames } from '../fixtures/io/frames.ts'
import { holds } from '../fixtures/io/property.ts'

const bytesMax = limits.outboxBytesMax + limits.outboxRepliesBytesMax
/** What one client may hold of the pool: bytes that are being written stand in slabs that are at least half full, the others closer. */
const slabsMax = Math.ceil((2 * bytesMax) / limits.slabBytes) + 2
const pingresp: Reply = { type: 'PINGRESP' }

const atQos0 = { qos: 0, retain: false, dup: false, packetId: 0 } as const
const atQos1 = { qos: 1, retain: false, dup: false, packetId: 7 } as const

function messageOf(payloadBytes: number, fill = 0x2a): Message {
  return { topic: 't', payload: Buffer.alloc(payloadBytes, fill), qos: 0, retain: false }
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

  open(framing: Framing, room?: number): Room {
    const made = new Room(this, framing, room)
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

  /** Slabs that are held, but for the one that each framing's encoder fills. */
  get heldSlabs(): number {
    return Math.max(0, this.pool.count - this.pool.free - 2)
  }
}

class Room implements Outlet {
  readonly pool: Pool
  readonly encoder: Encoder
  readonly link: DoubleLink
  readonly outbox: LinkOutbox
  readonly expected: (Reply | Publish)[] = []
  late = false
  drains = 0

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

  drained(): void {
    this.drains++
  }

  reply(packet: Reply): void {
    const refusedBefore = this.outbox.overflowed
    this.outbox.reply(packet)
    if (!refusedBefore && !this.outbox.overflowed) this.expected.push(packet)
  }

  publish(message: Message, options: Pick<Publish, 'qos' | 'retain' | 'dup' | 'packetId'>): boolean {
    const accepted = this.outbox.publish(message, options)
    const { topic, payload } = message
    if (accepted) this.expected.push({ type: 'PUBLISH', topic, payload: Buffer.from(payload), ...options })
    return accepted
  }

  /** What the peer understood; unfinished packets are left out. */
  arrived(): (Reply | Publish)[] {
    const bytes = this.link.arrivedBytes
    if (this.link.framing === 'bare') return parseReplies(bytes)
    return readFrames(bytes).frames.flatMap(({ fin, opcode, payload }) => {
      const packets = parseReplies(payload)
      ok(fin && opcode === 2 && packets.length === 1, 'one packet in one binary frame')
      return packets
    })
  }
}

const framings = ['bare', 'websocket'] as const

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
    packet: anyReply,
    which: fc.nat(5),
    qos1: fc.boolean(),
    bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60_000 }))
  },
  { noNullPrototype: true }
)
const payloadSizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 32_750 })), {
  minLength: 6,
  maxLength: 6
})

t.test('whatever is taken arrives whole, in order and once, and nothing passes the bound', async t => {
  holds(
    t,
    400,
    fc.property(fc.array(step, { maxLength: 60 }), payloadSizes, (steps, sizes) => {
      const house = new House(4 * slabsMax + 64)
      for (const framing of [...framings, ...framings]) house.open(framing, 0)
      const messages = sizes.map(messageOf)
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
      ok(house.pool.free >= house.pool.count - 2)
    })
  )
})

t.test('with a pool that is too small: bytes still arrive in order, as far as they arrive, and no slab is lost', async t => {
  holds(
    t,
    400,
    fc.property(fc.array(step, { maxLength: 60 }), payloadSizes, fc.integer({ min: 0, max: 24 }), (steps, sizes, slabs) => {
      const house = new House(slabs)
      for (const framing of framings) house.open(framing, 0)
      const messages = sizes.map(messageOf)
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
      ok(house.pool.free >= house.pool.count - 2, `${house.pool.count - house.pool.free} slabs are lost`)
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
    while (room.publish(messageOf(1_000), atQos0)) house.endTurn()
    t.ok(room.outbox.bytes > limits.outboxBytesMax - 1_100 && room.outbox.bytes <= limits.outboxBytesMax, `${room.outbox.bytes} bytes wait`)
    t.notOk(room.publish(messageOf(1_000), atQos1), 'QoS 1')
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
  const suback: Reply = { type: 'SUBACK', packetId: 1, returnCodes: Array.from({ length: 60 }, () => 0) }
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
    t.ok(room.publish(messageOf(limits.packetBytesMax - 7), atQos0))
    t.ok(room.outbox.bytes <= bytesMax)
    house.endTurn()
    room.link.take(Number.POSITIVE_INFINITY)
    t.strictSame(room.arrived(), room.expected)
  }
})

t.test('a burst within a turn is tried on the system before it is refused', async t => {
  const house = new House(200)
  const room = house.open('bare')
  for (let index = 0; index < 40; index++) t.ok(room.publish(messageOf(5_000, index), atQos0))
  house.endTurn()
  t.strictSame(room.arrived(), room.expected)
})

t.test('who is refused is not told of room that is too small: nobody asks in vain', async t => {
  const house = new House(64)
  const room = house.open('bare', 0)
  room.publish(messageOf(10_000), atQos0)
  house.endTurn()
  t.notOk(room.publish(messageOf(30_000), atQos1))
  for (let turn = 0; turn < 10; turn++) house.endTurn()
  t.equal(room.drains, 0)
  room.link.take(Number.POSITIVE_INFINITY)
  t.equal(room.drains, 1)
  t.ok(room.publish(messageOf(30_000), atQos1))
})

t.test('who is refused for want of slabs does not spin: it is told later', async t => {
  const house = new House(1)
  const room = house.open('bare')
  room.publish(messageOf(10), atQos0)
  house.endTurn()
  t.notOk(room.publish(messageOf(9_000), atQos1))
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
  t.notOk(room.outbox.publish(messageOf(1), atQos0), 'nothing is taken any more')
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
