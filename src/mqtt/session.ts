/** A session: what the broker keeps for a client id, and how messages wait for it and go out to it (MQTT 5.0 sections 3.1.2.11 and 4.1). */
import { limits } from '../limits.ts'
import { Bursts } from './bursts.ts'
import { Deliveries, type Due } from './deliveries.ts'
import type { Household } from './household.ts'
import { IdSet } from './id-set.ts'
import type { CloseReason, Outbox, Posted } from './outbox.ts'
import { type Message, type PublishOptions, type QoS, type SubscriptionOptions, secondsLeft, type Will } from './packet.ts'
import type { Walk } from './retained.ts'
import { anyone, type Rights } from './rights.ts'
import { filterWeightBytes } from './topic.ts'
import type { Group } from './tree.ts'
import type { Delivery } from './window.ts'

/** A client's connection as its session sees it. */
export interface Owner {
  /** Ends it. */
  end(reason: CloseReason): void
  /** The session of a subscriber has caught up, or is not waited for any longer. */
  caughtUp(session: Session): void
  /** For whom it is not read from until they have caught up. */
  readonly waitsFor: ReadonlySet<Session> | undefined
}

type Where = { readonly name: 'here'; readonly owner: Owner; readonly outbox: Outbox } | { readonly name: 'away'; readonly sinceMs: number }

/** How a message is to go to one session, as its matching subscriptions have it. */
interface Match {
  /** Names the message for which the rest holds. */
  stamp: number
  qos: QoS
  retain: boolean
  subscriptionIds: readonly number[]
}

/** What became of a message offered to a session. */
export type Delivered = 'sent' | 'queued' | 'dropped'

const noIds: readonly number[] = []

/** How most messages go out at QoS 0; one for all, since a fan-out makes many. */
const plainQos0: PublishOptions = { qos: 0, retain: false, dup: false, packetId: 0, subscriptionIds: noIds, expirySeconds: undefined }

/** The state that outlives a connection, and its deliveries. */
export class Session {
  readonly clientId: string
  /** Its number on the disk; 0 when it ends with its connection, and nothing of it is kept there. */
  readonly number: number
  /** How long it outlives its connection. */
  expiryMs: number
  /** What is published unless its client comes back before `willAtMs`. [MQTT-3.1.2-7] */
  will: Will | undefined
  willAtMs = 0
  /** Packet ids of QoS 2 messages that were taken and not yet released. [MQTT-4.3.3-10] */
  readonly received = new IdSet()
  where: Where
  /** Whose it is; empty when it is anyone's. */
  user: string = anyone
  /** What that one may do; undefined is everything. */
  rights: Rights | undefined
  /** Whether it is on its way to the disk as it is now, or need not be. */
  isSaved = true
  /** Set by the broker while it matches one message, so that overlapping filters deliver once. */
  readonly match: Match = { stamp: 0, qos: 0, retain: false, subscriptionIds: noIds }
  readonly #household: Household
  readonly #deliveries: Deliveries<Session>
  readonly #subscriptions = new Map<string, SubscriptionOptions>()
  #subscriptionBytes = 0
  /** Seldom there are any. */
  #bursts: Bursts | undefined
  /** Publishers that wait until it has caught up. */
  #waiting: Set<Owner> | undefined
  #waitingSinceMs = 0
  /** When its client last took something, or first had something to take. */
  #progressMs = 0

  /** @param number 0, or its number on the disk */
  constructor(household: Household, clientId: string, number: number, expiryMs: number) {
    this.#household = household
    this.clientId = clientId
    this.number = number
    this.expiryMs = expiryMs
    this.where = { name: 'away', sinceMs: household.nowMs() }
    this.#deliveries = new Deliveries(household, number, this)
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#deliveries.waiting
  }

  /** Messages at QoS 1 and 2 on their way. */
  get inflight(): number {
    return this.#deliveries.inflight
  }

  get subscriptions(): ReadonlyMap<string, SubscriptionOptions> {
    return this.#subscriptions
  }

  /** What the filters weigh. */
  get subscriptionBytes(): number {
    return this.#subscriptionBytes
  }

  /** Whether its client may have what comes by a topic. */
  mayRead(topic: string): boolean {
    return this.rights === undefined || this.rights.mayRead(topic)
  }

