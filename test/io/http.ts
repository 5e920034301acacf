/** The page's server: every file and answer, and what is asked that is not there. */
import { type IncomingHttpHeaders, request as startRequest } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { Callers, type Passage } from '../../src/io/callers.ts'
import { type Endpoint, endpoint } from '../../src/io/endpoint.ts'
import { type HttpServer, makeHttpServer, type PageFile } from '../../src/io/http.ts'
import { makeProxies } from '../../src/io/proxies.ts'
import { json, jsonReply } from '../../src/io/reply.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits, setLimits } from '../../src/limits.ts'
import { listenOnFree, type Test, TestClock } from '../fixtures/io/serving.ts'
import { connectRaw, type Raw } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

const pageFile = (path: string, type: string, text: string): PageFile => ({
  path,
  type,
  etag: `"${path.length}-${text.length}"`,
  headers: { 'Cache-Control': 'no-cache' },
  body: Buffer.from(text),
  gzip: gzipSync(text)
})

const files = [
  pageFile('/', 'text/html; charset=utf-8', '<!doctype html><title>Zähler</title>'),
  pageFile('/main.js', 'text/javascript; charset=utf-8', 'start()'.repeat(200)),
  pageFile('/icon.svg', 'image/svg+xml', '<svg/>')
]

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function serveFiles(t: Test): Promise<{ port: number; server: HttpServer; ask: (path: string, options?: Asked) => Promise<Answer> }> {
  let asked = 0
  const get = (path: string, make: () => unknown): Endpoint =>
    endpoint({ method: 'GET', path, about: '', parameters: {}, answers: { [json]: undefined }, answer: () => jsonReply(make()) })
  const endpoints = [
    get('/settings.json', () => ({ asked: ++asked, name: 'Zähler' })),
    get('/api/none', () => null),
    get('/much', () => 'x'.repeat(8_000_000))
  ]
  const server = makeHttpServer(
    files,
    { endpoints },
    makeWebSocketDoor(() => undefined)
  )
  const port = await listenOnFree(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port, server, ask: (path, options = {}) => ask(port, path, options) }
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Buffer
}

function ask(port: number, path: string, { method = 'GET', headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = startRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk as Buffer))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': /default-src 'self'; connect-src 'self' ws: wss:;.*frame-ancestors 'none'/
}

t.test('every file: its type, its length, its tag, and it is asked for anew each time', async t => {
  const { ask } = await serveFiles(t)
  for (const { path, type, etag, body } of files) {
    const answer = await ask(path)
    t.equal(answer.status, 200, path)
    t.ok(answer.body.equals(body))
    const expected = {
      'content-type': type,
      'content-length': String(body.length),
      etag,
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding'
    }
    t.match(answer.headers, { ...always, ...expected })
    t.equal(answer.headers['content-encoding'], undefined)
    t.equal((await ask(`${path}?v=1`)).status, 200, 'a query does not matter')
  }
})

t.test('packed, when the browser takes it', async t => {
  const { ask } = await serveFiles(t)
  for (const accepted of ['gzip', 'br, gzip', 'gzip, deflate, br;q=0.5', 'GZIP;q=0.1', 'br;q=0,gzip ; q=1.0']) {
    const answer = await ask('/main.js', { headers: { 'Accept-Encoding': accepted } })
    t.match(answer.headers, { 'content-encoding': 'gzip', 'content-length': String(files[1]?.gzip.length), 'content-type': files[1]?.type })
    t.equal(gunzipSync(answer.body).toString(), files[1]?.body.toString(), accepted)
  }
  for (const accepted of ['br, identity', 'gzip;q=0', 'gzip; q=0.000, br', '*;q=0', 'x-gzip2', '']) {
    const plain = await ask('/main.js', { headers: { 'Accept-Encoding': accepted } })
    t.equal(plain.headers['content-encoding'], undefined, accepted)
  }
})

t.test('304 for what the browser has', async t => {
  const { ask } = await serveFiles(t)
  for (const { path, etag } of files) {
    const answer = await ask(path, { headers: { 'If-None-Match': etag } })
    t.match(answer, { status: 304, headers: { ...always, etag, 'cache-control': 'no-cache', vary: 'Accept-Encoding' } })
    t.equal(answer.body.length, 0)
    t.equal((await ask(path, { headers: { 'If-None-Match': '"other"' } })).status, 200)
  }
})

t.test('HEAD: the same head, and no body', async t => {
  const { ask } = await serveFiles(t)
  for (const path of ['/', '/main.js', '/api/none', '/nothing']) {
    const [head, get] = [await ask(path, { method: 'HEAD' }), await ask(path)]
    t.equal(head.body.length, 0)
    t.equal(head.status, get.status)
    const { date: _, ...headers } = get.headers
    t.match(head.headers, headers, path)
  }
})

