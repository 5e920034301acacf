/** The words of the Cost view, as each language has them. */
import type { Period } from './present.ts'

export interface CostWords {
  readonly now: string
  readonly earning: string
  readonly perHour: string
  /** What a kWh costs, VAT and all. */
  readonly price: (price: string) => string
  readonly until: (text: string, time: string) => string
  readonly silent: string
  readonly periods: Readonly<Record<Period, string>>
  readonly before: Readonly<Record<Period, string>>
  /** Of the bill's period so far, or of the whole of one that is over. */
  readonly soFar: (period: string) => string
  readonly rate: (energy: string, price: string) => string
  readonly standing: string
  readonly vat: string
  readonly earned: (energy: string) => string
  readonly total: string
  readonly unknown: (duration: string) => string
  readonly nothing: string
  readonly since: (date: string) => string
  readonly bar: (parts: string) => string
  readonly forecast: (month: string) => string
  readonly about: (amount: string) => string
  readonly range: (low: string, high: string) => string
  readonly days: (count: number) => string
  readonly soon: string
  readonly oldAt: (time: string) => string
  readonly failed: string
  readonly noReadings: string
  readonly noReadingsWhy: string
  readonly edit: string
  readonly form: FormWords
}

interface FormWords {
  readonly title: string
  readonly why: string
  readonly currency: string
  readonly price: string
  readonly priceElse: string
  readonly standing: string
  readonly vat: string
  readonly vatHint: string
  readonly exported: string
  readonly exportedHint: string
  readonly more: string
  readonly bands: string
  readonly bandsHint: string
  readonly band: (number: number) => string
  readonly addBand: string
  readonly removeBand: (name: string) => string
  readonly name: string
  readonly start: string
  readonly end: string
  readonly allDay: string
  readonly days: string
  readonly weekdays: readonly string[]
  readonly changes: string
  readonly change: string
  readonly from: string
  readonly fromHint: string
  readonly since: (date: string) => string
  readonly addChange: string
  readonly removeChange: string
  /** On a button that removes, once it was touched. */
  readonly removeSure: string
  readonly save: string
  readonly show: string
  readonly remove: string
  /** Once it was removed, of the one that is left. */
  readonly inFile: string
  readonly flat: string
  readonly night: string
  readonly high: (price: string) => string
  readonly faults: Readonly<Record<Fault, string>>
}

/** What may be wrong with a field. */
export type Fault = 'number' | 'percent' | 'name' | 'time' | 'sameTime' | 'weekday' | 'date' | 'order'
