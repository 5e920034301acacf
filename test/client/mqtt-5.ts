/** What only MQTT 5.0 has: what the broker says of itself is obeyed, what it says of failures is told. */

import t from 'tap'
import { type ClientOptions, connect } from '../../src/client/mqtt.ts'
import { inHand } from '../fixtures/client/hand.ts'
import { understood } from '../fixtures/client/oracle.ts'

const inHand5 = (t: Parameters<typeof inHand>[0], options: ClientOptions = {}) => inHand(t, { protocolVersion: 5, ...options })
const read = (bytes: readonly number[] | undefined) => understood(Uint8Array.from(bytes ?? []), 5)[0]
const text = (id: number, value: string): number[] => [id, 0, value.length, ...Buffer.from(value)]

t.test('CONNECT tells what the client takes, and goes on with its session when it comes again', async t => {
  const { newest, again } = inHand5(t, { clientId: 'a', sessionExpirySeconds: 60, userProperties: [['b', 'c']], packetBytesMax: 1_000 })
  newest().welcome5()
  t.match(read(newest().sent[0]), {
    ...{ protocolVersion: 5, clean: true },
    properties: { sessionExpiryInterval: 60, maximumPacketSize: 1_000, topicAliasMaximum: 16, userProperties: { b: 'c' } }
  })
  again().welcome5(true)
  t.match(read(newest().sent[0]), { clean: false, clientId: 'a' })

  const clean = inHand5(t)
  clean.newest().welcome5()
  clean.again().welcome5()
  t.match(read(clean.newest().sent[0]), { clean: true, properties: { sessionExpiryInterval: 0 } })

  const kept = inHand5(t, { cleanSession: false, clientId: 'b' })
  kept.newest().welcome5()
  t.match(read(kept.newest().sent[0]), { clean: false, properties: { sessionExpiryInterval: 0xffffffff } })
})

t.test('a client id and a keep alive of the broker are taken', async t => {
  const { client, newest, again, timers } = inHand5(t, { clientId: '', sessionExpirySeconds: 9 })
  newest().welcome5(false, ...text(18, 'given'), 19, 0, 10)
  t.equal(client.clientId, 'given')
  t.match(client.state, { phase: 'connected', properties: { assignedClientId: 'given', serverKeepAliveSeconds: 10 } })
  timers.pass(5_000)
  t.same(newest().sent[1], [0xc0, 0], 'pings by the keep alive of the broker')
  again().welcome5(true)
  t.match(read(newest().sent[0]), { clientId: 'given' })
})

t.test('what the broker adds to a refusal is told', async t => {
  const { client, newest } = inHand5(t)
  newest().welcome5()
  const refused = client.publish('a', '', { qos: 1 })
  newest().receive(0x40, 10, 0, 1, 0x87, 6, 0x1f, 0, 3, ...Buffer.from('why'))
  await t.rejects(refused, { message: /^Refused: .+ \(why\)$/, reasonCode: 0x87, reasonString: 'why' })
})

t.test('no more is sent than the broker takes', async t => {
  const { client, newest } = inHand5(t)
  newest().welcome5(false, 33, 0, 2)
  const ends = [1, 2, 1].map(qos => client.publish('a', '', { qos: qos as 1 | 2 }))
  t.equal(newest().sent.length, 3, 'two of three')
  newest().receive(0x50, 2, 0, 2)
  t.equal(newest().sent.length, 4, 'a PUBREL makes no room')
  newest().receive(0x40, 2, 0, 1)
  t.equal(newest().sent.length, 5)
  newest().receive(0x70, 2, 0, 2, 0x40, 2, 0, 3)
  await Promise.all(ends)
})

t.test('what the broker has not is not sent', async t => {
  const { client, newest } = inHand5(t)
  const early = client.publish('a', 'asked for before anything was known', { qos: 2 })
  early.catch(() => {})
  newest().welcome5(false, 36, 1, 37, 0, 39, 0, 0, 0, 20, 40, 0, 41, 0, 42, 0)
  await t.rejects(early, { name: 'MqttError', reasonCode: 0x95 })
  await t.rejects(client.publish('a', '', { qos: 2 }), { name: 'MqttError', message: 'Refused: QoS not supported', reasonCode: 0x9b })
  await t.rejects(client.publish('a', '', { retain: true }), { name: 'MqttError', reasonCode: 0x9a })
  await t.rejects(client.publish('a', 'x'.repeat(20)), { name: 'MqttError', reasonCode: 0x95 })
  await t.rejects(client.subscribe('#'), { name: 'MqttError', reasonCode: 0xa2 })
  await t.rejects(client.subscribe('$share/a/b'), { name: 'MqttError', reasonCode: 0x9e })
  await t.rejects(client.subscribe('a', { subscriptionIdentifier: 1 }), { name: 'MqttError', reasonCode: 0xa1 })
  await t.rejects(client.subscribe('a'.repeat(20)), { name: 'MqttError', reasonCode: 0x95 })
  t.equal(newest().sent.length, 1, 'nothing but the CONNECT')
})

