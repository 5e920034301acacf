/** The page's server: a handful of files from memory, a few answers in JSON, and the upgrade to WebSocket at `/mqtt`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { refuseUpgrade, type WebSocketDoor } from './websocket.ts'

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly path: string
  readonly type: string
  readonly etag: string
  readonly body: Buffer
  readonly gzip: Buffer
}

/** Answers in JSON, by path; made anew for each request. */
export type Answers = Readonly<Record<string, () => unknown>>

const headers = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

/** Makes the server; the caller listens and closes. */
export function makeHttpServer(files: readonly PageFile[], answers: Answers, door: WebSocketDoor): Server {
  const byPath = new Map(files.map(file => [file.path, file]))
  const server = createServer({
    maxHeaderSize: limits.requestHeadBytesMax,
    headersTimeout: limits.requestMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.requestMs / 2,
    keepAliveTimeout: limits.requestMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: limits.tcpKeepAliveMs
  })
  server.maxConnections = limits.clientsMax + 2 * limits.strangersMax + limits.requestsMax
  server.timeout = limits.drainMs // for who asks and does not read; ws takes it off its sockets
  const answering = new Set<ServerResponse>()
  server.on('connection', socket => {
    socket.once('close', () => {
      for (const response of answering) if (response.req.socket === socket) answering.delete(response)
    })
  })
  server.on('request', (request, response) => {
    // One read may hold thousands of requests, and each answer waits in memory until it is read.
    if (answering.size >= limits.requestsMax || request.socket.destroyed) {
      request.socket.destroy()
      return
    }
    answering.add(response)
    response.once('finish', () => answering.delete(response))
    request.resume() // a body is of no interest
    answer(request, response, byPath, answers)
  })
  server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) === '/mqtt') door.upgrade(request, socket as Socket, head)
    else refuseUpgrade(socket as Socket, '404 Not Found')
  })
  return server
}

function answer(request: IncomingMessage, response: ServerResponse, files: ReadonlyMap<string, PageFile>, answers: Answers): void {
  const path = pathOf(request)
  const file = files.get(path)
  const make = Object.hasOwn(answers, path) ? answers[path] : undefined
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendText(response, 405, 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
  } else if (file) {
    sendFile(request, response, file)
  } else if (make) {
    const body = Buffer.from(JSON.stringify(make()))
    response.writeHead(200, {
      ...headers,
      'X-Wattslug': '1',
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'Cache-Control': 'no-store'
    })
    response.end(body)
  } else if (path === '/mqtt') {
    sendText(response, 426, 'This is MQTT over WebSocket: connect to it with an MQTT client.', { Upgrade: 'websocket' })
  } else {
    sendText(response, 404, 'There is no such page. The meter is at /.')
  }
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  const common = { ...headers, ETag: file.etag, 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' }
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, common).end()
    return
  }
  const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  const body = zipped ? file.gzip : file.body
  const encoding = zipped ? { 'Content-Encoding': 'gzip' } : {}
  response.writeHead(200, { ...common, ...encoding, 'Content-Type': file.type, 'Content-Length': body.length })
  response.end(body)
}

function sendText(response: ServerResponse, status: number, text: string, more: Record<string, string> = {}): void {
  const body = Buffer.from(`${text}\n`)
  response.writeHead(status, { ...headers, ...more, 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length })
  response.end(body)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}
