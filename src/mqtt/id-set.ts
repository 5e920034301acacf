/** A set of packet ids that weighs the same whatever is in it: one bit each. */

const bitmapBytes = 65_536 / 8

/** Packet ids from 1 to 65,535. */
export class IdSet {
  /** Taken with the first id, since most sessions never have one. */
  #bits: Uint8Array | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  has(id: number): boolean {
    return this.#bits !== undefined && ((this.#bits[id >> 3] as number) & (1 << (id & 7))) !== 0
  }

  add(id: number): void {
    if (this.has(id)) return
    this.#bits ??= new Uint8Array(bitmapBytes)
    this.#bits[id >> 3] = (this.#bits[id >> 3] as number) | (1 << (id & 7))
    this.#size++
  }

  /** Answers whether it was there. */
  delete(id: number): boolean {
    const bits = this.#bits
    if (bits === undefined || !this.has(id)) return false
    bits[id >> 3] = (bits[id >> 3] as number) & ~(1 << (id & 7))
    this.#size--
    return true
  }

  /** The ids in their order. */
  *ids(): Generator<number> {
    for (const [index, byte] of (this.#bits ?? []).entries()) {
      for (let bit = 0; byte >> bit > 0; bit++) if ((byte >> bit) & 1) yield index * 8 + bit
    }
  }
}
