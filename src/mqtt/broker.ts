/** The broker: which connections and sessions there are, and how sessions come, wait, end and outlive the daemon. */
import { limits } from '../limits.ts'
import type { Counters } from '../memory/counters.ts'
import { type Authority, openHouse, publishRefusal, subscribeRefusal, type Who } from './access.ts'
import { expiryMsOf } from './connect.ts'
import { Connection } from './connection.ts'
import type { BrokerCounter, Household } from './household.ts'
import type { Keeper, Kept } from './keeper.ts'
import type { Outbox } from './outbox.ts'
import { type Connect, keepWill, type Message, type ReasonCode, reasonCodes, type Subscription, type Will } from './packet.ts'
import type { Event } from './phase.ts'
import { anyone, type Rights } from './rights.ts'
import { type ClientPublisher, type Published, Router } from './router.ts'
import { Session } from './session.ts'

/** A session for a CONNECT, and whether it was there before. */
export interface Admitted {
  readonly session: Session
  readonly isPresent: boolean
}

/** Connections and sessions. Randomness is given, and so is the time. */
export class Broker implements Household {
  readonly counters: Counters<BrokerCounter>
  readonly keeper: Keeper
  readonly authority: Authority
  readonly nowMs: () => number
  readonly #randomId: () => string
  readonly #router: Router
  /** By client id; those longest away come first. */
  readonly #sessions = new Map<string, Session>()
  readonly #connections = new Set<Connection>()
  #clients = 0
  /** Whether sessions for which the disk had no room are saved once it has: what is kept for them counts for nothing without them. */
  #willSave = false
  /** The highest number of a session; undefined until it is known what an earlier run kept, and till then none is kept. */
  #lastNumber: number | undefined

  /** @param nowMs monotonic time @param randomId gives the id of a client that has none */
  constructor(counters: Counters<BrokerCounter>, keeper: Keeper, nowMs: () => number, randomId: () => string, authority = openHouse) {
    this.authority = authority
    this.counters = counters
    this.keeper = keeper
    this.nowMs = nowMs
    this.#randomId = randomId
    this.#router = new Router(this)
  }

  /** Connections, with or without CONNECT. */
  get connections(): number {
    return this.#connections.size
  }

  /** Clients that are here. */
  get clients(): number {
    return this.#clients
  }

  /** Sessions, of clients that are here or away. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Retained messages, and what they weigh. */
  get retained(): { readonly count: number; readonly bytes: number } {
    return this.#router.retained
  }

  /** Takes a new connection; its events go to `step`. */
  accept(outbox: Outbox): Connection {
    const connection = new Connection(this, outbox)
    this.#connections.add(connection)
    return connection
  }

  /** Hands a connection what happened to it. */
  step(connection: Connection, event: Event): void {
    connection.step(event)
    if (connection.phase.name === 'closed') this.#connections.delete(connection)
  }

  /** Publishes what the daemon itself has to say. */
  publish(message: Message): void {
    this.#router.publish(message, 'daemon')
  }

  /** Publishes for a client, unless it may not. */
  publishFor(publisher: ClientPublisher | 'will', message: Message, rights: Rights | undefined): Published {
    const mustFit = message.qos > 0 && publisher !== 'will' // to whom nothing is acknowledged
    const reasonCode =
      publishRefusal(message.topic, rights) ?? (mustFit && !this.keeper.hasRoomFor(message) ? reasonCodes.quotaExceeded : undefined)
    if (reasonCode === undefined) return this.#router.publish(message, publisher)
    this.counters.count('publish-refused')
    return { reasonCode, isKept: false }
  }

