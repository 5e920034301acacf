/** Links over TLS: the suite of every link, and what is TLS's own. */
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { makeHttpServer } from '../../src/io/http.ts'
import type { Link } from '../../src/io/link.ts'
import { makeTcpServer } from '../../src/io/tcp.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits, setLimits, usualLimits } from '../../src/limits.ts'
import { testLink } from '../fixtures/io/link-suite.ts'
import { enter, type Peer, publishOf, Speaker, subscribeOf } from '../fixtures/io/peers.ts'
import { listenOnFree, serve } from '../fixtures/io/serving.ts'
import { connectSecure, connectSecureWebSocket, makePair, makeTls } from '../fixtures/io/tls.ts'
import { until } from '../fixtures/io/waiting.ts'
import { connect as connectPacket, disconnect } from '../fixtures/mqtt/packets.ts'

await testLink(t, {
  name: 'TLS',
  async open(t) {
    const links: Link[] = []
    const { tls, ca } = makeTls(t)
    const server = makeTcpServer(link => links.push(link), tls.passage(undefined))
    t.teardown(() => server.close())
    await tls.renew()
    const peer = await connectSecure(t, await listenOnFree(server), ca)
    await until(() => links.length > 0, 'a link')
    const link = links[0] as Link
    t.equal(link.framing, 'bare')
    t.equal(link.peer, '127.0.0.1')
    return { link, peer }
  }
})

await testLink(t, {
  name: 'WebSocket over TLS',
  async open(t) {
    const links: Link[] = []
    const { tls, ca } = makeTls(t)
    const door = makeWebSocketDoor(link => links.push(link))
    const server = makeHttpServer([], {}, door, undefined, tls.passage('http/1.1'))
    t.teardown(() => server.close())
    await tls.renew()
    const peer = await connectSecureWebSocket(t, await listenOnFree(server), ca)
    await until(() => links.length > 0, 'a link')
    const link = links[0] as Link
    t.equal(link.framing, 'websocket')
    return { link, peer }
  }
})

/** A server over TLS, and the links that came. */
async function serveSecure(t: Test, protocol?: 'http/1.1') {
  const house = makeTls(t)
  const links: Link[] = []
  const door = makeWebSocketDoor(link => links.push(link))
  const passage = house.tls.passage(protocol)
  const server = protocol
    ? makeHttpServer([pageFile], {}, door, undefined, passage)
    : makeTcpServer(link => {
        link.own(quiet)
        links.push(link)
      }, passage)
  t.teardown(() => server.close())
  await house.tls.renew()
  return { ...house, links, port: await listenOnFree(server) }
}

const quiet = { received() {}, written() {}, violated() {}, closed() {} }

const pageFile = {
  ...{ path: '/', type: 'text/html', etag: '"1"', headers: {} },
  body: Buffer.from('the page'.repeat(50_000)),
  gzip: Buffer.alloc(0)
}

/** What a handshake comes to: done, or why not. */
function shake(t: Test, port: number, options: ConnectionOptions): Promise<string> {
  return new Promise(resolve => {
    const socket = connectTls({ host: '127.0.0.1', port, ...options })
    t.teardown(() => socket.destroy())
    socket.once('secureConnect', () => resolve(`done with ${socket.getProtocol()}`))
    socket.once('error', error => resolve(error.message))
    socket.once('close', () => resolve('closed'))
  })
}

t.test('all links read into the same memory', async t => {
  const { links, port, ca } = await serveSecure(t)
  const peers = [await connectSecure(t, port, ca), await connectSecure(t, port, ca)]
  await until(() => links.length === peers.length, 'links')
  const memory = new Set<ArrayBufferLike>()
  let bytes = 0
  for (const link of links)
    link.own({
      ...quiet,
      received(chunk) {
        memory.add(chunk.buffer)
        bytes += chunk.length
      }
    })
  for (const peer of peers) peer.send(Buffer.from('x'))
  await until(() => bytes === peers.length, 'bytes')
  t.equal(memory.size, 1)
})

t.test('TLS 1.2 and 1.3 are spoken, and nothing older', async t => {
  const { port, ca, tls } = await serveSecure(t)
  t.equal(await shake(t, port, { ca }), 'done with TLSv1.3')
  t.equal(await shake(t, port, { ca, maxVersion: 'TLSv1.2' }), 'done with TLSv1.2')
  for (const maxVersion of ['TLSv1', 'TLSv1.1'] as const) {
    const old = { ca, minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    t.match(await shake(t, port, old), /alert protocol version/, maxVersion)
  }
  t.equal(tls.counters.get('tls-failed'), 2)
})

t.test('what is no TLS is closed, and makes no link', async t => {
  const { port, links, tls } = await serveSecure(t)
  const plainPacket = Buffer.from('101000044d5154540402003c000474657374', 'hex')
  for (const bytes of [plainPacket, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.alloc(100_000, 0x16)]) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.resume().end(bytes)
    await new Promise(resolve => socket.once('close', resolve))
  }
  t.equal(links.length, 0)
  t.equal(tls.counters.get('tls-failed'), 3)
})

