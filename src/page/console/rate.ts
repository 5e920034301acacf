/** Messages a second over the last ten: counted by whole seconds, so that a count takes no more room when it grows. Pure. */

const reachSeconds = 10
/** The second that runs, and those before it. */
const places = reachSeconds + 1

export class Rate {
  /** By the second's number, modulo their count. */
  readonly #counts = new Uint32Array(places)
  #newest = 0

  /** Counts one; `atMs` never goes back. */
  count(atMs: number): void {
    const second = this.#turnTo(atMs)
    this.#counts[second % places] = (this.#counts[second % places] as number) + 1
  }

  /** Per second, over the last ten and what has passed of the one that runs. */
  perSecond(atMs: number): number {
    const second = this.#turnTo(atMs)
    const sum = this.#counts.reduce((total, count) => total + count, 0)
    return sum / (reachSeconds + atMs / 1_000 - second)
  }

  /** Forgets the seconds that have gone out of reach. */
  #turnTo(atMs: number): number {
    const second = Math.floor(atMs / 1_000)
    const from = Math.max(this.#newest + 1, second - reachSeconds)
    for (let gone = from; gone <= second; gone += 1) this.#counts[gone % places] = 0
    this.#newest = Math.max(this.#newest, second)
    return this.#newest
  }
}
