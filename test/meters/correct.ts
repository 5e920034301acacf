/** Corrections: each changes what it says and tells so; the spike filter loses no reading that is borne out. */
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Corrector } from '../../src/meters/correct.ts'
import type { Reading } from '../../src/reading.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

/** A whole house's reading of one clamp. */
function house(watts: number, atMs = 0): Reading {
  return power({ atMs, watts, channels: [{ channel: 1, watts }] })
}

function wattsOf(readings: readonly Reading[]): readonly number[] {
  return readings.map(reading => (reading.kind === 'power' ? reading.watts : Number.NaN))
}

t.test('nothing is corrected unless it is asked for', async t => {
  for (const reading of [power({}), impulses({})]) t.strictSame(new Corrector({}).correct(reading), [reading])
  t.strictSame(new Corrector({ scale: 1, temperatureOffset: 0, spikeFilter: false, fix144: false }).correct(house(5)), [house(5)])
})

t.test('a name is no correction', async t => {
  t.strictSame(new Corrector({ name: 'House' }).correct(power({})), [{ ...power({}), name: 'House' }])
  t.strictSame(new Corrector({ name: 'Gas', scale: 2, spikeFilter: true, fix144: true }).correct(impulses({})), [
    { ...impulses({}), name: 'Gas' }
  ])
})

t.test('watts are scaled by channel, and their sum is theirs', async t => {
  const reading = power({
    watts: 300,
    channels: [
      { channel: 1, watts: 101 },
      { channel: 3, watts: 199 }
    ]
  })
  t.strictSame(new Corrector({ scale: 1.02 }).correct(reading), [
    {
      ...reading,
      watts: 306,
      channels: [
        { channel: 1, watts: 103 },
        { channel: 3, watts: 203 }
      ],
      corrections: ['scale 1.02']
    }
  ])
})

t.test('the temperature, where there is one', async t => {
  const warm = (celsius: number, temperatureOffset: number): unknown =>
    new Corrector({ temperatureOffset }).correct({ ...house(1), celsius })[0]
  t.match(warm(18.7, -1.5), { celsius: 17.2, corrections: ['temperature -1.5'] })
  t.match(warm(0.1, 0.2), { celsius: 0.3, corrections: ['temperature +0.2'] })
  const { celsius, ...cold } = power({})
  t.notOk('celsius' in (new Corrector({ temperatureOffset: 1 }).correct(cold)[0] ?? {}))
  t.match(new Corrector({ temperatureOffset: 1 }).correct({ ...impulses({}), celsius: 20 }), [
    { celsius: 21, corrections: ['temperature +1'] }
  ])
})

t.test('144 W on channels 2 and 3 go, above what a single phase has without them', async t => {
  const three = (first: number, second: number, third: number): Reading =>
    power({
      watts: first + second + third,
      channels: [
        { channel: 1, watts: first },
        { channel: 2, watts: second },
        { channel: 3, watts: third }
      ]
    })
  const corrector = new Corrector({ fix144: true })
  t.match(corrector.correct(three(4_000, 144, 144)), [{ watts: 4_000, channels: [{ channel: 1, watts: 4_000 }], corrections: ['fix 144'] }])
  t.same(wattsOf(corrector.correct(three(limits.bug144WattsMin, 144, 144))), [limits.bug144WattsMin + 288])
  t.same(wattsOf(corrector.correct(three(4_000, 144, 145))), [4_289])
  t.same(wattsOf(corrector.correct(house(4_000))), [4_000])
  t.same(wattsOf(corrector.correct(power({ watts: 0, channels: [] }))), [0])
  t.same(wattsOf(new Corrector({ fix144: true, scale: 0.5 }).correct(three(4_000, 144, 144))), [2_000], 'before it is scaled')
})

t.test('a spike is held back, and gone when the next reading does not bear it out', async t => {
  const corrector = new Corrector({ spikeFilter: true })
  const passed = [300, 310, 8_300, 305, 290].map(watts => wattsOf(corrector.correct(house(watts))))
  t.strictSame(passed, [[300], [310], [], [305], [290]])
  t.equal(corrector.spikes, 1)
  t.match(corrector.correct(house(300)), [{ corrections: ['spike filter'] }])
})

t.test('a step is held back for one reading, and comes with its own time', async t => {
  const corrector = new Corrector({ spikeFilter: true })
  corrector.correct(house(300, 0))
  t.strictSame(corrector.correct(house(3_300, 6_000)), [])
  t.match(corrector.correct(house(3_280, 12_000)), [
    { watts: 3_300, atMs: 6_000 },
    { watts: 3_280, atMs: 12_000 }
  ])
  t.strictSame(wattsOf(corrector.correct(house(320, 18_000))), [320], 'back to what was there a moment ago')
  t.equal(corrector.spikes, 0)
})

t.test('the first reading goes on, and if it was the spike, nothing after it is lost', async t => {
  const corrector = new Corrector({ spikeFilter: true })
  t.strictSame(
    [9_000, 300, 310, 305].map(watts => wattsOf(corrector.correct(house(watts)))),
    [[9_000], [], [300, 310], [305]]
  )
  t.equal(corrector.spikes, 0)
})

t.test('whatever comes, each reading goes on in its order, is held, or is counted, and no two are held in a row', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 60 }), series => {
      const corrector = new Corrector({ spikeFilter: true })
      const outcomes = series.map((watts, index) => corrector.correct(house(watts, index)))
      const times = outcomes.flat().map(({ atMs }) => atMs)
      const isHolding = outcomes.at(-1)?.length === 0
      if (times.length + corrector.spikes + Number(isHolding) !== series.length) return false
      if (times.some((atMs, index) => index > 0 && atMs <= (times[index - 1] ?? 0))) return false
      return outcomes.every((passed, index) => passed.length > 0 || outcomes[index + 1]?.length !== 0)
    })
  )
  t.pass()
})
