/** MQTT's bytes: packets to and from our own union, by mqtt-packet, with a strict check before it and one scratch buffer behind it. */
import { type IPublishPacket, type Packet as LibraryPacket, type Parser, parser, writeToStream } from 'mqtt-packet'
import { limits } from '../limits.ts'
import type { ClientPacket, Connect, Message, Publish, Reply } from '../mqtt/packet.ts'
import { strictFault, type WireFault } from './strict.ts'

// Else the first packet written fills a cache of 65,536 buffers, 13.8 MB.
writeToStream.cacheNumbers = false

/** The fixed header: where the body begins, and the length of the whole packet. */
export interface Header {
  readonly bodyAt: number
  readonly packetBytes: number
}

/** Reads a fixed header at `at`; `undefined` when its bytes have not all come. A length past the bound is a fault before any body is taken. */
export function readHeader(bytes: Uint8Array, at: number): Header | WireFault | undefined {
  let length = 0
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 128 ** (index - 1)
    if (byte & 0x80) continue
    const packetBytes = 1 + index + length
    return packetBytes > limits.packetBytesMax ? 'too-long' : { bodyAt: 1 + index, packetBytes }
  }
  return 'length'
}

/** Decodes one whole packet of a client; what it holds of bytes are views of `bytes`. */
export function decode(bytes: Buffer, bodyAt: number): ClientPacket | WireFault {
  const fault = strictFault(bytes, bodyAt)
  if (fault) return fault
  const level = (bytes[0] ?? 0) >> 4 === 1 ? (bytes[bodyAt + 2 + bytes.readUInt16BE(bodyAt)] ?? 0) : 4
  if (level !== 3 && level !== 4) {
    return { type: 'CONNECT', protocolLevel: level, clientId: '', cleanSession: true, keepAliveSeconds: 0 }
  }
  parsed = undefined
  library.parse(bytes)
  const packet = parsed as LibraryPacket | undefined
  parsed = undefined
  return packet ? fromLibrary(packet) : 'length'
}

/** Encodes a packet of the server; the bytes stand in a shared scratch buffer and are good until the next call. */
export function encode(packet: Reply | Publish): Buffer {
  written = 0
  writeToStream(toLibrary(packet), scratchStream as unknown as NodeJS.WritableStream, encodeOptions)
  return scratch.subarray(0, written)
}

// One parser serves all connections, since it is only ever given whole packets.
let parsed: LibraryPacket | undefined
const library = makeParser()

function makeParser(): Parser {
  const made = parser({ protocolVersion: 4 })
  made.on('packet', packet => {
    parsed = packet
  })
  made.on('error', () => undefined) // no packet then: told by `parsed`
  return made
}

const encodeOptions = { protocolVersion: 4 }
const scratch = Buffer.allocUnsafeSlow(limits.packetBytesMax + 8)
let written = 0
const scratchStream = {
  write(chunk: string | Buffer): boolean {
    if (typeof chunk === 'string') written += scratch.write(chunk, written, 'utf8')
    else written += chunk.copy(scratch, written)
    return true
  },
  destroy(error: Error): void {
    throw error // a packet of our own that cannot be written is a bug
  }
}

function fromLibrary(packet: LibraryPacket): ClientPacket | WireFault {
  const packetId = packet.messageId ?? 0
  switch (packet.cmd) {
    case 'connect': {
      const connect: Connect = {
        type: 'CONNECT',
        protocolLevel: packet.protocolVersion ?? 4,
        clientId: packet.clientId,
        cleanSession: packet.clean ?? false,
        keepAliveSeconds: packet.keepalive ?? 0
      }
      if (!packet.will) return connect
      const { topic, payload, qos = 0, retain = false } = packet.will
      return { ...connect, will: { topic, payload: asBytes(payload), qos, retain } }
    }
    case 'publish':
      return { type: 'PUBLISH', ...messageOf(packet), dup: packet.dup, packetId }
    case 'puback':
      return { type: 'PUBACK', packetId }
    case 'pubrec':
      return { type: 'PUBREC', packetId }
    case 'pubrel':
      return { type: 'PUBREL', packetId }
    case 'pubcomp':
      return { type: 'PUBCOMP', packetId }
    case 'subscribe':
      return { type: 'SUBSCRIBE', packetId, subscriptions: packet.subscriptions.map(({ topic, qos }) => ({ filter: topic, qos })) }
    case 'unsubscribe':
      return { type: 'UNSUBSCRIBE', packetId, filters: packet.unsubscriptions }
    case 'pingreq':
      return { type: 'PINGREQ' }
    case 'disconnect':
      return { type: 'DISCONNECT' }
    default:
      return 'type'
  }
}

function messageOf({ topic, payload, qos, retain }: IPublishPacket): Message {
  return { topic, payload: asBytes(payload), qos, retain }
}

function asBytes(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

function toLibrary(packet: Reply | Publish): LibraryPacket {
  switch (packet.type) {
    case 'CONNACK':
      return { cmd: 'connack', sessionPresent: packet.sessionPresent, returnCode: packet.returnCode }
    case 'PUBLISH': {
      const { topic, payload, qos, retain, dup, packetId } = packet
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
      return { cmd: 'publish', topic, payload: bytes, qos, retain, dup, messageId: packetId }
    }
    case 'PUBACK':
      return { cmd: 'puback', messageId: packet.packetId }
    case 'PUBREC':
      return { cmd: 'pubrec', messageId: packet.packetId }
    case 'PUBREL':
      return { cmd: 'pubrel', messageId: packet.packetId }
    case 'PUBCOMP':
      return { cmd: 'pubcomp', messageId: packet.packetId }
    case 'SUBACK':
      return { cmd: 'suback', messageId: packet.packetId, granted: [...packet.returnCodes] }
    case 'UNSUBACK':
      return { cmd: 'unsuback', messageId: packet.packetId, granted: [] }
    case 'PINGRESP':
      return { cmd: 'pingresp' }
  }
}
