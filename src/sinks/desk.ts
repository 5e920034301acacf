/** The desk over which every reading goes: it corrects what the user asked for, reckons derived sensors, and offers all of it to the sinks. */
import { type Correction, Corrector } from '../meters/correct.ts'
import { type Derivation, Deriver } from '../meters/derive.ts'
import { placeOf, type Reading, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** Takes readings as the meters said them. */
export class Desk {
  readonly #correctors = new Map<string, Corrector>()
  readonly #derivers: readonly Deriver[]
  readonly #sinks: readonly Sink[]

  /** Spikes of correctors that were replaced. */
  #formerSpikes = 0

  /** @param corrections by place, such as `0` or `meter2/1` */
  constructor(corrections: ReadonlyMap<string, Correction>, derivations: readonly Derivation[], sinks: readonly Sink[]) {
    for (const [place, correction] of corrections) this.#correctors.set(place, new Corrector(correction))
    this.#derivers = derivations.map(derivation => new Deriver(derivation))
    this.#sinks = sinks
  }

  /** Values that the spike filters held back for good. */
  get spikes(): number {
    let spikes = this.#formerSpikes
    for (const corrector of this.#correctors.values()) spikes += corrector.spikes
    return spikes
  }

  /** From now on a sensor is corrected so; a reading that is held back is let go. */
  correct(place: string, correction: Correction): void {
    this.#formerSpikes += this.#correctors.get(place)?.spikes ?? 0
    this.#correctors.set(place, new Corrector(correction))
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
