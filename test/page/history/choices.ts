/** Whose history there is to choose from, while not all of them have spoken. */
import t from 'tap'
import type { NowSensor } from '../../../src/api.ts'
import { choicesOf } from '../../../src/page/history/choices.ts'
import { type Event, initialState, step } from '../../../src/page/model.ts'
import { english } from '../../../src/page/strings.ts'

const nowMs = Date.UTC(2026, 10, 22, 15)
const time = new Date(nowMs).toISOString()
const settings: Event = { type: 'settings', value: { version: '1', root: 'home', staleMs: 90_000, nowMs }, phoneMs: nowMs }
const message = (topic: string, value: object): Event => ({
  ...{ type: 'message', topic: `home/${topic}`, text: JSON.stringify(value), phoneMs: nowMs }
})
const power = (place: string) => message(`${place}/state`, { time, kind: 'power', watts: 100, ch1Watts: 100, model: 'CC128' })
const stateOf = (...events: readonly Event[]) => [settings, ...events].reduce(step, initialState(nowMs))
const told = (sensor: string, kind: NowSensor['kind'] = 'power', name: string | null = null): NowSensor => ({
  ...{ sensor, name, kind, medium: 'electricity', atMs: nowMs, stale: true, watts: null, celsius: null },
  ...{ todayWh: null, todayExportedWh: null, usual: null }
})

t.test('who has not spoken yet stands where it will, under the name that it will have', async t => {
  const all = ['0', '3', '4', 'meter2/0', 'solar-net'].map(place => told(place, place === 'solar-net' ? 'derived' : 'power'))
  const names = (...heard: readonly string[]) => choicesOf(stateOf(...heard.map(power)), nowMs, all, english).map(({ name }) => name)
  const wanted = ['Whole house', 'Sensor 3', 'Sensor 4', 'Main sensor (meter 2)', 'Solar net']
  t.strictSame(names(), wanted)
  t.strictSame(names('3', 'meter2/0'), wanted)
  t.equal(choicesOf(stateOf(), nowMs, [told('1', 'power', 'Kettle')], english)[0]?.name, 'Kettle')
})

t.test('a silent counter counts what the daemon says', async t => {
  const [gas] = choicesOf(stateOf(), nowMs, [{ ...told('7', 'impulses'), medium: 'gas' }], english)
  t.equal(gas?.counted, 'gas')
})
