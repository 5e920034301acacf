/** A house in which all goes wrong that can: export, counters, spikes, dumps, a clock that is set; and a Classic that sees ghosts. */
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { houses } from '../../src/simulator/houses.ts'
import { faultKinds, live } from '../fixtures/proof/household.ts'
import { judgeCounters, judgeEnergy, judgeReadings, judgeRestarts } from '../fixtures/proof/verdict.ts'

const seed = 1
/** A day of this house costs as much as four of one with a single transmitter: so few suffice for every kind of fault to come. */
const days = 8
const classicDays = 3
t.setTimeout(600_000)

const classicPlan = { ...houses.classic, faults: houses.everything.faults }
const injected: Record<string, number> = {}

t.test(`'everything', seed ${seed}, ${days} days`, async t => {
  await setImmediate() // what was said of time must be heard before everything else waits
  const household = live(houses.everything, seed, days, ['filtered', 'killed'])
  Object.assign(injected, household.injected)
  await t.test('readings', async t => judgeReadings(t, household))
  await t.test('energy', async t => judgeEnergy(t, houses.everything, household))
  await t.test('counters', async t => judgeCounters(t, houses.everything, household, household.books.running.kwh))
  await t.test('a restart each day', async t => judgeRestarts(t, household))
  await t.test('killed each day', async t => {
    const { running, killed } = household.books
    for (const [sensor, text] of running.kwh) {
      const lost = Number(text) - Number(killed?.kwh.get(sensor))
      t.comment(`sensor ${sensor}: ${text} kWh, ${killed?.kwh.get(sensor)} kWh when killed`)
      // What a killed daemon had not written of a minute, the next reading bridges by a straight line.
      t.ok(Math.abs(lost) <= days * 0.05, `sensor ${sensor}: no more than a minute's doubt a day`)
    }
  })
})

t.test(`'classic', seed ${seed}, ${classicDays} days`, async t => {
  const classic = live(classicPlan, seed, classicDays, ['filtered'])
  Object.assign(injected, classic.injected)
  await t.test('readings', async t => judgeReadings(t, classic))
  await t.test('energy', async t => judgeEnergy(t, classicPlan, classic))
  await t.test('a restart each day', async t => judgeRestarts(t, classic))
})

t.test('every kind of fault was injected', async t => {
  t.strictSame(
    faultKinds.filter(kind => injected[kind] === undefined),
    []
  )
})
