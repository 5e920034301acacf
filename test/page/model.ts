/** The page's model: every phase, the total, what is stale, and that no payload whatever can harm it. */

import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type Event, initialState, type State, step } from '../../src/page/model.ts'
import { pointsMax, sensorsMax } from '../../src/page/payloads.ts'
import { present } from '../../src/page/present.ts'

/** The phone's clock is an hour slow. */
const phoneMs = 1_763_796_400_000
const hostMs = phoneMs + 3_600_000
const settings = { version: '0.1.0', root: 'currentcost', nowMs: hostMs, staleMs: 90_000 }

type Step = Partial<Event> & { type: Event['type'] }
const up: Step = { type: 'link', up: true }
const down: Step = { type: 'link', up: false }
const message = (topic: string, value: unknown): Step => ({
  type: 'message',
  topic: `currentcost/${topic}`,
  text: typeof value === 'string' ? value : JSON.stringify(value)
})
const meter = (state: string, simulated = false): Step =>
  message('bridge/meter', { time: '', state, source: '/dev/ttyUSB0', simulated, message: `It is ${state}.` })
const reading = (sensor: number, watts: number, ageMs = 2_000, rest: object = {}): Step =>
  message(`${sensor}/state`, {
    time: new Date(hostMs - ageMs).toISOString(),
    sensor,
    kind: 'power',
    watts,
    ch1Watts: watts,
    celsius: 21.5,
    model: 'CC128-v1.31',
    ...rest
  })

function stateAfter(steps: readonly Step[], from: State = initialState(phoneMs)): State {
  return steps.reduce((state, event) => step(state, { phoneMs, ...event } as Event), from)
}

const linked: readonly Step[] = [{ type: 'settings', value: settings }, up]

t.test('phases', async t => {
  const table: Record<string, { steps: Step[]; laterMs?: number; sees: object }> = {
    'nothing yet': { steps: [], sees: { phase: 'connecting', linked: false, total: undefined, message: '' } },
    'link, but no word of the meter': { steps: [...linked], sees: { phase: 'connecting', linked: true } },
    'meter is being opened': { steps: [...linked, meter('connecting')], sees: { phase: 'connecting', message: 'It is connecting.' } },
    'live without a reading': { steps: [...linked, meter('live')], sees: { phase: 'connecting', message: '' } },
    live: {
      steps: [...linked, meter('live'), reading(0, 918)],
      sees: { phase: 'live', message: '', total: { watts: 918, ageMs: 2_000, stale: false } }
    },
    'live, though nothing is known of the meter': { steps: [...linked, reading(0, 918)], sees: { phase: 'live' } },
    'just not too old': { steps: [...linked, meter('live'), reading(0, 918, 90_000)], sees: { phase: 'live', total: { stale: false } } },
    'too old': {
      steps: [...linked, meter('live'), reading(0, 918, 90_001)],
      sees: { phase: 'stale', total: { stale: true, ageMs: 90_001 } }
    },
    'grown old': { steps: [...linked, meter('live'), reading(0, 918)], laterMs: 89_000, sees: { phase: 'stale', total: { stale: true } } },
    silent: {
      steps: [...linked, meter('silent'), reading(0, 918)],
      sees: { phase: 'stale', message: 'It is silent.', total: { stale: true } }
    },
    'link lost a moment ago': { steps: [...linked, meter('live'), reading(0, 918), down], laterMs: 3_000, sees: { phase: 'live' } },
    'link lost': {
      steps: [...linked, meter('live'), reading(0, 918), down],
      laterMs: 3_001,
      sees: { phase: 'offline', sincePhoneMs: phoneMs, total: { watts: 918, stale: true } }
    },
    'never linked': { steps: [down], sees: { phase: 'offline', sincePhoneMs: phoneMs, total: undefined } },
    'still not linked': {
      steps: [down, { ...down, phoneMs: phoneMs + 60_000 }],
      laterMs: 60_000,
      sees: { phase: 'offline', sincePhoneMs: phoneMs }
    },
    'linked again': { steps: [...linked, reading(0, 918), down, up], laterMs: 10_000, sees: { phase: 'live', sincePhoneMs: undefined } },
    'the daemon says goodbye': {
      steps: [...linked, reading(0, 918), message('bridge/state', 'offline')],
      sees: { phase: 'offline', sincePhoneMs: undefined }
    },
    'the daemon is back': {
      steps: [...linked, reading(0, 918), message('bridge/state', 'offline'), message('bridge/state', 'online')],
      sees: { phase: 'live' }
    }
  }
  for (const state of ['absent', 'denied', 'busy', 'unreadable', 'failed']) {
    table[state] = {
      steps: [...linked, meter(state), reading(0, 918)],
      sees: { phase: 'no-meter', cause: state, message: `It is ${state}.`, total: { stale: true } }
    }
  }
  for (const [name, { steps, laterMs = 0, sees }] of Object.entries(table))
    t.match(present(stateAfter(steps), phoneMs + laterMs), sees, name)
})

