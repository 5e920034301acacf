/** When the page raises an alert: rules as the user set them, and the watch that steps forward with what is seen. Pure. */

import type { HistoryAnswer } from '../../api.ts'
import type { State } from '../model.ts'
import { readPlace } from '../places.ts'

/** At most one of each kind. */
export type Rule =
  /** The house draws more than this for so long. */
  | { readonly kind: 'usage'; readonly watts: number; readonly minutes: number }
  /** Nothing was heard of a meter for so long. */
  | { readonly kind: 'silent'; readonly minutes: number }
  /** A sensor that comes and goes, such as a fridge's, stayed below this for so long. */
  | { readonly kind: 'idle'; readonly sensor: string; readonly watts: number; readonly hours: number }

export type RuleKind = Rule['kind']

/** What the page sees at an instant; the daemon's time. */
export interface Seen {
  readonly nowMs: number
  /** Of the house; undefined when they are not the present. */
  readonly watts: number | undefined
  /** When the meter was last heard; undefined while nobody can tell (`isSettled`). */
  readonly heardMs: number | undefined
  /** What its history says of the sensor of an `idle` rule; undefined while it has not been asked. */
  readonly idle: boolean | undefined
}

/** How it stands with one rule. */
interface Standing {
  /** Since when its condition holds; undefined if it does not. */
  readonly sinceMs: number | undefined
  /** It was told, and is not told again before it ends. */
  readonly told: boolean
}

export type Watch = Readonly<Partial<Record<RuleKind, Standing>>>

/** The page looks at a link that holds: since when without a pause, and when it looked last. */
export interface Sight {
  readonly sinceMs: number
  readonly lookedMs: number
}

const minuteMs = 60_000
const hourMs = 3_600_000
/** Of the time looked at, so much has to be known. */
const knownLeast = 0.8
/** Browsers let pages in the background look once a minute; who looks less often was asleep. */
const pauseMsMost = 90_000
/** By then a link that died in the meantime is found out, and a meter that speaks was heard. */
const settleMs = 20_000
export const bounds = { watts: [1, 100_000], minutes: [1, 1_440], hours: [1, 72] } as const

const calm: Standing = { sinceMs: undefined, told: false }

/** The watch a moment later, and the rules that are to be told now. */
export function stepWatch(watch: Watch, rules: readonly Rule[], seen: Seen): { readonly watch: Watch; readonly fired: readonly Rule[] } {
  const fired: Rule[] = []
  const next: Partial<Record<RuleKind, Standing>> = {}
  for (const rule of rules) {
    const standing = stepRule(watch[rule.kind] ?? calm, rule, seen)
    const isDue = standing.sinceMs !== undefined && seen.nowMs - standing.sinceMs >= durationOf(rule)
    if (isDue && !standing.told) fired.push(rule)
    next[rule.kind] = { ...standing, told: standing.sinceMs !== undefined && (standing.told || isDue) }
  }
  return { watch: next, fired }
}

/** After a pause or with a new link all begins anew: what was said before tells nothing of now. */
export function stepSight(before: Sight | undefined, isUp: boolean, nowMs: number): Sight | undefined {
  if (!isUp) return undefined
  const isPaused = before === undefined || nowMs - before.lookedMs > pauseMsMost
  return { sinceMs: isPaused ? nowMs : before.sinceMs, lookedMs: nowMs }
}

/** Whether silence means something by now. */
export function isSettled(sight: Sight | undefined): boolean {
  return sight !== undefined && sight.lookedMs - sight.sinceMs >= settleMs
}

/** When any sensor of a meter was last heard; undefined if none was. What is derived of them says nothing of a meter. */
export function heardMsOf(sensors: State['sensors'], meter: string): number | undefined {
  const heard = [...sensors].flatMap(([text, { said }]) => {
    const place = readPlace(text)
    return said && place?.kind === 'sensor' && place.meter === meter ? [said.atMs] : []
  })
  return heard.length > 0 ? Math.max(...heard) : undefined
}

/** What is not known breaks a rule's time: no alert is raised on a guess. */
function stepRule(standing: Standing, rule: Rule, { nowMs, watts, heardMs, idle }: Seen): Standing {
  const since = (holds: boolean, sinceMs: number) => (holds ? { ...standing, sinceMs } : calm)
  switch (rule.kind) {
    case 'usage':
      return since(watts !== undefined && watts > rule.watts, standing.sinceMs ?? nowMs)
    case 'silent':
      return heardMs === undefined ? standing : since(nowMs - heardMs >= rule.minutes * minuteMs, heardMs)
    case 'idle':
      return idle === undefined ? standing : since(idle, nowMs)
  }
}

/** The history of an idle sensor has told the time already. */
function durationOf(rule: Rule): number {
  return rule.kind === 'idle' ? 0 : rule.minutes * minuteMs
}

/** What part of a sensor's history an `idle` rule looks at: its own hours, and as many days before as show that it comes and goes. */
export function idleSpan({ hours }: Rule & { readonly kind: 'idle' }, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: nowMs - (hours + 48) * hourMs, toMs: nowMs }
}

/**
 * Whether it stayed below its watts for the last hours, and did not before: a sensor that is always off is none to worry about. One that was not heard
 * at all counts as off while its meter is heard: without mains it cannot speak.
 */
export function isIdle(rule: Rule & { readonly kind: 'idle' }, history: HistoryAnswer, isMeterHeard: boolean): boolean {
  const fromMs = history.nowMs - rule.hours * hourMs
  const highest = (isLate: boolean) =>
    history.startMs.flatMap((atMs, index) => {
      const watts = history.maxWatts[index] ?? null
      return atMs >= fromMs === isLate && watts !== null ? [watts] : []
    })
  const knownSeconds = history.startMs.reduce((sum, atMs, index) => sum + (atMs >= fromMs ? (history.knownSeconds[index] ?? 0) : 0), 0)
  const late = highest(true)
  const isKnown = knownSeconds * 1_000 >= rule.hours * hourMs * knownLeast && late.length > 0 // what is filled in tells no watts
  const isOff = isKnown ? late.every(watts => watts < rule.watts) : knownSeconds === 0 && isMeterHeard
  return isOff && highest(false).some(watts => watts >= rule.watts)
}

/** Rules out of a text that may be anything; what is not sound is left out. */
export function readRules(text: string): readonly Rule[] {
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? found.filter(isRule) : []
  } catch {
    return []
  }
}

function isRule(value: unknown): value is Rule {
  const { kind, watts, minutes, hours, sensor } = (value ?? {}) as Readonly<Record<string, unknown>>
  switch (kind) {
    case 'usage':
      return isWithin(watts, bounds.watts) && isWithin(minutes, bounds.minutes)
    case 'silent':
      return isWithin(minutes, bounds.minutes)
    case 'idle':
      return typeof sensor === 'string' && isWithin(watts, bounds.watts) && isWithin(hours, bounds.hours)
    default:
      return false
  }
}

function isWithin(value: unknown, [least, most]: readonly [number, number]): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
