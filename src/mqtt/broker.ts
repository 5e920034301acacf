/** The broker: which sessions there are, and which of them a message reaches. */
import { limits } from '../limits.ts'
import type { Counters } from '../memory/counters.ts'
import { maySubscribe } from './access.ts'
import { Connection, type Event } from './connection.ts'
import { type Connect, keep, type Message, type QoS } from './packet.ts'
import { Retained } from './retained.ts'
import { closeReasons, type Outbox, Session } from './session.ts'
import { Tree } from './tree.ts'

/** What the broker counts. */
export const brokerCounters = [
  'messages-published',
  'deliveries-sent', // QoS 0 that went out
  'deliveries-queued', // QoS 1 and 2, on their way
  'deliveries-dropped', // QoS 0 to a slow or absent client, QoS 1 and 2 past a session's bound
  'publish-refused', // a topic that clients may not publish to
  'subscribe-refused', // a filter that is ill-formed or past a session's bounds
  'retained-refused', // a retained message past the bounds
  'unexpected-acknowledgement', // for a packet id that was not in flight
  'sessions-cleaned',
  'sessions-expired', // the client did not come back in time
  'sessions-displaced', // the longest away made room for a new one
  ...closeReasons.map(reason => `closed-${reason}` as const)
] as const
export type BrokerCounter = (typeof brokerCounters)[number]

/** Sessions, subscriptions and retained messages. Times are monotonic, in ms; randomness is given. */
export class Broker {
  readonly retained = new Retained()
  readonly counters: Counters<BrokerCounter>
  readonly #randomId: () => string
  readonly #tree = new Tree<Session>()
  /** By client id; those longest away come first. */
  readonly #sessions = new Map<string, Session>()
  readonly #connections = new Set<Connection>()
  /** Used again for each message: an outbox calls nothing back while it takes one. */
  readonly #matched: Session[] = []
  #stamp = 0

  /** @param randomId gives the id of a client that has none */
  constructor(counters: Counters<BrokerCounter>, randomId: () => string) {
    this.counters = counters
    this.#randomId = randomId
  }

  /** Connections, with or without CONNECT. */
  get connections(): number {
    return this.#connections.size
  }

  /** Sessions, connected or away. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Takes a new connection; its events go to `step`. */
  accept(outbox: Outbox, nowMs: number): Connection {
    const connection = new Connection(outbox, nowMs)
    this.#connections.add(connection)
    return connection
  }

  /** Hands a connection what happened to it. */
  step(connection: Connection, event: Event, nowMs: number): void {
    connection.step(this, event, nowMs)
    if (connection.phase.name === 'closed') this.#connections.delete(connection)
  }

  /** Time passes: late CONNECTs, silent clients, sessions whose clients never came back. */
  tick(nowMs: number): void {
    for (const connection of this.#connections) this.step(connection, { type: 'tick' }, nowMs)
    for (const session of this.#sessions.values()) {
      if (session.where.name === 'away' && nowMs - session.where.sinceMs > limits.sessionAwayMs) this.#forget(session, 'sessions-expired')
    }
  }

  /** Ends every connection, as the daemon stops. */
  stop(nowMs: number): void {
    for (const connection of this.#connections) this.step(connection, { type: 'end', reason: 'server' }, nowMs)
  }

  /** Whether one more client may be admitted; a client that takes its own place over always may. */
  hasRoomFor(clientId: string): boolean {
    let here = 0
    for (const session of this.#sessions.values()) if (session.where.name === 'here') here++
    return here < limits.clientsMax || this.#sessions.get(clientId)?.where.name === 'here'
  }

  /** Gives a CONNECT its session: a kept one, or a new one. The same client's older connection ends first. [MQTT-3.1.4-2] */
  admit(packet: Connect, nowMs: number): { session: Session; present: boolean } {
    const clientId = packet.clientId || this.#randomId() // [MQTT-3.1.3-6]
    for (const other of this.#connections) {
      const taken = other.phase.name === 'open' && other.phase.session.clientId === clientId
      if (taken) this.step(other, { type: 'end', reason: 'taken-over' }, nowMs)
    }
    const former = this.#sessions.get(clientId)
    if (former && !packet.cleanSession) return { session: former, present: true } // [MQTT-3.1.2-4]
    if (former) this.#forget(former, 'sessions-cleaned') // [MQTT-3.1.2-6]
    this.#makeRoom()
    const session = new Session(clientId, packet.cleanSession, nowMs)
    this.#sessions.set(clientId, session)
    return { session, present: false }
  }

  /** A connection has left its session: a clean one ends with it, another waits for its client. */
  leave(session: Session, nowMs: number): void {
    session.where = { name: 'away', sinceMs: nowMs }
    this.#sessions.delete(session.clientId)
    this.#sessions.set(session.clientId, session) // to the end of those that are away
    if (session.clean) this.#forget(session, 'sessions-cleaned')
  }

  /** Adds or replaces a subscription; false when it is refused. */
  subscribe(session: Session, filter: string, qos: QoS): boolean {
    if (!maySubscribe(session, filter)) {
      this.counters.count('subscribe-refused')
      return false
    }
    session.subscribe(filter, qos)
    this.#tree.subscribe(filter, session, qos)
    return true
  }

  /** Removes a subscription, if there is one. */
  unsubscribe(session: Session, filter: string): void {
    session.unsubscribe(filter)
    this.#tree.unsubscribe(filter, session)
  }

  /** Gives a message to every session with a matching subscription, once, at the highest QoS it has. [MQTT-3.3.5-1] */
  publish(message: Message): void {
    this.counters.count('messages-published')
    if (message.retain && !this.retained.store(message)) this.counters.count('retained-refused')
    const matched = this.#match(message.topic)
    let owned: Message | undefined
    const kept = (): Message => {
      owned ??= keep(message)
      return owned
    }
    // Counted here and added once: this loop is what a fan-out costs.
    const became = { sent: 0, queued: 0, dropped: 0 }
    for (const session of matched) became[session.deliver(message, Math.min(message.qos, session.match.qos) as QoS, kept)]++ // [MQTT-3.8.4-6]
    this.counters.count('deliveries-sent', became.sent)
    this.counters.count('deliveries-queued', became.queued)
    this.counters.count('deliveries-dropped', became.dropped)
    matched.length = 0
  }

  #match(topic: string): Session[] {
    const stamp = ++this.#stamp
    const matched = this.#matched
    this.#tree.match(topic, (session, qos) => {
      if (session.match.stamp === stamp) {
        if (qos > session.match.qos) session.match.qos = qos
        return
      }
      session.match.stamp = stamp
      session.match.qos = qos
      matched.push(session)
    })
    return matched
  }

  #makeRoom(): void {
    if (this.#sessions.size < limits.sessionsMax) return
    const longestAway = [...this.#sessions.values()].find(session => session.where.name === 'away') as Session // fewer than sessionsMax are here
    this.#forget(longestAway, 'sessions-displaced')
  }

  #forget(session: Session, counter: 'sessions-cleaned' | 'sessions-expired' | 'sessions-displaced'): void {
    for (const filter of session.subscriptions.keys()) this.#tree.unsubscribe(filter, session)
    this.#sessions.delete(session.clientId)
    this.counters.count(counter)
  }
}
