/** MQTT over TCP: a listener whose sockets become links. */
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { limits } from '../limits.ts'
import { type CloseReason, isHasty } from '../mqtt/outbox.ts'
import { freely, type Passage } from './callers.ts'
import type { Link, LinkOwner } from './link.ts'

/** A server that hands each connection on as a link; the caller listens and closes. @param passage what stands before that, such as TLS */
export function makeTcpServer(accept: (link: Link) => void, passage: Passage = freely): Server {
  const enter = passage(socket => accept(new TcpLink(socket)))
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs }, enter)
  server.maxConnections = limits.clientsMax + 2 * limits.strangersMax
  return server
}

/** What a socket tells. */
export interface SocketOwner {
  received(chunk: Buffer): void
  closed(): void
  /** The peer sends no more; who has nothing to say to that has its own side closed too. */
  halfClosed?(): void
}

const ownerOf = Symbol('owner')
type OwnedSocket = Socket & { [ownerOf]?: SocketOwner }

/** Names who is told from now on what a socket tells. Functions that all sockets share tell it: closures for each cost memory for each client. */
export function watchSocket(socket: OwnedSocket, owner: SocketOwner): void {
  const isWatched = socket[ownerOf] !== undefined
  socket[ownerOf] = owner
  if (isWatched) return
  socket.on('data', onData)
  socket.on('end', onEnd)
  socket.on('error', onError)
  socket.on('close', onClose)
}

/** What all links read into: a chunk is good during its call, so that one is enough. */
const readBuffer = Buffer.allocUnsafeSlow(limits.readBytesMax)

/**
 * Has a socket read into that buffer, as the option `onread` does for sockets that connect: else Node makes 64 KiB for each read, which
 * takes longer than all that is done with it. For sockets that are accepted there is no option, so it is set by the names
 * that Node has inside; a Node that has others reads as ever.
 */
export function shareReads(socket: Socket): void {
  const inside = socket as unknown as Record<symbol, unknown> & { _handle: { useUserBuffer?(buffer: Uint8Array): void } | null }
  const [buffer, callback] = insideNames(socket)
  if (!buffer || !callback || !inside._handle?.useUserBuffer) return
  inside[buffer] = readBuffer
  inside[callback] = onRead
  inside._handle.useUserBuffer(readBuffer)
}

/** Its beginnings by their length, as they were needed: most reads are short, and a view costs as much as what becomes of its bytes. */
const shortReads = Array.from({ length: 257 }, (): Buffer | undefined => undefined)

let names: readonly (symbol | undefined)[] | undefined

function insideNames(socket: Socket): readonly (symbol | undefined)[] {
  names ??= ['kBuffer', 'kBufferCb'].map(name => Object.getOwnPropertySymbols(socket).find(({ description }) => description === name))
  return names
}

function onRead(this: OwnedSocket, length: number): void {
  onData.call(this, shortReads[length] ?? viewOf(length))
}

function viewOf(length: number): Buffer {
  const view = readBuffer.subarray(0, length)
  if (length < shortReads.length) shortReads[length] = view
  return view
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[ownerOf]?.received(chunk)
}

function onEnd(this: OwnedSocket): void {
  const owner = this[ownerOf]
  if (owner?.halfClosed) owner.halfClosed()
  else if (!this.isPaused()) this.end()
}

/** Goes on reading; an end that came meanwhile, as over TLS it may, is followed now that all before it was taken. */
export function resumeSocket(socket: Socket): void {
  if (socket.readableEnded) socket.end()
  else if (socket.isPaused()) socket.resume()
}

function onError(): void {} // 'close' follows

function onClose(this: OwnedSocket): void {
  this[ownerOf]?.closed()
}

/** Gives a peer that is to close its side some time, and cuts it off. */
export function cutOffLater(socket: Socket): void {
  socket.resume() // else what it says, and its end, are never seen
  setTimeout(cutOff, limits.lingerMs, socket).unref()
}

/** Cuts a socket off. */
export function cutOff(socket: Socket): void {
  socket.destroy()
}

const noBytes = Buffer.alloc(0)

/**
 * Writes pieces in one go; true when the system took them at once, so that they may be reused, else the owner is told when it has.
 * A write with a callback makes twice the garbage, so that only an empty one has it, behind what was not taken. TLS never takes
 * anything at once, but encrypts the first write, which is a copy; what comes while that is under way waits as it is.
 */
export function writePieces(socket: Socket, pieces: readonly Uint8Array[], owner: Pick<LinkOwner, 'written'> | undefined): boolean {
  const isCopied = isEncrypted(socket) && socket.writableLength === 0
  if (pieces.length > 1) socket.cork()
  for (const piece of pieces) socket.write(piece)
  if (pieces.length > 1) socket.uncork()
  if (isCopied || socket.writableLength === 0) return true
  tellWritten(socket, owner)
  return false
}

/** Whether a socket is one of TLS. */
export function isEncrypted(socket: Socket): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true
}

/** A function of its own, since one that has a closure in it makes garbage whether it comes to that or not. */
function tellWritten(socket: Socket, owner: Pick<LinkOwner, 'written'> | undefined): void {
  socket.write(noBytes, () => owner?.written())
}

/** Ends a socket after what was written; a peer that does not follow is cut off. */
export function endSocket(socket: Socket): void {
  socket.end()
  cutOffLater(socket)
}

class TcpLink implements Link {
  readonly framing = 'bare'
  readonly peer: string
  readonly takesOneWrite: boolean
  readonly #socket: Socket
  #owner: LinkOwner | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.takesOneWrite = isEncrypted(socket)
    this.peer = socket.remoteAddress ?? 'nowhere'
    watchSocket(socket, this)
    shareReads(socket)
  }

  own(owner: LinkOwner): void {
    this.#owner = owner
  }

  received(chunk: Buffer): void {
    this.#owner?.received(chunk)
  }

  closed(): void {
    this.#owner?.closed()
  }

  write(pieces: readonly Uint8Array[]): boolean {
    return writePieces(this.#socket, pieces, this.#owner)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    resumeSocket(this.#socket)
  }

  end(reason: CloseReason): void {
    if (isHasty(reason)) cutOff(this.#socket)
    else endSocket(this.#socket)
  }
}
