/** The API over real sockets: what a request means, what comes with it, and answers in pieces, byte by byte. */
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { type Endpoint, endpoint, type Need, readJson } from '../../src/io/endpoint.ts'
import { makeHttpServer } from '../../src/io/http.ts'
import { choice, place } from '../../src/io/parameters.ts'
import { json, jsonReply, Refusal } from '../../src/io/reply.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits, setLimits } from '../../src/limits.ts'
import type { Who } from '../../src/mqtt/access.ts'
import { listenOnFree, type Test } from '../fixtures/io/serving.ts'
import { connectRaw, type Raw } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

/** What the entries saw. */
interface Seen {
  pieces: number
  closed: number
  waiting: (() => void)[]
  bytes: number
}

function entries(seen: Seen): readonly Endpoint[] {
  async function* pieces(): AsyncGenerator<string> {
    try {
      for (let piece = 0; piece < 1_000; piece++) {
        seen.pieces++
        yield 'x'.repeat(10_000)
      }
    } finally {
      seen.closed++
    }
  }
  async function* broken(): AsyncGenerator<string> {
    yield 'begun'
    throw new Error('the store was closed')
  }
  async function* busy(): AsyncGenerator<string> {
    for (let piece = 0; piece < 300; piece++) {
      const endMs = performance.now() + 1
      while (performance.now() < endMs);
      yield 'x'
    }
  }
  const get = (path: string, answer: Endpoint['answer']): Endpoint => ({
    method: 'GET',
    path,
    about: '',
    parameters: { step: choice('', ['a', 'b']) },
    answers: {},
    answer
  })
  const content = { type: json, bytesMax: 1_000, withinMs: 300 }
  return [
    get('/api/x', ({ values }) => jsonReply(values, { tagged: 'same' })),
    get('/api/later', () => new Promise(resolve => seen.waiting.push(() => resolve(jsonReply('late'))))),
    get('/api/pieces', () => ({ type: 'text/plain', body: pieces() })),
    get('/api/busy', () => ({ type: 'text/plain', body: busy() })),
    get('/api/ill', async () => jsonReply(await readFile('/'))),
    get('/api/broken', () => ({ type: 'text/plain', body: broken() })),
    endpoint({
      method: 'PUT',
      path: '/api/x',
      about: '',
      parameters: {},
      content,
      answers: {},
      answer: async ({ body }) => jsonReply(await readJson(body))
    }),
    endpoint({
      method: 'POST',
      path: '/api/file',
      about: '',
      parameters: {},
      content: { type: 'application/x-ndjson', bytesMax: 50_000_000, withinMs: 60_000 },
      answers: {},
      async answer({ body }) {
        seen.bytes = 0
        for await (const piece of body) seen.bytes += piece.length
        return jsonReply(seen.bytes)
      }
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/of/{place}',
      about: '',
      parameters: { place: place(''), step: choice('', ['a']) },
      answers: {},
      answer: ({ values }) => jsonReply(values)
    })
  ]
}

async function serveEntries(t: Test, admit?: (request: unknown, peer: string, need: Need) => Promise<Who>) {
  const seen: Seen = { pieces: 0, closed: 0, waiting: [], bytes: 0 }
  const failed: Error[] = []
  const door = makeWebSocketDoor(() => undefined)
  const server = makeHttpServer([], { endpoints: entries(seen), failed: error => failed.push(error), ...(admit ? { admit } : {}) }, door)
  const port = await listenOnFree(server)
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  /** Sends what it is given and waits for the end. */
  const say = async (text: string | Buffer): Promise<{ status: number; text: string; body: string }> => {
    const raw = await connectRaw(t, port, text)
    await until(() => raw.isEnded, 'an answer')
    raw.socket.destroy()
    return answerOf(raw)
  }
  return { say, seen, port, server, failed }
}

function answerOf(raw: Raw): { status: number; text: string; body: string } {
  const text = raw.text()
  const last = text.lastIndexOf('\r\n\r\n')
  return { status: Number(/HTTP\/1\.1 (\d{3}) (?![\s\S]*HTTP\/1\.1 )/.exec(text)?.[1]), text, body: text.slice(last + 4) }
}

