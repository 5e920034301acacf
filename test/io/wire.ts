/** Packets to and from bytes: the catalogue, round trips through mqtt-packet's own parser and generator, and bytes that are no packets. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { writeToStream } from 'mqtt-packet'
import t from 'tap'
import { wireFaults } from '../../src/io/strict.ts'
import { decode, encode, readHeader } from '../../src/io/wire.ts'
import { limits } from '../../src/limits.ts'
import type { ClientPacket, Publish } from '../../src/mqtt/packet.ts'
import { bytesOf, clientPacket, parseAll, parseReplies, publish, reply } from '../fixtures/io/arbitraries.ts'
import { badPackets, bytes, goodPackets } from '../fixtures/io/packets.ts'
import { holds } from '../fixtures/io/property.ts'

/** Decodes bytes that hold one whole packet, as an inbox would hand them on. */
function decodeWhole(packet: Buffer): ClientPacket | string {
  const header = readHeader(packet, 0)
  if (header === undefined || typeof header === 'string') return header ?? 'unfinished'
  return header.packetBytes === packet.length ? decode(packet, header.bodyAt) : 'unfinished'
}

t.test('the catalogue', async t => {
  for (const { title, raw, packet } of goodPackets) t.strictSame(decodeWhole(bytes(raw)), packet, title)
  for (const { title, raw, fault } of badPackets) t.equal(decodeWhole(bytes(raw)), fault, title)
  for (const { title, raw, packet } of goodPackets.toReversed())
    t.strictSame(decodeWhole(bytes(raw)), packet, `${title}, after all the others`)
})

t.test('the fixed header', async t => {
  t.strictSame(readHeader(bytes('c0 00'), 0), { bodyAt: 2, packetBytes: 2 })
  t.strictSame(readHeader(bytes('ff c0 00'), 1), { bodyAt: 2, packetBytes: 2 }, 'at a place')
  t.strictSame(readHeader(bytes('30 80 01'), 0), { bodyAt: 3, packetBytes: 131 })
  for (const raw of ['', '30', '30 80', '30 8080', '30 808080']) t.equal(readHeader(bytes(raw), 0), undefined, `unfinished: ${raw}`)
  t.equal(readHeader(bytes('30 80808080'), 0), 'length', 'a fifth byte is one too many')
  const most = limits.packetBytesMax - 4
  t.strictSame(readHeader(Buffer.of(0x30, (most & 0x7f) | 0x80, ((most >> 7) & 0x7f) | 0x80, most >> 14), 0), {
    bodyAt: 4,
    packetBytes: limits.packetBytesMax
  })
  const more = most + 1
  t.equal(readHeader(Buffer.of(0x30, (more & 0x7f) | 0x80, ((more >> 7) & 0x7f) | 0x80, more >> 14), 0), 'too-long')
})

t.test('what a client sends with mqtt-packet arrives', async t => {
  holds(
    t,
    300,
    fc.property(clientPacket, packet => {
      deepStrictEqual(decodeWhole(bytesOf(packet)), packet)
    })
  )
})

t.test('what the server sends is understood by mqtt-packet', async t => {
  holds(
    t,
    300,
    fc.property(fc.oneof(reply, publish), packet => {
      deepStrictEqual(parseReplies(encode(packet)), [packet])
    })
  )
})

t.test('the number cache stays off', async t => {
  encode({ type: 'PUBACK', packetId: 7 })
  t.equal(writeToStream.cacheNumbers, false)
})

t.test('the largest packet fits into the scratch buffer, whatever part of it is topic', async t => {
  const sizeOf = (topic: string, payload: Uint8Array): Publish => ({
    type: 'PUBLISH',
    ...{ topic, payload, qos: 1, retain: false, dup: false, packetId: 1 }
  })
  const room = limits.packetBytesMax - 8
  for (const topicBytes of [2, 100, room]) {
    const packet = sizeOf('ä'.repeat(topicBytes / 2), Buffer.alloc(room - topicBytes, 7))
    const encoded = encode(packet)
    t.ok(encoded.length <= limits.packetBytesMax, `${encoded.length} bytes`)
    t.strictSame(parseReplies(encoded), [packet])
  }
})

t.test('what is decoded of bytes are views: nothing is copied before it is wanted', async t => {
  const raw = bytes("30 05 0001't' 0102")
  const packet = decodeWhole(raw)
  raw[5] = 9
  t.match(packet, { type: 'PUBLISH', payload: Buffer.of(9, 2) })
})

/** Says how a packet that was taken contradicts itself: mqtt-packet reads something else, or writing it again gives another packet. */
function contradiction(raw: Buffer): string | undefined {
  const packet = decodeWhole(raw)
  if (typeof packet === 'string') {
    const known = packet === 'unfinished' || (wireFaults as readonly string[]).includes(packet)
    return known ? undefined : `no fault: ${packet}`
  }
  if (packet.type === 'CONNECT' && packet.protocolLevel !== 3 && packet.protocolLevel !== 4) return undefined
  const again = bytesOf(packet)
  const decodedAgain = decodeWhole(again)
  if (JSON.stringify(decodedAgain) !== JSON.stringify(packet)) return `${JSON.stringify(packet)} became ${JSON.stringify(decodedAgain)}`
  const found = parseAll(raw)
  if (found.length !== 1) return `mqtt-packet finds ${found.length} packets`
  const minimal = (raw[0] ?? 0) >> 4 !== 1 && again.length === raw.length
  return minimal && !again.equals(raw) ? `${raw.toString('hex')} became ${again.toString('hex')}` : undefined
}

t.test('random bytes never throw and never pass as what they are not', async t => {
  const random = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 100 })).map(([first, body]) => Buffer.from([first, body.length, ...body]))
  holds(
    t,
    5_000,
    fc.property(random, raw => {
      equal(contradiction(raw), undefined)
    })
  )
})

t.test('a valid packet with a few bytes changed never throws and never passes as what it is not', async t => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) })
  holds(
    t,
    3_000,
    fc.property(clientPacket, fc.array(change, { minLength: 1, maxLength: 4 }), (packet, changes) => {
      const raw = bytesOf(packet)
      for (const { at, to } of changes) raw[at % raw.length] = to
      equal(contradiction(raw), undefined)
    })
  )
})

t.test('a valid packet with bytes cut out or put in never throws and never passes as what it is not', async t => {
  holds(
    t,
    3_000,
    fc.property(clientPacket, fc.nat(), fc.nat(6), fc.uint8Array({ maxLength: 6 }), (packet, place, cut, put) => {
      const body = bytesOf(packet)
      const header = readHeader(body, 0)
      if (!header || typeof header === 'string' || header.bodyAt !== 2) return
      const rest = [...body.subarray(2)]
      rest.splice(place % (rest.length + 1), cut, ...put)
      if (rest.length < 128) equal(contradiction(Buffer.from([body[0] ?? 0, rest.length, ...rest])), undefined)
    })
  )
})

t.test('a packet is decoded the same after any other bytes', async t => {
  const good = bytes("30 06 0003'a/b''x'")
  holds(
    t,
    1_000,
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), raw => {
      decodeWhole(Buffer.from([raw[0] ?? 0, raw.length - 2, ...raw.subarray(2)]))
      const packet = decodeWhole(good)
      ok(typeof packet !== 'string' && packet.type === 'PUBLISH' && packet.topic === 'a/b' && packet.payload.length === 1)
    })
  )
})
