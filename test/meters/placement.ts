/** Placing of history: every value on its own span of the host's time, or nowhere. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Offset } from '../../src/meters/offset.ts'
import { labelOf, type PlacedValue, type Placement, placePage, refusals } from '../../src/meters/placement.ts'
import type { HistoryPage, HistoryValue } from '../../src/reading.ts'
import { cycleAt, memoryAt, pageOf, truthKwh } from '../fixtures/meters/remembering.ts'
import { historyOf, timeOfDay } from '../fixtures/meters/wire.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const known = (meterMinusHostMs: number, setAtMs?: number): Offset => ({
  kind: 'known',
  meterMinusHostMs,
  spreadMs: 0,
  ageMs: 0,
  ...(setAtMs === undefined ? {} : { setAtMs })
})

/** A page that came when the meter's clock said so, in a host whose clock is 3 h 20 min ahead of it. */
const offsetMs = -(3 * hourMs + 20 * minuteMs)
const midnightMs = Date.UTC(2024, 1, 29)
function place(time: string, values: readonly HistoryValue[], changes: Partial<HistoryPage> = {}, offset = known(offsetMs)): Placement {
  const atMs = midnightMs + Date.parse(`1970-01-01T${time}Z`) - offsetMs
  const sensors = [{ sensor: 4, values }]
  return placePage({ atMs, model: 'CC128-v1.37', meterTime: time, daysSinceBirth: 412, sensors, ...changes }, offset)
}

/** The spans by the meter's clock, or why there is none. */
function told({ placed, refused }: Placement): readonly string[] {
  const clock = (ms: number) => new Date(ms + offsetMs).toISOString().slice(5, 16).replace('T', ' ')
  return [...placed.map(({ fromMs, toMs, kwh }) => `${clock(fromMs)} to ${clock(toMs)}: ${kwh}`), ...refused.map(({ why }) => why)]
}

function spanOf(time: string, scale: HistoryValue['scale'], index: number, changes: Partial<HistoryPage> = {}): string {
  return told(place(time, [{ scale, index, kwh: 1 }], changes)).join()
}

t.test('names mean spans', async t => {
  const table: readonly [time: string, scale: HistoryValue['scale'], index: number, told: string][] = [
    ['09:01:10', 'hours', 4, '02-29 07:00 to 02-29 09:00: 1'],
    ['10:57:50', 'hours', 4, '02-29 07:00 to 02-29 09:00: 1'],
    ['09:01:10', 'hours', 6, '02-29 05:00 to 02-29 07:00: 1'],
    ['09:01:10', 'hours', 746, '01-29 09:00 to 01-29 11:00: 1'],
    ['00:30:00', 'hours', 4, '02-28 21:00 to 02-28 23:00: 1'],
    ['09:01:10', 'hours', 2, 'unfinished'],
    ['09:20:00', 'days', 1, '02-27 23:00 to 02-28 23:00: 1'],
    ['23:20:00', 'days', 1, '02-28 23:00 to 02-29 23:00: 1'],
    ['00:20:00', 'days', 2, '02-26 23:00 to 02-27 23:00: 1'],
    ['09:20:00', 'years', 1, 'span-unknown']
  ]
  for (const [time, scale, index, expected] of table) t.equal(spanOf(time, scale, index), expected, `${time} ${scale} ${index}`)
})

t.test('blocks are counted from the wipe by days since birth', async t => {
  const table: readonly [time: string, daysSinceBirth: number, index: number, told: string][] = [
    ['09:21:00', 420, 1, '01-29 23:00 to 02-28 23:00: 1'],
    ['09:21:00', 421, 1, '01-28 23:00 to 02-27 23:00: 1'],
    ['09:21:00', 421, 2, '12-29 23:00 to 01-28 23:00: 1'],
    ['09:21:00', 449, 1, '12-31 23:00 to 01-30 23:00: 1'],
    ['22:57:00', 449, 1, '12-31 23:00 to 01-30 23:00: 1'],
    ['23:21:00', 449, 1, 'boundary-near'],
    ['23:21:00', 448, 1, '01-01 23:00 to 01-31 23:00: 1'],
    ['23:59:00', 448, 1, 'boundary-near'],
    ['00:00:40', 420, 1, 'boundary-near'],
    ['00:01:00', 420, 1, '01-29 23:00 to 02-28 23:00: 1'],
    ['09:21:00', 59, 1, '12-31 23:00 to 01-30 23:00: 1'],
    ['09:21:00', 59, 2, 'before-birth'],
    ['09:21:00', 0, 1, 'before-birth']
  ]
  for (const [time, daysSinceBirth, index, expected] of table) {
    t.equal(spanOf(time, 'blocks', index, { daysSinceBirth }), expected, `${time} ${daysSinceBirth} ${index}`)
  }
})

