/** One connection's protocol: its phases, the events that meet them, and what happens in every cell of that table. */
import { limits } from '../limits.ts'
import type { Broker } from './broker.ts'
import { expiryMsOf } from './connect.ts'
import { close, closeLate, violation } from './ending.ts'
import { connect, enter, isRefused } from './entering.ts'
import type { CloseReason, Outbox } from './outbox.ts'
import { messageOf, type Publish, reasonCodes, type Subscription } from './packet.ts'
import { type Event, type EventOf, isPacket, type Open, type Phase } from './phase.ts'
import { Promises } from './promises.ts'
import type { ClientPublisher } from './router.ts'
import type { Session } from './session.ts'

type Cells<P extends Phase> = { readonly [E in Event['type']]: (connection: Connection, phase: P, event: EventOf<E>) => void }

/** A client's connection. It acts only through its outbox and the broker. */
export class Connection implements ClientPublisher {
  readonly broker: Broker
  readonly outbox: Outbox
  readonly promises: Promises
  phase: Phase
  /** Subscribers for which it waits. */
  waitsFor: Set<Session> | undefined
  #isHeld = false
  #stops = false
  #lastHeardMs = 0

  constructor(broker: Broker, outbox: Outbox) {
    this.broker = broker
    this.outbox = outbox
    this.promises = new Promises(broker.keeper, this)
    this.phase = { name: 'opening', sinceMs: broker.nowMs() }
  }

  /** The session, once CONNECT was accepted. */
  get session(): Session | undefined {
    return this.phase.name === 'open' ? this.phase.session : undefined
  }

  get wantsReasons(): boolean {
    return this.phase.name === 'open' && this.phase.wantsReasons
  }

  /** Ms since a packet came; while we do not read, the client cannot be blamed. */
  silentMs(): number {
    if (this.outbox.isPaused) this.#lastHeardMs = this.broker.nowMs()
    return this.broker.nowMs() - this.#lastHeardMs
  }

  /** Takes an event. */
  step(event: Event): void {
    if (isPacket(event)) this.#lastHeardMs = this.broker.nowMs()
    const act = table[this.phase.name][event.type] as unknown as (connection: Connection, phase: Phase, event: Event) => void
    act(this, this.phase, event)
  }

  /** Whether it is somebody who may not be here any more. @param known which proofs hold, as far as that was asked: a file may have to be read */
  isRevoked(known: Map<string, boolean>): boolean {
    if (this.phase.name !== 'open') return false
    const { who } = this.phase
    const name = `${who.user} ${who.proof}`
    const holds = known.get(name) ?? this.broker.authority.holds(who)
    known.set(name, holds)
    return !holds
  }

  end(reason: CloseReason): void {
    this.broker.step(this, { type: 'end', reason })
  }

  waitFor(subscriber: Session): void {
    this.waitsFor ??= new Set()
    this.waitsFor.add(subscriber)
    if (!this.#stops) this.#stops = this.#stopsFor(subscriber)
    this.holdOrGo()
  }

  caughtUp(subscriber: Session): void {
    const waitsFor = this.waitsFor as Set<Session>
    waitsFor.delete(subscriber)
    if (waitsFor.size === 0) this.waitsFor = undefined
    this.#stops = [...waitsFor].some(each => this.#stopsFor(each))
    this.promises.go()
  }

  /** Whether it is not read from for a subscriber: one that needs it to be, itself first of all, would never catch up. */
  #stopsFor(subscriber: Session): boolean {
    return !subscriber.needs(this.session as Session)
  }

  /** It has ended: what was not acknowledged will come again, and nobody need tell it anything. */
  forget(): void {
    this.promises.forget()
    for (const subscriber of this.waitsFor ?? []) subscriber.forgetWaiting(this)
  }

