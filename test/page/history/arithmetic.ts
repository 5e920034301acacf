/** Windows, fingers and scales: the arithmetic of looking at a history. */
import fc from 'fast-check'
import t from 'tap'
import { Calendar } from '../../../src/calendar.ts'
import { besideAt, onBeyond, onWithin, toUnit, waysFrom, wholeAt } from '../../../src/page/history/leafing.ts'
import { clockTicks, drawnMsOf, everyOf, linesOf, scaleOf } from '../../../src/page/history/scale.ts'
import { readSettings, settingsText } from '../../../src/page/history/settings.ts'
import { courseOf, follow, swiped } from '../../../src/page/history/swipe.ts'
import { fineRangeOf, isWhole, pan, pinched, stepOf, windowLeastMs, zoom } from '../../../src/page/history/zoom.ts'

const hourMs = 3_600_000
const london = new Calendar('Europe/London')
const nowMs = Date.UTC(2026, 10, 22, 15, 37)
const today = wholeAt(london, 'day', nowMs)

t.test('a window never leaves its period', async t => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const factor = fc.double({ min: 0.01, max: 100, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(factor, share, fc.double({ min: -2, max: 2, noNaN: true })), { maxLength: 20 }), moves => {
      let window = today.window
      for (const [by, about, on] of moves) window = pan(zoom(window, by, about, today.period), on, today.period)
      const lengthMs = window.toMs - window.fromMs
      return window.fromMs >= today.period.fromMs && window.toMs <= today.period.toMs && lengthMs >= windowLeastMs - 1
    })
  )
  const window = zoom(today.window, 4, 0.5, today.period)
  t.equal(window.toMs - window.fromMs, 6 * hourMs)
  t.equal((window.fromMs + window.toMs) / 2, (today.period.fromMs + today.period.toMs) / 2, 'what is under the fingers stays there')
  t.ok(isWhole(zoom(window, 0.1, 0.5, today.period), today.period))
})

t.test('steps of 10 s are asked for where they are kept and worth it', async t => {
  const window = (agoMs: number, lengthMs: number) => ({ fromMs: nowMs - agoMs, toMs: nowMs - agoMs + lengthMs })
  t.strictSame(fineRangeOf(window(2.5 * hourMs, hourMs), nowMs), { fromMs: Date.UTC(2026, 10, 22, 13), toMs: Date.UTC(2026, 10, 22, 15) })
  t.equal(fineRangeOf(window(5 * hourMs, 4 * hourMs), nowMs), undefined, 'too wide')
  t.equal(fineRangeOf(window(48 * hourMs, hourMs), nowMs), undefined, 'too long ago')
  t.strictSame((['day', 'week', 'month', 'year'] as const).map(stepOf), ['1m', '1h', '1h', '1d'])
})

t.test('fingers', async t => {
  t.strictSame([courseOf(3, 4), courseOf(20, 5), courseOf(10, 30)], ['undecided', 'along', 'across'])
  t.strictSame([follow(100, true), follow(100, false)], [100, 25])
  t.strictSame([swiped(-120, 0, 360), swiped(120, 0, 360), swiped(60, 0, 360)], [1, -1, 0], 'far enough, or not')
  t.strictSame([swiped(-40, -1, 360), swiped(-40, 1, 360), swiped(-10, -1, 360)], [1, 0, 0], 'fast enough, and on its way')
  t.strictSame([pinched(2), pinched(0.5), pinched(1.1)], ['shorter', 'longer', undefined])
})

t.test('leafing', async t => {
  t.equal(onWithin(today, 1), undefined, 'a whole day has no more of itself')
  const morning = { ...today, window: { fromMs: today.period.fromMs, toMs: today.period.fromMs + 6 * hourMs } }
  t.equal(onWithin(morning, 1)?.window.fromMs, today.period.fromMs + 6 * hourMs)
  t.equal(onWithin(morning, -1), undefined)
  t.strictSame(onBeyond(london, morning, -1).window, { fromMs: today.period.fromMs - 6 * hourMs, toMs: today.period.fromMs })
  t.equal(onBeyond(london, today, 1).period.fromMs, today.period.toMs)
  const year = wholeAt(london, 'year', Date.UTC(2025, 5, 1)).period
  t.equal(toUnit(london, year, 'day', nowMs).period.toMs, year.toMs, 'of a year that is over its last day')
  t.equal(toUnit(london, wholeAt(london, 'year', nowMs).period, 'day', nowMs).period.fromMs, today.period.fromMs, 'of this year today')
  t.equal(toUnit(london, year, 'month', nowMs).period.toMs, year.toMs)
  t.equal(besideAt(london, today.period, false, nowMs, nowMs), undefined)
  t.ok((besideAt(london, year, false, Date.UTC(2030, 0, 1), nowMs)?.period.fromMs ?? 0) <= nowMs, 'never the future')
  t.strictSame(waysFrom(today.period, today.period.fromMs, nowMs), { previous: false, next: false })
  t.strictSame(waysFrom(year, null, nowMs), { previous: true, next: true })
})

t.test('scales', async t => {
  t.strictSame(linesOf(scaleOf([0, 2600], 4, 400)), [0, 1000, 2000])
  t.strictSame(linesOf(scaleOf([], 4, 400)), [0, 100, 200, 300, 400], 'a quiet house')
  t.strictSame(linesOf(scaleOf([-2000, 900], 4, 400)), [-2000, -1000, 0, 1000])
  t.ok(scaleOf([-500], 4, 400).most > 0, 'zero has air above it')
  t.strictSame([everyOf(7, 300, 40), everyOf(31, 300, 22), everyOf(365, 300, 22)], [1, 7, 365])
  t.strictSame([drawnMsOf(today.window, 320, 60_000), drawnMsOf({ fromMs: 0, toMs: hourMs }, 320, 10_000)], [900_000, 60_000])
  t.equal(drawnMsOf(today.window, 320, 900_000), 900_000, 'never finer than what is known')
})

t.test('the clock’s round hours, on days when it is changed too', async t => {
  const hours = (atMs: number, widthPx: number) =>
    clockTicks(london, wholeAt(london, 'day', atMs).window, widthPx, 54).map(tick => london.wallAt(tick).hour)
  t.strictSame(hours(nowMs, 300), [0, 6, 12, 18, 0])
  t.strictSame(hours(Date.UTC(2026, 2, 29, 12), 300), [0, 6, 12, 18, 0])
  t.notOk(hours(Date.UTC(2026, 2, 29, 12), 4000).includes(1), 'there is no 1:00 on the day on which clocks go forward')
})

t.test('what is remembered', async t => {
  t.strictSame(readSettings('week meter2/0:1 before table'), {
    ...{ unit: 'week', choice: 'meter2/0:1' },
    shown: { before: true, warmth: false, byDay: false, table: true }
  })
  for (const text of ['week meter2/0:1 before table', 'day ', 'year 0 warmth byDay']) t.equal(settingsText(readSettings(text)), text)
  t.match(readSettings('<nonsense>'), { unit: 'day', choice: undefined })
  t.match(readSettings(''), { unit: 'day', choice: undefined })
})
