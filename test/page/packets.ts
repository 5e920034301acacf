/** The page's codec against mqtt-packet, and against every way of cutting its input. */

import fc from 'fast-check'
import * as oracle from 'mqtt-packet'
import t from 'tap'
import {
  bytesOf,
  type ClientPacket,
  Decoder,
  encode,
  isTopicFilter,
  isTopicName,
  type PublishPacket,
  type Qos,
  type ServerPacket
} from '../../src/page/packets.ts'

const id = fc.integer({ min: 1, max: 0xffff })
const qos = fc.constantFrom<Qos[]>(0, 1, 2)
const topic = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter(isTopicName)
const payload = fc.uint8Array({ maxLength: 300 })
const filter = fc.array(fc.constantFrom('a', 'bc', '+', '', 'ü'), { minLength: 1, maxLength: 5 }).map(levels => levels.join('/'))
const filters = filter.filter(isTopicFilter)
const publish = fc
  .record({ topic, payload, qos, retain: fc.boolean(), dup: fc.boolean(), id })
  .map(
    ({ id: packetId, dup, ...rest }): PublishPacket =>
      rest.qos === 0 ? { type: 'publish', ...rest, dup: false } : { type: 'publish', ...rest, dup, id: packetId }
  )

/** What mqtt-packet reads from these bytes. */
function understood(bytes: Uint8Array): oracle.Packet[] {
  const packets: oracle.Packet[] = []
  const parser = oracle.parser({ protocolVersion: 4 })
  parser.on('packet', packet => packets.push(packet))
  parser.on('error', error => {
    throw error
  })
  parser.parse(Buffer.from(bytes))
  return packets
}

function one(packet: ClientPacket): oracle.Packet & Record<string, unknown> {
  const packets = understood(encode(packet))
  t.equal(packets.length, 1)
  return packets[0] as oracle.Packet & Record<string, unknown>
}

t.test('mqtt-packet understands every CONNECT', async t => {
  const will = fc.record({ topic, payload, qos, retain: fc.boolean() })
  const options = fc.record({
    clientId: fc.string({ minLength: 1, maxLength: 23 }).filter(value => !value.includes('\0')),
    cleanSession: fc.boolean(),
    keepAliveSeconds: fc.nat(0xffff),
    will: fc.option(will, { nil: undefined }),
    login: fc.option(fc.record({ username: topic, password: fc.option(payload, { nil: undefined }) }), { nil: undefined })
  })
  fc.assert(
    fc.property(options, ({ login, ...rest }) => {
      const read = one({ type: 'connect', ...rest, ...login })
      t.match(read, { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: rest.clientId, clean: rest.cleanSession })
      t.equal(read['keepalive'], rest.keepAliveSeconds)
      t.equal(read['username'], login?.username)
      t.same(read['password'] ?? undefined, login?.password && Buffer.from(login.password))
      const readWill = read['will'] as { topic: string; payload: Buffer; qos: number; retain: boolean } | undefined
      t.equal(readWill?.topic, rest.will?.topic)
      t.equal(readWill?.qos, rest.will?.qos)
      t.equal(readWill?.retain, rest.will?.retain)
      t.same(readWill?.payload, rest.will && Buffer.from(rest.will.payload))
    })
  )
})

t.test('mqtt-packet understands every PUBLISH', async t => {
  fc.assert(
    fc.property(publish, packet => {
      const read = one(packet)
      t.match(read, { cmd: 'publish', topic: packet.topic, qos: packet.qos, retain: packet.retain, dup: packet.dup })
      t.same(read['payload'], Buffer.from(packet.payload))
      if (packet.qos > 0) t.equal(read.messageId, packet.id)
    })
  )
})

t.test('mqtt-packet understands the others', async t => {
  fc.assert(
    fc.property(id, fc.array(fc.record({ filter: filters, qos }), { minLength: 1, maxLength: 5 }), (packetId, wanted) => {
      t.match(one({ type: 'subscribe', id: packetId, filters: wanted }), {
        cmd: 'subscribe',
        messageId: packetId,
        subscriptions: wanted.map(({ filter: wantedTopic, qos: wantedQos }) => ({ topic: wantedTopic, qos: wantedQos }))
      })
      const names = wanted.map(({ filter: name }) => name)
      t.match(one({ type: 'unsubscribe', id: packetId, filters: names }), {
        cmd: 'unsubscribe',
        messageId: packetId,
        unsubscriptions: names
      })
      t.match(one({ type: 'puback', id: packetId }), { cmd: 'puback', messageId: packetId })
    })
  )
  t.match(one({ type: 'pingreq' }), { cmd: 'pingreq' })
  t.match(one({ type: 'disconnect' }), { cmd: 'disconnect' })
})

