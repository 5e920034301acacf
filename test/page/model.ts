/** The page's model: every phase, the total, what is stale, and that no payload whatever can harm it. */

import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { isSetBack } from '../../src/page/model.ts'
import { present } from '../../src/page/now/present.ts'
import { pointsMax } from '../../src/page/payloads.ts'
import { formulaOf } from '../../src/page/phrases.ts'
import { derivedMax, meterIds, placesMax, sensorsMax } from '../../src/page/places.ts'
import { english } from '../../src/page/strings.ts'
import {
  derived,
  down,
  energy,
  further,
  hostMs,
  linked,
  message,
  meter,
  phoneMs,
  reading,
  type Step,
  settings,
  stateAfter,
  up
} from '../fixtures/page/steps.ts'

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
      place: '0',
      kind: 'channels',
      channels: [
        { channel: 1, watts: 400 },
        { channel: 2, watts: 300 },
        { channel: 3, watts: 200 }
      ]
    }
  ])
  t.match(cards(reading(3, 30), reading(1, 10), reading(0, 900)), [
    { place: '1', watts: 10, channels: [], stale: false },
    { place: '3', watts: 30 }
  ])
  t.match(cards(reading(4, 0, 100_000), reading(0, 900)), [{ place: '4', stale: true, ageMs: 100_000 }])
  t.match(cards(reading(7, 0, 0, { kind: 'impulses', medium: 'water', impulses: 14_768, impulsesPerUnit: 1_000 })), [
    { place: '7', kind: 'impulses', medium: 'water', units: 14.768 }
  ])
})

t.test('temperature, model and simulation', async t => {
  const view = present(stateAfter([...linked, meter('live', true), reading(0, 1, 5_000), reading(1, 1, 1_000, { celsius: 19 })]), phoneMs)
  t.match(view, { simulated: true, celsius: 21.5, model: 'CC128-v1.31', source: '/dev/ttyUSB0', version: '0.1.0' })
  const celsius = (...steps: Step[]) => present(stateAfter([...linked, ...steps]), phoneMs).celsius
  t.equal(celsius(reading(0, 1, 0, { celsius: undefined })), undefined)
  t.equal(celsius(reading(0, 1, 100_000), reading(1, 1, 1_000, { celsius: 19 })), 19, 'one that is fresh goes before')
  t.equal(celsius(reading(0, 1, 100_000), reading(1, 1, 200_000, { celsius: 19 })), 21.5, 'or else the newest')
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
    value: { nowMs: hostMs, sensors: [{ sensor: '0', points: [[at(12_000), 100], [at(6_000), 200], 'bad', [1]] }] }
  }
  const state = stateAfter([...linked, reading(0, 5, 9_000), recent, reading(0, 300, 0), reading(0, 200, 6_000)])
  const view = present(state, phoneMs)
  t.same(view.points, [
    [at(12_000), 100],
    [at(6_000), 200],
    [at(0), 300]
  ])
  t.same(view.summary, { lowest: 100, average: 200, highest: 300 })
  t.equal(
    stateAfter([{ type: 'recent', value: undefined }], state).sensors.get('0')?.points.length,
    3,
    'an answer that failed takes nothing away'
  )
})

t.test('the sum’s trace holds each sensor’s last value, but not for ever', async t => {
  const base = Math.floor(hostMs / 6_000) * 6_000 - 600_000
  const points = (...entries: [number, number][]) => entries.map(([seconds, watts]) => [base + seconds * 1_000, watts])
  const recent: Step = {
    type: 'recent',
    value: {
      nowMs: hostMs,
      sensors: [
        { sensor: '1', points: points([0, 10], [120, 20]) },
        { sensor: '2', points: points([1, 100], [60, 200], [121, 300]) }
      ]
    }
  }
  const view = present(stateAfter([...linked, recent, reading(1, 1), reading(2, 1)]), phoneMs)
  t.same(view.points.slice(0, 3), points([1, 110], [60, 210], [121, 320]))
})

t.test('a host whose clock is set back is noticed by its next reading', async t => {
  const live = stateAfter([...linked, reading(0, 918), reading(1, 50)])
  const after = (...steps: Step[]) => isSetBack(live, stateAfter(steps, live))
  t.notOk(after(reading(0, 920, 0)), 'time goes on')
  t.notOk(after(reading(0, 918)), 'said again')
  t.notOk(after(message('0/state', '')), 'taken back')
  t.notOk(after(reading(2, 30, 50_000)), 'another sensor')
  t.notOk(after(meter('live')))
  t.ok(after(reading(0, 918, 120_000)))
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
  t.equal(meterIds.length, limits.metersMax)
  t.equal(derivedMax, limits.derivedMax)
  t.ok(pointsMax >= limits.recentPointsMax)
  let state = stateAfter(linked)
  for (let index = 0; index < 2 * pointsMax; index += 1) state = stateAfter([reading(0, index, 2_000_000 - index * 1_000)], state)
  t.equal(state.sensors.get('0')?.points.length, pointsMax)
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
    ...['meter/0', 'meter5/0', 'meter2/10', 'meter2/0/1', 'bridge', 'meter3', 'Net', 'a-name-of-more-than-20'].map(place =>
      reading(place, 5)
    ),
    ...['bridge', 'meter2', '0', 'meter2/0', 'Net', 'net/0'].map(place => derived(place, 5, '0')),
    reading('net', 5),
    derived('net', Number.NaN, '0'),
    message('net/availability', 'online'),
    energy('net', { totalKWh: 5 }),
    ...['{', '{"totalKWh":"5"}', '{"totalUnits":5,"unit":"l"}'].map(text => message('0/energy/state', text)),
    ...['meter1', 'meter5', 'meter/history', 'faults'].map(id => further(id, 'live')),
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
  const topics = fc.oneof(
    fc.constantFrom(
      'bridge/meter',
      'bridge/state',
      '0/state',
      '1/state',
      '9/availability',
      'meter2/0/state',
      'bridge/meter4',
      '',
      '/',
      '5'
    ),
    fc.constantFrom('0/energy/state', 'meter3/7/energy/state', 'net/availability'),
    fc.stringMatching(/^[a-z-]{1,3}\/state$/)
  )
  const measured = fc.record({
    time: fc.constant('2026-11-22T09:10:32.123Z'),
    kind: fc.constantFrom('power', 'derived', 'impulses'),
    watts: fc.integer(),
    formula: fc.anything(),
    name: fc.anything(),
    corrections: fc.anything(),
    totalKWh: fc.double(),
    since: fc.anything()
  })
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    measured.map(value => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? 1 : part)))
  )
  const event: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(topics, text).map(([topic, payload]) => message(topic, payload)),
    fc.anything().map(value => ({ type: 'recent', value }) as Step),
    fc.anything().map(value => ({ type: 'settings', value }) as Step),
    fc.boolean().map(isUp => ({ type: 'link', up: isUp }) as Step)
  )
  fc.assert(
    fc.property(fc.array(event), fc.integer({ min: -1e9, max: 1e9 }), (events, laterMs) => {
      const view = present(stateAfter(events, stateAfter(linked)), phoneMs + laterMs)
      const cards = [view, ...view.further].flatMap(meter => meter.cards)
      for (const card of cards) if (card.kind === 'derived') formulaOf(card.terms, english)
      return cards.length <= placesMax && view.points.length <= sensorsMax * pointsMax
    })
  )
})
