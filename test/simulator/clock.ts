/** The meter's clock. */
import t from 'tap'
import { hourMs, MeterClock } from '../../src/simulator/clock.ts'

const noonMs = Date.UTC(2026, 2, 3, 12)

t.test('it shows the time of day, so far ahead of the host', async t => {
  t.strictSame(new MeterClock(0, 0).parts(noonMs), ['12', '00', '00'])
  t.strictSame(new MeterClock(-13 * hourMs + 61_000, 0).parts(noonMs + 999), ['23', '01', '01'])
  t.strictSame(new MeterClock(0, 0).parts(-1000), ['23', '59', '59'], 'before 1970, too')
})

t.test('it tells the hour and when the next one strikes', async t => {
  const clock = new MeterClock(30 * 60_000, 4)
  t.equal(clock.hour(noonMs), 12)
  t.equal(clock.nextHourMs(noonMs), noonMs + hourMs / 2)
  t.equal(clock.nextHourMs(noonMs + hourMs / 2), noonMs + 1.5 * hourMs, 'after this one, not now')
})

t.test('it is set, it stops, and it counts midnights', async t => {
  const clock = new MeterClock(0, 4)
  clock.set(-90_000)
  t.equal(clock.aheadMs, -90_000)
  t.strictSame(clock.parts(noonMs), ['11', '58', '30'])
  clock.stop(noonMs)
  t.strictSame(clock.parts(noonMs + 20_000), ['11', '58', '30'])
  clock.go()
  t.strictSame(clock.parts(noonMs + 20_000), ['11', '58', '50'])
  clock.countMidnight()
  t.equal(clock.midnights, 5)
})