t.test('spans have a name for humans', async t => {
  t.strictSame((['hours', 'days', 'blocks', 'years'] as const).map(labelOf), [
    'two hours',
    'day from 23:00 to 23:00',
    'block of 30 days',
    'year'
  ])
})

t.test('a page whose place is in doubt is not placed', async t => {
  const value = { scale: 'hours', index: 4, kwh: 1 } as const
  t.strictSame(told(place('09:01:10', [value], {}, { kind: 'unknown', why: 'few-messages' })), ['clock-unknown'])
  const near: readonly [time: string, told: string][] = [
    ['08:57:59', 'placed'],
    ['08:58:01', 'boundary-near'],
    ['09:00:00', 'boundary-near'],
    ['09:00:49', 'boundary-near'],
    ['09:00:50', 'placed'],
    ['10:00:00', 'placed']
  ]
  for (const [time, expected] of near) t.equal(place(time, [value]).refused[0]?.why ?? 'placed', expected, time)
  const lags: readonly [meterTime: string, told: string][] = [
    ['09:04:00', 'placed'],
    ['09:02:59', 'clock-disagrees'],
    ['09:05:01', 'clock-disagrees'],
    ['21:04:00', 'clock-disagrees']
  ]
  for (const [meterTime, expected] of lags) {
    t.equal(place('09:04:00', [value], { meterTime }).refused[0]?.why ?? 'placed', expected, meterTime)
  }
  t.equal(place('09:01:10', [value], { meterTime: '09:00:40' }).refused[0]?.why, 'boundary-near', 'by its own time')
})

t.test('a value that can not be meant is not placed', async t => {
  const table: readonly [value: HistoryValue, told: string][] = [
    [{ scale: 'blocks', index: 3, kwh: -2011.5 }, 'negative'],
    [{ scale: 'hours', index: 4, kwh: 196.6 }, '02-29 07:00 to 02-29 09:00: 196.6'],
    [{ scale: 'hours', index: 4, kwh: 196.61 }, 'implausible'],
    [{ scale: 'days', index: 1, kwh: 2359.3 }, 'implausible'],
    [{ scale: 'blocks', index: 1, kwh: 70_776 }, '01-07 23:00 to 02-06 23:00: 70776'],
    [{ scale: 'blocks', index: 1, kwh: 70_778 }, 'implausible']
  ]
  for (const [value, expected] of table) t.strictSame(told(place('09:21:00', [value])), [expected], JSON.stringify(value))
})

t.test('before it was wiped a meter remembers nothing, and 0 is how it says so', async t => {
  const young = { daysSinceBirth: 3 }
  const zero = (index: number) => told(place('09:21:00', [{ scale: 'hours', index, kwh: 0 }], young))[0]
  t.equal(zero(36), 'before-birth')
  t.equal(zero(34), '02-28 01:00 to 02-28 03:00: 0')
  t.equal(spanOf('09:21:00', 'hours', 36, young), '02-27 23:00 to 02-28 01:00: 1', 'what is not 0 was measured')
})

t.test('what began before the clock was set ran by another clock', async t => {
  const atMs = midnightMs + 5 * hourMs - offsetMs
  const values = [4, 6].map(index => ({ scale: 'hours', index, kwh: 1 }) as const)
  t.strictSame(told(place('09:01:10', values, {}, known(offsetMs, atMs))), [
    '02-29 07:00 to 02-29 09:00: 1',
    '02-29 05:00 to 02-29 07:00: 1'
  ])
  t.strictSame(told(place('09:01:10', values, {}, known(offsetMs, atMs + 1))), ['02-29 07:00 to 02-29 09:00: 1', 'clock-set-since'])
})

t.test('each value keeps its sensor, and each refusal what was refused', async t => {
  const sensors = [
    { sensor: 0, values: [{ scale: 'hours', index: 4, kwh: 1.5 }] },
    { sensor: 9, values: [{ scale: 'hours', index: 4, kwh: -1 }] }
  ] as const
  const { placed, refused } = place('09:01:10', [], { sensors })
  t.match(placed, [{ sensor: 0, scale: 'hours', kwh: 1.5 }])
  t.strictSame(refused, [{ sensor: 9, scale: 'hours', index: 4, kwh: -1, why: 'negative' }])
})

