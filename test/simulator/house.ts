/** The house adds up. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { House, usualWattsOf } from '../../src/simulator/house.ts'
import { houses } from '../../src/simulator/houses.ts'
import { Random } from '../../src/simulator/random.ts'
import { dayMs, hourMs, startMs } from '../fixtures/simulator/listen.ts'

t.test('the whole house takes what its loads take, at every instant', async () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.nat({ max: hourMs }), { maxLength: 30 }), (seed, waits) => {
      const house = new House(houses.demo, new Random(seed), startMs)
      let atMs = startMs
      for (const waitMs of waits) {
        atMs += waitMs
        house.advance(atMs)
        const [whole = 0] = house.watts(0)
        const [fridge = 0] = house.watts(1)
        const [kettle = 0] = house.watts(2)
        assert.ok(whole >= fridge + kettle + 120)
      }
    }),
    { numRuns: 30 }
  )
})

t.test('energy is the exact sum of constant power over time, however it is advanced', async t => {
  const coarse = new House(houses.threePhase, new Random(3), startMs)
  const fine = new House(houses.threePhase, new Random(3), startMs)
  coarse.advance(startMs + 6 * hourMs)
  for (let atMs = startMs; atMs <= startMs + 6 * hourMs; atMs += 7_919) fine.advance(atMs)
  fine.advance(startMs + 6 * hourMs)
  fine.advance(startMs)
  t.equal(fine.nowMs, startMs + 6 * hourMs, 'time never goes back')
  t.equal(coarse.energyWattMs(0), fine.energyWattMs(0))
  let sum = 0
  for (const channel of [0, 1, 2]) {
    const steps = coarse.steps(0, channel)
    for (let atMs = startMs; atMs < startMs + 6 * hourMs; atMs += 1000) {
      const part = steps.energyAt(atMs + 1000) - steps.energyAt(atMs)
      if (!Number.isInteger(part)) throw new Error(`${part} at ${atMs}`)
      sum += part
    }
  }
  t.equal(sum, coarse.energyWattMs(0), 'what is remembered adds up to it')
})

t.test('a house that keeps no truth, or has no such sensor, says so', async t => {
  const forgetful = new House({ ...houses.demo, keepsTruth: false }, new Random(1), startMs)
  forgetful.advance(startMs + hourMs)
  t.throws(() => forgetful.steps(0, 0), /does not keep the truth/)
  t.throws(() => new House(houses.demo, new Random(1), startMs).steps(7, 0), /no such channel/)
  t.ok(forgetful.energyWattMs(0) > 0)
  t.equal(forgetful.energyWattMs(7), 0)
})

t.test('a house without loads takes nothing', async t => {
  const empty = new House({ ...houses.demo, loads: {} }, new Random(1), startMs)
  empty.advance(startMs + dayMs)
  t.strictSame(empty.watts(0), [0])
  t.equal(usualWattsOf({ ...houses.demo, loads: {} }, 0, 12), 0)
})

t.test('an average day is that of the loads behind all channels', async t => {
  t.ok(usualWattsOf(houses.threePhase, 0, 19) > usualWattsOf(houses.demo, 0, 19))
  t.ok(usualWattsOf(houses.counters, 2, 19) > 0)
  t.equal(usualWattsOf(houses.demo, 9, 19), 0)
})