t.test('the total', async t => {
  const table: Record<string, { steps: Step[]; total: object | undefined; celsius?: number | undefined }> = {
    'is sensor 0': { steps: [reading(1, 50), reading(0, 900), reading(2, 70)], total: { watts: 900, of: 'house' } },
    'is the sum of the others without it': {
      steps: [reading(1, 50, 30_000), reading(2, 70)],
      total: { watts: 120, ageMs: 2_000, of: { summed: 2, known: 2 } }
    },
    'leaves out what is stale': {
      steps: [reading(1, 50, 100_000), reading(2, 70)],
      total: { watts: 70, stale: false, of: { summed: 1, known: 2 } }
    },
    'is the sum of all when all are stale': {
      steps: [reading(1, 50, 100_000), reading(2, 70, 95_000)],
      total: { watts: 120, stale: true }
    },
    'leaves out a sensor that is unavailable': {
      steps: [reading(1, 50), reading(2, 70), message('1/availability', 'offline')],
      total: { watts: 70, of: { summed: 1, known: 2 } }
    },
    'takes it in again': {
      steps: [reading(1, 50), reading(2, 70), message('1/availability', 'offline'), message('1/availability', 'online')],
      total: { watts: 120 }
    },
    'can be an export': { steps: [reading(0, -1_500)], total: { watts: -1_500 } },
    'is none with pulses alone': {
      steps: [reading(0, 0, 0, { kind: 'impulses', medium: 'gas', impulses: 5, impulsesPerUnit: 10 })],
      total: undefined
    },
    'is none after the reading was taken back': { steps: [reading(0, 900), message('0/state', '')], total: undefined }
  }
  for (const [name, { steps, total }] of Object.entries(table)) {
    const view = present(stateAfter([...linked, meter('live'), ...steps]), phoneMs)
    if (total) t.match(view.total, total, name)
    else t.equal(view.total, undefined, name)
  }
})

t.test('cards', async t => {
  const cards = (...steps: Step[]) => present(stateAfter([...linked, meter('live'), ...steps]), phoneMs).cards
  t.same(cards(reading(0, 900)), [], 'the total shows a whole house on one clamp already')
  t.match(cards(reading(0, 900, 0, { ch1Watts: 400, ch2Watts: 300, ch3Watts: 200 })), [
    {
      sensor: 0,
      watts: 900,
      channels: [
        { channel: 1, watts: 400 },
        { channel: 2, watts: 300 },
        { channel: 3, watts: 200 }
      ]
    }
  ])
  t.match(cards(reading(3, 30), reading(1, 10), reading(0, 900)), [
    { sensor: 1, watts: 10, channels: [], stale: false },
    { sensor: 3, watts: 30 }
  ])
  t.match(cards(reading(4, 0, 100_000), reading(0, 900)), [{ sensor: 4, stale: true, ageMs: 100_000 }])
  t.match(cards(reading(7, 0, 0, { kind: 'impulses', medium: 'water', impulses: 14_768, impulsesPerUnit: 1_000 })), [
    { sensor: 7, kind: 'impulses', medium: 'water', units: 14.768 }
  ])
})

t.test('temperature, model and simulation', async t => {
  const view = present(stateAfter([...linked, meter('live', true), reading(0, 1, 5_000), reading(1, 1, 1_000, { celsius: 19 })]), phoneMs)
  t.match(view, { simulated: true, celsius: 19, model: 'CC128-v1.31', source: '/dev/ttyUSB0', version: '0.1.0' })
  t.equal(present(stateAfter([...linked, reading(0, 1, 0, { celsius: undefined })]), phoneMs).celsius, undefined)
})

t.test('ages are right when the phone’s clock is not, and a reading from the future ages too', async t => {
  t.equal(present(stateAfter([...linked, reading(0, 1, 7_000)]), phoneMs).total?.ageMs, 7_000)
  const early = stateAfter([...linked, reading(0, 1, -3_600_000)])
  t.equal(present(early, phoneMs).total?.ageMs, 0)
  t.equal(present(early, phoneMs + 91_000).total?.stale, true)
})

