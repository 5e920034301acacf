/** Packets to and from bytes: the catalogue, round trips through mqtt-packet's own parser and generator, and bytes that are no packets. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { generate, writeToStream } from 'mqtt-packet'
import t from 'tap'
import { wireFaults } from '../../src/io/fault.ts'
import { encodedBytesMax, isLonger, publishBytes, writePublish } from '../../src/io/publish.ts'
import { decode, encode, readHeader } from '../../src/io/wire.ts'
import { limits } from '../../src/limits.ts'
import type { ClientPacket, Message, ProtocolLevel, PublishOptions, ReasonCode, Reply } from '../../src/mqtt/packet.ts'
import {
  bytesOf,
  clientPacket,
  clientPacketOf,
  deliveryOf,
  parseAll,
  parseReplies,
  propertiesOf,
  type Received,
  replyOf
} from '../fixtures/io/arbitraries.ts'
import { badPackets, bytes, goodPackets } from '../fixtures/io/packets.ts'
import { badPackets5, goodPackets5 } from '../fixtures/io/packets-5.ts'
import { holds } from '../fixtures/io/property.ts'

const levels = [3, 4, 5] as const
const level: fc.Arbitrary<ProtocolLevel> = fc.constantFrom(...levels)
const anyLength = Number.POSITIVE_INFINITY

/** Decodes bytes that hold one whole packet, as an inbox would hand them on. */
function decodeWhole(packet: Buffer, level: ProtocolLevel = 4): ClientPacket | string {
  const header = readHeader(packet, 0)
  if (header === undefined || typeof header === 'string') return header ?? 'unfinished'
  return header.packetBytes === packet.length ? decode(packet, header.bodyAt, level) : 'unfinished'
}

/** A PUBLISH as it is written. */
function written(message: Message, options: PublishOptions, level: ProtocolLevel, alias = 0): Buffer {
  const target = Buffer.alloc(encodedBytesMax)
  return target.subarray(7, writePublish(target, 7, message, options, level, alias))
}

t.test('the catalogue', async t => {
  for (const { title, raw, level, packet } of goodPackets) t.strictSame(decodeWhole(bytes(raw), level), packet, title)
  for (const { title, raw, packet } of goodPackets5) t.strictSame(decodeWhole(bytes(raw), 5), packet, `MQTT 5.0, ${title}`)
  for (const { title, raw, fault } of badPackets) t.equal(decodeWhole(bytes(raw)), fault, title)
  for (const { title, raw, fault } of badPackets5) t.equal(decodeWhole(bytes(raw), 5), fault, `MQTT 5.0, ${title}`)
  for (const { title, raw, level, packet } of goodPackets.toReversed())
    t.strictSame(decodeWhole(bytes(raw), level), packet, `${title}, after all the others`)
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
  for (const level of levels) {
    holds(
      t,
      300,
      fc.property(clientPacketOf(level), packet => {
        deepStrictEqual(decodeWhole(bytesOf(packet, level), level), packet)
      })
    )
  }
})

t.test('what the server answers is understood by mqtt-packet', async t => {
  for (const level of levels) {
    holds(
      t,
      300,
      fc.property(replyOf(level), packet => {
        deepStrictEqual(parseReplies(encode(packet, { level, packetBytesMax: anyLength }), level), [packet])
      })
    )
  }
})

t.test('a PUBLISH of the server is understood by mqtt-packet, has the bytes that were counted, and no others are touched', async t => {
  for (const level of levels) {
    holds(
      t,
      300,
      fc.property(deliveryOf(level), fc.boolean(), fc.boolean(), (packet, negative, inTheMiddle) => {
        const alias = negative ? -packet.topicAlias : packet.topicAlias
        const length = publishBytes(packet, packet, level, alias)
        const target = Buffer.alloc(length + 20, 0xee)
        const from = inTheMiddle ? 13 : 0
        equal(writePublish(target, from, packet, packet, level, alias), from + length)
        const expected: Received = alias > 0 ? { ...packet, topic: '' } : packet
        deepStrictEqual(parseReplies(target.subarray(from, from + length), level), [expected])
        ok(target.subarray(0, from).every(byte => byte === 0xee) && target.subarray(from + length).every(byte => byte === 0xee))
        ok(isLonger(length - 1, packet, packet, level, alias) && !isLonger(length, packet, packet, level, alias))
      })
    )
  }
})

