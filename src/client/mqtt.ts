/** A small MQTT client over WebSocket, 3.1.1 and 5.0: it reconnects by itself, and notices a link that died in its sleep. */

import { bytesOf } from './bytes.ts'
import type {
  Client,
  ClientOptions,
  ClientState,
  Messages,
  PublishOptions,
  Qos,
  SocketConstructor,
  SubscribeOptions,
  Timers
} from './client.ts'
import { Decoder, type ServerPacket } from './decoder.ts'
import { Greeting } from './greeting.ts'
import { guard, Inbox } from './inbox.ts'
import { Link } from './link.ts'
import { type ClientPacket, encode } from './packets.ts'
import type { Properties } from './properties.ts'
import { refusalOf, type Waiter } from './publications.ts'
import { MqttError, reason, refusalIn, told } from './reasons.ts'
import { Session } from './session.ts'

export type {
  Client,
  ClientOptions,
  ClientState,
  Message,
  MessageProperties,
  Messages,
  ProtocolVersion,
  PublishOptions,
  Qos,
  ServerProperties,
  SubscribeOptions,
  Will
} from './client.ts'
export { MqttError } from './reasons.ts'

const connectMs = 10_000
const pingAnswerMs = 5_000
const wakeAnswerMs = 1_000
const retryLeastMs = 500
const retryMostMs = 10_000
/** QoS 0 is dropped when the network takes it slower than it is published. */
const bufferedBytesMax = 1_048_576

/** Starts a client; it connects, and keeps connecting, until `disconnect()`. Throws for options that MQTT cannot carry. */
export function connect(url: string, options: ClientOptions = {}): Client {
  return new WebSocketClient(url, options)
}

class WebSocketClient implements Client {
  readonly #url: string
  readonly #options: ClientOptions
  readonly #greeting: Greeting
  readonly #session: Session
  readonly #inbox: Inbox
  readonly #timers: Timers
  #state: ClientState = { phase: 'connecting' }
  #link: Link | undefined
  /** What the broker said of itself on this link. */
  #limits: Properties = {}
  /** Ends an attempt or a ping without answer, or the wait for the next attempt. */
  #deadline: unknown
  #nextPing: unknown
  #pingsUnanswered = 0
  #attempts = 0

  constructor(url: string, options: ClientOptions) {
    this.#url = url
    this.#options = options
    this.#timers = options.timers ?? (globalThis as Timers)
    this.#greeting = new Greeting(options) // throws here rather than when the link is up
    this.#session = new Session(this.#greeting.version, options.random ?? Math.random)
    this.#inbox = new Inbox(options.onMessage)
    this.#open()
  }

  get state(): ClientState {
    return this.#state
  }

  get clientId(): string {
    return this.#greeting.clientId
  }

  subscribe(filter: string, options: Qos | SubscribeOptions = 0): Promise<Qos> {
    return new Promise((resolve, reject) => {
      this.#subscribe(filter, options, { resolve, reject })
      this.#inbox.subscribed(filter)
    })
  }

