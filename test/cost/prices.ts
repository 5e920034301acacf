/** Which price holds when, and until when. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { moneyText } from '../../src/cost/money.ts'
import { bandIn, Prices } from '../../src/cost/prices.ts'
import { always, band, changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

const london = new Calendar('Europe/London')
const at = (text: string): number => Date.parse(text)

const workdays = [1, 2, 3, 4, 5]
const prices = new Prices(
  tariffOf(
    changed('2026-01-01', economy7),
    changed('2026-06-01', [
      band('Party', '0.05', '22:00', '02:00', [7]),
      { ...always('Weekend', '0.15'), days: [6, 7] },
      band('Peak', '0.4', '16:00', '19:00', workdays),
      always('Else', '0.2')
    ]),
    changed('2026-12-01', [always('Flat', '0.25')])
  ),
  london
)

t.test('bands, and until when they hold', async t => {
  const rows: readonly (readonly [at: string, band: string, until: string, why: string])[] = [
    ['2025-07-01T11:00Z', 'Day', '2025-07-01T23:30Z', 'the first change holds before it, too; over midnight in one'],
    ['2026-01-15T00:29:59Z', 'Day', '2026-01-15T00:30Z', 'to the second'],
    ['2026-01-15T00:30Z', 'Night', '2026-01-15T07:30Z', 'the edge is in the band that begins'],
    ['2026-03-29T00:45Z', 'Night', '2026-03-29T06:30Z', 'an hour less when clocks are put forward'],
    ['2026-10-25T00:45Z', 'Weekend', '2026-10-25T22:00Z', 'not ended when they are put back'],
    ['2026-05-31T20:00Z', 'Day', '2026-05-31T23:00Z', 'a price change ends it'],
    ['2026-05-31T23:00Z', 'Party', '2026-06-01T01:00Z', 'of the Sunday before, in the first hours of new prices'],
    ['2026-06-01T01:00Z', 'Else', '2026-06-01T15:00Z', ''],
    ['2026-06-01T15:00Z', 'Peak', '2026-06-01T18:00Z', ''],
    ['2026-06-05T20:00Z', 'Else', '2026-06-05T23:00Z', 'until the weekend'],
    ['2026-06-06T10:00Z', 'Weekend', '2026-06-07T21:00Z', 'two days, until the first band that fits is another'],
    ['2026-06-07T21:30Z', 'Party', '2026-06-08T01:00Z', 'over midnight into Monday'],
    ['2026-06-07T00:30Z', 'Weekend', '2026-06-07T21:00Z', 'Sunday morning is not of Sunday night'],
    ['2027-05-01T00:00Z', 'Flat', '2027-05-09T00:00Z', 'for ever is told as eight days']
  ]
  for (const [when, name, until, why] of rows) {
    const price = prices.priceAt(at(when))
    t.strictSame([price.band.name, new Date(price.untilMs).toISOString()], [name, new Date(at(until)).toISOString()], `${when} ${why}`)
  }
})

t.test('price changes begin with the user’s day', async t => {
  t.equal(moneyText(prices.priceAt(at('2026-11-30T23:59:59Z')).band.pricePerKWh), '0.2')
  t.equal(moneyText(prices.priceAt(at('2026-12-01T00:00Z')).band.pricePerKWh), '0.25')
  const apia = new Prices(
    tariffOf(changed('2011-12-29', [always('A', '1')]), changed('2011-12-30', [always('B', '2')])),
    new Calendar('Pacific/Apia')
  )
  t.equal(apia.priceAt(at('2011-12-30T09:59Z')).band.name, 'A')
  t.equal(apia.priceAt(at('2011-12-30T10:00Z')).band.name, 'B', 'a day that was not begins with the next')
})

t.test('each minute of a year has the band that a slow reading of the tariff has', async t => {
  const bands = [band('Night', '1', '23:15', '05:45', [2, 5, 7]), band('Lunch', '2', '12:00', '13:30'), always('Else', '3')]
  const calendar = new Calendar('America/New_York')
  const prices = new Prices(tariffOf(changed('2026-01-01', bands)), calendar)
  const slow = (atMs: number): number => {
    const { weekday, hour, minute } = calendar.wallAt(atMs)
    const clock = 60 * hour + minute
    if (clock >= 23 * 60 + 15 && [2, 5, 7].includes(weekday)) return 0
    if (clock < 5 * 60 + 45 && [3, 6, 1].includes(weekday)) return 0
    return clock >= 720 && clock < 810 ? 1 : 2
  }
  let wrong = 0
  for (let atMs = at('2026-01-01T05:00Z'); atMs < at('2027-01-01T05:00Z'); atMs += 5 * 60_000) {
    const { band, untilMs } = bandIn(prices.ratesAt(atMs), calendar, atMs)
    if (band !== slow(atMs) || slow(untilMs - 60_000) !== band) wrong++
  }
  t.equal(wrong, 0)
})
