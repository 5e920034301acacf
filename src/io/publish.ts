/** PUBLISH to and from bytes: the one packet that comes and goes often, so that nothing stands between its fields and the broker. */
import { limits } from '../limits.ts'
import type { Message, ProtocolLevel, Publish, PublishOptions, QoS } from '../mqtt/packet.ts'
import type { WireFault } from './fault.ts'
import { Fields } from './fields.ts'
import { noProperties, readProperties } from './properties.ts'

/** The longest packet that is written: it fits into a scratch buffer with a WebSocket's header before it, which has 16 bits for its length. */
export const encodedBytesMax = limits.scratchBytes - 4

/** Reads a client's PUBLISH; what it holds of bytes are views of them. */
export function readPublish(bytes: Buffer, bodyAt: number, level: ProtocolLevel): Publish | WireFault {
  const flags = bytes[0] as number
  const qos = ((flags >> 1) & 3) as QoS
  const dup = (flags & 0x08) !== 0
  const fields = new Fields(bytes, bodyAt)
  if ((qos as number) === 3 || (qos === 0 && dup)) fields.blame('qos') // [MQTT-3.3.1-4] [MQTT-3.3.1-2]
  if (level === 5) fields.shortHeader()
  const topic = fields.topicName(level === 5) // [MQTT-3.3.2-2]
  const packetId = qos > 0 ? fields.packetId() : 0
  const { expirySeconds, topicAlias, forwarded } = level === 5 ? readProperties(fields, 'PUBLISH') : noProperties
  if (topic === '' && topicAlias === 0) fields.blame('protocol')
  if (fields.fault) return fields.fault
  const payload = bytes.subarray(fields.at)
  const retain = (flags & 0x01) !== 0
  return { type: 'PUBLISH', topic, payload, qos, retain, properties: forwarded, dup, packetId, topicAlias, expirySeconds }
}

/**
 * Bytes of a PUBLISH on the wire.
 * @param alias 0 is none; a positive one stands for the topic, which is left out; a negative one is introduced with it
 */
export function publishBytes(message: Message, options: PublishOptions, level: ProtocolLevel, alias: number): number {
  const rest = restBytes(message, options, level, alias)
  return 1 + integerBytes(rest) + rest
}

/** Whether a PUBLISH would be longer than so many bytes; the parameters are those of `publishBytes`. */
export function isLonger(bytesMax: number, message: Message, options: PublishOptions, level: ProtocolLevel, alias: number): boolean {
  const { topic, payload, properties } = message
  const most = topic.length * 3 + payload.length + (properties?.length ?? 0) + options.subscriptionIds.length * 5 + 32
  return most > bytesMax && publishBytes(message, options, level, alias) > bytesMax // most are too short to be counted
}

/** Writes a PUBLISH of `publishBytes`, which must fit; answers where it ends. The parameters are those of `publishBytes`. */
export function writePublish(
  target: Buffer,
  from: number,
  message: Message,
  options: PublishOptions,
  level: ProtocolLevel,
  alias: number
): number {
  const { topic, payload } = message
  const { qos, retain, dup, packetId } = options
  let at = from
  target[at++] = 0x30 | (dup ? 0x08 : 0) | (qos << 1) | (retain ? 0x01 : 0)
  at = writeInteger(target, at, restBytes(message, options, level, alias))
  const topicBytes = alias > 0 ? 0 : Buffer.byteLength(topic)
  at = writeNumber(target, at, topicBytes)
  if (topicBytes > 0) at = writeTopic(target, at, topic, topicBytes)
  if (qos > 0) at = writeNumber(target, at, packetId)
  if (level === 5) at = writeProperties(target, at, message, options, alias)
  target.set(payload, at)
  return at + payload.length
}

/** Most topics are short and ASCII: to call out of the JavaScript takes longer than to write them. */
function writeTopic(target: Buffer, at: number, topic: string, bytes: number): number {
  if (bytes !== topic.length || bytes > 64) return at + target.write(topic, at, bytes, 'utf8')
  for (let index = 0; index < bytes; index++) target[at + index] = topic.charCodeAt(index)
  return at + bytes
}

function restBytes(message: Message, options: PublishOptions, level: ProtocolLevel, alias: number): number {
  const topicBytes = alias > 0 ? 0 : Buffer.byteLength(message.topic)
  const bytes = 2 + topicBytes + (options.qos > 0 ? 2 : 0) + message.payload.length
  if (level < 5) return bytes
  const properties = propertiesBytes(message, options, alias)
  return bytes + integerBytes(properties) + properties
}

function propertiesBytes({ properties }: Message, { expirySeconds, subscriptionIds }: PublishOptions, alias: number): number {
  let bytes = (properties?.length ?? 0) + (expirySeconds === undefined ? 0 : 5) + (alias === 0 ? 0 : 3)
  for (const identifier of subscriptionIds) bytes += 1 + integerBytes(identifier)
  return bytes
}

/** Properties, section 3.3.2.3: those that are forwarded stay in their order. [MQTT-3.3.2-17] [MQTT-3.3.2-18] */
function writeProperties(target: Buffer, from: number, message: Message, options: PublishOptions, alias: number): number {
  const { properties } = message
  const { expirySeconds, subscriptionIds } = options
  let at = writeInteger(target, from, propertiesBytes(message, options, alias))
  if (properties) {
    target.set(properties, at)
    at += properties.length
  }
  if (expirySeconds !== undefined) {
    target[at++] = 0x02
    at = target.writeUInt32BE(expirySeconds, at)
  }
  if (alias !== 0) {
    target[at++] = 0x23
    at = writeNumber(target, at, Math.abs(alias))
  }
  for (const identifier of subscriptionIds) {
    target[at++] = 0x0b
    at = writeInteger(target, at, identifier)
  }
  return at
}

function integerBytes(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  return value < 0x20_0000 ? 3 : 4
}

/** Variable Byte Integer, MQTT 5.0 section 1.5.5. */
function writeInteger(target: Buffer, from: number, value: number): number {
  let at = from
  let left = value
  for (; left >= 0x80; left >>= 7) target[at++] = (left & 0x7f) | 0x80
  target[at++] = left
  return at
}

function writeNumber(target: Buffer, at: number, value: number): number {
  target[at] = value >> 8
  target[at + 1] = value & 0xff
  return at + 2
}
