/** WebSocket links: the suite of every link, and what is WebSocket's own (MQTT 3.1.1 section 6). */
import t from 'tap'
import { makeHttpServer } from '../../src/io/http.ts'
import type { Link } from '../../src/io/link.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { clientFrame, readFrames } from '../fixtures/io/frames.ts'
import { testLink } from '../fixtures/io/link-suite.ts'
import { bytes } from '../fixtures/io/packets.ts'
import { connectOf, connectWebSocket, publishOf, Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { listenOnFree, type Served, serve } from '../fixtures/io/serving.ts'
import { connectRaw, upgradeHead, upgradeRaw } from '../fixtures/io/upgrade.ts'
import { until } from '../fixtures/io/waiting.ts'

await testLink(t, {
  name: 'WebSocket',
  async open(t) {
    const links: Link[] = []
    const server = makeHttpServer(
      [],
      {},
      makeWebSocketDoor(link => links.push(link))
    )
    const peer = await connectWebSocket(t, await listenOnFree(server))
    t.teardown(() => server.close())
    await until(() => links.length > 0, 'a link')
    const link = links[0] as Link
    t.equal(link.framing, 'websocket')
    t.equal(link.peer, '127.0.0.1')
    return { link, peer }
  }
})

const connections = (served: Served): Promise<number> =>
  new Promise(resolve => served.http.getConnections((error, count) => resolve(error ? -1 : count)))

/** Waits until the server holds no connection any more. */
async function nobodyLeft(served: Served): Promise<void> {
  let count = -1
  await until(() => {
    void connections(served).then(found => {
      count = found
    })
    return count === 0
  }, 'the server has let go of every connection')
}

t.test('subprotocols: both names are taken, the first that we know is answered [MQTT-6.0.0-3] [MQTT-6.0.0-4]', async t => {
  const served = await serve(t)
  const cases: readonly (readonly [offered: string[], answered: string])[] = [
    [['mqtt'], 'mqtt'],
    [['mqttv3.1'], 'mqttv3.1'],
    [['mqttv3.1', 'mqtt'], 'mqtt'],
    [['soap', 'mqttv3.1'], 'mqttv3.1']
  ]
  for (const [offered, answered] of cases) {
    const { ws } = await connectWebSocket(t, served.httpPort, offered)
    t.equal(ws.protocol, answered, `offered: ${offered.join(', ')}`)
  }
})

t.test('no subprotocol that we know: 400 with a hint', async t => {
  const served = await serve(t)
  for (const offered of [undefined, 'soap', 'MQTT', '']) {
    const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt', { 'Sec-WebSocket-Protocol': offered }))
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nOffer the WebSocket subprotocol "mqtt" or "mqttv3\.1"\.\n$/)
  }
  t.equal(served.broker.connections, 0)
  await nobodyLeft(served)
  t.pass('and the connection is closed although the client never closed its side')
})

t.test('another path: 404', async t => {
  const served = await serve(t)
  for (const path of ['/', '/mqtt/', '/ws', '/MQTT']) {
    const raw = await connectRaw(t, served.httpPort, upgradeHead(path))
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), /^HTTP\/1\.1 404 Not Found\r\n/, path)
  }
  await nobodyLeft(served)
  t.pass('and the connection is closed although the client never closed its side')
})

t.test('a query behind the path does not matter', async t => {
  const served = await serve(t)
  const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt?token=1'))
  await until(() => raw.text().includes('\r\n\r\n'), 'an answer')
  t.match(raw.text(), /^HTTP\/1\.1 101 /)
})

t.test('an upgrade that is none', async t => {
  const served = await serve(t)
  const cases: readonly (readonly [changes: Record<string, string | undefined>, status: RegExp])[] = [
    [{ 'Sec-WebSocket-Key': undefined }, /^HTTP\/1\.1 400 /],
    [{ 'Sec-WebSocket-Key': 'short' }, /^HTTP\/1\.1 400 /],
    [{ 'Sec-WebSocket-Version': '12' }, /^HTTP\/1\.1 400 [\s\S]*Sec-WebSocket-Version: 13/],
    [{ Upgrade: 'h2c' }, /^HTTP\/1\.1 400 /]
  ]
  for (const [changes, status] of cases) {
    const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt', changes))
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), status, JSON.stringify(changes))
  }
  await nobodyLeft(served)
  t.equal(served.broker.connections, 0)
})

t.test('a text frame is answered with 1003 [MQTT-6.0.0-1]', async t => {
  const served = await serve(t)
  const peer = await connectWebSocket(t, served.httpPort)
  peer.ws.send('connect')
  await until(() => peer.isClosed, 'closed')
  t.equal(peer.code, 1003)
  t.equal(served.clients.counters.get('transport-violation'), 1)
  t.equal(served.broker.counters.get('closed-malformed'), 1)
})

