/** Past days, remembered: the same as reckoned anew, and read once. */
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { tallyDays } from '../../src/cost/bill.ts'
import { Prices } from '../../src/cost/prices.ts'
import { Tallies, type TallyQuestion } from '../../src/cost/tallies.ts'
import { limits } from '../../src/limits.ts'
import { quartersOf } from '../fixtures/cost/energies.ts'
import { changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]
const pricesOf = (): Prices => new Prices(tariffOf(changed('2026-01-01', economy7)), new Calendar('Europe/London'))
const prices = pricesOf()
/** Clocks are changed in the middle. */
const question: TallyQuestion = {
  ...{ sensor: '0', prices, rewrites: 0 },
  fromMs: Date.parse('2026-03-10T05:00Z'),
  toMs: Date.parse('2026-04-10T12:00Z')
}

/** Asks, and tells in how many steps and how many days were read. */
function asking(): (more?: Partial<TallyQuestion>) => { steps: number; readDays: number } {
  const tallies = new Tallies()
  return more => {
    const asked = { ...question, ...more }
    let [steps, readMs] = [0, 0]
    const read = (fromMs: number, toMs: number): ReturnType<ReturnType<typeof quartersOf>> => {
      readMs += toMs - fromMs
      return quartersOf(() => 1_000)(fromMs, toMs)
    }
    const generator = tallies.days(asked, read)
    let step = generator.next()
    for (; !step.done; step = generator.next()) steps++
    t.strictSame(
      step.value,
      tallyDays(
        asked.prices,
        asked.fromMs,
        asked.toMs,
        quartersOf(() => 1_000)
      ),
      'as if nothing were remembered'
    )
    return { steps, readDays: Math.round(readMs / dayMs) }
  }
}

t.test('a month is read in steps, and once', async t => {
  const ask = asking()
  t.strictSame(ask(), { steps: 4, readDays: 32 })
  t.strictSame(ask(), { steps: 0, readDays: 1 }, 'today only')
  const midnightMs = Date.parse('2026-04-10T23:00Z')
  t.strictSame(ask({ toMs: midnightMs + hourMs / 2 }), { steps: 0, readDays: 1 }, 'a day is over when the last reading of it came')
  t.strictSame(ask({ toMs: midnightMs + 2 * hourMs }), { steps: 1, readDays: 1 })
  t.strictSame(ask(), { steps: 0, readDays: 1 }, 'the clock was set back')
})

t.test('it is read anew when it may be something else', async t => {
  const ask = asking()
  ask()
  t.equal(ask({ rewrites: 1 }).steps, 4, 'something was put into the past')
  t.equal(ask({ rewrites: 1, fromMs: question.fromMs + dayMs }).steps, 4, 'other days')
  t.equal(ask({ prices: pricesOf() }).steps, 4, 'another tariff')
  t.equal(ask({ fromMs: question.toMs - hourMs }).steps, 0, 'there is no past yet')
})

t.test('what is played back of a recording comes later than its days', async t => {
  const tallies = new Tallies()
  for (const played of ['2026-03-01T00:00Z', '2026-03-20T10:00Z', '2026-03-25T00:00Z', '2026-04-10T12:00Z']) {
    const read = quartersOf(atMs => (atMs < Date.parse(played) ? 1_000 : null))
    const generator = tallies.days(question, read)
    let step = generator.next()
    while (!step.done) step = generator.next()
    t.strictSame(step.value, tallyDays(prices, question.fromMs, question.toMs, read), played)
  }
})

t.test('of so many sensors, those that were asked for last', async t => {
  const ask = asking()
  for (let sensor = 0; sensor < limits.tallySensorsMax; sensor++) ask({ sensor: String(sensor) })
  t.equal(ask({ sensor: '0' }).steps, 0)
  t.equal(ask({ sensor: 'one more' }).steps, 4)
  t.equal(ask({ sensor: '0' }).steps, 0)
  t.equal(ask({ sensor: '1' }).steps, 4)
})

t.test('two who ask at once', async t => {
  const tallies = new Tallies()
  const read = quartersOf(() => 1_000)
  const both = [tallies.days(question, read), tallies.days(question, read)] as const
  const done: unknown[] = []
  while (done.length < 2)
    for (const each of both) {
      const step = each.next()
      if (step.done && step.value) done.push(step.value)
    }
  const days = tallyDays(prices, question.fromMs, question.toMs, read)
  t.strictSame(done, [days, days])
})
