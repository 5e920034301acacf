/** All that the page knows, as a value that events step forward. Pure. */

import {
  type Energy,
  type Meter,
  type Point,
  readEnergy,
  readMeter,
  readRecent,
  readSensor,
  readSettings,
  type SensorState,
  type Settings
} from './payloads.ts'
import { derivedMax, meterIds, readPlace } from './places.ts'
import { join } from './points.ts'

type Link =
  | { readonly name: 'opening'; readonly sinceMs: number }
  | { readonly name: 'up' }
  /** `wasUp` tells a link that was lost from one that never was. */
  | { readonly name: 'down'; readonly sinceMs: number; readonly wasUp: boolean }

/** What is known of one sensor. */
interface Sensor {
  /** What it said last; undefined as well once that was taken back. */
  readonly said: SensorState | undefined
  readonly unavailable: boolean
  readonly points: readonly Point[]
  readonly energy: Energy | undefined
}

/** Times in a state are the host's, except where `phoneMs` says otherwise. */
export interface State {
  readonly settings: Settings | undefined
  /** The host's clock less the phone's. */
  readonly offsetMs: number
  readonly link: Link
  readonly bridgeOffline: boolean
  /** By id, as they are called below `bridge/`. */
  readonly meters: ReadonlyMap<string, Meter>
  /** By place. */
  readonly sensors: ReadonlyMap<string, Sensor>
}

/** What happens to the page; `phoneMs` is the phone's clock at that instant. */
export type Event =
  | { readonly type: 'settings'; readonly value: unknown; readonly phoneMs: number }
  | { readonly type: 'recent'; readonly value: unknown; readonly phoneMs: number }
  | { readonly type: 'link'; readonly up: boolean; readonly phoneMs: number }
  | { readonly type: 'message'; readonly topic: string; readonly text: string; readonly phoneMs: number }

const nothingKnown = { meters: new Map(), sensors: new Map() }
const unheard: Sensor = { said: undefined, unavailable: false, points: [], energy: undefined }

export function initialState(phoneMs: number): State {
  return { settings: undefined, offsetMs: 0, link: { name: 'opening', sinceMs: phoneMs }, bridgeOffline: false, ...nothingKnown }
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
      const nowMs = event.phoneMs + state.offsetMs
      return [...readRecent(event.value)].reduce(
        (known, [place, recent]) => withSensor(known, place, { points: renewed(known.sensors.get(place)?.points ?? [], recent, nowMs) }),
        state
      )
    }
    case 'link':
      // What was said over the last link holds no longer: the retained messages come again.
      return { ...state, bridgeOffline: state.bridgeOffline && !event.up, link: stepLink(state.link, event.up, event.phoneMs) }
    case 'message':
      return stepMessage(state, event.topic, event.text, event.phoneMs + state.offsetMs)
  }
}

/** Whether a sensor's reading is from before its last one: the host's clock was set back, and is not what it was taken for. */
export function isSetBack(before: State, after: State): boolean {
  if (before.sensors === after.sensors) return false
  return [...after.sensors].some(([place, { said }]) => said && said.atMs < (before.sensors.get(place)?.said?.atMs ?? 0))
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
  const [, place = '', what] = /^(.+?)\/(state|availability|energy\/state|meter\d?)$/.exec(topic.slice(root.length + 1)) ?? []
  if (place === 'bridge') return stepBridge(state, what, text)
  switch (what) {
    case 'state':
      return stepSensor(state, place, text, nowMs)
    case 'availability':
      return withSensor(state, place, { unavailable: text === 'offline' })
    case 'energy/state': {
      const energy = readEnergy(text)
      return energy || text === '' ? withSensor(state, place, { energy }) : state
    }
    default:
      return state
  }
}

function stepBridge(state: State, what: string | undefined, text: string): State {
  if (what === 'state') return { ...state, bridgeOffline: text === 'offline' }
  const id = meterIds.find(known => known === what)
  const meter = readMeter(text)
  return id && meter ? { ...state, meters: new Map(state.meters).set(id, meter) } : state
}

function stepSensor(state: State, place: string, text: string, nowMs: number): State {
  // An empty retained message is how MQTT takes a topic back.
  if (text === '') return withSensor(state, place, { said: undefined })
  const read = readSensor(text)
  if (!read) return state
  const { measurement } = read
  if ((measurement.kind === 'derived') !== (readPlace(place)?.kind === 'derived')) return state
  const said = { ...read, atMs: Math.min(read.atMs, nowMs) } // a reading from the future would look live for ever
  if (measurement.kind === 'impulses') return withSensor(state, place, { said })
  const points = join(state.sensors.get(place)?.points ?? [], [[said.atMs, measurement.watts]], nowMs)
  return withSensor(state, place, { said, points })
}

/** The state with a change of one sensor. Derived ones have names of all kinds: they are taken in by what they say alone, and not without end. */
function withSensor(state: State, place: string, change: Partial<Sensor>): State {
  const kind = readPlace(place)?.kind
  const before = state.sensors.get(place)
  if (kind === undefined) return state
  if (kind === 'derived' && !before) {
    const derived = [...state.sensors.keys()].filter(known => readPlace(known)?.kind === 'derived')
    if (derived.length >= derivedMax || !(change.said || change.points)) return state
  }
  return { ...state, sensors: new Map(state.sensors).set(place, { ...(before ?? unheard), ...change }) }
}
