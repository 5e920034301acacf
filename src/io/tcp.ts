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

/**
 * A socket's writes, of which the owner learns when the system has taken them all.
 * The callbacks of writes that were taken at once come late, so they are counted: only the last one counts.
 */
export class SocketWriter {
  readonly #socket: Socket
  #outstanding = 0
  #waiting = false
  #owner: Pick<LinkOwner, 'written'> | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Names who is told that a write that was not taken at once has been taken. */
  own(owner: Pick<LinkOwner, 'written'>): void {
    this.#owner = owner
  }

  /** Writes pieces in one go; true when the system took them at once, so that they may be reused. */
  write(pieces: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    socket.cork()
    for (const piece of pieces) {
      this.#outstanding++
      socket.write(piece, this.#written)
    }
    socket.uncork()
    this.#waiting = socket.writableLength > 0
    return !this.#waiting
  }

  /** Ends the socket after what was written, or at once; a peer that does not follow is cut off. */
  end(hasty: boolean): void {
    if (hasty) {
      this.#socket.destroy()
    } else {
      this.#socket.end()
      cutOffLater(this.#socket)
    }
  }

  readonly #written = (): void => {
    this.#outstanding--
    if (this.#outstanding > 0 || !this.#waiting) return
    this.#waiting = false
    this.#owner?.written()
  }
}

class TcpLink implements Link {
  readonly framing = 'bare'
  readonly peer: string
  readonly #socket: Socket
  readonly #writer: SocketWriter
  #owner: LinkOwner | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#writer = new SocketWriter(socket)
    this.peer = socket.remoteAddress ?? 'nowhere'
    watchSocket(socket, this)
  }

  own(owner: LinkOwner): void {
    this.#owner = owner
    this.#writer.own(owner)
  }

  received(chunk: Buffer): void {
    this.#owner?.received(chunk)
  }

  closed(): void {
    this.#owner?.closed()
  }

  write(pieces: readonly Uint8Array[]): boolean {
    return this.#writer.write(pieces)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  end(reason: CloseReason): void {
    this.#writer.end(isHasty(reason))
  }
}
