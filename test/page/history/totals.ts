/** What a period comes to, and how it compares with the one before. */
import t from 'tap'
import { Calendar } from '../../../src/calendar.ts'
import { type Period, periodAfter, periodAt } from '../../../src/page/history/periods.ts'
import type { Span } from '../../../src/page/history/spans.ts'
import { compare, isFedIn, totalsOf, unknownIn } from '../../../src/page/history/totals.ts'

const utc = new Calendar('UTC')
const hourMs = 3_600_000
const nowMs = Date.UTC(2026, 10, 19, 14, 20)

/** Hours of a period: their watts, or null. */
function hoursOf({ fromMs, toMs }: Period, wattsAt: (hour: number) => number | null, stepMs = hourMs): readonly Span[] {
  return Array.from({ length: (toMs - fromMs) / stepMs }, (_, index) => {
    const startMs = fromMs + index * stepMs
    const watts = startMs >= nowMs ? null : wattsAt(index)
    const energyWh = watts === null ? null : (watts * stepMs) / hourMs
    return {
      ...{ fromMs: startMs, toMs: startMs + stepMs, energyWh, exportedWh: Math.max(0, -(energyWh ?? 0)), movedWh: Math.abs(energyWh ?? 0) },
      ...{ backfilledWh: 0, knownSeconds: watts === null ? 0 : stepMs / 1_000, meanWatts: watts, minWatts: watts, maxWatts: watts },
      ...{ celsius: null, cost: null }
    }
  })
}

const week = periodAt(utc, 'week', nowMs)
const lastWeek = periodAfter(utc, week, -1)

t.test('peak, base load, and how much is known', async t => {
  const day = periodAt(utc, 'day', nowMs)
  const minutes = hoursOf(day, minute => (minute === 800 ? 3000 : minute < 60 ? 100 : minute < 70 ? null : 400), 60_000)
  const totals = totalsOf(utc, minutes, day, day.fromMs, nowMs)
  t.match(totals.peak, { watts: 3000, fromMs: day.fromMs + 800 * 60_000 })
  t.equal(totals.baseWatts, 100)
  t.equal(totals.elapsedSeconds - totals.knownSeconds, 600)
  t.equal(totalsOf(utc, [], day, null, nowMs).importedWh, null)
  t.match(totalsOf(utc, [], day, null, nowMs), { peak: null, baseWatts: null, elapsedSeconds: 0 })
  t.equal(
    totalsOf(
      utc,
      hoursOf(week, hour => 100 + (hour % 3)),
      week,
      0,
      nowMs
    ).baseWatts,
    101,
    'of hours the middle of the lowest readings'
  )
  t.strictSame(
    unknownIn(minutes, day.fromMs, nowMs),
    [{ fromMs: day.fromMs + 3_600_000, toMs: day.fromMs + 4_200_000 }],
    'one stretch, and nothing of the future'
  )
  t.strictSame(unknownIn(minutes, day.fromMs + 4_200_000, nowMs), [], 'nothing was missed before the first reading')
  t.equal(unknownIn(minutes, day.fromMs, nowMs + 30_000).length, 1, 'nor in the minute that runs')
  t.equal(unknownIn(minutes, day.fromMs, nowMs + 60_000).length, 2, 'until it is over')
})

t.test('like is compared with like', async t => {
  const before = { period: lastWeek, spans: hoursOf(lastWeek, hour => (hour < 86 ? 1000 : 9000)) }
  const is = (watts: (hour: number) => number | null) => compare(utc, { period: week, spans: hoursOf(week, watts) }, before, nowMs)
  t.strictSame(
    is(() => 880),
    { kind: 'known', percent: -12, untilMs: Date.UTC(2026, 10, 19, 14) },
    'until the last whole hour'
  )
  t.strictSame(
    is(hour => (hour % 4 === 0 ? null : 880)),
    { kind: 'unknown' },
    'of this week too little is known'
  )
  const whole = compare(
    utc,
    { period: lastWeek, spans: hoursOf(lastWeek, () => 1000) },
    { period: lastWeek, spans: hoursOf(lastWeek, () => 500) },
    nowMs
  )
  t.strictSame(whole, { kind: 'known', percent: 100, untilMs: null }, 'a week that is over')
  t.strictSame(
    compare(utc, { period: week, spans: hoursOf(week, () => 1) }, { period: lastWeek, spans: hoursOf(lastWeek, () => 0) }, nowMs),
    { kind: 'unknown' }
  )
  const sun = compare(
    utc,
    { period: week, spans: hoursOf(week, () => -300) },
    { period: lastWeek, spans: hoursOf(lastWeek, () => -200) },
    nowMs
  )
  t.match(sun, { kind: 'known', percent: 50 }, 'solar cells by what they feed in')
  t.ok(isFedIn({ importedWh: 1, exportedWh: 11 }))
  t.notOk(isFedIn({ importedWh: 100, exportedWh: 900 }))
})
