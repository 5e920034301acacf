/** The answer to `GET /api/cost`. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { answerCost, type CostQuestion } from '../../src/cost/answer.ts'
import { Prices } from '../../src/cost/prices.ts'
import { quartersOf } from '../fixtures/cost/energies.ts'
import { changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

const at = (text: string): number => Date.parse(text)
const prices = new Prices(
  tariffOf(changed('2026-01-01', economy7, { standingPerDay: '0.5', vatPercent: '10', exportPerKWh: '0.1' })),
  new Calendar('Europe/London')
)
/** It is Wednesday, 11:00 in London. */
const question: CostQuestion = {
  ...{ sensor: '0', zone: 'Europe/London', nowMs: at('2026-06-10T10:00Z'), watts: 2_000, sinceMs: at('2020-01-01T00:00Z') }
}
const kilowatt = quartersOf(() => 1_000)

t.test('all bills of one pass', async t => {
  let asked = 0
  const answer = answerCost(question, prices, (fromMs, toMs) => {
    asked++
    return kilowatt(fromMs, toMs)
  })
  t.equal(asked, 1)
  t.match(answer, { sensor: '0', zone: 'Europe/London', nowMs: question.nowMs, tariff: prices.tariff })
  t.strictSame(answer.now, { costPerHour: '0.66', band: 'Day', pricePerKWh: '0.33', exportPerKWh: '0.1', untilMs: at('2026-06-10T23:30Z') })
  const days = (count: number): string => String(Math.round(count * 6.3 * 1.1 * 1e6) / 1e6)
  // A whole day: 7 h × 0.10 + 17 h × 0.30 + 0.50 = 6.3; today so far: 7 h × 0.10 + 4 h × 0.30 + 0.50 = 2.4; both with VAT of 10 %.
  const today = 2.4 * 1.1
  const so = (whole: number): string => String(Math.round((whole * 6.3 * 1.1 + today) * 1e6) / 1e6)
  t.match(answer.today, { fromMs: at('2026-06-09T23:00Z'), toMs: question.nowMs, total: '2.64', importedWh: 11_000, unknownSeconds: 0 })
  t.match(answer.week, { fromMs: at('2026-06-07T23:00Z'), total: so(2) })
  t.match(answer.month, { fromMs: at('2026-05-31T23:00Z'), total: so(9) })
  // 160 days before today, of which one was short of a cheap hour.
  t.match(answer.year, { fromMs: at('2026-01-01T00:00Z'), total: String(Math.round((160 * 6.3 * 1.1 - 0.11 + today) * 1e6) / 1e6) })
  t.match(answer.before, {
    day: { fromMs: at('2026-06-08T23:00Z'), toMs: at('2026-06-09T23:00Z'), total: days(1) },
    week: { fromMs: at('2026-05-31T23:00Z'), toMs: at('2026-06-07T23:00Z'), total: days(7) },
    month: { fromMs: at('2026-04-30T23:00Z'), toMs: at('2026-05-31T23:00Z'), total: days(31) }
  })
  // 29 days, today so far, and 13 of 24 hours of a day's energy: 29 × 6.93 + 2.64 + 13 / 24 × 5.8 × 1.1.
  t.strictSame(answer.forecast, { month: '207.065833', low: '207.065833', high: '207.065833', days: 28 })
})

t.test('in January the weeks and the month before are of the year before', async t => {
  const answer = answerCost({ ...question, nowMs: at('2027-01-01T10:00Z') }, prices, kilowatt)
  t.match(answer.year, { fromMs: at('2027-01-01T00:00Z') })
  t.match(answer.before, {
    week: { fromMs: at('2026-12-21T00:00Z'), unknownSeconds: 0 },
    month: { fromMs: at('2026-12-01T00:00Z'), unknownSeconds: 0 }
  })
})

t.test('a meter that is new has no bills of the time before', async t => {
  const answer = answerCost({ ...question, watts: null, sinceMs: at('2026-06-09T10:00Z') }, prices, (fromMs, toMs) =>
    kilowatt(Math.max(fromMs, at('2026-06-09T10:00Z')), toMs)
  )
  t.equal(answer.now?.costPerHour, null, 'and one that says nothing costs nobody knows what')
  t.match(answer.year, { fromMs: at('2026-06-08T23:00Z'), unknownSeconds: 11 * 3_600, standing: '1' })
  t.match(answer.before?.day, { fromMs: at('2026-06-08T23:00Z'), unknownSeconds: 11 * 3_600 })
  t.match(answer.before?.week, { fromMs: at('2026-05-31T23:00Z'), unknownSeconds: 7 * 86_400, bands: [], total: '0' })
  t.equal(answer.forecast, null)
})

t.test('without a reading, and without a tariff', async t => {
  const none = answerCost({ ...question, sinceMs: null }, prices, () => [])
  t.match(none.today, { unknownSeconds: 11 * 3_600, importedWh: 0 })
  t.strictSame(answerCost(question, undefined, kilowatt), {
    ...{ sensor: '0', zone: 'Europe/London', nowMs: question.nowMs },
    ...{ tariff: null, now: null, today: null, week: null, month: null, year: null, before: null, forecast: null }
  })
})
