/** The encoder: each framing is encoded once and shared, what stands in its slabs is what mqtt-packet reads, and a full pool is an answer. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { addSlice, Encoder, type Slice } from '../../src/io/encoder.ts'
import type { Framing } from '../../src/io/link.ts'
import { limits } from '../../src/limits.ts'
import { Pool } from '../../src/memory/pool.ts'
import type { Message, ProtocolLevel, PublishOptions, Reply } from '../../src/mqtt/packet.ts'
import { deliveryOf, parseReplies, type Received, replyOf } from '../fixtures/io/arbitraries.ts'
import { readFrames } from '../fixtures/io/frames.ts'
import { holds } from '../fixtures/io/property.ts'

const once: PublishOptions = { qos: 0, retain: false, dup: false, packetId: 0, subscriptionIds: [], expirySeconds: undefined }

const textMessage = (topic: string, payloadBytes: number): Message => ({
  topic,
  payload: Buffer.alloc(payloadBytes, topic),
  qos: 0,
  retain: false
})

function bytesIn(pool: Pool, slices: readonly Slice[] | undefined): Buffer {
  return Buffer.concat((slices ?? []).map(({ slab, offset, length }) => pool.view(slab, offset, length)))
}

/** The bytes of MQTT, out of their frames if there are any. */
function unframe(framing: Framing, bytes: Buffer): Buffer {
  if (framing === 'bare') return bytes
  const { frames, rest } = readFrames(bytes)
  equal(rest.length, 0)
  ok(frames.every(({ fin, opcode }) => fin && opcode === 2))
  return Buffer.concat(frames.map(({ payload }) => payload))
}

/** A framing, a version, and a packet of it. */
const packet: fc.Arbitrary<[Framing, ProtocolLevel, Reply | Received]> = fc
  .constantFrom<ProtocolLevel>(3, 4, 5)
  .chain(level => fc.tuple(fc.constantFrom<Framing>('bare', 'websocket'), fc.constant(level), fc.oneof(replyOf(level), deliveryOf(level))))

t.test('what stands in the slabs is what a client understands, in both framings', async t => {
  holds(
    t,
    300,
    fc.property(fc.array(packet), fc.boolean(), (packets, twice) => {
      const pool = new Pool(16, 512)
      const encoder = new Encoder(pool)
      for (const [framing, level, packet] of packets) {
        const voice = { level, packetBytesMax: Number.POSITIVE_INFINITY }
        for (let time = 0; time < (twice ? 2 : 1); time++) {
          const slices =
            packet.type === 'PUBLISH'
              ? encoder.publish(framing, level, packet, packet, -packet.topicAlias)
              : encoder.reply(framing, packet, voice)
          deepStrictEqual(parseReplies(unframe(framing, bytesIn(pool, slices)), level), [packet])
        }
      }
      encoder.endTurn()
      ok(pool.free >= pool.count - 4, 'each framing and version keeps one slab at most')
    })
  )
})

t.test('a message at QoS 0 is encoded once for each framing', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const message = textMessage('a', 100)
  const bare = encoder.publish('bare', 4, message, once, 0)
  t.equal(encoder.publish('bare', 4, message, once, 0), bare, 'the second subscriber gets the same slices')
  const framed = encoder.publish('websocket', 4, message, once, 0)
  t.not(framed, bare)
  t.equal(encoder.publish('bare', 4, message, once, 0), bare, 'the other framing does not disturb it')
  t.equal(encoder.publish('websocket', 4, message, once, 0), framed)
  t.equal(bytesIn(pool, framed).length, bytesIn(pool, bare).length + 2)
})

