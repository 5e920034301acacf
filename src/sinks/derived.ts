/** Keeps a history of derived sensors, such as import less solar: as that of any other, without totals. */
import type { Calendar } from '../calendar.ts'
import { type Known, Ledger } from '../history/ledger.ts'
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import type { DerivedReading, Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** In the store's keys: no meter is called so. */
const meter = '='

export class DerivedHistory implements Sink {
  readonly #store: Store
  readonly #calendar: Calendar
  readonly #last = new Map<string, DerivedReading>()
  #ledger: Ledger | undefined
  #turn = -1

  constructor(store: Store, calendar: Calendar) {
    this.#store = store
    this.#calendar = calendar
  }

  accept(report: Report): void {
    if (report.kind !== 'derived') return
    this.#ledger ??= this.#open()
    const last = this.#last.get(report.sensor)
    if (last && report.atMs < last.atMs && last.atMs - report.atMs <= limits.energyGapMsMax) return
    this.#last.set(report.sensor, report)
    if (last && report.atMs - last.atMs <= limits.energyGapMsMax) this.#ledger?.measure(report.sensor, 'derived', last, report)
    const turn = Math.floor(report.atMs / limits.energyWriteMs)
    if (turn !== this.#turn) this.save()
    this.#turn = turn
  }

  /** Its history stays. */
  forget(sensor: string): void {
    this.#last.delete(sensor)
  }

  /** Puts all of it into the store: done once a minute, and to be done at the end. */
  save(): void {
    this.#ledger?.save()
  }

  /** Every series that has a history. */
  known(): readonly Known[] {
    this.#ledger ??= this.#open()
    return this.#ledger?.known() ?? []
  }

  /** Nothing until the store can be read. */
  #open(): Ledger | undefined {
    if (!isOpen(this.#store)) return undefined
    const ledger = new Ledger(this.#store, meter, this.#calendar)
    return isOpen(this.#store) ? ledger : undefined
  }
}

function isOpen({ state }: Store): boolean {
  return state === 'open'
}
