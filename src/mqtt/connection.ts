/** One connection's protocol: its phases, the events that meet them, and what happens in every cell of that table. */
import { limits } from '../limits.ts'
import { mayPublish } from './access.ts'
import type { Broker } from './broker.ts'
import { type ClientPacket, type Connect, keep, type Message, type ReturnCode, returnCodes, subscriptionFailure } from './packet.ts'
import type { CloseReason, Outbox, Session } from './session.ts'

/** What can happen to a connection. */
export type Event =
  | ClientPacket
  | { readonly type: 'malformed' } // bytes that are no packet
  | { readonly type: 'drained' } // the outbox has room again
  | { readonly type: 'tick' } // a second or so has passed
  | { readonly type: 'end'; readonly reason: CloseReason } // the network, a take-over or the daemon ended it

interface Opening {
  readonly name: 'opening'
  readonly sinceMs: number
}

interface Open {
  readonly name: 'open'
  readonly session: Session
  /** 1.5 times what the client asked for; 0 is never. */
  readonly silenceMs: number
  readonly will: Message | undefined
}

type Phase = Opening | Open | { readonly name: 'closed' }
type EventOf<E extends Event['type']> = Extract<Event, { type: E }>
type Cells<P extends Phase> = { readonly [E in Event['type']]: (cell: Cell, phase: P, event: EventOf<E>) => void }

interface Cell {
  readonly connection: Connection
  readonly broker: Broker
  readonly outbox: Outbox
  readonly nowMs: number
}

/** A client's connection. It acts only through its outbox and the broker. */
export class Connection {
  readonly outbox: Outbox
  phase: Phase
  #lastHeardMs: number

  constructor(outbox: Outbox, nowMs: number) {
    this.outbox = outbox
    this.phase = { name: 'opening', sinceMs: nowMs }
    this.#lastHeardMs = nowMs
  }

  /** Ms since a packet came. */
  silentMs(nowMs: number): number {
    return nowMs - this.#lastHeardMs
  }

  /** Takes an event at a monotonic time in ms. */
  step(broker: Broker, event: Event, nowMs: number): void {
    if (isPacket(event)) this.#lastHeardMs = nowMs
    const act = table[this.phase.name][event.type] as unknown as (cell: Cell, phase: Phase, event: Event) => void
    act({ connection: this, broker, outbox: this.outbox, nowMs }, this.phase, event)
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
    malformed: cell => close(cell, 'malformed'),
    drained: ignore,
    tick: (cell, { sinceMs }) => {
      if (cell.nowMs - sinceMs > limits.connectMs) close(cell, 'connect-timeout')
    },
    end: (cell, _, { reason }) => close(cell, reason)
  },
  open: {
    CONNECT: violation,
    PUBLISH: publish,
    PUBACK: ({ broker }, { session }, { packetId }) => {
      if (session.window.finish(packetId, 'PUBACK')) session.pump()
      else broker.counters.count('unexpected-acknowledgement')
    },
    PUBREC: ({ broker, outbox }, { session }, { packetId }) => {
      if (!session.window.received(packetId)) broker.counters.count('unexpected-acknowledgement')
      outbox.reply({ type: 'PUBREL', packetId })
    },
    PUBREL: ({ outbox }, { session }, { packetId }) => {
      session.received.delete(packetId)
      outbox.reply({ type: 'PUBCOMP', packetId })
    },
    PUBCOMP: ({ broker }, { session }, { packetId }) => {
      if (session.window.finish(packetId, 'PUBCOMP')) session.pump()
      else broker.counters.count('unexpected-acknowledgement')
    },
    SUBSCRIBE: subscribe,
    UNSUBSCRIBE: ({ broker, outbox }, { session }, { packetId, filters }) => {
      for (const filter of filters) broker.unsubscribe(session, filter)
      outbox.reply({ type: 'UNSUBACK', packetId })
    },
    PINGREQ: ({ outbox }) => outbox.reply({ type: 'PINGRESP' }),
    DISCONNECT: cell => close(cell, 'client'),
    malformed: cell => close(cell, 'malformed'),
    drained: (_, { session }) => session.pump(),
    tick: (cell, { silenceMs }) => {
      if (silenceMs > 0 && cell.connection.silentMs(cell.nowMs) > silenceMs) close(cell, 'keep-alive') // [MQTT-3.1.2-24]
    },
    end: (cell, _, { reason }) => close(cell, reason)
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
    malformed: ignore,
    drained: ignore,
    tick: ignore,
    end: ignore
  }
}

