/** A first-in first-out queue with a bound on its items and on their bytes: full is an answer. */

/**
 * Items in a ring that doubles up to its bound, so that an idle queue costs next to nothing.
 *
 *     items  [ C D . . A B ]     head = 4, length = 4
 */
export class Queue<T> {
  readonly itemsMax: number
  readonly bytesMax: number
  #items: (T | undefined)[] = []
  #sizes: number[] = []
  #head = 0
  #length = 0
  #bytes = 0

  /** @param itemsMax most items held @param bytesMax most bytes held, as told by `push` */
  constructor(itemsMax: number, bytesMax: number) {
    this.itemsMax = itemsMax
    this.bytesMax = bytesMax
  }

  get length(): number {
    return this.#length
  }

  /** Bytes held, by the sizes given to `push`. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether an item that weighs `bytes` would find room. */
  fits(bytes: number): boolean {
    return this.#length < this.itemsMax && this.#bytes + bytes <= this.bytesMax
  }

  /** Appends an item that weighs `bytes`; false when it would pass a bound, and nothing is changed. */
  push(item: T, bytes: number): boolean {
    if (!this.fits(bytes)) return false
    if (this.#length === this.#items.length) this.#grow()
    const tail = (this.#head + this.#length) % this.#items.length
    this.#items[tail] = item
    this.#sizes[tail] = bytes
    this.#length++
    this.#bytes += bytes
    return true
  }

  /** The oldest item, left in place. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** Removes and returns the oldest item. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#items[this.#head]
    this.#bytes -= this.#sizes[this.#head] as number
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#items.length
    this.#length--
    return item
  }

  /** The items, oldest first. */
  *items(): Generator<T> {
    for (let index = 0; index < this.#length; index++) yield this.#items[(this.#head + index) % this.#items.length] as T
  }

  /** Forgets everything, and gives the ring's memory back. */
  clear(): void {
    this.#items = []
    this.#sizes = []
    this.#head = this.#length = this.#bytes = 0
  }

  #grow(): void {
    const capacity = Math.min(this.itemsMax, Math.max(4, this.#items.length * 2))
    const items = this.#items
    const sizes = this.#sizes
    const order = Array.from({ length: this.#length }, (_, index) => (this.#head + index) % items.length)
    this.#items = Array.from({ length: capacity }, (_, index) => items[order[index] ?? -1])
    this.#sizes = Array.from({ length: capacity }, (_, index) => sizes[order[index] ?? -1] ?? 0)
    this.#head = 0
  }
}