t.test('refusals come with their codes and with what the broker has to say', async t => {
  const { client, newest } = inHand5(t)
  newest().welcome5()
  const ends = [client.publish('a', '', { qos: 1 }), client.publish('a', '', { qos: 2 }), client.subscribe('a'), client.unsubscribe('b')]
  newest().receive(0x40, 11, 0, 1, 0x97, 7, ...text(31, 'full'), 0x50, 3, 0, 2, 0x90, 0x90, 4, 0, 3, 0, 0x87, 0xb0, 4, 0, 4, 0, 0x83)
  const settled = await Promise.allSettled(ends)
  t.match(
    settled.map(result => result.status === 'rejected' && result.reason),
    [
      { message: 'Refused: quota exceeded (full)', reasonCode: 0x97 },
      { message: 'Refused: topic name invalid', reasonCode: 0x90 },
      { message: 'Refused: not authorised', reasonCode: 0x87 },
      { message: 'Refused: implementation specific error', reasonCode: 0x83 }
    ]
  )
})

t.test('why the broker ended the link is told, and a client that was replaced stays away', async t => {
  const { client, newest, sockets } = inHand5(t)
  newest().open()
  newest().receive(0x20, 3, 0, 0x8a, 0)
  t.match(client.state, { phase: 'waiting', reason: 'Refused: banned', reasonCode: 0x8a })
  client.wake()
  newest().welcome5()
  newest().receive(0xe0, 1, 0x8b)
  t.match(client.state, { phase: 'waiting', reason: 'The broker ended the link: server shutting down', reasonCode: 0x8b })
  client.wake()
  newest().welcome5()
  const left = client.publish('a', '', { qos: 1 })
  const loop = client.messages('a').next()
  newest().receive(0xe0, 2, 0x8e, 0)
  t.match(client.state, { phase: 'closed', reason: 'The broker ended the link: session taken over', reasonCode: 0x8e })
  await t.rejects(left, { name: 'MqttError', reasonCode: 0x8e })
  await t.rejects(loop, { name: 'MqttError', reasonCode: 0x8e })
  client.wake()
  t.equal(sockets.length, 3)
})

t.test('a broker that breaks the protocol is told, and left', async t => {
  const breaches: Readonly<Record<string, readonly [bytes: readonly number[], code: number]>> = {
    'malformed bytes': [[0xff, 0], 0x81],
    'a second CONNACK': [[0x20, 3, 0, 0, 0], 0x82],
    'an alias that was never given': [[0x30, 6, 0, 0, 3, 0x23, 0, 1], 0x94],
    'a huge packet': [[0x30, 0xff, 0xff, 0xff, 0x7f], 0x95]
  }
  for (const [name, [bytes, code]] of Object.entries(breaches)) {
    const { client, newest } = inHand5(t)
    newest().welcome5()
    newest().receive(...bytes)
    t.match(client.state, { phase: 'waiting', reasonCode: code }, name)
    t.same(newest().sent.at(-1), [0xe0, 1, code])
  }
  const { client, newest } = inHand5(t)
  newest().welcome5(true)
  t.match(client.state, { phase: 'waiting', reasonCode: 0x82 }, 'a session that was not asked for')
})

t.test('a message comes with its properties, without the alias', async t => {
  const { newest, messages } = inHand5(t)
  newest().welcome5()
  newest().receive(0x30, 13, 0, 1, 0x61, 8, 35, 0, 1, 2, 0, 0, 0, 7, 0x21)
  t.match(messages, [{ topic: 'a', text: '!', properties: { messageExpirySeconds: 7 } }])
  t.notOk('topicAlias' in (messages[0]?.properties ?? {}))
})

t.test('a broker that knows 3.1.1 alone, and says so in its own way, is understood', async t => {
  const { client, newest } = inHand5(t)
  newest().open()
  newest().receive(0x20, 2, 0, 1)
  t.match(client.state, { phase: 'waiting', reason: 'Refused: protocol version not supported', reasonCode: 0x84 })
})

t.test('options that only 5.0 has are refused without it', async t => {
  const only5: readonly ClientOptions[] = [
    ...[{ sessionExpirySeconds: 1 }, { userProperties: [['a', 'b']] as const }, { will: { topic: 'a', payload: '', delaySeconds: 1 } }]
  ]
  for (const options of only5) t.throws(() => connect('ws://a', options), { message: 'Only MQTT 5.0 has that' })
  t.throws(() => connect('ws://a', { protocolVersion: 3 as 4 }), { name: 'RangeError' })
})
