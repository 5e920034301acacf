/** MQTT 3.1.1 packets for a client, as values and as bytes: what it sends is encoded, what it receives is decoded. Pure. */

export type Qos = 0 | 1 | 2
export type Bytes = Uint8Array<ArrayBuffer>

/** The message that a broker publishes for a client that vanished. */
export interface Will {
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly qos?: Qos
  readonly retain?: boolean
}

interface ConnectPacket {
  readonly type: 'connect'
  readonly clientId: string
  readonly cleanSession: boolean
  readonly keepAliveSeconds: number
  readonly will?: Will | undefined
  readonly username?: string | undefined
  readonly password?: string | Uint8Array | undefined
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
}

/** What a client sends. */
export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | { readonly type: 'puback'; readonly id: number }
  | { readonly type: 'subscribe'; readonly id: number; readonly filters: readonly { readonly filter: string; readonly qos: Qos }[] }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly filters: readonly string[] }
  | { readonly type: 'pingreq' }
  | { readonly type: 'disconnect' }

/** What a broker sends. */
export type ServerPacket =
  | { readonly type: 'connack'; readonly sessionPresent: boolean; readonly code: number }
  | PublishPacket
  | { readonly type: 'puback'; readonly id: number }
  /** One code for each filter: the QoS granted, or 128 for a refusal. */
  | { readonly type: 'suback'; readonly id: number; readonly codes: readonly number[] }
  | { readonly type: 'unsuback'; readonly id: number }
  | { readonly type: 'pingresp' }

/** Why bytes could not be decoded. */
export type DecodeFault = 'packet too large' | 'malformed packet'

export interface Decoded {
  readonly packets: readonly ServerPacket[]
  /** Once set the stream is lost: the connection is to be closed. */
  readonly fault?: DecodeFault
}

const remainingLengthMax = 268_435_455
const encoder = new TextEncoder()
/** Keeps a leading U+FEFF, which is part of the text [MQTT-1.5.3-3], and refuses ill-formed UTF-8 [MQTT-1.5.3-1]. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes of a packet; throws a RangeError for a value that MQTT cannot carry, such as a topic with a wildcard. */
export function encode(packet: ClientPacket): Bytes {
  switch (packet.type) {
    case 'connect':
      return encodeConnect(packet)
    case 'publish': {
      if (!isTopicName(packet.topic)) throw new RangeError(`Not a topic name: ${JSON.stringify(packet.topic)}`)
      const flags = (packet.dup ? 8 : 0) | (packet.qos << 1) | (packet.retain ? 1 : 0)
      return frame(0x30 | flags, [text(packet.topic), packet.qos === 0 ? [] : word(packet.id ?? 0), packet.payload])
    }
    case 'puback':
      return frame(0x40, [word(packet.id)])
    case 'subscribe':
      return frame(0x82, [word(packet.id), ...packet.filters.flatMap(({ filter, qos }) => [text(checkedFilter(filter)), [qos]])])
    case 'unsubscribe':
      return frame(0xa2, [word(packet.id), ...packet.filters.map(filter => text(checkedFilter(filter)))])
    case 'pingreq':
      return frame(0xc0, [])
    case 'disconnect':
      return frame(0xe0, [])
  }
}

function encodeConnect({ clientId, cleanSession, keepAliveSeconds, will, username, password }: ConnectPacket): Bytes {
  if (password !== undefined && username === undefined) throw new RangeError('A password needs a username') // [MQTT-3.1.2-22]
  if (will && !isTopicName(will.topic)) throw new RangeError(`Not a topic name: ${JSON.stringify(will.topic)}`)
  const willFlags = will ? 0x04 | ((will.qos ?? 0) << 3) | (will.retain ? 0x20 : 0) : 0
  const flags = (cleanSession ? 0x02 : 0) | willFlags | (password === undefined ? 0 : 0x40) | (username === undefined ? 0 : 0x80)
  const fields = [text('MQTT'), [4, flags], word(keepAliveSeconds, 0), text(clientId)]
  if (will) fields.push(text(will.topic), prefixed(bytesOf(will.payload)))
  if (username !== undefined) fields.push(text(username))
  if (password !== undefined) fields.push(prefixed(bytesOf(password)))
  return frame(0x10, fields)
}

/** True for a topic that a message may carry: not empty, no wildcard, no NUL. */
export function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#\0]/.test(topic)
}

/** True for a topic filter whose wildcards stand alone in their levels, `#` only in the last. */
export function isTopicFilter(filter: string): boolean {
  const levels = filter.split('/')
  return (
    filter !== '' &&
    !filter.includes('\0') &&
    levels.every((level, index) => level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level))
  )
}

export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}

function checkedFilter(filter: string): string {
  if (!isTopicFilter(filter)) throw new RangeError(`Not a topic filter: ${JSON.stringify(filter)}`)
  return filter
}

function word(value: number, least = 1): number[] {
  if (!Number.isInteger(value) || value < least || value > 0xffff) throw new RangeError(`Not ${least} to 65535: ${value}`)
  return [value >> 8, value & 0xff]
}

