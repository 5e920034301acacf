/** What the client reads: all that mqtt-packet writes in both versions, cut in every way, and nothing that a broker must not send. */

import fc from 'fast-check'
import t from 'tap'
import type { ProtocolVersion } from '../../src/client/client.ts'
import { Decoder, type ServerPacket } from '../../src/client/decoder.ts'
import type { Properties } from '../../src/client/properties.ts'
import { reasonCodeOf } from '../../src/client/reasons.ts'
import { connackProperties, id, oraclesOf, publishes, reasonProperties, versions, written } from '../fixtures/client/oracle.ts'
import { holds } from '../fixtures/io/property.ts'

interface Sent {
  readonly packet: ServerPacket
  readonly bytes: Uint8Array
}

/** What a broker may send in a version, and the bytes that mqtt-packet makes of it. */
function fromServer(version: ProtocolVersion): fc.Arbitrary<Sent> {
  const is5 = version === 5
  const sent = (packet: ServerPacket, oracles: object, properties: Properties = {}): Sent => ({
    packet: is5 ? ({ ...packet, properties } as ServerPacket) : packet,
    bytes: written({ ...oracles, ...(is5 && { properties: oraclesOf(properties) }) }, version)
  })
  const connack = fc
    .record({ sessionPresent: fc.boolean(), code: fc.nat(5), properties: connackProperties })
    .map(({ sessionPresent, code, properties }) => {
      const isPresent = sessionPresent && code === 0
      return sent(
        { type: 'connack', sessionPresent: isPresent, code: reasonCodeOf(code) },
        { cmd: 'connack', sessionPresent: isPresent, returnCode: code, reasonCode: reasonCodeOf(code) },
        properties
      )
    })
  const publish = publishes(version).map(({ properties, ...packet }) =>
    sent(packet, { cmd: 'publish', ...packet, payload: Buffer.from(packet.payload), messageId: packet.id }, properties)
  )
  const acknowledgement = fc
    .record({
      type: fc.constantFrom('puback' as const, 'pubrec' as const, 'pubrel' as const, 'pubcomp' as const),
      id,
      refused: fc.boolean()
    })
    .chain(chosen => reasonProperties.map(properties => ({ ...chosen, properties })))
    .map(({ type, id: packetId, refused, properties }) => {
      const code = is5 && refused ? (type === 'puback' || type === 'pubrec' ? 0x97 : 0x92) : 0
      return sent({ type, id: packetId, code }, { cmd: type, messageId: packetId, reasonCode: code }, properties)
    })
  const suback = fc
    .tuple(id, fc.constantFrom(0, 1, 2, 128), reasonProperties)
    .map(([packetId, code, properties]) =>
      sent({ type: 'suback', id: packetId, code }, { cmd: 'suback', messageId: packetId, granted: [code] }, properties)
    )
  const unsuback = fc
    .tuple(id, fc.constantFrom(0, 0x11, 0x87), reasonProperties)
    .map(([packetId, code, properties]) =>
      sent({ type: 'unsuback', id: packetId, code: is5 ? code : 0 }, { cmd: 'unsuback', messageId: packetId, granted: [code] }, properties)
    )
  const disconnect = reasonProperties.map(properties =>
    sent({ type: 'disconnect', code: 0x8b }, { cmd: 'disconnect', reasonCode: 0x8b }, properties)
  )
  const pingresp = fc.constant({ packet: { type: 'pingresp' } as ServerPacket, bytes: written({ cmd: 'pingresp' }, version) })
  return fc.oneof(connack, publish, acknowledgement, suback, unsuback, pingresp, ...(is5 ? [disconnect] : []))
}

/** The same bytes as chunks of the given sizes, round and round. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunks[chunks.length - 1]?.length ?? 1) {
    chunks.push(bytes.slice(at, at + (sizes[chunks.length % sizes.length] ?? 1)))
  }
  return chunks
}

/** Without properties that are there but empty: an acknowledgement without any may leave them out. */
function plain(packet: ServerPacket): object {
  return 'properties' in packet && Object.keys(packet.properties ?? {}).length === 0
    ? { ...packet, properties: undefined }
    : { properties: undefined, ...packet }
}

