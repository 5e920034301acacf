/** MQTT over TCP: a listener whose sockets become links. */
import { createServer, type Server, type Socket } from 'node:net'
import { limits } from '../limits.ts'
import { type CloseReason, isHasty } from '../mqtt/session.ts'
import type { Link, LinkOwner } from './link.ts'

/** A server that hands each connection on as a link; the caller listens and closes. */
export function makeTcpServer(accept: (link: Link) => void): Server {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.tcpKeepAliveMs }, socket => {
    accept(new TcpLink(socket))
  })
  server.maxConnections = limits.clientsMax + 2 * limits.strangersMax
  return server
}

/**
 * A socket's writes, of which the owner learns when the system has taken them all.
 * The callbacks of writes that were taken at once come late, so they are counted: only the last one counts.
 */
export class SocketWriter {
  readonly #socket: Socket
  #outstanding = 0
  #waiting = false
  #taken: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Names who is told that a write that was not taken at once has been taken. */
  own(taken: () => void): void {
    this.#taken = taken
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
    const socket = this.#socket
    if (hasty) {
      socket.destroy()
      return
    }
    socket.end()
    socket.resume() // else the peer's end is never seen
    const linger = setTimeout(() => socket.destroy(), limits.lingerMs)
    socket.once('close', () => clearTimeout(linger))
  }

  readonly #written = (): void => {
    this.#outstanding--
    if (this.#outstanding > 0 || !this.#waiting) return
    this.#waiting = false
    this.#taken()
  }
}

class TcpLink implements Link {
  readonly framing = 'bare'
  readonly peer: string
  readonly #socket: Socket
  readonly #writer: SocketWriter

  constructor(socket: Socket) {
    this.#socket = socket
    this.#writer = new SocketWriter(socket)
    this.peer = socket.remoteAddress ?? 'nowhere'
    socket.on('error', () => undefined) // 'close' follows
  }

  own(owner: LinkOwner): void {
    this.#socket.on('data', chunk => owner.received(chunk as Buffer))
    this.#socket.on('close', () => owner.closed())
    this.#writer.own(() => owner.written())
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