  unsubscribe(filter: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      this.#inbox.end(filter)
      this.#session.unsubscribe(filter, { resolve, reject })
    })
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<void> {
    const { qos = 0, retain = false, properties } = options
    const message = { type: 'publish', topic, payload: bytesOf(payload), qos, retain, dup: false, properties } as const
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      if (message.qos !== 0) {
        this.#session.publish({ ...message, qos: message.qos }, { resolve, reject })
        return
      }
      const bytes = encode(message, this.#greeting.version)
      if (this.#state.phase !== 'connected' || !this.#link) throw new MqttError('Not connected')
      if (this.#link.bufferedBytes > bufferedBytesMax) throw new MqttError('The link is too slow')
      const refusal = refusalIn(refusalOf(bytes, this.#limits))
      if (refusal) throw refusal
      this.#link.send(bytes)
      resolve()
    })
  }

  messages(filter: string, options: Qos | SubscribeOptions = 0): Messages {
    const leave = () => void this.unsubscribe(filter).catch(() => {})
    const messages = this.#inbox.begin(filter, this.#session.isSubscribed(filter), leave)
    new Promise<Qos>((resolve, reject) => this.#subscribe(filter, options, { resolve, reject })).catch(error =>
      this.#inbox.end(filter, messages, error)
    )
    return messages
  }

  [Symbol.asyncIterator](): Messages {
    return this.#inbox.open()
  }

  wake(): void {
    const { phase } = this.#state
    if (phase === 'closed') return
    this.#attempts = 0
    if (phase === 'waiting') this.#retry()
    else {
      if (phase === 'connected') this.#ping()
      this.#arm(wakeAnswerMs, () => this.#retry())
    }
  }

  disconnect(): void {
    this.#link?.leave(encode({ type: 'disconnect' }, this.#greeting.version))
    this.#close(new MqttError('Disconnected'), { phase: 'closed' })
  }

  #subscribe(filter: string, options: Qos | SubscribeOptions, waiter: Waiter<Qos>): void {
    this.#refuseWhenClosed()
    this.#session.subscribe(filter, typeof options === 'number' ? { qos: options } : options, waiter)
  }

  #open(): void {
    this.#abandon()
    const WebSocket = this.#options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (!WebSocket) throw new Error('No WebSocket here: pass one in the options')
    const { version, packetBytesMax } = this.#greeting
    this.#link = new Link(WebSocket, this.#url, new Decoder(version, packetBytesMax), {
      opened: () => this.#link?.send(this.#greeting.bytes()),
      received: packet => this.#handle(packet),
      broken: code => this.#break(code),
      ended: () => this.#lose(new MqttError('The link was closed'))
    })
    this.#arm(connectMs, () => this.#lose(new MqttError('No answer')))
    this.#become({ phase: 'connecting' })
  }

  /** Opens again; what a browser may say against it, such as a policy that came meanwhile, is as good as no link. */
  #retry(): void {
    try {
      this.#open()
    } catch (error) {
      this.#lose(new MqttError(String(error)))
    }
  }

  #handle(packet: ServerPacket): void {
    if ((packet.type === 'connack') !== (this.#state.phase === 'connecting')) {
      this.#break(reason.protocolError) // [MQTT-3.2.0-1], [MQTT-3.2.0-2]
      return
    }
    switch (packet.type) {
      case 'connack': {
        const refusal = refusalIn(packet.code, packet.properties)
        if (refusal) this.#lose(refusal)
        else this.#welcome(packet.sessionPresent, packet.properties)
        return
      }
      case 'publish':
        this.#session.receive(packet, () => this.#inbox.give(packet))
        return
      case 'pingresp':
        this.#attempts = 0
        this.#pingsUnanswered = Math.max(this.#pingsUnanswered - 1, 0) // one that was not asked for does not count for the next
        if (this.#pingsUnanswered === 0) this.#timers.clearTimeout(this.#deadline)
        return
      case 'disconnect':
        this.#dismissed(told('The broker ended the link', packet.code, packet.properties?.reasonString))
        return
      default:
        if (!this.#session.handle(packet)) this.#break(reason.protocolError)
    }
  }

  #welcome(sessionPresent: boolean, properties: Properties | undefined): void {
    const link = this.#link
    if (!link || (sessionPresent && this.#greeting.isClean)) {
      this.#break(reason.protocolError) // [MQTT-3.2.2-4]
      return
    }
    this.#timers.clearTimeout(this.#deadline)
    if (this.#greeting.pingIntervalMs === undefined) this.#attempts = 0 // else once the link has held
    this.#limits = properties ?? {}
    this.#greeting.welcomed(properties)
    this.#schedulePing()
    this.#session.resume({ send: bytes => link.send(bytes), sessionPresent, limits: this.#limits })
    this.#become({ phase: 'connected', sessionPresent, ...(properties && { properties }) })
  }

  #schedulePing(): void {
    const intervalMs = this.#greeting.pingIntervalMs
    if (intervalMs === undefined) return
    this.#nextPing = this.#timers.setTimeout(() => {
      if (this.#pingsUnanswered === 0) this.#arm(pingAnswerMs, () => this.#lose(new MqttError('No answer')))
      this.#ping()
      this.#schedulePing()
    }, intervalMs)
  }

  #ping(): void {
    this.#pingsUnanswered += 1
    this.#send({ type: 'pingreq' })
  }

  /** The broker broke the protocol: in 5.0 it is told. */
  #break(code: number): void {
    if (this.#state.phase === 'connected' && this.#greeting.version === 5) this.#send({ type: 'disconnect', code })
    this.#lose(told('The broker broke the protocol', code))
  }

  /** The broker ended the link. Who was replaced by another client with its id stays away: coming back would replace that one, and so on. */
  #dismissed(error: MqttError): void {
    if (error.reasonCode === reason.takenOver) this.#close(error, { phase: 'closed', ...whyOf(error) })
    else this.#lose(error)
  }

  /** The link failed: the next attempt comes after a growing, jittered wait. */
  #lose(error: MqttError): void {
    this.#abandon()
    const mostMs = Math.min(retryMostMs, retryLeastMs * 2 ** (this.#attempts + 1))
    const retryMs = retryLeastMs + (this.#options.random ?? Math.random)() * (mostMs - retryLeastMs)
    this.#attempts += 1
    this.#arm(retryMs, () => this.#retry())
    this.#become({ phase: 'waiting', ...whyOf(error), retryMs })
  }

  #close(error: MqttError, state: ClientState): void {
    if (this.#state.phase === 'closed') return
    this.#abandon()
    this.#inbox.close(error.reasonCode === undefined ? undefined : error) // to be called off is no error
    this.#session.close(error)
    this.#become(state)
  }

  #abandon(): void {
    this.#timers.clearTimeout(this.#deadline)
    this.#timers.clearTimeout(this.#nextPing)
    this.#pingsUnanswered = 0
    this.#session.suspend()
    this.#link?.close()
    this.#link = undefined
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timers.clearTimeout(this.#deadline)
    this.#deadline = this.#timers.setTimeout(callback, delayMs)
  }

  #send(packet: ClientPacket): void {
    this.#link?.send(encode(packet, this.#greeting.version))
  }

  #become(state: ClientState): void {
    const changed = state.phase !== this.#state.phase
    this.#state = state
    if (changed) guard(() => this.#options.onState?.(state))
  }

  #refuseWhenClosed(): void {
    if (this.#state.phase === 'closed') throw new MqttError('Disconnected')
  }
}

function whyOf({ message, reasonCode }: MqttError): { readonly reason: string; readonly reasonCode?: number } {
  return { reason: message, ...(reasonCode !== undefined && { reasonCode }) }
}