t.test('a text frame after CONNECT publishes the will', async t => {
  const served = await serve(t)
  const watcher = await speak(t, served, 'TCP', 'watcher', 'will')
  const peer = await connectWebSocket(t, served.httpPort)
  peer.send(bytes("10 17 0004'MQTT' 04 06 0000 0001'a' 0004'will' 0002'it'"))
  await until(() => peer.chunks.length > 0, 'CONNACK')
  peer.ws.send('text')
  t.match(await watcher.next(), { topic: 'will' })
})

t.test('a message past the bound is answered with 1009, one at the bound is taken', async t => {
  const served = await serve(t)
  const speaker = await speak(t, served, 'WebSocket', 'a', 't')
  const half = publishOf('t', Buffer.alloc(limits.packetBytesMax - 7))
  speaker.send(half, half)
  t.equal(
    ((await speaker.next()) as { payload?: Buffer }).payload?.length,
    limits.packetBytesMax - 7,
    'two of the largest packets in one message'
  )
  await speaker.next()
  speaker.peer.send(Buffer.alloc(limits.webSocketMessageBytesMax + 1))
  await speaker.closed()
  t.equal(speaker.peer.code, 1009)
  t.equal(served.clients.counters.get('transport-violation'), 1)
  await until(() => served.heldSlabs === 0, 'every slab back')
})

t.test('packets are split and merged across frames at will [MQTT-6.0.0-2]', async t => {
  const served = await serve(t)
  const stream = Buffer.concat([
    bytesOf(connectOf('a')),
    bytesOf(subscribeOf('t')),
    bytesOf(publishOf('t', 'one')),
    bytesOf(publishOf('t', 'two')),
    bytesOf({ type: 'PINGREQ' })
  ])
  const answers = ['CONNACK', 'SUBACK', 'PUBLISH', 'PUBLISH', 'PINGRESP']
  for (const sizes of [[stream.length], [1], [1, 1_000], [2, 5, 3], [13, 1, 20]]) {
    const speaker = new Speaker(await connectWebSocket(t, served.httpPort))
    for (let at = 0, index = 0; at < stream.length; index++) {
      const size = sizes[Math.min(index, sizes.length - 1)] ?? 1
      speaker.peer.send(stream.subarray(at, at + size))
      at += size
    }
    const types: string[] = []
    for (const _ of answers) types.push((await speaker.next()).type)
    t.strictSame(types, answers, `frames of ${sizes.join(', ')} bytes`)
    speaker.peer.end()
    await speaker.closed()
  }
})

t.test('fragments are put together, with pings between them, and an empty frame is nothing', async t => {
  const served = await serve(t)
  const connect = bytesOf(connectOf('a'))
  const raw = await upgradeRaw(t, served.httpPort)
  raw.socket.write(
    Buffer.concat([
      clientFrame(Buffer.alloc(0)),
      clientFrame(connect.subarray(0, 1), 2, false),
      clientFrame(Buffer.from('life'), 9),
      clientFrame(connect.subarray(1, 5), 0, false),
      clientFrame(Buffer.alloc(0), 0, false),
      clientFrame(connect.subarray(5), 0, true)
    ])
  )
  await until(() => readFrames(raw.frames()).frames.length === 2, 'two answers')
  t.match(readFrames(raw.frames()).frames, [
    { opcode: 10, payload: Buffer.from('life') },
    { opcode: 2, payload: bytes('20020000') }
  ])
})

t.test('frames that come with the upgrade in one segment are not lost', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort, clientFrame(Buffer.concat([bytesOf(connectOf('a')), bytes('c000')])))
  await until(() => readFrames(raw.frames()).frames.length === 2, 'CONNACK and PINGRESP')
  t.pass()
})

t.test('too many fragments end the connection', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort)
  const fragments = Array.from({ length: limits.webSocketFragmentsMax + 10 }, (_, index) =>
    clientFrame(Buffer.alloc(1), index === 0 ? 2 : 0, false)
  )
  raw.socket.write(Buffer.concat(fragments))
  await until(() => readFrames(raw.frames()).frames.length > 0, 'a close frame')
  t.match(readFrames(raw.frames()).frames, [{ opcode: 8 }])
  t.equal(served.clients.counters.get('transport-violation'), 1)
})

