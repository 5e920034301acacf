/** MQTT over WebSocket (MQTT 3.1.1 section 6): upgrades that become links. Data frames out are prebuilt by the encoder. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type CloseReason, isHasty } from '../mqtt/outbox.ts'
import { type FrameFault, type FrameOwner, FrameReader } from './frames.ts'
import type { Link, LinkOwner } from './link.ts'
import type { Pages } from './origins.ts'
import { clientAddress, makeProxies, type Proxies } from './proxies.ts'
import type { Refusal } from './reply.ts'
import type { Request } from './request.ts'
import { cutOff, cutOffLater, endSocket, isEncrypted, resumeSocket, shareReads, watchSocket, writePieces } from './tcp.ts'

/** The names under which MQTT is offered; the second is what clients of MQTT 3.1 say. [MQTT-6.0.0-4] */
const subprotocols = ['mqtt', 'mqttv3.1']

/** Takes upgrades of the page's server. */
export interface WebSocketDoor {
  /** Makes a WebSocket of a connection, or answers why not; `behind` is what came after the request. */
  upgrade(request: Request, socket: Socket, behind: Buffer): void
  /** Pings every client, so that proxies see life, and cuts off who is gone; to be called each `webSocketPingMs`. */
  ping(): void
}

/**
 * What ws hands on once it has answered an upgrade with yes. A WebSocket of its own stays away: it keeps the whole chunk in
 * which a fragment came, 64 KiB for a byte, until the message is whole.
 */
class Upgraded {
  /** Called by ws, which would read frames from here on. */
  setSocket(): void {}
}

/**
 * Makes a door that hands each WebSocket on as a link.
 * @param trusted proxies whose X-Forwarded-For is believed @param pages which web pages may connect
 */
export function makeWebSocketDoor(accept: (link: Link) => void, trusted: Proxies = makeProxies([]), pages?: Pages): WebSocketDoor {
  let refusal: Refusal | undefined
  const links = new Set<WebSocketLink>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: offered => subprotocols.find(name => offered.has(name)) ?? false,
    verifyClient: ({ req }, answer) => {
      const offered = String(req.headers['sec-websocket-protocol'] ?? '').split(',')
      const isSpoken = offered.some(name => subprotocols.includes(name.trim()))
      if (refusal) answer(false, refusal.status, refusal.message)
      else answer(isSpoken, 400, 'Offer the WebSocket subprotocol "mqtt" or "mqttv3.1".')
    },
    WebSocket: Upgraded as unknown as typeof WebSocket
  })
  return {
    upgrade({ method, path, headers }, socket, behind) {
      const request = { method, url: path, headers: Object.fromEntries(headers), socket } as unknown as IncomingMessage
      let isUpgraded = false
      refusal = pages?.refusalOfUpgrade({ headers }, socket.remoteAddress ?? 'nowhere')
      server.handleUpgrade(request, socket, behind, () => {
        isUpgraded = true
        const link = new WebSocketLink(
          socket,
          clientAddress(socket.remoteAddress ?? 'nowhere', headers.get('x-forwarded-for'), trusted),
          links
        )
        accept(link)
        if (behind.length > 0) link.received(behind)
      })
      if (!isUpgraded) cutOffLater(socket)
    },
    ping() {
      for (const link of links) link.ping()
    }
  }
}

/** Close codes, RFC 6455 section 7.4.1. */
const closeCodes: Readonly<Partial<Record<CloseReason, number>>> = {
  server: 1001,
  malformed: 1002,
  protocol: 1002,
  'keep-alive': 1001,
  refused: 1008,
  quota: 1008
}

const pingFrame = Buffer.of(0x89, 0)

/** Pongs that may wait to be written: who pings and does not read gets no more of them. */
const pongsMax = 8

class WebSocketLink implements Link, FrameOwner {
  readonly framing = 'websocket'
  readonly peer: string
  readonly takesOneWrite: boolean
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #links: Set<WebSocketLink>
  #owner: LinkOwner | undefined
  /** Our close frame is on its way, so that we send nothing more and wait for the peer's; then nothing more is read either. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #fault: FrameFault | undefined
  /** What the peer's close frame says, while what came before it is not taken. */
  #goodbye: Uint8Array | undefined
  /** Pings since it was last heard. */
  #unanswered = 0
  #pongs = 0

  constructor(socket: Socket, peer: string, links: Set<WebSocketLink>) {
    this.#socket = socket
    this.takesOneWrite = isEncrypted(socket)
    this.#links = links.add(this)
    this.peer = peer
    watchSocket(socket, this)
    shareReads(socket)
  }

  own(owner: LinkOwner): void {
    this.#owner = owner
  }

  write(pieces: readonly Uint8Array[]): boolean {
    return this.#state !== 'open' || writePieces(this.#socket, pieces, this.#owner) // nothing may follow a close frame
  }

  pause(): void {
    if (this.#state === 'open') this.#socket.pause()
  }

  resume(): void {
    if (this.#goodbye) this.#close('closed', this.#goodbye)
    else resumeSocket(this.#socket)
  }

  /** Pings; one that was not heard since the last two is gone, whatever a proxy before it says. Who is not read from cannot be heard. */
  ping(): void {
    if (this.#state !== 'open' || this.#goodbye || this.#socket.writableLength > 0) return
    this.#unanswered = this.#socket.isPaused() ? 0 : this.#unanswered + 1
    if (this.#unanswered > 2) this.#socket.destroy()
    else this.#socket.write(pingFrame)
  }

  end(reason: CloseReason): void {
    if (isHasty(reason)) cutOff(this.#socket)
    else if (this.#fault) this.#close('closed', codeBytes(this.#fault))
    else if (this.#goodbye) this.#close('closed', this.#goodbye)
    else this.#close('closing', codeBytes(closeCodes[reason] ?? 1000))
  }

  /** What the socket tells. */
  received(chunk: Buffer): void {
    this.#unanswered = 0
    if (this.#state === 'closed' || this.#fault || this.#goodbye) return // what is behind a fault or an end means nothing
    this.#reader.push(chunk, this)
  }

  closed(): void {
    this.#links.delete(this)
    this.#owner?.closed()
  }

  /** What its frames tell: any piece of the stream, since frames are no packets. [MQTT-6.0.0-2] */
  payload(piece: Buffer): void {
    if (this.#state === 'open') this.#owner?.received(piece)
  }

  pinged(payload: Buffer): void {
    if (this.#state !== 'open' || this.#pongs === pongsMax) return
    this.#pongs++
    this.#socket.write(Buffer.concat([Buffer.of(0x8a, payload.length), payload]), () => this.#pongs--)
  }

  ended(payload: Buffer): void {
    if (this.#state === 'open' && this.#socket.isPaused()) this.#goodbye = Uint8Array.from(payload)
    else this.#close('closed', payload)
  }

  violated(fault: FrameFault): void {
    this.#fault = fault
    this.#owner?.violated()
  }

  /** Says that we close, and why, unless that was said; one that does not follow is cut off. */
  #close(state: 'closing' | 'closed', payload: Uint8Array): void {
    if (this.#state === 'closed') return
    if (this.#state === 'open') this.#socket.write(Buffer.concat([Buffer.of(0x88, payload.length), payload]))
    this.#state = state
    if (state === 'closed') endSocket(this.#socket)
    else cutOffLater(this.#socket)
  }
}

function codeBytes(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff)
}