for (const version of versions) {
  t.test(`packets of version ${version} come out whole however their bytes are cut`, async t => {
    const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 })
    holds(
      t,
      300,
      fc.property(fc.array(fromServer(version), { maxLength: 12 }), sizes, (sent, cuts) => {
        const decoder = new Decoder(version, 5_000)
        const all = new Uint8Array(Buffer.concat(sent.map(({ bytes }) => bytes)))
        const decoded = cut(all, cuts).map(chunk => {
          const result = decoder.push(chunk)
          chunk.fill(0xff) // nothing that was given out may point into a chunk
          return result
        })
        t.notOk(decoded.some(({ fault }) => fault))
        t.strictSame(
          decoded.flatMap(({ packets }) => packets).map(plain),
          sent.map(({ packet }) => plain(packet))
        )
      })
    )
  })

  t.test(`any bytes whatever are decoded or refused in version ${version}, and never thrown at`, async t => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      // Packets with a byte that is another, and with a length that fits.
      fc.tuple(fromServer(version), fc.nat(), fc.nat(255)).map(([{ bytes }, at, byte]) => bytes.with(at % bytes.length, byte)),
      fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 60 })).map(([first, body]) => Uint8Array.of(first, body.length, ...body))
    )
    holds(
      t,
      4_000,
      fc.property(fc.array(chunk, { maxLength: 8 }), chunks => {
        const decoder = new Decoder(version, 5_000)
        let fault: number | undefined
        for (const bytes of chunks) {
          const decoded = decoder.push(bytes)
          if (fault !== undefined && (decoded.fault !== fault || decoded.packets.length > 0)) throw new Error('it went on after a fault')
          fault = decoded.fault
        }
      })
    )
  })

  t.test(`a packet of version ${version} that ends too soon is none`, async t => {
    holds(
      t,
      500,
      fc.property(fromServer(version), fc.nat(), ({ bytes }, at) => {
        const decoder = new Decoder(version, 5_000)
        const part = bytes.subarray(0, at % bytes.length)
        t.strictSame(decoder.push(part), { packets: [] })
      })
    )
  })
}

t.test('the size is judged by the header alone', async t => {
  t.match(new Decoder(4, 100).push(Uint8Array.of(0x30, 0x63)), { packets: [], fault: 0x95 })
  t.notOk(new Decoder(4, 101).push(Uint8Array.of(0x30, 0x63)).fault)
  t.equal(new Decoder(4, 100).push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f)).fault, 0x95)
})

