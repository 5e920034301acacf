/** What is to be seen of the page's state at an instant. Pure. */

import type { State } from './model.ts'
import type { Channel, Measurement, Medium, MeterState, Point } from './payloads.ts'
import { reach, type Summary, sum, summarise, traceMs } from './points.ts'

export type Phase = 'connecting' | 'live' | 'stale' | 'no-meter' | 'offline'

interface Total {
  readonly watts: number
  readonly ageMs: number
  /** Not the present: to be dimmed. */
  readonly stale: boolean
  /** The whole-house sensor, or the sum of this many of the others. */
  readonly of: 'house' | { readonly summed: number; readonly known: number }
}

export type Card = {
  readonly sensor: number
  readonly ageMs: number
  readonly stale: boolean
} & (
  | { readonly kind: 'power'; readonly watts: number; readonly channels: readonly Channel[]; readonly points: readonly Point[] }
  | { readonly kind: 'impulses'; readonly medium: Medium; readonly units: number }
)

export interface View {
  readonly phase: Phase
  /** The daemon answers, whatever it says. */
  readonly linked: boolean
  /** What the bridge says of the meter, if anything. */
  readonly cause: MeterState | undefined
  /** The bridge's sentence on a meter that is not live, else empty. */
  readonly message: string
  /** Since when nothing was heard of the daemon, by the phone's clock: set when offline. */
  readonly sincePhoneMs: number | undefined
  readonly nowMs: number
  readonly simulated: boolean
  readonly total: Total | undefined
  readonly celsius: number | undefined
  readonly points: readonly Point[]
  /** How far back the traces look. */
  readonly reachMs: number
  readonly summary: Summary | undefined
  readonly cards: readonly Card[]
  readonly staleMs: number
  readonly version: string
  readonly model: string
  readonly source: string
}

/** A lost link that comes back within this is not worth a word. */
const graceMs = 3_000
/** Until the host says otherwise. */
const staleMsAtFirst = 90_000

/** What is to be seen of a state when the phone's clock shows `phoneMs`. */
export function present(state: State, phoneMs: number): View {
  const nowMs = phoneMs + state.offsetMs
  const staleMs = state.settings?.staleMs ?? staleMsAtFirst
  const known = knownSensors(state, nowMs, staleMs)
  const total = totalOf(known)
  const phase = phaseOf(state, total?.stale ?? known.every(({ stale }) => stale), known.length, phoneMs)
  const { meter, link } = state
  const dim = phase !== 'live'
  const house = known.find(isHouse)
  const points = house
    ? house.points
    : sum(
        known.filter(isPower).map(({ points }) => points),
        staleMs
      )
  const newest = [...known].sort((one, other) => one.ageMs - other.ageMs)
  return {
    phase,
    linked: link.name === 'up',
    cause: meter?.state,
    message: meter && meter.state !== 'live' ? meter.message : '',
    sincePhoneMs: phase === 'offline' && link.name !== 'up' ? link.sinceMs : undefined,
    nowMs,
    simulated: meter?.simulated ?? false,
    total: total && { ...total, stale: total.stale || dim },
    celsius: newest.find(({ celsius }) => celsius !== undefined)?.celsius,
    points,
    reachMs: reach(state.points, nowMs),
    summary: summarise(points, nowMs - traceMs, staleMs),
    cards: cardsOf(known).map(card => ({ ...card, stale: card.stale || dim })),
    staleMs,
    version: state.settings?.version ?? '',
    model: newest[0]?.model ?? '',
    source: meter?.source ?? ''
  }
}

interface Known {
  readonly sensor: number
  readonly ageMs: number
  readonly stale: boolean
  readonly measurement: Measurement
  readonly celsius: number | undefined
  readonly model: string
  readonly points: readonly Point[]
}
type KnownPower = Known & { readonly measurement: { readonly kind: 'power' } }

function knownSensors(state: State, nowMs: number, staleMs: number): readonly Known[] {
  return state.sensors.flatMap((read, sensor) => {
    if (!read) return []
    const ageMs = Math.max(0, nowMs - read.atMs)
    return [{ ...read, sensor, ageMs, stale: ageMs > staleMs || state.unavailable[sensor] === true, points: state.points[sensor] ?? [] }]
  })
}

function isPower(known: Known): known is KnownPower {
  return known.measurement.kind === 'power'
}

function isHouse(known: Known): known is KnownPower {
  return known.sensor === 0 && isPower(known)
}

/** Sensor 0, or the sum of the others that are fresh, or with none fresh the sum of all. */
function totalOf(known: readonly Known[]): Total | undefined {
  const power = known.filter(isPower)
  const house = power.find(isHouse)
  if (house) return { watts: house.measurement.watts, ageMs: house.ageMs, stale: house.stale, of: 'house' }
  if (power.length === 0) return undefined
  const fresh = power.filter(({ stale }) => !stale)
  const summed = fresh.length > 0 ? fresh : power
  return {
    watts: summed.reduce((watts, { measurement }) => watts + measurement.watts, 0),
    ageMs: Math.min(...summed.map(({ ageMs }) => ageMs)),
    stale: fresh.length === 0,
    of: { summed: summed.length, known: power.length }
  }
}

function phaseOf(state: State, stale: boolean, sensors: number, phoneMs: number): Phase {
  const { link, meter } = state
  if (link.name === 'opening') return 'connecting'
  if (link.name === 'down' && (!link.wasUp || phoneMs - link.sinceMs > graceMs)) return 'offline'
  if (state.bridgeOffline) return 'offline'
  switch (meter?.state) {
    case 'absent':
    case 'denied':
    case 'busy':
    case 'unreadable':
    case 'failed':
      return 'no-meter'
    case 'silent':
      return 'stale'
    case 'connecting':
      return 'connecting'
    case 'live':
    case undefined:
      if (sensors === 0) return 'connecting'
      return stale ? 'stale' : 'live'
  }
}

/** A card for each sensor, except for a whole house on one clamp, which the total shows already. */
function cardsOf(known: readonly Known[]): readonly Card[] {
  return known
    .filter(one => !(isHouse(one) && one.measurement.channels.length < 2))
    .map(({ sensor, ageMs, stale, measurement, points }) => {
      const common = { sensor, ageMs, stale }
      if (measurement.kind === 'power') {
        const { kind, watts, channels } = measurement
        return { ...common, kind, watts, channels: channels.length < 2 ? [] : channels, points }
      }
      const { kind, medium, impulses, impulsesPerUnit } = measurement
      return { ...common, kind, medium, units: impulses / impulsesPerUnit }
    })
}
