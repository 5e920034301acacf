/** What was true. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { House } from '../../src/simulator/house.ts'
import { houses } from '../../src/simulator/houses.ts'
import type { HousePlan } from '../../src/simulator/plan.ts'
import { Random } from '../../src/simulator/random.ts'
import { Truth } from '../../src/simulator/truth.ts'
import { hourMs, startMs } from '../fixtures/simulator/listen.ts'

function truthOf(plan: HousePlan): Truth {
  const house = new House(plan, new Random(1), startMs)
  house.advance(startMs + 3 * hourMs)
  return new Truth(plan, house)
}

t.test('energy and power of a sensor are those of its channels', async t => {
  const truth = truthOf(houses.threePhase)
  const span = [startMs + 12_345, startMs + 2 * hourMs] as const
  const parts = [1, 2, 3].map(channel => truth.energyWh(0, ...span, channel))
  t.ok(Math.abs(truth.energyWh(0, ...span) - parts.reduce((sum, part) => sum + part, 0)) < 1e-9)
  t.ok(parts.every(part => part > 0))
  const watts = [1, 2, 3].map(channel => truth.wattsAt(0, span[1], channel))
  t.equal(
    truth.wattsAt(0, span[1]),
    watts.reduce((sum, each) => sum + each, 0)
  )
  t.equal(truth.energyWh(0, span[0], span[0]), 0)
  t.ok(truthOf(houses.counters).energyWh(3, startMs, span[1]) > 0, 'litres')
})

t.test('what is not known yet, and what does not exist, is no number', async t => {
  const truth = truthOf(houses.demo)
  t.throws(() => truth.energyWh(0, startMs, startMs + 4 * hourMs), /nothing is known yet/)
  t.throws(() => truth.wattsAt(0, startMs + 4 * hourMs), /nothing is known yet/)
  t.throws(() => truth.energyWh(0, startMs - 1, startMs), /nothing is remembered/)
  t.throws(() => truth.wattsAt(0, startMs, 2), /no such channel/)
  t.throws(() => truth.wattsAt(9, startMs), /no such channel/)
})

t.test('faults and losses are counted, and only so many remembered', async t => {
  const truth = truthOf(houses.demo)
  truth.lose(1, 'radio')
  truth.lose(1, 'radio')
  t.equal(truth.lost(1, 'radio'), 2)
  t.equal(truth.lost(1, 'dump'), 0)
  for (let count = 0; count < limits.truthFaultsMax + 3; count += 1) truth.blame({ kind: 'spike', atMs: count })
  t.equal(truth.faults.length, limits.truthFaultsMax)
  t.equal(truth.faultsForgotten, 3)
  const forgetful = truthOf({ ...houses.demo, keepsTruth: false })
  forgetful.blame({ kind: 'spike', atMs: 0 })
  t.strictSame([forgetful.faults.length, forgetful.faultsForgotten], [0, 1])
})