const head = (line: string, ...lines: readonly string[]): string => [`${line} HTTP/1.1`, 'Host: x', ...lines, '', ''].join('\r\n')
const put = (body: string, ...lines: readonly string[]): string =>
  head('PUT /api/x', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, ...lines) + body

t.test('what a request means', async t => {
  const { say } = await serveEntries(t)
  t.match(await say(head('GET /api/x?step=b')), { status: 200, body: '{"step":"b"}' })
  t.match(await say(head('GET /api/x?step=c')), {
    status: 400,
    body: '{"error":"step: impossible value: c; allowed: a, b","field":"step"}'
  })
  t.match(await say(head('HEAD /api/x')), { status: 200, body: '' })
  t.match(await say(head('DELETE /api/of/meter2/1?step=a')), { status: 200, body: '{"place":"meter2/1","step":"a"}' })
  t.match(await say(head('DELETE /api/of/meter2%2F1')), { status: 200, body: '{"place":"meter2/1"}' })
  for (const rest of ['', '..', '../../etc/passwd', '%2e%2e', '0/', '%00', 'A', '0?place=1']) {
    t.match(await say(head(`DELETE /api/of/${rest}`)), { status: 400 }, rest)
  }
  t.match(await say(head('POST /api/x')), { status: 405, text: /\r\nAllow: GET, HEAD, PUT\r\n/ })
  t.match(await say(head('GET /api/of/0')), { status: 405, text: /\r\nAllow: DELETE\r\n/ })
  t.match(await say(head('OPTIONS /api/file')), { status: 405, text: /\r\nAllow: POST\r\n/ })
  t.match(await say(head('GET /api/nothing')), { status: 404, body: /"error"/ })
  t.match(await say(head('GET /api/x/')), { status: 404 })
})

t.test('what has not changed is not sent again', async t => {
  const { say } = await serveEntries(t)
  const [, tag = ''] = /\r\nETag: (.*)\r\n/.exec((await say(head('GET /api/x'))).text) ?? []
  t.match(tag, /^W\/"[\w-]{16}"$/)
  const again = await say(head('GET /api/x', `If-None-Match: ${tag}`))
  t.equal(again.status, 304)
  t.equal(again.body, '')
  t.notMatch(again.text, /Content-Length/)
})

t.test('bodies: as long as they say, in JSON, in time', async t => {
  const { say, port } = await serveEntries(t)
  t.match(await say(put('{"a":"ä"}')), { status: 200, body: Buffer.from('{"a":"ä"}').toString('latin1') })
  t.match(
    await say(`${put('{"a":1}')}GET / HTTP/1.1\r\n\r\n`),
    { status: 200, body: '{"a":1}' },
    'longer than said: the rest is no part of it'
  )
  t.match(await say(put(JSON.stringify('x'.repeat(998)))), { status: 200 }, 'as long as may be')
  t.match(await say(put('x'.repeat(1_001))), { status: 413 })
  for (const body of ['', '{', '{"a":1}x', 'undefined']) t.match(await say(put(body)), { status: 400, body: /no JSON/ }, body)
  const type = 'Content-Type: application/json'
  t.match(await say(Buffer.concat([Buffer.from(head('PUT /api/x', type, 'Content-Length: 3')), Buffer.of(34, 0xff, 34)])), { status: 400 })
  t.match(await say(head('PUT /api/x', type)), { status: 411 })
  t.match(await say(`${head('PUT /api/x', type, 'Transfer-Encoding: chunked')}0\r\n\r\n`), { status: 411 })
  for (const length of ['-1', '1e1', '5, 5', '', '9999999999999']) {
    t.match(await say(head('PUT /api/x', type, `Content-Length: ${length}`)).then(({ status }) => status), 400, length)
  }
  t.match(await say(head('PUT /api/x', 'Content-Type: text/plain', 'Content-Length: 1')), { status: 415 })
  t.match(await say(head('PUT /api/x', 'Content-Length: 1')), { status: 415 })
  t.match(await say(head('PUT /api/x', type, 'Content-Length: 1', 'Expect: tea')), { status: 417 })
  const short = await connectRaw(t, port, `${head('PUT /api/x', type, 'Content-Length: 10')}{}`)
  short.socket.end()
  await until(() => short.isEnded, 'an answer')
  t.match(answerOf(short), { status: 400, body: /the body ended early; 2 of 10 bytes came/ }, 'shorter than said')
  t.match(await say(head('PUT /api/x', type, 'Content-Length: 10')), { status: 408, body: /too slowly/ })
})

