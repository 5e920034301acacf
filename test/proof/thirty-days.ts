/** Thirty days of a house with four transmitters, as badly heard as houses are: nothing false is believed, and energy adds up. */
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { houses } from '../../src/simulator/houses.ts'
import { live } from '../fixtures/proof/household.ts'
import { judgeEnergy, judgeReadings, judgeRestarts } from '../fixtures/proof/verdict.ts'

const seed = 1
const days = 30
/** The whole house loses 68 % of its messages, the others 12 to 25 %; beside that the wire spoils what it can. */
const plan = { ...houses.appliances, faults: houses.everything.faults }
t.setTimeout(600_000)

t.test(`'appliances', seed ${seed}, ${days} days`, async t => {
  t.setTimeout(600_000)
  await setImmediate() // what was said of time must be heard before everything else waits
  const household = live(plan, seed, days)
  await t.test('readings', async t => judgeReadings(t, household))
  await t.test('energy', async t => judgeEnergy(t, plan, household))
  await t.test('a restart each day', async t => judgeRestarts(t, household))
})