function prefixed(bytes: Uint8Array): Uint8Array {
  const field = new Uint8Array(2 + bytes.length)
  field.set(word(bytes.length, 0))
  field.set(bytes, 2)
  return field
}

function text(value: string): Uint8Array {
  if (value.includes('\0')) throw new RangeError('Text with a NUL') // [MQTT-1.5.3-2]
  return prefixed(encoder.encode(value))
}

/** Type and flags, remaining length in 7-bit groups (least first, high bit says that one follows), then the fields. */
function frame(first: number, fields: readonly ArrayLike<number>[]): Bytes {
  const length = fields.reduce((sum, field) => sum + field.length, 0)
  if (length > remainingLengthMax) throw new RangeError('Packet above 256 MiB')
  const head = [first]
  let rest = length
  do {
    head.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  const bytes = new Uint8Array(head.length + length)
  let at = 0
  for (const field of [head, ...fields]) {
    bytes.set(field, at)
    at += field.length
  }
  return bytes
}

/** Takes a broker's bytes, cut in any way, and gives whole packets; holds one unfinished packet at most. */
export class Decoder {
  readonly #packetBytesMax: number
  #held = new Uint8Array(0)
  #length = 0
  #fault: DecodeFault | undefined

  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax
  }

  push(chunk: Uint8Array): Decoded {
    const packets: ServerPacket[] = []
    if (!this.#fault) {
      this.#append(chunk)
      let at = 0
      for (;;) {
        const bounds = this.#next(at)
        if (!bounds) break
        const packet = decodePacket(this.#held[at] ?? 0, this.#held.subarray(bounds.body, bounds.end))
        if (!packet) {
          this.#fault = 'malformed packet'
          break
        }
        packets.push(packet)
        at = bounds.end
      }
      this.#held.copyWithin(0, at, this.#length)
      this.#length -= at
    }
    return this.#fault ? { packets, fault: this.#fault } : { packets }
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, Math.min(2 * this.#held.length, this.#packetBytesMax)))
      grown.set(this.#held.subarray(0, this.#length))
      this.#held = grown
    }
    this.#held.set(chunk, this.#length)
    this.#length = length
  }

  /** Where the body of the packet at `at` starts and ends, once all of it is here; its size is judged by the header alone. */
  #next(at: number): { body: number; end: number } | undefined {
    let remaining = 0
    for (let index = 0; index < 4; index += 1) {
      const body = at + 2 + index
      if (body > this.#length) return undefined
      const digit = this.#held[body - 1] ?? 0
      remaining += (digit & 0x7f) * 128 ** index
      if (digit < 0x80) {
        const end = body + remaining
        if (end - at > this.#packetBytesMax) this.#fault = 'packet too large'
        return this.#fault || end > this.#length ? undefined : { body, end }
      }
    }
    this.#fault = 'malformed packet' // [MQTT-2.2.3]: four digits at most
    return undefined
  }
}

/** The packet, or undefined if a broker must not send these bytes. Nothing in it points into `body`. */
function decodePacket(first: number, body: Uint8Array): ServerPacket | undefined {
  const flags = first & 0x0f
  if (first >> 4 === 3) return decodePublish(flags, body)
  if (flags !== 0) return undefined // [MQTT-2.2.2-2]
  const [high = 0, low = 0] = body
  const id = (high << 8) | low
  switch (first >> 4) {
    case 2:
      return body.length === 2 && high <= 1 ? { type: 'connack', sessionPresent: high === 1, code: low } : undefined
    case 4:
      return body.length === 2 && id > 0 ? { type: 'puback', id } : undefined
    case 9: {
      const codes = Array.from(body.subarray(2))
      return id > 0 && codes.length > 0 && codes.every(code => code <= 2 || code === 128) ? { type: 'suback', id, codes } : undefined
    }
    case 11:
      return body.length === 2 && id > 0 ? { type: 'unsuback', id } : undefined
    case 13:
      return body.length === 0 ? { type: 'pingresp' } : undefined
    default:
      return undefined
  }
}

function decodePublish(flags: number, body: Uint8Array): ServerPacket | undefined {
  const qos = (flags >> 1) & 3
  const dup = flags >= 8
  if (qos === 3 || (qos === 0 && dup) || body.length < 2) return undefined // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const topicEnd = 2 + view.getUint16(0)
  const payloadStart = topicEnd + (qos === 0 ? 0 : 2)
  if (payloadStart > body.length) return undefined
  const topic = decodeText(body.subarray(2, topicEnd))
  if (topic === undefined || !isTopicName(topic)) return undefined // [MQTT-3.3.2-2]
  const publish = { type: 'publish', topic, payload: body.slice(payloadStart), qos: qos as Qos, retain: (flags & 1) === 1, dup } as const
  if (qos === 0) return publish
  const id = view.getUint16(topicEnd)
  return id === 0 ? undefined : { ...publish, id } // [MQTT-2.3.1-1]
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
