/** All that the page knows, as a value that events step forward. Pure. */

import {
  type Meter,
  type Point,
  readMeter,
  readRecent,
  readSensor,
  readSensorNumber,
  readSettings,
  type SensorState,
  type Settings,
  sensorsMax
} from './payloads.ts'
import { join } from './points.ts'

type Link =
  | { readonly name: 'opening'; readonly sinceMs: number }
  | { readonly name: 'up' }
  /** `wasUp` tells a link that was lost from one that never was. */
  | { readonly name: 'down'; readonly sinceMs: number; readonly wasUp: boolean }

/** Times in a state are the host's, except where `phoneMs` says otherwise. */
export interface State {
  readonly settings: Settings | undefined
  /** The host's clock less the phone's. */
  readonly offsetMs: number
  readonly link: Link
  readonly bridgeOffline: boolean
  readonly meter: Meter | undefined
  /** By sensor number, as are the two below. */
  readonly sensors: readonly (SensorState | undefined)[]
  readonly unavailable: readonly boolean[]
  readonly points: readonly (readonly Point[])[]
}

/** What happens to the page; `phoneMs` is the phone's clock at that instant. */
export type Event =
  | { readonly type: 'settings'; readonly value: unknown; readonly phoneMs: number }
  | { readonly type: 'recent'; readonly value: unknown; readonly phoneMs: number }
  | { readonly type: 'link'; readonly up: boolean; readonly phoneMs: number }
  | { readonly type: 'message'; readonly topic: string; readonly text: string; readonly phoneMs: number }

export function initialState(phoneMs: number): State {
  return {
    settings: undefined,
    offsetMs: 0,
    link: { name: 'opening', sinceMs: phoneMs },
    bridgeOffline: false,
    meter: undefined,
    ...nothingKnown
  }
}

const nothingKnown = {
  sensors: Array<undefined>(sensorsMax).fill(undefined),
  unavailable: Array<boolean>(sensorsMax).fill(false),
  points: Array.from({ length: sensorsMax }, () => [])
}

/** The state after an event; what cannot be understood changes nothing. */
export function step(state: State, event: Event): State {
  switch (event.type) {
    case 'settings': {
      const settings = readSettings(event.value)
      if (!settings) return state
      const known = state.settings && state.settings.root !== settings.root ? { ...state, ...nothingKnown } : state
      return { ...known, settings, offsetMs: settings.nowMs - event.phoneMs }
    }
    case 'recent': {
      const recent = readRecent(event.value)
      const nowMs = event.phoneMs + state.offsetMs
      return { ...state, points: state.points.map((points, sensor) => renewed(points, recent[sensor] ?? [], nowMs)) }
    }
    case 'link':
      // What was said over the last link holds no longer: the retained messages come again.
      return { ...state, bridgeOffline: state.bridgeOffline && !event.up, link: stepLink(state.link, event.up, event.phoneMs) }
    case 'message':
      return stepMessage(state, event.topic, event.text, event.phoneMs + state.offsetMs)
  }
}

/** The host's own series, and what came since it answered. */
function renewed(points: readonly Point[], recent: readonly Point[], nowMs: number): readonly Point[] {
  const lastMs = recent[recent.length - 1]?.[0]
  return lastMs === undefined
    ? points
    : join(
        recent,
        points.filter(([atMs]) => atMs > lastMs),
        nowMs
      )
}

function stepLink(link: Link, up: boolean, phoneMs: number): Link {
  if (up) return { name: 'up' }
  if (link.name === 'down') return link
  return link.name === 'up' ? { name: 'down', sinceMs: phoneMs, wasUp: true } : { ...link, name: 'down', wasUp: false }
}

function stepMessage(state: State, topic: string, text: string, nowMs: number): State {
  const root = state.settings?.root
  if (root === undefined || !topic.startsWith(`${root}/`)) return state
  const [place, what, ...deeper] = topic.slice(root.length + 1).split('/')
  if (deeper.length > 0) return state
  if (place === 'bridge') {
    if (what === 'state') return { ...state, bridgeOffline: text === 'offline' }
    return what === 'meter' ? { ...state, meter: readMeter(text) ?? state.meter } : state
  }
  const sensor = readSensorNumber(place)
  if (sensor === undefined) return state
  if (what === 'availability') return { ...state, unavailable: replaced(state.unavailable, sensor, text === 'offline') }
  return what === 'state' ? stepSensor(state, sensor, text, nowMs) : state
}

function stepSensor(state: State, sensor: number, text: string, nowMs: number): State {
  const read = readSensor(text)
  if (!read) {
    // An empty retained message is how MQTT takes a topic back.
    return text === '' ? { ...state, sensors: replaced(state.sensors, sensor, undefined) } : state
  }
  const atMs = Math.min(read.atMs, nowMs) // a reading from the future would look live for ever
  const { measurement } = read
  const points =
    measurement.kind === 'power'
      ? replaced(state.points, sensor, join(state.points[sensor] ?? [], [[atMs, measurement.watts]], nowMs))
      : state.points
  return { ...state, sensors: replaced(state.sensors, sensor, { ...read, atMs }), points }
}

function replaced<Value>(values: readonly Value[], at: number, value: Value): readonly Value[] {
  return values.map((old, index) => (index === at ? value : old))
}