t.test('the trace joins what the host kept and what came since', async t => {
  const at = (ageMs: number) => hostMs - ageMs
  const recent: Step = {
    type: 'recent',
    value: { nowMs: hostMs, sensors: [{ sensor: 0, points: [[at(12_000), 100], [at(6_000), 200], 'bad', [1]] }] }
  }
  const state = stateAfter([...linked, reading(0, 5, 9_000), recent, reading(0, 300, 0), reading(0, 200, 6_000)])
  const view = present(state, phoneMs)
  t.same(view.points, [
    [at(12_000), 100],
    [at(6_000), 200],
    [at(0), 300]
  ])
  t.same(view.summary, { lowest: 100, average: 150, highest: 300 })
  t.equal(stateAfter([{ type: 'recent', value: undefined }], state).points[0]?.length, 3, 'an answer that failed takes nothing away')
})

t.test('the sum’s trace holds each sensor’s last value, but not for ever', async t => {
  const base = Math.floor(hostMs / 6_000) * 6_000 - 600_000
  const points = (...entries: [number, number][]) => entries.map(([seconds, watts]) => [base + seconds * 1_000, watts])
  const recent: Step = {
    type: 'recent',
    value: {
      nowMs: hostMs,
      sensors: [
        { sensor: 1, points: points([0, 10], [120, 20]) },
        { sensor: 2, points: points([1, 100], [60, 200], [121, 300]) }
      ]
    }
  }
  const view = present(stateAfter([...linked, recent, reading(1, 1), reading(2, 1)]), phoneMs)
  t.same(view.points.slice(0, 3), points([1, 110], [60, 210], [121, 320]))
})

t.test('another root starts anew', async t => {
  const state = stateAfter([...linked, reading(0, 900), { type: 'settings', value: { ...settings, root: 'home/meter' } }])
  t.equal(present(state, phoneMs).total, undefined)
  const text = reading(0, 5)
  t.equal(present(stateAfter([text], state), phoneMs).total, undefined, 'the old root is not ours any more')
  t.equal(present(stateAfter([{ ...text, topic: 'home/meter/0/state' } as Step], state), phoneMs).total?.watts, 5)
})

t.test('bounds are the house’s', async t => {
  t.equal(sensorsMax, limits.sensorsMax)
  t.ok(pointsMax >= limits.recentPointsMax)
  let state = stateAfter(linked)
  for (let index = 0; index < 2 * pointsMax; index += 1) state = stateAfter([reading(0, index, 2_000_000 - index * 1_000)], state)
  t.equal(state.points[0]?.length, pointsMax)
})

t.test('nonsense changes nothing', async t => {
  const state = stateAfter([...linked, meter('live'), reading(0, 900)])
  const nonsense: Step[] = [
    ...['', '{', 'null', '[]', '{"state":"dancing"}', '7'].map(text => message('bridge/meter', text)),
    ...['{', 'null', '{}', '{"kind":"power","time":"soon","watts":1}', '[1]'].map(text => message('0/state', text)),
    ...[Number.NaN, 1e9, '5', null, {}, undefined].map(watts => reading(0, watts as number)),
    reading(10, 5),
    message('00/state', '{}'),
    message('a/state', '{}'),
    message('0/state/deep', '{}'),
    message('0/other', '1'),
    { type: 'message', topic: 'elsewhere/0/state', text: '{}' },
    { type: 'message', topic: 'currentcostly/0/state', text: '{}' },
    ...[undefined, null, 7, [], {}, { ...settings, root: '' }, { ...settings, root: '#' }, { ...settings, nowMs: 'now' }].map(
      value => ({ type: 'settings', value }) as Step
    )
  ]
  for (const event of nonsense) t.same(present(stateAfter([event], state), phoneMs), present(state, phoneMs), JSON.stringify(event))
})

t.test('no payload can harm it', async () => {
  const topics = fc.constantFrom('bridge/meter', 'bridge/state', '0/state', '1/state', '9/availability', '', '/', '5')
  const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"kind":"power","time":"2026-11-22T09:10:32.123Z","watts":-1}'))
  const event: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(topics, text).map(([topic, payload]) => message(topic, payload)),
    fc.anything().map(value => ({ type: 'recent', value }) as Step),
    fc.anything().map(value => ({ type: 'settings', value }) as Step),
    fc.boolean().map(isUp => ({ type: 'link', up: isUp }) as Step)
  )
  fc.assert(
    fc.property(fc.array(event), fc.integer({ min: -1e9, max: 1e9 }), (events, laterMs) => {
      const view = present(stateAfter(events, stateAfter(linked)), phoneMs + laterMs)
      return view.cards.length <= sensorsMax && view.points.length <= sensorsMax * pointsMax
    })
  )
})
