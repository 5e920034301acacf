/** The houses that are ready: each is consistent in itself and can be read by the models. */
import t from 'tap'
import { houses } from '../../src/simulator/houses.ts'
import { SimulatedMeter } from '../../src/simulator/meter.ts'
import type { HousePlan } from '../../src/simulator/plan.ts'
import { hourMs, Listener, messages, startMs } from '../fixtures/simulator/listen.ts'

for (const [name, plan] of Object.entries<HousePlan>(houses)) {
  t.test(`the house '${name}'`, async t => {
    const numbers = plan.sensors.map(({ number }) => number)
    t.equal(new Set(numbers).size, numbers.length, 'each sensor has a number of its own')
    const named = plan.sensors.flatMap(sensor => (sensor.measures === 'watts' ? sensor.channels.flat() : sensor.loads))
    t.strictSame(
      named.filter(load => plan.loads[load] === undefined),
      [],
      'every load is there'
    )
    const listener = new Listener()
    const clean = messages(new SimulatedMeter({ ...plan, faults: {} }, 1, startMs), startMs + 2 * hourMs)
    const outcomes = clean.flatMap(event => listener.hear(event))
    t.equal(outcomes.length, clean.length)
    t.strictSame(
      outcomes.filter(({ kind }) => kind !== 'understood'),
      [],
      'all of it is understood'
    )
    const heard = new Set(clean.flatMap(({ meant }) => (meant.kind === 'history' ? [] : [meant.sensor])))
    t.equal(heard.size, numbers.length, 'every sensor is heard')
  })
}
