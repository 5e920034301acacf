/** Learning of the meter's clock: what is believed, when it is doubted, and whose clock jumped. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { ClockOffset, type Offset, timeOfDayMs, wrapDay } from '../../src/meters/offset.ts'
import { timeOfDay } from '../fixtures/meters/wire.ts'

const secondMs = 1000
const hourMs = 3600 * secondMs
const dayMs = 24 * hourMs
const startMs = 1_700_000_000_000
const cadenceMs = 6 * secondMs

/** Lets it hear so many live messages of a clock that is so far from the host's; returns the time of the last one. */
function hear(clock: ClockOffset, fromMs: number, count: number, offsetMs: number): number {
  for (let index = 0; index < count; index++) clock.learn(timeOfDay(fromMs + index * cadenceMs + offsetMs), fromMs + index * cadenceMs)
  return fromMs + (count - 1) * cadenceMs
}

function said(offset: Offset): string {
  return offset.kind === 'unknown' ? offset.why : `known ${Math.round(offset.meterMinusHostMs / secondMs)} s`
}

t.test('times of day', async t => {
  t.equal(timeOfDayMs('00:00:00'), 0)
  t.equal(timeOfDayMs('23:59:59'), dayMs - secondMs)
})

t.test('differences go the short way round', async t => {
  const table: readonly [hours: number, wrapped: number][] = [
    [0, 0],
    [11, 11],
    [12, -12],
    [13, -11],
    [-12, -12],
    [-13, 11],
    [24 * 20_000 + 1, 1]
  ]
  for (const [hours, wrapped] of table) t.equal(wrapDay(hours * hourMs), wrapped * hourMs, `${hours} h`)
})

t.test('nothing is known until enough was heard, nor long after', async t => {
  const clock = new ClockOffset()
  t.equal(said(clock.offset(startMs)), 'few-messages')
  const heardMs = hear(clock, startMs, limits.clockSamplesMax - 1, hourMs)
  t.equal(said(clock.offset(heardMs)), 'few-messages')
  const lastMs = hear(clock, heardMs + cadenceMs, 1, hourMs)
  t.match(clock.offset(lastMs + 5), { kind: 'known', meterMinusHostMs: hourMs, spreadMs: 0, ageMs: 5 })
  t.notOk('setAtMs' in clock.offset(lastMs))
  t.equal(said(clock.offset(lastMs + limits.clockAgeMs)), 'known 3600 s')
  t.equal(said(clock.offset(lastMs + limits.clockAgeMs + 1)), 'no-message-lately')
  t.equal(said(clock.offset(lastMs - 1)), 'no-message-lately', 'the host has gone back in time')
})

t.test('a clock near twelve hours off', async t => {
  const clock = new ClockOffset()
  let lastMs = startMs
  for (let index = 0; index < limits.clockSamplesMax; index++) {
    lastMs = hear(clock, startMs + index * cadenceMs, 1, 12 * hourMs + (index % 2 === 0 ? 400 : -400))
  }
  const offset = clock.offset(lastMs)
  t.equal(offset.kind, 'known')
  if (offset.kind === 'known') t.ok(Math.abs(offset.meterMinusHostMs) > 12 * hourMs - 2 * secondMs)
})

t.test('one stray is not believed and does no harm, two are doubted', async t => {
  const clock = new ClockOffset()
  let lastMs = hear(clock, startMs, limits.clockSamplesMax, -hourMs)
  lastMs = hear(clock, lastMs + cadenceMs, 1, -10 * hourMs)
  t.equal(said(clock.offset(lastMs)), 'known -3600 s')
  lastMs = hear(clock, lastMs + cadenceMs, 1, 3 * hourMs)
  t.equal(said(clock.offset(lastMs)), 'messages-disagree')
  lastMs = hear(clock, lastMs + cadenceMs, limits.clockSamplesMax, -hourMs)
  t.equal(said(clock.offset(lastMs)), 'known -3600 s')
  t.notOk('setAtMs' in clock.offset(lastMs), 'nobody set it')
})

