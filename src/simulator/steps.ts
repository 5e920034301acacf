/** Power over time without loss: when it changed, to what, and the energy until then. */
import { limits } from '../limits.ts'

const stepsAtFirst = 1_024

/** The changes of one channel's power, oldest first; a full one forgets its older half. */
export class Steps {
  #times = new Float64Array(stepsAtFirst)
  #energies = new Float64Array(stepsAtFirst)
  #watts = new Float64Array(stepsAtFirst)
  #length = 0

  /** From this time on it is so many watts; `energyWattMs` is the energy until then. */
  push(atMs: number, watts: number, energyWattMs: number): void {
    if (this.#length === this.#times.length) this.#makeRoom()
    this.#times[this.#length] = atMs
    this.#watts[this.#length] = watts
    this.#energies[this.#length] = energyWattMs
    this.#length += 1
  }

  /** Power at this time, in watts. */
  wattsAt(atMs: number): number {
    return this.#watts[this.#find(atMs)] as number
  }

  /** Energy until this time, in watts times ms: whole numbers, and so exact. */
  energyAt(atMs: number): number {
    const index = this.#find(atMs)
    return (this.#energies[index] as number) + (this.#watts[index] as number) * (atMs - (this.#times[index] as number))
  }

  /** The last change at this time or before it. */
  #find(atMs: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#times[middle] as number) <= atMs) low = middle + 1
      else high = middle
    }
    if (low === 0) throw new RangeError(`nothing is remembered of ${new Date(atMs).toISOString()}`)
    return low - 1
  }

  #makeRoom(): void {
    const capacity = this.#times.length
    const from = capacity < limits.truthStepsMax ? 0 : capacity >> 1
    const move = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(Math.min(2 * capacity, limits.truthStepsMax))
      next.set(values.subarray(from))
      return next
    }
    this.#times = move(this.#times)
    this.#energies = move(this.#energies)
    this.#watts = move(this.#watts)
    this.#length = capacity - from
  }
}
