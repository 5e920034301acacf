/** MQTT's bytes: packets to and from our own union, by mqtt-packet but for PUBLISH, with a strict check before it and one scratch buffer behind it. */
import { type IConnackPacket, type IConnectPacket, type Packet as LibraryPacket, parser, writeToStream } from 'mqtt-packet'
import { limits } from '../limits.ts'
import type { Voice } from '../mqtt/outbox.ts'
import { type ClientPacket, type Connect, type ProtocolLevel, type Reply, sessionNeverExpires, type Will } from '../mqtt/packet.ts'
import type { WireFault } from './fault.ts'
import { Fields } from './fields.ts'
import type { PropertyValues } from './properties.ts'
import { encodedBytesMax, readPublish } from './publish.ts'
import { type ConnectDetails, checkPacket, clientPacketType } from './strict.ts'

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

/**
 * Decodes one whole packet of a client; what it holds of bytes are views of `bytes`.
 * @param bodyAt where its variable header begins @param level what its CONNECT told; 4 before that
 */
export function decode(bytes: Buffer, bodyAt: number, level: ProtocolLevel): ClientPacket | WireFault {
  const type = clientPacketType(bytes)
  if (!type) return 'type'
  if (type === 'PUBLISH') return readPublish(bytes, bodyAt, level)
  const fields = new Fields(bytes, bodyAt)
  const details = checkPacket(fields, type, level)
  if (fields.fault) return fields.fault
  switch (type) {
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      return { type, packetId: bytes.readUInt16BE(bodyAt), reasonCode: bytes[bodyAt + 2] ?? 0 }
    case 'PINGREQ':
    case 'AUTH':
      return { type }
    case 'CONNECT': {
      const levelAt = bodyAt + 2 + bytes.readUInt16BE(bodyAt)
      const protocolLevel = bytes[levelAt] as number
      if (protocolLevel !== 3 && protocolLevel !== 4 && protocolLevel !== 5) return { ...unspoken, protocolLevel }
      const nameless = Buffer.from(bytes) // in MQTT 3.1 user name and password may lack, but not for mqtt-packet
      nameless[levelAt + 1] = (bytes[levelAt + 1] as number) & 0x3f
      return fromLibrary(nameless, protocolLevel, details)
    }
    default:
      return fromLibrary(bytes, level, details)
  }
}

/**
 * Encodes what answers a client; the bytes stand in a shared scratch buffer and are good until the next call. They are none at all
 * when the client's version has no such packet, or when it would be longer than the client takes. [MQTT-3.1.2-24]
 */
export function encode(packet: Reply, { level, packetBytesMax }: Pick<Voice, 'level' | 'packetBytesMax'>): Buffer {
  const bytesMax = Math.min(packetBytesMax, encodedBytesMax)
  let bytes = write(packet, level)
  const shorter = bytes > bytesMax ? withoutReason(packet) : undefined
  if (shorter) bytes = write(shorter, level)
  if (bytes > bytesMax) bytes = 0
  return shortViews[bytes] ?? scratch.subarray(0, bytes)
}

const unspoken: Connect = {
  ...{ type: 'CONNECT', protocolLevel: 0, clientId: '', cleanStart: true, keepAliveSeconds: 0, sessionExpirySeconds: 0 },
  ...{ receiveMaximum: 65_535, packetBytesMax: Number.POSITIVE_INFINITY, topicAliasMax: 0 },
  ...{ wantsResponseInformation: false, wantsProblemInformation: true, authenticationMethod: undefined, will: undefined },
  ...{ user: undefined, password: undefined }
}

