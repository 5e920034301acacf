/** Further failure modes: topic aliases, expiry in mid-exchange, reconnect loops, and listeners that pile up. */
import type { Socket } from 'node:net'
import t from 'tap'
import { enter, publishOf, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { pubcomp, pubrec, pubrel } from '../fixtures/mqtt/packets.ts'

const stays = { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 3_600 } as const

t.test('further: topic aliases do not outlive a connection, and those of two clients do not collide', async t => {
  const served = await serve(t)
  const witness = await enter(t, served, 'witness', { protocolLevel: 5 })
  await witness.ask(subscribeOf('#'))
  const [one, two] = [await enter(t, served, 'one', stays), await enter(t, served, 'two', { protocolLevel: 5 })]
  one.send(publishOf('topic/one', '', { topicAlias: 1 }))
  t.match(await witness.next(), { topic: 'topic/one', topicAlias: 0 })
  two.send(publishOf('topic/two', '', { topicAlias: 1 }), publishOf('', '', { topicAlias: 1 }))
  t.match([await witness.next(), await witness.next()], [{ topic: 'topic/two' }, { topic: 'topic/two' }])
  one.send(publishOf('', '', { topicAlias: 1 }))
  t.match(await witness.next(), { topic: 'topic/one' })
  one.peer.reset()
  await until(() => served.broker.connections === 2, 'it is gone')
  const again = await enter(t, served, 'one', stays)
  again.send(publishOf('', '', { topicAlias: 1 }))
  await again.closed()
  t.match(again.update().at(-1), { type: 'DISCONNECT', reasonCode: 0x82 })
  t.strictSame(await witness.rest(), [])
})

t.test('further: our topic aliases begin anew with a connection, and share no encoding with clients that have others', async t => {
  const served = await serve(t)
  const readers = [
    await enter(t, served, 'two', { ...stays, topicAliasMax: 2 }),
    await enter(t, served, 'one', { protocolLevel: 5, topicAliasMax: 1 }),
    await enter(t, served, 'none', { protocolLevel: 5 })
  ]
  for (const reader of readers) await reader.ask(subscribeOf('topic/#'))
  const publisher = await enter(t, served, 'publisher')
  const topics = ['topic/first', 'topic/second', 'topic/third', 'topic/second', 'topic/first']
  for (const topic of topics) publisher.send(publishOf(topic, topic))
  const aliases = [
    [1, 2, 0, 2, 1],
    [1, 0, 0, 0, 1],
    [0, 0, 0, 0, 0]
  ]
  for (const [place, reader] of readers.entries()) {
    const known = new Map<number, string>()
    for (const [index, topic] of topics.entries()) {
      const packet = await reader.next()
      if (packet.type !== 'PUBLISH') throw new Error(packet.type)
      const alias = packet.topicAlias
      if (packet.topic !== '') known.set(alias, packet.topic)
      t.equal(packet.topic || known.get(alias), topic)
      t.equal(alias, aliases[place]?.[index])
    }
  }
  readers[0]?.peer.reset()
  await until(() => served.broker.connections === 3, 'it is gone')
  const back = await enter(t, served, 'two', { ...stays, topicAliasMax: 2 })
  publisher.send(publishOf('topic/second', ''))
  t.match(await back.next(), { topic: 'topic/second', topicAlias: 1 })
})

t.test('further: expiry does not delete an exchange at QoS 2 under way, neither way', async t => {
  const served = await serve(t)
  const reader = await enter(t, served, 'reader', stays)
  await reader.ask(subscribeOf('t', 2))
  const publisher = await enter(t, served, 'publisher', { protocolLevel: 5 })
  await publisher.ask(publishOf('t', 'x', { qos: 2, packetId: 1, expirySeconds: 1 }))
  const packet = await reader.next()
  served.pass(60_000)
  t.match(await publisher.ask(pubrel(1)), { type: 'PUBCOMP', packetId: 1, reasonCode: 0 })
  t.match(await reader.ask(pubrec(1)), { type: 'PUBREL', packetId: 1, reasonCode: 0 })
  reader.peer.reset()
  await until(() => served.broker.connections === 1, 'it is gone')
  served.pass(60_000)
  const back = await enter(t, served, 'reader', stays)
  t.match(await back.next(), { type: 'PUBREL', packetId: 1 })
  back.send(pubcomp(1))
  t.match(packet, { type: 'PUBLISH', packetId: 1 })
  t.strictSame(await back.rest(), [])
})

t.test('further: a PUBLISH that is not allowed does not make clients of 3.1.1 reconnect in a loop', async t => {
  const served = await serve(t)
  const client = await enter(t, served, 'a')
  for (let round = 1; round <= 5; round++) {
    t.match(await client.ask(publishOf('$SYS/x', '', { qos: 1, packetId: round })), { type: 'PUBACK', packetId: round })
    t.match(await client.ask(publishOf('$SYS/x', '', { qos: 2, packetId: round })), { type: 'PUBREC', packetId: round })
  }
  t.strictSame(await client.rest(), [])
  t.equal(served.broker.counters.get('publish-refused'), 10)
})

t.test('further: no listeners pile up, however much is written to a client that reads slowly', async t => {
  const warnings: Error[] = []
  const warned = (warning: Error): void => void warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const served = await serve(t)
  const sockets: Socket[] = []
  served.tcp.on('connection', socket => sockets.push(socket))
  const slow = await speak(t, served, 'TCP', 'slow', 't')
  const counts = (): number[] => (sockets[0] as Socket).eventNames().map(name => (sockets[0] as Socket).listenerCount(name))
  const before = counts()
  for (let round = 0; round < 20; round++) {
    slow.peer.pause()
    for (let index = 0; index < 100; index++) {
      served.broker.publish({ topic: 't', payload: Buffer.alloc(20_000), qos: 0, retain: false })
      await new Promise(resolve => setImmediate(resolve))
    }
    slow.peer.resume()
    await slow.rest()
  }
  t.strictSame(counts(), before)
  t.strictSame(warnings, [])
})
