/** Integration: exact for power that goes evenly from reading to reading, and never energy out of a jump of the clock. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { integrate, pointOf, trapezoidWh, wattsAt } from '../../src/history/integrate.ts'
import { limits } from '../../src/limits.ts'
import { hourMs, power, startMs } from '../fixtures/history/readings.ts'

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

t.test('a kilowatt for a minute', async t => {
  const step = integrate(pointOf(power(startMs, [400, 600])), pointOf(power(startMs + 60_000, [400, 600])))
  assert(step.kind === 'measured')
  t.ok(near(step.wattHours, 1000 / 60))
  t.ok(near(step.channelsWattHours[0], 400 / 60) && near(step.channelsWattHours[1], 10))
  t.equal(step.channelsWattHours[2], 0)
})

t.test('the sum over any cuts of an even rise is the whole', async t => {
  const watts = fc.integer({ min: -32_767, max: 32_767 })
  fc.assert(
    fc.property(
      watts,
      watts,
      fc.integer({ min: 1, max: limits.energyGapMsMax }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      (a, b, ms, cuts) => {
        const [from, to] = [pointOf(power(startMs, a)), pointOf(power(startMs + ms, b))]
        const times = [0, ...cuts.sort((x, y) => x - y), 1].map(cut => startMs + cut * ms)
        const parts = times.slice(1).map((end, index) => {
          const begin = times[index] ?? 0
          return trapezoidWh(wattsAt(from, to, begin), wattsAt(from, to, end), end - begin)
        })
        const sum = parts.reduce((total, part) => total + part, 0)
        return parts.every(part => part >= 0) && Math.abs(sum - trapezoidWh(a, b, ms)) < 1e-6
      }
    )
  )
  t.pass()
})

t.test('power given away is not counted', async t => {
  t.equal(trapezoidWh(-500, -1, hourMs), 0)
  t.equal(trapezoidWh(0, 0, hourMs), 0)
  t.ok(near(trapezoidWh(-1000, 1000, hourMs), 250), 'half the time, half the power in the mean')
  t.ok(near(trapezoidWh(1000, -1000, hourMs), 250))
})

t.test('what lies between two readings', async t => {
  const kind = (ms: number) => integrate(pointOf(power(startMs, 100)), pointOf(power(startMs + ms, 100))).kind
  t.equal(kind(0), 'measured')
  t.equal(kind(limits.energyGapMsMax), 'measured')
  t.equal(kind(limits.energyGapMsMax + 1), 'gap')
  t.equal(kind(-1), 'out-of-order')
  t.equal(kind(-limits.energyGapMsMax), 'out-of-order')
  t.equal(kind(-limits.energyGapMsMax - 1), 'set-back')
})