const refused: Readonly<Record<string, readonly number[]>> = {
  'five digits of length': [0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
  'a type that only clients send': [0x10, 0x00],
  'reserved type 0': [0x00, 0x00],
  AUTH: [0xf0, 0x00],
  'flags on a PINGRESP': [0xd1, 0x00],
  'a PUBREL without its flags': [0x60, 0x02, 0x00, 0x01],
  'a PINGRESP with a body': [0xd0, 0x01, 0x00],
  'a short CONNACK': [0x20, 0x01, 0x00],
  'reserved CONNACK flags': [0x20, 0x02, 0x02, 0x00],
  'a refusal with a session': [0x20, 0x02, 0x01, 0x05],
  'packet id 0': [0x40, 0x02, 0x00, 0x00],
  'a SUBACK without codes': [0x90, 0x02, 0x00, 0x01],
  'a SUBACK with an unknown code': [0x90, 0x03, 0x00, 0x01, 0x03],
  'QoS 3': [0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01],
  'a duplicate at QoS 0': [0x38, 0x03, 0x00, 0x01, 0x61],
  'a PUBLISH with id 0': [0x32, 0x05, 0x00, 0x01, 0x61, 0x00, 0x00],
  'an empty topic': [0x30, 0x02, 0x00, 0x00],
  'a wildcard in a topic': [0x30, 0x03, 0x00, 0x01, 0x23],
  'a NUL in a topic': [0x30, 0x03, 0x00, 0x01, 0x00],
  'ill-formed UTF-8 in a topic': [0x30, 0x03, 0x00, 0x01, 0xff],
  'a topic longer than the packet': [0x30, 0x03, 0x00, 0x02, 0x61],
  'a PUBLISH without a topic': [0x30, 0x01, 0x00]
}
const refused4: Readonly<Record<string, readonly number[]>> = {
  'a DISCONNECT': [0xe0, 0x00],
  'a SUBACK with two codes': [0x90, 0x04, 0x00, 0x01, 0x00, 0x00],
  'a PUBACK with a code': [0x40, 0x03, 0x00, 0x01, 0x00],
  'a code of 5.0 in a SUBACK': [0x90, 0x03, 0x00, 0x01, 0x87]
}
/** A PUBLISH of `a` with these properties. */
const withProperties = (...properties: number[]): number[] => [0x30, 4 + properties.length, 0, 1, 0x61, properties.length, ...properties]
const refused5: Readonly<Record<string, readonly number[]>> = {
  'a CONNACK without properties': [0x20, 0x02, 0x00, 0x00],
  'a property that there is not': withProperties(0x7f, 0),
  "another packet's property": withProperties(0x24, 0),
  'a property twice': withProperties(1, 0, 1, 0),
  'a flag of 2': withProperties(1, 2),
  'a property cut off': withProperties(2, 0, 0),
  'properties beyond the packet': [0x30, 0x05, 0x00, 0x01, 0x61, 0x02, 0x01],
  'a wildcard in a response topic': withProperties(8, 0, 1, 0x23),
  'subscription id 0': withProperties(11, 0),
  'alias 0': withProperties(0x23, 0, 0),
  'receive maximum 0': [0x20, 0x06, 0x00, 0x00, 0x03, 0x21, 0x00, 0x00]
}

t.test('what a broker must not send is refused', async t => {
  const lists = [
    [4, { ...refused, ...refused4 }],
    [5, { ...refused, ...refused5 }]
  ] as const
  for (const [version, list] of lists)
    for (const [name, bytes] of Object.entries(list))
      t.equal(new Decoder(version, 1_000).push(Uint8Array.from(bytes)).fault, 0x81, `${version}: ${name}`)
})

t.test('a topic alias stands for the topic that it came with', async t => {
  const decoder = new Decoder(5, 1_000)
  const publish = (topic: string, alias: number): number[] => {
    const name = [...Buffer.from(topic)]
    return [0x30, 6 + name.length, 0, name.length, ...name, 3, 0x23, 0, alias]
  }
  const topics = (bytes: readonly number[]) => {
    const { packets, fault } = decoder.push(Uint8Array.from(bytes))
    return [...packets.map(packet => packet.type === 'publish' && packet.topic), ...(fault === undefined ? [] : [fault])]
  }
  t.same(topics([...publish('a', 1), ...publish('b', 16), ...publish('', 1), ...publish('', 16)]), ['a', 'b', 'a', 'b'])
  t.same(topics([...publish('c', 1), ...publish('', 1)]), ['c', 'c'], 'and may be given anew')
  t.same(topics(publish('', 2)), [0x94], 'one that was never given')
  t.same(new Decoder(5, 1_000).push(Uint8Array.from(publish('a', 17))).fault, 0x94, 'one above those that were offered')
})

t.test('what may come more than once keeps its order', async t => {
  const bytes = withProperties(11, 2, 38, 0, 1, 0x61, 0, 1, 0x31, 11, 1, 38, 0, 1, 0x61, 0, 1, 0x30)
  t.match(new Decoder(5, 1_000).push(Uint8Array.from(bytes)).packets, [
    {
      properties: {
        subscriptionIdentifiers: [2, 1],
        userProperties: [
          ['a', '1'],
          ['a', '0']
        ]
      }
    }
  ])
})
