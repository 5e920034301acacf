/** The page's server: a handful of files from memory, the API, and the upgrade to WebSocket at `/mqtt`. */
import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '../limits.ts'
import type { Who } from '../mqtt/access.ts'
import { anyone } from '../mqtt/rights.ts'
import { announcedBytes, Body } from './body.ts'
import { type Callers, freely, type Passage } from './callers.ts'
import { type Endpoint, findEndpoint, type Need, needOf, valuesOf } from './endpoint.ts'
import { Refusal, type Reply, wrongMethod } from './reply.ts'
import { acceptsGzip, hasTagged, type Request, readRequest, wantsWebSocket } from './request.ts'
import { headOf, sendPieces, tagOf } from './sending.ts'
import { cutOff, cutOffLater, type SocketOwner, watchSocket } from './tcp.ts'
import type { WebSocketDoor } from './websocket.ts'

/** A file of the page, ready to be sent. */
export interface PageFile {
  readonly path: string
  readonly type: string
  readonly etag: string
  /** How it may be cached, and who may have it. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly gzip: Buffer
}

/** What is answered beside files, and for whom. */
export interface Api {
  readonly endpoints?: readonly Endpoint[]
  /** Finds out who asks, and lets that one pass. @throws Refusal */
  readonly admit?: (request: Request, peer: string, need: Need) => Promise<Who>
  /** Something went wrong that is nobody's mistake, such as a disk that fails; or a request was refused. */
  readonly failed?: (error: Error) => void
  readonly refused?: (status: number) => void
}

/** The server, and others that listen elsewhere for the same; the caller listens and closes. */
export type HttpServer = Server & { another(): Server; closeAllConnections(): void }

/**
 * Makes the server. Each connection has one request: who sends thousands in one piece has them neither parsed nor answered.
 * @param callers who comes in @param passage what stands before that, such as TLS
 */
export function makeHttpServer(
  files: readonly PageFile[],
  api: Api,
  door: WebSocketDoor,
  callers?: Callers,
  passage: Passage = freely
): HttpServer {
  const { endpoints = [], admit = async () => ({ user: anyone, proof: '' }), failed = () => undefined, refused = () => undefined } = api
  const site: Site = {
    ...{ endpoints, admit, failed, refused, door, visitors: new Set<Visitor>(), answering: new Set<Visitor>() },
    ...{ files: new Map(files.map(file => [file.path, file])), uploading: { value: new Set(), file: new Set() } }
  }
  const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs, allowHalfOpen: true }
  const enter = passage(socket => {
    const silent = [...site.visitors].filter(({ isSilent }) => isSilent)
    if (!callers || callers.mayBeSilent(socket.remoteAddress ?? 'nowhere', silent, limits.requestsOfOneMax)) new Visitor(socket, site)
    else socket.destroy()
  })
  const maxConnections = limits.clientsMax + 2 * limits.strangersMax + limits.requestsMax
  const another = (): Server => Object.assign(createServer(options, enter), { maxConnections })
  return Object.assign(another(), {
    another,
    closeAllConnections() {
      for (const visitor of site.visitors) visitor.drop()
    }
  })
}

/** What all visitors share. */
interface Site extends Required<Api> {
  readonly files: ReadonlyMap<string, PageFile>
  readonly door: WebSocketDoor
  readonly visitors: Set<Visitor>
  /** Those whose answer is being made, or waits in memory for the system to take it. */
  readonly answering: Set<Visitor>
  /** Those of them that send a body: a file takes long, and must not keep out those that change something. */
  readonly uploading: Readonly<Record<'value' | 'file', Set<Visitor>>>
}

/** What came of the head; what comes with it; or its answer is on its way, and what follows is of no interest. */
type Phase =
  | { readonly kind: 'head'; readonly bytes: Buffer }
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'answered' }
  | { readonly kind: 'gone' }

/** One connection, until it is answered or has become a WebSocket. */
class Visitor implements SocketOwner {
  readonly peer: string
  readonly #socket: Socket
  readonly #site: Site
  #phase: Phase = { kind: 'head', bytes: Buffer.alloc(0) }
  #timer: NodeJS.Timeout

  constructor(socket: Socket, site: Site) {
    this.peer = socket.remoteAddress ?? 'nowhere'
    this.#socket = socket
    this.#site = site
    this.#timer = setTimeout(() => this.#refuse(408, 'The request did not come to its end.'), limits.requestMs)
    site.visitors.add(this)
    watchSocket(socket, this)
  }

