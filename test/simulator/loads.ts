/** What happens in a household. */
import t from 'tap'
import { activityAt, hourOf, makeLoad, usualWatts } from '../../src/simulator/loads.ts'
import type { LoadPlan } from '../../src/simulator/plan.ts'
import { Random } from '../../src/simulator/random.ts'
import { dayMs, hourMs } from '../fixtures/simulator/listen.ts'

const plans: Readonly<Record<string, LoadPlan>> = {
  rest: { kind: 'rest', standbyWatts: 100, awakeWatts: 500 },
  fridge: { kind: 'switched', onWatts: 90, onMs: [600_000, 900_000], offMs: [1_200_000, 2_000_000], usedByPeople: false },
  kettle: {
    kind: 'switched',
    onWatts: 2000,
    onMs: [60_000, 200_000],
    offMs: [600_000, 1_500_000],
    usedByPeople: true,
    first: { on: false, lastsMs: [15_000, 45_000] }
  },
  washing: {
    kind: 'programme',
    everyMs: dayMs / 2,
    steps: [
      [60, 240_000],
      [2000, 600_000]
    ]
  },
  sun: { kind: 'sun', peakWatts: 3000 }
}

/** Energy of each hour of the day over some days, in Wh a day. */
function byHour(plan: LoadPlan, seed: number, days: number): number[] {
  const load = makeLoad(plan, new Random(seed))
  const hours = Array.from({ length: 24 }, () => 0)
  for (let atMs = 0; atMs < days * dayMs; ) {
    const { watts, lastsMs } = load(hourOf(atMs))
    if (!Number.isInteger(watts) || !Number.isInteger(lastsMs) || lastsMs < 1) throw new Error(`${watts} W for ${lastsMs} ms`)
    for (let fromMs = atMs; fromMs < atMs + lastsMs; ) {
      const toMs = Math.min(atMs + lastsMs, (Math.floor(fromMs / hourMs) + 1) * hourMs)
      const hour = Math.floor(hourOf(fromMs))
      hours[hour] = (hours[hour] ?? 0) + (watts * (toMs - fromMs)) / hourMs / days
      fromMs = toMs
    }
    atMs += lastsMs
  }
  return hours
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

t.test('each kind has its day', async t => {
  for (const [name, plan] of Object.entries(plans)) {
    const hours = byHour(plan, 5, 20)
    const usual = sum(Array.from({ length: 24 }, (_, hour) => usualWatts(plan, hour + 0.5)))
    const total = sum(hours)
    t.comment(`${name}: ${(total / 1000).toFixed(2)} kWh a day, ${(usual / 1000).toFixed(2)} expected`)
    t.ok(total / usual > 0.5 && total / usual < 2, `${name}: ${total} Wh a day, ${usual} expected`)
    const night = sum(hours.slice(1, 5)) / 4
    const evening = sum(hours.slice(18, 22)) / 4
    if (name === 'rest' || name === 'kettle') t.ok(night * 1.5 < evening, `${name}: the evening takes more than the night`)
    if (name === 'sun') t.ok(night === 0 && (hours[12] ?? 0) < -500, 'the sun gives at noon and not at night')
  }
})

t.test('it begins as the plan says', async t => {
  const kettle = makeLoad(plans['kettle'] as LoadPlan, new Random(1))
  const [off, on] = [kettle(8), kettle(8)]
  t.ok(off.watts === 0 && off.lastsMs >= 15_000 && off.lastsMs <= 45_000)
  t.ok(on.watts > 1900 && on.lastsMs <= 30_000, 'and what is on wavers')
})

t.test('the hour of the day, and how awake the house is then', async t => {
  t.equal(hourOf(dayMs + 1.5 * hourMs), 1.5)
  t.equal(hourOf(-hourMs), 23)
  t.ok(activityAt(3) < 0.2 && activityAt(19.5) > 0.9)
})
