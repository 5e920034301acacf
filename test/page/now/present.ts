/** Houses with more than one meter, with names and corrections, with sums of sensors, and what is said of them in small print. */

import t from 'tap'
import { formatsFor } from '../../../src/page/format.ts'
import { present, type View } from '../../../src/page/now/present.ts'
import { correctionsOf, energyTextOf, formulaOf, nameOf, originOf } from '../../../src/page/phrases.ts'
import { english } from '../../../src/page/strings.ts'
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
  stateAfter
} from '../../fixtures/page/steps.ts'

const british = formatsFor('en-GB', english)
const plain = (text: string) => text.replaceAll(/[\u202f\u00a0]/g, ' ')
const views = (steps: readonly Step[], laterMs = 0): View => present(stateAfter([...linked, meter('live'), ...steps]), phoneMs + laterMs)
const impulses = { kind: 'impulses', medium: 'gas', impulses: 14_768, impulsesPerUnit: 1_000 }
const since = '2026-11-02T09:00:00.000Z'

t.test('several meters', async t => {
  const table: Record<string, { steps: Step[]; laterMs?: number; sees: object }> = {
    'one alone': { steps: [reading(0, 900)], sees: { further: [], total: { watts: 900 } } },
    'a further one has a group of its own, and no part in the total': {
      steps: [reading(0, 900), reading('meter2/0', 400), reading('meter2/3', 30), further('meter2', 'live')],
      sees: {
        total: { watts: 900, of: 'house' },
        cards: [],
        further: [
          { id: 'meter2', phase: 'live', source: '/dev/ttyUSB1', model: 'CC128-v1.31', cards: [{ watts: 400 }, { place: 'meter2/3' }] }
        ]
      }
    },
    'one that has no sensors yet': {
      steps: [reading(0, 900), further('meter3', 'denied')],
      sees: { phase: 'live', further: [{ id: 'meter3', phase: 'no-meter', cause: 'denied', message: 'It is denied.', cards: [] }] }
    },
    'one that is gone takes nothing from the first': {
      steps: [reading(0, 900), reading('meter2/0', 400), further('meter2', 'absent')],
      sees: { phase: 'live', total: { stale: false }, further: [{ phase: 'no-meter', cards: [{ watts: 400, stale: true }] }] }
    },
    'nor does the first from it': {
      steps: [reading(0, 900), reading('meter2/0', 400), further('meter2', 'live'), meter('absent')],
      sees: { phase: 'no-meter', total: { stale: true }, further: [{ phase: 'live', cards: [{ stale: false }] }] }
    },
    'of which nothing was said but readings': { steps: [reading('meter2/1', 5)], sees: { total: undefined, further: [{ phase: 'live' }] } },
    'silent for long': {
      steps: [reading('meter2/1', 5), further('meter2', 'live')],
      laterMs: 100_000,
      sees: { further: [{ phase: 'stale', cards: [{ stale: true }] }] }
    },
    'none is live when the daemon is gone': {
      steps: [reading(0, 900), reading('meter2/0', 400), down],
      laterMs: 10_000,
      sees: { phase: 'offline', further: [{ phase: 'offline', cards: [{ stale: true }] }] }
    },
    'a sensor of a further one is unavailable': {
      steps: [reading('meter2/0', 400), reading('meter2/1', 4), message('meter2/1/availability', 'offline')],
      sees: { further: [{ phase: 'live', cards: [{ stale: false }, { stale: true }] }] }
    }
  }
  for (const [name, { steps, laterMs = 0, sees }] of Object.entries(table)) t.match(views(steps, laterMs), sees, name)
})