  /** Stops reading from a client for whom others or the disk cannot keep up, and goes on when they have caught up. */
  holdOrGo(): void {
    const { length } = this.promises
    const mustWait = this.#stops || (length > 0 && (this.promises.weight >= limits.receivedMax || this.broker.keeper.isFull))
    if (mustWait === this.#isHeld) return
    this.#isHeld = mustWait
    this.#lastHeardMs = this.broker.nowMs()
    if (mustWait) this.broker.counters.count('publishers-slowed')
    this.outbox.hold(mustWait)
  }
}

const ignore = (): void => undefined

/** Every cell: phase down, event across. In MQTT-3.1.0-1 the first packet must be CONNECT, in 3.1.0-2 the only one. */
const table: { readonly [N in Phase['name']]: Cells<Extract<Phase, { name: N }>> } = {
  opening: {
    CONNECT: connect,
    PUBLISH: violation,
    PUBACK: violation,
    PUBREC: violation,
    PUBREL: violation,
    PUBCOMP: violation,
    SUBSCRIBE: violation,
    UNSUBSCRIBE: violation,
    PINGREQ: violation,
    DISCONNECT: violation,
    AUTH: violation,
    malformed: connection => close(connection, 'malformed'),
    identified: ignore,
    drained: ignore,
    tick: closeLate,
    end: (connection, _, { reason }) => close(connection, reason)
  },
  checking: {
    CONNECT: violation,
    PUBLISH: violation,
    PUBACK: violation,
    PUBREC: violation,
    PUBREL: violation,
    PUBCOMP: violation,
    SUBSCRIBE: violation,
    UNSUBSCRIBE: violation,
    PINGREQ: violation,
    DISCONNECT: violation,
    AUTH: violation,
    malformed: connection => close(connection, 'malformed'), // a frame that is none: no packet is taken meanwhile
    identified: (connection, { packet }, { verdict }) => {
      connection.outbox.hold(false)
      if (!isRefused(connection, packet, true)) enter(connection, packet, verdict)
    },
    drained: ignore,
    tick: closeLate,
    end: (connection, _, { reason }) => close(connection, reason)
  },
  open: {
    CONNECT: violation,
    PUBLISH: publish,
    PUBACK: ({ broker }, { session }, { packetId }) => {
      if (!session.finish(packetId, 'PUBACK')) broker.counters.count('unexpected-acknowledgement')
    },
    PUBREC: received,
    PUBREL: release,
    PUBCOMP: ({ broker }, { session }, { packetId }) => {
      if (!session.finish(packetId, 'PUBCOMP')) broker.counters.count('unexpected-acknowledgement')
    },
    SUBSCRIBE: subscribe,
    UNSUBSCRIBE: unsubscribe,
    PINGREQ: ({ outbox }) => outbox.reply({ type: 'PINGRESP' }),
    DISCONNECT: disconnect,
    AUTH: violation, // [MQTT-4.12.0-7]
    malformed: (connection, _, { reasonCode, reasonString }) => close(connection, 'malformed', reasonCode, reasonString),
    identified: ignore,
    drained: (_, { session }) => session.pump(),
    tick: (connection, { session, silenceMs }) => {
      if (silenceMs > 0 && connection.silentMs() > silenceMs)
        close(connection, 'keep-alive') // [MQTT-3.1.2-22]
      else session.pump() // what the disk had no room for may go now, and who waited too long for the client is let go
    },
    end: (connection, _, { reason }) => close(connection, reason)
  },
  closed: {
    CONNECT: ignore,
    PUBLISH: ignore,
    PUBACK: ignore,
    PUBREC: ignore,
    PUBREL: ignore,
    PUBCOMP: ignore,
    SUBSCRIBE: ignore,
    UNSUBSCRIBE: ignore,
    PINGREQ: ignore,
    DISCONNECT: ignore,
    AUTH: ignore,
    malformed: ignore,
    identified: ignore,
    drained: ignore,
    tick: ignore,
    end: ignore
  }
}

function publish(connection: Connection, { session, level, aliases, inherited }: Open, packet: Publish): void {
  const { broker, promises } = connection
  const { qos, packetId } = packet
  const topic = aliases.resolve(packet.topic, packet.topicAlias)
  if (typeof topic !== 'string') {
    close(connection, topic === reasonCodes.quotaExceeded ? 'quota' : 'protocol', topic)
    return
  }
  if (qos === 2 && session.received.has(packetId)) {
    // A repeat on a new connection may come before the first is on the disk. [MQTT-4.3.3-10]
    promises.make({ type: 'PUBREC', packetId, reasonCode: reasonCodes.success }, session.number > 0)
    return
  }
  // Clients of 3.1 and 3.1.1 were not told of a bound, so theirs is wide. [MQTT-3.3.4-7]
  const unfinishedMax = level === 5 ? limits.receivedMax + inherited : limits.unreleasedMax
  if (qos > 0 && session.received.size + promises.unacknowledged >= unfinishedMax) {
    close(connection, 'quota', reasonCodes.receiveMaximumExceeded)
    return
  }
  const message = messageOf(packet, topic, broker)
  // To clients of 3.1 and 3.1.1 every acknowledgement says yes. What they may not publish is acknowledged all the same, since
  // closing makes them come back and repeat it [MQTT-3.3.5-2]; what the disk has no room for is not.
  if (qos > 0 && level < 5 && !broker.keeper.hasRoomFor(message)) {
    close(connection, 'quota')
    return
  }
  const { reasonCode, isKept } = broker.publishFor(connection, message, session.rights)
  if (qos === 2) {
    const isReceiptKept = reasonCode < 0x80 && broker.receive(session, packetId) // [MQTT-4.3.3-9]
    promises.make({ type: 'PUBREC', packetId, reasonCode }, isKept || isReceiptKept)
  } else if (qos === 1) {
    promises.make({ type: 'PUBACK', packetId, reasonCode }, isKept)
  } else if (isKept && broker.keeper.isFull) {
    promises.make(undefined, true)
  }
}

/** PUBREC: the client has a message at QoS 2, or will not have it. */
function received({ broker, promises }: Connection, { session }: Open, { packetId, reasonCode }: EventOf<'PUBREC'>): void {
  const isError = reasonCode >= 0x80 // [MQTT-4.4.0-2]
  const isKnown = isError ? session.finish(packetId, 'PUBREC') : session.release(packetId)
  if (!isKnown) broker.counters.count('unexpected-acknowledgement')
  if (isError) return
  const answer = isKnown ? reasonCodes.success : reasonCodes.packetIdentifierNotFound
  promises.make({ type: 'PUBREL', packetId, reasonCode: answer }, isKnown && session.number > 0) // [MQTT-4.3.3-4]
}

/** PUBREL: a packet id of the client is free again. [MQTT-4.3.3-11] [MQTT-4.3.3-12] */
function release(connection: Connection, { session }: Open, { packetId }: EventOf<'PUBREL'>): void {
  const released = connection.broker.releaseReceived(session, packetId)
  const reasonCode = released === 'freed' ? reasonCodes.success : reasonCodes.packetIdentifierNotFound
  if (released === 'refused') close(connection, 'quota')
  else connection.promises.make({ type: 'PUBCOMP', packetId, reasonCode }, session.number > 0)
}

function subscribe(connection: Connection, { session }: Open, { packetId, subscriptions }: EventOf<'SUBSCRIBE'>): void {
  const { broker, promises } = connection
  // By filter: a packet has room for one filter thousands of times, and each time all retained messages would be walked.
  const withRetained = new Map<string, Subscription>()
  const reasonCodes = subscriptions.map(subscription => {
    const granted = broker.subscribe(session, subscription)
    if (granted.sendsRetained) withRetained.set(subscription.filter, subscription)
    return granted.reasonCode
  })
  if (!broker.save(session)) {
    close(connection, 'quota')
    return
  }
  promises.make({ type: 'SUBACK', packetId, reasonCodes }, session.number > 0, () => {
    for (const subscription of withRetained.values())
      if (session.subscriptions.has(subscription.filter)) broker.sendRetained(session, subscription)
  })
}

function unsubscribe(connection: Connection, { session }: Open, { packetId, filters }: EventOf<'UNSUBSCRIBE'>): void {
  const { broker, promises } = connection
  const reasonCodes = filters.map(filter => broker.unsubscribe(session, filter))
  if (broker.save(session)) promises.make({ type: 'UNSUBACK', packetId, reasonCodes }, session.number > 0)
  else close(connection, 'quota')
}

function disconnect(connection: Connection, { session }: Open, packet: EventOf<'DISCONNECT'>): void {
  const seconds = packet.sessionExpirySeconds
  if (seconds !== undefined && seconds > 0 && session.expiryMs === 0) {
    violation(connection) // section 3.14.2.2.2
    return
  }
  if (seconds !== undefined) session.expiryMs = expiryMsOf(seconds)
  if (packet.reasonCode === reasonCodes.success) session.will = undefined // [MQTT-3.14.4-3]
  close(connection, 'client')
}
