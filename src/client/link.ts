/** One WebSocket to a broker, from the attempt to its end: packets in, bytes out. */

import type { SocketConstructor, SocketLike } from './client.ts'
import type { Decoder, ServerPacket } from './decoder.ts'
import type { Bytes } from './packets.ts'
import { reason } from './reasons.ts'

/** What happens on a link; nothing does after `close`. */
export interface LinkEvents {
  opened(): void
  received(packet: ServerPacket): void
  /** The broker sent what it must not, told as a reason code. */
  broken(code: number): void
  ended(): void
}

/** A broker that does not read while it asks for answers is left. */
const bufferedBytesMax = 4_194_304

export class Link {
  readonly #socket: SocketLike
  readonly #decoder: Decoder
  readonly #events: LinkEvents
  #isOpen = true
  #isGreeted = false

  constructor(WebSocket: SocketConstructor, url: string, decoder: Decoder, events: LinkEvents) {
    this.#decoder = decoder
    this.#events = events
    const socket = new WebSocket(url, ['mqtt']) // [MQTT-6.0.0-3]
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => events.opened()
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(data)
    socket.onclose = () => events.ended()
    socket.onerror = () => {} // a close follows
    this.#socket = socket
  }

  /** Bytes that the network has not taken. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(bytes: Bytes): void {
    this.#isGreeted = true
    this.#socket.send(bytes)
  }

  /** Says goodbye, also to a broker that has not answered the CONNECT yet: it may have taken the client on, and its will. */
  leave(goodbye: Bytes): void {
    if (this.#isGreeted) this.send(goodbye)
  }

  /** Drops the socket without waiting for it: a dead one takes minutes to say that it closed. */
  close(): void {
    this.#isOpen = false
    const socket = this.#socket
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.onerror = () => {}
    socket.close()
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) {
      this.#events.broken(reason.malformed) // a text frame [MQTT-6.0.0-1]
      return
    }
    const { packets, fault } = this.#decoder.push(new Uint8Array(data))
    for (const packet of packets) {
      this.#events.received(packet)
      if (!this.#isOpen) return // the link ended with this packet
    }
    if (fault) this.#events.broken(fault)
    else if (this.bufferedBytes > bufferedBytesMax) this.#events.ended()
  }
}