t.test('frames that break the rules end the connection', async t => {
  const served = await serve(t)
  const unmasked = Buffer.of(0x82, 2, 0xc0, 0)
  const reservedBit = clientFrame(Buffer.of(0xc0, 0), 0x42)
  const unknown = clientFrame(Buffer.of(0xc0, 0), 3)
  const orphan = clientFrame(Buffer.of(0xc0, 0), 0)
  for (const [name, frame] of Object.entries({ unmasked, reservedBit, unknown, orphan })) {
    const raw = await upgradeRaw(t, served.httpPort)
    raw.socket.write(frame)
    await until(() => readFrames(raw.frames()).frames.length > 0, 'a close frame')
    const [close] = readFrames(raw.frames()).frames
    t.equal(close?.opcode, 8, name)
    t.equal(close?.payload.readUInt16BE(0), 1002, name)
    raw.socket.end()
  }
  await until(() => served.broker.connections === 0, 'all closed')
})

t.test('malformed and forbidden packets are answered with 1002', async t => {
  const served = await serve(t)
  for (const raw of ['f000', 'c000']) {
    const peer = await connectWebSocket(t, served.httpPort)
    peer.send(bytes(raw))
    await until(() => peer.isClosed, 'closed')
    t.equal(peer.code, 1002)
  }
})

t.test('a CONNECT that is refused is answered first, then with 1008', async t => {
  const served = await serve(t)
  const peer = await connectWebSocket(t, served.httpPort)
  peer.send(bytes("10 0d 0004'MQTT' 05 02 003c 0001'a'"))
  await until(() => peer.isClosed, 'closed')
  t.strictSame(Buffer.concat(peer.chunks), bytes('2002 0001'))
  t.equal(peer.code, 1008)
})

t.test('DISCONNECT is answered with 1000', async t => {
  const served = await serve(t)
  const speaker = await speak(t, served, 'WebSocket', 'a')
  speaker.send({ type: 'DISCONNECT' })
  await speaker.closed()
  t.equal(speaker.peer.code, 1000)
})

t.test('as the server stops, clients are told with 1001', async t => {
  const served = await serve(t)
  const speakers = [await speak(t, served, 'WebSocket', 'a'), await speak(t, served, 'WebSocket', 'b')]
  served.clients.stop()
  for (const speaker of speakers) {
    await speaker.closed()
    t.equal(speaker.peer.code, 1001)
  }
})

t.test('pings go to every client; one that does not read is spared', async t => {
  const served = await serve(t)
  const peers = [await connectWebSocket(t, served.httpPort), await connectWebSocket(t, served.httpPort)]
  let pings = 0
  for (const { ws } of peers) ws.on('ping', () => pings++)
  served.door.ping()
  await until(() => pings === 2, 'pings')
  const frozen = await connectWebSocket(t, served.httpPort)
  frozen.pause()
  const link = served.links[2] as Link
  while (link.write([Buffer.concat([Buffer.of(0x82, 126, 0xea, 0x60), Buffer.alloc(60_000)])]));
  for (let round = 0; round < 3; round++) served.door.ping()
  let frozenPings = 0
  frozen.ws.on('ping', () => frozenPings++)
  frozen.resume()
  await until(() => pings === 8, 'the others are pinged still')
  peers[0]?.end()
  await until(() => peers[0]?.isClosed === true, 'one is closed')
  served.door.ping()
  await until(() => pings === 9, 'who is gone is not pinged')
  t.ok(frozenPings <= 1)
})

t.test('a client that pings without end and never reads does not fill the memory', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort)
  raw.socket.pause()
  const pings = Buffer.concat(Array.from({ length: 500 }, () => clientFrame(Buffer.alloc(125), 9)))
  let isTaken = true
  for (let sent = 0; sent < 400 && !raw.isEnded && isTaken; sent++) {
    isTaken = await Promise.race([
      new Promise<boolean>(resolve => raw.socket.write(pings, () => resolve(true))),
      new Promise<boolean>(resolve => setTimeout(() => resolve(false), 2_000).unref())
    ])
  }
  t.equal(served.broker.connections, 0, 'it is cut off')
})

t.test('one too many whose frames break the rules does no harm', async t => {
  const server = makeHttpServer(
    [],
    {},
    makeWebSocketDoor(link => link.end('too-many'))
  )
  const port = await listenOnFree(server)
  t.teardown(() => server.close())
  const raw = await upgradeRaw(t, port, Buffer.of(0xff, 0xff, 0xff, 0xff))
  await until(() => raw.isEnded, 'cut off')
  await new Promise(resolve => setTimeout(resolve, 50))
  t.ok(server.listening)
})

t.test('a handshake that never ends is timed out', async t => {
  const served = await serve(t)
  t.match(served.http, { headersTimeout: limits.requestMs, requestTimeout: limits.requestMs })
  t.ok(limits.requestMs <= 10_000)
})
