/** A session: what the broker keeps for a client id, and how messages wait for it and go out to it (MQTT 3.1.1 section 4.1). */
import { limits } from '../limits.ts'
import { Queue } from '../memory/queue.ts'
import { type Message, type Publish, type QoS, type Reply, weightBytes } from './packet.ts'
import type { RetainedEntry } from './retained.ts'
import { Window } from './window.ts'

/** Why a connection ends. Each is a counter; `client` and `server` are the ends in good order. */
export const closeReasons = [
  'client', // DISCONNECT
  'server', // the daemon stops
  'lost', // the network closed it
  'malformed', // bytes that are no packet of MQTT
  'protocol', // a packet where the standard forbids it
  'refused', // CONNACK said no
  'keep-alive', // nothing heard for 1.5 times the keep-alive
  'connect-timeout', // no CONNECT in time
  'taken-over', // the same client id connected again
  'too-slow', // its outbox stayed full
  'too-many' // a bound of connections was reached
] as const
export type CloseReason = (typeof closeReasons)[number]

/** Whether a connection that ends for a reason is cut off at once: its peer takes nothing, is gone, or must not have a place. */
export function isHasty(reason: CloseReason): boolean {
  return reason === 'lost' || reason === 'too-slow' || reason === 'too-many'
}

/** The way out to one client, bounded. */
export interface Outbox {
  /** Sends what answers a client; when even that does not fit, the outbox closes the connection as too slow. */
  reply(packet: Reply): void
  /** Sends a PUBLISH; false when the outbox is full, and nothing is sent. `message` names the encoding that may be shared. */
  publish(message: Message, packet: Pick<Publish, 'qos' | 'retain' | 'dup' | 'packetId'>): boolean
  /** Ends the connection after what was sent. */
  close(reason: CloseReason): void
}

/** What became of a message offered to a session. */
export type Delivery = 'sent' | 'queued' | 'dropped'

interface Waiting {
  readonly message: Message
  readonly qos: 1 | 2
}

interface RetainedCursor {
  readonly entries: Iterator<RetainedEntry, undefined>
  readonly qos: QoS
  next: RetainedEntry | undefined
}

/** The state that outlives a connection, and its deliveries. */
export class Session {
  readonly clientId: string
  /** Filters and their granted QoS. */
  readonly subscriptions = new Map<string, QoS>()
  /** Packet ids of QoS 2 messages that were taken and not yet released. [MQTT-4.3.3-2] */
  readonly received = new Set<number>()
  readonly window = new Window(limits.inflightMax, limits.inflightBytesMax)
  /** Whether it ends with its connection (clean session 1). */
  readonly clean: boolean
  /** Where its client is: on a connection, or away since then. */
  where: { readonly name: 'here'; readonly outbox: Outbox } | { readonly name: 'away'; readonly sinceMs: number }
  /** Set by the broker while it matches one message: so that overlapping filters deliver once, at the highest QoS. */
  match: { stamp: number; qos: QoS } = { stamp: 0, qos: 0 }
  readonly #queue = new Queue<Waiting>(limits.queueMessagesMax, limits.queueBytesMax)
  /** By filter, so that there are never more than subscriptions. */
  readonly #retained = new Map<string, RetainedCursor>()

  constructor(clientId: string, clean: boolean, nowMs: number) {
    this.clientId = clientId
    this.clean = clean
    this.where = { name: 'away', sinceMs: nowMs }
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /**
   * Takes a message for its client. QoS 0 goes out now or never; QoS 1 and 2 wait in the bounded queue behind what is there.
   * `kept` gives the copy that may outlive the call.
   */
  deliver(message: Message, qos: QoS, kept: () => Message): Delivery {
    const where = this.where
    if (qos === 0) {
      const sent = where.name === 'here' && where.outbox.publish(message, { qos, retain: false, dup: false, packetId: 0 })
      return sent ? 'sent' : 'dropped'
    }
    const owned = kept()
    if (!this.#queue.push({ message: owned, qos }, weightBytes(owned))) return 'dropped'
    this.pump()
    return 'queued'
  }

  /** Starts sending the retained messages of a subscription, as fast as the client reads; the same one begins anew. [MQTT-3.3.1-6] */
  deliverRetained(filter: string, entries: Iterator<RetainedEntry, undefined>, qos: QoS): void {
    this.#retained.set(filter, { entries, qos, next: undefined })
    this.pump()
  }

  /** Sends no more of the retained messages of a subscription. [MQTT-3.10.4-2] */
  stopRetained(filter: string): void {
    this.#retained.delete(filter)
  }

  /** A client came back, or came: sends what is unfinished, then what waits. [MQTT-4.4.0-1] */
  resume(outbox: Outbox): void {
    this.where = { name: 'here', outbox }
    this.window.rewind()
    this.pump()
  }

  /** Sends what may go now: repeats first, then new messages in their order, then retained ones. */
  pump(): void {
    if (this.where.name === 'away') return
    const outbox = this.where.outbox
    if (this.#repeat(outbox) && this.#drainQueue(outbox)) this.#drainRetained(outbox)
  }

  #repeat(outbox: Outbox): boolean {
    for (const [packetId, inflight] of this.window.entries()) {
      if (inflight.sent) continue
      if (inflight.awaits === 'PUBCOMP') outbox.reply({ type: 'PUBREL', packetId })
      else if (!outbox.publish(inflight.message, { qos: inflight.qos, retain: inflight.retain, dup: true, packetId })) return false
      inflight.sent = true
    }
    return true
  }

  #drainQueue(outbox: Outbox): boolean {
    for (let waiting = this.#queue.peek(); waiting; waiting = this.#queue.peek()) {
      if (!this.#begin(outbox, waiting.message, waiting.qos, false)) return false
      this.#queue.shift()
    }
    return true
  }

  #drainRetained(outbox: Outbox): void {
    for (const [filter, cursor] of this.#retained) {
      if (!this.#drainCursor(outbox, cursor)) return
      this.#retained.delete(filter)
    }
  }

  #drainCursor(outbox: Outbox, cursor: RetainedCursor): boolean {
    for (;;) {
      if (!cursor.next?.message) cursor.next = cursor.entries.next().value
      const message = cursor.next?.message
      if (!message) return true
      if (!this.#begin(outbox, message, Math.min(message.qos, cursor.qos) as QoS, true)) return false
      cursor.next = undefined
    }
  }

  /** Sends a message for the first time; false when the outbox or the window is full. */
  #begin(outbox: Outbox, message: Message, qos: QoS, retain: boolean): boolean {
    if (qos === 0) return outbox.publish(message, { qos, retain, dup: false, packetId: 0 })
    const packetId = this.window.open(message, qos, retain)
    if (packetId === 0) return false
    if (outbox.publish(message, { qos, retain, dup: false, packetId })) return true
    this.window.undo(packetId)
    return false
  }
}
