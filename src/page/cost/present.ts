/** What of the daemon's answer is to be seen. Pure. */
import type { Bill, CostAnswer } from '../../api.ts'

export const periods = ['day', 'week', 'month', 'year'] as const
export type Period = (typeof periods)[number]

/** A band's part of the bar. */
export interface Part {
  readonly name: string
  /** Of all energy, 0 to 1. */
  readonly share: number
  /** 0 is the cheapest of the prices, 1 the dearest. */
  readonly dearness: number
}

/** The bill of a period, so far. */
export function billOf(answer: CostAnswer, period: Period): Bill | null {
  return { day: answer.today, week: answer.week, month: answer.month, year: answer.year }[period]
}

/** The bill of the one before it, in full; none of the year. */
export function billBefore(answer: CostAnswer, period: Period): Bill | null {
  return period === 'year' ? null : (answer.before?.[period] ?? null)
}

/** Whether the bill begins after its period did, since nothing was heard before. */
export function beginsLate(answer: CostAnswer, period: Period): boolean {
  const [bill, before] = [billOf(answer, period), billBefore(answer, period)]
  if (!bill) return false
  if (before) return bill.fromMs > before.toMs
  const date = new Intl.DateTimeFormat('en-US', { timeZone: answer.zone, day: 'numeric', month: 'numeric' })
  return date.format(bill.fromMs) !== '1/1'
}

/** Whether nothing at all is known of the time. */
export function isUnknown({ fromMs, toMs, unknownSeconds }: Bill): boolean {
  return unknownSeconds >= Math.floor((toMs - fromMs) / 1_000)
}

/** For how long nothing is known, if that is worth a word: a minute here or there is not. */
export function unknownOf({
  unknownSeconds
}: Bill): { readonly days: number; readonly hours: number; readonly minutes: number } | undefined {
  const minutes = Math.round(unknownSeconds / 60)
  if (minutes < 5) return undefined
  if (minutes < 60) return { days: 0, hours: 0, minutes }
  const hours = Math.round(minutes / 60)
  return { days: Math.floor(hours / 24), hours: hours % 24, minutes: 0 }
}

/** The bill's bands, those without energy left out. */
export function partsOf({ bands }: Bill): readonly Part[] {
  const whole = bands.reduce((sum, { energyWh }) => sum + energyWh, 0)
  const prices = [...new Set(bands.map(({ pricePerKWh }) => Number(pricePerKWh)))].sort((a, b) => a - b)
  return bands
    .filter(({ energyWh }) => energyWh > 0)
    .map(({ name, energyWh, pricePerKWh }) => ({
      ...{ name, share: energyWh / whole },
      dearness: prices.length === 1 ? 0 : prices.indexOf(Number(pricePerKWh)) / (prices.length - 1)
    }))
}

/** What an hour of so many watts costs now; negative while it earns. */
export function perHour({ now }: CostAnswer, watts: number): number | undefined {
  return now ? (watts / 1_000) * Number(watts < 0 ? now.exportPerKWh : now.pricePerKWh) : undefined
}

/** Whether the price stays for the time that one cares for. */
export function isLasting({ now, nowMs }: CostAnswer): boolean {
  return now === null || now.untilMs - nowMs > 7 * 86_400_000
}

/** Where on a line from 0 or less to the highest that is thought of the month stands so far, and where it may end. */
export function gaugeOf({
  month,
  forecast
}: CostAnswer): { readonly soFar: number; readonly low: number; readonly high: number } | undefined {
  if (!month || !forecast) return undefined
  const [soFar, low, high] = [month.total, forecast.low, forecast.high].map(Number) as [number, number, number]
  const [least, most] = [Math.min(0, soFar, low), Math.max(soFar, high)]
  if (most <= least) return undefined
  const place = (value: number): number => (value - least) / (most - least)
  return { soFar: place(soFar), low: place(low), high: place(high) }
}
