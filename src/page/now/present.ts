/** What is to be seen of the page's state at an instant. Pure. */

import { derivedOf, isHouse, isPower, type Known, knownOf, termsOf } from '../known.ts'
import type { State } from '../model.ts'
import type { Energy, MeterState, Point } from '../payloads.ts'
import { type Phase, phaseOf, staleMsOf } from '../phase.ts'
import { type Corrected, searching } from '../phrases.ts'
import { meterIds } from '../places.ts'
import { reach, type Summary, sum, summarise, traceMs } from '../points.ts'
import { type Card, cardOf, cardsOfFirst } from './groups.ts'

interface Total {
  readonly watts: number
  readonly ageMs: number
  /** Not the present: to be dimmed. */
  readonly stale: boolean
  /** The whole-house sensor, or the sum of this many of the others. */
  readonly of: 'house' | { readonly summed: number; readonly known: number }
  /** What the user calls the house; empty if nothing. */
  readonly name: string
  readonly energy: Energy | undefined
}

/** A meter of the house. */
interface MeterView {
  readonly phase: Phase
  /** What the bridge says of the meter, if anything. */
  readonly cause: MeterState | undefined
  /** The bridge's sentence on a meter that is not live, else empty. */
  readonly message: string
  readonly simulated: boolean
  readonly model: string
  readonly source: string
  readonly cards: readonly Card[]
}

export interface FurtherMeter extends MeterView {
  readonly id: string
}

export interface View extends MeterView {
  /** The daemon answers, whatever it says. */
  readonly linked: boolean
  /** Since when nothing was heard of the daemon, by the phone's clock: set when offline. */
  readonly sincePhoneMs: number | undefined
  readonly nowMs: number
  readonly total: Total | undefined
  readonly celsius: number | undefined
  readonly corrected: readonly Corrected[]
  readonly points: readonly Point[]
  /** How far back the traces look. */
  readonly reachMs: number
  readonly summary: Summary | undefined
  readonly further: readonly FurtherMeter[]
  readonly staleMs: number
  readonly version: string
}

/** Totals that began no further apart began together. */
const sinceSameMs = 3_600_000

/** What is to be seen of a state when the phone's clock shows `phoneMs`. */
export function present(state: State, phoneMs: number): View {
  const nowMs = phoneMs + state.offsetMs
  const staleMs = staleMsOf(state)
  const [first, ...others] = meterIds
  const known = knownOf(state, first, nowMs, staleMs)
  const power = known.filter(isPower)
  const summed = summedOf(power)
  const total = totalOf(power, summed)
  const phase = phaseOf(state, first, total?.stale ?? known.every(({ stale }) => stale), known.length, phoneMs)
  const dim = phase !== 'live'
  const series = summed.some(isHouse) ? summed : power
  const points =
    series.length === 1
      ? (series[0]?.points ?? [])
      : sum(
          series.map(one => one.points),
          staleMs
        )
  const warm = warmOf(known)
  const further = others.flatMap(id => furtherMeter(state, id, nowMs, staleMs, phoneMs))
  const cards = cardsOfFirst(known.map(one => dimmed(one, dim)))
  const stalePlaces = new Set([...known.map(one => dimmed(one, dim)), ...further.flatMap(meter => meter.cards)].flatMap(staleAt))
  return {
    ...meterView(state, first, phase, known),
    linked: state.link.name === 'up',
    sincePhoneMs: phase === 'offline' && state.link.name !== 'up' ? state.link.sinceMs : undefined,
    nowMs,
    total: total && { ...total, stale: total.stale || dim },
    celsius: warm?.celsius,
    corrected: correctedOf(summed, warm),
    points,
    reachMs: reach(
      [...state.sensors.values()].map(sensor => sensor.points),
      nowMs
    ),
    summary: summarise(points, nowMs - traceMs, staleMs),
    cards: [...cards, ...derivedCards(state, nowMs, staleMs, phase === 'offline', stalePlaces)],
    further,
    staleMs,
    version: state.settings?.version ?? ''
  }
}

/** Whether nothing was ever heard of a meter that is to be plugged in here. */
export function isBefore({ linked, cause, source, total, cards, further }: View): boolean {
  const isPlugged = source === searching || source.startsWith('/')
  return linked && isPlugged && cause !== undefined && cause !== 'failed' && !total && cards.length === 0 && further.length === 0
}

