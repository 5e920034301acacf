/** The sensors that have spoken, each with its age and what it is to be called. Pure. */

import type { State } from './model.ts'
import type { Energy, Medium, Point, SensorState } from './payloads.ts'
import { meterNumber, placeOf, readPlace, sensorsMax } from './places.ts'

/** What a sensor is called by, in the order of precedence: the user's name, what it counts, where it stands. */
export interface Label {
  readonly name: string
  readonly medium: Medium | undefined
  /** The first meter is number 1. */
  readonly meter: number
  readonly sensor: number
}

export interface Known extends SensorState {
  readonly place: string
  readonly label: Label
  readonly ageMs: number
  readonly stale: boolean
  readonly points: readonly Point[]
  readonly energy: Energy | undefined
}

type Measured<Kind extends string> = Known & { readonly measurement: { readonly kind: Kind } }

/** Of one meter, by rising number. */
export function knownOf(state: State, meter: string, nowMs: number, staleMs: number): readonly Known[] {
  const places = Array.from({ length: sensorsMax }, (_, sensor) => placeOf(meter, sensor))
  return places.flatMap(place => knownAt(state, place, nowMs, staleMs))
}

/** By name. */
export function derivedOf(state: State, nowMs: number, staleMs: number): readonly Measured<'derived'>[] {
  const places = [...state.sensors.keys()].sort()
  return places.flatMap(place => knownAt(state, place, nowMs, staleMs)).filter(isDerived)
}

function knownAt(state: State, place: string, nowMs: number, staleMs: number): readonly Known[] {
  const { said, unavailable = false, points = [], energy } = state.sensors.get(place) ?? {}
  if (!said) return []
  const ageMs = Math.max(0, nowMs - said.atMs)
  return [{ ...said, place, label: labelOf(state, place), ageMs, stale: ageMs > staleMs || unavailable, points, energy }]
}

/** What the sensor at a place is called by. */
export function labelOf(state: State, text: string): Label {
  const { name = '', measurement } = state.sensors.get(text)?.said ?? {}
  const medium = measurement?.kind === 'impulses' ? measurement.medium : undefined
  const place = readPlace(text)
  if (place?.kind === 'sensor') return { name, medium, meter: meterNumber(place.meter), sensor: place.sensor }
  return { name: name || sentence(text), medium, meter: 1, sensor: 0 }
}

/** A topic level as one would write it: `solar-net` is `Solar net`. */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).replaceAll('-', ' ')
}

export interface Term {
  readonly sign: '' | '+' | '−'
  readonly place: string
  readonly label: Label
}

/** A formula such as `0 - meter2/1`, with the sensors called what they are. */
export function termsOf(state: State, formula: string): readonly Term[] {
  return [...formula.matchAll(/([+\-−])?\s*((?:meter\d\/)?\d)/g)].map(([, sign, place = '']) => ({
    sign: sign === undefined || sign === '+' ? (sign ?? '') : '−',
    place,
    label: labelOf(state, place)
  }))
}

export function isPower(known: Known): known is Measured<'power'> {
  return known.measurement.kind === 'power'
}

/** Sensor 0 of a meter, if it measures power. */
export function isHouse(known: Known): known is Measured<'power'> {
  return known.label.sensor === 0 && isPower(known)
}

function isDerived(known: Known): known is Measured<'derived'> {
  return known.measurement.kind === 'derived'
}
