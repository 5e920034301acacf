/** Whole numbers as few bytes: seven bits a byte, the lowest first; small ones below zero are small too when they are signed. */

/** Bytes that grow at their end. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(bytesMin = 32) {
    this.#bytes = new Uint8Array(bytesMin)
  }

  get length(): number {
    return this.#length
  }

  /** A number of 0 or more, up to 2^53. */
  number(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) + 128)
    this.#byte(rest)
  }

  signed(value: number): void {
    this.number(value >= 0 ? 2 * value : -2 * value - 1)
  }

  /** Bytes with their length before them. */
  bytes(bytes: Uint8Array): void {
    this.number(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Text in ASCII, with its length before it. */
  text(text: string): void {
    this.number(text.length)
    for (let at = 0; at < text.length; at++) this.#byte(text.charCodeAt(at))
  }

  /** What was written, behind `head`: a copy. */
  take(...head: readonly number[]): Uint8Array {
    const taken = new Uint8Array(head.length + this.#length)
    taken.set(head)
    taken.set(this.written(), head.length)
    return taken
  }

  /** What was written: it stays as it is while more is written behind it. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

/** Reads what a writer wrote; past the end everything is 0 and empty. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  number(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte % 128) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }

  signed(): number {
    const value = this.number()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(): Uint8Array {
    const length = this.number()
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  text(): string {
    return String.fromCharCode(...this.bytes())
  }
}