t.test('what is forwarded is forwarded byte by byte [MQTT-3.3.2-17] [MQTT-3.3.2-18]', async t => {
  const forwarded = "26 0001'b' 0000 03 0000 26 0001'a' 0001'2' 26 0001'b' 0001'1'"
  const packet = decodeWhole(Buffer.concat([bytes("30 1b 0001't' 17"), bytes(forwarded)]), 5)
  if (typeof packet === 'string' || packet.type !== 'PUBLISH') throw new Error(`read as ${packet}`)
  const options = { qos: 0, retain: false, dup: false, packetId: 0, subscriptionIds: [], expirySeconds: undefined } as const
  t.ok(written(packet, options, 5).subarray(6).equals(bytes(forwarded)))
  t.ok(written(packet, options, 4).equals(bytes("30 03 0001't'")), 'and not before MQTT 5.0')
})

/** What mqtt-packet reads of an answer, in short. */
function answered(packet: Reply, level: ProtocolLevel, packetBytesMax = anyLength): string {
  return encode(packet, { level, packetBytesMax }).toString('hex')
}

t.test('reason codes as versions before MQTT 5.0 know them', async t => {
  const connack = (reasonCode: ReasonCode, sessionPresent = false) => ({ type: 'CONNACK', sessionPresent, reasonCode }) as const
  const codes: [ReasonCode, string][] = [
    ...([
      [0, '00'],
      [0x84, '01'],
      [0x85, '02'],
      [0x87, '05'],
      [0x88, '03'],
      [0x89, '03'],
      [0x97, '03'],
      [0x80, '03'],
      [0x8c, '03']
    ] as const)
  ] as [ReasonCode, string][]
  for (const level of [3, 4] as const)
    for (const [code, told] of codes) t.equal(answered(connack(code), level), `200200${told}`, `0x${code.toString(16)}`)
  t.equal(answered(connack(0, true), 3), '20020000', 'MQTT 3.1 knows no session present')
  t.equal(answered(connack(0, true), 4), '20020100')
  t.equal(answered(connack(0, true), 5), '2003010000')
  t.equal(answered(connack(0x88, true), 4), '20020003', 'nor does a refusal [3.1.1 MQTT-3.2.2-4]')
  t.equal(answered(connack(0x88, true), 5), '2003008800', '[MQTT-3.2.2-6]')
  t.equal(answered({ type: 'SUBACK', packetId: 1, reasonCodes: [0, 1, 2, 0x80, 0x8f, 0x97] }, 4), '9008000100010280' + '8080')
  t.equal(answered({ type: 'UNSUBACK', packetId: 1, reasonCodes: [0, 0x11] }, 4), 'b0020001')
  t.equal(answered({ type: 'UNSUBACK', packetId: 1, reasonCodes: [0, 0x11] }, 5), 'b005000100' + '0011')
  for (const level of [3, 4] as const) {
    t.equal(answered({ type: 'PUBACK', packetId: 1, reasonCode: 0x97 }, level), '40020001')
    t.equal(answered({ type: 'PUBREL', packetId: 1, reasonCode: 0x92 }, level), '62020001')
    t.equal(answered({ type: 'DISCONNECT', reasonCode: 0x8e }, level), '', 'no server says DISCONNECT')
  }
  t.equal(answered({ type: 'PUBACK', packetId: 1, reasonCode: 0 }, 5), '40020001', 'the shortest form')
  t.equal(answered({ type: 'PUBACK', packetId: 1, reasonCode: 0x10 }, 5), '4003000110')
  t.equal(answered({ type: 'DISCONNECT', reasonCode: 0x8e }, 5), 'e0028e00')
})

