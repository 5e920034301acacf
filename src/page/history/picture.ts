/** What the chart draws of a history: its spans in a width, with scales and labels, and the period before behind them. Pure. */
import type { Calendar } from '../../calendar.ts'
import type { Formats } from '../format.ts'
import type { Counted } from './choices.ts'
import type { Labels } from './labels.ts'
import { boundsOf, likeInstant, type Period, type Range, slicesOf } from './periods.ts'
import { clockTicks, drawnMsOf, everyOf, linesOf, type Scale, scaleOf } from './scale.ts'
import { fold, importedWh, type Span, unknownShare } from './spans.ts'
import { unknownIn } from './totals.ts'

interface Label {
  readonly at: number
  readonly text: string
}

export interface Picture {
  /** Power over time, or columns of energy. */
  readonly kind: 'power' | 'columns'
  /** Of the columns; undefined for parts of a day. */
  readonly unit: 'day' | 'month' | undefined
  /** Of the lines of the scale, where their labels do not say it. */
  readonly measure: string
  readonly window: Range
  readonly spans: readonly Span[]
  /** Beside each span what was in the period before: watts, or Wh. */
  readonly before: readonly (number | null)[]
  readonly scale: Scale
  readonly lines: readonly Label[]
  readonly ticks: readonly Label[]
  /** Degrees from the lowest to the highest, if any. */
  readonly warmth: readonly [least: number, most: number] | undefined
  /** Time of which nothing is known, or of a column so much, from 0 to 1. */
  readonly unknown: readonly (Range & { readonly share: number })[]
  /** The present, if it is in the window. */
  readonly nowMs: number | undefined
}

/** What is known of a period, and how it is to be seen. */
export interface Seen {
  readonly period: Period
  readonly window: Range
  /** In the period's own steps. */
  readonly spans: readonly Span[]
  /** In steps of 10 s, where the window is small enough. */
  readonly fine: readonly Span[]
  readonly before: { readonly period: Period; readonly spans: readonly Span[] } | undefined
  readonly counted: Counted
  readonly byDay: boolean
  /** Whether the period before is to be seen: the scale makes room for it. */
  readonly beforeShown: boolean
  readonly fedIn: boolean
  readonly sinceMs: number | null
  readonly nowMs: number
  /** Of what was after this it was not asked yet what is known. */
  readonly askedMs: number
  readonly widthPx: number
}

const hourMs = 3_600_000
/** A column lacks less than this without a word. */
const unknownShareLeast = 0.02
/** And so much: the last reading may be some seconds old. */
const unknownMsLeast = 120_000
const linesWanted = 4
/** Below this a quiet house would look as busy as a kitchen at noon. */
const wattsFloor = 400
/** Wh, and litres. */
const amountFloors = { power: 1_000, electricity: 1_000, gas: 100, water: 100 } as const
const clockPx = 66
const columnPx = { wide: 40, narrow: 22, day: 56 }
/** Fewer degrees would make a still room look like a heath. */
const degreesLeast = 4

export function pictureOf(seen: Seen, calendar: Calendar, labels: Labels, formats: Formats): Picture {
  const shared = {
    window: seen.window,
    nowMs: seen.nowMs > seen.window.fromMs && seen.nowMs < seen.window.toMs ? seen.nowMs : undefined
  }
  const picture = isPowerShown(seen) ? powerOf(seen, shared, calendar, labels, formats) : columnsOf(seen, shared, calendar, labels)
  if (isAnythingKnown(seen)) return picture
  return { ...picture, measure: '', lines: picture.lines.map(line => ({ ...line, text: '' })) } // a scale of nothing has no values
}

function isAnythingKnown({ spans, before, beforeShown }: Seen): boolean {
  return [...spans, ...(beforeShown ? (before?.spans ?? []) : [])].some(({ knownSeconds }) => knownSeconds > 0)
}

type Shared = Pick<Picture, 'window' | 'nowMs'>

/** Days of a power sensor are drawn as power, as long as the daemon keeps anything finer than days. */
function isPowerShown({ period, counted, spans }: Seen): boolean {
  return period.unit === 'day' && counted === 'power' && !spans.some(({ fromMs, toMs }) => toMs - fromMs > hourMs)
}

