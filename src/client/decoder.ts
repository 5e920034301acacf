/** What a broker sends: its bytes, cut in any way, become whole packets, and what it must not send becomes a fault. */

import { Malformed, Reader } from './bytes.ts'
import type { ProtocolVersion, Qos } from './client.ts'
import type { AcknowledgementType } from './packets.ts'
import { carrier, type Properties, readProperties } from './properties.ts'
import { isFailure, reason, reasonCodeOf } from './reasons.ts'
import { isTopicName } from './topics.ts'

/** Topics for which the broker may send a number instead. */
export const topicAliasesMax = 16

/** A PUBLISH that came; an alias has become the topic that it stands for. */
export interface ReceivedPublish {
  readonly type: 'publish'
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: Qos
  readonly retain: boolean
  readonly dup: boolean
  /** 0 at QoS 0. */
  readonly id: number
  /** 5.0's; absent in 3.1.1, as it is everywhere below. */
  readonly properties?: Properties
}

/** Acknowledgements of one packet of the client's; the codes are 5.0's in both versions. */
export type Acknowledgement = {
  readonly type: AcknowledgementType | 'suback' | 'unsuback'
  readonly id: number
  readonly code: number
  readonly properties?: Properties
}

export type ServerPacket =
  | { readonly type: 'connack'; readonly sessionPresent: boolean; readonly code: number; readonly properties?: Properties }
  | ReceivedPublish
  | Acknowledgement
  | { readonly type: 'pingresp' }
  | { readonly type: 'disconnect'; readonly code: number; readonly properties?: Properties }

export interface Decoded {
  readonly packets: readonly ServerPacket[]
  /** The reason code for what the broker must not send; once set the stream is lost, and the connection is to be closed. */
  readonly fault?: number
}

/** Reads what comes over one link; holds one unfinished packet at most. */
export class Decoder {
  readonly #version: ProtocolVersion
  readonly #packetBytesMax: number
  /** Topics for which the broker sends a number. */
  readonly #aliases = new Map<number, string>()
  #held = new Uint8Array(0)
  #length = 0
  #fault: number | undefined

  constructor(version: ProtocolVersion, packetBytesMax: number) {
    this.#version = version
    this.#packetBytesMax = packetBytesMax
  }

  push(chunk: Uint8Array): Decoded {
    const packets: ServerPacket[] = []
    if (this.#fault !== undefined) return { packets, fault: this.#fault }
    this.#append(chunk)
    let at = 0
    try {
      for (let bounds = this.#next(at); bounds; bounds = this.#next(at)) {
        const reader = new Reader(this.#held.subarray(bounds.body, bounds.end))
        const packet = this.#read(this.#held[at] as number, reader)
        if (reader.left > 0) throw new Malformed()
        packets.push(packet)
        at = bounds.end
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      this.#fault = error.code
      return { packets, fault: error.code }
    }
    this.#held.copyWithin(0, at, this.#length)
    this.#length -= at
    return { packets }
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
      const digit = this.#held[body - 1] as number
      remaining += (digit & 0x7f) * 128 ** index
      if (digit < 0x80) {
        const end = body + remaining
        if (end - at > this.#packetBytesMax) throw new Malformed(reason.tooLarge)
        return end > this.#length ? undefined : { body, end }
      }
    }
    throw new Malformed() // four digits at most
  }

  /** Reads a packet; nothing in it points into what is held. */
  #read(first: number, reader: Reader): ServerPacket {
    if (first >> 4 === 3) return this.#readPublish(first & 0x0f, reader)
    const type = types[first]
    switch (type) {
      case 'connack':
        return this.#readConnack(reader)
      case 'puback':
      case 'pubrec':
      case 'pubrel':
      case 'pubcomp':
        return { type, id: readId(reader), ...this.#readReason(carrier.acknowledgement, reader) }
      case 'suback':
      case 'unsuback':
        return this.#readSuback(type, reader)
      case 'pingresp':
        return { type }
      case 'disconnect':
        if (this.#version === 5) return { type, ...this.#readReason(carrier.disconnect, reader) }
    }
    throw new Malformed()
  }

  #readConnack(reader: Reader): ServerPacket {
    const flags = reader.integer(1)
    const code = reader.integer(1)
    if (flags > (code === 0 ? 1 : 0)) throw new Malformed() // [MQTT-3.2.2-1], [MQTT-3.2.2-6]
    // A broker that knows 3.1.1 alone refuses 5.0 in its own way.
    const is5 = this.#version === 5 && (code !== unknownVersion || reader.left > 0)
    const told = is5 ? { code, ...this.#readProperties(carrier.connack, reader) } : { code: reasonCodeOf(code) }
    return { type: 'connack', sessionPresent: flags === 1, ...told }
  }

  #readPublish(flags: number, reader: Reader): ReceivedPublish {
    const qos = (flags >> 1) & 3
    const dup = flags >= 8
    if (qos === 3 || (qos === 0 && dup)) throw new Malformed() // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
    const name = reader.text()
    const id = qos === 0 ? 0 : readId(reader)
    const properties = this.#readProperties(carrier.publish, reader)
    const topic = this.#topicOf(name, properties.properties?.topicAlias)
    return { type: 'publish', topic, payload: reader.rest(), qos: qos as Qos, retain: (flags & 1) === 1, dup, id, ...properties }
  }

  /** Learns an alias, or looks it up. */
  #topicOf(name: string, alias: number | undefined): string {
    const topic = name === '' && alias !== undefined ? this.#aliases.get(alias) : name
    if (topic === undefined || (alias ?? 0) > topicAliasesMax) throw new Malformed(reason.aliasInvalid) // [MQTT-3.3.2-9], [MQTT-3.3.2-10]
    if (!isTopicName(topic)) throw new Malformed() // [MQTT-3.3.2-2]
    if (alias !== undefined) this.#aliases.set(alias, topic)
    return topic
  }

  /** The client asks for one filter in a packet, so there is one code. */
  #readSuback(type: 'suback' | 'unsuback', reader: Reader): Acknowledgement {
    const id = readId(reader)
    const properties = this.#readProperties(carrier.acknowledgement, reader)
    const code = this.#version === 5 || type === 'suback' ? reader.integer(1) : 0
    if (!(isFailure(code) ? this.#version === 5 || code === 0x80 : type === 'unsuback' || code <= 2)) throw new Malformed() // [MQTT-3.9.3-2]
    return { type, id, code, ...properties }
  }

  /** In 5.0 a reason code and properties may follow; what is left out is 0 and none. */
  #readReason(carriers: number, reader: Reader): { code: number; properties?: Properties } {
    if (this.#version === 4 || reader.left === 0) return { code: 0 }
    const code = reader.integer(1)
    return reader.left === 0 ? { code } : { code, ...this.#readProperties(carriers, reader) }
  }

  #readProperties(carriers: number, reader: Reader): { properties?: Properties } {
    return this.#version === 5 ? { properties: readProperties(carriers, reader) } : {}
  }
}

/** By the first byte: only a PUBLISH has flags of its own [MQTT-2.1.3-1]. */
const types: Readonly<Record<number, Exclude<ServerPacket['type'], 'publish'>>> = {
  ...{ 32: 'connack', 64: 'puback', 80: 'pubrec', 98: 'pubrel', 112: 'pubcomp' },
  ...{ 144: 'suback', 176: 'unsuback', 208: 'pingresp', 224: 'disconnect' }
}

/** Of a CONNACK of 3.1.1; 5.0 has no such code. */
const unknownVersion = 1

function readId(reader: Reader): number {
  return reader.integer(2, 1) // [MQTT-2.2.1-3]
}