/** What mqtt-packet makes of a packet that is well-formed. */
function fromLibrary(bytes: Buffer, level: ProtocolLevel, details: ConnectDetails): ClientPacket | WireFault {
  const packet = parse(bytes, level)
  const packetId = packet?.messageId ?? 0
  switch (packet?.cmd) {
    case 'connect':
      return fromConnect(packet, level, details)
    case 'subscribe': {
      const identifier = packet.properties?.subscriptionIdentifier ?? 0
      const subscriptions = packet.subscriptions.map(({ topic, qos, nl, rap, rh }) => ({
        ...{ filter: topic, qos, noLocal: nl ?? false, retainAsPublished: rap ?? false, retainHandling: (rh ?? 0) as 0 | 1 | 2, identifier }
      }))
      return { type: 'SUBSCRIBE', packetId, subscriptions }
    }
    case 'unsubscribe':
      return { type: 'UNSUBSCRIBE', packetId, filters: packet.unsubscriptions }
    case 'disconnect':
      return { type: 'DISCONNECT', reasonCode: packet.reasonCode ?? 0, sessionExpirySeconds: packet.properties?.sessionExpiryInterval }
    default:
      return 'length'
  }
}

/** A parser for each packet, since it remembers its last CONNECT; what comes often does not get here. */
function parse(bytes: Buffer, level: ProtocolLevel): LibraryPacket | undefined {
  let found: LibraryPacket | undefined
  const library = parser({ protocolVersion: level })
  library.on('packet', packet => {
    found = packet
  })
  library.on('error', () => undefined) // no packet then
  library.parse(Buffer.of((bytes[0] as number) & 0xf7)) // without DUP, which MQTT 3.1 has here and mqtt-packet does not know
  library.parse(bytes.subarray(1))
  return found
}

function fromConnect(packet: IConnectPacket, protocolLevel: ProtocolLevel, { willProperties, user, password }: ConnectDetails): Connect {
  const { clientId, clean = false, keepalive: keepAliveSeconds = 0, properties = {} } = packet
  return {
    type: 'CONNECT',
    protocolLevel,
    clientId,
    cleanStart: clean,
    keepAliveSeconds,
    sessionExpirySeconds: properties.sessionExpiryInterval ?? (protocolLevel === 5 || clean ? 0 : sessionNeverExpires),
    receiveMaximum: properties.receiveMaximum ?? unspoken.receiveMaximum,
    packetBytesMax: properties.maximumPacketSize ?? unspoken.packetBytesMax,
    topicAliasMax: properties.topicAliasMaximum ?? 0,
    wantsResponseInformation: properties.requestResponseInformation ?? false,
    wantsProblemInformation: properties.requestProblemInformation ?? true,
    user,
    password,
    authenticationMethod: properties.authenticationMethod,
    will: packet.will && fromWill(packet.will, willProperties)
  }
}

function fromWill(will: NonNullable<IConnectPacket['will']>, values: PropertyValues | undefined): Will {
  const { topic, payload, qos = 0, retain = false, properties } = will
  return {
    ...{ topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, qos, retain },
    ...{ properties: values?.forwarded, delaySeconds: properties?.willDelayInterval ?? 0, expirySeconds: values?.expirySeconds }
  }
}

/** Where a packet is written before it is copied to where it goes. */
export const scratch = Buffer.allocUnsafeSlow(limits.scratchBytes)
/** Its first bytes, by how many: most answers are so short, and a view takes longer to make than they to write. */
const shortViews = Array.from({ length: 6 }, (_, bytes) => scratch.subarray(0, bytes))
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

/** Writes a packet into the scratch buffer and answers its bytes. */
function write(packet: Reply, level: ProtocolLevel): number {
  written = 0
  if (isAcknowledgement(packet) && (level < 5 || !packet.reasonString)) {
    return writeAcknowledgement(firstBytes[packet.type], packet.packetId, level < 5 ? 0 : packet.reasonCode)
  }
  const library = toLibrary(packet, level)
  if (library) writeToStream(library, scratchStream as unknown as NodeJS.WritableStream, { protocolVersion: level })
  return written
}