t.test('many clients that write the same get the same bytes', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const slices = encoder.publish('bare', 4, textMessage('a', 100), once, 0) as readonly Slice[]
  const framed = encoder.publish('websocket', 4, textMessage('a', 100), once, 0) as readonly Slice[]
  const pieces = encoder.pieces('bare', 4, slices)
  t.ok(pieces.length === 1 && bytesIn(pool, slices).equals(pieces[0] as Buffer))
  t.ok(bytesIn(pool, framed).equals(Buffer.concat(encoder.pieces('websocket', 4, framed))))
  t.equal(
    encoder.pieces(
      'bare',
      4,
      slices.map(slice => ({ ...slice }))
    ),
    pieces,
    'by what they are'
  )
  for (const other of [{ slab: 1 }, { offset: 1 }, { length: 1 }].map(differs => [{ ...(slices[0] as Slice), ...differs }])) {
    t.ok(bytesIn(pool, other).equals(Buffer.concat(encoder.pieces('bare', 4, other))))
    encoder.pieces('bare', 4, slices)
  }
  const both = [...slices, ...framed]
  t.ok(bytesIn(pool, both).equals(Buffer.concat(encoder.pieces('bare', 4, both))))
  t.strictSame(encoder.pieces('bare', 4, []), [])
})

t.test('what was returned stays as it is, whatever is encoded after it', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const voice = { level: 4, packetBytesMax: Number.POSITIVE_INFINITY } as const
  const encode = [
    () => encoder.reply('bare', { type: 'PINGRESP' }, voice),
    () => encoder.reply('bare', { type: 'DISCONNECT', reasonCode: 0x8e }, voice),
    () => encoder.publish('bare', 4, textMessage('a', 9), once, 0),
    () => encoder.publish('bare', 4, textMessage('b', 9), { ...once, qos: 1, packetId: 1 }, 0)
  ]
  const returned = [...encode, ...encode, ...encode].map(each => {
    const slices = each()
    return { slices, were: structuredClone(slices) }
  })
  encoder.endTurn()
  for (const { slices, were } of returned) t.strictSame(slices, were)
})

t.test('a short message is not cut at the end of a slab', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  for (let index = 0; index < 50; index++) t.equal(encoder.publish('bare', 4, textMessage('a', 200), once, 0)?.length, 1)
  encoder.endTurn()
  t.equal(pool.free, pool.count - 1)
})

t.test('what differs is encoded anew', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const message = textMessage('a', 4)
  const first = bytesIn(pool, encoder.publish('bare', 4, message, once, 0))
  t.not(bytesIn(pool, encoder.publish('bare', 4, message, { ...once, retain: true }, 0)).equals(first), 'RETAIN')
  const qos1 = (packetId: number) => bytesIn(pool, encoder.publish('bare', 4, message, { ...once, qos: 1, packetId }, 0))
  t.notOk(qos1(1).equals(qos1(2)), 'a packet id')
  t.ok(bytesIn(pool, encoder.publish('bare', 4, textMessage('a', 4), once, 0)).equals(first), 'an equal message has equal bytes')
  message.payload.set([9])
  encoder.endTurn()
  t.notOk(
    bytesIn(pool, encoder.publish('bare', 4, message, once, 0)).equals(first),
    'the same message in another turn: its bytes may have changed'
  )
})

t.test('mixed subscribers do not disturb each other: the latest few encodings of a message are kept', async t => {
  const pool = new Pool(16, limits.slabBytes)
  const encoder = new Encoder(pool)
  const message = textMessage('some/topic', 100)
  const publish = (level: ProtocolLevel, told: Partial<PublishOptions> = {}, alias = 0) =>
    encoder.publish('bare', level, message, { ...once, ...told }, alias)
  const told: [Partial<PublishOptions>, number][] = [
    [{}, 0],
    [{ subscriptionIds: [1, 2] }, 0],
    [{ expirySeconds: 9 }, 0],
    [{ expirySeconds: 9 }, 3]
  ]
  const made = told.map(([options, alias]) => publish(5, options, alias))
  t.equal(new Set(made.map(slices => bytesIn(pool, slices).toString('hex'))).size, 4, 'four encodings')
  const old = publish(4)
  encoder.reply('bare', { type: 'PINGRESP' }, { level: 5, packetBytesMax: 9 })
  encoder.publish('bare', 5, message, { ...once, qos: 1, packetId: 1 }, 0)
  for (let round = 0; round < 3; round++) {
    for (const [index, [options, alias]] of told.entries()) t.equal(publish(5, options, alias), made[index])
    t.equal(publish(4, { subscriptionIds: [7], expirySeconds: 1 }, 0), old, 'before MQTT 5.0 only RETAIN differs')
    t.equal(publish(3), old)
  }
  t.not(publish(5, { retain: true }), made[0], 'a fifth')
  t.equal(publish(5, ...(told[1] as [Partial<PublishOptions>, number])), made[1])
  t.equal(parseReplies(bytesIn(pool, publish(5)), 5).length, 1, 'the first was forgotten, and is made again')
  for (const alias of [-3, 4])
    t.notOk(bytesIn(pool, publish(5, { expirySeconds: 9 }, alias)).equals(bytesIn(pool, made[3])), 'another alias')
  t.notOk(
    bytesIn(pool, publish(5, { subscriptionIds: [1, 3] })).equals(bytesIn(pool, publish(5, { subscriptionIds: [1, 2] }))),
    'an identifier'
  )
  encoder.endTurn()
  t.equal(pool.free, pool.count - 2)
})

