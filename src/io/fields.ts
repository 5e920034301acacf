/** A walk through the fields of one packet, MQTT 5.0 section 1.5: the first fault is kept, and reading past it is harmless. */
import { isUtf8 } from 'node:buffer'
import { topicNameFault } from '../mqtt/topic.ts'
import type { WireFault } from './fault.ts'

/** Where a walk is; it makes nothing but the texts that are asked for. */
export class Fields {
  readonly bytes: Buffer
  at: number
  fault: WireFault | undefined = undefined
  readonly #bodyAt: number

  /** @param bytes one whole packet @param at where its variable header begins */
  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
    this.#bodyAt = at
  }

  /** Bytes that are left of the packet. */
  get rest(): number {
    return this.bytes.length - this.at
  }

  blame(fault: WireFault): void {
    this.fault ??= fault
  }

  /** The fixed header must be as short as can be, as MQTT 5.0 wants. [MQTT-1.5.5-1] */
  shortHeader(): void {
    if (this.#bodyAt > 2 && this.bytes[this.#bodyAt - 1] === 0) this.blame('variable-integer')
  }

  /** The packet must end here. */
  end(): void {
    if (this.rest !== 0) this.blame('length')
  }

  byte(): number {
    return this.#take(1) ? (this.bytes[this.at - 1] as number) : 0
  }

  /** Two Byte Integer. */
  number(): number {
    return this.#take(2) ? this.bytes.readUInt16BE(this.at - 2) : 0
  }

  /** Four Byte Integer. */
  long(): number {
    return this.#take(4) ? this.bytes.readUInt32BE(this.at - 4) : 0
  }

  /** Variable Byte Integer, in the fewest bytes. [MQTT-1.5.5-1] */
  integer(): number {
    let value = 0
    for (let place = 0; place < 4; place++) {
      const byte = this.byte()
      value += (byte & 0x7f) * 128 ** place
      if (byte & 0x80) continue
      if (byte === 0 && place > 0) this.blame('variable-integer')
      return value
    }
    this.blame('variable-integer')
    return 0
  }

  packetId(): number {
    const packetId = this.number()
    if (packetId === 0) this.blame('packet-id') // [MQTT-2.3.1-1] [MQTT-2.2.1-3]
    return packetId
  }

  /** Steps over binary data. */
  skipData(): void {
    this.#take(this.number())
  }

  /** Binary data; a view. */
  data(): Buffer {
    const length = this.number()
    return this.#take(length) ? this.bytes.subarray(this.at - length, this.at) : this.bytes.subarray(0, 0)
  }

  /** Steps over a string that must be well-formed. */
  skipText(): void {
    const length = this.number()
    if (this.#take(length)) this.#isAscii(this.at - length)
  }

  /** A string. A byte order mark stays what it is. [MQTT-1.5.3-3] [MQTT-1.5.4-3] */
  text(): string {
    const length = this.number()
    if (!this.#take(length)) return ''
    const from = this.at - length
    return this.bytes.toString(this.#isAscii(from) ? 'latin1' : 'utf8', from, this.at)
  }

  /** A topic name; a deep one is well-formed, and refused later. [MQTT-4.7.0-1] [MQTT-4.7.3-1] */
  topicName(mayBeEmpty = false): string {
    const name = this.text()
    const fault = topicNameFault(name)
    if (fault && fault !== 'too-many-levels' && !(fault === 'empty' && mayBeEmpty)) this.blame('topic')
    return name
  }

  /** Whether a string from there to here has no other bytes; it is blamed if it is none at all. [MQTT-1.5.3-1] [MQTT-1.5.3-2] */
  #isAscii(from: number): boolean {
    for (let at = from; at < this.at; at++) {
      const byte = this.bytes[at] as number
      if (byte > 0 && byte < 0x80) continue
      const text = this.bytes.subarray(at, this.at)
      if (!isUtf8(text) || text.includes(0)) this.blame('text')
      return false
    }
    return true
  }

  #take(length: number): boolean {
    if (this.fault || length > this.rest) {
      this.blame('length')
      return false
    }
    this.at += length
    return true
  }
}
