/** The desk over which every reading goes: it corrects what the user asked for, reckons derived sensors, and offers all of it to the sinks. */
import { type Correction, Corrector } from '../meters/correct.ts'
import { type Derivation, Deriver } from '../meters/derive.ts'
import { placeOf, type Reading, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** Takes readings as the meters said them. */
export class Desk {
  readonly #correctors: ReadonlyMap<string, Corrector>
  readonly #derivers: readonly Deriver[]
  readonly #sinks: readonly Sink[]

  /** @param corrections by place, such as `0` or `meter2/1` */
  constructor(corrections: ReadonlyMap<string, Correction>, derivations: readonly Derivation[], sinks: readonly Sink[]) {
    this.#correctors = new Map([...corrections].map(([place, correction]) => [place, new Corrector(correction)]))
    this.#derivers = derivations.map(derivation => new Deriver(derivation))
    this.#sinks = sinks
  }

  /** Values that the spike filters held back for good. */
  get spikes(): number {
    let spikes = 0
    for (const corrector of this.#correctors.values()) spikes += corrector.spikes
    return spikes
  }

  accept(reading: Reading): void {
    const corrected = this.#correctors.get(placeOf(reading))?.correct(reading) ?? [reading]
    for (const report of corrected) {
      this.#offer(report)
      for (const deriver of this.#derivers) {
        const derived = deriver.accept(report)
        if (derived) this.#offer(derived)
      }
    }
  }

  #offer(report: Report): void {
    for (const sink of this.#sinks) sink.accept(report)
  }
}
