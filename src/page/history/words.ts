/** The words of the History view, as each language has them. */
import type { Unit } from '../../calendar.ts'

type ByUnit = Readonly<Record<Unit, string>>

export interface HistoryWords {
  readonly sensor: string
  readonly period: string
  readonly units: ByUnit
  /** The period that runs, and the one before it. */
  readonly current: ByUnit
  readonly last: ByUnit
  /** Beside an amount, in the middle of a sentence. */
  readonly than: { readonly last: ByUnit; readonly before: ByUnit }
  /** On the button that shows it. */
  readonly other: { readonly last: ByUnit; readonly before: ByUnit }
  readonly week: (number: number) => string
  readonly previous: string
  readonly next: string
  readonly toToday: string
  readonly used: string
  readonly exported: string
  readonly cost: string
  readonly mean: string
  readonly peak: string
  readonly base: string
  readonly baseWhy: string
  readonly range: string
  readonly backfilled: string
  readonly backfilledPart: (amount: string, percent: string) => string
  readonly unknown: string
  readonly unknownPart: (duration: string, percent: string) => string
  readonly allKnown: string
  readonly duration: (days: number, hours: number, minutes: number) => string
  readonly same: (other: string) => string
  readonly compared: (percent: string, more: boolean, other: string) => string
  /** Both periods up to the same point. */
  readonly until: (text: string, point: string) => string
  /** A point in any month. */
  readonly pointOfMonth: (day: string, time: string) => string
  /** What the cost is that is told. */
  readonly costOf: string
  readonly incomparable: (other: string) => string
  readonly now: string
  readonly temperature: string
  readonly byDay: string
  readonly asTable: string
  readonly csv: string
  readonly closer: string
  readonly further: string
  readonly time: string
  readonly power: string
  readonly energy: string
  readonly litre: string
  readonly noHistory: string
  readonly noHistoryYet: string
  readonly nothing: string
  readonly nothingWhy: string
  readonly notBefore: (date: string) => string
  readonly oldAt: (time: string) => string
  readonly failed: string
  readonly chart: (what: string, period: string, facts: string) => string
  readonly keys: string
}
