/** A small MQTT 3.1.1 client over WebSocket: it reconnects and re-subscribes by itself, and notices a link that died in its sleep. */

import type { Client, ClientOptions, ClientState, SocketConstructor, SocketLike, Timers } from './client.ts'
import { bytesOf, type ClientPacket, Decoder, encode, type PublishPacket, type Qos, type ServerPacket } from './packets.ts'
import { Session } from './session.ts'

export type { Client, ClientOptions, ClientState, Message, SocketLike, Timers } from './client.ts'

const connectMs = 10_000
const pingAnswerMs = 5_000
const wakeAnswerMs = 2_000
const retryLeastMs = 500
const retryMostMs = 10_000
const bufferedBytesMax = 1_048_576
const refusals = ['', 'protocol version', 'client id', 'server unavailable', 'username or password', 'not authorised']

const platformTimers: Timers = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: handle => clearTimeout(handle as number | undefined)
}

/** Starts a client; it connects, and keeps connecting, until `disconnect()`. Throws for options that MQTT cannot carry. */
export function connect(url: string, options: ClientOptions = {}): Client {
  return new WebSocketClient(url, options)
}

class WebSocketClient implements Client {
  readonly #url: string
  readonly #options: ClientOptions
  readonly #timers: Timers
  readonly #connectPacket: ClientPacket
  readonly #session = new Session()
  #state: ClientState = { phase: 'connecting' }
  #socket: SocketLike | undefined
  #decoder: Decoder | undefined
  /** Ends an attempt or a ping without answer, or the wait for the next attempt. */
  #deadline: unknown
  #nextPing: unknown
  #pingsUnanswered = 0
  #attempts = 0

