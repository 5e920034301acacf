/** The fields of MQTT packets as bytes: written as lists of pieces, read by a cursor that never reads past the end. */

import { reason } from './reasons.ts'
import { isTopicName } from './topics.ts'

const encoder = new TextEncoder()
/** Keeps a leading U+FEFF, which is part of the text [MQTT-1.5.4-3], and refuses ill-formed UTF-8 [MQTT-1.5.4-1]. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const variableMax = 268_435_455

export type Piece = ArrayLike<number>

export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}

/** An integer of so many bytes, most significant first. */
export function integer(value: number, byteCount: number, least = 0, most = 256 ** byteCount - 1): number[] {
  checkRange(value, least, most)
  return Array.from({ length: byteCount }, (_, index) => Math.floor(value / 256 ** (byteCount - 1 - index)) & 0xff)
}

/** An integer in 7-bit groups, least first; the high bit says that one follows. */
export function variable(value: number, least = 0): number[] {
  checkRange(value, least, variableMax)
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...variable(value >> 7)]
}

/** Two bytes of length, then the bytes. */
export function prefixed(bytes: Uint8Array): Piece[] {
  return [integer(bytes.length, 2), bytes]
}

export function text(value: string): Piece[] {
  if (value.includes('\0')) throw new RangeError('Text with a NUL') // [MQTT-1.5.4-2]
  return prefixed(encoder.encode(value))
}

/** A topic that a message may carry. */
export function topicName(value: string): Piece[] {
  if (!isTopicName(value)) throw new RangeError(`Not a topic name: ${JSON.stringify(value)}`)
  return text(value)
}

export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/** Type and flags, the length of what follows, then the fields. */
export function frame(first: number, fields: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const pieces = [[first], variable(lengthOf(fields)), ...fields]
  const bytes = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** What a broker must not send, with the reason code for it. */
export class Malformed extends Error {
  readonly code: number

  constructor(code: number = reason.malformed) {
    super()
    this.code = code
  }
}

/** Reads field by field; throws Malformed. Nothing that it gives points into the bytes. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  integer(byteCount: number, least = 0, most = 256 ** byteCount): number {
    const value = this.#take(byteCount).reduce((sum, byte) => sum * 256 + byte, 0)
    return this.#checked(value, value >= least && value <= most)
  }

  variable(least = 0): number {
    let value = 0
    for (let index = 0; index < 4; index += 1) {
      const byte = this.integer(1)
      value += (byte & 0x7f) * 128 ** index
      if (byte < 0x80) return this.#checked(value, value >= least)
    }
    throw new Malformed()
  }

  /** A part of so many bytes, to be read on its own. */
  part(length: number): Reader {
    return new Reader(this.#take(length))
  }

  binary(): Uint8Array {
    return this.#take(this.integer(2)).slice()
  }

  text(): string {
    const bytes = this.#take(this.integer(2))
    let value = '\0'
    try {
      value = decoder.decode(bytes)
    } catch {} // ill-formed
    return this.#checked(value, !value.includes('\0')) // [MQTT-1.5.4-2]
  }

  topicName(): string {
    const value = this.text()
    return this.#checked(value, isTopicName(value))
  }

  rest(): Uint8Array {
    return this.#take(this.left).slice()
  }

  #checked<Value>(value: Value, isFine: boolean): Value {
    if (!isFine) throw new Malformed()
    return value
  }

  #take(length: number): Uint8Array {
    this.#checked(length, length <= this.left)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

function checkRange(value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(`Not ${least} to ${most}: ${value}`)
}
