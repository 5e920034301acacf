/** The strict check of a client's packet: whatever MQTT 3.1, 3.1.1 and 5.0 call malformed is found here, before it is parsed. */
import type { ClientPacket, ProtocolLevel } from '../mqtt/packet.ts'
import { isShared, topicFilterFault } from '../mqtt/topic.ts'
import type { Fields } from './fields.ts'
import { type PropertyOwner, type PropertyValues, readProperties } from './properties.ts'

/** What a client may send. */
export type ClientPacketType = ClientPacket['type']

/** The packets of clients, by the number in the fixed header. */
const clientTypes: readonly (ClientPacketType | undefined)[] = [
  ...([undefined, 'CONNECT', undefined, 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'] as const),
  ...(['SUBSCRIBE', undefined, 'UNSUBSCRIBE', undefined, 'PINGREQ', undefined, 'DISCONNECT', 'AUTH'] as const)
]

/** What a packet is by its first byte, if a client may send it at all. */
export function clientPacketType(bytes: Buffer): ClientPacketType | undefined {
  return clientTypes[(bytes[0] as number) >> 4]
}

/** Reason codes that a client may send. [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.14.2-1] [MQTT-3.15.2-1] */
const codes = {
  received: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  released: [0x00, 0x92],
  disconnect: [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99],
  authenticate: [0x18, 0x19]
}

/** What a CONNECT has beside what mqtt-packet tells of it. */
export interface ConnectDetails {
  /** Of a will of MQTT 5.0, which are forwarded in their order. */
  readonly willProperties?: PropertyValues | undefined
  readonly user?: string | undefined
  /** A view. */
  readonly password?: Uint8Array | undefined
}

/**
 * Checks one whole packet of a client, but for PUBLISH, which `publish.ts` reads; what is wrong is the fields' fault.
 * @param fields at the packet's variable header @param level what the connection speaks; a CONNECT says so itself
 * @returns what mqtt-packet does not tell of a CONNECT
 */
export function checkPacket(fields: Fields, type: Exclude<ClientPacketType, 'PUBLISH'>, level: ProtocolLevel): ConnectDetails {
  checkFlags(fields, type, level)
  if (type === 'CONNECT') return checkConnect(fields)
  if (level === 5) fields.shortHeader()
  switch (type) {
    case 'PUBACK':
    case 'PUBREC':
      checkAcknowledgement(fields, level, codes.received)
      break
    case 'PUBREL':
    case 'PUBCOMP':
      checkAcknowledgement(fields, level, codes.released)
      break
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
      checkFilters(fields, type, level)
      break
    case 'DISCONNECT':
      if (level === 5) checkReason(fields, codes.disconnect, 'DISCONNECT')
      break
    case 'AUTH':
      if (level < 5) fields.blame('type')
      else if (fields.rest === 0) fields.blame('reason-code') // it means success, which only a server says
      checkReason(fields, codes.authenticate, 'AUTH')
      break
  }
  fields.end()
  return {}
}

/** The flags of the fixed header, section 2.1.3. [MQTT-2.2.2-2] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] */
function checkFlags(fields: Fields, type: ClientPacketType, level: ProtocolLevel): void {
  const flags = (fields.bytes[0] as number) & 0x0f
  const expected = type === 'PUBREL' || type === 'SUBSCRIBE' || type === 'UNSUBSCRIBE' ? 0x02 : 0
  const again = level === 3 && expected !== 0 ? 0x08 : 0 // MQTT 3.1 marks what is sent again
  if ((flags & ~again) !== expected) fields.blame('flags')
}

/** CONNECT, section 3.1. Of a protocol level that we do not speak only the level is looked at. */
function checkConnect(fields: Fields): ConnectDetails {
  const name = fields.text()
  if (name !== 'MQTT' && name !== 'MQIsdp') fields.blame('protocol-name') // [MQTT-3.1.2-1]
  const level = fields.byte()
  if (level !== 3 && level !== 4 && level !== 5) return {}
  if ((name === 'MQIsdp') !== (level === 3)) fields.blame('protocol-name')
  if (level === 5) fields.shortHeader()
  const flags = fields.byte()
  const will = (flags & 0x04) !== 0
  const willQos = (flags >> 3) & 3
  const password = (flags & 0x40) !== 0
  const userName = (flags & 0x80) !== 0
  if (flags & 0x01) fields.blame('connect') // [MQTT-3.1.2-3]
  if (willQos === 3 || (!will && flags & 0x38)) fields.blame('connect') // 3.1.1: [MQTT-3.1.2-11] [MQTT-3.1.2-14]; 5.0: [MQTT-3.1.2-11] to [MQTT-3.1.2-13]
  if (password && !userName && level < 5) fields.blame('connect') // [MQTT-3.1.2-22]
  fields.number()
  if (level === 5) readProperties(fields, 'CONNECT')
  fields.skipText()
  let willProperties: PropertyValues | undefined
  if (will) {
    if (level === 5) willProperties = readProperties(fields, 'will')
    fields.topicName()
    fields.skipData()
  }
  const mayLack = level === 3 // MQTT 3.1 section 3.1: Remaining Length takes precedence over these flags
  const details = {
    willProperties,
    user: userName && !(mayLack && fields.rest === 0) ? fields.text() : undefined,
    password: password && !(mayLack && fields.rest === 0) ? fields.data() : undefined
  }
  fields.end() // [MQTT-3.1.3-1]
  return details
}

function checkAcknowledgement(fields: Fields, level: ProtocolLevel, allowed: readonly number[]): void {
  fields.packetId()
  if (level === 5) checkReason(fields, allowed, 'acknowledgement')
}

/** Reason code and properties, both of which may be left out from the end on. */
function checkReason(fields: Fields, allowed: readonly number[], owner: PropertyOwner): void {
  if (fields.rest > 0 && !allowed.includes(fields.byte())) fields.blame('reason-code')
  if (fields.rest > 0) readProperties(fields, owner)
}

function checkFilters(fields: Fields, owner: 'SUBSCRIBE' | 'UNSUBSCRIBE', level: ProtocolLevel): void {
  fields.packetId()
  if (level === 5) readProperties(fields, owner)
  if (fields.rest === 0) fields.blame('protocol') // [MQTT-3.8.3-3] [MQTT-3.10.3-2]; 5.0: [MQTT-3.8.3-2] [MQTT-3.10.3-2]
  while (fields.rest > 0 && !fields.fault) {
    const filter = fields.text()
    const fault = topicFilterFault(filter)
    // Deep filters are well-formed, as is any share before MQTT 5.0: the session refuses them.
    if (fault && fault !== 'too-many-levels' && (fault !== 'share' || level === 5)) fields.blame('filter')
    if (owner === 'SUBSCRIBE') checkOptions(fields, filter, level)
  }
}

/** Subscription options, section 3.8.3.1; before MQTT 5.0 all but QoS is reserved. */
function checkOptions(fields: Fields, filter: string, level: ProtocolLevel): void {
  const options = fields.byte()
  if ((options & 3) === 3 || (level < 5 && options > 2)) fields.blame('qos') // [MQTT-3.8.3-4]
  if (options & 0xc0 || (options & 0x30) === 0x30) fields.blame('options') // 5.0: [MQTT-3.8.3-5]
  if (options & 0x04 && isShared(filter)) fields.blame('protocol') // 5.0: [MQTT-3.8.3-4]
}