/** What a broker may send, and the bytes that mqtt-packet makes of it. */
const fromServer = fc.oneof(
  fc.record({ sessionPresent: fc.boolean(), code: fc.nat(5) }).map(({ sessionPresent, code }) => ({
    packet: { type: 'connack', sessionPresent, code } as ServerPacket,
    bytes: oracle.generate({ cmd: 'connack', sessionPresent, returnCode: code })
  })),
  publish.map(packet => ({
    packet: packet as ServerPacket,
    bytes: oracle.generate({
      cmd: 'publish',
      topic: packet.topic,
      payload: Buffer.from(packet.payload),
      qos: packet.qos,
      retain: packet.retain,
      dup: packet.dup,
      messageId: packet.id
    } as oracle.Packet)
  })),
  fc.tuple(fc.constantFrom('puback' as const, 'unsuback' as const), id).map(([type, packetId]) => ({
    packet: { type, id: packetId } as ServerPacket,
    bytes: oracle.generate({ cmd: type, messageId: packetId } as oracle.Packet)
  })),
  fc.tuple(id, fc.array(fc.constantFrom(0, 1, 2, 128), { minLength: 1, maxLength: 4 })).map(([packetId, codes]) => ({
    packet: { type: 'suback', id: packetId, codes } as ServerPacket,
    bytes: oracle.generate({ cmd: 'suback', messageId: packetId, granted: codes } as oracle.Packet)
  })),
  fc.constant({ packet: { type: 'pingresp' } as ServerPacket, bytes: oracle.generate({ cmd: 'pingresp' }) })
)

/** The same bytes as chunks of the given sizes, round and round. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunks[chunks.length - 1]?.length ?? 1) {
    chunks.push(bytes.slice(at, at + (sizes[chunks.length % sizes.length] ?? 1)))
  }
  return chunks
}

t.test('packets come out whole however their bytes are cut', async t => {
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fromServer, { maxLength: 12 }), sizes, (sent, cuts) => {
      const decoder = new Decoder(1_000)
      const all = new Uint8Array(Buffer.concat(sent.map(({ bytes }) => bytes)))
      const decoded = cut(all, cuts).map(chunk => {
        const result = decoder.push(chunk)
        chunk.fill(0xff) // nothing that was given out may point into a chunk
        return result
      })
      t.notOk(decoded.some(({ fault }) => fault))
      t.strictSame(
        decoded.flatMap(({ packets }) => packets).map(packet => ({ id: undefined, ...packet })),
        sent.map(({ packet }) => ({ id: undefined, ...packet }))
      )
    })
  )
})

t.test('any bytes whatever are decoded or refused, and never thrown at', async t => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), chunks => {
      const decoder = new Decoder(50)
      let fault: string | undefined
      for (const chunk of chunks) {
        const decoded = decoder.push(chunk)
        if (fault) t.match(decoded, { packets: [], fault })
        fault = decoded.fault
      }
    }),
    { numRuns: 2_000 }
  )
})

t.test('the size is judged by the header alone', async t => {
  t.match(new Decoder(100).push(Uint8Array.of(0x30, 0x63)), { packets: [], fault: 'packet too large' })
  t.notOk(new Decoder(101).push(Uint8Array.of(0x30, 0x63)).fault)
  t.equal(new Decoder(100).push(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f)).fault, 'packet too large')
})

t.test('what a broker must not send is refused', async t => {
  const refused: Record<string, number[]> = {
    'five digits of length': [0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
    'a type that only clients send': [0x10, 0x00],
    'reserved type 0': [0x00, 0x00],
    'reserved type 15': [0xf0, 0x00],
    'flags on a PINGRESP': [0xd1, 0x00],
    'a PINGRESP with a body': [0xd0, 0x01, 0x00],
    'a short CONNACK': [0x20, 0x01, 0x00],
    'reserved CONNACK flags': [0x20, 0x02, 0x02, 0x00],
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
  for (const [name, bytes] of Object.entries(refused))
    t.equal(new Decoder(1_000).push(Uint8Array.from(bytes)).fault, 'malformed packet', name)
})

t.test('what MQTT cannot carry is not encoded', async t => {
  const message = { type: 'publish', payload: bytesOf(''), retain: false, dup: false } as const
  for (const bad of ['', 'a/+', '#', 'a\0', 'x'.repeat(65_536)])
    t.throws(() => encode({ ...message, topic: bad, qos: 0 }), { name: 'RangeError' })
  t.throws(() => encode({ ...message, topic: 'a', qos: 1 }), { name: 'RangeError' }, 'QoS 1 without an id')
  for (const bad of ['', 'a#', '#/a', 'a+/b', 'a\0']) t.throws(() => encode({ type: 'unsubscribe', id: 1, filters: [bad] }), bad)
  for (const good of ['#', '+', 'a/#', '+/+', '/', 'a//b', '$SYS/#']) t.ok(isTopicFilter(good), good)
  t.throws(() => encode({ type: 'connect', clientId: 'a', cleanSession: true, keepAliveSeconds: 65_536 }))
  t.throws(() => encode({ type: 'connect', clientId: 'a', cleanSession: true, keepAliveSeconds: 1, password: 'secret' }))
})
