/** Money, dates and times of the Cost view: in the user's language, and by the clock of the house. Pure. */
import type { Money } from '../../api.ts'

export interface CostFormats {
  /** With the cents that the currency has, unless it comes to so much that they say nothing. */
  money(amount: Money | number, centsBelow?: number): string
  /** A price of a kWh, or of an hour: as fine as that is told. */
  price(amount: Money | number): string
  time(atMs: number): string
  /** The time, and the day unless it is today. */
  moment(atMs: number, nowMs: number): string
  date(atMs: number): string
  month(atMs: number): string
}

export function costFormats(locale: string, currency: string, zone: string): CostFormats {
  const moneys = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const digits = moneys.resolvedOptions().maximumFractionDigits ?? 2
  const prices = new Intl.NumberFormat(locale, {
    ...{ style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits + 2 }
  })
  const whole = new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: 0 })
  const of = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options })
  const [times, dates] = [of({ timeStyle: 'short' }), of({ day: 'numeric', month: 'short', year: 'numeric' })]
  const [days, months] = [of({ weekday: 'short' }), of({ month: 'long' })]
  const isSameDay = (a: number, b: number): boolean => dates.format(a) === dates.format(b)
  // Zero is told without a sign, and a sign as it is printed.
  const told = (format: Intl.NumberFormat, amount: Money | number): string => {
    const text = format.format(Number(amount))
    return text === format.format(-0) ? format.format(0) : text.replace('-', '\u2212')
  }
  return {
    money: (amount, centsBelow = Number.POSITIVE_INFINITY) => told(Math.abs(Number(amount)) < centsBelow ? moneys : whole, amount),
    price: amount => told(prices, amount),
    time: atMs => times.format(atMs),
    moment: (atMs, nowMs) => (isSameDay(atMs, nowMs) ? times.format(atMs) : `${days.format(atMs)} ${times.format(atMs)}`),
    date: atMs => dates.format(atMs),
    month: atMs => months.format(atMs)
  }
}
