/** The seam to what outlives a restart: keys and values, written soon and told when they are. */

/** A key and its value. */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
}

/**
 * - `open`: what is put will be written, and what was written can be read
 * - `failing`: changes wait in memory until they can be written; what was written before may not be readable
 * - `closed`: nothing is taken any more
 */
export type StoreState = 'open' | 'failing' | 'closed'

/** An embedded key–value store. Keys are printable ASCII, in the order of their bytes; a value that was given or got is never changed. */
export interface Store {
  readonly state: StoreState
  /** Bytes of the values that wait to be written, with their keys; what is being written counts until it is. */
  readonly waitingBytes: number
  /** The value that was put last, written or not yet. */
  get(key: string): Uint8Array | undefined
  /** Takes a value, to be written in this turn of the event loop; false when too much waits already, and nothing is changed. An empty one costs memory for ever. */
  put(key: string, value: Uint8Array): boolean
  /** Takes a key away, on the same terms. There is room for thousands of those beside what `put` may fill. */
  delete(key: string): boolean
  /**
   * Answers the first entries whose keys begin with `prefix` and come behind `after`, in order and at most so many; none if
   * they cannot be read, and then the store is not open any more.
   */
  entries(prefix: string, countMax: number, done: (entries: readonly Entry[]) => void, after?: string): void
  /** Calls back once all that was put so far outlives this process; who asks bounds how often it asks, for a store may fail for long. */
  afterWrite(done: () => void): void
  /** Calls back once all that was put so far outlives a power cut too, on the same terms. What was asked first is told first. */
  afterSync(done: () => void): void
}
