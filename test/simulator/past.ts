/** The days before the simulation. */
import t from 'tap'
import { MeterClock } from '../../src/simulator/clock.ts'
import { cc128Capacities, HistoryStore } from '../../src/simulator/history.ts'
import { houses } from '../../src/simulator/houses.ts'
import { rememberPast } from '../../src/simulator/past.ts'
import { Random } from '../../src/simulator/random.ts'
import { hourMs, startMs } from '../fixtures/simulator/listen.ts'

/** A house whose meter remembers. */
const house = { ...houses.demo, meter: { ...houses.demo.meter, history: 'usual' } } as const

function remembered(pastDays: number | undefined, hour: number): HistoryStore {
  const store = new HistoryStore(cc128Capacities, house.sensors.length)
  const { pastDays: _, ...plan } = house
  rememberPast(store, pastDays === undefined ? plan : { ...plan, pastDays }, new MeterClock(0, 0), new Random(1), startMs + hour * hourMs)
  return store
}

t.test('a meter without history remembers nothing', async t => {
  const store = new HistoryStore(cc128Capacities, houses.demo.sensors.length)
  rememberPast(store, { ...houses.demo, pastDays: 10 }, new MeterClock(0, 0), new Random(1), startMs)
  t.equal(store.kept('hours'), 0)
})

t.test('an old meter remembers, a new one does not', async t => {
  t.equal(remembered(undefined, 10).kept('hours'), 0)
  const old = remembered(100, 10.5)
  t.equal(old.kept('hours'), 372)
  t.equal(old.kept('days'), 90)
  t.equal(old.kept('blocks'), 3)
  for (let age = 0; age < 90; age += 1) {
    const day = old.kwh('days', 0, age)
    if (day < 2 || day > 30 || day < old.kwh('days', 1, age)) t.fail(`day ${age}: ${day} kWh`)
  }
  t.ok(old.kwh('hours', 0, 2) > 0)
})

t.test('the last span ended at the last odd hour', async t => {
  for (const hour of [9, 9.5, 10, 10.5]) t.equal(remembered(3, hour).kept('hours'), 36, `at ${hour}`)
})