t.test('derived sensors', async t => {
  const cards = (steps: readonly Step[], laterMs = 0) => views(steps, laterMs).cards
  const house = [reading(0, 400), reading(1, 2_600, 2_000, { name: 'Solar' })]
  t.match(cards([...house, derived('net', -2_200, '0 - 1', 2_000, { name: 'Net' })]), [
    { place: '1' },
    { place: 'net', kind: 'derived', watts: -2_200, stale: false, points: [[hostMs - 2_000, -2_200]] }
  ])
  t.equal(views([...house, derived('net', -2_200, '0 - 1')]).total?.watts, 400, 'the total is what was measured')
  t.match(cards([...house, derived('b', 1, '0'), derived('a', 2, '0')]).slice(1), [{ place: 'a' }, { place: 'b' }])
  t.equal(cards([...house, derived('net', 1, '0', 91_000)])[1]?.stale, true, 'old')
  t.equal(cards([reading(0, 400, 91_000), reading(1, 5), derived('net', 1, '0 - 1')])[1]?.stale, true, 'no fresher than its oldest part')
  const ofTwo = [reading('meter2/1', 5), reading(0, 900), derived('net', 905, '0 + meter2/1')]
  t.equal(cards(ofTwo)[0]?.stale, false)
  t.equal(cards([...ofTwo, further('meter2', 'absent')])[0]?.stale, true, 'a part is of a meter that is gone')
  t.same(cards([...house, derived('net', 1, '0'), message('net/state', '')]).length, 1, 'taken back')
  const many = Array.from({ length: 12 }, (_, index) => derived(`d${index}`, index, '0'))
  t.equal(cards(many).length, 8, 'not without end')
})

t.test('names', async t => {
  const named = { name: '  Heat pump ' }
  t.equal(views([reading(0, 900, 0, { name: 'Grid' })]).total?.name, 'Grid')
  const names = ({ cards, further: meters }: View) =>
    [...cards, ...meters.flatMap(one => one.cards)].map(({ label }) => nameOf(label, english))
  const steps = [reading(1, 5), reading(2, 5, 0, named), reading(3, 0, 0, impulses), reading(4, 0, 0, { ...impulses, name: 'Boiler' })]
  t.same(names(views(steps)), ['Sensor 1', 'Heat pump', 'Gas', 'Boiler'])
  t.same(names(views([reading('meter2/0', 5), reading('meter2/1', 5, 0, named)])), ['Main sensor', 'Heat pump'])
  t.same(names(views([derived('net', 5, '0'), derived('solar-use', 5, '0'), derived('x', 5, '0', 0, named)])), [
    'Net',
    'Solar use',
    'Heat pump'
  ])
  t.equal(views([reading(1, 5, 0, { name: 'n'.repeat(100) })]).cards[0]?.label.name.length, 40, 'not without end')
})

t.test('formulas', async t => {
  const table: [string, Step[], string][] = [
    ['0 - 1', [], 'Whole house − Sensor 1'],
    ['0 − 1', [reading(0, 1, 0, { name: 'Grid' }), reading(1, 1, 0, { name: 'Solar' })], 'Grid − Solar'],
    ['-1+2', [], '− Sensor 1 + Sensor 2'],
    ['0 + meter2/0 + meter2/3', [reading('meter2/3', 1, 0, { name: 'Barn' })], 'Whole house + Main sensor (meter 2) + Barn'],
    ['what?', [], '']
  ]
  for (const [formula, steps, text] of table) {
    const card = views([...steps, derived('net', 1, formula)]).cards.find(({ place }) => place === 'net')
    t.equal(card?.kind === 'derived' && plain(formulaOf(card.terms, english)), text, formula)
  }
})

t.test('corrections', async t => {
  const corrected = (steps: readonly Step[]) => correctionsOf(views(steps).corrected, english)
  const of = (...corrections: unknown[]) => ({ corrections })
  t.equal(corrected([reading(0, 1)]), '')
  t.equal(corrected([reading(0, 1, 0, of('scale 1.02', 'temperature -1.5'))]), 'Corrected: scale 1.02, temperature -1.5')
  t.equal(corrected([reading(0, 1), reading(1, 1, 0, of('scale 2'))]), '', 'the total is not touched by another sensor’s')
  const warm = reading(1, 1, 0, of('scale 2', 'temperature +1'))
  t.equal(corrected([reading(0, 1, 0, { celsius: undefined }), warm]), 'Corrected: Sensor 1: temperature +1', 'the temperature is')
  t.equal(
    corrected([warm, reading(2, 1, 0, { name: 'Oven', ...of('fix 144') })]),
    'Corrected: Sensor 1: scale 2, temperature +1; Oven: fix 144'
  )
  const [card] = views([reading(0, 1), reading(1, 1, 0, of('scale 2', 7, '', 'x'.repeat(99)))]).cards
  t.same(card?.corrections, ['scale 2', 'x'.repeat(40)], 'on the card, and only words')
  t.same(views([reading(0, 3, 0, { ch1Watts: 1, ch2Watts: 2, ...of('scale 2') })]).cards[0]?.corrections, ['scale 2'])
  t.same(views([reading(0, 1, 0, { corrections: 'scale 2' })]).corrected, [])
})

