/** The packets of MQTT as values, named as the standard names them (3.1 and 3.1.1). */

export type QoS = 0 | 1 | 2

/** An application message. Whoever keeps it beyond the call in which it was received must `keep` it first. */
export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
}

/** One requested subscription. */
interface Subscription {
  readonly filter: string
  readonly qos: QoS
}

/** CONNACK return codes, MQTT 3.1.1 table 3.1. */
export const returnCodes = {
  accepted: 0,
  unacceptableProtocolVersion: 1,
  identifierRejected: 2,
  serverUnavailable: 3
} as const

export type ReturnCode = (typeof returnCodes)[keyof typeof returnCodes]

/** SUBACK's code for a filter that was refused. */
export const subscriptionFailure = 0x80

export interface Connect {
  readonly type: 'CONNECT'
  /** 3 is MQTT 3.1, 4 is MQTT 3.1.1; others are refused with return code 1. */
  readonly protocolLevel: number
  readonly clientId: string
  readonly cleanSession: boolean
  readonly keepAliveSeconds: number
  readonly will?: Message
}

export interface Publish extends Message {
  readonly type: 'PUBLISH'
  readonly dup: boolean
  /** 0 at QoS 0, where the standard has none. */
  readonly packetId: number
}

interface WithPacketId<T extends string> {
  readonly type: T
  readonly packetId: number
}

/** What a client may send. */
export type ClientPacket =
  | Connect
  | Publish
  | WithPacketId<'PUBACK'>
  | WithPacketId<'PUBREC'>
  | WithPacketId<'PUBREL'>
  | WithPacketId<'PUBCOMP'>
  | (WithPacketId<'SUBSCRIBE'> & { readonly subscriptions: readonly Subscription[] })
  | (WithPacketId<'UNSUBSCRIBE'> & { readonly filters: readonly string[] })
  | { readonly type: 'PINGREQ' }
  | { readonly type: 'DISCONNECT' }

/** What the server sends, but for PUBLISH: that goes out through `Outbox.publish`, which can say no. */
export type Reply =
  | { readonly type: 'CONNACK'; readonly sessionPresent: boolean; readonly returnCode: ReturnCode }
  | WithPacketId<'PUBACK'>
  | WithPacketId<'PUBREC'>
  | WithPacketId<'PUBREL'>
  | WithPacketId<'PUBCOMP'>
  | (WithPacketId<'SUBACK'> & { readonly returnCodes: readonly number[] })
  | WithPacketId<'UNSUBACK'>
  | { readonly type: 'PINGRESP' }

/** Bytes that a message weighs against a bound: its text and payload and a round figure for the objects around them. */
export function weightBytes(message: Message): number {
  return message.topic.length * 2 + message.payload.length + 128
}

/** A copy that may outlive the chunk in which the message came: a view would pin 64 KiB or change later, and a Buffer's `slice` is a view. */
export function keep(message: Message): Message {
  return { topic: message.topic, payload: new Uint8Array(message.payload), qos: message.qos, retain: message.retain }
}
