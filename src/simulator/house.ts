/** The house: its loads go on and off in simulated time, and what each clamp and counter of a sensor has behind it adds up exactly. */
import { hourOf, type Load, makeLoad, usualWatts } from './loads.ts'
import type { HousePlan } from './plan.ts'
import type { Random } from './random.ts'
import { Steps } from './steps.ts'

interface Running {
  readonly load: Load
  /** The channels that it is behind. */
  readonly channels: readonly Channel[]
  watts: number
  untilMs: number
}

/** What flows through one clamp or counter. */
interface Channel {
  watts: number
  energyWattMs: number
  changedMs: number
  readonly steps: Steps | undefined
}

/** Sensors are named by where they stand in the plan, channels from 0. */
export class House {
  readonly #plan: HousePlan
  readonly #sensors: readonly (readonly Channel[])[]
  readonly #running: readonly Running[]
  #nowMs: number

  constructor(plan: HousePlan, random: Random, startMs: number) {
    this.#plan = plan
    this.#nowMs = startMs
    this.#sensors = namesOf(plan).map(channels =>
      channels.map(() => {
        const steps = plan.keepsTruth === false ? undefined : new Steps()
        steps?.push(startMs, 0, 0)
        return { watts: 0, energyWattMs: 0, changedMs: startMs, steps }
      })
    )
    this.#running = Object.entries(plan.loads).map(([name, load]) => ({
      load: makeLoad(load, random.fork()),
      channels: namesOf(plan).flatMap((channels, sensor) =>
        channels.flatMap((names, channel) => (names.includes(name) ? (this.#channels(sensor)[channel] as Channel) : []))
      ),
      watts: 0,
      untilMs: startMs
    }))
    this.advance(startMs)
  }

  /** The time up to which everything is known. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Lets time pass; it never goes back. */
  advance(toMs: number): void {
    for (let next = this.#earliest(); next !== undefined && next.untilMs <= toMs; next = this.#earliest()) this.#change(next)
    this.#nowMs = Math.max(this.#nowMs, toMs)
  }

  /** Power through each channel of a sensor, now. */
  watts(sensor: number): readonly number[] {
    return this.#channels(sensor).map(({ watts }) => watts)
  }

  /** Energy through all channels of a sensor since the start, in watts times ms. */
  energyWattMs(sensor: number): number {
    return this.#channels(sensor).reduce((sum, each) => sum + each.energyWattMs + each.watts * (this.#nowMs - each.changedMs), 0)
  }

  /** What was remembered of a channel. */
  steps(sensor: number, channel: number): Steps {
    const steps = this.#channels(sensor)[channel]?.steps
    if (steps === undefined) throw new RangeError('nothing is remembered: there is no such channel, or the plan does not keep the truth')
    return steps
  }

  #channels(sensor: number): readonly Channel[] {
    return this.#sensors[sensor] ?? []
  }

  #earliest(): Running | undefined {
    let earliest: Running | undefined
    for (const running of this.#running) if (!earliest || running.untilMs < earliest.untilMs) earliest = running
    return earliest
  }

  #change(running: Running): void {
    const atMs = running.untilMs
    const { watts, lastsMs } = running.load(hourOf(atMs + (this.#plan.zoneMs ?? 0)))
    for (const channel of running.channels) {
      channel.energyWattMs += channel.watts * (atMs - channel.changedMs)
      channel.changedMs = atMs
      channel.watts += watts - running.watts
      channel.steps?.push(atMs, channel.watts, channel.energyWattMs)
    }
    running.watts = watts
    running.untilMs = atMs + lastsMs
  }
}

/** What all channels of a sensor take together at this hour on an average day, in watts. */
export function usualWattsOf(plan: HousePlan, sensor: number, hour: number): number {
  const names = namesOf(plan)[sensor]?.flat() ?? []
  return names.reduce((sum, name) => {
    const load = plan.loads[name]
    return load === undefined ? sum : sum + usualWatts(load, hour)
  }, 0)
}

/** The loads behind each channel of each sensor. */
function namesOf(plan: HousePlan): readonly (readonly (readonly string[])[])[] {
  return plan.sensors.map(sensor => (sensor.measures === 'watts' ? sensor.channels : [sensor.loads]))
}
