/** The packets of MQTT as values, named as MQTT 5.0 names them; `io/wire` brings those of 3.1 and 3.1.1 into this form and back. */

export type QoS = 0 | 1 | 2

/** 3 is MQTT 3.1, 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type ProtocolLevel = 3 | 4 | 5

/** An application message. Whoever keeps it beyond the call in which it was received must `keep` it first. */
export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /**
   * The properties that are forwarded unaltered and in their order, as their bytes (MQTT 5.0 section 2.2.2.2): payload format
   * indicator, content type, response topic, correlation data and user properties. [MQTT-3.3.2-15] to [MQTT-3.3.2-18]
   */
  readonly properties?: Uint8Array | undefined
  /** When it expires, in monotonic ms; never, if there is none. */
  readonly expiresAtMs?: number | undefined
}

/** The message that is published when its client goes without a goodbye. */
export interface Will extends Message {
  /** Seconds from the end of the connection to its publication, MQTT 5.0 section 3.1.3.2.2. */
  readonly delaySeconds: number
  readonly expirySeconds: number | undefined
}

/** What was asked for a filter, MQTT 5.0 section 3.8.3.1. */
export interface SubscriptionOptions {
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  /** 0: retained messages are sent; 1: only if the subscription is new; 2: none are. */
  readonly retainHandling: 0 | 1 | 2
  /** Subscription Identifier; 0 is none. */
  readonly identifier: number
}

/** One requested subscription. */
export interface Subscription extends SubscriptionOptions {
  readonly filter: string
}

/** Reason codes, MQTT 5.0 section 2.4. In 3.1 and 3.1.1 `io/wire` sends what comes nearest. */
export const reasonCodes = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  connectionRateExceeded: 0x9f
} as const
export type ReasonCode = (typeof reasonCodes)[keyof typeof reasonCodes]

export interface Connect {
  readonly type: 'CONNECT'
  /** One that is not a `ProtocolLevel` is refused, and the rest of the packet was not looked at. */
  readonly protocolLevel: number
  readonly clientId: string
  /** Clean Session in 3.1 and 3.1.1. */
  readonly cleanStart: boolean
  readonly keepAliveSeconds: number
  /** How long the session outlives its connection; in 3.1 and 3.1.1 0 with Clean Session, else `sessionNeverExpires`. */
  readonly sessionExpirySeconds: number
  /** Deliveries at QoS 1 and 2 that may be on their way to the client; 65,535 unless it says less. */
  readonly receiveMaximum: number
  /** The longest packet that it takes; infinite unless it says so. */
  readonly packetBytesMax: number
  /** The highest topic alias that it takes; 0 unless it says more. */
  readonly topicAliasMax: number
  readonly wantsResponseInformation: boolean
  readonly wantsProblemInformation: boolean
  readonly authenticationMethod: string | undefined
  readonly user: string | undefined
  readonly password: Uint8Array | undefined
  readonly will: Will | undefined
}

/** A Session Expiry Interval that means never, MQTT 5.0 section 3.1.2.11.2. */
export const sessionNeverExpires = 0xffff_ffff

export interface Publish extends Message {
  readonly type: 'PUBLISH'
  readonly dup: boolean
  /** 0 at QoS 0, where the standard has none. */
  readonly packetId: number
  /** 0 is none; else the topic may be empty, and is the one that had this alias last. */
  readonly topicAlias: number
  readonly expirySeconds: number | undefined
}

interface WithPacketId<T extends string> {
  readonly type: T
  readonly packetId: number
}

/** An acknowledgement. `reasonCode` is 0 where the packet has none, as always in 3.1 and 3.1.1. */
type Acknowledgement<T extends 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP'> = WithPacketId<T> & { readonly reasonCode: number }

/** What a client may send. */
export type ClientPacket =
  | Connect
  | Publish
  | Acknowledgement<'PUBACK'>
  | Acknowledgement<'PUBREC'>
  | Acknowledgement<'PUBREL'>
  | Acknowledgement<'PUBCOMP'>
  | (WithPacketId<'SUBSCRIBE'> & { readonly subscriptions: readonly Subscription[] })
  | (WithPacketId<'UNSUBSCRIBE'> & { readonly filters: readonly string[] })
  | { readonly type: 'PINGREQ' }
  | { readonly type: 'DISCONNECT'; readonly reasonCode: number; readonly sessionExpirySeconds: number | undefined }
  | { readonly type: 'AUTH' }