  /** Adds or replaces a subscription; answers what SUBACK says, and whether retained messages are to be sent after that. */
  subscribe(session: Session, subscription: Subscription): { readonly reasonCode: number; readonly sendsRetained: boolean } {
    const refusal = subscribeRefusal(session, subscription)
    if (refusal !== undefined) {
      this.counters.count('subscribe-refused')
      return { reasonCode: refusal, sendsRetained: false }
    }
    return { reasonCode: subscription.qos, sendsRetained: this.#router.subscribe(session, subscription.filter, subscription) }
  }

  /** Begins to send the retained messages of a subscription. */
  sendRetained(session: Session, subscription: Subscription): void {
    this.#router.sendRetained(session, subscription.filter, subscription)
  }

  /** Removes a subscription; answers what UNSUBACK says. [MQTT-3.10.4-5] */
  unsubscribe(session: Session, filter: string): ReasonCode {
    return this.#router.unsubscribe(session, filter) ? reasonCodes.success : reasonCodes.noSubscriptionExisted
  }

  /** Keeps a session as it is now, if it is kept; once a packet, for it is written as a whole. False when that must be tried again later. */
  save(session: Session): boolean {
    if (session.number === 0) return true
    const { number, clientId, user, expiryMs, subscriptions, will, where } = session
    const awayMs = where.name === 'away' ? this.nowMs() - where.sinceMs : undefined
    session.isSaved =
      this.keeper.hasRoomOf(session.subscriptionBytes) &&
      this.keeper.saveSession({ number, clientId, user, expirySeconds: expiryMs / 1_000, awayMs, subscriptions, will })
    if (!session.isSaved && !this.#willSave) {
      this.#willSave = true
      this.keeper.afterSync(() => {
        this.#willSave = false
        for (const unsaved of this.#sessions.values()) if (!unsaved.isSaved) this.save(unsaved)
      })
    }
    return session.isSaved
  }

  /** Notes the packet id of a message at QoS 2; answers whether that is on its way to the disk. */
  receive(session: Session, packetId: number): boolean {
    session.received.add(packetId)
    return session.number > 0 && this.keeper.saveReceived(session.number, packetId)
  }

  /** Frees it; answers whether it was in use, or that the disk has no room to say so. */
  releaseReceived(session: Session, packetId: number): 'freed' | 'unknown' | 'refused' {
    if (!session.received.has(packetId)) return 'unknown'
    if (session.number > 0 && !this.keeper.dropReceived(session.number, packetId)) return 'refused'
    session.received.delete(packetId)
    return 'freed'
  }

  /** Time passes: late CONNECTs, silent clients, wills that are due, sessions whose clients never came back, messages that expire. */
  tick(): void {
    const nowMs = this.nowMs()
    for (const connection of this.#connections) this.step(connection, { type: 'tick' })
    for (const session of this.#sessions.values()) {
      if (session.where.name === 'here') continue
      if (nowMs - session.where.sinceMs > session.expiryMs)
        this.#forget(session, 'sessions-expired') // [MQTT-4.1.0-2]
      else if (nowMs >= session.willAtMs) this.#publishWill(session)
    }
    this.#router.tick(nowMs)
  }

  /** Ends every connection, as the daemon stops. */
  stop(): void {
    for (const connection of this.#connections) this.step(connection, { type: 'end', reason: 'server' })
  }

  /** Where a client finds a place: its own, a free one, or that of who came last without a name, if it has one itself; or nowhere. */
  placeFor(clientId: string, isNamed: boolean): 'free' | Connection | undefined {
    if (this.keeper.isOverwhelmed) return undefined
    if (this.#clients < limits.clientsMax || this.#sessions.get(clientId)?.where.name === 'here') return 'free'
    return isNamed ? [...this.#connections].findLast(({ session }) => session?.user === anyone) : undefined
  }

  /** Why somebody may not come in by a CONNECT, or `undefined`: with the session of another, or a will that may not be published. */
  entryRefusal({ clientId, will }: Connect, { user }: Who): ReasonCode | undefined {
    const session = this.#sessions.get(clientId)
    const isTheirs = !session || this.authority.mayHave(user, session.user)
    if (isTheirs && (!will || this.authority.rightsOf(user, clientId)?.mayWrite(will.topic) !== false)) return undefined
    this.counters.count('connect-forbidden')
    return reasonCodes.notAuthorized
  }

  /** Gives a CONNECT its session: a kept one, or a new one. The same client's older connection ends first. [MQTT-3.1.4-3] */
  admit(packet: Connect, { user }: Who): Admitted {
    const clientId = packet.clientId || this.#randomId() // [MQTT-3.1.3-6]
    const { where } = this.#sessions.get(clientId) ?? {}
    if (where?.name === 'here') where.owner.end('taken-over')
    const former = this.#sessions.get(clientId)
    if (former && packet.cleanStart) this.#forget(former, 'sessions-cleaned') // [MQTT-3.1.2-4]
    const isPresent = former !== undefined && !packet.cleanStart // [MQTT-3.1.2-5]
    const expiryMs = this.#lastNumber === undefined ? 0 : expiryMsOf(packet.sessionExpirySeconds)
    const session = isPresent ? former : this.#begin(clientId, expiryMs)
    session.expiryMs = expiryMs
    session.user = user
    session.rights = this.authority.rightsOf(user, clientId)
    session.will = keepWill(packet.will)
    session.willAtMs = Number.POSITIVE_INFINITY // [MQTT-3.1.3-9]
    this.#clients++
    return { session, isPresent }
  }

  /** A connection has left its session, which ends with it or waits for its client. */
  leave(session: Session): void {
    session.where = { name: 'away', sinceMs: this.nowMs() }
    this.#clients--
    this.#sessions.delete(session.clientId)
    this.#sessions.set(session.clientId, session) // to the end of those that are away
    session.letGo()
    if (session.expiryMs === 0) {
      this.#forget(session, 'sessions-cleaned')
      return
    }
    session.willAtMs = this.#dueAtMs(session.will, session.where.sinceMs)
    if (session.will?.delaySeconds === 0) this.#publishWill(session)
    else this.save(session)
  }

  /** Takes back what an earlier run kept. A retained message that came before that is newer; a client is sent back to its kept session. */
  restore({ sessions, retained, lastSessionNumber }: Kept): void {
    const nowMs = this.nowMs()
    this.#lastNumber = lastSessionNumber
    // With the daemon's share of the bounds: it may have taken some of the clients' already.
    for (const message of retained) if (!this.#router.retained.has(message.topic)) this.#router.retained.store(message, true)
    const longestAwayFirst = [...sessions].sort((a, b) => (b.awayMs ?? 0) - (a.awayMs ?? 0))
    for (const kept of longestAwayFirst) {
      const { where } = this.#sessions.get(kept.clientId) ?? {}
      if (where?.name === 'here') where.owner.end('server')
      if (this.#sessions.has(kept.clientId) || this.#clients >= limits.sessionsMax) {
        this.keeper.dropSession(kept.number, kept.deliveries)
        continue
      }
      this.#makeRoom()
      const session = new Session(this, kept.clientId, kept.number, kept.expirySeconds * 1_000)
      session.where = { name: 'away', sinceMs: nowMs - (kept.awayMs ?? 0) }
      session.user = kept.user
      session.rights = this.authority.rightsOf(kept.user, kept.clientId) // at once, for it may have to make room for another
      this.#sessions.set(session.clientId, session)
      for (const [filter, options] of kept.subscriptions) this.#router.subscribe(session, filter, options)
      for (const packetId of kept.received.ids()) session.received.add(packetId)
      for (const delivery of kept.deliveries) {
        if (session.restore({ ...delivery, group: undefined, repeated: false, sent: false })) continue
        this.counters.count('restored-dropped')
        this.keeper.dropDelivery(kept.number, delivery)
      }
      session.will = kept.will
      session.willAtMs = this.#dueAtMs(kept.will, session.where.sinceMs)
      if (kept.awayMs === undefined) this.save(session) // it is away from now on, whatever happens next
    }
    this.review()
  }

  /** Looks at all rights again: what users had is theirs only as far as it is now. */
  review(): void {
    for (const session of this.#sessions.values()) session.rights = this.authority.rightsOf(session.user, session.clientId)
    const known = new Map<string, boolean>()
    for (const connection of this.#connections) if (connection.isRevoked(known)) this.step(connection, { type: 'end', reason: 'revoked' })
    for (const session of this.#sessions.values()) if (!this.authority.knows(session.user)) this.#forget(session, 'sessions-revoked')
  }

  #begin(clientId: string, expiryMs: number): Session {
    this.#makeRoom()
    const number = expiryMs > 0 && this.#lastNumber !== undefined ? ++this.#lastNumber : 0
    const session = new Session(this, clientId, number, expiryMs)
    this.#sessions.set(clientId, session)
    return session
  }

  /** The one that is longest away goes, first of those without a name: else a stranger could have what is kept for users dropped. */
  #makeRoom(): void {
    if (this.#sessions.size < limits.sessionsMax) return
    const away = [...this.#sessions.values()].filter(({ where }) => where.name === 'away') // fewer than sessionsMax are here
    this.#forget(away.find(({ user }) => user === anyone) ?? (away[0] as Session), 'sessions-displaced')
  }

  #forget(session: Session, counter: 'sessions-cleaned' | 'sessions-expired' | 'sessions-displaced' | 'sessions-revoked'): void {
    this.#sessions.delete(session.clientId)
    this.counters.count(counter)
    this.#router.forget(session)
    if (session.number > 0) this.keeper.dropSession(session.number, session.deliveries())
    session.forget()
    this.#publishWill(session)
  }

  /** When the will of a session that is away since then is published; never, if there is none. */
  #dueAtMs(will: Will | undefined, sinceMs: number): number {
    return sinceMs + (will?.delaySeconds ?? Number.POSITIVE_INFINITY) * 1_000
  }

  #publishWill(session: Session): void {
    const { will } = session
    if (!will) return
    session.will = undefined
    session.willAtMs = Number.POSITIVE_INFINITY
    const message = { ...will, expiresAtMs: will.expirySeconds && this.nowMs() + will.expirySeconds * 1_000 }
    const { reasonCode } = this.publishFor('will', message, session.rights)
    this.counters.count(reasonCode === reasonCodes.notAuthorized ? 'wills-withheld' : 'wills-published')
    if (this.#sessions.get(session.clientId) === session) this.save(session) // [MQTT-3.1.2-10]
  }
}