function meterView(state: State, id: string, phase: Phase, known: readonly Known[]): Omit<MeterView, 'cards'> {
  const { state: cause, message = '', simulated = false, source = '' } = state.meters.get(id) ?? {}
  const model = newestFirst(known)[0]?.model ?? ''
  return { phase, cause, message: cause === 'live' ? '' : message, simulated, model, source }
}

/** A meter that nobody has spoken of is not there. */
function furtherMeter(state: State, id: string, nowMs: number, staleMs: number, phoneMs: number): readonly FurtherMeter[] {
  const known = knownOf(state, id, nowMs, staleMs)
  if (known.length === 0 && !state.meters.has(id)) return []
  const stale = known.every(one => one.stale)
  const phase = phaseOf(state, id, stale, known.length, phoneMs)
  const cards = known.map(one => cardOf(dimmed(one, phase !== 'live')))
  return [{ id, ...meterView(state, id, phase, known), cards }]
}

/** A derived sensor is no fresher than what it is reckoned from. */
function derivedCards(state: State, nowMs: number, staleMs: number, offline: boolean, stalePlaces: ReadonlySet<string>): readonly Card[] {
  return derivedOf(state, nowMs, staleMs).map(one => {
    const terms = termsOf(state, one.measurement.formula)
    return cardOf(dimmed(one, offline || terms.some(({ place }) => stalePlaces.has(place))), terms)
  })
}

function dimmed<One extends Known>(known: One, dim: boolean): One {
  return { ...known, stale: known.stale || dim }
}

function staleAt({ place, stale }: { readonly place: string; readonly stale: boolean }): readonly string[] {
  return stale ? [place] : []
}

function newestFirst(known: readonly Known[]): readonly Known[] {
  return [...known].sort((one, other) => one.ageMs - other.ageMs)
}

/** Whose temperature is shown: each sensor tells the display's, but only some may be corrected, and it is not to leap between them. */
function warmOf(known: readonly Known[]): Known | undefined {
  const telling = known.filter(({ celsius }) => celsius !== undefined)
  return telling.find(({ stale }) => !stale) ?? newestFirst(telling)[0]
}

type KnownPower = ReturnType<typeof summedOf>[number]

/** Sensor 0, or those of the others that are fresh, or with none fresh all of them. */
function summedOf(power: readonly (Known & { readonly measurement: { readonly kind: 'power' } })[]) {
  const house = power.find(isHouse)
  if (house) return [house]
  const fresh = power.filter(({ stale }) => !stale)
  return fresh.length > 0 ? fresh : power
}

function totalOf(power: readonly KnownPower[], summed: readonly KnownPower[]): Total | undefined {
  if (summed.length === 0) return undefined
  const house = summed.find(isHouse)
  return {
    watts: summed.reduce((watts, { measurement }) => watts + measurement.watts, 0),
    ageMs: Math.min(...summed.map(({ ageMs }) => ageMs)),
    stale: summed.every(({ stale }) => stale),
    of: house ? 'house' : { summed: summed.length, known: power.length },
    name: house?.label.name ?? '',
    energy: house || summed.length === power.length ? energyOf(summed) : undefined
  }
}

/** Of all of them together; undefined unless each tells it. */
function energyOf(known: readonly Known[]): Energy | undefined {
  const energies = known.flatMap(({ energy }) => (energy?.unit === 'kWh' ? [energy] : []))
  if (energies.length < known.length) return undefined
  const begun = energies.map(({ sinceMs }) => sinceMs ?? Number.NaN)
  const sinceMs = Math.min(...begun)
  return {
    total: energies.reduce((sum, { total }) => sum + total, 0),
    unit: 'kWh',
    backfilled: energies.reduce((sum, { backfilled }) => sum + backfilled, 0),
    sinceMs: Math.max(...begun) - sinceMs <= sinceSameMs ? sinceMs : undefined
  }
}

/** What was done to the total, and to the temperature, which may be another sensor's. */
function correctedOf(summed: readonly Known[], warm: Known | undefined): readonly Corrected[] {
  const shown = [...summed, ...(warm && !summed.some(({ place }) => place === warm.place) ? [warm] : [])]
  return shown.flatMap(one => {
    const words = one.corrections.filter(word =>
      word.startsWith('temperature') ? one.place === warm?.place : summed.some(({ place }) => place === one.place)
    )
    return words.length > 0 ? [{ label: isHouse(one) ? undefined : one.label, words }] : []
  })
}