const firstBytes = { PUBACK: 0x40, PUBREC: 0x50, PUBREL: 0x62, PUBCOMP: 0x70 }
const commands = { PUBACK: 'puback', PUBREC: 'pubrec', PUBREL: 'pubrel', PUBCOMP: 'pubcomp' } as const

function isAcknowledgement(packet: Reply): packet is Reply & { type: keyof typeof firstBytes } {
  return packet.type in firstBytes
}

/** These come as often as PUBLISH. A code of 0 is left out, and so is the length of no properties, MQTT 5.0 section 3.4.2. */
function writeAcknowledgement(firstByte: number, packetId: number, reasonCode: number): number {
  scratch[0] = firstByte
  scratch[1] = reasonCode === 0 ? 2 : 3
  scratch[2] = packetId >> 8
  scratch[3] = packetId & 0xff
  scratch[4] = reasonCode
  return reasonCode === 0 ? 4 : 5
}

/** A reply without its Reason String, if it has one. [MQTT-3.2.2-19] [MQTT-3.4.2-2] [MQTT-3.9.2-1] [MQTT-3.14.2-3] */
function withoutReason(packet: Reply): Reply | undefined {
  if (packet.type === 'CONNACK' && packet.properties?.reasonString) {
    return { ...packet, properties: { ...packet.properties, reasonString: undefined } }
  }
  return 'reasonString' in packet && packet.reasonString ? { ...packet, reasonString: undefined } : undefined
}

function toLibrary(packet: Reply, level: ProtocolLevel): LibraryPacket | undefined {
  switch (packet.type) {
    case 'CONNACK':
      return toConnack(packet, level)
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP': {
      const { packetId: messageId, reasonCode, reasonString } = packet
      return { cmd: commands[packet.type], messageId, reasonCode, properties: stated({ reasonString }) }
    }
    case 'SUBACK':
      return {
        cmd: 'suback',
        messageId: packet.packetId,
        properties: stated({ reasonString: packet.reasonString }),
        granted: packet.reasonCodes.map(code => (level < 5 ? Math.min(code, 0x80) : code)) // 3.1.1: [MQTT-3.9.3-2]
      }
    case 'UNSUBACK': // codes in MQTT 5.0 only
      return { cmd: 'unsuback', messageId: packet.packetId, granted: [...packet.reasonCodes] }
    case 'PINGRESP':
      return { cmd: 'pingresp' }
    case 'DISCONNECT': {
      const { reasonCode, reasonString } = packet
      return level < 5 ? undefined : { cmd: 'disconnect', reasonCode, properties: stated({ reasonString }) }
    }
  }
}

/** Return codes of MQTT 3.1 and 3.1.1, table 3.1, by reason code; all others are "server unavailable". */
const returnCodes: Readonly<Record<number, number>> = { 0: 0, 132: 1, 133: 2, 134: 4, 135: 5 }

function toConnack(packet: Reply & { type: 'CONNACK' }, level: ProtocolLevel): IConnackPacket {
  const { reasonCode, properties = {} } = packet
  const sessionPresent = packet.sessionPresent && reasonCode === 0 && level > 3 // [MQTT-3.2.2-4]; 5.0: [MQTT-3.2.2-6]; 3.1 has none
  if (level < 5) return { cmd: 'connack', sessionPresent, returnCode: returnCodes[reasonCode] ?? 3 }
  const told = {
    sessionExpiryInterval: properties.sessionExpirySeconds,
    assignedClientIdentifier: properties.assignedClientId,
    serverKeepAlive: properties.serverKeepAliveSeconds,
    receiveMaximum: properties.receiveMaximum,
    maximumPacketSize: properties.packetBytesMax,
    topicAliasMaximum: properties.topicAliasMax,
    responseInformation: properties.responseInformation,
    reasonString: properties.reasonString
  }
  return { cmd: 'connack', sessionPresent, reasonCode, properties: stated(told) }
}

/** An object without what is not told: mqtt-packet's types know no `undefined`. */
function stated<T extends object>(told: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> }
}
