/** What the display says of a transmitter. */
import t from 'tap'
import { MeterClock } from '../../src/simulator/clock.ts'
import { classicCapacities, HistoryStore } from '../../src/simulator/history.ts'
import { houses } from '../../src/simulator/houses.ts'
import type { HousePlan } from '../../src/simulator/plan.ts'
import { Random } from '../../src/simulator/random.ts'
import { sayImpulses, sayPower } from '../../src/simulator/speech.ts'
import { startMs } from '../fixtures/simulator/listen.ts'

const moment = { clock: new MeterClock(0, 1), atMs: startMs, celsius: 20 }
const sensor = houses.demo.sensors[1]

const say = (plan: HousePlan, watts: readonly number[], { spikes = 0, spoken = 1 } = {}) => {
  const memory = { store: new HistoryStore(classicCapacities, 1), openKwh: 0, spoken }
  return sayPower(plan, spikes > 0 ? { ...sensor, spikes } : sensor, moment, watts, memory, new Random(1))
}

t.test('what is true, within five digits', async t => {
  const { meant, text, faults } = say(houses.demo, [40_000, -40_000, 7])
  t.match(meant, { kind: 'power', sensor: 1, watts: [32_767, -32_767, 7], text })
  t.strictSame(faults, [])
})

t.test('a spike is a sound message with an absurd value', async t => {
  const { meant, text, faults } = say(houses.demo, [40, 50], { spikes: 1 })
  t.strictSame(faults, ['spike'])
  t.match(meant, { watts: [40, 50] })
  t.match(text, /<ch1><watts>(1[5-9]|[23]\d)\d{3}<\/watts><\/ch1><ch2><watts>00050</)
})

t.test('ghosts of 144 W, above 3 kW and with one clamp', async t => {
  t.match(say(houses.classic, [3001]), { faults: ['ghosts-144'], text: /<ch1><watts>03001.*<ch2><watts>00144.*<ch3><watts>00144/ })
  for (const [plan, watts] of [
    [houses.classic, [3000]],
    [houses.classic, [3001, 0, 0]],
    [houses.classicFirst, [3001]],
    [houses.demo, [3001]],
    [houses.classic, []]
  ] as const)
    t.strictSame(say(plan, watts).faults, [])
})

t.test('history stands in some messages of a Classic', async t => {
  t.match(say(houses.classic, [1], { spoken: 20 }).text, '<hist>')
  t.notMatch(say(houses.classic, [1], { spoken: 21 }).text, '<hist>')
  t.notMatch(say(houses.classicFirst, [1], { spoken: 20 }).text, '<hist>')
})

t.test('counts', async t => {
  const gas = houses.counters.sensors[2]
  t.match(sayImpulses(houses.counters, gas, moment, 12), { meant: { kind: 'impulses', sensor: 2, impulses: 12 }, faults: [] })
  t.throws(() => sayImpulses(houses.classic, gas, moment, 12), /no counters/)
})
