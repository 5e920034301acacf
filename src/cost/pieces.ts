/** Energies cut where another price begins. */
import type { Calendar } from '../calendar.ts'
import { bandIn, type Prices, type Rates } from './prices.ts'

/** What is known of the energy of a span: of a quarter of an hour, or of a whole day where quarters are not kept any more. */
export interface EnergySpan {
  readonly fromMs: number
  readonly toMs: number
  /** What was drawn and what was fed in, 0 or more each. */
  readonly importedWh: number
  readonly exportedWh: number
  readonly knownSeconds: number
}

/** Spans in the order of time, each begun at or after `fromMs` and before `toMs`. */
export type ReadEnergies = (fromMs: number, toMs: number) => Iterable<EnergySpan>

/** So much of a span as has one price; in whole thousandths of a Wh. */
export interface Piece {
  readonly atMs: number
  readonly rates: Rates
  /** Place in the bands of `rates`. */
  readonly band: number
  readonly importedMilliWh: number
  readonly exportedMilliWh: number
  readonly knownSeconds: number
}

/** Time in which one price holds. */
interface Run {
  readonly fromMs: number
  readonly untilMs: number
  readonly rates: Rates
  readonly band: number
}

/**
 * Cuts spans at each change of the price, and at the midnights in them. Where the price changes within a span nothing is known of what
 * was drawn when, so that each price gets of its energy what it has of its time: up to a quarter of an hour at bands that do not begin
 * on quarters, and for days of which no quarters are kept each band's share of the day's hours.
 */
export class Cutter {
  readonly #prices: Prices
  readonly #calendar: Calendar
  readonly #rates: Rates | undefined
  #run: Run | undefined

  /** @param rates the prices to take instead of those that held at the time */
  constructor(prices: Prices, rates?: Rates) {
    this.#prices = prices
    this.#calendar = prices.calendar
    this.#rates = rates
  }

  /** The pieces' energies are those of the span, to the thousandth. */
  cut(span: EnergySpan, take: (piece: Piece) => void): void {
    const { fromMs, toMs, knownSeconds } = span
    const imported = Math.round(span.importedWh * 1_000)
    const exported = Math.round(span.exportedWh * 1_000)
    let [importedTaken, exportedTaken] = [0, 0]
    for (let atMs = fromMs; atMs < toMs; ) {
      const { rates, band, untilMs } = this.#runAt(atMs)
      const endMs = Math.min(untilMs, toMs)
      const share = (endMs - fromMs) / (toMs - fromMs)
      const importedMilliWh = Math.round(imported * share) - importedTaken
      const exportedMilliWh = Math.round(exported * share) - exportedTaken
      take({ atMs, rates, band, importedMilliWh, exportedMilliWh, knownSeconds: (knownSeconds * (endMs - atMs)) / (toMs - fromMs) })
      importedTaken += importedMilliWh
      exportedTaken += exportedMilliWh
      atMs = endMs
    }
  }

  #runAt(atMs: number): Run {
    const held = this.#run
    if (held !== undefined && atMs >= held.fromMs && atMs < held.untilMs) return held
    const rates = this.#rates ?? this.#prices.ratesAt(atMs)
    this.#run = { fromMs: atMs, rates, ...bandIn(rates, this.#calendar, atMs) }
    return this.#run
  }
}
