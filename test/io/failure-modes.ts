/** Ways in which brokers failed their users, each tried on the real servers. The numbers are those of the list in the order in which it was collected. */
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { clientFrame } from '../fixtures/io/frames.ts'
import { badPackets, bytes } from '../fixtures/io/packets.ts'
import {
  connectOf,
  connectTcp,
  connectWebSocket,
  type Over,
  type Peer,
  publishOf,
  Speaker,
  speak,
  subscribeOf
} from '../fixtures/io/peers.ts'
import { type Served, serve, type Test } from '../fixtures/io/serving.ts'
import { connectRaw, upgradeHead, upgradeRaw } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

const open = (t: Test, served: Served, over: Over): Promise<Peer> =>
  over === 'TCP' ? connectTcp(t, served.mqttPort) : connectWebSocket(t, served.httpPort)

/** Publishes so many messages and waits until another has them all. */
async function deliver(from: Speaker, to: Speaker, count: number, payloadBytes: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    from.send(publishOf('t', Buffer.alloc(payloadBytes, index)))
    const packet = await to.next()
    if (packet.type !== 'PUBLISH' || packet.payload[0] !== (index & 0xff)) throw new Error(`message ${index} is lost`)
  }
}

for (const over of overs) {
  t.test(`1: a frozen subscriber does not stop the others (${over})`, async t => {
    const served = await serve(t)
    const frozen = await speak(t, served, over, 'frozen', 't')
    const lively = await speak(t, served, over, 'lively', 't')
    const publisher = await speak(t, served, 'TCP', 'publisher')
    frozen.peer.pause()
    await deliver(publisher, lively, 400, 32_000) // 13 MB: more than any socket takes
    t.ok(served.broker.counters.get('deliveries-dropped') > 0, 'the frozen one has lost some')
    t.ok(served.heldSlabs <= 2 * Math.ceil(limits.outboxBytesMax / limits.slabBytes) + 2, `${served.heldSlabs} slabs are held`)
    t.equal(served.broker.connections, 3)
    served.pass(1)
    served.pass(limits.drainMs + 1)
    await until(() => served.broker.connections === 2, 'the frozen one is cut off')
    t.equal(served.broker.counters.get('closed-too-slow'), 1)
    await deliver(publisher, lively, 10, 100)
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(`2: a subscriber that never acknowledges is bounded (${over})`, async t => {
    const served = await serve(t)
    const peer = await open(t, served, over)
    const silent = new Speaker(peer)
    silent.send(connectOf('silent'), subscribeOf('t', 2))
    await silent.next()
    await silent.next()
    const publisher = await speak(t, served, 'TCP', 'publisher')
    for (let index = 0; index < 200; index++) {
      publisher.send(publishOf('t', Buffer.alloc(1_000), { qos: 1, packetId: index + 1 }))
      await publisher.next()
    }
    await until(() => silent.update().length >= 2 + limits.inflightMax, 'the first deliveries')
    await turns(20)
    t.equal(silent.update().length, 2 + limits.inflightMax, 'no more than the window')
    t.ok(served.broker.counters.get('deliveries-dropped') >= 200 - limits.inflightMax - limits.queueMessagesMax)
    await until(() => served.heldSlabs === 0, 'nothing waits in the pool')
  })

  t.test(`6: 256 MiB that are promised before CONNECT take no memory (${over})`, async t => {
    const served = await serve(t)
    const peer = await open(t, served, over)
    peer.send(bytes('10 ffffff7f'))
    await until(() => peer.isClosed, 'closed')
    t.equal(served.clients.counters.get('malformed-too-long'), 1)
    t.ok(served.pool.lowest >= served.pool.count - 1)
    const most = await open(t, served, over)
    const length = limits.packetBytesMax - 4
    most.send(Buffer.of(0x10, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14))
    await until(() => served.heldSlabs > 0 || served.pool.free < served.pool.count, 'the header came')
    t.ok(served.pool.free >= served.pool.count - 1, 'a promise within the bound holds one slab for what came')
    t.equal(Buffer.concat(peer.chunks).length, 0, 'and nothing is answered')
  })

  t.test(`7: no CONNECT, or half a CONNECT, is closed in time (${over})`, async t => {
    const served = await serve(t)
    const [silent, half] = [await open(t, served, over), await open(t, served, over)]
    half.send(bytesOf(connectOf('half')).subarray(0, 6))
    await until(() => served.broker.connections === 2 && served.pool.free < served.pool.count, 'both are here')
    served.pass(limits.connectMs)
    await turns(20)
    t.notOk(silent.isClosed || half.isClosed)
    served.pass(1)
    await until(() => silent.isClosed && half.isClosed, 'both are closed')
    t.equal(served.broker.counters.get('closed-connect-timeout'), 2)
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(
    `8: malformed input ends its own connection, before CONNECT and after, and is not acted on (${over})`,
    { timeout: 90_000 },
    async t => {
      const served = await serve(t)
      const witness = await speak(t, served, 'TCP', 'witness', '#')
      for (const { raw, title } of badPackets) {
        const malformed = bytes(raw)
        const before = await open(t, served, over)
        before.send(malformed)
        const after = new Speaker(await open(t, served, over))
        after.send(connectOf('after'))
        await after.next()
        after.peer.send(Buffer.concat([malformed, bytesOf(publishOf('t', title))]))
        await until(() => before.isClosed && after.peer.isClosed, `closed: ${title}`)
        if (before.chunks.length > 0 || after.update().length > 1) t.fail(`answered: ${title}`)
      }
      t.equal(served.broker.counters.get('closed-malformed'), 2 * badPackets.length)
      await deliver(witness, witness, 1, 10)
      t.equal(witness.update().length, 3, 'the witness has heard nothing else')
    }
  )

  t.test(`19: what comes behind CONNECT in one piece is handled after it, and CONNACK comes first (${over})`, async t => {
    const served = await serve(t)
    served.broker.publish({ topic: 't', payload: Buffer.from('kept'), qos: 0, retain: true })
    const all = new Speaker(await open(t, served, over))
    all.send(connectOf('a'), subscribeOf('t', 1), publishOf('t', 'new', { qos: 1, packetId: 9 }), { type: 'PINGREQ' })
    const came = [await all.next(), await all.next(), await all.next(), await all.next(), await all.next(), await all.next()]
    t.equal(came[0]?.type, 'CONNACK')
    t.match(came[1], { type: 'SUBACK', packetId: 1, returnCodes: [1] })
    t.match(came[2], { type: 'PUBLISH', retain: true, payload: Buffer.from('kept') })
    t.strictSame(
      came.slice(3).map(({ type }) => type),
      ['PUBLISH', 'PUBACK', 'PINGRESP']
    )
  })

  t.test(`19: queued messages come behind CONNACK (${over})`, async t => {
    const served = await serve(t)
    const first = new Speaker(await open(t, served, over))
    first.send(connectOf('a', { cleanSession: false }), subscribeOf('t', 1))
    await first.next()
    await first.next()
    first.send({ type: 'DISCONNECT' })
    await first.closed()
    for (let index = 0; index < 5; index++) served.broker.publish({ topic: 't', payload: Buffer.of(index), qos: 1, retain: false })
    const second = new Speaker(await open(t, served, over))
    second.send(connectOf('a', { cleanSession: false }))
    t.match(await second.next(), { type: 'CONNACK', sessionPresent: true })
    for (let index = 0; index < 5; index++) t.match(await second.next(), { type: 'PUBLISH', payload: Buffer.of(index), dup: false })
  })

  t.test(`19: what comes before CONNECT is not handled (${over})`, async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', '#')
    const early = await open(t, served, over)
    early.send(Buffer.concat([bytesOf(publishOf('t', 'early')), bytesOf(connectOf('a'))]))
    await until(() => early.isClosed, 'closed')
    t.equal(early.chunks.length, 0)
    t.equal(served.broker.counters.get('closed-protocol'), 1)
    t.equal(witness.update().length, 2)
  })

  t.test(`21: large messages arrive whole, one after the other and many at once (${over})`, async t => {
    const served = await serve(t)
    const both = await speak(t, served, over, 'both', 't')
    const largest = limits.packetBytesMax - 7
    await deliver(both, both, 50, largest)
    const before = both.update().length
    for (let index = 0; index < 20; index++) both.send(publishOf('t', Buffer.alloc(largest, index), { qos: 0 }))
    await until(() => both.update().length + served.broker.counters.get('deliveries-dropped') >= before + 20, 'all of them')
    for (const packet of both.update().slice(before)) {
      if (packet.type !== 'PUBLISH' || packet.payload.length !== largest || packet.payload.some(byte => byte !== packet.payload[0])) {
        t.fail('a message is torn')
      }
    }
    const start = process.cpuUsage()
    await new Promise(resolve => setTimeout(resolve, 500))
    const { user, system } = process.cpuUsage(start)
    t.ok(user + system < 400_000, 'and the processor rests afterwards')
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(`22: a reset instead of an end, at any moment (${over})`, async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', 'will')
    for (let round = 0; round < 12; round++) {
      const peer = await open(t, served, over)
      if (round % 4 === 1) peer.send(bytes('10'))
      if (round % 4 >= 2) peer.send(bytes("10 18 0004'MQTT' 04 06 0000 0002'rs' 0004'will' 0002'it'"))
      if (round % 4 === 3) peer.send(Buffer.concat([bytesOf(subscribeOf('t')), bytesOf(publishOf('t', Buffer.alloc(20_000)))]))
      if (round % 4 >= 2) await until(() => peer.chunks.length > 0, 'CONNACK')
      peer.reset()
      if (round % 4 >= 2) t.match(await witness.next(), { topic: 'will' }, 'its will is published')
      await until(() => served.broker.connections === 1, 'gone')
    }
    await until(() => served.heldSlabs === 0, 'every slab back')
  })
}

t.test('1: one that reads slowly gets its QoS 1 messages in order while the others do not wait', async t => {
  const served = await serve(t)
  const slow = new Speaker(await connectTcp(t, served.mqttPort))
  slow.send(connectOf('slow'), subscribeOf('t', 1))
  await slow.next()
  await slow.next()
  const lively = await speak(t, served, 'TCP', 'lively', 't')
  const publisher = await speak(t, served, 'TCP', 'publisher')
  slow.peer.pause()
  for (let index = 0; index < 15; index++) {
    publisher.send(publishOf('t', Buffer.alloc(3_000, index), { qos: 1, packetId: index + 1 }))
    t.match(await lively.next(), { payload: Buffer.alloc(3_000, index) })
  }
  slow.peer.resume()
  for (let index = 0; index < 15; index++) {
    const packet = await slow.next()
    t.match(packet, { qos: 1, payload: Buffer.alloc(3_000, index) })
    if (packet.type === 'PUBLISH') slow.send({ type: 'PUBACK', packetId: packet.packetId })
  }
})

t.test('2: a publisher that sends faster than acknowledgements are read is neither dropped nor unbounded', async t => {
  const served = await serve(t)
  const publisher = await speak(t, served, 'TCP', 'publisher')
  const count = 60_000
  const burst = Array.from({ length: count }, (_, index) =>
    bytesOf(publishOf('t', 'x'.repeat(10), { qos: 1, packetId: (index % 65_535) + 1 }))
  )
  publisher.peer.send(Buffer.concat(burst))
  await until(() => publisher.update().length === 1 + count || publisher.peer.isClosed, 'every PUBACK')
  t.notOk(publisher.peer.isClosed)
  const ids = publisher.packets.slice(1).map(packet => (packet.type === 'PUBACK' ? packet.packetId : 0))
  t.ok(
    ids.every((id, index) => id === (index % 65_535) + 1),
    'in their order'
  )
})

t.test('7: half a WebSocket upgrade is closed in time, and a refused one at once', async t => {
  const served = await serve(t)
  t.match(served.http, { headersTimeout: limits.requestMs, requestTimeout: limits.requestMs })
  const refused = await connectRaw(t, served.httpPort, upgradeHead('/elsewhere'))
  await until(() => refused.isEnded, 'refused')
  let left = -1
  await until(() => {
    served.http.getConnections((_, count) => {
      left = count
    })
    return left === 0
  }, 'nobody is left')
})

t.test('8: the hello of TLS on both plain ports', async t => {
  const served = await serve(t)
  for (const port of [served.mqttPort, served.httpPort]) {
    const message = await new Promise<string>(resolve => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
      t.teardown(() => socket.destroy())
      socket.on('error', error => resolve(error.message))
      socket.on('secureConnect', () => resolve('connected'))
      socket.on('close', () => resolve('closed'))
    })
    t.not(message, 'connected')
  }
  await until(() => served.broker.counters.get('closed-malformed') === 1, 'counted')
  await speak(t, served, 'TCP', 'next')
})

t.test('8: other protocols on the plain port', async t => {
  const served = await serve(t)
  for (const hello of [`GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ${'browser '.repeat(20)}\r\n\r\n`, '\0\0\0\0', '\xff'.repeat(5_000)]) {
    const raw = await connectRaw(t, served.mqttPort, Buffer.from(hello, 'latin1'))
    await until(() => raw.isEnded, 'closed')
    t.equal(raw.bytes().length, 0, JSON.stringify(hello.slice(0, 20)))
  }
})

t.test('20: WebSocket frames are not packets: a CONNECT whose first frame is one byte, several packets in a frame', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort)
  const connect = bytesOf(connectOf('a'))
  raw.socket.write(clientFrame(connect.subarray(0, 1)))
  await turns(20)
  const rest = Buffer.concat([connect.subarray(1), bytes('c000'), bytesOf(subscribeOf('#')), bytesOf(publishOf('t', 'x')), bytes('c0')])
  raw.socket.write(clientFrame(rest))
  raw.socket.write(clientFrame(bytes('00')))
  const expected = bytes("8204 20020000 8202 d000 8205 9003000100 8206 3004 0001'tx' 8202 d000")
  await until(() => raw.frames().length >= expected.length, 'all answers')
  t.strictSame(raw.frames(), expected)
})

t.test('21: a large message in many fragments and small segments', async t => {
  const served = await serve(t)
  const watcher = await speak(t, served, 'TCP', 'watcher', 't')
  const raw = await upgradeRaw(t, served.httpPort, clientFrame(bytesOf(connectOf('a'))))
  const packet = bytesOf(publishOf('t', Buffer.alloc(30_000, 7)))
  for (let at = 0; at < packet.length; at += 1_000) {
    raw.socket.write(clientFrame(packet.subarray(at, at + 1_000), at === 0 ? 2 : 0, at + 1_000 >= packet.length))
  }
  t.match(await watcher.next(), { payload: Buffer.alloc(30_000, 7) })
  const framed = clientFrame(packet)
  for (let at = 0; at < framed.length; at += 500) {
    raw.socket.write(framed.subarray(at, at + 500))
    await turns(1)
  }
  t.match(await watcher.next(), { payload: Buffer.alloc(30_000, 7) })
})
