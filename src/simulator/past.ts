/** The days before the simulation: what an average day takes, day by day a little different, so that an old meter has something to remember. */
import { dayMs, hourMs, type MeterClock } from './clock.ts'
import type { HistoryStore } from './history.ts'
import { usualWattsOf } from './house.ts'
import type { HousePlan } from './plan.ts'
import type { Random } from './random.ts'

/** Lets the store live through the days since the wipe, up to the last odd hour that the meter's clock showed. */
export function rememberPast(store: HistoryStore, plan: HousePlan, clock: MeterClock, random: Random, startMs: number): void {
  if (plan.pastDays === undefined || ('history' in plan.meter && plan.meter.history === 'none')) return
  const nextMs = clock.nextHourMs(startMs)
  const lastMs = nextMs - (clock.hour(nextMs) % 2 === 0 ? hourMs : 2 * hourMs)
  let day = 1
  for (let atMs = lastMs - plan.pastDays * dayMs + 2 * hourMs; atMs <= lastMs; atMs += 2 * hourMs) {
    const hour = clock.hour(atMs)
    if (hour === 1) day = random.between([0.7, 1.3])
    const middleHour = (hour + 23) % 24
    const watts = plan.sensors.map((_, sensor) => usualWattsOf(plan, sensor, middleHour) * day * random.between([0.8, 1.2]))
    store.roll(
      hour,
      watts.map(each => each * 2 * hourMs)
    )
  }
}
