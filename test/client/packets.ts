/** What the client writes, read by mqtt-packet in both versions. */

import fc from 'fast-check'
import t from 'tap'
import { bytesOf } from '../../src/client/bytes.ts'
import type { ProtocolVersion } from '../../src/client/client.ts'
import { type ClientPacket, encode } from '../../src/client/packets.ts'
import {
  filter,
  id,
  messageProperties,
  oraclesOf,
  payload,
  publishes,
  qos,
  topic,
  understood,
  versions
} from '../fixtures/client/oracle.ts'
import { holds } from '../fixtures/io/property.ts'

function read(packet: ClientPacket, version: ProtocolVersion): Record<string, unknown> {
  const packets = understood(encode(packet, version), version)
  if (packets.length !== 1) throw new Error(`${packets.length} packets`)
  return packets[0] as Record<string, unknown>
}

const properties5 = (version: ProtocolVersion, properties: object): object =>
  version === 5 && Object.keys(properties).length > 0 ? { properties: oraclesOf(properties) } : {}

for (const version of versions) {
  t.test(`mqtt-packet understands every CONNECT of version ${version}`, async t => {
    const will = fc
      .record({ topic, payload, qos, retain: fc.boolean(), delaySeconds: fc.nat(1_000), properties: messageProperties })
      .map(({ delaySeconds, properties, ...rest }) => (version === 5 ? { ...rest, delaySeconds, properties } : rest))
    const options = fc.record({
      clientId: fc.string({ minLength: 1, maxLength: 23 }).filter(value => !value.includes('\0')),
      clean: fc.boolean(),
      keepAliveSeconds: fc.nat(0xffff),
      will: fc.option(will, { nil: undefined }),
      login: fc.option(fc.record({ username: topic, password: fc.option(payload, { nil: undefined }) }), { nil: undefined }),
      properties: fc.record({ sessionExpirySeconds: fc.nat(), topicAliasMaximum: fc.nat(0xffff) })
    })
    holds(
      t,
      200,
      fc.property(options, ({ login, properties, ...rest }) => {
        const packet = read({ type: 'connect', ...rest, ...login, properties: version === 5 ? properties : {} }, version)
        const { will: wanted } = rest
        t.match(packet, {
          ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clientId: rest.clientId, clean: rest.clean },
          ...{ keepalive: rest.keepAliveSeconds, ...properties5(version, properties) },
          ...(wanted && {
            will: {
              ...{ topic: wanted.topic, payload: Buffer.from(wanted.payload), qos: wanted.qos, retain: wanted.retain },
              ...('delaySeconds' in wanted && properties5(version, { ...wanted.properties, delaySeconds: wanted.delaySeconds }))
            }
          })
        })
        t.equal(packet['will'] === undefined, wanted === undefined)
        t.equal(packet['username'], login?.username)
        t.same(packet['password'] ?? undefined, login?.password && Buffer.from(login.password))
      })
    )
  })

  t.test(`mqtt-packet understands every PUBLISH of version ${version}`, async t => {
    holds(
      t,
      500,
      fc.property(publishes(version), packet => {
        const got = read(packet, version)
        t.match(got, { cmd: 'publish', topic: packet.topic, qos: packet.qos, retain: packet.retain, dup: packet.dup })
        t.match(got, { payload: Buffer.from(packet.payload), ...properties5(version, packet.properties ?? {}) })
        if (packet.qos > 0) t.equal(got['messageId'], packet.id)
      })
    )
  })

  t.test(`mqtt-packet understands the others of version ${version}`, async t => {
    const options = fc.record({
      ...{
        qos,
        noLocal: fc.boolean(),
        retainAsPublished: fc.boolean(),
        retainHandling: fc.constantFrom(0 as const, 1 as const, 2 as const)
      },
      subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 })
    })
    holds(
      t,
      300,
      fc.property(id, filter, options, fc.constantFrom(0, 0x80, 0x92), (packetId, name, wished, code) => {
        const { subscriptionIdentifier, ...more } = wished
        const wanted = version === 5 ? wished : { qos: wished.qos }
        t.match(read({ type: 'subscribe', id: packetId, filter: name, options: wanted }, version), {
          cmd: 'subscribe',
          messageId: packetId,
          subscriptions:
            version === 5
              ? [{ topic: name, qos: more.qos, nl: more.noLocal, rap: more.retainAsPublished, rh: more.retainHandling }]
              : [{ topic: name, qos: more.qos }],
          ...properties5(version, { subscriptionIdentifiers: [subscriptionIdentifier] })
        })
        t.match(read({ type: 'unsubscribe', id: packetId, filter: name }, version), {
          cmd: 'unsubscribe',
          messageId: packetId,
          unsubscriptions: [name]
        })
        for (const type of ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const) {
          const allowed = type === 'puback' || type === 'pubrec' ? code & 0x80 && 0x80 : code && 0x92
          t.match(read({ type, id: packetId, code: allowed }, version), {
            cmd: type,
            messageId: packetId,
            ...(version === 5 && { reasonCode: allowed })
          })
        }
      })
    )
    t.match(read({ type: 'pingreq' }, version), { cmd: 'pingreq' })
    t.match(read({ type: 'disconnect' }, version), { cmd: 'disconnect' })
    t.match(read({ type: 'disconnect', code: 0x81 }, version), version === 5 ? { reasonCode: 0x81 } : {})
  })
}