t.test('a Reason String that makes a packet too long is left out, and what is too long anyway is not sent [MQTT-3.1.2-24]', async t => {
  const connack = {
    type: 'CONNACK',
    sessionPresent: false,
    reasonCode: 0x87,
    properties: { reasonString: 'why', assignedClientId: 'a' }
  } as const
  const whole = answered(connack, 5)
  const bytesMax = whole.length / 2
  t.equal(answered(connack, 5, bytesMax), whole)
  const shorter = answered(connack, 5, bytesMax - 1) // [MQTT-3.2.2-19]
  t.match(parseReplies(Buffer.from(shorter, 'hex'), 5), [
    { reasonCode: 0x87, properties: { assignedClientId: 'a', reasonString: undefined } }
  ])
  t.equal(shorter.length / 2, bytesMax - 6)
  t.equal(answered(connack, 5, bytesMax - 7), '')
  const disconnect = { type: 'DISCONNECT', reasonCode: 0x8e, reasonString: 'another' } as const
  t.equal(answered(disconnect, 5, 14).length / 2, 14)
  t.equal(answered(disconnect, 5, 13), 'e0028e00', '[MQTT-3.14.2-3]')
  t.equal(answered(disconnect, 5, 4), 'e0028e00')
  t.equal(answered(disconnect, 5, 3), '')
  const suback = { type: 'SUBACK', packetId: 1, reasonCodes: [0, 0x97], reasonString: 'full' } as const
  t.equal(answered(suback, 5, 14).length / 2, 14)
  t.equal(answered(suback, 5, 13), '90050001000097', '[MQTT-3.9.2-1]')
  const puback = { type: 'PUBACK', packetId: 1, reasonCode: 0x87, reasonString: 'why' } as const
  t.equal(answered(puback, 5, 12).length / 2, 12)
  t.equal(answered(puback, 5, 11), '4003000187', '[MQTT-3.4.2-2]')
  t.equal(answered(puback, 5, 4), '')
  for (const level of [3, 4] as const) t.equal(answered(puback, level), '40020001', 'nor is it told before MQTT 5.0')
  t.equal(answered({ type: 'SUBACK', packetId: 1, reasonCodes: [0, 0] }, 5, 6), '')
  t.equal(answered({ type: 'PUBACK', packetId: 1, reasonCode: 0 }, 5, 3), '')
})

t.test('the number cache stays off', async t => {
  encode({ type: 'PINGRESP' }, { level: 4, packetBytesMax: anyLength })
  t.equal(writeToStream.cacheNumbers, false)
})

t.test('the largest packet can be written, whatever part of it is topic', async t => {
  const room = limits.packetBytesMax - 8
  for (const level of levels) {
    for (const topicBytes of [2, 100, room]) {
      const packet: Received = {
        ...{ type: 'PUBLISH', topic: 'ä'.repeat(topicBytes / 2), payload: Buffer.alloc(room - topicBytes, 7), qos: 1, retain: false },
        ...{ dup: false, packetId: 1, properties: undefined, topicAlias: 0, expirySeconds: undefined, subscriptionIds: [] }
      }
      const encoded = written(packet, packet, level)
      t.equal(encoded.length, limits.packetBytesMax - (level < 5 ? 0 : -1), `${encoded.length} bytes`)
      t.strictSame(parseReplies(encoded, level), [packet])
    }
  }
})

t.test('what is decoded of bytes are views: nothing is copied before it is wanted', async t => {
  const raw = bytes("30 05 0001't' 0102")
  const packet = decodeWhole(raw)
  raw[5] = 9
  t.match(packet, { type: 'PUBLISH', payload: Buffer.of(9, 2) })
})

/** What was read, with properties as mqtt-packet names them. */
function comparable(packet: ClientPacket): unknown {
  if (packet.type === 'PUBLISH') return { ...packet, properties: propertiesOf(packet.properties) }
  if (packet.type === 'CONNECT' && packet.will)
    return { ...packet, will: { ...packet.will, properties: propertiesOf(packet.will.properties) } }
  return packet
}