t.test('a handshake that never ends is ended', async t => {
  setLimits({ connectMs: 200 })
  t.teardown(() => setLimits({ connectMs: usualLimits.connectMs }))
  const { port, links, tls } = await serveSecure(t)
  for (const bytes of [Buffer.alloc(0), Buffer.of(0x16, 3, 1, 1)]) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.resume().write(bytes)
    await new Promise(resolve => socket.once('close', resolve))
  }
  t.equal(links.length, 0)
  t.equal(tls.counters.get('tls-failed'), 2)
})

t.test('who hangs up during a handshake takes no place any more', async t => {
  setLimits({ tlsConnectionsMax: 1, connectMs: 600_000 })
  t.teardown(() => setLimits({ tlsConnectionsMax: usualLimits.tlsConnectionsMax, connectMs: usualLimits.connectMs }))
  for (const protocol of ['http/1.1', undefined] as const) {
    const { port, ca } = await serveSecure(t, protocol)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume().end(Buffer.of(0x16, 3, 1, 1))
    await new Promise(resolve => socket.once('close', resolve))
    t.equal(await shake(t, port, { ca }), 'done with TLSv1.3')
  }
})

t.test('a client cannot ask for another handshake on an open connection', async t => {
  const { port, ca } = await serveSecure(t)
  const socket = connectTls({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.2' })
  t.teardown(() => socket.destroy())
  await new Promise(resolve => socket.once('secureConnect', resolve))
  const error = await new Promise<Error | null>(resolve => {
    socket.on('error', resolve)
    socket.renegotiate({}, resolve)
  })
  t.match(error, { message: /no renegotiation/ })
})

t.test('until there is a certificate nobody comes through, and then everyone does', async t => {
  const folder = t.testdir()
  const files = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') }
  const { tls, lines } = makeTls(t, { kind: 'files', ...files }, folder)
  const server = makeTcpServer(() => undefined, tls.passage(undefined))
  t.teardown(() => server.close())
  await tls.renew()
  const port = await listenOnFree(server)
  t.match(await shake(t, port, { rejectUnauthorized: false }), /handshake failure/)
  t.match(lines[0], /error +certificate: .*server\.crt: there is no such file; there is no TLS until that is mended/)
  makePair(folder)
  await tls.renew()
  t.match(await shake(t, port, { ca: readFileSync(files.cert) }), /done/)
  t.match(lines[1], /info +certificate for DNS:localhost, IP Address:127\.0\.0\.1 is in force until/)
  t.match(tls.told, { state: 'good', toMs: Number })
})

t.test('a certificate is renewed, in another place too, and who is connected stays so', async t => {
  const { port, ca, links, tls } = await serveSecure(t)
  const peer = await connectSecure(t, port, ca)
  await until(() => links.length === 1, 'a link')
  const pair = makePair(t.testdir(), 'renewed', 50)
  await tls.renew({ kind: 'files', ...pair })
  const renewed = await connectSecure(t, port, readFileSync(pair.cert))
  t.equal(renewed.socket.getPeerCertificate().subject.CN, 'renewed')
  t.equal(peer.socket.getPeerCertificate().subject.CN, 'server')
  let received = ''
  links[0]?.own({ ...quiet, received: chunk => (received += chunk.toString()) })
  peer.send(Buffer.from('still here'))
  await until(() => received === 'still here', 'what it sends')
  links[0]?.write([Buffer.from('so am I')])
  await until(() => Buffer.concat(peer.chunks).toString() === 'so am I', 'what it is sent')
})

t.test('connections past the bound are cut off, and there is room again when one has gone', async t => {
  setLimits({ tlsConnectionsMax: 2 })
  t.teardown(() => setLimits({ tlsConnectionsMax: usualLimits.tlsConnectionsMax }))
  const { port, ca, tls, links } = await serveSecure(t)
  const first = await connectSecure(t, port, ca)
  await connectSecure(t, port, ca)
  t.match(await shake(t, port, { ca }), /ECONNRESET|disconnected/)
  t.equal(tls.counters.get('tls-too-many'), 1)
  first.end()
  await until(() => first.isClosed, 'closed')
  await connectSecure(t, port, ca)
  await until(() => links.length === 3, 'a third link')
})

t.test('one address has no more handshakes under way than its share', async t => {
  const { tls, callers } = makeTls(t)
  let cut = 0
  const elsewhere = tls.passage(undefined)(() => undefined)
  const server = createServer(raw => {
    raw.on('close', () => cut++)
    elsewhere(Object.defineProperty(raw, 'remoteAddress', { value: '192.168.1.7' }))
  })
  t.teardown(() => server.close())
  await tls.renew()
  const port = await listenOnFree(server)
  for (let index = 0; index < limits.requestsOfOneMax + 3; index++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    t.teardown(() => socket.destroy())
  }
  await until(() => cut === 3, 'three are cut off')
  t.equal(callers.counters.get('connects-too-silent'), 3)
  tls.close()
  await until(() => cut === limits.requestsOfOneMax + 3, 'all are')
})

t.test('when all places are taken, the address with most handshakes under way gives one up, and not to itself', async t => {
  setLimits({ tlsConnectionsMax: 4, connectMs: 600_000 })
  t.teardown(() => setLimits({ tlsConnectionsMax: usualLimits.tlsConnectionsMax, connectMs: usualLimits.connectMs }))
  const { tls, ca } = makeTls(t)
  let address = ''
  const cut: string[] = []
  const elsewhere = tls.passage(undefined)(() => undefined)
  const server = createServer(raw => {
    const mine = address
    raw.on('close', () => cut.push(mine))
    elsewhere(Object.defineProperty(raw, 'remoteAddress', { value: mine }))
  })
  t.teardown(() => server.close())
  await tls.renew()
  const port = await listenOnFree(server)
  const begin = async (from: string): Promise<void> => {
    address = from
    const taken = new Promise(resolve => server.once('connection', resolve))
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    t.teardown(() => socket.destroy())
    await taken
  }
  for (const from of ['192.168.1.7', '192.168.1.8', '192.168.1.7', '192.168.1.8']) await begin(from)
  await begin('192.168.1.7')
  await until(() => cut.length === 1, 'itself is cut off')
  address = '192.168.1.9'
  t.equal(await shake(t, port, { ca }), 'done with TLSv1.3')
  await until(() => cut.length === 2, 'one has given its place up')
  t.strictSame(cut, ['192.168.1.7', '192.168.1.7'])
  t.equal(tls.counters.get('tls-too-many'), 2)
})

for (const protocol of [undefined, 'http/1.1'] as const)
  t.test(`a burst within a turn reaches a subscriber over TLS, though who publishes goes at once (${protocol ?? 'MQTT'})`, async t => {
    const served = await serve(t)
    const { tls, ca } = makeTls(t)
    const accept = (link: Link): void => served.clients.accept(link)
    const passage = tls.passage(protocol)
    const server = protocol ? makeHttpServer([], {}, makeWebSocketDoor(accept), undefined, passage) : makeTcpServer(accept, passage)
    t.teardown(() => server.close())
    await tls.renew()
    const port = await listenOnFree(server)
    const openSecure = (): Promise<Peer> => (protocol ? connectSecureWebSocket(t, port, ca) : connectSecure(t, port, ca))
    const enterSecure = async (clientId: string): Promise<Speaker> => {
      const speaker = new Speaker(await openSecure())
      await speaker.ask(connectPacket(clientId))
      return speaker
    }
    const subscribers = [await enterSecure('secure'), await enter(t, served, 'plain')]
    for (const subscriber of subscribers) await subscriber.ask(subscribeOf('t', 0))
    const publishers = [
      await enter(t, served, 'a'),
      await enter(t, served, 'b', {}, 'WebSocket'),
      await enterSecure('c'),
      await enterSecure('d')
    ]
    const burst = Array.from({ length: 2_000 }, () => publishOf('t', Buffer.alloc(100)))
    for (const publisher of publishers) {
      publisher.send(...burst, disconnect())
      publisher.peer.end()
    }
    const all = 2 + publishers.length * burst.length
    for (const subscriber of subscribers) await until(() => subscriber.update().length === all, 'all of them')
    t.equal(served.broker.counters.get('deliveries-dropped'), 0)
    await until(() => served.broker.connections === subscribers.length, 'the publishers have gone')
    t.equal(served.broker.counters.get('closed-client'), publishers.length, 'what they said before they went was heard')
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

t.test('the page over TLS, whole', async t => {
  const { port, ca } = await serveSecure(t, 'http/1.1')
  for (const ALPNProtocols of [undefined, ['http/1.1'], ['h2', 'http/1.1']]) {
    const body = await new Promise<string>((resolve, reject) => {
      const request = get(
        { host: '127.0.0.1', port, path: '/', ca, agent: false, ...(ALPNProtocols ? { ALPNProtocols } : {}) },
        response => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('end', () => resolve(text))
        }
      )
      request.on('error', reject)
    })
    t.equal(body, pageFile.body.toString())
  }
  t.match(await shake(t, port, { ca, ALPNProtocols: ['mqtt'] }), /no application protocol/, 'nobody takes it for another protocol')
})
