/** What this month will come to: what is known of it, and for the rest what days like those of the last four weeks cost. */
import type { CostAnswer, Money } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { amountOf, type Day, tallyDays, withVat } from './bill.ts'
import { amountNear, approximate, moneyText } from './money.ts'
import type { ReadEnergies } from './pieces.ts'
import type { Prices, Rates } from './prices.ts'

export type Forecast = NonNullable<CostAnswer['forecast']>

/** How far back days are looked at, beside those of this month. */
export const sampleDays = 28
const dayMs = 86_400_000
/** Fewer days tell nothing. */
const samplesMin = 3
/** A day tells something when so much of it is known. */
const knownShareMin = 0.9
/** A day is like the one before it (cold, a holiday), so that three of them tell no more than one that stands alone. */
const alikeDays = 3
/** The range holds four months out of five. */
const rangeDeviations = 1.28

/** What the energy of a whole day came to. */
interface Sample {
  readonly weekday: number
  readonly cost: number
}

/** What days of a month will cost that are not known. */
interface Expected {
  readonly samples: readonly Sample[]
  readonly mean: number
  readonly lowest: number
  readonly highest: number
  readonly deviation: number
}

/**
 * Estimates the bill of the month of `nowMs`. Past energy is taken at the prices of the days to come. Of time in this month of which
 * nothing is known, the days before the first reading included, the same is thought as of time to come: this is what the supplier will
 * ask for, not what was measured.
 * @param days the days so far, from the month's first or `sampleDays` ago on, whichever is earlier
 * @returns null when too few days are known
 */
export function forecastMonth(prices: Prices, days: readonly Day[], nowMs: number, readEnergies: ReadEnergies): Forecast | null {
  const { calendar } = prices
  const [startMs, endMs] = [calendar.startOf('month', nowMs), calendar.nextStart('month', nowMs)]
  const todayMs = calendar.startOf('day', nowMs)
  const samplesFromMs = calendar.startOf('day', Math.min(startMs, nowMs - sampleDays * dayMs))
  const past = days.filter(day => day.startMs >= samplesFromMs && day.startMs < todayMs)
  const [first] = past
  if (first === undefined) return null
  const pastAt = (rates: Rates): readonly Day[] =>
    past.every(day => day.rates === rates) ? past : tallyDays(prices, first.startMs, todayMs, readEnergies, rates)
  const byDay = new Map(days.map(day => [day.startMs, day]))
  const month = tallyDays(prices, startMs, endMs, () => []).map(empty => byDay.get(empty.startMs) ?? empty)
  const byRates = new Map([...new Set(month.map(({ rates }) => rates))].map(rates => [rates, expectedOf(pastAt(rates), calendar)]))
  let [estimate, lowest, highest, unknownDays, variance, samples] = [0, 0, 0, 0, 0, 0]
  for (const day of month) {
    const expected = byRates.get(day.rates) as Expected
    const share = 1 - knownShareOf(day)
    estimate += share * costLike(calendar.wallAt(day.startMs).weekday, expected)
    lowest += share * expected.lowest
    highest += share * expected.highest
    unknownDays += share
    samples = expected.samples.length
    variance = expected.deviation ** 2 * alikeDays * (unknownDays + unknownDays ** 2 / samples)
  }
  if (samples < samplesMin) return null
  const known = amountOf(month)
  const spread = rangeDeviations * Math.sqrt(variance)
  // No day is thought to be cheaper than the cheapest that is known, nor dearer than the dearest.
  const withRest = (cost: number): Money => moneyText(known + amountNear(cost))
  return {
    month: withRest(estimate),
    low: withRest(Math.max(lowest, estimate - spread)),
    high: withRest(Math.min(highest, estimate + spread)),
    days: samples
  }
}

function expectedOf(days: readonly Day[], calendar: Calendar): Expected {
  const samples = days
    .filter(day => knownShareOf(day) >= knownShareMin)
    .map(day => ({ weekday: calendar.wallAt(day.startMs).weekday, cost: energyCostOf(day) / knownShareOf(day) }))
  const costs = samples.map(({ cost }) => cost)
  const mean = meanOf(samples)
  const squares = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0)
  return { samples, mean, lowest: Math.min(...costs), highest: Math.max(...costs), deviation: Math.sqrt(squares / (costs.length - 1)) }
}

/** A day of the week is like the same days of other weeks; if only one is known, like any day. */
function costLike(weekday: number, { samples, mean }: Expected): number {
  const same = samples.filter(sample => sample.weekday === weekday)
  return same.length > 1 ? meanOf(same) : mean
}

function meanOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { cost }) => sum + cost, 0) / samples.length
}

function energyCostOf(day: Day): number {
  return approximate(amountOf([day]) - withVat(day.rates.standingPerDay, day.rates))
}

function knownShareOf({ startMs, endMs, knownSeconds }: Day): number {
  return Math.min(1, (1_000 * knownSeconds) / (endMs - startMs))
}
