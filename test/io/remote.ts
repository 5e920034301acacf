/** A remote serial head, at a real server: it comes, goes, refuses and says nothing. */
import dns from 'node:dns'
import { createServer, type Server, type Socket } from 'node:net'
import t from 'tap'
import { makeRemoteSource } from '../../src/io/remote.ts'
import type { Source } from '../../src/io/source.ts'
import { limits } from '../../src/limits.ts'
import type { Closed } from '../../src/meters/watch.ts'
import { listenOnFree, type Test } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'

async function serveHead(t: Test): Promise<{ server: Server; port: number; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  const port = await listenOnFree(server)
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { server, port, sockets }
}

function open(t: Test, source: Source) {
  const told = { opened: 0, closed: [] as Closed[], chunks: [] as Buffer[] }
  const close = source.open({
    opened: () => told.opened++,
    searching: () => undefined,
    received: chunk => told.chunks.push(Buffer.from(chunk)),
    closed: why => told.closed.push(why)
  })
  t.teardown(close)
  return { told, close, text: () => Buffer.concat(told.chunks).toString('latin1') }
}

t.test('its name is what stands in the setting', async t => {
  t.match(makeRemoteSource('meter.lan', 2001), { name: 'tcp://meter.lan:2001', simulated: false, baud: undefined })
  t.equal(makeRemoteSource('fe80::1', 2001).name, 'tcp://[fe80::1]:2001')
})

t.test('bytes come through as they are', async t => {
  const { port, sockets } = await serveHead(t)
  const { told, text } = open(t, makeRemoteSource('127.0.0.1', port))
  await until(() => sockets.length === 1 && told.opened === 1, 'connected')
  for (const part of ['<msg>', '\xff\0\r\n', '</msg>']) sockets[0]?.write(part, 'latin1')
  await until(() => text().length === 15, 'all bytes')
  t.equal(text(), '<msg>\xff\0\r\n</msg>')
  t.strictSame(told.closed, [])
})

t.test('it goes away, and comes back', async t => {
  const { port, sockets } = await serveHead(t)
  const source = makeRemoteSource('127.0.0.1', port)
  const first = open(t, source)
  await until(() => sockets.length === 1 && first.told.opened === 1, 'connected')
  sockets[0]?.end('last')
  await until(() => first.told.closed.length > 0, 'closed')
  t.equal(first.text(), 'last')
  t.strictSame(first.told.closed, [{ kind: 'lost', message: `tcp://127.0.0.1:${port} closed the connection; it is connected to again.` }])
  const second = open(t, source)
  await until(() => sockets.length === 2 && second.told.opened === 1, 'connected again')
  sockets[1]?.write('back')
  await until(() => second.text() === 'back', 'bytes')
  t.equal(first.told.closed.length, 1)
})

t.test('it is reset', async t => {
  const { port, sockets } = await serveHead(t)
  const { told } = open(t, makeRemoteSource('127.0.0.1', port))
  await until(() => sockets.length === 1 && told.opened === 1, 'connected')
  sockets[0]?.resetAndDestroy()
  await until(() => told.closed.length > 0, 'closed')
  t.strictSame(told.closed, [{ kind: 'lost', message: `tcp://127.0.0.1:${port} was lost (read ECONNRESET); it is connected to again.` }])
})

t.test('nobody listens there', async t => {
  const { server, port } = await serveHead(t)
  await new Promise(resolve => server.close(resolve))
  const { told } = open(t, makeRemoteSource('127.0.0.1', port))
  await until(() => told.closed.length > 0, 'closed')
  const why = `connect ECONNREFUSED 127.0.0.1:${port}`
  const message = `No connection to tcp://127.0.0.1:${port} (${why}). Start ser2net or socat there, and check the address.`
  t.strictSame(told, { opened: 0, closed: [{ kind: 'absent', message }], chunks: [] })
})

t.test('a name that stands for nothing', async t => {
  const { told } = open(t, makeRemoteSource('meter.invalid', 2001))
  await until(() => told.closed.length > 0, 'closed')
  t.match(told.closed, [
    { kind: 'absent', message: /^No connection to tcp:\/\/meter\.invalid:2001 \((getaddrinfo \w+ meter\.invalid|no answer)\)\./ }
  ])
})

t.test('a name with several addresses, at none of which anybody listens', async t => {
  const { server, port } = await serveHead(t)
  await new Promise(resolve => server.close(resolve))
  const lookup = dns.lookup
  t.teardown(() => {
    dns.lookup = lookup
  })
  const addresses = ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 }))
  dns.lookup = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
    done(null, addresses)) as typeof dns.lookup
  const { told } = open(t, makeRemoteSource('meter.lan', port))
  await until(() => told.closed.length > 0, 'closed')
  const why = `connect ECONNREFUSED 127.0.0.1:${port}, connect ECONNREFUSED 127.0.0.2:${port}`
  const message = `No connection to tcp://meter.lan:${port} (${why}). Start ser2net or socat there, and check the address.`
  t.strictSame(told.closed, [{ kind: 'absent', message }])
})

t.test('it says nothing for too long', async t => {
  const { port, sockets } = await serveHead(t)
  const given: number[] = []
  const { Socket: RealSocket } = await import('node:net')
  const setTimeoutOf = RealSocket.prototype.setTimeout
  t.teardown(() => {
    RealSocket.prototype.setTimeout = setTimeoutOf
  })
  RealSocket.prototype.setTimeout = function (ms, ...more) {
    given.push(ms)
    return setTimeoutOf.call(this, Math.min(ms, 300), ...more) // the same timer, in a test's time
  }
  const { told } = open(t, makeRemoteSource('127.0.0.1', port))
  await until(() => told.closed.length > 0, 'closed')
  t.equal(sockets.length, 1)
  t.strictSame(given.slice(0, 2), [limits.connectMs, limits.remoteSilenceMs])
  t.match(told, {
    opened: 1,
    closed: [{ kind: 'lost', message: `tcp://127.0.0.1:${port} was lost (nothing was heard); it is connected to again.` }]
  })
})

t.test('closing it is silent, before and after it is connected', async t => {
  const { port, sockets } = await serveHead(t)
  const early = open(t, makeRemoteSource('127.0.0.1', port))
  early.close()
  const late = open(t, makeRemoteSource('127.0.0.1', port))
  await until(() => late.told.opened === 1 && sockets.length >= 1, 'connected')
  late.close()
  late.close()
  await new Promise(resolve => setTimeout(resolve, 50))
  t.strictSame([early.told.opened, early.told.closed, late.told.closed], [0, [], []])
})
