/** WebSocket links: the suite of every link, and what is WebSocket's own (MQTT 3.1.1 section 6). */
import type { Socket } from 'node:net'
import t from 'tap'
import { makeHttpServer } from '../../src/io/http.ts'
import type { Link } from '../../src/io/link.ts'
import { makeProxies } from '../../src/io/proxies.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits, setLimits, usualLimits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { clientFrame, readFrames } from '../fixtures/io/frames.ts'
import { testLink } from '../fixtures/io/link-suite.ts'
import { bytes } from '../fixtures/io/packets.ts'
import { connectOf, connectWebSocket, publishOf, Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { listenOnFree, type Served, serve } from '../fixtures/io/serving.ts'
import { connectRaw, upgradeHead, upgradeRaw } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

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
  for (const offered of [undefined, 'soap', 'MQTT', 'soap, mqtt5']) {
    const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt', { 'Sec-WebSocket-Protocol': offered }))
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nOffer the WebSocket subprotocol "mqtt" or "mqttv3\.1"\.$/)
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
    [{ 'Sec-WebSocket-Version': undefined }, /^HTTP\/1\.1 400 [\s\S]*Sec-WebSocket-Version: 13/],
    [{ 'Sec-WebSocket-Version': '12' }, /^HTTP\/1\.1 400 [\s\S]*Sec-WebSocket-Version: 13/],
    [{ Upgrade: 'h2c' }, /^HTTP\/1\.1 426 [\s\S]*MQTT over WebSocket/]
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
  peer.send(bytes("10 0d 0004'MQTT' 06 02 003c 0001'a'"))
  await until(() => peer.isClosed, 'closed')
  t.strictSame(Buffer.concat(peer.chunks), bytes('2002 0001'))
  t.equal(peer.code, 1008)
})

t.test('DISCONNECT is answered with 1000', async t => {
  const served = await serve(t)
  const speaker = await speak(t, served, 'WebSocket', 'a')
  speaker.send({ type: 'DISCONNECT', reasonCode: 0, sessionExpirySeconds: undefined })
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
  for (let round = 2; round <= 4; round++) {
    served.door.ping()
    await until(() => pings === 2 * round, 'pings')
    await turns()
  }
  let frozenPings = 0
  frozen.ws.on('ping', () => frozenPings++)
  frozen.resume()
  peers[0]?.end()
  await until(() => peers[0]?.isClosed === true, 'one is closed')
  served.door.ping()
  await until(() => pings === 9, 'who is gone is not pinged')
  t.ok(frozenPings <= 1)
})

t.test('a client that pings without end and never reads does not fill the memory', async t => {
  const links: Link[] = []
  const sockets: Socket[] = []
  const server = makeHttpServer(
    [],
    {},
    makeWebSocketDoor(link => links.push(link))
  )
  server.on('connection', socket => sockets.push(socket))
  const raw = await upgradeRaw(t, await listenOnFree(server))
  t.teardown(() => server.close())
  let received = 0
  links[0]?.own({
    received: ({ length }) => (received += length),
    written: () => undefined,
    violated: () => undefined,
    closed: () => undefined
  })
  raw.socket.pause()
  const ping = clientFrame(Buffer.alloc(125), 9)
  const pings = Buffer.concat([...Array.from({ length: 500 }, () => ping), clientFrame(Buffer.of(1))])
  let sent = 0
  for (; sent < 400; sent++) await new Promise(resolve => raw.socket.write(pings, resolve))
  await until(() => received === sent, 'all of it was read')
  t.ok((sockets[0]?.writableLength ?? 0) <= 8 * 127, `${sockets[0]?.writableLength} bytes wait`)
  raw.socket.resume()
  await until(() => sockets[0]?.writableLength === 0, 'it reads')
  raw.socket.write(clientFrame(Buffer.from('life'), 9))
  await until(() => raw.bytes().subarray(-6).equals(Buffer.from('\x8a\x04life', 'latin1')), 'and is answered again')
  t.pass()
})

t.test('a client that answers no pings is cut off, and one that answers or speaks is not', async t => {
  const served = await serve(t)
  const silent = await upgradeRaw(t, served.httpPort)
  const talker = await upgradeRaw(t, served.httpPort)
  const { ws, ...alive } = await connectWebSocket(t, served.httpPort)
  let pings = 0
  ws.on('ping', () => pings++)
  for (let round = 1; round <= 6; round++) {
    served.door.ping()
    talker.socket.write(clientFrame(Buffer.alloc(0)))
    await until(() => pings === round, 'a ping')
    await until(() => readFrames(talker.frames()).frames.length === round, 'a ping for the talker')
    if (round === 2) t.equal(served.broker.connections, 3, 'two pings may be lost')
    if (round === 3) await until(() => silent.isEnded, 'cut off')
    await turns(3)
  }
  t.equal(served.broker.connections, 2)
  t.notOk(alive.isClosed || talker.isEnded)
})

