/** What a client sends, as values and as bytes, in MQTT 3.1.1 and 5.0. */

import { bytesOf, frame, integer, type Piece, prefixed, text, topicName } from './bytes.ts'
import type { MessageProperties, ProtocolVersion, Qos, SubscribeOptions, Will } from './client.ts'
import { carrier, encodeProperties, type Properties } from './properties.ts'
import { isShared, isTopicFilter } from './topics.ts'

export type Bytes = Uint8Array<ArrayBuffer>

export interface ConnectPacket {
  readonly type: 'connect'
  readonly clientId: string
  /** Clean Session of 3.1.1, Clean Start of 5.0. */
  readonly clean: boolean
  readonly keepAliveSeconds: number
  readonly will?: Will | undefined
  readonly username?: string | undefined
  readonly password?: string | Uint8Array | undefined
  /** 5.0's. */
  readonly properties: Properties
}

export interface PublishPacket {
  readonly type: 'publish'
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly dup: boolean
  /** Present above QoS 0. */
  readonly id?: number | undefined
  readonly properties?: MessageProperties | undefined
}

export type AcknowledgementType = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'

export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  /** The reason code is 5.0's; 0 when left out. */
  | { readonly type: AcknowledgementType; readonly id: number; readonly code?: number }
  | { readonly type: 'subscribe'; readonly id: number; readonly filter: string; readonly options: SubscribeOptions }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly filter: string }
  | { readonly type: 'pingreq' }
  | { readonly type: 'disconnect'; readonly code?: number }

const only5 = 'Only MQTT 5.0 has that'
const firstBytes = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const

/** The bytes of a packet; throws a RangeError for a value that this version of MQTT cannot carry, such as a topic with a wildcard. */
export function encode(packet: ClientPacket, version: ProtocolVersion): Bytes {
  const is5 = version === 5
  switch (packet.type) {
    case 'connect':
      return encodeConnect(packet, version)
    case 'publish': {
      const flags = (packet.dup ? 8 : 0) | (upTo2(packet.qos) << 1) | (packet.retain ? 1 : 0)
      const id = packet.qos === 0 ? [] : idOf(packet.id ?? 0)
      return frame(0x30 | flags, [
        ...topicName(packet.topic),
        id,
        ...propertiesOf(version, carrier.publish, packet.properties),
        packet.payload
      ])
    }
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return frame(firstBytes[packet.type], [idOf(packet.id), is5 && packet.code ? [packet.code] : []])
    case 'subscribe':
      return encodeSubscribe(packet.id, packet.filter, packet.options, version)
    case 'unsubscribe':
      return frame(0xa2, [idOf(packet.id), ...propertiesOf(version, carrier.unsubscribe), ...filterOf(packet.filter)])
    case 'pingreq':
      return frame(0xc0, [])
    case 'disconnect':
      return frame(0xe0, [is5 && packet.code ? [packet.code] : []])
  }
}

function encodeConnect(packet: ConnectPacket, version: ProtocolVersion): Bytes {
  const { clientId, clean, keepAliveSeconds, will, username, password } = packet
  if (version === 4 && clientId === '' && !clean) throw new RangeError('A kept session needs a client id') // [MQTT-3.1.3-7]
  if (version === 4 && password !== undefined && username === undefined) throw new RangeError('A password needs a username') // [MQTT-3.1.2-22]
  const willFlags = will ? 0x04 | (upTo2(will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0) : 0
  const flags = (clean ? 0x02 : 0) | willFlags | (password === undefined ? 0 : 0x40) | (username === undefined ? 0 : 0x80)
  const properties = propertiesOf(version, carrier.connect, packet.properties)
  const fields: Piece[] = [...text('MQTT'), [version, flags], integer(keepAliveSeconds, 2), ...properties, ...text(clientId)]
  if (will) {
    const { delaySeconds, properties: willProperties } = will
    fields.push(...propertiesOf(version, carrier.will, delaySeconds === undefined ? willProperties : { ...willProperties, delaySeconds }))
    fields.push(...topicName(will.topic), ...prefixed(bytesOf(will.payload)))
  }
  if (username !== undefined) fields.push(...text(username))
  if (password !== undefined) fields.push(...prefixed(bytesOf(password)))
  return frame(0x10, fields)
}

function encodeSubscribe(id: number, filter: string, options: SubscribeOptions, version: ProtocolVersion): Bytes {
  const { qos = 0, noLocal, retainAsPublished, retainHandling = 0, subscriptionIdentifier } = options
  const bits = upTo2(qos) | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (upTo2(retainHandling) << 4)
  if (version === 4 && bits !== qos) throw new RangeError(only5)
  if (noLocal && isShared(filter)) throw new RangeError('A shared subscription with noLocal') // [MQTT-3.8.3-4]
  const properties = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifiers: [subscriptionIdentifier] }
  return frame(0x82, [idOf(id), ...propertiesOf(version, carrier.subscribe, properties), ...filterOf(filter), [bits]])
}

/** The properties in 5.0; nothing in 3.1.1, where there must be none. */
function propertiesOf(version: ProtocolVersion, carriers: number, properties: Properties = {}): Piece[] {
  if (version === 5) return encodeProperties(carriers, properties)
  if (Object.values(properties).some(value => value !== undefined)) throw new RangeError(only5)
  return []
}

function filterOf(filter: string): Piece[] {
  if (!isTopicFilter(filter)) throw new RangeError(`Not a topic filter: ${JSON.stringify(filter)}`)
  return text(filter)
}

function idOf(id: number): number[] {
  return integer(id, 2, 1)
}

/** 0, 1 or 2, as the types say; callers in JavaScript have none. */
function upTo2(value: number): number {
  return integer(value, 1, 0, 2)[0] as number
}
