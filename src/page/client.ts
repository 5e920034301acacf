/** What a caller gives to the MQTT client and gets from it. */

import type { Bytes, Qos, Will } from './packets.ts'

/** What the client needs of a WebSocket: browsers' own and the npm package ws both fit. */
export interface SocketLike {
  binaryType: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(bytes: Bytes): void
  close(): void
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike

export interface Timers {
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(handle: unknown): void
}

export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
}

export type ClientState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'connected'; readonly sessionPresent: boolean }
  /** The link is down, for this reason; the next attempt comes in `retryMs`, or at once on `wake()`. */
  | { readonly phase: 'waiting'; readonly reason: string; readonly retryMs: number }
  | { readonly phase: 'closed' }

export interface ClientOptions {
  /** Random when left out. */
  readonly clientId?: string
  /** True when left out: the broker forgets the client when the link ends. */
  readonly cleanSession?: boolean
  /** What the broker is told; it drops a client that is silent for one and a half times as long. 60 when left out, 0 turns it off. */
  readonly keepAliveSeconds?: number
  /** How often the link is tried with a PINGREQ: half of the keep alive when left out. */
  readonly pingIntervalMs?: number
  readonly will?: Will
  readonly username?: string
  readonly password?: string | Uint8Array
  /** The largest packet taken from the broker: 256 KiB when left out. */
  readonly packetBytesMax?: number
  readonly onMessage?: (message: Message) => void
  readonly onState?: (state: ClientState) => void
  /** The platform's WebSocket when left out. */
  readonly WebSocket?: SocketConstructor
  readonly timers?: Timers
  /** 0 up to 1, for the back-off's jitter. */
  readonly random?: () => number
}

export interface Client {
  readonly state: ClientState
  /** Resolves to the QoS granted; rejects when the broker refuses. Renewed by itself on every new connection. */
  subscribe(filter: string, qos?: 0 | 1): Promise<Qos>
  unsubscribe(filter: string): Promise<void>
  /** QoS 0 resolves when handed to the socket and rejects without one. QoS 1 is kept and resent until acknowledged. */
  publish(topic: string, payload: string | Uint8Array, options?: { qos?: 0 | 1; retain?: boolean }): Promise<void>
  /** To be called when the device woke or found a network: reconnects at once, or tries an open link with a short time-out. */
  wake(): void
  /** Says goodbye (so no will is published) and stops for good. */
  disconnect(): void
}
