/** Changes that gather until they are written: the last one of each key, bounded in bytes. */
import { limits } from '../limits.ts'

/** A value that is to be written, or nothing where a key is to go. */
export type Change = Uint8Array | undefined

export class Changes {
  readonly #byKey = new Map<string, Change>()
  #putBytes = 0
  #deleteBytes = 0

  /** Bytes of the values, with their keys. */
  get putBytes(): number {
    return this.#putBytes
  }

  get bytes(): number {
    return this.#putBytes + this.#deleteBytes
  }

  get size(): number {
    return this.#byKey.size
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  get(key: string): Change {
    return this.#byKey.get(key)
  }

  /** Takes a change in place of the last one of its key; false when it would pass a bound beside others, and nothing is changed. */
  offer(key: string, change: Change, others: Changes): boolean {
    const former = this.#byKey.get(key)
    const isLikeFormer = this.#byKey.has(key) && !former === !change
    const bytes = weigh(key, change) - (isLikeFormer ? weigh(key, former) : 0)
    const fits = change
      ? this.#putBytes + others.#putBytes + bytes <= limits.storePendingBytesMax
      : this.#deleteBytes + others.#deleteBytes + bytes <= limits.storeDeletesBytesMax
    if (fits) this.set(key, change)
    return fits
  }

  /** The same, whatever the bounds are. */
  set(key: string, change: Change): void {
    this.delete(key)
    this.#byKey.set(key, change)
    this.#count(key, change, 1)
  }

  /** Takes a change back, if there is one. */
  delete(key: string): void {
    if (this.#byKey.has(key)) this.#count(key, this.#byKey.get(key), -1)
    this.#byKey.delete(key)
  }

  /** Takes all changes of others, which are newer. */
  add(others: Changes): void {
    for (const [key, change] of others.#byKey) this.set(key, change)
  }

  /** All of them. */
  entries(): IterableIterator<[string, Change]> {
    return this.#byKey.entries()
  }

  #count(key: string, change: Change, sign: 1 | -1): void {
    if (change) this.#putBytes += sign * weigh(key, change)
    else this.#deleteBytes += sign * weigh(key, change)
  }
}

function weigh(key: string, change: Change): number {
  return 64 + key.length + (change?.length ?? 0)
}
