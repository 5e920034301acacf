/** Spans of a history: what is known of each, put together to longer ones, and what an answer's end adds to an earlier one. Pure. */
import type { HistoryAnswer, Money } from '../../api.ts'
import { sumMoney } from '../../cost/money.ts'
import type { Range } from './periods.ts'

/** What is known of a span of time; `null` is what is not. */
export interface Span extends Range {
  /** What was drawn from the grid, less what was fed in. */
  readonly energyWh: number | null
  readonly exportedWh: number
  /** What was drawn and fed in, added up: by this what was filled in is judged. */
  readonly movedWh: number
  readonly backfilledWh: number
  readonly knownSeconds: number
  readonly meanWatts: number | null
  readonly minWatts: number | null
  readonly maxWatts: number | null
  readonly celsius: number | null
  readonly cost: Money | null
}

const hourSeconds = 3_600

/** An answer as spans; where only energy is known of one, its mean follows from it. */
export function spansOf(answer: HistoryAnswer): readonly Span[] {
  const { startMs, toMs } = answer
  return startMs.map((fromMs, index) => {
    const energyWh = answer.energyWh[index] ?? null
    const knownSeconds = answer.knownSeconds[index] ?? 0
    const mean = answer.meanWatts[index] ?? null
    return {
      fromMs,
      toMs: startMs[index + 1] ?? toMs,
      energyWh,
      exportedWh: answer.exportedWh[index] ?? 0,
      movedWh: Math.abs(energyWh ?? 0),
      backfilledWh: Math.abs(answer.backfilledWh[index] ?? 0),
      knownSeconds,
      meanWatts: mean ?? (energyWh === null || knownSeconds === 0 ? null : (energyWh * hourSeconds) / knownSeconds),
      minWatts: answer.minWatts[index] ?? null,
      maxWatts: answer.maxWatts[index] ?? null,
      celsius: answer.celsius[index] ?? null,
      cost: answer.cost?.[index] ?? null
    }
  })
}

/** Puts spans together, to one for each two neighbours among the bounds; each goes to the one in which it begins. */
export function fold(spans: readonly Span[], bounds: readonly number[]): readonly Span[] {
  let next = spans.findIndex(({ fromMs }) => fromMs >= (bounds[0] ?? 0))
  return bounds.slice(1).map((toMs, index) => {
    const first = next
    while (next >= 0 && (spans[next]?.fromMs ?? toMs) < toMs) next += 1
    return sumOf(first < 0 ? [] : spans.slice(first, next), { fromMs: bounds[index] as number, toMs })
  })
}

/** What is known of all of them, as one span. */
export function sumOf(spans: readonly Span[], { fromMs, toMs }: Range): Span {
  const of = (value: (span: Span) => number | null) => spans.map(value).filter(each => each !== null)
  const energies = of(({ energyWh }) => energyWh)
  const means = spans.filter(({ meanWatts }) => meanWatts !== null)
  const [least, most] = [of(({ minWatts }) => minWatts), of(({ maxWatts }) => maxWatts)]
  const warmths = of(({ celsius }) => celsius)
  const costs = spans.map(({ cost }) => cost).filter(cost => cost !== null)
  return {
    fromMs,
    toMs,
    energyWh: energies.length === 0 ? null : total(energies),
    exportedWh: total(spans.map(({ exportedWh }) => exportedWh)),
    movedWh: total(spans.map(({ movedWh }) => movedWh)),
    backfilledWh: total(spans.map(({ backfilledWh }) => backfilledWh)),
    knownSeconds: total(spans.map(({ knownSeconds }) => knownSeconds)),
    meanWatts: means.length === 0 ? null : meanOf(means),
    minWatts: least.length === 0 ? null : least.reduce((one, other) => Math.min(one, other)),
    maxWatts: most.length === 0 ? null : most.reduce((one, other) => Math.max(one, other)),
    celsius: warmths.length === 0 ? null : total(warmths) / warmths.length,
    cost: costs.length === 0 ? null : sumMoney(costs)
  }
}

/** What was drawn from the grid in a span, 0 or more; null if that is not known. */
export function importedWh({ energyWh, exportedWh }: Span): number | null {
  return energyWh === null ? null : Math.max(0, energyWh + exportedWh)
}

/** How much of it was filled in from the meter's own history, from 0 to 1. */
export function backfilledShare({ movedWh, backfilledWh }: Span): number {
  return movedWh === 0 ? 0 : Math.min(1, backfilledWh / movedWh)
}

/** Whether most of it was. */
export function isBackfilled(span: Span): boolean {
  return backfilledShare(span) > 0.5
}

/** How much of what has gone by of it is not known, from 0 to 1. */
export function unknownShare({ fromMs, toMs, knownSeconds }: Span, sinceMs: number | null, nowMs: number): number {
  const elapsedMs = Math.min(toMs, nowMs) - Math.max(fromMs, sinceMs ?? nowMs)
  return elapsedMs <= 0 ? 0 : Math.max(0, 1 - (knownSeconds * 1_000) / elapsedMs)
}

/** An answer with its last spans as a later answer tells them, and those that have come since. */
export function extend(answer: HistoryAnswer, later: HistoryAnswer): HistoryAnswer {
  const keep = answer.startMs.findIndex(startMs => startMs >= later.fromMs)
  const kept = keep < 0 ? answer.startMs.length : keep
  const joined = <Value>(list: (from: HistoryAnswer) => readonly Value[]) => [...list(answer).slice(0, kept), ...list(later)]
  return {
    ...later,
    fromMs: answer.fromMs,
    startMs: joined(({ startMs }) => startMs),
    energyWh: joined(({ energyWh }) => energyWh),
    exportedWh: joined(({ exportedWh }) => exportedWh),
    backfilledWh: joined(({ backfilledWh }) => backfilledWh),
    knownSeconds: joined(({ knownSeconds }) => knownSeconds),
    meanWatts: joined(({ meanWatts }) => meanWatts),
    minWatts: joined(({ minWatts }) => minWatts),
    maxWatts: joined(({ maxWatts }) => maxWatts),
    celsius: joined(({ celsius }) => celsius),
    ...(later.cost ? { cost: joined(({ cost }) => cost ?? []) } : {})
  }
}

/** Weighted by how long each is known. */
function meanOf(spans: readonly Span[]): number {
  const weights = spans.map(({ knownSeconds }) => Math.max(knownSeconds, 1))
  return total(spans.map(({ meanWatts }, index) => (meanWatts ?? 0) * (weights[index] ?? 0))) / total(weights)
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
