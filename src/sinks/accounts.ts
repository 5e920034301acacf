/** The energy accounts of all meters, and what each cycle of their history has filled. */
import type { Known } from '../history/ledger.ts'
import { limits } from '../limits.ts'
import type { PlacedValue } from '../meters/placement.ts'
import type { Report } from '../reading.ts'
import type { Energy } from './energy.ts'
import type { Sink } from './sink.ts'

/** What a cycle of history has filled. */
export interface Filled {
  /** Energy in Wh by sensor. */
  readonly filledWh: Readonly<Record<string, number>>
  /** Values that filled nothing, by the reason; what was measured already is none. */
  readonly notFilled: Readonly<Record<string, number>>
}

interface Account {
  readonly energy: Energy
  filledWh: Record<string, number>
  notFilled: Record<string, number>
}

/** Keeps one account a meter. */
export class Accounts implements Sink {
  readonly #open: (meter: string) => Energy
  readonly #accounts = new Map<string, Account>()

  /** @param open makes a meter's account */
  constructor(open: (meter: string) => Energy) {
    this.#open = open
  }

  accept(report: Report): void {
    if (report.kind !== 'derived') this.#of(report.meter ?? '').energy.accept(report)
  }

  /** Opens a meter's account, and goes on from what is stored as soon as that can be read: to be called each second or so. */
  start(meter: string): void {
    this.#of(meter).energy.start()
  }

  /** Fills gaps from a page of a meter's history. */
  fill(meter: string, values: readonly PlacedValue[]): void {
    const account = this.#of(meter)
    for (const value of values) {
      const outcome = account.energy.fill(value)
      if (outcome.kind === 'filled') account.filledWh[value.sensor] = (account.filledWh[value.sensor] ?? 0) + outcome.wattHours
      if (outcome.kind === 'refused') account.notFilled[outcome.why] = (account.notFilled[outcome.why] ?? 0) + 1
    }
  }

  /** Puts a meter's energy into the store now: to be done when its state changes, for nothing may come after that, and at the end. */
  save(meter: string): void {
    this.#of(meter).energy.save()
  }

  /** Tells what was filled since it was asked last, at the end of a cycle. */
  filled(meter: string): Filled {
    const account = this.#of(meter)
    const { filledWh, notFilled } = account
    account.filledWh = {}
    account.notFilled = {}
    return { filledWh: Object.fromEntries(Object.entries(filledWh).map(([sensor, wh]) => [sensor, Math.round(wh)])), notFilled }
  }

  /** Every series that has a history, with its meter. */
  *known(): Generator<readonly [meter: string, known: Known]> {
    for (const [meter, { energy }] of this.#accounts) for (const known of energy.known()) yield [meter, known]
  }

  #of(meter: string): Account {
    let account = this.#accounts.get(meter)
    if (!account) {
      if (this.#accounts.size >= limits.metersMax) throw new Error(`accounts: more than ${limits.metersMax} meters`)
      account = { energy: this.#open(meter), filledWh: {}, notFilled: {} }
      this.#accounts.set(meter, account)
    }
    return account
  }
}
