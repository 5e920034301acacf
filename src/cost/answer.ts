/** The answer to `GET /api/cost`: the user's days of this year and before are added up once, and all bills are made of them. */
import type { Bill, CostAnswer } from '../api.ts'
import type { Unit } from '../calendar.ts'
import { billOf, costPerHour, type Day, tallyDays, withVat } from './bill.ts'
import { forecastMonth, sampleDays } from './forecast.ts'
import { moneyText } from './money.ts'
import type { ReadEnergies } from './pieces.ts'
import type { Prices } from './prices.ts'

/** What is asked for, and what is known at this instant. */
export interface CostQuestion {
  readonly sensor: string
  readonly zone: string
  readonly nowMs: number
  /** What the sensor says; null when that is old. */
  readonly watts: number | null
  /** When it was heard first: no bill begins before that day. */
  readonly sinceMs: number | null
}

/** Where the days begin that an answer is made of. */
export function firstDayMs({ nowMs, sinceMs }: CostQuestion, { calendar }: Prices): number {
  const fromMs = Math.min(
    calendar.startOf('year', nowMs),
    calendar.previousStart('week', nowMs),
    calendar.previousStart('month', nowMs),
    calendar.startOf('day', nowMs - sampleDays * 86_400_000)
  )
  return Math.max(fromMs, sinceMs ?? nowMs)
}

/**
 * Answers with the energies that `readEnergies` has, which is asked once for all bills, and once more if prices changed lately.
 * @param prices undefined when no tariff is set @param tallied the days, where they are known already
 */
export function answerCost(
  question: CostQuestion,
  prices: Prices | undefined,
  readEnergies: ReadEnergies,
  tallied?: readonly Day[]
): CostAnswer {
  const { sensor, zone, nowMs, watts } = question
  if (prices === undefined)
    return { sensor, zone, nowMs, tariff: null, now: null, today: null, week: null, month: null, year: null, before: null, forecast: null }
  const { calendar, tariff } = prices
  const start = (unit: Unit): number => calendar.startOf(unit, nowMs)
  const previous = (unit: Unit): number => calendar.previousStart(unit, nowMs)
  const days = tallied ?? tallyDays(prices, firstDayMs(question, prices), nowMs, readEnergies)
  const bill = (startMs: number, endMs: number): Bill =>
    billOf(
      days.filter(day => day.startMs >= startMs && day.startMs < endMs),
      startMs,
      endMs
    )
  const price = prices.priceAt(nowMs)
  return {
    ...{ sensor, zone, nowMs, tariff },
    now: {
      costPerHour: watts === null ? null : costPerHour(prices, nowMs, watts),
      band: price.band.name,
      pricePerKWh: moneyText(withVat(price.band.pricePerKWh, price.rates)),
      exportPerKWh: moneyText(price.rates.exportPerKWh),
      untilMs: price.untilMs
    },
    today: bill(start('day'), nowMs),
    week: bill(start('week'), nowMs),
    month: bill(start('month'), nowMs),
    year: bill(start('year'), nowMs),
    before: {
      day: bill(previous('day'), start('day')),
      week: bill(previous('week'), start('week')),
      month: bill(previous('month'), start('month'))
    },
    forecast: forecastMonth(prices, days, nowMs, readEnergies)
  }
}
