/** MQTT over WebSocket (MQTT 3.1.1 section 6): upgrades that become links. Frames in come from ws; frames out are prebuilt and written to the socket. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { limits } from '../limits.ts'
import { type CloseReason, isHasty } from '../mqtt/session.ts'
import type { Link, LinkOwner } from './link.ts'
import { SocketWriter } from './tcp.ts'

/** The names under which MQTT is offered; the second is what clients of MQTT 3.1 say. [MQTT-6.0.0-4] */
const subprotocols = ['mqtt', 'mqttv3.1']

const noSubprotocol = 'Offer the WebSocket subprotocol "mqtt" or "mqttv3.1".\n'

/** Takes upgrades of the page's server. */
export interface WebSocketDoor {
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void
  /** Pings every client, so that proxies see life; to be called each `webSocketPingMs`. */
  ping(): void
}

/** Makes a door that hands each WebSocket on as a link. */
export function makeWebSocketDoor(accept: (link: Link) => void): WebSocketDoor {
  const links = new Set<WebSocketLink>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.webSocketMessageBytesMax,
    maxFragments: limits.webSocketFragmentsMax,
    maxBufferedChunks: limits.webSocketFragmentsMax,
    handleProtocols: offered => subprotocols.find(name => offered.has(name)) ?? false
  })
  return {
    upgrade(request, socket, head) {
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
      if (!subprotocols.some(name => offered.includes(name))) {
        refuseUpgrade(socket, '400 Bad Request', noSubprotocol)
        return
      }
      socket.on('error', () => undefined) // 'close' follows
      server.handleUpgrade(request, socket, head, webSocket => {
        const link = new WebSocketLink(webSocket, socket)
        links.add(link)
        webSocket.on('close', () => links.delete(link))
        accept(link)
      })
    },
    ping() {
      for (const link of links) link.ping()
    }
  }
}

/** Answers an upgrade with no, and closes: nobody else looks after its socket any more, and the peer may never close its side. */
export function refuseUpgrade(socket: Socket, status: string, text = ''): void {
  socket.on('error', () => undefined) // 'close' follows
  socket.once('finish', () => socket.destroy())
  socket.setTimeout(limits.lingerMs, () => socket.destroy()) // 'finish' never comes while earlier answers are not read
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
}

/** Close codes, RFC 6455 section 7.4.1. */
const closeCodes: Readonly<Partial<Record<CloseReason, number>>> = {
  server: 1001,
  malformed: 1002,
  protocol: 1002,
  'keep-alive': 1001,
  refused: 1008
}

class WebSocketLink implements Link {
  readonly framing = 'websocket'
  readonly peer: string
  readonly #webSocket: WebSocket
  readonly #socket: Socket
  readonly #writer: SocketWriter
  #sawText = false

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket
    this.#socket = socket
    this.#writer = new SocketWriter(socket)
    this.peer = socket.remoteAddress ?? 'nowhere'
    webSocket.on('error', () => undefined) // also for one that is never owned: what came with its upgrade is read even once it was cut off
  }

  own(owner: LinkOwner): void {
    this.#webSocket.on('message', (data, isBinary) => {
      if (isBinary) {
        owner.received(data as Buffer) // frames are no packets: any piece of the stream may come [MQTT-6.0.0-2]
      } else {
        this.#sawText = true
        owner.violated() // [MQTT-6.0.0-1]
      }
    })
    this.#webSocket.on('error', () => owner.violated()) // a fault of framing or a message too long; ws answers with the code itself
    this.#webSocket.on('close', () => owner.closed())
    this.#writer.own(() => owner.written())
  }

  write(pieces: readonly Uint8Array[]): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return true // nothing may follow a close frame
    return this.#writer.write(pieces)
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    if (this.#webSocket.isPaused) this.#webSocket.resume()
  }

  ping(): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN && this.#socket.writableLength === 0) this.#webSocket.ping()
  }

  end(reason: CloseReason): void {
    if (isHasty(reason)) {
      this.#webSocket.terminate()
      return
    }
    this.resume() // else the peer's close frame is never seen
    this.#webSocket.close(this.#sawText ? 1003 : (closeCodes[reason] ?? 1000))
    const linger = setTimeout(() => this.#webSocket.terminate(), limits.lingerMs)
    this.#webSocket.once('close', () => clearTimeout(linger))
  }
}