  /** Whether it has not asked for anything yet. */
  get isSilent(): boolean {
    return this.#phase.kind === 'head'
  }

  received(chunk: Buffer): void {
    if (this.#phase.kind === 'head') this.#gather(this.#phase.bytes.length === 0 ? chunk : Buffer.concat([this.#phase.bytes, chunk]))
    else if (this.#phase.kind === 'body') this.#phase.body.received(chunk)
    else restALittle(this.#socket) // what is sent behind a request would only be thrown away
  }

  /** A request that was sent to its end is answered all the same. */
  halfClosed(): void {
    if (this.#phase.kind === 'body') this.#phase.body.fail(400, 'the body ended early')
    else if (this.#phase.kind === 'head') this.#socket.end()
  }

  closed(): void {
    // What an answer is being made for counts until it is made: else who hangs up at once could have any number made.
    if (this.#phase.kind === 'body') this.#phase.body.fail(400, 'the connection ended early')
    else this.#site.answering.delete(this)
    this.#phase = { kind: 'gone' }
    this.#leave()
  }

  /** Cuts it off. */
  drop(): void {
    this.#socket.destroy()
  }

  #gather(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n')
    if (!/^[A-Z]/.test(bytes.toString('latin1', 0, 1))) this.#refuse(400, 'This is no request of HTTP.')
    else if ((end < 0 ? bytes.length : end) > limits.requestHeadBytesMax) this.#refuse(431, 'The request is too long.')
    else if (end < 0) this.#phase = { kind: 'head', bytes }
    else this.#take(readRequest(bytes.toString('latin1', 0, end)), bytes.subarray(end + 4))
  }

  #take(request: Request | undefined, behind: Buffer): void {
    if (!request) {
      this.#refuse(400, 'This is no request of HTTP.')
    } else if (wantsWebSocket(request) && request.path === '/mqtt') {
      this.#leave()
      this.#phase = { kind: 'answered' }
      this.#site.door.upgrade(request, this.#socket, behind)
    } else if (this.#site.answering.size >= limits.requestsMax) {
      this.#refuse(503, 'Too many ask at once.', { 'Retry-After': '1' })
    } else {
      this.#answer(request, behind)
    }
  }

  #answer(request: Request, behind: Buffer): void {
    const { path, method } = request
    const found = findEndpoint(this.#site.endpoints, request)
    const file = this.#site.files.get(path)
    const withBody = method === 'GET'
    if (found.kind === 'entry') void this.#ask(found.entry, found.rest, request, behind)
    else if (found.kind === 'method') this.#reply(wrongMethod(method, found.allowed), request)
    else if (method !== 'GET' && method !== 'HEAD') this.#refuse(405, 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
    else if (file) this.#sendFile(file, request)
    else if (path.startsWith('/api/')) this.#reply(new Refusal(404, 'there is no such thing; /api tells of all there is').reply(), request)
    else if (path !== '/mqtt') this.#refuse(404, 'There is no such page. The meter is at /.', {}, withBody)
    else this.#refuse(426, 'This is MQTT over WebSocket: connect to it with an MQTT client.', { Upgrade: 'websocket' }, withBody)
  }

  /** Has an entry of the API answer. What it throws that is neither a refusal nor the system's is a mistake of ours. */
  async #ask(entry: Endpoint, rest: string | undefined, request: Request, behind: Buffer): Promise<void> {
    clearTimeout(this.#timer)
    this.#site.answering.add(this)
    let reply: Reply
    try {
      const body = this.#open(entry, request, behind)
      this.#phase = { kind: 'body', body }
      const values = valuesOf(entry, request.query, rest)
      const who = await this.#site.admit(request, this.peer, needOf(entry))
      reply = await entry.answer({ values, request, who, body })
    } catch (error) {
      reply = this.#refusalOf(error).reply()
    }
    for (const uploading of Object.values(this.#site.uploading)) uploading.delete(this)
    if (this.#isGone()) this.#site.answering.delete(this)
    else this.#reply(reply, request)
  }

  /** @throws what is a mistake of ours */
  #refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error
    if (!isOperational(error)) throw error
    this.#site.failed(error)
    return new Refusal(500, `it failed: ${error.message}`)
  }

  /** What comes with a request, as the entry wants it. @throws Refusal */
  #open({ content }: Endpoint, request: Request, behind: Buffer): Body {
    if (!content) return new Body(this.#socket, 0, behind, () => undefined)
    const bytes = announcedBytes(request, content)
    const kind = content.bytesMax > limits.bodyBytesMax ? 'file' : 'value'
    const uploading = this.#site.uploading[kind]
    if (uploading.size >= (kind === 'file' ? 1 : limits.uploadsMax))
      throw new Refusal(503, 'too many send at once', undefined, { 'Retry-After': '1' })
    uploading.add(this)
    const body: Body = new Body(this.#socket, bytes, behind, () => {
      this.#timer = setTimeout(() => body.fail(408, 'the body came too slowly'), content.withinMs)
      if (request.headers.has('expect')) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    })
    return body
  }

  #sendFile(file: PageFile, request: Request): void {
    const isZipped = acceptsGzip(request)
    const common = { ETag: file.etag, ...file.headers, Vary: 'Accept-Encoding' }
    const told = { ...common, ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}), 'Content-Type': file.type }
    if (hasTagged(request, file.etag)) this.#send(304, common, undefined, false)
    else this.#send(200, told, isZipped ? file.gzip : file.body, request.method === 'GET')
  }

  #reply({ status = 200, type, headers, body, tagged }: Reply, request?: Request): void {
    const withBody = request?.method !== 'HEAD'
    const etag = tagged === undefined ? {} : { ETag: tagOf(tagged) }
    const told = { 'Content-Type': type, ...headers, ...etag }
    if (request && etag.ETag !== undefined && hasTagged(request, etag.ETag)) this.#send(304, { ...headers, ...etag }, undefined, false)
    else if (status === 204) this.#send(status, { ...headers }, undefined, false)
    else if (typeof body === 'string') this.#send(status, told, Buffer.from(body), withBody)
    else if (body instanceof Uint8Array) this.#send(status, told, body, withBody)
    else void this.#stream(status, told, withBody ? body : undefined, request?.minor === 1)
  }

  #refuse(status: number, text: string, more: Readonly<Record<string, string>> = {}, withBody = true): void {
    this.#send(status, { ...more, 'Content-Type': 'text/plain; charset=utf-8' }, Buffer.from(`${text}\n`), withBody)
  }

