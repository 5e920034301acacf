/** The phases of a connection, and the events that meet them. */
import type { Verdict, Who } from './access.ts'
import type { IncomingAliases } from './alias.ts'
import type { CloseReason } from './outbox.ts'
import type { ClientPacket, Connect, ProtocolLevel, ReasonCode } from './packet.ts'
import type { Session } from './session.ts'

/** What can happen to a connection. */
export type Event =
  | ClientPacket
  | { readonly type: 'malformed'; readonly reasonCode: ReasonCode; readonly reasonString?: string } // bytes that are no packet
  | { readonly type: 'identified'; readonly verdict: Verdict } // who it is was found out
  | { readonly type: 'drained' } // the outbox has room again
  | { readonly type: 'tick' } // a second or so has passed
  | { readonly type: 'end'; readonly reason: CloseReason } // the network, a take-over or the daemon ended it

/** Before CONNECT. */
export interface Opening {
  readonly name: 'opening'
  readonly sinceMs: number
}

/** While its password is checked; what came behind CONNECT waits unread. */
export interface Checking {
  readonly name: 'checking'
  readonly sinceMs: number
  /** A copy. */
  readonly packet: Connect
}

/** After it was accepted. */
export interface Open {
  readonly name: 'open'
  readonly session: Session
  readonly level: ProtocolLevel
  readonly who: Who
  /** 1.5 times the keep-alive. */
  readonly silenceMs: number
  readonly aliases: IncomingAliases
  /** Messages at QoS 2 that an earlier connection left unreleased: the quota of this one begins anew. [MQTT-4.9.0-1] */
  readonly inherited: number
  /** Whether acknowledgements that say no tell why in words: MQTT 5.0 with Request Problem Information. [MQTT-3.1.2-29] */
  readonly wantsReasons: boolean
}

/** Where a connection is. */
export type Phase = Opening | Checking | Open | { readonly name: 'closed' }

/** An event by its type. */
export type EventOf<E extends Event['type']> = Extract<Event, { type: E }>

/** Whether an event is a packet of the client. */
export function isPacket(event: Event): event is ClientPacket {
  return !others.has(event.type)
}

type Other = Exclude<Event['type'], ClientPacket['type']>
const otherTypes: Readonly<Record<Other, true>> = { malformed: true, identified: true, drained: true, tick: true, end: true }
const others: ReadonlySet<string> = new Set(Object.keys(otherTypes))
