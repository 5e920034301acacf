/** A ring of the last points (time, value) in typed arrays of a fixed size: the oldest makes room for the newest. */

/** The last `capacity` points in the order in which they came. */
export class Ring {
  readonly capacity: number
  readonly #times: Float64Array
  readonly #values: Float64Array
  #next = 0
  #length = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#times = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Adds a point; a full ring loses its oldest. */
  push(time: number, value: number): void {
    this.#times[this.#next] = time
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % this.capacity
    this.#length = Math.min(this.#length + 1, this.capacity)
  }

  /** The points, oldest first, as `[time, value]`. */
  *points(): Generator<readonly [number, number]> {
    for (let index = 0; index < this.#length; index++) {
      const at = (this.#next - this.#length + index + this.capacity) % this.capacity
      yield [this.#times[at] as number, this.#values[at] as number]
    }
  }
}
