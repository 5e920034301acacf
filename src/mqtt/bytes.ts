/** Numbers, texts and blocks, one behind the other, as bytes and back. */

/** UTF-8, which the pure rooms must be given. `decode` never throws, and leaves a byte order mark where it stands. [MQTT-1.5.4-3] */
export interface TextCodec {
  encode(text: string): Uint8Array
  decode(bytes: Uint8Array): string
}

/** Gathers bytes in a place of its own that is used again, and grows to the longest record. */
export class ByteWriter {
  readonly #codec: TextCodec
  #bytes = new Uint8Array(256)
  #length = 0

  constructor(codec: TextCodec) {
    this.#codec = codec
  }

  /** A whole number that is not negative: seven bits a byte, lowest first, and the highest bit of all but the last byte. */
  number(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128)
    this.#byte(rest)
  }

  text(text: string): void {
    this.block(this.#codec.encode(text))
  }

  /** Bytes behind their number. */
  block(block: Uint8Array): void {
    this.number(block.length)
    this.#need(block.length)
    this.#bytes.set(block, this.#length)
    this.#length += block.length
  }

  /** A copy of what was gathered; the next begins. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  #byte(byte: number): void {
    this.#need(1)
    this.#bytes[this.#length++] = byte
  }

  #need(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(2 * (this.#length + count))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Reads the same; what is not there, or not allowed, reads as the least value, and spoils the whole. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #codec: TextCodec
  #at = 0
  #isSpoilt = false

  constructor(bytes: Uint8Array, codec: TextCodec) {
    this.#bytes = bytes
    this.#codec = codec
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length && !this.#isSpoilt
  }

  /** Whether all was read and all was as it must be. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length && !this.#isSpoilt
  }

  number(min: number, max: number): number {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 127) * unit
      if (byte < 128 || value > max) break
    }
    if (this.#at <= this.#bytes.length && value >= min && value <= max) return value
    this.#isSpoilt = true
    return min
  }

  text(): string {
    return this.#codec.decode(this.block())
  }

  /** A copy, since what is read may be a view of more, and a Buffer's `slice` is one too. */
  block(): Uint8Array {
    const length = this.number(0, this.#bytes.length)
    if (this.#at + length > this.#bytes.length) this.#isSpoilt = true
    this.#at += length
    return new Uint8Array(this.#bytes.subarray(this.#at - length, this.#at))
  }
}