t.test('what MQTT cannot carry is not encoded', async t => {
  const message = { type: 'publish', payload: bytesOf(''), retain: false, dup: false } as const
  const connect = { type: 'connect', clientId: 'a', clean: true, keepAliveSeconds: 1, properties: {} } as const
  for (const version of versions) {
    for (const bad of ['', 'a/+', '#', 'a\0', 'x'.repeat(65_536)])
      t.throws(() => encode({ ...message, topic: bad, qos: 0 }, version), { name: 'RangeError' })
    t.throws(() => encode({ ...message, topic: 'a', qos: 1 }, version), { name: 'RangeError' }, 'QoS 1 without an id')
    t.throws(() => encode({ ...message, topic: 'a', qos: 3 as 2, id: 1 }, version), { name: 'RangeError' }, 'QoS 3')
    for (const bad of ['', 'a#', '#/a', 'a+/b', 'a\0', '$share/', '$share/a', '$share/+/a', '$share//a'])
      t.throws(() => encode({ type: 'unsubscribe', id: 1, filter: bad }, version), bad)
    t.throws(() => encode({ ...connect, keepAliveSeconds: 65_536 }, version))
    t.throws(() => encode({ type: 'subscribe', id: 1, filter: '$share/a/b', options: { noLocal: true } }, version), { name: 'RangeError' })
  }
  t.throws(() => encode({ ...connect, clientId: '', clean: false }, 4), { name: 'RangeError' }, 'a session without a name')
  t.throws(() => encode({ ...connect, password: 'secret' }, 4), { name: 'RangeError' }, 'a password alone')
  t.ok(encode({ ...connect, password: 'secret' }, 5), 'which 5.0 has')
  const only5 = { message: 'Only MQTT 5.0 has that' }
  t.throws(() => encode({ ...message, topic: 'a', qos: 0, properties: { contentType: 'a' } }, 4), only5)
  t.throws(() => encode({ type: 'subscribe', id: 1, filter: 'a', options: { retainHandling: 1 } }, 4), only5)
  t.throws(() => encode({ ...connect, will: { topic: 'a', payload: '', delaySeconds: 1 } }, 4), only5)
  const properties: readonly object[] = [
    ...[{ responseTopic: 'a/#' }, { payloadFormatIndicator: 2 }, { messageExpirySeconds: -1 }, { messageExpirySeconds: 2 ** 32 }],
    ...[{ contentType: 'a\0' }, { subscriptionIdentifiers: [0] }, { receiveMaximum: 1 }, { unknown: 1 }]
  ]
  for (const bad of properties)
    t.throws(() => encode({ ...message, topic: 'a', qos: 0, properties: bad }, 5), { name: 'RangeError' }, JSON.stringify(bad))
})
