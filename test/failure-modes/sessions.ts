/** Failure modes 4, 9 to 11 and 17 to 19: sessions that stay or are taken over, wills, and what comes around CONNECT. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { connectOf, connectTcp, enter, type Over, open, publishOf, Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { House, serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { disconnect, kept, pubrel, will } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

t.test('4: sessions of clients that never come back are bounded in number, and end', async t => {
  const served = await serve(t)
  for (let index = 0; index < limits.sessionsMax + 50; index++) {
    const client = await enter(t, served, `random-${index}`, kept)
    await client.ask(subscribeOf('t', 1))
    client.send(disconnect())
    await client.closed()
  }
  t.equal(served.broker.sessions, limits.sessionsMax)
  t.equal(served.broker.counters.get('sessions-displaced'), 50, 'those that were away longest went')
  t.match((await enter(t, served, 'random-49', kept)).packets, [{ sessionPresent: false }])
  t.match((await enter(t, served, 'random-52', kept)).packets, [{ sessionPresent: true }])
  served.broker.stop()
  served.pass(limits.sessionAwayMs)
  t.equal(served.broker.sessions, limits.sessionsMax)
  served.pass(1)
  t.equal(served.broker.sessions, 0, 'a week later')
  await until(() => served.store.size === 0, 'nothing of them is left on the disk')
})

for (const over of overs) {
  t.test(`9: a take-over storm: the clean-up of older connections removes nothing of the newer one's (${over})`, async t => {
    const served = await serve(t)
    const rivals = await Promise.all(Array.from({ length: 60 }, () => open(t, served, over)))
    for (const [index, peer] of rivals.entries()) {
      if (index % 3 === 0) peer.pause() // its end is slow
      peer.send(Buffer.concat([bytesOf(connectOf('one', index === 0 ? {} : kept)), bytesOf(subscribeOf('t', 1, 7))]))
      if (index % 5 === 0) peer.reset()
    }
    for (const peer of rivals) peer.resume()
    await until(() => served.broker.connections <= 1, 'at most one is left')
    const last = await enter(t, served, 'one', kept, over)
    await last.ask(subscribeOf('t', 1))
    await until(() => rivals.every(({ isClosed }) => isClosed), 'all others are closed')
    t.equal(served.broker.connections, 1)
    t.equal(served.broker.clients, 1)
    t.equal(served.broker.sessions, 1)
    served.broker.publish({ topic: 't', payload: Buffer.from('x'), qos: 1, retain: false })
    t.match((await last.rest()).at(-1), { type: 'PUBLISH', topic: 't' }, 'and its subscription works')
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  for (const level of [4, 5] as const) {
    t.test(`10: a will at take-over is published once, and it is the old one's (MQTT level ${level}, ${over})`, async t => {
      const served = await serve(t)
      const witness = await speak(t, served, 'TCP', 'witness', 'will')
      const first = await enter(t, served, 'one', { protocolLevel: level, will: will('will=first') }, over)
      const second = await enter(t, served, 'one', { protocolLevel: level, will: will('will=second') }, over)
      await first.closed()
      t.match(await witness.next(), { payload: Buffer.from('first') })
      second.peer.reset()
      t.match(await witness.next(), { payload: Buffer.from('second') })
      await until(() => served.broker.connections === 1, 'both are gone')
      served.pass(60_000)
      t.strictSame(await witness.rest(), [])
    })
  }

  t.test(`10: a will at take-over may go to its own successor (${over})`, async t => {
    const served = await serve(t)
    const first = await enter(t, served, 'one', { ...kept, will: will('will=first', { qos: 1 }) }, over)
    await first.ask(subscribeOf('will', 1))
    const second = await enter(t, served, 'one', kept, over)
    t.match(await second.next(), { type: 'PUBLISH', payload: Buffer.from('first') })
    t.strictSame(await second.rest(), [])
  })

  t.test(`11: a clean CONNECT forgets the ids at QoS 2 that had come: the next message with one is not lost (${over})`, async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', 't')
    const first = await enter(t, served, 'one', kept, over)
    await first.ask(subscribeOf('own', 1))
    await first.ask(publishOf('t', 'first', { qos: 2, packetId: 7 }))
    const second = await enter(t, served, 'one', {}, over)
    await second.ask(publishOf('t', 'second', { qos: 2, packetId: 7 }))
    t.match(await witness.next(), { payload: Buffer.from('first') })
    t.match(await witness.next(), { payload: Buffer.from('second') })
    t.match(await second.ask(pubrel(7)), { type: 'PUBCOMP' })
    await second.ask(publishOf('own', 'x', { qos: 1, packetId: 8 }))
    t.equal(served.broker.counters.get('deliveries-queued'), 0, 'and nothing waits for the session that was')
    await until(() => served.store.size === 0, 'of which nothing is left on the disk')
  })

  t.test(
    `18: the will of a CONNECT that is refused is not stored, nor that of one with DISCONNECT in the same segment (${over})`,
    async t => {
      const served = await serve(t)
      const witness = await speak(t, served, 'TCP', 'witness', 'will')
      const refused = [
        bytesOf(connectOf('a', { protocolLevel: 5, authenticationMethod: 'm', will: will('will=no') }), 5),
        bytesOf(connectOf('i'.repeat(limits.clientIdCharactersMax + 1), { will: will('will=no') })),
        Buffer.concat([bytesOf(connectOf('a', { will: will('will=no') })), bytesOf(disconnect())]),
        Buffer.concat([bytesOf(connectOf('a', { protocolLevel: 5, will: will('will=no') }), 5), bytesOf(disconnect(), 5)])
      ]
      for (const bytes of refused) {
        const peer = await open(t, served, over)
        peer.send(bytes)
        await until(() => peer.isClosed, 'closed')
      }
      served.pass(60_000)
      t.strictSame(await witness.rest(), [])
      t.equal(served.broker.sessions, 1)
    }
  )

  t.test(`19: what comes behind CONNECT in one piece is handled after it, and CONNACK comes first (${over})`, async t => {
    const served = await serve(t)
    served.broker.publish({ topic: 't', payload: Buffer.from('kept'), qos: 0, retain: true })
    const all = new Speaker(await open(t, served, over))
    all.send(connectOf('a'), subscribeOf('t', 1), publishOf('t', 'new', { qos: 1, packetId: 9 }), { type: 'PINGREQ' })
    const came = [await all.next(), await all.next(), await all.next(), await all.next(), await all.next(), await all.next()]
    t.equal(came[0]?.type, 'CONNACK')
    t.match(came[1], { type: 'SUBACK', packetId: 1, reasonCodes: [1] })
    t.match(came[2], { type: 'PUBLISH', retain: true, payload: Buffer.from('kept') })
    t.strictSame(
      came.slice(3).map(({ type }) => type),
      ['PUBLISH', 'PUBACK', 'PINGRESP']
    )
  })

  t.test(`19: queued messages come behind CONNACK (${over})`, async t => {
    const served = await serve(t)
    const first = await enter(t, served, 'a', kept, over)
    await first.ask(subscribeOf('t', 1))
    first.send(disconnect())
    await first.closed()
    for (let index = 0; index < 5; index++) served.broker.publish({ topic: 't', payload: Buffer.of(index), qos: 1, retain: false })
    const second = new Speaker(await open(t, served, over))
    t.match(await second.ask(connectOf('a', kept)), { type: 'CONNACK', sessionPresent: true })
    for (let index = 0; index < 5; index++) t.match(await second.next(), { type: 'PUBLISH', payload: Buffer.of(index), dup: false })
  })

  t.test(`19: what comes before CONNECT, or behind one that is refused, is not handled (${over})`, async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', '#')
    const early = await open(t, served, over)
    early.send(Buffer.concat([bytesOf(publishOf('t', 'early')), bytesOf(connectOf('a'))]))
    const late = await open(t, served, over)
    late.send(Buffer.concat([bytesOf(connectOf('i'.repeat(limits.clientIdCharactersMax + 1))), bytesOf(publishOf('t', 'late'))]))
    await until(() => early.isClosed && late.isClosed, 'closed')
    t.equal(early.chunks.length, 0)
    t.equal(served.broker.counters.get('closed-protocol'), 1)
    t.equal(served.broker.counters.get('closed-refused'), 1)
    t.strictSame(await witness.rest(), [])
  })
}

t.test('10: a will that was to come late does not, where its client took itself over', async t => {
  const served = await serve(t)
  const witness = await speak(t, served, 'TCP', 'witness', 'will')
  const stays = { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 3_600 }
  await enter(t, served, 'one', { ...stays, will: will('will=late', { delaySeconds: 10 }) })
  const second = await enter(t, served, 'one', stays)
  served.pass(20_000)
  second.send(disconnect())
  await second.closed()
  served.pass(20_000)
  t.strictSame(await witness.rest(), [])
})

t.test(
  '17: a will with a delay comes after it or as its session ends, whichever is first, once, and not when the client is back',
  async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', 'will/#')
    const leave = async (clientId: string, sessionExpirySeconds: number, delaySeconds: number): Promise<void> => {
      const before = served.broker.connections
      const text = will(`will/${clientId}=x`, { delaySeconds })
      const client = await enter(t, served, clientId, { protocolLevel: 5, cleanStart: false, sessionExpirySeconds, will: text })
      client.peer.reset()
      await until(() => served.broker.connections === before, 'it is gone')
    }
    await leave('delay', 60, 10)
    await leave('session', 5, 10)
    await leave('back', 60, 10)
    await leave('at-once', 0, 10)
    const came = async (): Promise<(string | false)[]> => (await witness.rest()).map(packet => packet.type === 'PUBLISH' && packet.topic)
    t.strictSame(await came(), ['will/at-once'])
    served.pass(5_001)
    t.strictSame(await came(), ['will/session'])
    await enter(t, served, 'back', { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 60 })
    served.pass(4_999)
    t.strictSame(await came(), ['will/delay'])
    served.pass(100_000)
    t.strictSame(await came(), [])
  }
)

t.test('17: a will with a delay outlives the daemon', async t => {
  const before = await serve(t)
  const stays = { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 3_600 }
  const client = await enter(t, before, 'a', { ...stays, will: will('will=x', { delaySeconds: 10 }) })
  client.peer.reset()
  await until(() => before.broker.connections === 0, 'it is gone')
  const served = await serve(t, [], new House(undefined, before))
  const witness = await speak(t, served, 'TCP', 'witness', 'will')
  t.strictSame(await witness.rest(), [])
  served.pass(10_000)
  t.match(await witness.next(), { type: 'PUBLISH', topic: 'will' })
  served.pass(10_000)
  t.strictSame(await witness.rest(), [])
})

t.test('19: a CONNECT in pieces with other packets behind it is taken whole', async t => {
  const served = await serve(t)
  const peer = await connectTcp(t, served.mqttPort)
  const bytes = Buffer.concat([bytesOf(connectOf('a')), bytesOf(subscribeOf('t')), bytesOf(publishOf('t', 'x'))])
  for (let at = 0; at < bytes.length; at++) peer.send(bytes.subarray(at, at + 1))
  const speaker = new Speaker(peer)
  t.strictSame([(await speaker.next()).type, (await speaker.next()).type, (await speaker.next()).type], ['CONNACK', 'SUBACK', 'PUBLISH'])
})
