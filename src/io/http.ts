/** The page's server: a handful of files from memory, a few answers in JSON, and the upgrade to WebSocket at `/mqtt`. */
import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '../limits.ts'
import { acceptsGzip, type Request, readRequest, wantsWebSocket } from './request.ts'
import { cutOff, cutOffLater, type SocketOwner, watchSocket } from './tcp.ts'
import type { WebSocketDoor } from './websocket.ts'

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

/** The server; the caller listens and closes. */
export type HttpServer = Server & { closeAllConnections(): void }

/** Makes the server. Each connection has one request: who sends thousands in one piece has them neither parsed nor answered. */
export function makeHttpServer(files: readonly PageFile[], answers: Answers, door: WebSocketDoor): HttpServer {
  const site: Site = { files: new Map(files.map(file => [file.path, file])), answers, door, visitors: new Set(), answering: new Set() }
  const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs, allowHalfOpen: true }
  const server = createServer(options, socket => new Visitor(socket, site))
  server.maxConnections = limits.clientsMax + 2 * limits.strangersMax + limits.requestsMax
  return Object.assign(server, {
    closeAllConnections() {
      for (const visitor of site.visitors) visitor.drop()
    }
  })
}

/** What all visitors share. */
interface Site {
  readonly files: ReadonlyMap<string, PageFile>
  readonly answers: Answers
  readonly door: WebSocketDoor
  readonly visitors: Set<Visitor>
  /** Those whose answer the system has not taken yet: it waits in memory. */
  readonly answering: Set<Visitor>
}

const headers = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  Connection: 'close'
}

/** One connection, until it is answered or has become a WebSocket. */
class Visitor implements SocketOwner {
  readonly #socket: Socket
  readonly #site: Site
  /** What came of the head; `undefined` once it is all there, and what follows is of no interest. */
  #head: Buffer | undefined = Buffer.alloc(0)
  #timer: NodeJS.Timeout

  constructor(socket: Socket, site: Site) {
    this.#socket = socket
    this.#site = site
    this.#timer = setTimeout(() => this.#refuse('408 Request Timeout', 'The request did not come to its end.'), limits.requestMs)
    site.visitors.add(this)
    watchSocket(socket, this)
  }

  received(chunk: Buffer): void {
    if (!this.#head) {
      restALittle(this.#socket) // what is sent behind a request would only be thrown away
      return
    }
    const bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
    const end = bytes.indexOf('\r\n\r\n')
    if (!/^[A-Z]/.test(bytes.toString('latin1', 0, 1))) this.#refuse('400 Bad Request', 'This is no request of HTTP.')
    else if ((end < 0 ? bytes.length : end) > limits.requestHeadBytesMax)
      this.#refuse('431 Request Header Fields Too Large', 'The request is too long.')
    else if (end < 0) this.#head = bytes
    else this.#take(readRequest(bytes.toString('latin1', 0, end)), bytes.subarray(end + 4))
  }

  closed(): void {
    this.#leave()
    this.#site.answering.delete(this)
  }

  /** Cuts it off. */
  drop(): void {
    this.#socket.destroy()
  }

  #take(request: Request | undefined, behind: Buffer): void {
    if (!request) {
      this.#refuse('400 Bad Request', 'This is no request of HTTP.')
    } else if (wantsWebSocket(request) && request.path === '/mqtt') {
      this.#leave()
      this.#site.door.upgrade(request, this.#socket, behind)
    } else if (this.#site.answering.size >= limits.requestsMax) {
      this.#refuse('503 Service Unavailable', 'Too many ask at once.', { 'Retry-After': '1' })
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      this.#refuse('405 Method Not Allowed', 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
    } else {
      this.#answer(request)
    }
  }

  #answer(request: Request): void {
    const { path } = request
    const withBody = request.method === 'GET'
    const file = this.#site.files.get(path)
    const make = Object.hasOwn(this.#site.answers, path) ? this.#site.answers[path] : undefined
    if (file) {
      const isKnown = request.headers.get('if-none-match') === file.etag
      const isZipped = acceptsGzip(request)
      const common = { ETag: file.etag, 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' }
      if (isKnown) this.#send('304 Not Modified', common, undefined, false)
      else
        this.#send(
          '200 OK',
          { ...common, ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}), 'Content-Type': file.type },
          isZipped ? file.gzip : file.body,
          withBody
        )
    } else if (make) {
      const body = Buffer.from(JSON.stringify(make()))
      this.#send('200 OK', { 'X-Wattslug': '1', 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }, body, withBody)
    } else if (path === '/mqtt') {
      this.#refuse(
        '426 Upgrade Required',
        'This is MQTT over WebSocket: connect to it with an MQTT client.',
        { Upgrade: 'websocket' },
        withBody
      )
    } else {
      this.#refuse('404 Not Found', 'There is no such page. The meter is at /.', {}, withBody)
    }
  }

  #refuse(status: string, text: string, more: Readonly<Record<string, string>> = {}, withBody = true): void {
    this.#send(status, { ...more, 'Content-Type': 'text/plain; charset=utf-8' }, Buffer.from(`${text}\n`), withBody)
  }

  /** Answers, and closes; who does not read or does not close its side is cut off. */
  #send(status: string, more: Readonly<Record<string, string>>, body: Buffer | undefined, withBody: boolean): void {
    const length = body ? { 'Content-Length': body.length } : {}
    const lines = Object.entries({ ...headers, ...more, ...length }).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#head = undefined
    clearTimeout(this.#timer)
    this.#timer = setTimeout(cutOff, limits.drainMs, this.#socket)
    this.#site.answering.add(this)
    this.#socket.cork()
    this.#socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`)
    if (body && withBody) this.#socket.write(body)
    this.#socket.uncork()
    this.#socket.end(() => {
      this.#site.answering.delete(this)
      cutOffLater(this.#socket)
    })
  }

  /** It is a visitor no longer. */
  #leave(): void {
    this.#head = undefined
    clearTimeout(this.#timer)
    this.#site.visitors.delete(this)
  }
}

function restALittle(socket: Socket): void {
  socket.pause()
  setTimeout(resume, limits.discardMs, socket).unref()
}

function resume(socket: Socket): void {
  socket.resume()
}
