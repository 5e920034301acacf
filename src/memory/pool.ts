/** A pool of equal, reference-counted slabs, all taken at start: when it is empty it says so and nothing grows. */

/**
 * One ArrayBuffer cut into slabs. A slab is named by its number; whoever takes one holds one reference, whoever shares it
 * retains one more, and the last release gives it back.
 *
 *     buffer  | slab 0 | slab 1 | slab 2 | …           count × slabBytes
 *     free    [ 7, 3, 12, … ]                          a stack, so that the slabs used last are used next and stay in cache
 */
export class Pool {
  readonly slabBytes: number
  readonly count: number
  readonly buffer: ArrayBuffer
  /** Times that `take` had to say no. */
  refusals = 0
  readonly #bytes: Uint8Array
  readonly #free: Int32Array
  readonly #references: Int32Array
  #freeCount: number
  #lowest: number

  /** @param count slabs in the pool @param slabBytes bytes of each */
  constructor(count: number, slabBytes: number) {
    this.slabBytes = slabBytes
    this.count = count
    this.buffer = new ArrayBuffer(count * slabBytes)
    this.#bytes = new Uint8Array(this.buffer)
    this.#free = Int32Array.from({ length: count }, (_, index) => count - 1 - index)
    this.#references = new Int32Array(count)
    this.#freeCount = count
    this.#lowest = count
  }

  /** Slabs that nobody holds. */
  get free(): number {
    return this.#freeCount
  }

  /** The fewest slabs that were ever free: how close the pool came to its bound. */
  get lowest(): number {
    return this.#lowest
  }

  /** Takes a slab with one reference; -1 when the pool is empty, which is counted. */
  take(): number {
    if (this.#freeCount === 0) {
      this.refusals++
      return -1
    }
    const slab = this.#free[--this.#freeCount] as number
    if (this.#freeCount < this.#lowest) this.#lowest = this.#freeCount
    this.#references[slab] = 1
    return slab
  }

  /** Adds a reference to a slab that is held. Throws on a free slab: that would be a bug of the caller. */
  retain(slab: number): void {
    this.#references[slab] = this.#held(slab) + 1
  }

  /** Gives a reference back; the last one frees the slab. Throws on a free slab: that would be a bug of the caller. */
  release(slab: number): void {
    const left = this.#held(slab) - 1
    this.#references[slab] = left
    if (left === 0) this.#free[this.#freeCount++] = slab
  }

  /** A view of `length` bytes of a slab, from `offset`. */
  view(slab: number, offset: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, slab * this.slabBytes + offset, length)
  }

  /** Copies `length` bytes from a place in one slab to a place in another; no view is made for it. */
  copy(from: number, fromOffset: number, to: number, toOffset: number, length: number): void {
    const start = from * this.slabBytes + fromOffset
    this.#bytes.copyWithin(to * this.slabBytes + toOffset, start, start + length)
  }

  #held(slab: number): number {
    const references = this.#references[slab] ?? 0
    if (references < 1) throw new Error(`pool: slab ${slab} is not held`)
    return references
  }
}