t.test('a clock that was set is doubted until enough messages agree, and then known to have been set', async t => {
  const clock = new ClockOffset()
  let lastMs = hear(clock, startMs, 20, 0)
  const heard: string[] = []
  for (let index = 0; index < limits.clockSamplesMax; index++) {
    lastMs = hear(clock, lastMs + cadenceMs, 1, hourMs)
    heard.push(said(clock.offset(lastMs)))
  }
  t.strictSame(heard, ['known 0 s', ...Array(5).fill('messages-disagree'), 'known 3600 s', 'known 3600 s'])
  const offset = clock.offset(lastMs)
  t.match(offset, { setAtMs: lastMs - cadenceMs })
  lastMs = hear(clock, lastMs + cadenceMs, 20, hourMs)
  t.match(clock.offset(lastMs), { setAtMs: offset.kind === 'known' && offset.setAtMs }, 'and stays known')
})

t.test('a clock that stood still during a dump was not set', async t => {
  const clock = new ClockOffset()
  let lastMs = hear(clock, startMs, 20, 0)
  lastMs = hear(clock, lastMs + 60 * secondMs, 3, -50 * secondMs)
  t.equal(said(clock.offset(lastMs)), 'messages-disagree')
  lastMs = hear(clock, lastMs + cadenceMs, 10, -50 * secondMs)
  t.equal(said(clock.offset(lastMs)), 'known -50 s')
  t.notOk('setAtMs' in clock.offset(lastMs))
})

t.test("a jump of the host's clock is not taken for one of the meter's", async t => {
  const table: readonly [what: string, jumpMs: number, meanwhile: string][] = [
    ['forward by decades, as on a board without a battery', 20_000 * dayMs + 3 * hourMs, 'few-messages'],
    ['forward by minutes', 10 * 60 * secondMs, 'messages-disagree'],
    ['back', -3 * hourMs, 'few-messages']
  ]
  for (const [what, jumpMs, meanwhile] of table) {
    const clock = new ClockOffset()
    let lastMs = hear(clock, startMs, 20, 0)
    lastMs = hear(clock, lastMs + cadenceMs + jumpMs, 3, -jumpMs)
    t.equal(said(clock.offset(lastMs)), meanwhile, what)
    lastMs = hear(clock, lastMs + cadenceMs, 10, -jumpMs)
    t.match(clock.offset(lastMs), { kind: 'known', meterMinusHostMs: wrapDay(-jumpMs) }, what)
    t.notOk('setAtMs' in clock.offset(lastMs), what)
  }
})

t.test('whatever the offset, the jitter and one stray, it is known to the second', async () => {
  const jitter = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 8, maxLength: 30 })
  const offset = fc.integer({ min: -12 * hourMs, max: 12 * hourMs - 1 })
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 42 }),
      offset,
      jitter,
      fc.nat({ max: 7 }),
      fc.nat({ max: dayMs }),
      (fromMs, offsetMs, delays, at, strayMs) => {
        const clock = new ClockOffset()
        for (const [index, delayMs] of delays.entries()) {
          const sentMs = fromMs + index * cadenceMs
          clock.learn(timeOfDay(sentMs + offsetMs + (index === at ? strayMs : 0)), sentMs + delayMs)
        }
        const known = clock.offset(fromMs + delays.length * cadenceMs)
        assert.equal(known.kind, 'known')
        if (known.kind === 'known') assert.ok(Math.abs(wrapDay(known.meterMinusHostMs - offsetMs)) < 2 * secondMs, JSON.stringify(known))
      }
    )
  )
})

t.test('whatever it hears, it never throws and never tells nonsense', async () => {
  const message = fc.record({ time: fc.nat({ max: dayMs - 1 }), atMs: fc.oneof(fc.nat({ max: 2 ** 42 }), fc.nat({ max: 10_000 })) })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), fc.nat({ max: 2 ** 42 }), (messages, nowMs) => {
      const clock = new ClockOffset()
      for (const { time, atMs } of messages) clock.learn(timeOfDay(time), atMs)
      const offset = clock.offset(nowMs)
      if (offset.kind === 'unknown') return
      assert.ok(Math.abs(offset.meterMinusHostMs) <= 12 * hourMs)
      assert.ok(offset.ageMs >= 0 && offset.ageMs <= limits.clockAgeMs && offset.spreadMs <= 2 * limits.clockSpreadMs)
    })
  )
})
