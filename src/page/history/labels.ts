/** Times, amounts and money of the History view as people read them, in the daemon's time zone. Pure. */
import type { Money } from '../../api.ts'
import type { Calendar, Unit } from '../../calendar.ts'
import type { Formats } from '../format.ts'
import type { Counted } from './choices.ts'
import { type Period, periodAt, type Range } from './periods.ts'
import type { Comparison } from './totals.ts'
import type { HistoryWords } from './words.ts'

export interface Labels {
  /** What a period is called, and its date. */
  period(period: Period, nowMs: number): { readonly name: string; readonly date: string }
  clock(atMs: number): string
  /** Such as `14:00–14:10`, or for days and months their date. */
  span(span: Range, unit: Unit | undefined): string
  date(atMs: number): string
  /** Of a column: a day's number, a day of a week, a month. */
  column(atMs: number, unit: Unit, narrow: boolean): string
  amount(wh: number, counted: Counted): string
  /** Of amounts beside one another: numbers, and what they measure. */
  scale(
    amounts: readonly number[],
    counted: Counted
  ): { readonly lines: readonly { readonly at: number; readonly text: string }[]; readonly measure: string }
  money(money: Money, currency: string): string
  percent(share: number): string
  duration(seconds: number): string
  comparison(comparison: Comparison, unit: Unit, running: boolean): string
}

/** Less than this wants a digit more. */
const smallMoney = 0.1

/** The browser's own way of writing where it speaks the page's language. */
export function localeOf(language: string, spoken: string): string {
  return spoken.split('-')[0] === language ? spoken : language
}

export function labelsFor(locale: string, calendar: Calendar, words: HistoryWords, formats: Formats): Labels {
  const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: calendar.zone, ...options })
  const clock = dates({ hour: 'numeric', minute: '2-digit' })
  const seconds = dates({ hour: 'numeric', minute: '2-digit', second: '2-digit' })
  const [fullDay, weekday, month, year] = [
    dates({ day: 'numeric', month: 'long', year: 'numeric' }),
    dates({ weekday: 'long' }),
    dates({ month: 'long' }),
    dates({ year: 'numeric' })
  ]
  const [day, dayOfWeek] = [dates({ day: 'numeric', month: 'short' }), dates({ weekday: 'short', day: 'numeric', month: 'short' })]
  const week = dates({ day: 'numeric', month: 'short', year: 'numeric' })
  const columns: Readonly<Record<Unit, readonly [wide: Intl.DateTimeFormat, narrow: Intl.DateTimeFormat]>> = {
    day: [day, dates({ day: 'numeric' })],
    week: [dates({ weekday: 'short', day: 'numeric' }), dates({ weekday: 'short' })],
    month: [dates({ month: 'short' }), dates({ month: 'narrow' })],
    year: [year, year]
  }
  const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 })
  const money = moneyIn(locale)

  const nameOf = (period: Period, nowMs: number): string => {
    const { unit, fromMs, toMs } = period
    if (fromMs <= nowMs && nowMs < toMs) return words.current[unit]
    const last = periodAt(calendar, unit, calendar.previousStart(unit, nowMs))
    if (last.fromMs === fromMs && (unit === 'day' || unit === 'week')) return words.last[unit]
    switch (unit) {
      case 'day':
        return weekday.format(fromMs)
      case 'week':
        return words.week(weekNumber(calendar, fromMs))
      case 'month':
        return month.format(fromMs)
      case 'year':
        return year.format(fromMs)
    }
  }
  const dateOf = ({ unit, fromMs, toMs }: Period): string => {
    if (unit === 'day') return fullDay.format(fromMs)
    if (unit === 'week') return week.formatRange(fromMs, toMs - 1)
    return unit === 'month' ? `${month.format(fromMs)} ${year.format(fromMs)}` : year.format(fromMs)
  }
  const pointOf = (untilMs: number, unit: Unit): string => {
    if (unit === 'day') return clock.format(untilMs)
    if (unit === 'week') return `${weekday.format(untilMs)} ${clock.format(untilMs)}`
    // Not by name: the month before has another.
    return unit === 'month' ? words.pointOfMonth(String(calendar.wallAt(untilMs).day), clock.format(untilMs)) : day.format(untilMs - 1)
  }

  return {
    period: (period, nowMs) => ({ name: nameOf(period, nowMs), date: dateOf(period) }),
    clock: atMs => clock.format(atMs),
    span({ fromMs, toMs }, unit) {
      if (unit === 'day') return dayOfWeek.format(fromMs)
      if (unit) return dateOf({ unit, fromMs, toMs })
      return toMs - fromMs < 60_000 ? seconds.format(fromMs) : `${clock.format(fromMs)}–${clock.format(toMs)}`
    },
    date: atMs => day.format(atMs),
    column: (atMs, unit, narrow) => columns[unit][narrow ? 1 : 0].format(atMs),
    amount(wh, counted) {
      if (counted === 'power' || counted === 'electricity') return formats.energy(wh / 1_000, 'kWh')
      return Math.abs(wh) < 1_000 ? formats.energy(wh, words.litre) : formats.energy(wh / 1_000, 'm³')
    },
    scale(amounts, counted) {
      const small = amounts.every(wh => Math.abs(wh) < 1_000) && (counted === 'gas' || counted === 'water')
      const measure = small ? words.litre : counted === 'gas' || counted === 'water' ? 'm³' : 'kWh'
      return { measure, lines: amounts.map(at => ({ at, text: plain.format(at / (small ? 1 : 1_000)).replace('-', '\u2212') })) }
    },
    money,
    percent: share => (share > 0 && share < 0.01 ? `<\u202f${formats.percent(0.01)}` : formats.percent(share)),
    duration(whole) {
      const minutes = Math.round(whole / 60)
      return words.duration(Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60), minutes % 60)
    },
    comparison(comparison, unit, running) {
      const other = words.than[running ? 'last' : 'before'][unit]
      if (comparison.kind === 'unknown') return words.incomparable(other)
      const { percent, untilMs } = comparison
      const text = percent === 0 ? words.same(other) : words.compared(formats.percent(Math.abs(percent) / 100), percent > 0, other)
      return untilMs === null ? text : words.until(text, pointOf(untilMs, unit))
    }
  }
}

/** Small amounts have a digit more. */
function moneyIn(locale: string): Labels['money'] {
  const made = new Map<string, Intl.NumberFormat>()
  return (text, currency) => {
    const value = Number(text)
    const digits = value !== 0 && Math.abs(value) < smallMoney ? 3 : 2
    const format =
      made.get(currency + digits) ?? new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: digits })
    made.set(currency + digits, format)
    return format.format(value).replace('-', '\u2212')
  }
}

/** As ISO 8601 counts them: the week belongs to the year that its Thursday is in. */
export function weekNumber(calendar: Calendar, fromMs: number): number {
  const thursday = new Date(calendar.wallMsAt(fromMs) + 3 * 86_400_000)
  const firstMs = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return Math.floor((thursday.getTime() - firstMs) / (7 * 86_400_000)) + 1
}
