/** The router: keeps subscriptions and retained messages, and gives each message to the sessions that it is for. */
import type { Household } from './household.ts'
import { keep, type Message, type QoS, type ReasonCode, reasonCodes, type SubscriptionOptions } from './packet.ts'
import { Retained } from './retained.ts'
import type { Rights } from './rights.ts'
import type { Delivered, Owner, Session } from './session.ts'
import { isShared } from './topic.ts'
import { type Group, type Subscribed, Tree, type Visitor } from './tree.ts'

/** Who publishes: the daemon itself, a client, or a will, whose client has gone. */
export type Publisher = 'daemon' | 'will' | ClientPublisher

/** A client that publishes; `waitFor` slows it until a subscriber has caught up. */
export interface ClientPublisher extends Owner {
  readonly session: Session | undefined
  waitFor(subscriber: Session): void
}

/** What became of a PUBLISH. */
export interface Published {
  readonly reasonCode: ReasonCode
  /** Whether something of it is on its way to the disk, so that its acknowledgement must wait. */
  readonly isKept: boolean
}

/** Routes messages. */
export class Router implements Visitor<Session> {
  readonly retained = new Retained()
  readonly #household: Household
  readonly #tree = new Tree<Session>()
  // Used again for each message: an outbox calls nothing back while it takes one. A list that is emptied gives its room back, so it is overwritten.
  readonly #matched: (Session | undefined)[] = []
  #matches = 0
  readonly #groups: Group<Session>[] = []
  readonly #became: Record<Delivered, number> = { sent: 0, queued: 0, dropped: 0 }
  /** The message, and the copy of it that may outlive the call, once somebody wants it. */
  #message: Message | undefined
  #owned: Message | undefined
  readonly #kept = (): Message => {
    this.#owned ??= keep(this.#message as Message)
    return this.#owned
  }
  #stamp = 0
  #topic = ''
  #withheld = 0
  #retain = false
  /** Who is not sent its own messages, if it asked so. */
  #local: Session | undefined
  #isKept = false
  /** Sessions and groups for which it was dropped at QoS 1 or 2. */
  #lost = 0

  constructor(household: Household) {
    this.#household = household
  }

  /** Adds or replaces a subscription that was granted; answers whether its retained messages are to be sent. */
  subscribe(session: Session, filter: string, options: SubscriptionOptions): boolean {
    const isNew = !session.subscriptions.has(filter)
    session.subscribe(filter, options)
    this.#tree.subscribe(filter, session, options)
    if (isShared(filter)) return false // section 4.8.2
    return options.retainHandling === 0 || (options.retainHandling === 1 && isNew) // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
  }

  /** Begins to send the retained messages of a subscription. */
  sendRetained(session: Session, filter: string, options: SubscriptionOptions): void {
    session.deliverRetained(filter, this.retained.matching(filter), options)
  }

  /** Removes a subscription; answers whether there was one. */
  unsubscribe(session: Session, filter: string): boolean {
    this.#tree.unsubscribe(filter, session)
    return session.unsubscribe(filter)
  }

  /** A session has ended: its subscriptions go, and what its groups gave it that it has not begun goes to other members. */
  forget(session: Session): void {
    for (const filter of session.subscriptions.keys()) this.#tree.unsubscribe(filter, session)
    for (const { group, message, qos, sent, repeated } of session.deliveries()) {
      const isBegun = qos === 2 && (sent || repeated) // [MQTT-4.8.2-5]
      if (!isBegun && group?.members.some(({ subscriber }) => subscriber.mayShare(message.topic)))
        this.#deliverToGroup(group, message, () => message, 'will')
    }
  }

  /** Retains a message if it says so, and gives it to every session with a matching subscription, once. [MQTT-3.3.4-2] [MQTT-4.5.0-1] */
  publish(message: Message, publisher: Publisher): Published {
    const { counters } = this.#household
    counters.count('messages-published')
    const retained = message.retain ? this.#retainMessage(message, publisher === 'daemon') : 'volatile'
    this.#isKept = retained === 'kept'
    this.#match(message, publisher)
    const became = this.#became // counted here and added once: this loop is what a fan-out costs
    became.sent = became.queued = became.dropped = this.#lost = 0
    for (let index = 0; index < this.#matches; index++) {
      const session = this.#matched[index] as Session
      this.#matched[index] = undefined
      const qos = Math.min(message.qos, session.match.qos) as QoS // [MQTT-3.8.4-8]
      const delivered = session.deliver(message, qos, this.#kept, undefined)
      became[delivered]++
      if (qos > 0) this.#follow(session, delivered, publisher)
    }
    for (const group of this.#groups) became[this.#deliverToGroup(group, message, this.#kept, publisher)]++
    const offered = this.#matches + this.#groups.length
    if (this.#groups.length > 0) this.#groups.length = 0
    this.#message = this.#owned = undefined
    if (became.sent > 0) counters.count('deliveries-sent', became.sent)
    if (became.queued > 0) counters.count('deliveries-queued', became.queued)
    if (became.dropped > 0) counters.count('deliveries-dropped', became.dropped)
    if (this.#withheld > 0) counters.count('deliveries-withheld', this.#withheld)
    const reasonCode = retained === 'refused' ? reasonCodes.quotaExceeded : codeOf(offered, this.#lost)
    return { reasonCode, isKept: this.#isKept }
  }

  /** Time passes: retained messages expire. */
  tick(nowMs: number): void {
    for (const topic of this.retained.expire(nowMs)) {
      this.#household.counters.count('retained-expired')
      this.#household.keeper.unretain(topic)
    }
  }

  subscriber({ subscriber, options }: Subscribed<Session>): void {
    if (options.noLocal && subscriber === this.#local) return // [MQTT-3.8.3-3]
    if (subscriber.rights !== undefined && !this.#mayRead(subscriber.rights)) return
    const match = subscriber.match
    if (match.stamp !== this.#stamp) {
      match.stamp = this.#stamp
      match.qos = options.qos
      match.retain = this.#retain && options.retainAsPublished
      match.subscriptionIds = options.identifier > 0 ? [options.identifier] : noIds
      this.#matched[this.#matches++] = subscriber
      return
    }
    if (options.qos > match.qos) match.qos = options.qos
    if (options.retainAsPublished) match.retain = this.#retain
    if (options.identifier > 0) match.subscriptionIds = [...match.subscriptionIds, options.identifier] // [MQTT-3.3.4-4]
  }

  group(group: Group<Session>): void {
    if (group.members.some(({ subscriber }) => subscriber.mayShare(this.#topic))) this.#groups.push(group)
    else this.#withheld++
  }

  #match(message: Message, publisher: Publisher): void {
    this.#stamp++
    this.#matches = 0
    this.#message = message
    this.#topic = message.topic
    this.#withheld = 0
    this.#retain = message.retain
    this.#local = typeof publisher === 'string' ? undefined : publisher.session
    this.#tree.match(message.topic, this)
  }

  /** Looked up once for each message and user, not for each of its sessions. */
  #mayRead(rights: Rights): boolean {
    const mayRead = rights.mayReadNow(this.#topic, this.#stamp)
    if (!mayRead) this.#withheld++
    return mayRead
  }

  /** Answers whether something of it is on its way to the disk. What the daemon says of itself is not: it says it again when it starts. */
  #retainMessage(message: Message, own: boolean): 'kept' | 'volatile' | 'refused' {
    const { counters, keeper } = this.#household
    const had = this.retained.has(message.topic)
    const stored = this.retained.store(message, own)
    const isRefused = stored === undefined && message.payload.length > 0
    if (isRefused) counters.count('retained-refused')
    if (own) {
      keeper.unretain(message.topic) // a client's
      return 'volatile'
    }
    if (stored === undefined) {
      const isTaken = !had || keeper.unretain(message.topic)
      return isRefused || !isTaken ? 'refused' : 'kept' // what somebody else has just cleared may be on its way still
    }
    if (keeper.retain(stored)) return 'kept'
    counters.count('retained-unsaved')
    return 'refused'
  }

  /** One of a group takes the message: the next one who is here and keeps up, if there is one. */
  #deliverToGroup(group: Group<Session>, message: Message, kept: () => Message, publisher: Publisher): Delivered {
    const { subscriber, options } = choose(group, message)
    subscriber.match.retain = options.retainAsPublished && message.retain
    subscriber.match.subscriptionIds = options.identifier > 0 ? [options.identifier] : noIds
    const qos = Math.min(message.qos, options.qos) as QoS // [MQTT-4.8.2-3]
    const delivered = subscriber.deliver(message, qos, kept, group)
    if (qos > 0) this.#follow(subscriber, delivered, publisher)
    return delivered
  }

  /** What a message at QoS 1 or 2 leads to: who publishes waits for a subscriber that is behind, the more so when it was dropped. */
  #follow(subscriber: Session, delivered: Delivered, publisher: Publisher): void {
    if (delivered === 'dropped') this.#lost++
    else if (subscriber.number > 0) this.#isKept = true
    if (typeof publisher === 'string' || !publisher.session || !subscriber.isBehind()) return
    publisher.waitFor(subscriber)
    subscriber.tellCaughtUp(publisher)
  }
}

const noIds: readonly number[] = []

function codeOf(offered: number, lost: number): ReasonCode {
  if (offered === 0) return reasonCodes.noMatchingSubscribers
  return lost === offered ? reasonCodes.quotaExceeded : reasonCodes.success
}

/** Whose turn it is among those who may read it, of whom there is one: of those who take it best, the next. */
function choose(group: Group<Session>, message: Message): Subscribed<Session> {
  const { members } = group
  let best = 0
  let bestRank = -1
  for (let step = 0; step < members.length && bestRank < 3; step++) {
    const index = (group.next + step) % members.length
    const { subscriber, options } = members[index] as Subscribed<Session>
    if (!subscriber.mayShare(message.topic)) continue
    const rank = subscriber.fitFor(message, Math.min(message.qos, options.qos))
    if (rank > bestRank) {
      best = index
      bestRank = rank
    }
  }
  group.next = best + 1
  return members[best] as Subscribed<Session>
}
