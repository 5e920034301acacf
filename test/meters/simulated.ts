/** The simulated meter: wire bytes that the real way reads, from a house that adds up. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type SimulatedMessage, SimulatedMeter } from '../../src/meters/simulated.ts'
import type { PowerReading } from '../../src/reading.ts'
import { bytesOf, outcomesOf } from '../fixtures/meters/wire.ts'

const hourMs = 3_600_000
/** Midnight, UTC. */
const startMs = 1_699_920_000_000

type Sent = PowerReading & { readonly sentMs: number }

/** Everything a meter sends from one instant to another, read by the real framer and model. */
function sent(meter: SimulatedMeter, fromMs: number, toMs: number): Sent[] {
  const messages: SimulatedMessage[] = []
  for (let message = meter.next(fromMs); message.atMs < toMs; message = meter.next(message.atMs)) messages.push(message)
  const outcomes = outcomesOf(bytesOf(messages.map(({ text }) => text).join('')))
  assert.equal(outcomes.length, messages.length)
  return messages.map(({ atMs, text }, index) => {
    const outcome = outcomes[index]
    const reading = outcome?.kind === 'readings' ? outcome.readings[0] : undefined
    if (reading?.kind !== 'power') throw new Error(`not a power reading: ${text}`)
    return { ...reading, sentMs: atMs }
  })
}

t.test('a message is a line of wire that is read without fault', async t => {
  const { text } = new SimulatedMeter(1, startMs).next(startMs)
  t.match(text, /^<msg>.*<\/msg>\r\n$/)
  t.ok(text.length < 170)
})

t.test('every sensor speaks within the first second', async t => {
  t.strictSame(
    sent(new SimulatedMeter(1, startMs), startMs, startMs + 1000).map(({ sensor }) => sensor),
    [0, 1, 2]
  )
})

t.test('the same seed tells the same, another seed tells otherwise', async () => {
  const run = (seed: number) => sent(new SimulatedMeter(seed, startMs), startMs, startMs + hourMs)
  assert.deepEqual(run(7), run(7))
  assert.notDeepEqual(run(7), run(8))
})

t.test('a day: cadence, clock, sums and curve', async t => {
  const day = sent(new SimulatedMeter(3, startMs), startMs, startMs + 24 * hourMs)
  const of = (sensor: number) => day.filter(each => each.sensor === sensor)
  for (const sensor of [0, 1, 2]) {
    const gaps = of(sensor).map(({ sentMs }, index, all) => sentMs - (all[index - 1]?.sentMs ?? sentMs - 6000))
    t.ok(
      gaps.every(gap => gap >= 6000 && gap <= 6200),
      `cadence of sensor ${sensor}`
    )
  }
  t.ok(
    day.every(({ sentMs, meterTime }) => new Date(sentMs).toISOString().slice(11, 19) === meterTime),
    'the clock is the hour of the day'
  )
  const average = (from: number, to: number) => {
    const part = of(0).filter(({ sentMs }) => sentMs >= startMs + from * hourMs && sentMs < startMs + to * hourMs)
    return part.reduce((sum, { watts }) => sum + watts, 0) / part.length
  }
  t.comment(`W at 2–5 h ${average(2, 5)}, at 18–21 h ${average(18, 21)}`)
  t.ok(average(2, 5) * 1.5 < average(18, 21), 'the evening takes more than the night')
  const fridge = of(1).map(({ watts }) => watts > 0)
  const switches = fridge.filter((on, index) => index > 0 && on !== fridge[index - 1]).length
  t.ok(switches > 30 && switches < 100, `the fridge cycles: ${switches} switches`)
  t.ok(
    of(2).some(({ watts }) => watts > 2000),
    'the kettle boils'
  )
  const degrees = day.map(({ celsius = Number.NaN }) => celsius)
  t.ok(Math.max(...degrees) - Math.min(...degrees) > 0.5, 'the temperature drifts')
  t.ok(Math.max(...degrees) < 24 && Math.min(...degrees) > 18)
})

t.test('the kettle boils within the first minute', async t => {
  for (const seed of [1, 2, 3]) {
    const minute = sent(new SimulatedMeter(seed, startMs), startMs, startMs + 60_000)
    t.ok(minute.some(({ sensor, watts }) => sensor === 2 && watts > 2000))
  }
})

t.test('the house takes at least what its devices take', async () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat({ max: 24 }), (seed, hour) => {
      const fromMs = startMs + hour * hourMs
      const all = sent(new SimulatedMeter(seed, fromMs), fromMs, fromMs + hourMs / 2)
      for (const [index, house] of all.entries()) {
        if (house.sensor !== 0) continue
        // A device may have switched between its message and the house's: the lesser of what it said before and after holds.
        const least = [1, 2].map(sensor => {
          const before = all.slice(0, index).findLast(each => each.sensor === sensor)
          const after = all.slice(index).find(each => each.sensor === sensor)
          return Math.min(before?.watts ?? 0, after?.watts ?? 0)
        })
        assert.ok(house.watts >= least.reduce((sum, watts) => sum + watts, 0))
      }
    }),
    { numRuns: 20 }
  )
})

t.test('the clock follows the zone and the days roll at its midnight', async t => {
  const offsetMs = -2 * hourMs
  const run = sent(new SimulatedMeter(5, startMs, offsetMs), startMs + 2 * hourMs - 30_000, startMs + 2 * hourMs + 30_000)
  const [first] = run
  const last = run.at(-1)
  t.match(first?.meterTime, /^23:59/)
  t.match(last?.meterTime, /^00:00/)
  t.equal((last?.daysSinceBirth ?? 0) - (first?.daysSinceBirth ?? 0), 1)
})

t.test('after a sleep or a jump of the clock each sensor speaks once and goes on', async t => {
  const meter = new SimulatedMeter(9, startMs)
  sent(meter, startMs, startMs + 20_000)
  for (const wakeMs of [startMs + 5 * hourMs, startMs - 40 * 24 * hourMs, startMs - 3000 * 24 * hourMs]) {
    const after = sent(meter, wakeMs, wakeMs + 6300)
    const sensors = after.map(({ sensor }) => sensor)
    t.strictSame(new Set(sensors), new Set([0, 1, 2]))
    t.ok(sensors.length <= 6)
  }
})