t.test('a body in any pieces, and one that waits to be asked for', async t => {
  const { port } = await serveEntries(t)
  for (const size of [1, 7]) {
    const raw = await connectRaw(t, port)
    const text = put('{"a":[1,2,3]}')
    for (let at = 0; at < text.length; at += size) {
      raw.socket.write(text.slice(at, at + size))
      await turns(1)
    }
    await until(() => raw.isEnded, 'the answer')
    t.match(answerOf(raw), { status: 200, body: '{"a":[1,2,3]}' })
  }
  const polite = await connectRaw(
    t,
    port,
    head('PUT /api/x', 'Content-Type: application/json', 'Content-Length: 2', 'Expect: 100-continue')
  )
  await until(() => polite.text() === 'HTTP/1.1 100 Continue\r\n\r\n', 'to be asked for it')
  polite.socket.write('[]')
  await until(() => polite.isEnded, 'the answer')
  t.match(answerOf(polite), { status: 200, body: '[]' })
})

t.test('who may not change anything is told so before sending much', async t => {
  const { port, say } = await serveEntries(t, (_request, _peer, need) =>
    need === 'see' ? Promise.resolve({ user: '', proof: '' }) : Promise.reject(new Refusal(401, 'who are you?'))
  )
  const file = head('POST /api/file', 'Content-Type: application/x-ndjson', 'Content-Length: 40000000', 'Expect: 100-continue')
  const raw = await connectRaw(t, port, file)
  await until(() => raw.isEnded, 'an answer')
  t.match(raw.text(), /^HTTP\/1\.1 401 /, 'not asked for it first')
  t.match(await say(head('GET /api/x')), { status: 200 }, 'looking is free')
})

t.test('a long body is taken as it is asked for', async t => {
  const { port, seen } = await serveEntries(t)
  const length = 40_000_000
  const raw = await connectRaw(t, port, head('POST /api/file', 'Content-Type: application/x-ndjson', `Content-Length: ${length}`))
  const piece = Buffer.alloc(1_000_000, 'x')
  for (let sent = 0; sent < length; sent += piece.length) {
    if (!raw.socket.write(piece)) await new Promise(resolve => raw.socket.once('drain', resolve))
  }
  await until(() => raw.isEnded, 'the answer')
  t.equal(seen.bytes, length)
  t.match(answerOf(raw), { status: 200, body: String(length) })
})

t.test('few send bodies at once', async t => {
  const { port, say } = await serveEntries(t)
  const begun = `${head('PUT /api/x', `Content-Type: ${json}`, 'Content-Length: 10')}x`
  const file = `${head('POST /api/file', 'Content-Type: application/x-ndjson', 'Content-Length: 10')}x`
  const raws: Raw[] = [await connectRaw(t, port, file)]
  let status = 200
  for (let tries = 0; tries < 100 && status === 200; tries++) status = (await say(`${file}123456789`)).status
  t.equal(status, 503, 'one file')
  t.match(await say(put('1')), { status: 200 }, 'which keeps no change out')
  status = 200
  for (let index = 0; index < limits.uploadsMax; index++) raws.push(await connectRaw(t, port, begun))
  for (let tries = 0; tries < 100 && status === 200; tries++) status = (await say(put('1'))).status
  t.equal(status, 503)
  t.match(await say(head('GET /api/x')), { status: 200 }, 'who looks does not notice')
  for (const raw of raws) raw.socket.destroy()
  for (let tries = 0; tries < 100 && status === 503; tries++) status = (await say(put('1'))).status
  t.equal(status, 200, 'when those are gone there is room')
})

t.test('who brings nothing of a body is cut off', async t => {
  const { drainMs } = limits
  setLimits({ drainMs: 300 })
  t.teardown(() => setLimits({ drainMs }))
  const { port } = await serveEntries(t)
  const raw = await connectRaw(t, port, `${head('POST /api/file', 'Content-Type: application/x-ndjson', 'Content-Length: 10')}x`)
  await until(() => raw.isEnded, 'an answer')
  t.match(raw.text(), /^HTTP\/1\.1 408 [\s\S]*nothing came for long; 1 of 10 bytes came/)
})