function powerOf(seen: Seen, shared: Shared, calendar: Calendar, labels: Labels, formats: Formats): Picture {
  const { period, window, fine, before, widthPx } = seen
  const source = fine.length > 0 ? fine : seen.spans
  const stepMs = source[0] ? source[0].toMs - source[0].fromMs : hourMs
  const drawnMs = drawnMsOf(window, widthPx, stepMs)
  // Steps are counted from the period's start, so that they stay where they are while the window moves.
  const fromMs = period.fromMs + Math.floor((window.fromMs - period.fromMs) / drawnMs) * drawnMs
  const bounds = slicesOf({ fromMs, toMs: Math.min(window.toMs + drawnMs, period.toMs) }, drawnMs)
  const spans = fold(source, bounds)
  const earlier = before ? besideOf(spans, before.spans, before.period, period, bounds, calendar, ({ meanWatts }) => meanWatts) : []
  const values = [
    ...spans.flatMap(({ minWatts, meanWatts, maxWatts }) => [minWatts, meanWatts, maxWatts]),
    ...(seen.beforeShown ? earlier : [])
  ]
  const scale = scaleOf(values.filter(isKnown), linesWanted, wattsFloor)
  return {
    ...shared,
    kind: 'power',
    unknown: unknownIn(source, seen.sinceMs, seen.askedMs).map(range => ({ ...range, share: 1 })),
    unit: undefined,
    measure: '',
    spans,
    before: earlier,
    scale,
    lines: linesOf(scale).map(at => ({ at, text: formats.scale(at) })),
    ticks: clockTicks(calendar, window, widthPx, clockPx).map(at => ({ at, text: labels.clock(at) })),
    warmth: warmthOf(spans)
  }
}

function columnsOf(seen: Seen, shared: Shared, calendar: Calendar, labels: Labels): Picture {
  const { period, window, before, counted, byDay, fedIn, widthPx } = seen
  const unit = period.unit === 'year' && !byDay ? 'month' : 'day'
  const hours = period.unit === 'day'
  const bounds = hours ? slicesOf(period, hourMs) : boundsOf(calendar, period, unit)
  const spans = fold(seen.spans, bounds)
  const amountOf = (span: Span) => (span.energyWh === null ? null : fedIn ? -span.exportedWh : importedWh(span))
  const earlier = before ? besideOf(spans, before.spans, before.period, period, bounds, calendar, amountOf) : []
  const values = [...spans.flatMap(span => [importedWh(span), -span.exportedWh]), ...(seen.beforeShown ? earlier : [])]
  const scale = scaleOf(values.filter(isKnown), linesWanted, amountFloors[counted])
  const ticks = hours ? clockTicks(calendar, window, widthPx, clockPx).map(at => ({ at, text: labels.clock(at) })) : columnTicks()
  return {
    ...shared,
    kind: 'columns',
    unit: hours ? undefined : unit,
    nowMs: hours ? shared.nowMs : undefined,
    unknown: unknownOf(spans, seen),
    spans,
    before: earlier,
    scale,
    ...labels.scale(linesOf(scale), counted),
    ticks,
    warmth: undefined
  }

  function columnTicks(): readonly Label[] {
    if (period.unit === 'year') {
      const narrow = widthPx / 12 < columnPx.wide
      const months = boundsOf(calendar, period, 'month')
      return months
        .slice(0, -1)
        .map((at, index) => ({ at: (at + (months[index + 1] as number)) / 2, text: labels.column(at, 'month', narrow) }))
    }
    const isMonth = period.unit === 'month'
    const every = isMonth ? everyOf(spans.length, widthPx, columnPx.narrow) : 1
    const narrow = isMonth || widthPx / spans.length < columnPx.day
    return spans
      .filter((_, index) => index % every === 0)
      .map(({ fromMs, toMs }) => ({ at: (fromMs + toMs) / 2, text: labels.column(fromMs, isMonth ? 'day' : 'week', narrow) }))
  }
}

/** What stood in the period before, beside each span: the same time of day, on the same day of the week, month or year. */
function besideOf(
  spans: readonly Span[],
  earlier: readonly Span[],
  from: Period,
  to: Period,
  bounds: readonly number[],
  calendar: Calendar,
  value: (span: Span) => number | null
): readonly (number | null)[] {
  const moved = earlier
    .map(span => ({ ...span, fromMs: likeInstant(calendar, span.fromMs, from, to) }))
    .filter(({ fromMs }) => fromMs < to.toMs)
  return spans.length === 0 ? [] : fold(moved, bounds).map(value)
}

/** Columns of which a part is missing, however small it looks. */
function unknownOf(spans: readonly Span[], { sinceMs, askedMs }: Seen): Picture['unknown'] {
  return spans.flatMap(span => {
    const share = unknownShare(span, sinceMs, askedMs)
    const lackedMs = share * (Math.min(span.toMs, askedMs) - Math.max(span.fromMs, sinceMs ?? askedMs))
    return share < unknownShareLeast || lackedMs < unknownMsLeast ? [] : [{ fromMs: span.fromMs, toMs: span.toMs, share }]
  })
}

function warmthOf(spans: readonly Span[]): Picture['warmth'] {
  const degrees = spans.map(({ celsius }) => celsius).filter(isKnown)
  if (degrees.length === 0) return undefined
  const [least, most] = [Math.min(...degrees), Math.max(...degrees)]
  const air = Math.max(0, degreesLeast - (most - least)) / 2
  return [Math.floor(least - air), Math.ceil(most + air)]
}

function isKnown(value: number | null): value is number {
  return value !== null
}
