/** The properties of MQTT 5.0, section 2.2.2: which may stand where, and a walk through them that forgives nothing. */
import type { Fields } from './fields.ts'

/** What a client may send properties in. */
export type PropertyOwner = 'CONNECT' | 'will' | 'PUBLISH' | 'acknowledgement' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'DISCONNECT' | 'AUTH'

/** What PUBLISH and wills need of their properties. */
export interface PropertyValues {
  readonly expirySeconds: number | undefined
  /** 0 is none. */
  readonly topicAlias: number
  /** Those that are forwarded unaltered, as their bytes: a view where nothing else stands between them. */
  readonly forwarded: Uint8Array | undefined
}

interface Property {
  readonly type: 'flag' | 'number' | 'long' | 'integer' | 'text' | 'topic' | 'data' | 'pair'
  readonly owners: readonly PropertyOwner[]
  /** The least value that is allowed; 0 if it is not told. */
  readonly least?: 1
}

const userProperty = 0x26
const messageExpiryInterval = 0x02
const topicAlias = 0x23
const authenticationMethod = 0x15
const authenticationData = 0x16

/** By identifier, section 2.2.2.2; those that only a server sends are left out. */
const properties: Readonly<Record<number, Property>> = {
  1: { type: 'flag', owners: ['PUBLISH', 'will'] }, // Payload Format Indicator
  [messageExpiryInterval]: { type: 'long', owners: ['PUBLISH', 'will'] },
  3: { type: 'text', owners: ['PUBLISH', 'will'] }, // Content Type
  8: { type: 'topic', owners: ['PUBLISH', 'will'] }, // Response Topic
  9: { type: 'data', owners: ['PUBLISH', 'will'] }, // Correlation Data
  11: { type: 'integer', owners: ['SUBSCRIBE', 'PUBLISH'], least: 1 }, // Subscription Identifier
  17: { type: 'long', owners: ['CONNECT', 'DISCONNECT'] }, // Session Expiry Interval
  [authenticationMethod]: { type: 'text', owners: ['CONNECT', 'AUTH'] },
  [authenticationData]: { type: 'data', owners: ['CONNECT', 'AUTH'] },
  23: { type: 'flag', owners: ['CONNECT'] }, // Request Problem Information
  24: { type: 'long', owners: ['will'] }, // Will Delay Interval
  25: { type: 'flag', owners: ['CONNECT'] }, // Request Response Information
  31: { type: 'text', owners: ['acknowledgement', 'DISCONNECT', 'AUTH'] }, // Reason String
  33: { type: 'number', owners: ['CONNECT'], least: 1 }, // Receive Maximum
  34: { type: 'number', owners: ['CONNECT'] }, // Topic Alias Maximum
  [topicAlias]: { type: 'number', owners: ['PUBLISH'], least: 1 },
  [userProperty]: {
    type: 'pair',
    owners: ['CONNECT', 'will', 'PUBLISH', 'acknowledgement', 'SUBSCRIBE', 'UNSUBSCRIBE', 'DISCONNECT', 'AUTH']
  },
  39: { type: 'long', owners: ['CONNECT'], least: 1 } // Maximum Packet Size
}
const forwarded: readonly number[] = [1, 3, 8, 9, userProperty]
/** Those of a packet that has none. */
export const noProperties: PropertyValues = { expirySeconds: undefined, topicAlias: 0, forwarded: undefined }

/** Reads a packet's property length and the properties themselves. */
export function readProperties(fields: Fields, owner: PropertyOwner): PropertyValues {
  const length = fields.integer()
  if (length > fields.rest) fields.blame('length')
  if (length === 0 || fields.fault) return noProperties
  const end = fields.at + length
  let seenBelow32 = 0
  let seenAbove = 0
  let expirySeconds: number | undefined
  let alias = 0
  let kept: Uint8Array | undefined
  let keptFrom = fields.at
  while (fields.at < end && !fields.fault) {
    const from = fields.at
    const identifier = fields.integer()
    const value = readProperty(fields, identifier, owner)
    const bit = 1 << identifier // of the identifier's remainder by 32
    if ((identifier < 32 ? seenBelow32 : seenAbove) & bit && identifier !== userProperty) fields.blame('property-repeated')
    if (identifier < 32) seenBelow32 |= bit
    else seenAbove |= bit
    if (identifier === messageExpiryInterval) expirySeconds = value
    if (identifier === topicAlias) alias = value
    if (forwarded.includes(identifier)) continue
    kept = join(kept, fields.bytes.subarray(keptFrom, from))
    keptFrom = fields.at
  }
  if (fields.at !== end) fields.blame('length')
  if (seenBelow32 & (1 << authenticationData) && !(seenBelow32 & (1 << authenticationMethod))) fields.blame('protocol')
  return { expirySeconds, topicAlias: alias, forwarded: join(kept, fields.bytes.subarray(keptFrom, end)) }
}

/** Reads one property's value; what is no number is only looked at. */
function readProperty(fields: Fields, identifier: number, owner: PropertyOwner): number {
  const property = properties[identifier]
  if (!property?.owners.includes(owner)) {
    fields.blame('property')
    return 0
  }
  const value = readValue(fields, property.type)
  if (value < (property.least ?? 0)) fields.blame(identifier === topicAlias ? 'alias' : 'property-value') // [MQTT-3.3.2-8]
  if (property.type === 'flag' && value > 1) fields.blame('property-value')
  if (property.type === 'integer' && owner === 'PUBLISH') fields.blame('protocol') // [MQTT-3.3.4-6]
  return value
}

function readValue(fields: Fields, type: Property['type']): number {
  switch (type) {
    case 'flag':
      return fields.byte()
    case 'number':
      return fields.number()
    case 'long':
      return fields.long()
    case 'integer':
      return fields.integer()
    case 'text':
      fields.skipText()
      break
    case 'topic':
      fields.topicName() // [MQTT-3.3.2-14]
      break
    case 'data':
      fields.skipData()
      break
    case 'pair': // [MQTT-1.5.7-1]
      fields.skipText()
      fields.skipText()
      break
  }
  return 0
}

function join(kept: Uint8Array | undefined, more: Uint8Array): Uint8Array | undefined {
  if (more.length === 0) return kept
  return kept ? Buffer.concat([kept, more]) : more
}
