/** The way out to one client as the protocol sees it, and why a connection ends. */
import { type Message, type ProtocolLevel, type PublishOptions, type ReasonCode, type Reply, reasonCodes } from './packet.ts'

/** Why a connection ends. Each is a counter; `client` and `server` are the ends in good order. */
export const closeReasons = [
  'client', // DISCONNECT
  'server', // the daemon stops
  'lost', // the network closed it
  'malformed', // bytes that are no packet of MQTT
  'protocol', // a packet where the standard forbids it
  'refused', // CONNACK said no
  'revoked', // whoever it is may not be here any more
  'keep-alive', // nothing heard for 1.5 times the keep-alive
  'connect-timeout', // no CONNECT in time
  'taken-over', // the same client id connected again
  'too-slow', // its outbox stayed full
  'quota', // it passed a bound that it was told of
  'too-many' // a bound of connections was reached
] as const
export type CloseReason = (typeof closeReasons)[number]

/** What a client of MQTT 5.0 is told of the end, unless the cause has a code of its own. */
export const codesOfEnds: Readonly<Partial<Record<CloseReason, ReasonCode>>> = {
  server: reasonCodes.serverShuttingDown,
  'keep-alive': reasonCodes.keepAliveTimeout,
  'taken-over': reasonCodes.sessionTakenOver, // [MQTT-3.1.4-3]
  quota: reasonCodes.quotaExceeded,
  revoked: reasonCodes.notAuthorized
}

/** Whether a connection that ends for a reason is cut off at once: its peer takes nothing, is gone, or must not have a place. */
export function isHasty(reason: CloseReason): boolean {
  return reason === 'lost' || reason === 'too-slow' || reason === 'too-many'
}

/** How a client wants to be spoken to, as its CONNECT told. */
export interface Voice {
  readonly level: ProtocolLevel
  /** The longest packet that it takes. */
  readonly packetBytesMax: number
  /** The highest topic alias that it takes. */
  readonly topicAliasMax: number
}

/** What became of a PUBLISH: on its way; not sent since the outbox is full; or never to be sent, being longer than the client takes. */
export type Posted = 'sent' | 'full' | 'too-large'

/** The way out to one client, bounded. Nothing of it calls the broker back: what comes of it is an event of a later step. */
export interface Outbox {
  /** The client's address. */
  readonly peer: string
  /** Names how the client speaks, before anything is sent; until then it is MQTT 3.1.1. */
  speak(voice: Voice): void
  /** Sends what answers a client; when even that does not fit, the outbox closes the connection as too slow. */
  reply(packet: Reply): void
  /** Sends a PUBLISH. `message` names the encoding that may be shared. */
  publish(message: Message, options: PublishOptions): Posted
  /** Whether the client is not read from, be it that it is held or that it does not read itself. */
  readonly isPaused: boolean
  /** Takes no more packets from the client until it is told to; what came meanwhile is kept. */
  hold(held: boolean): void
  /** Ends the connection after what was sent. */
  close(reason: CloseReason): void
}
