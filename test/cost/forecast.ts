/** What a month will come to. */
import t from 'tap'
import type { TariffTold } from '../../src/api.ts'
import { Calendar } from '../../src/calendar.ts'
import { amountOf, tallyDays } from '../../src/cost/bill.ts'
import { type Forecast, forecastMonth, sampleDays } from '../../src/cost/forecast.ts'
import { approximate } from '../../src/cost/money.ts'
import { Prices } from '../../src/cost/prices.ts'
import { Random } from '../../src/simulator/random.ts'
import { type Load, quartersOf } from '../fixtures/cost/energies.ts'
import { always, changed, tariffOf } from '../fixtures/cost/tariffs.ts'

const calendar = new Calendar('Europe/London')
const dayMs = 86_400_000
const at = (text: string): number => Date.parse(text)
const flat = tariffOf(changed('2026-01-01', [always('Flat', '0.20')], { standingPerDay: '0.50', vatPercent: '5' }))

function forecast(tariff: TariffTold, now: string, load: Load, since = '2026-01-01T00:00Z'): Forecast | null {
  const prices = new Prices(tariff, calendar)
  const nowMs = at(now)
  const fromMs = Math.max(at(since), Math.min(calendar.startOf('month', nowMs), nowMs - sampleDays * dayMs))
  const read = quartersOf(atMs => (atMs < at(since) ? null : load(atMs)))
  return forecastMonth(prices, tallyDays(prices, fromMs, nowMs, read), nowMs, read)
}

t.test('a house that never changes', async t => {
  // 30 days × (24 kWh × 0.20 + 0.50) × 1.05 = 166.95
  const told = { month: '166.95', low: '166.95', high: '166.95', days: 28 }
  t.strictSame(
    forecast(flat, '2026-06-15T11:00Z', () => 1_000),
    told
  )
  t.strictSame(
    forecast(flat, '2026-06-30T22:59:59Z', () => 1_000),
    { ...told, days: 29 },
    'on the last day'
  )
  t.strictSame(
    forecast(flat, '2026-06-01T11:00Z', () => 1_000),
    told,
    'on the first day'
  )
})

t.test('days of the week are like themselves', async t => {
  const weekends: Load = atMs => (calendar.wallAt(atMs).weekday >= 6 ? 3_000 : 1_000)
  // June 2026 has 8 days of weekends: (8 × 72 kWh + 22 × 24 kWh) × 0.20 = 220.8; 30 × 0.50 = 15; with VAT 247.59
  t.match(forecast(flat, '2026-06-15T11:00Z', weekends), { month: '247.59' })
  const twoWeeks = forecast(flat, '2026-06-15T11:00Z', weekends, '2026-06-08T12:00Z')
  t.equal(twoWeeks?.days, 6, 'of each day of the week at most one: as any day')
})

t.test('what is not known is thought to be like what is', async t => {
  const hole: Load = atMs => (atMs > at('2026-06-03T05:00Z') && atMs < at('2026-06-05T15:00Z') ? null : 1_000)
  t.match(forecast(flat, '2026-06-15T11:00Z', hole), { month: '166.95', days: 25 })
  t.match(
    forecast(flat, '2026-06-15T11:00Z', () => 1_000, '2026-06-10T12:00Z'),
    { month: '166.95', days: 4 },
    'as are the days before the first reading; one that was half known is filled up'
  )
})

t.test('too few days tell nothing', async t => {
  const steady: Load = () => 1_000
  t.equal(forecast(flat, '2026-06-15T11:00Z', steady, '2026-06-15T00:00Z'), null)
  t.equal(forecast(flat, '2026-06-15T11:00Z', steady, '2026-06-13T00:00Z'), null)
  t.match(forecast(flat, '2026-06-15T11:00Z', steady, '2026-06-12T00:00Z'), { days: 3 })
})

t.test('days to come have the prices to come', async t => {
  const rising = tariffOf(
    changed('2026-01-01', [always('Flat', '0.20')]),
    changed('2026-06-21', [always('Flat', '0.30')], { standingPerDay: '1' })
  )
  // 20 × 24 × 0.20 = 96; 10 × (24 × 0.30 + 1) = 82
  t.match(
    forecast(rising, '2026-06-15T11:00Z', () => 1_000),
    { month: '178', low: '178', high: '178', days: 28 }
  )
})

t.test('the range holds what came in about four months of five, and is not wide without need', async t => {
  const random = new Random(1)
  /** Days that resemble the day before, as those of real houses do. */
  const makeHouse = (): readonly number[] => {
    let drift = 0
    return Array.from({ length: 61 }, () => {
      drift = 0.5 * drift + random.between([-300, 300])
      return 600 + drift
    })
  }
  const [beginMs, endMs] = [at('2026-04-30T23:00Z'), at('2026-06-30T23:00Z')]
  const prices = new Prices(flat, calendar)
  let [held, runs, width] = [0, 0, 0]
  const count = (watts: readonly number[]): void => {
    const load: Load = atMs => watts[Math.floor((atMs - beginMs) / dayMs)] as number
    const told = forecast(flat, '2026-06-10T11:00Z', load) as Forecast
    const came = approximate(amountOf(tallyDays(prices, at('2026-05-31T23:00Z'), endMs, quartersOf(load))))
    runs++
    if (came >= Number(told.low) && came <= Number(told.high)) held++
    width += (Number(told.high) - Number(told.low)) / came
  }
  for (let house = 0; house < 100; house++) count(makeHouse())
  t.comment(`${held} of ${runs}, mean width ${((100 * width) / runs).toFixed(1)} %`)
  t.ok(held / runs > 0.7 && width / runs < 0.4)
})
