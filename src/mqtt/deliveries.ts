/** What a session owes its client at QoS 1 and 2: a bounded queue, the window of what is on its way, and their copy on the disk. */
import { limits } from '../limits.ts'
import { Queue } from '../memory/queue.ts'
import type { Household } from './household.ts'
import type { Outbox, Posted } from './outbox.ts'
import { isExpired, type Message, secondsLeft, weightBytes } from './packet.ts'
import { type Delivery, spent, Window } from './window.ts'

/** What is to be delivered, and how. */
export type Due<S> = Pick<Delivery<S>, 'message' | 'qos' | 'retain' | 'subscriptionIds' | 'group'>

/** Whose they are. */
interface DeliveriesOwner {
  /** Messages at QoS 2 of a kept session may go out. */
  pump(): void
  /** Whether it may have what comes by a topic; that may change while a message waits. */
  mayRead(topic: string): boolean
}

/** So many orders go by before ids come round, and more: ids that are in use are left out. */
const roundMin = 32_768

/**
 * Deliveries in their order:
 *
 *     add ─▶ disk, if the session is kept          finish ─▶ gone from the disk
 *       └──▶ queue ──(there is room, and QoS 2 is on the disk)──▶ window ──┘
 */
export class Deliveries<S> {
  readonly #household: Household
  /** The session's number on the disk; 0 when nothing of it is kept. */
  readonly #session: number
  /** Let go of with the session: a disk that fails may call back late. */
  #owner: DeliveriesOwner | undefined
  readonly #window = new Window<S>(limits.inflightMax, limits.inflightBytesMax)
  readonly #queue = new Queue<Delivery<S>>(limits.queueMessagesMax, limits.queueBytesMax)
  /** Nothing that waits expires before. */
  #expiresAtMs = Number.POSITIVE_INFINITY
  #lastOrder = 0
  /** Up to this one they outlive a power cut. */
  #syncedOrder = 0
  #isSyncing = false
  /** Up to this one they were sent in this run. */
  #begunOrder = 0
  /** PUBRECs that are not on the disk yet. */
  #releasing = 0

  constructor(household: Household, session: number, owner: DeliveriesOwner) {
    this.#household = household
    this.#session = session
    this.#owner = owner
  }

  /** Those that wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Those on their way. */
  get inflight(): number {
    return this.#window.length
  }

  /** Whether more than this share of the queue is taken. */
  isFuller(share: number): boolean {
    const { length, itemsMax, bytes, bytesMax } = this.#queue
    return length > itemsMax * share || bytes > bytesMax * share
  }

  /** Whether one more would find room in the window behind those that wait. */
  get mayBegin(): boolean {
    return this.#queue.length + this.#window.length < limits.inflightMax
  }

  /** Whether a message finds room behind those that wait; what has expired meanwhile makes some. */
  hasRoomFor(message: Message): boolean {
    const bytes = weightBytes(message)
    return this.#queue.fits(bytes) || (this.#dropOverdue() && this.#queue.fits(bytes))
  }