t.test('answers in JSON, made anew', async t => {
  const { ask } = await serveFiles(t)
  for (const asked of [1, 2]) {
    const answer = await ask('/settings.json')
    t.match(answer, { status: 200, headers: { ...always, 'content-type': 'application/json', 'cache-control': 'no-cache' } })
    t.strictSame(JSON.parse(answer.body.toString()), { asked, name: 'Zähler' })
  }
  t.equal((await ask('/api/none')).body.toString(), 'null')
})

t.test('what is not there: 404', async t => {
  const { ask } = await serveFiles(t)
  const paths = [
    '/index.html',
    '/main.js/',
    '/MAIN.JS',
    '//',
    '/toString',
    '/constructor',
    '/__proto__',
    '/settings.json/x',
    '/%2e%2e/etc/passwd'
  ]
  for (const path of paths) {
    const answer = await ask(path)
    t.match(answer, { status: 404, headers: { ...always, 'content-type': 'text/plain; charset=utf-8' } }, path)
    t.equal(answer.body.toString(), 'There is no such page. The meter is at /.\n')
  }
})

t.test('paths that try to leave the page: 404, as they stand', async t => {
  const { port } = await serveFiles(t)
  for (const path of ['/../../etc/passwd', '/..\\..\\etc', '/./main.js', 'http://elsewhere/main.js', '/main.js%00.html', '*']) {
    const raw = await connectRaw(t, port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), /^HTTP\/1\.1 40[04] /, path)
    t.notMatch(raw.text(), /daemon:|nobody:/)
  }
})

t.test('other methods: 405', async t => {
  const { ask } = await serveFiles(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    for (const path of ['/', '/settings.json', '/nothing', '/mqtt']) {
      const answer = await ask(path, { method })
      t.match(answer, { status: 405, headers: { ...always, allow: 'GET, HEAD' } }, `${method} ${path}`)
    }
  }
  const answer = await ask('/', { method: 'POST', body: Buffer.alloc(3_000_000) })
  t.equal(answer.status, 405, 'also with a body')
})

t.test('a plain request to the WebSocket: 426', async t => {
  const { ask } = await serveFiles(t)
  const answer = await ask('/mqtt')
  t.match(answer, { status: 426, headers: { ...always, upgrade: 'websocket' } })
  t.match(answer.body.toString(), /MQTT over WebSocket/)
})