  constructor(url: string, options: ClientOptions) {
    this.#url = url
    this.#options = options
    this.#timers = options.timers ?? platformTimers
    const { clientId = randomClientId(), cleanSession = true, keepAliveSeconds = 60, will, username, password } = options
    this.#connectPacket = { type: 'connect', clientId, cleanSession, keepAliveSeconds, will, username, password }
    encode(this.#connectPacket) // throws here rather than when the link is up
    this.#open()
  }

  get state(): ClientState {
    return this.#state
  }

  subscribe(filter: string, qos: 0 | 1 = 0): Promise<Qos> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      this.#session.subscribe(filter, qos, { resolve, reject })
    })
  }

  unsubscribe(filter: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      this.#session.unsubscribe(filter, { resolve, reject })
    })
  }

  publish(topic: string, payload: string | Uint8Array, options: { qos?: 0 | 1; retain?: boolean } = {}): Promise<void> {
    const message = { type: 'publish', topic, payload: bytesOf(payload), retain: options.retain ?? false, dup: false } as const
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      if (options.qos === 1) {
        this.#session.publish(message, { resolve, reject })
        return
      }
      const bytes = encode({ ...message, qos: 0 })
      if (this.#state.phase !== 'connected' || !this.#socket) throw new Error('Not connected')
      if (this.#socket.bufferedAmount > bufferedBytesMax) throw new Error('The link is too slow')
      this.#socket.send(bytes)
      resolve()
    })
  }

  wake(): void {
    switch (this.#state.phase) {
      case 'waiting':
        this.#attempts = 0
        this.#open()
        return
      case 'connecting':
        this.#attempts = 0
        this.#arm(wakeAnswerMs, () => this.#open())
        return
      case 'connected':
        this.#attempts = 0
        this.#ping()
        this.#arm(wakeAnswerMs, () => this.#open())
        return
      case 'closed':
        return
    }
  }

  disconnect(): void {
    if (this.#state.phase === 'connected') this.#send({ type: 'disconnect' })
    this.#abandon()
    this.#session.close()
    this.#become({ phase: 'closed' })
  }

  #open(): void {
    this.#abandon()
    const WebSocket = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (!WebSocket) throw new Error('No WebSocket here: pass one in the options')
    const socket = new WebSocket(this.#url, ['mqtt']) // [MQTT-6.0.0-3]
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.#send(this.#connectPacket)
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(data)
    socket.onclose = () => this.#lose('The link was closed')
    socket.onerror = () => {} // a close follows
    this.#socket = socket
    this.#decoder = new Decoder(this.#options.packetBytesMax ?? 262_144)
    this.#arm(connectMs, () => this.#lose('No answer'))
    this.#become({ phase: 'connecting' })
  }

  #receive(data: unknown): void {
    const socket = this.#socket
    const decoded = data instanceof ArrayBuffer ? this.#decoder?.push(new Uint8Array(data)) : undefined
    for (const packet of decoded?.packets ?? []) {
      this.#handle(packet)
      if (this.#socket !== socket) return // the link ended with this packet
    }
    if (!decoded)
      this.#lose('Text frame') // [MQTT-6.0.0-1]
    else if (decoded.fault) this.#lose(decoded.fault)
  }

  #handle(packet: ServerPacket): void {
    if ((packet.type === 'connack') !== (this.#state.phase === 'connecting')) {
      this.#lose('Protocol error') // [MQTT-3.2.0-1]
      return
    }
    switch (packet.type) {
      case 'connack':
        if (packet.code === 0) this.#welcome(packet.sessionPresent)
        else this.#lose(`Refused: ${refusals[packet.code] ?? packet.code}`)
        return
      case 'publish':
        this.#deliver(packet)
        return
      case 'pingresp':
        this.#pingsUnanswered -= 1
        if (this.#pingsUnanswered <= 0) this.#timers.clearTimeout(this.#deadline)
        return
      case 'suback':
      case 'puback':
      case 'unsuback':
        this.#session.handle(packet)
        return
    }
  }

  #welcome(sessionPresent: boolean): void {
    this.#timers.clearTimeout(this.#deadline)
    this.#attempts = 0
    this.#schedulePing()
    this.#session.resume(packet => this.#send(packet))
    this.#become({ phase: 'connected', sessionPresent })
  }

  #deliver({ topic, payload, qos, retain, id }: PublishPacket): void {
    if (qos === 2) {
      this.#lose('Protocol error') // never asked for [MQTT-3.8.4-6]
      return
    }
    const socket = this.#socket
    guard(() => this.#options.onMessage?.({ topic, payload, qos, retain }))
    if (id !== undefined && this.#socket === socket) this.#send({ type: 'puback', id })
  }

  #schedulePing(): void {
    const intervalMs = this.#options.pingIntervalMs ?? (this.#options.keepAliveSeconds ?? 60) * 500
    if (intervalMs === 0) return
    this.#nextPing = this.#timers.setTimeout(() => {
      if (this.#pingsUnanswered === 0) this.#arm(pingAnswerMs, () => this.#lose('No answer'))
      this.#ping()
      this.#schedulePing()
    }, intervalMs)
  }

  #ping(): void {
    this.#pingsUnanswered += 1
    this.#send({ type: 'pingreq' })
  }

  /** The link failed: the next attempt comes after a growing, jittered wait. */
  #lose(reason: string): void {
    this.#abandon()
    const mostMs = Math.min(retryMostMs, retryLeastMs * 2 ** (this.#attempts + 1))
    const retryMs = retryLeastMs + (this.#options.random ?? Math.random)() * (mostMs - retryLeastMs)
    this.#attempts += 1
    this.#arm(retryMs, () => this.#open())
    this.#become({ phase: 'waiting', reason, retryMs })
  }

  /** Drops the socket without waiting for it: a dead one takes minutes to say that it closed. */
  #abandon(): void {
    this.#timers.clearTimeout(this.#deadline)
    this.#timers.clearTimeout(this.#nextPing)
    this.#pingsUnanswered = 0
    this.#session.suspend()
    const socket = this.#socket
    this.#socket = undefined
    this.#decoder = undefined
    if (!socket) return
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.onerror = () => {}
    socket.close()
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timers.clearTimeout(this.#deadline)
    this.#deadline = this.#timers.setTimeout(callback, delayMs)
  }

  #send(packet: ClientPacket): void {
    this.#socket?.send(encode(packet))
  }

  #become(state: ClientState): void {
    const changed = state.phase !== this.#state.phase
    this.#state = state
    if (changed) guard(() => this.#options.onState?.(state))
  }

  #refuseWhenClosed(): void {
    if (this.#state.phase === 'closed') throw new Error('Disconnected')
  }
}

/** Runs a caller's function; its error is reported as uncaught but does not disturb the protocol. */
function guard(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** 20 of the 23 letters and digits that every broker accepts [MQTT-3.1.3-5]. */
function randomClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return `page${Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')}`
}