/** What CONNACK tells a client of MQTT 5.0 beside its code. */
export interface ConnackProperties {
  /** Told when it is not what the client asked for. */
  readonly sessionExpirySeconds?: number | undefined
  readonly assignedClientId?: string | undefined
  readonly serverKeepAliveSeconds?: number | undefined
  readonly receiveMaximum?: number | undefined
  readonly packetBytesMax?: number | undefined
  readonly topicAliasMax?: number | undefined
  readonly responseInformation?: string | undefined
  readonly reasonString?: string | undefined
}

/** What an answer that says no tells humans; versions before MQTT 5.0 are not told. */
interface Explained {
  readonly reasonString?: string | undefined
}

/** What the server sends, but for PUBLISH: that goes out through `Outbox.publish`, which can say no. */
export type Reply =
  | { readonly type: 'CONNACK'; readonly sessionPresent: boolean; readonly reasonCode: ReasonCode; readonly properties?: ConnackProperties }
  | (Acknowledgement<'PUBACK'> & Explained)
  | (Acknowledgement<'PUBREC'> & Explained)
  | (Acknowledgement<'PUBREL'> & Explained)
  | (Acknowledgement<'PUBCOMP'> & Explained)
  | (WithPacketId<'SUBACK'> & { readonly reasonCodes: readonly number[] } & Explained)
  | (WithPacketId<'UNSUBACK'> & { readonly reasonCodes: readonly number[] })
  | { readonly type: 'PINGRESP' }
  /** MQTT 5.0 only; clients of 3.1 and 3.1.1 are not sent any. */
  | ({ readonly type: 'DISCONNECT'; readonly reasonCode: ReasonCode } & Explained)

/** How a PUBLISH goes out to one client. */
export interface PublishOptions {
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  /** 0 at QoS 0. */
  readonly packetId: number
  /** Subscription Identifiers of the subscriptions that it is for. */
  readonly subscriptionIds: readonly number[]
  /** Message Expiry Interval that is left. */
  readonly expirySeconds: number | undefined
}

/** Bytes that a message weighs against a bound: its text, payload and properties, and a round figure for the objects around them. */
export function weightBytes({ topic, payload, properties }: Message): number {
  return topic.length * 2 + payload.length + (properties?.length ?? 0) + 128
}

/** A copy that may outlive the chunk in which the message came: a view would pin 64 KiB or change later, and a Buffer's `slice` is a view. */
export function keep({ topic, payload, qos, retain, properties, expiresAtMs }: Message): Message {
  return { topic, payload: new Uint8Array(payload), qos, retain, properties: properties && new Uint8Array(properties), expiresAtMs }
}

/** The same of a will. */
export function keepWill(will: Will | undefined): Will | undefined {
  return will && { ...will, ...keep(will) }
}

/** Tells the monotonic time in ms. */
export interface MonotonicClock {
  nowMs(): number
}

/** Whether a message has expired at a monotonic time. */
export function isExpired({ expiresAtMs }: Message, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs
}

/** The Message Expiry Interval that is left, rounded up; the time is asked only if there is one, for few messages expire. [MQTT-3.3.2-6] */
export function secondsLeft({ expiresAtMs }: Message, clock: MonotonicClock): number | undefined {
  return expiresAtMs === undefined ? undefined : Math.max(0, Math.ceil((expiresAtMs - clock.nowMs()) / 1_000))
}

/** The message of a PUBLISH, which goes by its whole topic and expires at an instant from here on. */
export function messageOf(packet: Publish, topic: string, clock: MonotonicClock): Message {
  const { payload, qos, retain, properties, expirySeconds } = packet
  const expiresAtMs = expirySeconds === undefined ? undefined : clock.nowMs() + expirySeconds * 1_000
  return { topic, payload, qos, retain, properties, expiresAtMs }
}
