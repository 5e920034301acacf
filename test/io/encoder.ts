/** The encoder: each framing is encoded once and shared, what stands in its slabs is what mqtt-packet reads, and a full pool is an answer. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { addSlice, Encoder, type Slice } from '../../src/io/encoder.ts'
import type { Framing } from '../../src/io/link.ts'
import { limits } from '../../src/limits.ts'
import { Pool } from '../../src/memory/pool.ts'
import type { Message } from '../../src/mqtt/packet.ts'
import { parseReplies, publish, reply } from '../fixtures/io/arbitraries.ts'
import { readFrames } from '../fixtures/io/frames.ts'
import { holds } from '../fixtures/io/property.ts'

const once = { qos: 0, retain: false, dup: false, packetId: 0 } as const

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

t.test('what stands in the slabs is what a client understands, in both framings', async t => {
  holds(
    t,
    300,
    fc.property(fc.array(fc.tuple(fc.constantFrom<Framing>('bare', 'websocket'), fc.oneof(reply, publish))), packets => {
      const pool = new Pool(8, 512)
      const encoder = new Encoder(pool)
      for (const [framing, packet] of packets) {
        const slices = packet.type === 'PUBLISH' ? encoder.publish(framing, packet, packet) : encoder.reply(framing, packet)
        deepStrictEqual(parseReplies(unframe(framing, bytesIn(pool, slices))), [packet])
      }
      encoder.endTurn()
      ok(pool.free >= pool.count - 2, 'each framing keeps one slab at most')
    })
  )
})

t.test('a message at QoS 0 is encoded once for each framing', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const message = textMessage('a', 100)
  const bare = encoder.publish('bare', message, once)
  t.equal(encoder.publish('bare', message, once), bare, 'the second subscriber gets the same slices')
  const framed = encoder.publish('websocket', message, once)
  t.not(framed, bare)
  t.equal(encoder.publish('bare', message, once), bare, 'the other framing does not disturb it')
  t.equal(encoder.publish('websocket', message, once), framed)
  t.equal(bytesIn(pool, framed).length, bytesIn(pool, bare).length + 2)
})

t.test('what differs is encoded anew', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const message = textMessage('a', 4)
  const first = bytesIn(pool, encoder.publish('bare', message, once))
  t.not(bytesIn(pool, encoder.publish('bare', message, { ...once, retain: true })).equals(first), 'RETAIN')
  const qos1 = (packetId: number) => bytesIn(pool, encoder.publish('bare', message, { qos: 1, retain: false, dup: false, packetId }))
  t.notOk(qos1(1).equals(qos1(2)), 'a packet id')
  t.ok(bytesIn(pool, encoder.publish('bare', textMessage('a', 4), once)).equals(first), 'an equal message has equal bytes')
  message.payload.set([9])
  encoder.endTurn()
  t.notOk(
    bytesIn(pool, encoder.publish('bare', message, once)).equals(first),
    'the same message in another turn: its bytes may have changed'
  )
})

t.test('encodings follow each other, so that who gets all of them gets one piece', async t => {
  const pool = new Pool(8, limits.slabBytes)
  const encoder = new Encoder(pool)
  const gathered: Slice[] = []
  for (let index = 0; index < 20; index++) {
    for (const { slab, offset, length } of encoder.publish('bare', textMessage('a', 50), once) ?? []) {
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
    const slices = encoder.publish('bare', textMessage('a', payloadBytes), once)
    t.equal(parseReplies(bytesIn(pool, slices)).length, 1, `${payloadBytes} bytes`)
    const next = encoder.publish('bare', textMessage('b', 3), once)
    t.equal(parseReplies(bytesIn(pool, next)).length, 1, `and what follows ${payloadBytes} bytes`)
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
  }
})

t.test('an empty pool is an answer, and nothing leaks', async t => {
  for (const framing of ['bare', 'websocket'] as const) {
    const pool = new Pool(3, 512)
    const encoder = new Encoder(pool)
    t.equal(encoder.publish(framing, textMessage('a', 2_000), once), undefined, `${framing}: larger than the pool`)
    t.equal(encoder.publish(framing, textMessage('a', 2_000), once), undefined, 'and again')
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
    t.ok(encoder.publish(framing, textMessage('b', 900), once), 'a smaller one goes')
    encoder.endTurn()
    const held = [pool.take(), pool.take()]
    t.equal(encoder.publish(framing, textMessage('c', 600), once), undefined)
    for (const slab of held) pool.release(slab)
    const slices = encoder.publish(framing, textMessage('c', 600), once)
    t.equal(parseReplies(unframe(framing, bytesIn(pool, slices))).length, 1, 'and it goes once there is room')
    encoder.endTurn()
    t.equal(pool.free, pool.count - 1)
  }
})
