/** A session: what the broker keeps for a client id, and how messages wait for it and go out to it (MQTT 3.1.1 section 4.1). */
import { limits } from '../limits.ts'
import { Queue } from '../memory/queue.ts'
import { type Message, type Publish, type QoS, type Reply, weightBytes } from './packet.ts'
import type { Walk } from './retained.ts'
import { filterWeightBytes } from './topic.ts'
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

/** The way out to one client, bounded. Nothing of it calls the broker back: what comes of it is an event of a later step. */
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

/** Retained messages that are still to go out for a subscription. */
interface RetainedBurst {
  readonly walk: Walk
  readonly qos: QoS
}

/** What became of a message that was to go out for the first time. */
type Begun = 'sent' | 'outbox-full' | 'window-full'

/** How a message goes out that is neither acknowledged nor retained; one for all, since a fan-out makes many. */
const liveQos0 = { qos: 0, retain: false, dup: false, packetId: 0 } as const

/** The state that outlives a connection, and its deliveries. */
export class Session {
  readonly clientId: string
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
  readonly #subscriptions = new Map<string, QoS>()
  #subscriptionBytes = 0
  /** By filter, so that there are never more than subscriptions. */
  readonly #retained = new Map<string, RetainedBurst>()

  constructor(clientId: string, clean: boolean, nowMs: number) {
    this.clientId = clientId
    this.clean = clean
    this.where = { name: 'away', sinceMs: nowMs }
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Filters and their granted QoS. */
  get subscriptions(): ReadonlyMap<string, QoS> {
    return this.#subscriptions
  }

  /** What the filters weigh. */
  get subscriptionBytes(): number {
    return this.#subscriptionBytes
  }

  /** Adds a subscription, or replaces the QoS of the same one; who asks has made sure that it may. */
  subscribe(filter: string, qos: QoS): void {
    if (!this.#subscriptions.has(filter)) this.#subscriptionBytes += filterWeightBytes(filter)
    this.#subscriptions.set(filter, qos)
  }

  /** Removes a subscription, and sends no more of its retained messages. [MQTT-3.10.4-2] */
  unsubscribe(filter: string): void {
    if (this.#subscriptions.delete(filter)) this.#subscriptionBytes -= filterWeightBytes(filter)
    this.#retained.delete(filter)
  }

  /**
   * Takes a message for its client. QoS 0 goes out now or never; QoS 1 and 2 wait in the bounded queue behind what is there.
   * `kept` gives the copy that may outlive the call.
   */
  deliver(message: Message, qos: QoS, kept: () => Message): Delivery {
    const where = this.where
    if (qos === 0) {
      const sent = where.name === 'here' && where.outbox.publish(message, liveQos0)
      return sent ? 'sent' : 'dropped'
    }
    const owned = kept()
    if (!this.#queue.push({ message: owned, qos }, weightBytes(owned))) return 'dropped'
    this.pump()
    return 'queued'
  }

  /** Starts sending the retained messages of a subscription, as fast as the client reads; the same one begins anew. [MQTT-3.3.1-6] */
  deliverRetained(filter: string, walk: Walk, qos: QoS): void {
    this.#retained.set(filter, { walk, qos })
    this.pump()
  }

  /** A client came back, or came: sends what is unfinished, then what waits. [MQTT-4.4.0-1] */
  resume(outbox: Outbox): void {
    this.where = { name: 'here', outbox }
    this.window.rewind()
    this.pump()
  }

  /**
   * Sends what may go now: repeats first, then new messages in their order, then retained ones. These come last, so that no
   * message that waits follows the newer one of its topic.
   */
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
      if (this.#begin(outbox, waiting.message, waiting.qos, false) !== 'sent') return false
      this.#queue.shift()
    }
    return true
  }

  /** A burst that waits for the window lets the ones behind it go on: those at QoS 0 need none. */
  #drainRetained(outbox: Outbox): void {
    for (const [filter, burst] of this.#retained) {
      const begun = this.#drainBurst(outbox, burst)
      if (begun === 'outbox-full') return
      if (begun === 'sent') this.#retained.delete(filter)
    }
  }

  #drainBurst(outbox: Outbox, { walk, qos }: RetainedBurst): Begun {
    for (let message = walk.peek(); message; message = walk.peek()) {
      const begun = this.#begin(outbox, message, Math.min(message.qos, qos) as QoS, true)
      if (begun !== 'sent') return begun
      walk.shift()
    }
    return 'sent'
  }

  #begin(outbox: Outbox, message: Message, qos: QoS, retain: boolean): Begun {
    if (qos === 0) return outbox.publish(message, { qos, retain, dup: false, packetId: 0 }) ? 'sent' : 'outbox-full'
    const packetId = this.window.open(message, qos, retain)
    if (packetId === 0) return 'window-full'
    if (outbox.publish(message, { qos, retain, dup: false, packetId })) return 'sent'
    this.window.undo(packetId)
    return 'outbox-full'
  }
}
