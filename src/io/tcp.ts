/** MQTT over TCP: a listener whose sockets become links. */
import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '../limits.ts'
import { type CloseReason, isHasty } from '../mqtt/outbox.ts'
import type { Link, LinkOwner } from './link.ts'

/** A server that hands each connection on as a link; the caller listens and closes. */
export function makeTcpServer(accept: (link: Link) => void): Server {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs }, socket => {
    accept(new TcpLink(socket))
  })
  server.maxConnections = limits.clientsMax + 2 * limits.strangersMax
  return server
}

/** What a socket tells. */
export interface SocketOwner {
  received(chunk: Buffer): void
  closed(): void
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

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[ownerOf]?.received(chunk)
}

function onEnd(this: OwnedSocket): void {
  this.end()
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
 * A write with a callback makes twice the garbage, so that only an empty one has it, behind what was not taken.
 */
export function writePieces(socket: Socket, pieces: readonly Uint8Array[], owner: Pick<LinkOwner, 'written'> | undefined): boolean {
  if (pieces.length > 1) socket.cork()
  for (const piece of pieces) socket.write(piece)
  if (pieces.length > 1) socket.uncork()
  if (socket.writableLength === 0) return true
  tellWritten(socket, owner)
  return false
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
  readonly #socket: Socket
  #owner: LinkOwner | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.peer = socket.remoteAddress ?? 'nowhere'
    watchSocket(socket, this)
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
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  end(reason: CloseReason): void {
    if (isHasty(reason)) cutOff(this.#socket)
    else endSocket(this.#socket)
  }
}
