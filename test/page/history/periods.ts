/** Days, weeks, months and years in the daemon's zone, and how two of them lie beside each other. */
import t from 'tap'
import { Calendar } from '../../../src/calendar.ts'
import { boundsOf, likeInstant, periodAfter, periodAt, slicesOf, unitBeside } from '../../../src/page/history/periods.ts'

const london = new Calendar('Europe/London')
const hourMs = 3_600_000
const at = (text: string) => Date.parse(text)

t.test('a day is the user’s, whatever it has of hours', async t => {
  const lengthOf = (text: string) => {
    const { fromMs, toMs } = periodAt(london, 'day', at(text))
    return (toMs - fromMs) / hourMs
  }
  t.strictSame(
    ['2026-03-28T12:00Z', '2026-03-29T12:00Z', '2026-10-25T12:00Z', '2026-10-25T23:30Z'].map(lengthOf),
    [24, 23, 25, 25],
    'ordinary, clocks forward, clocks back, its last hour'
  )
})

t.test('one leafs both ways and comes back', async t => {
  for (const unit of ['day', 'week', 'month', 'year'] as const) {
    const period = periodAt(london, unit, at('2026-03-29T12:00Z'))
    t.equal(periodAfter(london, period, 1).fromMs, period.toMs, `${unit}: the next begins where this one ends`)
    t.equal(periodAfter(london, period, -1).toMs, period.fromMs, `${unit}: and the one before ends where it begins`)
    t.strictSame(periodAfter(london, periodAfter(london, period, 3), -3), period, `${unit}: three on and three back`)
  }
  t.strictSame(
    [unitBeside('day', true), unitBeside('week', false), unitBeside('day', false), unitBeside('year', true)],
    ['week', 'day', undefined, undefined]
  )
})

t.test('parts', async t => {
  const october = periodAt(london, 'month', at('2026-10-10T12:00Z'))
  const days = boundsOf(london, october, 'day')
  t.equal(days.length, 32)
  t.equal((days[25] as number) - (days[24] as number), 25 * hourMs, 'the 25th has 25 hours')
  t.strictSame(slicesOf({ fromMs: 0, toMs: 25 }, 10), [0, 10, 20, 25], 'the last slice may be shorter')
})

t.test('the same point of another period', async t => {
  const table: [unit: 'day' | 'week' | 'month' | 'year', text: string, like: string][] = [
    ['day', '2026-03-29T13:00Z', '2026-03-28T14:00Z'], // 14:00 by the clock on both
    ['week', '2026-11-19T14:00Z', '2026-11-12T14:00Z'],
    ['month', '2026-11-22T15:00Z', '2026-10-22T14:00Z'],
    ['month', '2026-03-31T12:00Z', '2026-03-01T00:00Z'], // February is over by then
    ['year', '2024-11-22T00:00Z', '2023-11-22T00:00Z'] // a leap year
  ]
  for (const [unit, text, like] of table) {
    const period = periodAt(london, unit, at(text))
    const before = periodAfter(london, period, -1)
    t.equal(new Date(likeInstant(london, at(text), period, before)).toISOString(), new Date(at(like)).toISOString(), `${unit} ${text}`)
    t.equal(likeInstant(london, period.toMs, period, before), before.toMs, 'an end is like an end')
  }
})