  /** Answers, and closes; who does not read or does not close its side is cut off. */
  #send(status: number, more: Readonly<Record<string, string>>, body: Uint8Array | undefined, withBody: boolean): void {
    this.#begin()
    if (status >= 400) this.#site.refused(status)
    this.#timer = setTimeout(cutOff, limits.drainMs, this.#socket)
    this.#socket.cork()
    this.#socket.write(headOf(status, { ...more, ...(body ? { 'Content-Length': String(body.length) } : {}) }))
    if (body && withBody) this.#socket.write(body)
    this.#socket.uncork()
    this.#finish()
  }

  /** Answers in pieces; one that breaks off is cut off, so that nobody takes it for whole. */
  async #stream(
    status: number,
    more: Readonly<Record<string, string>>,
    pieces: AsyncIterable<string | Uint8Array> | undefined,
    isChunked: boolean
  ): Promise<void> {
    this.#begin()
    this.#socket.write(headOf(status, { ...more, ...(isChunked ? { 'Transfer-Encoding': 'chunked' } : {}) }))
    if (pieces && !(await sendPieces(this.#socket, pieces, isChunked))) this.drop()
    this.#timer = setTimeout(cutOff, limits.drainMs, this.#socket)
    this.#finish()
  }

  #begin(): void {
    this.#phase = { kind: 'answered' }
    clearTimeout(this.#timer)
    this.#site.answering.add(this)
  }

  #finish(): void {
    this.#socket.end(() => {
      this.#site.answering.delete(this)
      cutOffLater(this.#socket)
    })
  }

  /** It is a visitor no longer. */
  #leave(): void {
    clearTimeout(this.#timer)
    this.#site.visitors.delete(this)
  }

  #isGone(): boolean {
    return this.#phase.kind === 'gone'
  }
}

/** What the system or the store's library says of a call that it could not do. */
function isOperational(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(?:E(?!RR_)[A-Z0-9]+|LEVEL_\w+)$/.test(String(error.code))
}

function restALittle(socket: Socket): void {
  socket.pause()
  setTimeout(resume, limits.discardMs, socket).unref()
}

function resume(socket: Socket): void {
  socket.resume()
}