t.test('what the system refuses is answered and told', async t => {
  const { say, failed } = await serveEntries(t)
  t.match(await say(head('GET /api/ill')), { status: 500, body: /EISDIR/ })
  t.match(failed, [{ code: 'EISDIR' }])
})

t.test('an answer that the socket takes at once keeps nobody waiting', async t => {
  const { port } = await serveEntries(t)
  let turnsTaken = 0
  let isDone = false
  const count = (): void => {
    turnsTaken++
    if (!isDone) setImmediate(count)
  }
  const raw = await connectRaw(t, port, head('GET /api/busy'))
  await until(() => raw.text().includes('\r\n\r\n'), 'the first')
  count()
  await until(() => raw.isEnded, 'the last')
  isDone = true
  t.ok(turnsTaken > 10, `${turnsTaken} turns were taken meanwhile`)
})

t.test('pieces: each is made when the one before is taken', async t => {
  const { port, seen, say } = await serveEntries(t)
  const whole = await say(head('GET /api/pieces'))
  t.match(whole.text, /\r\nTransfer-Encoding: chunked\r\n/)
  t.ok(whole.text.endsWith('\r\n0\r\n\r\n'))
  t.equal(
    whole.text
      .replace(/^[\s\S]*?\r\n\r\n/, '')
      .replace(/(^|\r\n)[0-9a-f]+\r\n/g, '')
      .replaceAll('\r\n', '').length,
    10_000_000
  )
  const old = await say('GET /api/pieces HTTP/1.0\r\n\r\n')
  t.equal(old.body.length, 10_000_000, 'without chunks for HTTP/1.0')
  t.match(await say(head('HEAD /api/pieces')), { status: 200, body: '' })
  seen.pieces = 0
  const slow = await connectRaw(t, port)
  slow.socket.pause()
  slow.socket.write(head('GET /api/pieces'))
  await until(() => seen.pieces > 0, 'the first')
  for (let turn = 0; turn < 50; turn++) await turns(1)
  t.ok(seen.pieces < 900, `${seen.pieces} pieces were made for one who does not read`)
  const closed = seen.closed
  slow.socket.resetAndDestroy()
  await until(() => seen.closed > closed, 'what makes them to be closed')
})

t.test('an answer that breaks off does not look whole', async t => {
  const { say } = await serveEntries(t)
  const { text } = await say(head('GET /api/broken'))
  t.match(text, /begun/)
  t.notMatch(text, /\r\n0\r\n\r\n$/)
})

t.test('an answer that nobody waits for any more still counts while it is made', async t => {
  const { port, seen, say } = await serveEntries(t)
  for (let index = 0; index < limits.requestsMax; index++) {
    const raw = await connectRaw(t, port, head('GET /api/later'))
    await until(() => seen.waiting.length === index + 1, 'it to be asked')
    raw.socket.resetAndDestroy()
  }
  await turns(20)
  t.match(await say(head('GET /api/x')), { status: 503 })
  for (const answer of seen.waiting) answer()
  await turns(5)
  t.match(await say(head('GET /api/x')), { status: 200 })
})

t.test('10,000 requests in one piece: one answer', async t => {
  const { port } = await serveEntries(t)
  const raw = await connectRaw(t, port, head('GET /api/x').repeat(10_000))
  await until(() => raw.isEnded, 'an answer')
  t.equal(raw.text().match(/HTTP\/1\.1 200/g)?.length, 1)
})

t.test('who takes nothing of the pieces is cut off', async t => {
  const { drainMs } = limits
  setLimits({ drainMs: 300 })
  t.teardown(() => setLimits({ drainMs }))
  const { port, server } = await serveEntries(t)
  const slow = await connectRaw(t, port)
  slow.socket.pause()
  slow.socket.write(head('GET /api/pieces'))
  let left = -1
  await until(() => {
    server.getConnections((_, count) => {
      left = count
    })
    return left === 0
  }, 'nobody is left')
  t.pass()
})
