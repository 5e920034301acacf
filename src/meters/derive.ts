/** Derived sensors: sums and differences of other sensors' power, such as net = import − solar. */
import { limits } from '../limits.ts'
import { type DerivedReading, placeOf, type Reading } from '../reading.ts'

/** A derived sensor as the user wrote it. */
export interface Derivation {
  /** Its name in topics. */
  readonly sensor: string
  readonly name?: string
  /** Places of sensors with `+` or `-` before or between them, such as `0 - meter2/1`. */
  readonly formula: string
}

interface Term {
  readonly sign: 1 | -1
  readonly place: string
}

/** Reads a formula; `undefined` when it is none. */
export function parseFormula(formula: string): readonly Term[] | undefined {
  const terms: Term[] = []
  const piece = /\s*([+\-−])?\s*((?:[a-z]\w*\/)?\d)(?![\w/])/y
  while (piece.lastIndex < formula.trimEnd().length) {
    const [, sign, place] = piece.exec(formula) ?? []
    if (place === undefined || (terms.length > 0 && sign === undefined)) return undefined
    terms.push({ sign: sign === '-' || sign === '−' ? -1 : 1, place })
  }
  return terms.length > 0 && terms.length <= limits.formulaTermsMax ? terms : undefined
}

/** Reckons one derived sensor from readings as they come. */
export class Deriver {
  readonly #derivation: Derivation
  readonly #terms: readonly Term[]
  readonly #latest = new Map<string, { readonly watts: number; readonly atMs: number }>()

  /** Throws when the formula is none: it is to be checked with the settings. */
  constructor(derivation: Derivation) {
    const terms = parseFormula(derivation.formula)
    if (!terms) throw new Error(`derive: not a formula: ${derivation.formula}`)
    this.#derivation = derivation
    this.#terms = terms
  }

  /** Gives its value anew when a reading goes into it and every other one is fresh. */
  accept(reading: Reading): DerivedReading | undefined {
    const place = placeOf(reading)
    if (reading.kind !== 'power' || !this.#terms.some(term => term.place === place)) return undefined
    this.#latest.set(place, { watts: reading.watts, atMs: reading.atMs })
    let watts = 0
    let { atMs } = reading
    for (const { sign, place: wanted } of this.#terms) {
      const latest = this.#latest.get(wanted)
      if (!latest || Math.abs(reading.atMs - latest.atMs) >= limits.staleMs) return undefined
      watts += sign * latest.watts
      atMs = Math.max(atMs, latest.atMs)
    }
    const { sensor, name, formula } = this.#derivation
    return { kind: 'derived', atMs, sensor, ...(name ? { name } : {}), watts, formula }
  }
}
