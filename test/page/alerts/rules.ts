/** Alerts: raised when their time is full, once, and never on a guess. */

import t from 'tap'
import type { HistoryAnswer } from '../../../src/api.ts'
import {
  heardMsOf,
  idleSpan,
  isIdle,
  isSettled,
  type Rule,
  readRules,
  type Seen,
  stepSight,
  stepWatch,
  type Watch
} from '../../../src/page/alerts/rules.ts'
import type { State } from '../../../src/page/model.ts'

type Sensor = State['sensors'] extends ReadonlyMap<string, infer Known> ? Known : never

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** What is fired, by minute, when this is seen from minute to minute. */
function firedAt(rules: readonly Rule[], seen: readonly Partial<Seen>[]): readonly number[] {
  let watch: Watch = {}
  return seen.flatMap((part, minute) => {
    const step = stepWatch(watch, rules, { nowMs: minute * minuteMs, watts: undefined, heardMs: undefined, idle: undefined, ...part })
    watch = step.watch
    return step.fired.map(() => minute)
  })
}

t.test('usage above a limit', async t => {
  const rules: Rule[] = [{ kind: 'usage', watts: 1_000, minutes: 3 }]
  const watts = (...values: (number | undefined)[]) => values.map(value => ({ watts: value }))
  t.strictSame(firedAt(rules, watts(1_500, 1_500, 1_500, 1_500, 1_500, 1_500)), [3], 'once')
  t.strictSame(firedAt(rules, watts(1_500, 1_500, 900, 1_500, 1_500, 1_500, 1_500)), [6], 'a pause begins it anew')
  t.strictSame(firedAt(rules, watts(1_500, 1_500, undefined, 1_500, 1_500)), [], 'so does not knowing')
  t.strictSame(firedAt(rules, watts(2e3, 2e3, 2e3, 2e3, 0, 2e3, 2e3, 2e3, 2e3)), [3, 8], 'and what ended is told again')
  t.strictSame(firedAt(rules, watts(1_000, 1_000, 1_000, 1_000, 1_000)), [], 'the limit itself is allowed')
})

t.test('a meter that is silent', async t => {
  const rules: Rule[] = [{ kind: 'silent', minutes: 2 }]
  const heard = (...minutes: (number | undefined)[]) => minutes.map(minute => (minute === undefined ? {} : { heardMs: minute * minuteMs }))
  t.strictSame(firedAt(rules, heard(0, 0, 0, 0, 4, 4, 4)), [2, 6])
  t.strictSame(firedAt(rules, heard(0, undefined, undefined, undefined)), [], 'without the daemon nobody can tell')
  t.strictSame(firedAt(rules, heard(0, 0, 0, undefined, 0)), [2], 'and it is not told twice for that')
})

t.test('when a meter was heard', async t => {
  const at = (atMs: number): Sensor => ({
    said: { atMs, name: undefined, measurement: { kind: 'derived', watts: 1, formula: '0' } } as never,
    ...{ unavailable: false, points: [], energy: undefined }
  })
  const silent: Sensor = { said: undefined, unavailable: false, points: [], energy: undefined }
  const sensors = new Map([
    ['0', at(1)],
    ['3', at(2)],
    ['4', silent],
    ['meter2/0', at(50)],
    ['meter3/0', silent],
    ['net', at(60)]
  ])
  t.equal(heardMsOf(sensors, 'meter'), 2, 'another meter and what is derived do not count')
  t.equal(heardMsOf(sensors, 'meter2'), 50)
  t.equal(heardMsOf(sensors, 'meter3'), undefined)
})

const idle = { kind: 'idle', sensor: '3', watts: 20, hours: 2 } as const

t.test('a sensor that stays off', async t => {
  t.strictSame(
    firedAt([idle], [{ idle: false }, { idle: true }, { idle: true }, {}, { idle: true }, { idle: false }, { idle: true }]),
    [1, 6]
  )
  t.strictSame(idleSpan(idle, 100 * hourMs), { fromMs: 50 * hourMs, toMs: 100 * hourMs })
})

/** The hours before now, the newest last. */
function history(maxWatts: readonly (number | null)[]): HistoryAnswer {
  const nowMs = 1_000 * hourMs
  const none = maxWatts.map(() => null)
  return {
    ...{ sensor: '3', channel: null, zone: 'UTC', step: '1h', nowMs, fromMs: 0, toMs: nowMs, sinceMs: 0 },
    startMs: maxWatts.map((_, index) => nowMs - (maxWatts.length - index) * hourMs),
    ...{ energyWh: none, exportedWh: none, backfilledWh: none, meanWatts: none, minWatts: none, celsius: none },
    knownSeconds: maxWatts.map(watts => (watts === null ? 0 : 3_600)),
    maxWatts
  }
}

t.test('what its history says', async t => {
  t.ok(isIdle(idle, history([90, 0, 85, 5, 3]), true), 'it came and went, and does no longer')
  t.notOk(isIdle(idle, history([90, 0, 85, 5, 60]), true), 'it runs')
  t.notOk(isIdle(idle, history([5, 5, 5, 5, 5]), true), 'it was never on')
  t.notOk(isIdle(idle, history([90, 90, 90, null, 5]), true), 'too little is known')
  t.ok(isIdle(idle, history([90, 90, 90, null, null]), true), 'it is not heard, as without mains')
  t.notOk(isIdle(idle, history([90, 90, 90, null, null]), false), 'nothing is heard')
  const filled = { ...history([90, 90, 90, null, null]), knownSeconds: [3_600, 3_600, 3_600, 3_600, 3_600] }
  t.notOk(isIdle(idle, filled, true), 'energy out of the meter’s memory tells no watts')
  t.notOk(isIdle(idle, history([]), true))
})

t.test('after a pause, or with a new link, silence means nothing yet', async t => {
  const settled = (looks: readonly (readonly [isUp: boolean, afterSeconds: number])[]) => {
    let [sight, nowMs] = [undefined as ReturnType<typeof stepSight>, 0]
    return looks.map(([isUp, seconds]) => {
      nowMs += seconds * 1_000
      sight = stepSight(sight, isUp, nowMs)
      return isSettled(sight)
    })
  }
  const up = (seconds: number) => [true, seconds] as const
  t.strictSame(settled([up(0), up(5), up(15), up(5)]), [false, false, true, true])
  t.strictSame(settled([up(0), up(60), up(60)]), [false, true, true], 'in the background a browser lets it look once a minute')
  t.strictSame(settled([up(0), up(60), up(3_600), up(5), up(20)]), [false, true, false, false, true], 'it slept')
  t.strictSame(settled([up(0), up(60), [false, 5], up(5), up(20)]), [false, true, false, false, true], 'the link was lost')
})

t.test('rules out of any text', async t => {
  const rules: Rule[] = [{ kind: 'usage', watts: 3_000, minutes: 30 }, { kind: 'silent', minutes: 10 }, idle]
  t.strictSame(readRules(JSON.stringify(rules)), rules)
  const unsound = [
    null,
    3,
    {},
    { kind: 'usage', watts: 0, minutes: 1 },
    { kind: 'silent' },
    { kind: 'idle', watts: 1, hours: 1 },
    { kind: 'x' }
  ]
  t.strictSame(readRules(JSON.stringify(unsound)), [])
  for (const text of ['', 'null', '{}', '[']) t.strictSame(readRules(text), [])
})