  /** Takes a message behind what waits; false when it is past a bound, or cannot be kept. */
  add(due: Due<S>): boolean {
    if (!this.hasRoomFor(due.message)) return false
    const delivery = this.#deliveryOf(due, this.#nextId())
    if (this.#session > 0 && !this.#household.keeper.saveDelivery(this.#session, delivery)) {
      this.#window.skipTo(delivery.packetId - 1)
      return false
    }
    this.#lastOrder = delivery.order
    this.#enqueue(delivery)
    if (this.#session > 0 && due.qos === 2) this.#sync()
    return true
  }

  /** Sends a message at once, before it is on the disk: nothing was promised of it. One at QoS 2 of a kept session is added instead. */
  begin(outbox: Outbox, due: Due<S>): Posted | 'window-full' {
    const window = this.#window
    if (this.#queue.length > 0 || !window.hasQuota || !window.fits(due.message)) return 'window-full'
    const delivery = this.#deliveryOf(due, window.nextId())
    const isSaved = this.#session === 0 || this.#household.keeper.saveDelivery(this.#session, delivery)
    const posted = isSaved ? this.#post(outbox, delivery) : 'window-full'
    if (posted === 'sent') {
      this.#lastOrder = delivery.order
      this.#begun(delivery)
    } else {
      if (isSaved) this.#drop(delivery)
      window.skipTo(delivery.packetId - 1)
    }
    return posted
  }

  /** Takes back one of an earlier run, in their order; false when it is past a bound. */
  restore(delivery: Delivery<S>): boolean {
    this.#lastOrder = this.#syncedOrder = delivery.order
    this.#window.skipTo(delivery.packetId)
    // It may have been sent, even behind more than a window of them: the last acknowledgements were not written.
    const again = { ...delivery, repeated: true }
    if (this.#queue.length > 0 || !this.#window.fits(delivery.message)) return this.#enqueue(again)
    this.#window.add(again)
    return true
  }

  /** On a new connection everything unfinished has to be sent again. [MQTT-4.4.0-1] */
  rewind(receiveMax: number): void {
    this.#window.receiveMax = receiveMax
    this.#window.rewind()
  }

  /** Sends what may go: repeats, then what waits; false when some of it may not go yet. */
  drain(outbox: Outbox): boolean {
    return (this.#window.isAllSent || this.#repeat(outbox)) && this.#drainQueue(outbox)
  }

  /** PUBACK or PUBCOMP, or PUBREC with an error, ends a delivery; false when none awaited that. [MQTT-4.4.0-2] */
  finish(packetId: number, packet: 'PUBACK' | 'PUBREC' | 'PUBCOMP'): boolean {
    const delivery = this.#window.awaiting(packetId, packet)
    if (!delivery) return false
    this.#window.finish(delivery)
    this.#drop(delivery)
    return true
  }

  /** PUBREC: the message has arrived, from now on only its id matters; false when none awaited that. A repeat is no fault. */
  release(packetId: number): boolean {
    const delivery = this.#window.awaiting(packetId, 'PUBREC')
    if (!delivery) return this.#window.isReleased(packetId)
    delivery.state = 'released'
    if (this.#session > 0) this.#keepRelease(delivery)
    return true
  }

  /** All of them, in their order. */
  *all(): Generator<Delivery<S>> {
    yield* this.#window.deliveries()
    yield* this.#queue.items()
  }

  /** The session has ended. */
  forget(): void {
    this.#owner = undefined
    this.#queue.clear()
    for (const delivery of this.#window.deliveries()) this.#window.finish(delivery)
  }

  /** Field by field: a spread costs several times the rest of a delivery. */
  #deliveryOf({ message, qos, retain, subscriptionIds, group }: Due<S>, packetId: number): Delivery<S> {
    const order = this.#lastOrder + 1
    return { order, packetId, message, qos, retain, subscriptionIds, group, state: 'message', repeated: false, sent: false }
  }

  /** Ids go round, and what expires makes room for more than a round of them while others wait under theirs. [MQTT-2.2.1-4] */
  #nextId(): number {
    const first = this.#queue.peek()
    let packetId = this.#window.nextId()
    if (!first || this.#lastOrder - first.order < roundMin) return packetId
    const waiting = new Set([...this.#queue.items()].map(delivery => delivery.packetId))
    while (waiting.has(packetId)) packetId = this.#window.nextId()
    return packetId
  }

  #enqueue(delivery: Delivery<S>): boolean {
    this.#expiresAtMs = Math.min(this.#expiresAtMs, delivery.message.expiresAtMs ?? this.#expiresAtMs)
    return this.#queue.push(delivery, weightBytes(delivery.message))
  }

  /** Of what waits, drops what has expired; false when nothing can have. [MQTT-3.3.2-5] */
  #dropOverdue(): boolean {
    if (this.#household.nowMs() < this.#expiresAtMs) return false
    this.#expiresAtMs = Number.POSITIVE_INFINITY
    for (let left = this.#queue.length; left > 0; left--) {
      const delivery = this.#queue.shift() as Delivery<S>
      if (this.#isOverdue(delivery)) this.#drop(delivery)
      else this.#enqueue(delivery)
    }
    return true
  }

  /** At QoS 2 a message goes out once it is on the disk: else its packet id might name another one after a restart. */
  #sync(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    const order = this.#lastOrder
    this.#household.keeper.afterSync(() => {
      this.#isSyncing = false
      this.#syncedOrder = order
      if (this.#lastOrder > order) this.#sync()
      this.#owner?.pump()
    })
  }

  /** On another connection PUBREL is repeated once it may be: else the message might be repeated after a restart. */
  #keepRelease(delivery: Delivery<S>): void {
    this.#household.keeper.releaseDelivery(this.#session, delivery)
    this.#releasing++
    this.#household.keeper.afterSync(() => {
      this.#releasing--
      this.#owner?.pump()
    })
  }

  #repeat(outbox: Outbox): boolean {
    for (const delivery of this.#window.deliveries()) {
      if (delivery.sent) continue
      if (delivery.state === 'released' && this.#releasing > 0) return false
      if (delivery.state === 'message' && !this.#window.hasQuota) continue // PUBREL is not held back for it [MQTT-3.3.4-10]
      const posted = this.#isOverdue(delivery) || this.#isWithheld(delivery) ? 'withheld' : this.#post(outbox, delivery)
      if (posted === 'full') return false
      if (posted === 'sent') this.#window.begin(delivery)
      else {
        this.#window.finish(delivery)
        this.#drop(delivery)
      }
    }
    return this.#window.isAllSent
  }

  #drainQueue(outbox: Outbox): boolean {
    for (let delivery = this.#queue.peek(); delivery; delivery = this.#queue.peek()) {
      if (this.#isOverdue(delivery) || this.#isWithheld(delivery)) {
        this.#drop(this.#queue.shift() as Delivery<S>)
        continue
      }
      if (!this.#window.hasQuota || !this.#window.fits(delivery.message) || this.#mustWait(delivery)) return false
      const posted = this.#post(outbox, delivery)
      if (posted === 'full') return false
      this.#queue.shift()
      if (posted === 'too-large') this.#drop(delivery)
      else this.#begun(delivery)
    }
    return true
  }

  /** It is on its way. What ends with its connection is not sent again, and only a group's members inherit it. */
  #begun(delivery: Delivery<S>): void {
    if (this.#session === 0 && !delivery.group) delivery.message = spent
    delivery.sent = true
    this.#window.add(delivery)
  }

  /** Sends one as it is now. A message that is longer than the client takes is dropped. [MQTT-3.1.2-25] */
  #post(outbox: Outbox, { order, message, qos, retain, repeated, packetId, subscriptionIds, state }: Delivery<S>): Posted {
    if (state === 'released') {
      outbox.reply({ type: 'PUBREL', packetId, reasonCode: 0 }) // [MQTT-4.3.3-6]
      return 'sent'
    }
    const expirySeconds = secondsLeft(message, this.#household)
    const posted = outbox.publish(message, { qos, retain, dup: repeated, packetId, subscriptionIds, expirySeconds })
    if (posted === 'too-large') this.#household.counters.count('deliveries-too-large')
    else if (posted === 'sent') this.#begunOrder = Math.max(this.#begunOrder, order)
    return posted
  }

  /**
   * Whether a message has expired before its delivery began; later it does not. Of an earlier run's at QoS 2 that is not known, and
   * the client may hold its packet id. [MQTT-3.3.2-5] [MQTT-4.3.3-7]
   */
  #isOverdue({ order, repeated, qos, message }: Delivery<S>): boolean {
    const mayHaveBegun = order <= this.#begunOrder || (repeated && qos === 2)
    const isOverdue = !mayHaveBegun && message.expiresAtMs !== undefined && isExpired(message, this.#household.nowMs())
    if (isOverdue) this.#household.counters.count('deliveries-expired')
    return isOverdue
  }

  /** Whether the client may not have it any more. */
  #isWithheld({ state, message }: Delivery<S>): boolean {
    const isWithheld = state === 'message' && !(this.#owner as DeliveriesOwner).mayRead(message.topic)
    if (isWithheld) this.#household.counters.count('deliveries-withheld')
    return isWithheld
  }

  #mustWait({ qos, order }: Delivery<S>): boolean {
    return this.#session > 0 && qos === 2 && order > this.#syncedOrder
  }

  #drop(delivery: Delivery<S>): void {
    if (this.#session > 0) this.#household.keeper.dropDelivery(this.#session, delivery)
  }
}