/** Says how a packet that was taken contradicts itself: mqtt-packet reads something else, or writing it again gives another packet. */
function contradiction(raw: Buffer, level: ProtocolLevel): string | undefined {
  const packet = decodeWhole(raw, level)
  if (typeof packet === 'string') {
    const known = packet === 'unfinished' || (wireFaults as readonly string[]).includes(packet)
    return known ? undefined : `no fault: ${packet}`
  }
  if (packet.type === 'AUTH') return undefined // our own has nothing to be compared
  // mqtt-packet writes no CONNECT without a client id but for a clean session.
  if (packet.type === 'CONNECT' && (![3, 4, 5].includes(packet.protocolLevel) || packet.clientId === '')) return undefined
  if (packet.type === 'CONNECT' && packet.user === undefined && packet.password !== undefined) return undefined // which it does not write
  const spoken = packet.type === 'CONNECT' ? (packet.protocolLevel as ProtocolLevel) : level
  const ours = bytesOf(packet, spoken)
  const dup = level === 3 && packet.type !== 'PUBLISH' ? 0x08 : 0 // it knows DUP in PUBLISH only
  const plain = Buffer.concat([Buffer.of((raw[0] ?? 0) & ~dup), raw.subarray(1)])
  const [found, ...others] = parseAll(plain, spoken)
  if (!found && packet.type === 'CONNECT' && spoken === 3) return undefined // it does not know that a user name may be missing there
  if (!found || others.length > 0) return `mqtt-packet finds ${found ? 'several packets' : 'none'} in ${raw.toString('hex')}`
  const theirs = generate(found, { protocolVersion: spoken })
  const said = JSON.stringify(comparable(packet))
  for (const again of [ours, theirs]) {
    const decoded = decodeWhole(again, spoken)
    const saidAgain = typeof decoded === 'string' ? decoded : JSON.stringify(comparable(decoded))
    if (said !== saidAgain) return `${said} became ${saidAgain}`
  }
  const minimal = spoken < 5 && packet.type !== 'CONNECT' && ours.length === raw.length
  return minimal && !ours.equals(plain) ? `${raw.toString('hex')} became ${ours.toString('hex')}` : undefined
}

t.test('random bytes never throw and never pass as what they are not', async t => {
  const random = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 100 })).map(([first, body]) => Buffer.from([first, body.length, ...body]))
  holds(
    t,
    5_000,
    fc.property(random, level, (raw, level) => {
      equal(contradiction(raw, level), undefined)
    })
  )
})

const versions = level.chain(level => fc.tuple(fc.constant(level), clientPacketOf(level)))

t.test('a valid packet with a few bytes changed never throws and never passes as what it is not', async t => {
  const change = fc.record({ at: fc.nat(), to: fc.oneof(fc.nat(255), fc.nat(3)) })
  holds(
    t,
    5_000,
    fc.property(versions, fc.array(change, { minLength: 1, maxLength: 4 }), ([level, packet], changes) => {
      const raw = bytesOf(packet, level)
      for (const { at, to } of changes) raw[at % raw.length] = to
      equal(contradiction(raw, level), undefined)
    })
  )
})

t.test('a valid packet with bytes cut out or put in never throws and never passes as what it is not', async t => {
  holds(
    t,
    5_000,
    fc.property(versions, fc.nat(), fc.nat(6), fc.uint8Array({ maxLength: 6 }), ([level, packet], place, cut, put) => {
      const body = bytesOf(packet, level)
      const header = readHeader(body, 0)
      if (!header || typeof header === 'string' || header.bodyAt !== 2) return
      const rest = [...body.subarray(2)]
      rest.splice(place % (rest.length + 1), cut, ...put)
      if (rest.length < 128) equal(contradiction(Buffer.from([body[0] ?? 0, rest.length, ...rest]), level), undefined)
    })
  )
})

t.test('a packet is decoded the same after any other bytes', async t => {
  const good = bytes("30 06 0003'a/b''x'")
  const subscribe = bytes("82 06 0001 0001'#' 00")
  holds(
    t,
    1_000,
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), clientPacket, (raw, other) => {
      decodeWhole(Buffer.from([raw[0] ?? 0, raw.length - 2, ...raw.subarray(2)]))
      decodeWhole(bytesOf(other).subarray(0, -1))
      const packet = decodeWhole(good)
      ok(typeof packet !== 'string' && packet.type === 'PUBLISH' && packet.topic === 'a/b' && packet.payload.length === 1)
      const second = decodeWhole(subscribe)
      ok(typeof second !== 'string' && second.type === 'SUBSCRIBE' && second.subscriptions.length === 1)
    })
  )
})
