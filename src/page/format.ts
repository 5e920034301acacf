/** Numbers, ages and temperatures as people read them. Pure. */

import type { Strings } from './strings.ts'

interface Quantity {
  readonly number: string
  readonly unit: string
}

export interface Formats {
  power(watts: number): Quantity
  /** Number and unit as one text. */
  powerText(watts: number): string
  /** As short as a scale wants it: 500 W, 1.5 kW. */
  scale(watts: number): string
  temperature(celsius: number): string
  age(ageMs: number): string
  /** Seconds or minutes. */
  span(ms: number): string
  /** The time of day. */
  clock(atMs: number): string
  /** The day, or on the same day the time of it. */
  since(atMs: number, nowMs: number): string
  /** The day and the time of it, or on the same day the time alone. */
  moment(atMs: number, nowMs: number): string
  /** The day, with its year. */
  day(atMs: number): string
  /** Such as `12 %` for 0.12. */
  percent(share: number): string
  /** An amount in a currency such as `GBP`; small ones have a digit more. */
  money(amount: number, currency: string): string
  /** What a counter shows. */
  units(value: number): string
  /** What was used: as many digits as one cares for. */
  energy(value: number, unit: string): string
}

const minus = '\u2212'
/** Holds a number and its unit together. */
const narrowSpace = '\u202f'
/** Less than this, in a currency's main unit, is told to a tenth of its cent. */
const smallMoney = 0.1
const justNowMs = 2_000
/** Within this a day needs no year. */
const yearShownMs = 300 * 86_400_000
const ageSteps = [
  { unit: 'second', ms: 1_000, below: 90_000 },
  { unit: 'minute', ms: 60_000, below: 90 * 60_000 },
  { unit: 'hour', ms: 3_600_000, below: 36 * 3_600_000 },
  { unit: 'day', ms: 86_400_000, below: Number.POSITIVE_INFINITY }
] as const

/** Formats for a browser's language, such as `en-US`, in the words of `strings`. */
export function formatsFor(language: string, strings: Strings): Formats {
  const decimals = [0, 1, 2].map(
    digits => new Intl.NumberFormat(language, { useGrouping: false, minimumFractionDigits: digits, maximumFractionDigits: digits })
  )
  const times = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' })
  const days = [{}, { year: 'numeric' } as const].map(
    year => new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', ...year })
  )
  const day = (atMs: number, withYear: boolean) => days[withYear ? 1 : 0]?.format(atMs) ?? ''
  const format = (value: number, digits: number) => {
    const text = decimals[digits]?.format(Math.abs(value)) ?? ''
    return Number(value.toFixed(digits)) < 0 ? minus + text : text
  }
  const percents = new Intl.NumberFormat(language, { style: 'percent' })
  const currencies = new Map<string, Intl.NumberFormat>()
  const money = (amount: number, currency: string) => {
    const small = Math.abs(amount) < smallMoney && amount !== 0
    const key = currency + small
    const made =
      currencies.get(key) ??
      new Intl.NumberFormat(language, { style: 'currency', currency, ...(small ? { maximumFractionDigits: 3 } : {}) })
    currencies.set(key, made)
    return made.format(amount)
  }
  const power = (watts: number) => {
    if (Math.round(Math.abs(watts)) < 10_000) return { number: format(Math.round(watts), 0), unit: 'W' }
    return { number: format(watts / 1_000, Math.abs(watts) < 99_995 ? 2 : 1), unit: 'kW' }
  }
  return {
    power,
    powerText: watts => {
      const { number, unit } = power(watts)
      return number + narrowSpace + unit
    },
    scale: watts => {
      const [value, unit] = Math.abs(watts) < 1_000 ? [watts, 'W'] : [watts / 1_000, 'kW']
      return format(value, [0, 1].find(digits => Number.isInteger(value * 10 ** digits)) ?? 2) + narrowSpace + unit
    },
    temperature: celsius =>
      language === 'en-US' ? `${format(celsius * 1.8 + 32, 0)}${narrowSpace}°F` : `${format(celsius, 1)}${narrowSpace}°C`,
    age: ageMs => {
      if (ageMs < justNowMs) return strings.justNow
      const { unit, ms } = ageSteps.find(({ below }) => ageMs < below) ?? ageSteps[3]
      return strings.ago(Math.floor(ageMs / ms), unit)
    },
    span: ms => (ms < 60_000 ? strings.seconds(ms / 1_000) : strings.minutes(ms / 60_000)),
    clock: atMs => times.format(atMs),
    since: (atMs, nowMs) => (day(atMs, true) === day(nowMs, true) ? times.format(atMs) : day(atMs, nowMs - atMs > yearShownMs)),
    moment: (atMs, nowMs) => (day(atMs, true) === day(nowMs, true) ? '' : `${day(atMs, false)}, `) + times.format(atMs),
    day: atMs => day(atMs, true),
    percent: share => percents.format(share),
    money,
    units: value => format(value, value < 100 ? 2 : value < 10_000 ? 1 : 0),
    energy: (value, unit) => format(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0) + narrowSpace + unit
  }
}
