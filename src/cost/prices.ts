/** What a tariff says of any instant: which price holds, and until when, by the wall clock of the user's zone. */
import type { PriceBand, PriceChange, TariffTold } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { type Amount, parseMoney } from './money.ts'

/** A band of a price change. */
interface Band {
  readonly name: string
  readonly pricePerKWh: Amount
}

/** A price change, ready to reckon with. */
export interface Rates {
  /** When its first day begins. */
  readonly fromMs: number
  readonly vatPercent: Amount
  readonly standingPerDay: Amount
  readonly exportPerKWh: Amount
  readonly bands: readonly Band[]
  /** Runs of one band, one list for each weekday, Monday first. */
  readonly weekdays: readonly (readonly Run[])[]
}

/** When a band of a price change holds, in minutes of a day's wall clock. */
interface Span {
  readonly isWholeDay: boolean
  readonly fromMinute: number
  readonly toMinute: number
  readonly days: PriceBand['days']
}

/** Minutes of a day's wall clock in which one band holds. */
interface Run {
  readonly endMinute: number
  /** Place in `bands`. */
  readonly band: number
}

/** A price and until when it holds. */
export interface Price {
  readonly rates: Rates
  readonly band: Band
  readonly untilMs: number
}

const dayMinutes = 1_440
const minuteMs = 60_000
const dayMs = 86_400_000
/** A price that does not end within a week, and a day more for clocks that are changed, never ends by itself. */
const lookAheadMs = 8 * dayMs

/** A tariff in a time zone. The first price change holds for all that was before it, too. */
export class Prices {
  readonly tariff: TariffTold
  readonly calendar: Calendar
  readonly #changes: readonly Rates[]

  constructor(tariff: TariffTold, calendar: Calendar) {
    this.tariff = tariff
    this.calendar = calendar
    this.#changes = tariff.changes.map(change => ratesOf(change, calendar))
  }

  /** The price change that holds at an instant. */
  ratesAt(atMs: number): Rates {
    return this.#changes.findLast(({ fromMs }) => fromMs <= atMs) ?? (this.#changes[0] as Rates)
  }

  /** The price at an instant, and when another one follows; what holds for more than a week is told to hold for eight days. */
  priceAt(atMs: number): Price {
    const rates = this.ratesAt(atMs)
    const next = this.#changes.find(({ fromMs }) => fromMs > atMs && fromMs > rates.fromMs)?.fromMs ?? Number.POSITIVE_INFINITY
    const band = bandIn(rates, this.calendar, atMs)
    const end = Math.min(next, atMs + lookAheadMs)
    let untilMs = band.untilMs
    while (untilMs < end) {
      const following = bandIn(rates, this.calendar, untilMs)
      if (following.band !== band.band) break
      untilMs = following.untilMs
    }
    return { rates, band: rates.bands[band.band] as Band, untilMs: Math.min(untilMs, end) }
  }
}

/** Which band of a price change holds at an instant, by its place, and until when at least. */
export function bandIn(rates: Rates, calendar: Calendar, atMs: number): { readonly band: number; readonly untilMs: number } {
  const wallMs = calendar.wallMsAt(atMs)
  const midnightMs = Math.floor(wallMs / dayMs) * dayMs
  const minute = (wallMs - midnightMs) / minuteMs
  // 1 January 1970 was a Thursday.
  const runs = rates.weekdays[(midnightMs / dayMs + 3) % 7] as readonly Run[]
  const run = runs.find(({ endMinute }) => minute < endMinute) as Run
  const untilMs = atMs + midnightMs + run.endMinute * minuteMs - wallMs
  return { band: run.band, untilMs: Math.min(untilMs, calendar.steadyUntilMs(atMs)) }
}

function ratesOf(change: PriceChange, calendar: Calendar): Rates {
  const { bands } = change
  const spans = bands.map(spanOf)
  return {
    fromMs: calendar.instantOf(Date.parse(change.from)),
    vatPercent: parseMoney(change.vatPercent) as Amount,
    standingPerDay: parseMoney(change.standingPerDay) as Amount,
    exportPerKWh: parseMoney(change.exportPerKWh) as Amount,
    bands: bands.map(({ name, pricePerKWh }) => ({ name, pricePerKWh: parseMoney(pricePerKWh) as Amount })),
    weekdays: [1, 2, 3, 4, 5, 6, 7].map(weekday => runsOf(spans, weekday))
  }
}

function spanOf({ start, end, days }: PriceBand): Span {
  return { isWholeDay: start === undefined, fromMinute: minuteOf(start), toMinute: minuteOf(end), days }
}

/** The day's runs: between any two edges the first band that fits holds. */
function runsOf(spans: readonly Span[], weekday: number): readonly Run[] {
  const edges = new Set(spans.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]).filter(minute => minute > 0))
  const starts = [0, ...[...edges].sort((a, b) => a - b)]
  return starts.map((start, index) => ({
    endMinute: starts[index + 1] ?? dayMinutes,
    band: spans.findIndex(span => fits(span, weekday, start))
  }))
}

/** A band over midnight belongs to the day on which it starts. */
function fits({ isWholeDay, fromMinute, toMinute, days }: Span, weekday: number, minute: number): boolean {
  const isOn = (day: number): boolean => days === undefined || days.includes(day)
  if (isWholeDay) return isOn(weekday)
  if (fromMinute < toMinute) return fromMinute <= minute && minute < toMinute && isOn(weekday)
  return minute >= fromMinute ? isOn(weekday) : minute < toMinute && isOn(weekday === 1 ? 7 : weekday - 1)
}

function minuteOf(clock: string | undefined): number {
  if (clock === undefined) return 0
  const [hour, minute] = clock.split(':')
  return 60 * Number(hour) + Number(minute)
}