t.test('the close frame of a client is answered with its own code, and its connection closed', async t => {
  const served = await serve(t)
  for (const code of [1000, 1001, 3000, 4999]) {
    const peer = await connectWebSocket(t, served.httpPort)
    peer.ws.close(code, 'bye')
    await until(() => peer.isClosed, 'closed')
    t.equal(peer.code, code)
  }
  await nobodyLeft(served)
})

t.test('what comes after a close frame is not looked at', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort)
  raw.socket.write(Buffer.concat([clientFrame(Buffer.of(3, 232), 8), clientFrame(bytesOf(connectOf('late'))), Buffer.alloc(1_000)]))
  await until(() => raw.isEnded, 'closed')
  t.match(readFrames(raw.frames()).frames, [{ opcode: 8, payload: Buffer.of(3, 232) }])
  t.equal(served.broker.counters.get('closed-malformed'), 0)
})

t.test('a close frame that comes while we do not read is answered once we go on, or end it; nothing behind it counts', async t => {
  setLimits({ lingerMs: 600_000 })
  t.teardown(() => setLimits({ lingerMs: usualLimits.lingerMs }))
  const links: Link[] = []
  const server = makeHttpServer(
    [],
    {},
    makeWebSocketDoor(link => links.push(link))
  )
  const port = await listenOnFree(server)
  t.teardown(() => server.close())
  for (const goOn of [(link: Link) => link.resume(), (link: Link) => link.end('client')]) {
    const raw = await upgradeRaw(t, port)
    const link = links.pop() as Link
    const told: string[] = []
    link.own({
      received(chunk) {
        told.push(chunk.toString())
        link.pause()
      },
      ...{ written: () => undefined, violated: () => told.push('violated'), closed: () => told.push('closed') }
    })
    raw.socket.write(Buffer.concat([clientFrame(Buffer.from('x')), clientFrame(Buffer.of(3, 233), 8), clientFrame(Buffer.from('y'))]))
    await until(() => told.length > 0, 'what came before it')
    await turns()
    t.equal(raw.frames().length, 0)
    goOn(link)
    await until(() => raw.isEnded, 'closed')
    raw.socket.end()
    await until(() => told.length > 1, 'told')
    t.strictSame(told, ['x', 'closed'])
    t.match(readFrames(raw.frames()).frames, [{ opcode: 8, payload: Buffer.of(3, 233) }])
  }
})

t.test('a client that does not answer our close frame is cut off', async t => {
  const links: Link[] = []
  const server = makeHttpServer(
    [],
    {},
    makeWebSocketDoor(link => links.push(link))
  )
  const raw = await upgradeRaw(t, await listenOnFree(server))
  t.teardown(() => server.close())
  let closes = 0
  links[0]?.own({ received: () => undefined, written: () => undefined, violated: () => undefined, closed: () => closes++ })
  links[0]?.end('client')
  await until(() => closes > 0, 'closed, within some seconds')
  t.match(readFrames(raw.frames()).frames, [{ opcode: 8, payload: Buffer.of(3, 232) }])
})

t.test('who a client is behind a proxy is believed of a trusted one only', async t => {
  const cases: readonly (readonly [proxies: readonly string[], peer: string])[] = [
    [['127.0.0.1', '10.0.0.0/8'], '192.0.2.7'],
    [['127.0.0.1'], '10.1.2.3'],
    [['10.0.0.0/8'], '127.0.0.1'],
    [[], '127.0.0.1']
  ]
  for (const [proxies, peer] of cases) {
    const links: Link[] = []
    const server = makeHttpServer(
      [],
      {},
      makeWebSocketDoor(link => links.push(link), makeProxies(proxies))
    )
    t.teardown(() => server.close())
    const head = upgradeHead('/mqtt', { 'X-Forwarded-For': '203.0.113.5', 'x-forwarded-for': '192.0.2.7, 10.1.2.3' })
    await connectRaw(t, await listenOnFree(server), head)
    await until(() => links.length > 0, 'a link')
    t.equal(links[0]?.peer, peer, `${proxies}`)
  }
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

t.test('a handshake that never ends: half a head, and a head of which a byte comes now and then, are cut off', async t => {
  const { requestMs } = limits
  setLimits({ requestMs: 200 })
  t.teardown(() => setLimits({ requestMs }))
  const served = await serve(t)
  const half = await connectRaw(t, served.httpPort, upgradeHead().slice(0, -2))
  const slow = await connectRaw(t, served.httpPort)
  const timer = setInterval(() => slow.socket.write('G'), 20)
  t.teardown(() => clearInterval(timer))
  await until(() => half.isEnded && slow.isEnded, 'both are cut off')
  t.match(half.text(), /^HTTP\/1\.1 408 /)
})
