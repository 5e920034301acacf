/** What the daemon says, taken as untrusted text: each function gives a checked value, or undefined for anything else. */

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

export type Measurement =
  | { readonly kind: 'power'; readonly watts: number; readonly channels: readonly Channel[] }
  | { readonly kind: 'impulses'; readonly medium: Medium; readonly impulses: number; readonly impulsesPerUnit: number }

export interface SensorState {
  readonly atMs: number
  readonly measurement: Measurement
  readonly celsius: number | undefined
  readonly model: string
}

/** A meter numbers its sensors 0 to 9. */
export const sensorsMax = 10
/** 12 minutes at one reading each 6 s, and some room. */
export const pointsMax = 160
const channelsMax = 3
const wattsMost = 1_000_000
const textMost = 300

type Fields = Readonly<Record<string, unknown>>

export function readSettings(value: unknown): Settings | undefined {
  if (!isFields(value)) return undefined
  const { version, root, staleMs, nowMs } = value
  if (!isText(version) || !isText(root) || root === '' || /[+#\0]/.test(root)) return undefined
  return isWithin(staleMs, 1, 1e9) && isWithin(nowMs, 1, 1e15) ? { version, root, staleMs, nowMs } : undefined
}

/** The points of each sensor, by its number; what is malformed is left out. */
export function readRecent(value: unknown): readonly (readonly Point[])[] {
  const found: Point[][] = Array.from({ length: sensorsMax }, () => [])
  const { sensors } = isFields(value) ? value : {}
  for (const entry of Array.isArray(sensors) ? sensors.slice(0, sensorsMax) : []) {
    const { sensor, points } = isFields(entry) ? entry : {}
    if (!isSensorNumber(sensor) || !Array.isArray(points)) continue
    found[sensor] = points.slice(-pointsMax).filter(isPoint)
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
  const { time, celsius, model } = value
  const atMs = typeof time === 'string' ? Date.parse(time) : Number.NaN
  const measurement = readMeasurement(value)
  if (!measurement || !Number.isFinite(atMs)) return undefined
  return { atMs, measurement, celsius: isWithin(celsius, -90, 90) ? celsius : undefined, model: textOf(model) }
}

function readMeasurement(value: Fields): Measurement | undefined {
  const { kind, watts, medium, impulses, impulsesPerUnit } = value
  if (kind === 'power' && isWatts(watts)) {
    const channels: Channel[] = []
    for (let channel = 1; channel <= channelsMax; channel += 1) {
      const channelWatts = value[`ch${channel}Watts`]
      if (isWatts(channelWatts)) channels.push({ channel, watts: channelWatts })
    }
    return { kind, watts, channels }
  }
  const counted = media.find(name => name === medium)
  if (kind !== 'impulses' || !counted || !isWithin(impulses, 0, 2 ** 53)) return undefined
  return isWithin(impulsesPerUnit, 1, 1e9) ? { kind, medium: counted, impulses, impulsesPerUnit } : undefined
}

/** A topic level that is a sensor's number, 0 to 9. */
export function readSensorNumber(level: string | undefined): number | undefined {
  return level !== undefined && /^[0-9]$/.test(level) ? Number(level) : undefined
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

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, textMost) : ''
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most
}

function isWatts(value: unknown): value is number {
  return isWithin(value, -wattsMost, wattsMost)
}

function isSensorNumber(value: unknown): value is number {
  return isWithin(value, 0, sensorsMax - 1) && Number.isInteger(value)
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && isWithin(value[0], 1, 1e15) && isWatts(value[1])
}
