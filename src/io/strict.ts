/** The strict check of a client's packet: whatever MQTT 3.1 and 3.1.1 call malformed is found here, before it is parsed. */
import { isUtf8 } from 'node:buffer'
import { topicFilterFault, topicNameFault } from '../mqtt/topic.ts'

/** What is wrong with a packet. */
export const wireFaults = [
  'type', // a packet that only a server sends, or none at all
  'flags', // reserved bits of the fixed header
  'length', // fields that end before or after the packet does
  'too-long', // a packet past the bound
  'text', // ill-formed UTF-8, or NUL in a string
  'topic', // an empty name, a wildcard in a name, a misplaced wildcard in a filter
  'packet-id', // 0
  'qos', // 3, or DUP at QoS 0
  'connect' // flags that contradict each other, or an unknown protocol
] as const
export type WireFault = (typeof wireFaults)[number]

/** Packet types by their number in the fixed header. */
const types = [
  '',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  ''
]

/** Steps through a packet's fields; the first fault is kept, and reading past it is harmless. */
class Fields {
  fault: WireFault | undefined
  #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get rest(): number {
    return this.#bytes.length - this.#at
  }

  blame(fault: WireFault): void {
    this.fault ??= fault
  }

  byte(): number {
    return this.#take(1)?.[0] ?? 0
  }

  number(): number {
    return this.#take(2)?.readUInt16BE(0) ?? 0
  }

  packetId(): void {
    if (this.number() === 0) this.blame('packet-id') // [MQTT-2.3.1-1]
  }

  data(): Buffer {
    return this.#take(this.number()) ?? Buffer.alloc(0)
  }

  text(): string {
    const data = this.data()
    if (!isUtf8(data) || data.includes(0)) this.blame('text') // [MQTT-1.5.3-1] [MQTT-1.5.3-2]
    return data.toString('utf8')
  }

  end(): void {
    if (this.rest !== 0) this.blame('length')
  }

  #take(length: number): Buffer | undefined {
    if (this.fault || length > this.rest) {
      this.blame('length')
      return undefined
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

/**
 * Checks one whole packet of a client.
 * @param bytes the packet @param bodyAt where its variable header begins
 */
export function strictFault(bytes: Buffer, bodyAt: number): WireFault | undefined {
  const header = bytes[0] ?? 0
  const flags = header & 0x0f
  const fields = new Fields(bytes, bodyAt)
  switch (types[header >> 4]) {
    case 'CONNECT':
      connect(fields, flags)
      break
    case 'PUBLISH':
      publish(fields, flags)
      break
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBCOMP':
      reserved(fields, flags, 0)
      fields.packetId()
      fields.end()
      break
    case 'PUBREL':
      reserved(fields, flags, 2) // [MQTT-3.6.1-1]
      fields.packetId()
      fields.end()
      break
    case 'SUBSCRIBE':
      filters(fields, flags, true)
      break
    case 'UNSUBSCRIBE':
      filters(fields, flags, false)
      break
    case 'PINGREQ':
    case 'DISCONNECT':
      reserved(fields, flags, 0) // [MQTT-3.14.1-1]
      fields.end()
      break
    default:
      return 'type'
  }
  return fields.fault
}

function reserved(fields: Fields, flags: number, expected: number): void {
  if (flags !== expected) fields.blame('flags') // [MQTT-2.2.2-2]
}

/** CONNECT, section 3.1. Of a protocol level that we do not speak only the level is looked at. */
function connect(fields: Fields, flags: number): void {
  reserved(fields, flags, 0)
  const name = fields.text()
  if (name !== 'MQTT' && name !== 'MQIsdp') fields.blame('connect') // [MQTT-3.1.2-1]
  const level = fields.byte()
  if (level !== 3 && level !== 4) return
  const connectFlags = fields.byte()
  const will = (connectFlags & 0x04) !== 0
  const willQos = (connectFlags >> 3) & 3
  const password = (connectFlags & 0x40) !== 0
  const userName = (connectFlags & 0x80) !== 0
  if (connectFlags & 0x01) fields.blame('connect') // [MQTT-3.1.2-3]
  if (willQos === 3 || (!will && connectFlags & 0x38)) fields.blame('connect') // [MQTT-3.1.2-11] [MQTT-3.1.2-14]
  if (password && !userName) fields.blame('connect') // [MQTT-3.1.2-22]
  fields.number()
  fields.text()
  if (will) {
    if (topicNameFault(fields.text())) fields.blame('topic')
    fields.data()
  }
  if (userName) fields.text()
  if (password) fields.data()
  fields.end() // [MQTT-3.1.3-1]
}

function publish(fields: Fields, flags: number): void {
  const qos = (flags >> 1) & 3
  if (qos === 3 || (qos === 0 && flags & 0x08)) fields.blame('qos') // [MQTT-3.3.1-4] [MQTT-3.3.1-2]
  const fault = topicNameFault(fields.text())
  if (fault && fault !== 'too-many-levels') fields.blame('topic') // [MQTT-3.3.2-2]; deep topics are well-formed, and refused later
  if (qos > 0) fields.packetId()
}

function filters(fields: Fields, flags: number, withQos: boolean): void {
  reserved(fields, flags, 2) // [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  fields.packetId()
  if (fields.rest === 0) fields.blame('length') // [MQTT-3.8.3-3] [MQTT-3.10.3-2]
  while (fields.rest > 0 && !fields.fault) {
    const fault = topicFilterFault(fields.text())
    if (fault && fault !== 'too-many-levels') fields.blame('topic')
    if (withQos && fields.byte() > 2) fields.blame('qos') // [MQTT-3.8.3-4]
  }
}