t.test('energy', async t => {
  const text = (steps: readonly Step[]) => plain(energyTextOf(views(steps).total?.energy, hostMs, english, british))
  const of = (place: string, totalKWh: number, backfilledKWh = 0, from = since) => energy(place, { totalKWh, backfilledKWh, since: from })
  t.equal(text([reading(0, 1)]), '')
  t.equal(text([reading(0, 1), of('0', 12.345)]), '12.3 kWh since 2 Nov')
  t.equal(text([of('0', 128.4, 1.212), reading(0, 1)]), '128 kWh since 2 Nov, of which 1.21 kWh from the meter’s memory')
  t.equal(text([reading(0, 1), of('0', 1, 0.001)]), '1.00 kWh since 2 Nov', 'too little to show')
  t.equal(text([reading(0, 1), energy('0', { totalKWh: -4 })]), '−4.00 kWh')
  t.equal(
    text([reading(1, 1), of('1', 1), reading(2, 1), of('2', 2, 1)]),
    '3.00 kWh since 2 Nov, of which 1.00 kWh from the meter’s memory'
  )
  t.equal(text([reading(1, 1), of('1', 1), reading(2, 1), of('2', 2, 0, '2026-11-05T09:00:00Z')]), '3.00 kWh', 'not begun together')
  t.equal(text([reading(1, 1), of('1', 1), reading(2, 1)]), '', 'one has none')
  t.equal(text([reading(1, 1), of('1', 1), reading(2, 1, 95_000), of('2', 2)]), '', 'the title speaks of one sensor alone')
  const cards = views([
    reading(0, 9, 0, { ch1Watts: 4, ch2Watts: 5 }),
    of('0', 5),
    reading(1, 1),
    of('1', 6),
    reading('meter2/0', 2),
    of('meter2/0', 7)
  ])
  t.match(
    [...cards.cards, ...cards.further.flatMap(one => one.cards)].map(card => card.energy?.total),
    [undefined, 6, 7]
  )
  const gas = views([reading(3, 0, 0, impulses), energy('3', { medium: 'gas', totalUnits: 0.5, unit: 'm3', since })]).cards[0]?.energy
  t.equal(plain(energyTextOf(gas, hostMs, english, british)), '0.50 m³ since 2 Nov')
  t.equal(views([reading(0, 1), of('0', 5), message('0/energy/state', '')]).total?.energy, undefined, 'taken back')
})

t.test('where a meter is', async t => {
  const table: [string, string, string][] = [
    ['CC128-v1.31', '/dev/ttyUSB0', 'CC128-v1.31 · /dev/ttyUSB0'],
    ['', '/dev/ttyUSB0', '/dev/ttyUSB0'],
    ['CC02-v1.06', 'auto', 'CC02-v1.06 · found by itself'],
    ['', 'auto', ''],
    ['', '', '']
  ]
  for (const [model, source, text] of table) t.equal(originOf({ model, source }, english), text)
})

t.test('the average', async t => {
  const at = (ageMs: number) => hostMs - ageMs
  const average = (...points: [number, number][]) =>
    views([reading(0, points[points.length - 1]?.[1] ?? 0, 0), { type: 'recent', value: { sensors: [{ sensor: '0', points }] } }]).summary
      ?.average
  t.equal(average([at(6_000), 100], [at(0), 300]), 200, 'of two points lies between them')
  t.equal(average([at(60_000), 0], [at(12_000), 0], [at(0), 600]), 60, 'is weighted by time')
  t.equal(average([at(200_000), 100], [at(0), 300]), 200, 'of nothing but silence is that of the points')
  t.equal(average([at(206_000), 100], [at(200_000), 100], [at(6_000), 500], [at(0), 500]), 300, 'knows nothing of a silence')
  t.equal(average([at(700_000), 9_000], [at(6_000), 1], [at(0), 3]), 2, 'looks back no further than the trace')
})