function connect(cell: Cell, _: Opening, packet: Connect): void {
  const { connection, broker, outbox, nowMs } = cell
  const refusal = refuse(broker, packet)
  if (refusal !== undefined) {
    outbox.reply({ type: 'CONNACK', sessionPresent: false, returnCode: refusal })
    close(cell, 'refused')
    return
  }
  const { session, present } = broker.admit(packet, nowMs)
  connection.phase = { name: 'open', session, silenceMs: packet.keepAliveSeconds * 1_500, will: packet.will && keep(packet.will) }
  const sessionPresent = present && packet.protocolLevel > 3 // in MQTT 3.1 that bit is reserved
  outbox.reply({ type: 'CONNACK', sessionPresent, returnCode: returnCodes.accepted }) // [MQTT-3.2.0-1]
  session.resume(outbox)
}

/** The return code that refuses a CONNECT, or `undefined`. */
function refuse(broker: Broker, { protocolLevel, clientId, cleanSession }: Connect): ReturnCode | undefined {
  if (protocolLevel !== 3 && protocolLevel !== 4) return returnCodes.unacceptableProtocolVersion // [MQTT-3.1.2-2]
  if (clientId === '' && (!cleanSession || protocolLevel === 3)) return returnCodes.identifierRejected // [MQTT-3.1.3-8]
  if (clientId.length > limits.clientIdCharactersMax) return returnCodes.identifierRejected // [MQTT-3.1.3-9]
  return broker.hasRoomFor(clientId) ? undefined : returnCodes.serverUnavailable
}

function publish(cell: Cell, { session }: Open, packet: EventOf<'PUBLISH'>): void {
  const { broker, outbox } = cell
  const { packetId, qos } = packet
  const repeated = qos === 2 && session.received.has(packetId) // [MQTT-4.3.3-2]
  if (qos === 2 && !repeated && session.received.size >= limits.receivedMax) {
    violation(cell)
    return
  }
  if (!repeated) publishIfAllowed(broker, packet)
  if (qos === 1) outbox.reply({ type: 'PUBACK', packetId })
  if (qos === 2) {
    session.received.add(packetId)
    outbox.reply({ type: 'PUBREC', packetId })
  }
}

function subscribe({ broker, outbox }: Cell, { session }: Open, { packetId, subscriptions }: EventOf<'SUBSCRIBE'>): void {
  const returnCodes = subscriptions.map(({ filter, qos }) => (broker.subscribe(session, filter, qos) ? qos : subscriptionFailure))
  outbox.reply({ type: 'SUBACK', packetId, returnCodes })
  // Once for each filter: a packet has room for one filter thousands of times, and each time all retained messages would be walked.
  const granted = new Map(
    subscriptions.filter((_, index) => returnCodes[index] !== subscriptionFailure).map(({ filter, qos }) => [filter, qos])
  )
  for (const [filter, qos] of granted) session.deliverRetained(filter, broker.retained.matching(filter), qos)
}

function violation(cell: Cell): void {
  close(cell, 'protocol') // [MQTT-4.8.0-1]
}

/** Ends a connection: its session goes away, and its will is published unless the client said goodbye. [MQTT-3.1.2-8] */
function close({ connection, broker, outbox, nowMs }: Cell, reason: CloseReason): void {
  const phase = connection.phase
  connection.phase = { name: 'closed' }
  broker.counters.count(`closed-${reason}`)
  outbox.close(reason)
  if (phase.name !== 'open') return
  broker.leave(phase.session, nowMs)
  if (phase.will && reason !== 'client') publishIfAllowed(broker, phase.will) // [MQTT-3.1.2-10]
}

/** A message that is refused is acknowledged all the same: closing makes clients come back and repeat it. [MQTT-3.3.5-2] */
function publishIfAllowed(broker: Broker, message: Message): void {
  if (mayPublish(message.topic)) broker.publish(message)
  else broker.counters.count('publish-refused')
}

function isPacket(event: Event): event is ClientPacket {
  return event.type !== 'malformed' && event.type !== 'drained' && event.type !== 'tick' && event.type !== 'end'
}
