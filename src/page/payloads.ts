/** What the daemon says, taken as untrusted text: each function gives a checked value, or undefined for anything else. */

import { placesMax, readPlace } from './places.ts'

export type Point = readonly [atMs: number, watts: number]

export interface Settings {
  readonly version: string
  readonly root: string
  readonly staleMs: number
  /** The host's clock as it answered. */
  readonly nowMs: number
}

const meterStates = ['connecting', 'live', 'silent', 'absent', 'denied', 'busy', 'unreadable', 'failed'] as const
export type MeterState = (typeof meterStates)[number]

export interface Meter {
  readonly state: MeterState
  readonly source: string
  readonly simulated: boolean
  readonly message: string
}

export interface Channel {
  readonly channel: number
  readonly watts: number
}

const media = ['electricity', 'gas', 'water'] as const
export type Medium = (typeof media)[number]

type Measurement =
  | { readonly kind: 'power'; readonly watts: number; readonly channels: readonly Channel[] }
  | { readonly kind: 'impulses'; readonly medium: Medium; readonly impulses: number; readonly impulsesPerUnit: number }
  | { readonly kind: 'derived'; readonly watts: number; readonly formula: string }

export interface SensorState {
  readonly atMs: number
  readonly measurement: Measurement
  readonly celsius: number | undefined
  readonly model: string
  /** What the user calls it; empty if nothing. */
  readonly name: string
  /** What was done to its values at the user's wish, in words. */
  readonly corrections: readonly string[]
}

/** What a sensor has counted since it was first heard. */
export interface Energy {
  readonly total: number
  readonly unit: 'kWh' | 'm3'
  /** How much of it comes from the meter's own history. */
  readonly backfilled: number
  readonly sinceMs: number | undefined
}

/** 12 minutes at one reading each 6 s, and some room. */
export const pointsMax = 160
const channelsMax = 3
const wattsMost = 1_000_000
const energyMost = 1e9
const textMost = 300
const nameMost = 40
const correctionsMax = 8

type Fields = Readonly<Record<string, unknown>>

export function readSettings(value: unknown): Settings | undefined {
  if (!isFields(value)) return undefined
  const { version, root, staleMs, nowMs } = value
  if (!isText(version) || !isText(root) || root === '' || /[+#\0]/.test(root)) return undefined
  return isWithin(staleMs, 1, 1e9) && isWithin(nowMs, 1, 1e15) ? { version, root, staleMs, nowMs } : undefined
}

/** The points of each sensor, by its place; what is malformed is left out. */
export function readRecent(value: unknown): ReadonlyMap<string, readonly Point[]> {
  const found = new Map<string, readonly Point[]>()
  const { sensors } = isFields(value) ? value : {}
  for (const entry of Array.isArray(sensors) ? sensors.slice(0, placesMax) : []) {
    const { sensor, points } = isFields(entry) ? entry : {}
    if (typeof sensor !== 'string' || !readPlace(sensor) || !Array.isArray(points)) continue
    found.set(sensor, points.slice(-pointsMax).filter(isPoint))
  }
  return found
}

export function readMeter(text: string): Meter | undefined {
  const { state, source, simulated, message } = parse(text) ?? {}
  const known = meterStates.find(name => name === state)
  return known && { state: known, source: textOf(source), simulated: simulated === true, message: textOf(message) }
}

export function readSensor(text: string): SensorState | undefined {
  const value = parse(text)
  if (!value) return undefined
  const { time, celsius, model, name, corrections } = value
  const atMs = timeOf(time)
  const measurement = readMeasurement(value)
  if (!measurement || atMs === undefined) return undefined
  return {
    atMs,
    measurement,
    celsius: isWithin(celsius, -90, 90) ? celsius : undefined,
    model: textOf(model),
    name: textOf(name, nameMost).trim(),
    corrections: readCorrections(corrections)
  }
}

function readCorrections(value: unknown): readonly string[] {
  const words = Array.isArray(value) ? value.slice(0, correctionsMax) : []
  return words.map(word => textOf(word, nameMost)).filter(word => word !== '')
}

function readMeasurement(value: Fields): Measurement | undefined {
  const { kind, watts, medium, impulses, impulsesPerUnit, formula } = value
  if (kind === 'power' && isWatts(watts)) {
    const channels: Channel[] = []
    for (let channel = 1; channel <= channelsMax; channel += 1) {
      const channelWatts = value[`ch${channel}Watts`]
      if (isWatts(channelWatts)) channels.push({ channel, watts: channelWatts })
    }
    return { kind, watts, channels }
  }
  if (kind === 'derived') return isWatts(watts) ? { kind, watts, formula: textOf(formula) } : undefined
  const counted = media.find(name => name === medium)
  if (kind !== 'impulses' || !counted || !isWithin(impulses, 0, 2 ** 53)) return undefined
  return isWithin(impulsesPerUnit, 1, 1e9) ? { kind, medium: counted, impulses, impulsesPerUnit } : undefined
}

export function readEnergy(text: string): Energy | undefined {
  const { totalKWh, backfilledKWh, totalUnits, unit, since } = parse(text) ?? {}
  const sinceMs = timeOf(since)
  if (isEnergy(totalKWh)) return { total: totalKWh, unit: 'kWh', backfilled: isEnergy(backfilledKWh) ? backfilledKWh : 0, sinceMs }
  return isEnergy(totalUnits) && (unit === 'kWh' || unit === 'm3') ? { total: totalUnits, unit, backfilled: 0, sinceMs } : undefined
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= textMost
}

function textOf(value: unknown, most = textMost): string {
  return typeof value === 'string' ? value.slice(0, most) : ''
}

function timeOf(value: unknown): number | undefined {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(atMs) ? atMs : undefined
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most
}

function isWatts(value: unknown): value is number {
  return isWithin(value, -wattsMost, wattsMost)
}

function isEnergy(value: unknown): value is number {
  return isWithin(value, -energyMost, energyMost)
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && isWithin(value[0], 1, 1e15) && isWatts(value[1])
}