t.test('a reply that is not to be sent is nothing', async t => {
  const pool = new Pool(0, limits.slabBytes)
  const encoder = new Encoder(pool)
  const disconnect: Reply = { type: 'DISCONNECT', reasonCode: 0x8e }
  for (const framing of ['bare', 'websocket'] as const) {
    t.strictSame(encoder.reply(framing, disconnect, { level: 4, packetBytesMax: Number.POSITIVE_INFINITY }), [], 'before MQTT 5.0')
    t.strictSame(encoder.reply(framing, disconnect, { level: 5, packetBytesMax: 3 }), [], 'longer than the client takes')
    t.equal(encoder.reply(framing, disconnect, { level: 5, packetBytesMax: 4 }), undefined, 'but the pool is empty')
  }
})

t.test('encodings follow each other, so that who gets all of them gets one piece', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const gathered: Slice[] = []
  for (let index = 0; index < 20; index++) {
    for (const { slab, offset, length } of encoder.publish('bare', 4, textMessage('a', 50), once, 0) ?? []) {
      addSlice(pool, gathered, slab, offset, length)
    }
  }
  t.equal(gathered.length, 1)
  t.equal(parseReplies(bytesIn(pool, gathered)).length, 20)
  for (const { slab } of gathered) pool.release(slab)
  encoder.endTurn()
  t.equal(pool.free, pool.count - 1)
})

t.test('a packet may lie across slabs, and end at the end of one', async t => {
  for (const payloadBytes of [509, 505, 1_017, 4_000]) {
    const pool = new Pool(9, 512)
    const encoder = new Encoder(pool)
    const slices = encoder.publish('bare', 4, textMessage('a', payloadBytes), once, 0)
    t.equal(parseReplies(bytesIn(pool, slices)).length, 1, `${payloadBytes} bytes`)
    const next = encoder.publish('bare', 4, textMessage('b', 3), once, 0)
    t.equal(parseReplies(bytesIn(pool, next)).length, 1, `and what follows ${payloadBytes} bytes`)
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
  }
})

t.test('an empty pool is an answer, and nothing leaks', async t => {
  for (const framing of ['bare', 'websocket'] as const) {
    const pool = new Pool(3, 512)
    const encoder = new Encoder(pool)
    t.equal(encoder.publish(framing, 4, textMessage('a', 2_000), once, 0), undefined, `${framing}: larger than the pool`)
    t.equal(encoder.publish(framing, 4, textMessage('a', 2_000), once, 0), undefined, 'and again')
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
    t.ok(encoder.publish(framing, 4, textMessage('b', 900), once, 0), 'a smaller one goes')
    encoder.endTurn()
    const held = [pool.take(), pool.take()]
    t.equal(encoder.publish(framing, 4, textMessage('c', 600), once, 0), undefined)
    for (const slab of held) pool.release(slab)
    const slices = encoder.publish(framing, 4, textMessage('c', 600), once, 0)
    t.equal(parseReplies(unframe(framing, bytesIn(pool, slices))).length, 1, 'and it goes once there is room')
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
  }
})
