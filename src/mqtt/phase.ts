/** The phases of a connection, and the events that meet them. */
import type { IncomingAliases } from './alias.ts'
import type { CloseReason } from './outbox.ts'
import type { ClientPacket, ProtocolLevel, ReasonCode } from './packet.ts'
import type { Session } from './session.ts'

/** What can happen to a connection. */
export type Event =
  | ClientPacket
  | { readonly type: 'malformed'; readonly reasonCode: ReasonCode } // bytes that are no packet
  | { readonly type: 'drained' } // the outbox has room again
  | { readonly type: 'tick' } // a second or so has passed
  | { readonly type: 'end'; readonly reason: CloseReason } // the network, a take-over or the daemon ended it

/** Before CONNECT. */
export interface Opening {
  readonly name: 'opening'
  readonly sinceMs: number
}

/** After it was accepted. */
export interface Open {
  readonly name: 'open'
  readonly session: Session
  readonly level: ProtocolLevel
  /** 1.5 times the keep-alive. */
  readonly silenceMs: number
  readonly aliases: IncomingAliases
  /** Messages at QoS 2 that an earlier connection left unreleased: the quota of this one begins anew. [MQTT-4.9.0-1] */
  readonly inherited: number
}

/** Where a connection is. */
export type Phase = Opening | Open | { readonly name: 'closed' }
/** An event by its type. */
export type EventOf<E extends Event['type']> = Extract<Event, { type: E }>

/** Whether an event is a packet of the client. */
export function isPacket(event: Event): event is ClientPacket {
  return event.type !== 'malformed' && event.type !== 'drained' && event.type !== 'tick' && event.type !== 'end'
}
