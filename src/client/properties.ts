/** MQTT 5.0's properties: which there are, what they hold, and which packets may carry them. */

import { integer, lengthOf, Malformed, type Piece, prefixed, type Reader, text, topicName, variable } from './bytes.ts'
import type { UserProperties } from './client.ts'

/** Bits, one for each kind of packet that has properties; a will has its own. */
export const carrier = {
  connect: 1,
  connack: 2,
  publish: 4,
  will: 8,
  subscribe: 16,
  acknowledgement: 32,
  disconnect: 64,
  unsubscribe: 128
} as const

/** The properties by their names here; each packet has some of them. */
export interface Properties {
  readonly payloadFormatIndicator?: number
  readonly messageExpirySeconds?: number
  readonly contentType?: string
  readonly responseTopic?: string
  readonly correlationData?: Uint8Array
  readonly subscriptionIdentifiers?: readonly number[]
  readonly sessionExpirySeconds?: number
  readonly assignedClientId?: string
  readonly serverKeepAliveSeconds?: number
  readonly delaySeconds?: number
  readonly responseInformation?: string
  readonly serverReference?: string
  readonly reasonString?: string
  readonly receiveMaximum?: number
  readonly topicAliasMaximum?: number
  readonly topicAlias?: number
  readonly maximumQos?: number
  readonly retainAvailable?: number
  readonly userProperties?: UserProperties
  readonly maximumPacketSize?: number
  readonly wildcardSubscriptionAvailable?: number
  readonly subscriptionIdentifiersAvailable?: number
  readonly sharedSubscriptionAvailable?: number
}

/** How a value is written and read. */
interface Kind {
  write(value: unknown): Piece[]
  /** Throws Malformed. */
  read(reader: Reader): unknown
}

const number = (byteCount: number, least = 0, most?: number): Kind => ({
  write: value => [integer(value as number, byteCount, least, most)],
  read: reader => reader.integer(byteCount, least, most)
})
const flag = number(1, 0, 1)
const word = number(2)
const wordAbove0 = number(2, 1)
const long = number(4)
const longAbove0 = number(4, 1)
/** Of a subscription; more than one may come. */
const identifier: Kind = { write: value => [variable(value as number, 1)], read: reader => reader.variable(1) }
const string: Kind = { write: value => text(value as string), read: reader => reader.text() }
const topic: Kind = { write: value => topicName(value as string), read: reader => reader.topicName() } // [MQTT-3.3.2-14]
const binary: Kind = { write: value => prefixed(value as Uint8Array), read: reader => reader.binary() }
/** Of a user; more than one may come. */
const pair: Kind = {
  write: value => (value as string[]).flatMap(text),
  read: reader => [reader.text(), reader.text()]
}

const { connect, connack, publish, will, subscribe, acknowledgement, disconnect, unsubscribe } = carrier
const message = publish | will

type Row = readonly [id: number, name: keyof Properties, kind: Kind, carriers: number]

const rows: readonly Row[] = [
  [1, 'payloadFormatIndicator', flag, message],
  [2, 'messageExpirySeconds', long, message],
  [3, 'contentType', string, message],
  [8, 'responseTopic', topic, message],
  [9, 'correlationData', binary, message],
  [11, 'subscriptionIdentifiers', identifier, publish | subscribe],
  [17, 'sessionExpirySeconds', long, connect | connack],
  [18, 'assignedClientId', string, connack],
  [19, 'serverKeepAliveSeconds', word, connack],
  [24, 'delaySeconds', long, will],
  [26, 'responseInformation', string, connack],
  [28, 'serverReference', string, connack | disconnect],
  [31, 'reasonString', string, connack | acknowledgement | disconnect],
  [33, 'receiveMaximum', wordAbove0, connack],
  [34, 'topicAliasMaximum', word, connect | connack],
  [35, 'topicAlias', wordAbove0, publish],
  [36, 'maximumQos', flag, connack],
  [37, 'retainAvailable', flag, connack],
  [38, 'userProperties', pair, connect | connack | message | subscribe | acknowledgement | disconnect | unsubscribe],
  [39, 'maximumPacketSize', longAbove0, connect | connack],
  [40, 'wildcardSubscriptionAvailable', flag, connack],
  [41, 'subscriptionIdentifiersAvailable', flag, connack],
  [42, 'sharedSubscriptionAvailable', flag, connack]
]

const isMany = (kind: Kind): boolean => kind === identifier || kind === pair

/** The properties as a packet of this kind has them, with their length before them. Throws for what it cannot have. */
export function encodeProperties(carriers: number, properties: Properties): Piece[] {
  const pieces = Object.entries(properties).flatMap(([name, value]) => {
    if (value === undefined) return []
    const found = rows.find(row => row[1] === name && row[3] & carriers)
    if (!found) throw new RangeError(`Not a property here: ${name}`)
    const [id, , kind] = found
    return (isMany(kind) ? (value as unknown[]) : [value]).flatMap(each => [[id], ...kind.write(each)])
  })
  return [variable(lengthOf(pieces)), ...pieces]
}

/** Reads the properties of a packet of this kind; throws Malformed. */
export function readProperties(carriers: number, packet: Reader): Properties {
  const reader = packet.part(packet.variable())
  const properties: Record<string, unknown> = {}
  while (reader.left > 0) {
    const id = reader.variable()
    const found = rows.find(row => row[0] === id && row[3] & carriers)
    const before = found && properties[found[1]]
    if (!found || (before !== undefined && !isMany(found[2]))) throw new Malformed()
    const value = found[2].read(reader)
    properties[found[1]] = isMany(found[2]) ? [...((before as unknown[]) ?? []), value] : value
  }
  return properties
}