t.test('heads past the bound: 431, and nonsense: 400; the next client is served', async t => {
  const { port, ask } = await serveFiles(t)
  const cases: readonly (readonly [bytes: string, status: number])[] = [
    [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(limits.requestHeadBytesMax)}\r\n\r\n`, 431],
    [`GET /${'a'.repeat(limits.requestHeadBytesMax)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['nonsense\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / HTTP/1.2\r\nHost: x\r\n\r\n', 400],
    ['GET / HTTP/1.1 \r\nHost: x\r\n\r\n', 400],
    ['GET  / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nA : x\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n', 400],
    ['GET / HTTP/1.0\r\n\r\n', 200]
  ]
  for (const [bytes, status] of cases) {
    const raw = await connectRaw(t, port, Buffer.from(bytes, 'latin1'))
    await until(() => raw.isEnded, 'an answer')
    t.match(raw.text(), new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(bytes.slice(0, 30)))
  }
  t.equal((await ask('/')).status, 200)
})

t.test('a connection has one request: what follows is not looked at', async t => {
  const { port, ask } = await serveFiles(t)
  const request = 'GET /settings.json HTTP/1.1\r\nHost: x\r\n\r\n'
  const raw = await connectRaw(t, port, request.repeat(5_000))
  await until(() => raw.isEnded, 'the answer')
  t.match(raw.text(), /\r\nConnection: close\r\n/)
  t.equal(raw.text().match(/HTTP\/1\.1 200 OK/g)?.length, 1)
  t.equal(JSON.parse((await ask('/settings.json')).body.toString()).asked, 2, 'one answer was made')
})

t.test('a head may come in any pieces', async t => {
  const { port } = await serveFiles(t)
  for (const size of [1, 2, 7]) {
    const raw = await connectRaw(t, port)
    const request = 'GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\n'
    for (let at = 0; at < request.length; at += size) {
      raw.socket.write(request.slice(at, at + size))
      await turns(1)
    }
    await until(() => raw.isEnded, 'the answer')
    t.match(raw.text(), /^HTTP\/1\.1 200 OK\r\n/)
  }
})

t.test('who offers another protocol is answered in this one', async t => {
  const { port } = await serveFiles(t)
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
  const raw = await connectRaw(t, port, `GET /icon.svg HTTP/1.1\r\nHost: x\r\n${offer}\r\n`)
  await until(() => raw.isEnded, 'the answer')
  t.match(raw.text(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*<svg\/>$/)
})

t.test('a side that is closed after the request is answered', async t => {
  const { port } = await serveFiles(t)
  const raw = await connectRaw(t, port)
  raw.socket.end('GET /icon.svg HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => raw.isEnded, 'the answer')
  t.match(raw.text(), /<svg\/>$/)
})

t.test('a client that resets in the midst of anything does no harm', async t => {
  const { port, ask } = await serveFiles(t)
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  for (const bytes of [
    'GET / HT',
    'GET /main.js HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET /other HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    `GET /mqtt HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`
  ]) {
    for (let round = 0; round < 10; round++) {
      const { socket } = await connectRaw(t, port, bytes)
      if (round % 2 === 0) await new Promise(resolve => setImmediate(resolve))
      socket.resetAndDestroy()
    }
  }
  t.equal((await ask('/')).status, 200)
})

t.test('more than may be answered at once: 503; when those are gone, the next is served', async t => {
  const { port, ask } = await serveFiles(t)
  const raws: Raw[] = []
  for (let index = 0; index < limits.requestsMax; index++) {
    const raw = await connectRaw(t, port)
    raw.socket.pause()
    raw.socket.write('GET /much HTTP/1.1\r\nHost: x\r\n\r\n')
    raws.push(raw)
  }
  let answer = await ask('/')
  for (let tries = 0; tries < 100 && answer.status === 200; tries++) answer = await ask('/')
  t.match(answer, { status: 503, headers: { ...always, 'retry-after': '1' } })
  const [first, ...others] = raws
  for (const { socket } of others) socket.destroy()
  first?.socket.resume()
  await until(() => first?.isEnded === true, 'an answer that was waited for')
  t.ok((first?.bytes().length ?? 0) > 8_000_000, 'and is whole')
  t.equal((await ask('/')).status, 200)
})

t.test('who does not read is cut off, and who sends no whole request is told so', async t => {
  const { drainMs, requestMs } = limits
  setLimits({ drainMs: 300, requestMs: 200 })
  t.teardown(() => setLimits({ drainMs, requestMs }))
  const { port, server } = await serveFiles(t)
  const frozen = await connectRaw(t, port)
  frozen.socket.pause()
  frozen.socket.write('GET /much HTTP/1.1\r\nHost: x\r\n\r\n')
  const half = await connectRaw(t, port, 'GET / HT')
  const silent = await connectRaw(t, port)
  await until(() => half.isEnded && silent.isEnded, 'both are told')
  for (const raw of [half, silent]) t.match(raw.text(), /^HTTP\/1\.1 408 /)
  for (const raw of [half, silent]) raw.socket.end()
  let left = -1
  await until(() => {
    server.getConnections((_, count) => {
      left = count
    })
    return left === 0
  }, 'nobody is left')
  t.pass()
})

t.test('connections are bounded in number', async t => {
  const server = makeHttpServer(
    [],
    {},
    makeWebSocketDoor(() => undefined)
  )
  t.equal(server.maxConnections, limits.clientsMax + 2 * limits.strangersMax + limits.requestsMax)
})

t.test('of one address no more connections wait for a request than its share', async t => {
  const silent = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
  const callers = new Callers(makeProxies([]), new TestClock(), silent)
  const elsewhere: Passage = enter => socket => enter(Object.defineProperty(socket, 'remoteAddress', { value: '192.168.1.7' }))
  const door = makeWebSocketDoor(() => undefined)
  const server = makeHttpServer(files, {}, door, callers, elsewhere)
  const port = await listenOnFree(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const waiting: Raw[] = []
  for (let index = 0; index < limits.requestsOfOneMax; index++) waiting.push(await connectRaw(t, port, 'GET / '))
  const refused = await connectRaw(t, port)
  await until(() => refused.isEnded, 'one more is cut off')
  t.equal(refused.text(), '')
  t.equal(waiting.filter(({ isEnded }) => isEnded).length, 0)
  t.equal(callers.counters.get('connects-too-silent'), 1)
  waiting[0]?.socket.write('HTTP/1.0\r\n\r\n')
  await until(() => waiting[0]?.text().startsWith('HTTP/1.1 200') === true, 'an answer')
  const next = await connectRaw(t, port, 'GET / HTTP/1.0\r\n\r\n')
  await until(() => next.text().startsWith('HTTP/1.1 200'), 'there is room again')
})