  /** Whether it may have it as one of a group. */
  mayShare(topic: string): boolean {
    return this.rights === undefined || (this.rights.mayShare && this.rights.mayRead(topic))
  }

  /** Adds a subscription, or replaces the options of the same one; who asks has made sure that it may. */
  subscribe(filter: string, options: SubscriptionOptions): void {
    if (!this.#subscriptions.has(filter)) this.#subscriptionBytes += filterWeightBytes(filter)
    this.#subscriptions.set(filter, options)
  }

  /** Removes a subscription, and sends no more of its retained messages; answers whether there was one. [MQTT-3.10.4-2] */
  unsubscribe(filter: string): boolean {
    this.#bursts?.end(filter)
    if (!this.#subscriptions.delete(filter)) return false
    this.#subscriptionBytes -= filterWeightBytes(filter)
    return true
  }

  /**
   * Takes a message for its client at a QoS, with what else `match` has. QoS 0 goes out now or never; QoS 1 and 2 wait in the bounded queue
   * behind what is there.
   * @param kept gives the copy that may outlive the call @param group the group for which the session takes it
   */
  deliver(message: Message, qos: QoS, kept: () => Message, group: Group<Session> | undefined): Delivered {
    const { retain, subscriptionIds } = this.match
    if (qos === 0) return this.#deliverNow(message, retain, subscriptionIds) ? 'sent' : 'dropped'
    if (!this.#deliveries.hasRoomFor(message)) return 'dropped' // before a copy is made: a flood would make garbage of them
    if (this.#sendOnce({ message, qos, retain, subscriptionIds, group })) return 'queued'
    return this.#queue({ message: kept(), qos, retain, subscriptionIds, group }) ? 'queued' : 'dropped'
  }

  /** Starts sending the retained messages of a subscription, as fast as the client reads; the same one begins anew. [MQTT-3.3.1-9] */
  deliverRetained(filter: string, walk: Walk, options: SubscriptionOptions): void {
    this.#bursts ??= new Bursts()
    this.#bursts.begin(filter, walk, options)
    this.pump()
  }

  /**
   * Whether a publisher should wait for it: more than this share of its queue is taken, and its client still takes some. One
   * that took nothing for `patienceMs` holds nobody up any more: what is past its bound is dropped.
   */
  isBehind(share = 1 / 2): boolean {
    return this.where.name === 'here' && this.#deliveries.isFuller(share) && this.#household.nowMs() - this.#progressMs < limits.patienceMs
  }

  /** How well it would take a message of a group: 3 keeps up, 2 is here and does not, 1 is away, 0 has no room. */
  fitFor(message: Message, qos: number): number {
    if (qos > 0 && !this.#deliveries.hasRoomFor(message)) return 0
    if (this.where.name === 'away') return 1
    return this.where.outbox.isPaused || this.#deliveries.isFuller(1 / 2) ? 2 : 3
  }

  /** Has a publisher told as soon as it is not behind any more. */
  tellCaughtUp(publisher: Owner): void {
    if (!this.#waiting) {
      this.#waiting = new Set()
      this.#waitingSinceMs = this.#household.nowMs()
    }
    this.#waiting.add(publisher)
  }

  /** Whether it can catch up only once another session has: its client is not read from, so what it acknowledges is not heard. */
  needs(other: Session): boolean {
    const seen = new Set<Session>([this])
    for (const session of seen) // which grows meanwhile
      if (session.where.name === 'here') for (const next of session.where.owner.waitsFor ?? []) seen.add(next)
    return seen.has(other)
  }

  /** A publisher that waits has gone. */
  forgetWaiting(publisher: Owner): void {
    ;(this.#waiting as Set<Owner>).delete(publisher)
  }

  /** Lets publishers go on that wait for it, if it is not behind any more. */
  letGo(): void {
    const publishers = this.#waiting
    if (!publishers) return
    const isPatient = this.#household.nowMs() - this.#waitingSinceMs < limits.patienceMs
    if (isPatient && this.isBehind(1 / 4)) return
    this.#waiting = undefined
    for (const publisher of publishers) publisher.caughtUp(this)
  }

  /** A client came back, or came: sends what is unfinished, then what waits. [MQTT-4.4.0-1] */
  resume(owner: Owner, outbox: Outbox, receiveMax: number): void {
    this.where = { name: 'here', owner, outbox }
    this.#progressMs = this.#household.nowMs()
    this.#deliveries.rewind(receiveMax)
    this.pump()
  }

  /** An acknowledgement that ends a delivery; false when none awaited that. */
  finish(packetId: number, packet: 'PUBACK' | 'PUBREC' | 'PUBCOMP'): boolean {
    if (!this.#deliveries.finish(packetId, packet)) return false
    this.#progressMs = this.#household.nowMs()
    this.pump()
    return true
  }

  /** PUBREC; false when no delivery awaited it. It is no progress yet, for it may be repeated without end. */
  release(packetId: number): boolean {
    return this.#deliveries.release(packetId)
  }

  /**
   * Sends what may go now: repeats first, then new messages in their order, then retained ones. While some wait, only those
   * retained ones go that need no window, and whose topic has nothing that waits.
   */
  pump(): void {
    if (this.where.name === 'away') return
    const outbox = this.where.outbox
    const isClear = this.#deliveries.drain(outbox)
    if (this.#bursts) this.#drainBursts(this.#bursts, outbox, isClear)
    this.letGo()
  }

  /** Takes back a delivery of an earlier run; false when it is past a bound. */
  restore(delivery: Delivery<Session>): boolean {
    return this.#deliveries.restore(delivery)
  }

  /** It has ended. */
  forget(): void {
    this.#deliveries.forget()
  }

  /** Its deliveries in their order. */
  deliveries(): Generator<Delivery<Session>> {
    return this.#deliveries.all()
  }

  #deliverNow(message: Message, retain: boolean, subscriptionIds: readonly number[]): boolean {
    if (this.where.name === 'away') return false
    const isPlain = !retain && subscriptionIds.length === 0 && message.expiresAtMs === undefined
    const options = isPlain ? plainQos0 : this.#qos0Options(message, retain, subscriptionIds)
    const posted = this.where.outbox.publish(message, options)
    if (posted === 'too-large') this.#household.counters.count('deliveries-too-large')
    return posted !== 'full' // [MQTT-3.1.2-25]
  }

  #qos0Options(message: Message, retain: boolean, subscriptionIds: readonly number[]): PublishOptions {
    return { ...plainQos0, retain, subscriptionIds, expirySeconds: secondsLeft(message, this.#household) }
  }

  /** Sends what will not be sent again, if it may go at once: no copy of it is needed then. */
  #sendOnce(due: Due<Session>): boolean {
    if (this.number > 0 || due.group || due.message.expiresAtMs !== undefined || this.where.name === 'away') return false
    const posted = this.#deliveries.begin(this.where.outbox, due)
    return posted === 'sent' || posted === 'too-large' // which is left out [MQTT-3.1.2-25]
  }

  #queue(due: Due<Session>): boolean {
    if (this.waiting === 0) this.#progressMs = this.#household.nowMs()
    if (!this.#deliveries.add(due)) return false
    this.pump()
    return true
  }

  #drainBursts(bursts: Bursts, outbox: Outbox, isClear: boolean): void {
    const isSent = bursts.drain(
      {
        mayRead: topic => this.mayRead(topic),
        awaits: topic => !isClear && [...this.#deliveries.all()].some(({ message, sent }) => !sent && message.topic === topic),
        post: (message, qos, { identifier }) =>
          isClear || qos === 0 ? this.#postRetained(outbox, message, qos, identifier > 0 ? [identifier] : noIds) : 'window-full'
      },
      this.#household.nowMs()
    )
    if (isSent) this.#bursts = undefined
  }

  #postRetained(outbox: Outbox, message: Message, qos: QoS, subscriptionIds: readonly number[]): Posted | 'window-full' {
    if (qos === 0) return outbox.publish(message, this.#qos0Options(message, true, subscriptionIds))
    const due = { message, qos, retain: true, subscriptionIds, group: undefined }
    if (qos === 1 || this.number === 0) return this.#deliveries.begin(outbox, due)
    return this.#deliveries.mayBegin && this.#deliveries.add(due) ? 'sent' : 'window-full'
  }
}
