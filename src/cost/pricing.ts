/** What energies cost, span by span, with VAT and without standing charge. */
import { withVat } from './bill.ts'
import { type Amount, millionthsOf, priceOf } from './money.ts'
import { Cutter, type EnergySpan, type Piece } from './pieces.ts'
import type { Prices, Rates } from './prices.ts'

/** Adds up what energies cost; they come in the order of time. */
export class Pricing {
  readonly #cutter: Cutter
  #cost: Amount | null = null
  /** The band that was met last, and its price with VAT: most energies that follow have the same. */
  #band: Rates['bands'][number] | undefined
  #pricePerKWh: Amount = 0n

  constructor(prices: Prices) {
    this.#cutter = new Cutter(prices)
  }

  add(energy: EnergySpan): void {
    if (energy.knownSeconds > 0) this.#cutter.cut(energy, this.#addPiece)
  }

  /** What was added since it was asked last, in millionths; null if nothing was. */
  take(): number | null {
    const cost = this.#cost
    this.#cost = null
    return cost === null ? null : millionthsOf(cost)
  }

  readonly #addPiece = ({ rates, band, importedMilliWh, exportedMilliWh }: Piece): void => {
    const held = rates.bands[band]
    if (held !== this.#band) this.#pricePerKWh = withVat((held as Rates['bands'][number]).pricePerKWh, rates)
    this.#band = held
    const drawn = (this.#cost ?? 0n) + priceOf(this.#pricePerKWh, importedMilliWh)
    this.#cost = exportedMilliWh === 0 ? drawn : drawn - priceOf(rates.exportPerKWh, exportedMilliWh)
  }
}
