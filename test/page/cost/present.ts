/** What is to be seen of the daemon's answer. */
import t from 'tap'
import type { Bill, CostAnswer } from '../../../src/api.ts'
import {
  beginsLate,
  billBefore,
  billOf,
  gaugeOf,
  isLasting,
  isUnknown,
  partsOf,
  perHour,
  unknownOf
} from '../../../src/page/cost/present.ts'
import { always, changed, tariffOf } from '../../fixtures/cost/tariffs.ts'

const at = (text: string): number => Date.parse(text)
const bill = (from: string, to: string, rest: Partial<Bill> = {}): Bill => ({
  ...{ fromMs: at(from), toMs: at(to), importedWh: 0, exportedWh: 0, unknownSeconds: 0, bands: [] },
  ...{ standing: '0', earned: '0', vat: '0', total: '0' },
  ...rest
})
const answer: CostAnswer = {
  ...{
    sensor: '0',
    zone: 'Europe/London',
    nowMs: at('2026-06-10T10:00Z'),
    tariff: tariffOf(changed('2026-01-01', [always('Flat', '0.2')]))
  },
  now: { costPerHour: '0.42', band: 'Flat', pricePerKWh: '0.21', exportPerKWh: '0.1', untilMs: at('2026-06-18T10:00Z') },
  today: bill('2026-06-09T23:00Z', '2026-06-10T10:00Z'),
  week: bill('2026-06-07T23:00Z', '2026-06-10T10:00Z'),
  month: bill('2026-05-31T23:00Z', '2026-06-10T10:00Z', { total: '40' }),
  year: bill('2026-01-01T00:00Z', '2026-06-10T10:00Z'),
  before: {
    day: bill('2026-06-08T23:00Z', '2026-06-09T23:00Z'),
    week: bill('2026-05-31T23:00Z', '2026-06-07T23:00Z'),
    month: bill('2026-04-30T23:00Z', '2026-05-31T23:00Z')
  },
  forecast: { month: '90', low: '80', high: '100', days: 28 }
}

t.test('the bills of a period', async t => {
  t.equal(billOf(answer, 'week'), answer.week)
  t.equal(billBefore(answer, 'week'), answer.before?.week)
  t.equal(billBefore(answer, 'year'), null)
  t.equal(billBefore({ ...answer, before: null }, 'day'), null)
})

t.test('bills that begin after their period', async t => {
  for (const period of ['day', 'week', 'month', 'year'] as const) t.notOk(beginsLate(answer, period), period)
  const late = bill('2026-06-08T23:00Z', '2026-06-10T10:00Z')
  t.ok(beginsLate({ ...answer, week: late }, 'week'))
  t.ok(beginsLate({ ...answer, year: late }, 'year'))
  t.notOk(beginsLate({ ...answer, today: null }, 'day'))
})

t.test('what is not known', async t => {
  const day = (unknownSeconds: number): Bill => bill('2026-06-08T23:00Z', '2026-06-09T23:00Z', { unknownSeconds })
  t.ok(isUnknown(day(86_400)))
  t.notOk(isUnknown(day(86_000)))
  t.equal(unknownOf(day(240)), undefined, 'not worth a word')
  t.strictSame(unknownOf(day(300)), { days: 0, hours: 0, minutes: 5 })
  t.strictSame(unknownOf(day(3 * 3_600)), { days: 0, hours: 3, minutes: 0 })
  t.strictSame(unknownOf(day(50 * 3_600)), { days: 2, hours: 2, minutes: 0 })
})

t.test('the bar of bands', async t => {
  const band = (name: string, energyWh: number, pricePerKWh: string) => ({ name, energyWh, pricePerKWh, cost: '0' })
  const parts = (...bands: Bill['bands']) => partsOf(bill('2026-06-08T23:00Z', '2026-06-09T23:00Z', { bands }))
  t.strictSame(parts(band('Night', 250, '0.1'), band('Idle', 0, '0.9'), band('Day', 750, '0.3')), [
    { name: 'Night', share: 0.25, dearness: 0 },
    { name: 'Day', share: 0.75, dearness: 0.5 }
  ])
  t.strictSame(parts(band('Flat', 5, '0.1')), [{ name: 'Flat', share: 1, dearness: 0 }])
  t.strictSame(parts(band('Flat', 0, '0.1')), [])
})

t.test('this hour', async t => {
  t.equal(perHour(answer, 2_000), 0.42)
  t.equal(perHour(answer, -2_000), -0.2)
  t.equal(perHour({ ...answer, now: null }, 1), undefined)
  t.ok(isLasting(answer))
  t.ok(isLasting({ ...answer, now: null }))
  t.notOk(isLasting({ ...answer, nowMs: at('2026-06-12T10:00Z') }))
})

t.test('the line of the month', async t => {
  t.strictSame(gaugeOf(answer), { soFar: 0.4, low: 0.8, high: 1 })
  const forecast = { month: '-20', low: '-40', high: '10', days: 5 }
  t.strictSame(gaugeOf({ ...answer, forecast }), { soFar: 1, low: 0, high: 0.625 }, 'one that may earn')
  t.equal(gaugeOf({ ...answer, forecast: null }), undefined)
  t.equal(
    gaugeOf({ ...answer, month: bill('2026-05-31T23:00Z', '2026-06-10T10:00Z'), forecast: { ...forecast, low: '0', high: '0' } }),
    undefined
  )
})
