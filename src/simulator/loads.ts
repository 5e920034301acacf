/** What happens in a household: each load is constant power for a while, then another, as its kind and the hour want it. */
import { dayMs, hourMs } from './clock.ts'
import type { LoadPlan } from './plan.ts'
import type { Random, Span } from './random.ts'

/** Power that lasts. Watts and ms are whole, so that energy adds up exactly. */
interface Stretch {
  readonly watts: number
  readonly lastsMs: number
}

/** Says what comes next, at this hour of the day. */
export type Load = (hour: number) => Stretch

const minuteMs = 60_000
/** The rest of a house is never still. */
const restMs: Span = [3_000, 15_000]
/** What is on wavers a little, and is drawn anew so often. */
const waverMs = 30_000
const waver: Span = [0.99, 1.01]
const cloudMs: Span = [20_000, 60_000]
const nightMs: Span = [5 * minuteMs, 10 * minuteMs]

export function makeLoad(plan: LoadPlan, random: Random): Load {
  switch (plan.kind) {
    case 'rest':
      return makeRest(plan, random)
    case 'switched':
      return makeSwitched(plan, random)
    case 'programme':
      return makeProgramme(plan, random)
    case 'sun':
      return makeSun(plan, random)
  }
}

/** How awake the house is at this hour, from 0.1 to about 1: a sharp morning, a flat noon, a broad evening. */
export function activityAt(hour: number): number {
  return 0.1 + 0.6 * bump(hour, 7.5, 1.3) + 0.35 * bump(hour, 13, 3) + 0.85 * bump(hour, 19.5, 2.5)
}

/** What a load takes at this hour on an average day: for the days before the simulation, which nobody watched. */
export function usualWatts(plan: LoadPlan, hour: number): number {
  switch (plan.kind) {
    case 'rest':
      return plan.standbyWatts + plan.awakeWatts * activityAt(hour)
    case 'switched': {
      const onMs = middle(plan.onMs)
      const offMs = middle(plan.offMs) / (plan.usedByPeople ? activityAt(hour) : 1)
      return (plan.onWatts * onMs) / (onMs + offMs)
    }
    case 'programme':
      return plan.steps.reduce((sum, [watts, lastsMs]) => sum + watts * lastsMs, 0) / plan.everyMs
    case 'sun':
      return -0.5 * plan.peakWatts * sunAt(hour)
  }
}

function makeRest(plan: LoadPlan & { kind: 'rest' }, random: Random): Load {
  let unrest = 0
  return hour => {
    unrest = wander(unrest, random)
    const watts = plan.standbyWatts + plan.awakeWatts * activityAt(hour) * (1 + 0.4 * unrest) + random.between([0, 12])
    return stretch(watts, random.between(restMs))
  }
}

function makeSwitched(plan: LoadPlan & { kind: 'switched' }, random: Random): Load {
  let on = !(plan.first?.on ?? random.chance(0.5))
  let leftMs = 0
  let first = plan.first?.lastsMs
  return hour => {
    if (leftMs <= 0) {
      on = !on
      const rest = plan.usedByPeople ? 1 / activityAt(hour) : 1
      const usualMs = on ? random.between(plan.onMs) : random.between(plan.offMs) * rest
      leftMs = first === undefined ? usualMs : random.between(first)
      first = undefined
    }
    const lastsMs = on ? Math.min(leftMs, waverMs) : leftMs
    leftMs -= lastsMs
    return stretch(on ? plan.onWatts * random.between(waver) : 0, lastsMs)
  }
}

function makeProgramme(plan: LoadPlan & { kind: 'programme' }, random: Random): Load {
  let step = plan.steps.length
  return hour => {
    // Nobody starts a machine in the middle of the night: who thinks of it then sleeps on.
    if (step > plan.steps.length && random.chance(activityAt(hour))) step = 0
    const [watts, lastsMs] = plan.steps[step] ?? [0, 0]
    if (lastsMs > 0) {
      step += 1
      return stretch(watts * random.between(waver), lastsMs)
    }
    const waitMs = step === plan.steps.length ? random.wait(plan.everyMs) : 20 * minuteMs
    step = plan.steps.length + 1
    return stretch(0, waitMs)
  }
}

function makeSun(plan: LoadPlan & { kind: 'sun' }, random: Random): Load {
  let clouds = 0
  return hour => {
    clouds = wander(clouds, random)
    const height = sunAt(hour)
    return stretch(-plan.peakWatts * height * (0.55 + 0.45 * clouds), random.between(height > 0 ? cloudMs : nightMs))
  }
}

/** How high the sun stands, from 0 to 1. */
function sunAt(hour: number): number {
  return Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI))
}

function stretch(watts: number, lastsMs: number): Stretch {
  return { watts: Math.round(watts) + 0, lastsMs: Math.min(Math.max(1, Math.round(lastsMs)), 30 * dayMs) }
}

/** A bell of height 1 around its centre. */
function bump(hour: number, centre: number, width: number): number {
  return Math.exp(-(((hour - centre) / width) ** 2))
}

/** A slow wandering between -1 and 1. */
export function wander(value: number, random: Random): number {
  return Math.min(Math.max(value * 0.995 + random.between([-0.1, 0.1]), -1), 1)
}

function middle([from, to]: Span): number {
  return (from + to) / 2
}

/** The hour of the day, with its fraction. */
export function hourOf(localMs: number): number {
  return (((localMs / hourMs) % 24) + 24) % 24
}
