/** What a period comes to: energy, mean, peak, base load and cost, how much of it is known, and how it compares with the one before. Pure. */
import type { Money } from '../../api.ts'
import type { Calendar } from '../../calendar.ts'
import { likeInstant, type Period, type Range } from './periods.ts'
import { importedWh, type Span, sumOf } from './spans.ts'

export interface Totals {
  /** Drawn from the grid; null if nothing is known. */
  readonly importedWh: number | null
  readonly exportedWh: number
  readonly movedWh: number
  readonly backfilledWh: number
  readonly meanWatts: number | null
  /** The highest reading, and the span in which it was. */
  readonly peak: (Range & { readonly watts: number }) | null
  /** What the house takes in its stillest night hours. */
  readonly baseWatts: number | null
  readonly cost: Money | null
  /** Of the time that has gone by since the sensor was heard first. */
  readonly knownSeconds: number
  readonly elapsedSeconds: number
}

/** How a period compares with the one before, up to the same point. */
export type Comparison =
  /** `percent` more; less than 0 is less. `untilMs` is the point in a period that still runs. */
  | { readonly kind: 'known'; readonly percent: number; readonly untilMs: number | null }
  /** Of one of the two too little is known. */
  | { readonly kind: 'unknown' }

/** The night is before this hour. */
const nightHours = 6
/** What is lower than all but this share of the night's minutes; of longer spans the lowest readings tell, of which half are lower. */
const baseShares = { minutes: 0.05, longer: 0.5 } as const
const minuteMs = 60_000
/** Fewer spans of night say nothing of the base load. */
const nightSpansLeast = 6
/** The longest span that is short enough to tell night from day. */
const nightSpanMs = 3_600_000
/** Less than this of either period says nothing of how they compare. */
const comparableShare = 0.9

export function totalsOf(calendar: Calendar, spans: readonly Span[], range: Range, sinceMs: number | null, nowMs: number): Totals {
  const sum = sumOf(spans, range)
  return {
    importedWh: importedWh(sum),
    exportedWh: sum.exportedWh,
    movedWh: sum.movedWh,
    backfilledWh: sum.backfilledWh,
    meanWatts: sum.meanWatts,
    peak: peakOf(spans),
    baseWatts: baseOf(calendar, spans),
    cost: sum.cost,
    knownSeconds: sum.knownSeconds,
    elapsedSeconds: Math.max(0, Math.min(range.toMs, nowMs) - Math.max(range.fromMs, sinceMs ?? nowMs)) / 1_000
  }
}

/** What a period is about: energy drawn, or fed in where that is by far the most. */
export function isFedIn({ importedWh: drawn, exportedWh }: Pick<Totals, 'importedWh' | 'exportedWh'>): boolean {
  return exportedWh > 10 * (drawn ?? 0)
}

/** Compares like with like: of a period that still runs, only what has gone by, in whole spans. */
export function compare(
  calendar: Calendar,
  now: { readonly period: Period; readonly spans: readonly Span[] },
  before: { readonly period: Period; readonly spans: readonly Span[] },
  nowMs: number
): Comparison {
  const whole = now.spans.filter(({ toMs }) => toMs <= nowMs)
  const untilMs = whole.at(-1)?.toMs ?? now.period.fromMs
  const likeMs = likeInstant(calendar, untilMs, now.period, before.period)
  const earlier = before.spans.filter(({ toMs }) => toMs <= likeMs)
  const [one, other] = [
    sumOf(whole, { fromMs: now.period.fromMs, toMs: untilMs }),
    sumOf(earlier, { fromMs: before.period.fromMs, toMs: likeMs })
  ]
  if (Math.min(knownShare(one), knownShare(other)) < comparableShare) return { kind: 'unknown' }
  const fedIn = isFedIn({ importedWh: importedWh(one), exportedWh: one.exportedWh })
  const amount = (span: Span) => (fedIn ? span.exportedWh : (importedWh(span) ?? 0))
  if (amount(other) <= 0) return { kind: 'unknown' }
  const percent = Math.round((amount(one) / amount(other) - 1) * 100)
  return { kind: 'known', percent, untilMs: untilMs < now.period.toMs ? untilMs : null }
}

/** The stretches of a history, from when the sensor was heard first up to now, of which less than half is known; the minute that runs may still be told. */
export function unknownIn(spans: readonly Span[], sinceMs: number | null, nowMs: number): readonly Range[] {
  const found: Range[] = []
  for (const span of spans) {
    const fromMs = Math.max(span.fromMs, sinceMs ?? nowMs)
    const toMs = Math.min(span.toMs, nowMs)
    if (toMs - fromMs < Math.min(minuteMs, span.toMs - span.fromMs) || span.knownSeconds * 2_000 >= toMs - fromMs) continue
    const last = found.at(-1)
    if (last?.toMs === fromMs) found[found.length - 1] = { fromMs: last.fromMs, toMs }
    else found.push({ fromMs, toMs })
  }
  return found
}

function knownShare({ fromMs, toMs, knownSeconds }: Span): number {
  return toMs > fromMs ? (knownSeconds * 1_000) / (toMs - fromMs) : 0
}

function peakOf(spans: readonly Span[]): Totals['peak'] {
  let peak: Totals['peak'] = null
  for (const { fromMs, toMs, maxWatts } of spans) {
    if (maxWatts !== null && maxWatts > (peak?.watts ?? Number.NEGATIVE_INFINITY)) peak = { watts: maxWatts, fromMs, toMs }
  }
  return peak
}

function baseOf(calendar: Calendar, spans: readonly Span[]): number | null {
  const longer = spans.some(({ fromMs, toMs }) => toMs - fromMs > minuteMs)
  const night = spans
    .filter(({ fromMs, toMs, knownSeconds }) => toMs - fromMs <= nightSpanMs && knownSeconds * 2_000 >= toMs - fromMs)
    .filter(({ fromMs }) => calendar.wallAt(fromMs).hour < nightHours)
    .map(({ meanWatts, minWatts }) => (longer ? minWatts : meanWatts))
    .filter(watts => watts !== null)
    .sort((one, other) => one - other)
  if (night.length < nightSpansLeast) return null
  return night[Math.floor(night.length * baseShares[longer ? 'longer' : 'minutes'])] as number
}
