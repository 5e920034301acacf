/** The heads of requests: what is read of them, and what is no head. */
import fc from 'fast-check'
import t from 'tap'
import { acceptsGzip, hasTagged, readRequest, wantsWebSocket } from '../../src/io/request.ts'
import { holds } from '../fixtures/io/property.ts'

const headOf = (line: string, ...headers: readonly string[]): string => [line, 'Host: x', ...headers].join('\r\n')

t.test('what is read', async t => {
  t.strictSame(readRequest(headOf('GET /a/b?c=d?e HTTP/1.1', 'A-b:  c d\t ', 'X:', 'x: 1', 'X:2')), {
    method: 'GET',
    path: '/a/b',
    query: 'c=d?e',
    minor: 1,
    headers: new Map([
      ['host', 'x'],
      ['a-b', 'c d'],
      ['x', ', 1, 2']
    ])
  })
  t.match(readRequest('GET / HTTP/1.0'), { method: 'GET', path: '/', query: '', minor: 0 }, 'without a host, in HTTP/1.0')
  t.match(readRequest(headOf('OPTIONS * HTTP/1.1')), { method: 'OPTIONS', path: '*' })
  t.match(readRequest(headOf('GET http://x/main.js HTTP/1.1')), { path: 'http://x/main.js' })
  t.equal(readRequest(headOf('GET / HTTP/1.1', 'A: Z\xe4hler'))?.headers.get('a'), 'Z\xe4hler')
})

t.test('what is no head', async t => {
  const lines = [
    '',
    'GET',
    'GET /',
    'GET / HTTP/2',
    'GET / HTTP/1.2',
    'get / HTTP/1.1',
    'GET  / HTTP/1.1',
    'GET / HTTP/1.1 ',
    ' GET / HTTP/1.1',
    'GET /\xe4 HTTP/1.1',
    'GET /\0 HTTP/1.1',
    `${'G'.repeat(21)} / HTTP/1.1`
  ]
  for (const line of lines) t.equal(readRequest(headOf(line)), undefined, JSON.stringify(line))
  for (const header of ['', 'a', ': b', 'a b: c', 'a : b', ' a: b', 'a: \0', 'a: \x7f', 'a: b\nc: d', 'a: b\rc: d']) {
    t.equal(readRequest(headOf('GET / HTTP/1.1', header)), undefined, JSON.stringify(header))
  }
  t.equal(readRequest('GET / HTTP/1.1'), undefined, 'without a host')
  t.equal(readRequest(headOf('GET / HTTP/1.1', 'Host: x')), undefined, 'with two of them')
})

t.test('who wants a WebSocket', async t => {
  const wants = (...headers: readonly string[]): boolean => {
    const request = readRequest(headOf('GET /mqtt HTTP/1.1', ...headers))
    return request !== undefined && wantsWebSocket(request)
  }
  t.ok(wants('Connection: Upgrade', 'Upgrade: websocket'))
  t.ok(wants('connection: keep-alive, upgrade', 'UPGRADE: WebSocket'), 'as Firefox says it')
  t.notOk(wants('Connection: keep-alive', 'Upgrade: websocket'))
  t.notOk(wants('Connection: Upgrade', 'Upgrade: h2c'))
  t.notOk(wants('Connection: Upgrade'))
})

t.test('who takes gzip', async t => {
  const takes = (accepted: string): boolean => {
    const request = readRequest(headOf('GET / HTTP/1.1', `Accept-Encoding: ${accepted}`))
    return request !== undefined && acceptsGzip(request)
  }
  for (const accepted of ['gzip', 'GZIP', 'br, gzip', 'br;q=0,gzip;q=0.5', 'gzip ; q=1.000 , br']) t.ok(takes(accepted), accepted)
  for (const accepted of ['', 'br', '*', 'gzip;q=0', 'br, gzip; q=0.00', 'gzipped', 'x-gzip', 'gzip;q=x'])
    t.notOk(takes(accepted), accepted)
  t.notOk(acceptsGzip({ method: 'GET', path: '/', query: '', minor: 1, headers: new Map() }))
})

t.test('whatever comes is read or is no head', async t => {
  const piece = fc.constantFrom('GET ', '/', ' HTTP/1.1', '\r\n', 'Host: x', ':', ' ', 'a', '\xff', '\0', '?')
  holds(
    t,
    3_000,
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      const request = readRequest(pieces.join(''))
      return request === undefined || (request.method.length > 0 && !request.path.includes('?'))
    })
  )
})

t.test('who has the answer already', async t => {
  const has = (tags: string): boolean => {
    const request = readRequest(headOf('GET / HTTP/1.1', `If-None-Match: ${tags}`))
    return request !== undefined && hasTagged(request, 'W/"a"')
  }
  for (const tags of ['W/"a"', '"a"', '"b", W/"a"']) t.ok(has(tags), tags)
  for (const tags of ['', '"b"', 'a', 'W/"A"']) t.notOk(has(tags), tags)
})
