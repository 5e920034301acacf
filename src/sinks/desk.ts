/** The desk over which every reading goes: it corrects what the user asked for, reckons derived sensors, and offers all of it to the sinks. */
import { type Correction, Corrector } from '../meters/correct.ts'
import { type Derivation, Deriver } from '../meters/derive.ts'
import { placeOf, type Reading, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** Takes readings as the meters said them. */
export class Desk {
  readonly #correctors = new Map<string, Corrector>()
  #derived: readonly { readonly derivation: Derivation; readonly deriver: Deriver }[] = []
  readonly #sinks: readonly Sink[]

  /** Spikes of correctors that were replaced. */
  #formerSpikes = 0

  /** @param corrections by place, such as `0` or `meter2/1` */
  constructor(corrections: ReadonlyMap<string, Correction>, derivations: readonly Derivation[], sinks: readonly Sink[]) {
    for (const [place, correction] of corrections) this.#correctors.set(place, new Corrector(correction))
    this.#sinks = sinks
    this.derive(derivations)
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

  /** From now on these are derived; one that is the same as before goes on. */
  derive(derivations: readonly Derivation[]): void {
    const former = this.#derived
    const isSame = (a: Derivation, b: Derivation): boolean => a.sensor === b.sensor && a.name === b.name && a.formula === b.formula
    this.#derived = derivations.map(
      wanted => former.find(({ derivation }) => isSame(derivation, wanted)) ?? { derivation: wanted, deriver: new Deriver(wanted) }
    )
    const gone = former.map(({ derivation }) => derivation.sensor).filter(place => derivations.every(({ sensor }) => sensor !== place))
    for (const place of gone) for (const sink of this.#sinks) sink.forget?.(place)
  }

  accept(reading: Reading): void {
    const corrected = this.#correctors.get(placeOf(reading))?.correct(reading) ?? [reading]
    for (const report of corrected) {
      this.#offer(report)
      for (const { deriver } of this.#derived) {
        const derived = deriver.accept(report)
        if (derived) this.#offer(derived)
      }
    }
  }

  #offer(report: Report): void {
    for (const sink of this.#sinks) sink.accept(report)
  }
}