/** Asserts that each value lies where the meter that sent it knows it to be, but for what its clock was wrong by. */
function assertTrue(placed: readonly PlacedValue[], meterMinusHostMs: number, slackMs: number): void {
  for (const { sensor, scale, fromMs, toMs, kwh } of placed) {
    const meterFromMs = fromMs + meterMinusHostMs
    // All spans begin at a whole hour of the meter's clock.
    const truthFromMs = Math.round(meterFromMs / hourMs) * hourMs
    assert.ok(Math.abs(meterFromMs - truthFromMs) <= slackMs, `${scale} from ${meterFromMs}`)
    assert.equal(toMs - fromMs, { hours: 2 * hourMs, days: dayMs, blocks: 30 * dayMs, years: 0 }[scale])
    assert.equal(kwh, Number(truthKwh(sensor, { scale, fromMs: truthFromMs }).toFixed(3)), `${sensor} ${scale} ${truthFromMs / hourMs}`)
  }
}

/** The meter's clock: up to seven years after the wipe. */
const meterTime = fc.integer({ min: 3 * dayMs, max: 2500 * dayMs })
const anyOffset = fc.integer({ min: -12 * hourMs, max: 12 * hourMs - 1 })
/** The wipe was at a midnight of the meter's clock, some day since 1990. */
const birth = fc.integer({ min: 7_300, max: 20_000 }).map(days => days * dayMs)

t.test('whenever a dump comes, what is placed is right, though the meter may be late to close a span', async () => {
  let placedCount = 0
  const lateMs = fc.integer({ min: 0, max: 49 * secondMs })
  const nearby = fc.tuple(meterTime, fc.integer({ min: -3 * minuteMs, max: 3 * minuteMs }))
  const sentMs = fc.oneof(
    meterTime,
    nearby.map(([ms, nearMs]) => ms - (ms % hourMs) + nearMs)
  )
  const lagMs = fc.integer({ min: -55 * secondMs, max: 55 * secondMs })
  fc.assert(
    fc.property(birth, sentMs, anyOffset, lateMs, lagMs, (birthMs, ms, meterMinusHostMs, late, lag) => {
      // The meter's clock stood for a while: that is how far the offset is wrong.
      const atMs = birthMs + ms - meterMinusHostMs
      const page = historyOf(pageOf(ms, memoryAt(ms - late), [0]).text, atMs)
      const { placed } = placePage(page, known(meterMinusHostMs + lag))
      placedCount += placed.length
      assertTrue(placed, meterMinusHostMs - birthMs, 55 * secondMs)
    }),
    { numRuns: 150 }
  )
  assert.ok(placedCount > 10_000, `only ${placedCount} placed`)
})

t.test('every page of a cycle that the meter sends by itself is placed, to the last value', async () => {
  fc.assert(
    fc.property(birth, meterTime, anyOffset, (birthMs, ms, meterMinusHostMs) => {
      // A cycle begins at :01:00 after an odd hour; late on the last day of a block it is not sure which block ended last.
      const beginMs = ms - ((ms - hourMs) % (2 * hourMs)) + minuteMs
      const inDoubt = Math.floor(beginMs / dayMs) % 30 === 29 && beginMs % dayMs > 22 * hourMs
      for (const { sentMs, text } of cycleAt(beginMs)) {
        const page = historyOf(text, birthMs + sentMs - meterMinusHostMs)
        const { placed, refused } = placePage(page, known(meterMinusHostMs))
        assertTrue(placed, meterMinusHostMs - birthMs, 0)
        assert.deepEqual(inDoubt ? refused.filter(({ scale }) => scale !== 'blocks') : refused, [])
      }
    }),
    { numRuns: 60 }
  )
})

t.test('whatever a page says, each value is placed or refused, and nothing is thrown', async () => {
  const value = fc.record({
    scale: fc.constantFrom('hours', 'days', 'blocks', 'years'),
    index: fc.integer({ min: 1, max: 746 }),
    kwh: fc.integer({ min: -9_999_999, max: 9_999_999 })
  })
  const page = fc.record({
    atMs: fc.nat({ max: 2 ** 42 }),
    model: fc.constant('CC128-v1.37'),
    meterTime: fc.nat({ max: dayMs - 1 }).map(timeOfDay),
    daysSinceBirth: fc.nat({ max: 99_999 }),
    sensors: fc.array(fc.record({ sensor: fc.nat({ max: 9 }), values: fc.array(value, { maxLength: 9 }) }), { maxLength: 4 })
  })
  fc.assert(
    fc.property(page, anyOffset, fc.boolean(), (each, meterMinusHostMs, agrees) => {
      const offset = known(agrees ? Date.parse(`1970-01-01T${each.meterTime}Z`) - each.atMs : meterMinusHostMs)
      const { placed, refused } = placePage(each, offset)
      assert.equal(
        placed.length + refused.length,
        each.sensors.reduce((sum, { values }) => sum + values.length, 0)
      )
      assert.ok(placed.every(({ fromMs, toMs, kwh }) => fromMs < toMs && toMs <= each.atMs + minuteMs && kwh >= 0))
      assert.ok(refused.every(({ why }) => refusals.includes(why)))
    }),
    { numRuns: 1000 }
  )
})
