/** Places what a meter remembers on spans of the host's time, or says why it can not: a value is never put where it may not belong. */

import { limits } from '../limits.ts'
import type { HistoryPage, HistoryValue } from '../reading.ts'
import { ranges } from './fields.ts'
import type { HistoryScale } from './history.ts'
import { type Offset, timeOfDayMs, wrapDay } from './offset.ts'

/** Energy of one sensor over a span of the host's time. */
export interface PlacedValue {
  readonly sensor: number
  readonly scale: HistoryScale
  readonly fromMs: number
  readonly toMs: number
  readonly kwh: number
}

/** Why a value is not placed; the list the counters are made from. */
export const refusals = [
  /** Too little is known of the meter's clock. */
  'clock-unknown',
  /** The page's own time is not what the meter's clock should say. */
  'clock-disagrees',
  /** The page came so near the end of a span that it may count from this end or from the one before. */
  'boundary-near',
  /** The span began before somebody set the meter's clock. */
  'clock-set-since',
  /** The span has not ended: a Classic's h02. */
  'unfinished',
  /** The span began before the meter could know of it: what was wiped reads as 0. */
  'before-birth',
  /** Nothing says when a Classic's years begin. */
  'span-unknown',
  /** Real, and most likely a counter that wrapped; what it was is a guess. */
  'negative',
  /** More than three clamps can measure in that time. */
  'implausible'
] as const

export type Refusal = (typeof refusals)[number]

interface RefusedValue extends HistoryValue {
  readonly sensor: number
  readonly why: Refusal
}

export interface Placement {
  readonly placed: readonly PlacedValue[]
  readonly refused: readonly RefusedValue[]
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** What the meter's clock said when it sent a page. */
interface PageClock {
  /** On a time line whose days begin at the meter's midnights. */
  readonly meterMs: number
  readonly meterMinusHostMs: number
  /** Spans that began before it, in the host's time, ran by another clock. */
  readonly setAtMs: number
  readonly daysSinceBirth: number
  /** Whether the page's days since birth may be those of the day before or after. */
  readonly nearMidnight: boolean
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const blockMs = 30 * dayMs
/** Spans of two hours end at odd hours of the meter's clock, days at 23:00. */
const hoursEndMs = hourMs
const dayEndMs = 23 * hourMs

/** Places each value of a page by itself: other pages may be lost, repeated or late (spec: CC128 history message). */
export function placePage(page: HistoryPage, offset: Offset): Placement {
  const clock = clockOf(page, offset)
  const placed: PlacedValue[] = []
  const refused: RefusedValue[] = []
  for (const { sensor, values } of page.sensors) {
    for (const value of values) {
      const span = typeof clock === 'string' ? clock : place(value, clock)
      if (typeof span === 'string') refused.push({ sensor, ...value, why: span })
      else placed.push({ sensor, scale: value.scale, ...span, kwh: value.kwh })
    }
  }
  return { placed, refused }
}

/** What a span is, for humans: a meter's day or block is none of the calendar's. */
export function labelOf(scale: HistoryScale): string {
  return { hours: 'two hours', days: 'day from 23:00 to 23:00', blocks: 'block of 30 days', years: 'year' }[scale]
}

/** The page's own time and the one learned from live messages must be close, and leave no doubt about which span ended last. */
function clockOf({ atMs, meterTime, daysSinceBirth }: HistoryPage, offset: Offset): PageClock | Refusal {
  if (offset.kind === 'unknown') return 'clock-unknown'
  const { meterMinusHostMs, setAtMs = Number.NEGATIVE_INFINITY } = offset
  const meterMs = atMs + meterMinusHostMs
  const lagMs = wrapDay(meterMs - timeOfDayMs(meterTime))
  if (Math.abs(lagMs) > limits.historyLagMs) return 'clock-disagrees'
  const isNear = (endMs: number, everyMs: number) => [meterMs, meterMs - lagMs].some(ms => isNearEnd(ms - endMs, everyMs))
  if (isNear(hoursEndMs, 2 * hourMs)) return 'boundary-near'
  return { meterMs, meterMinusHostMs, setAtMs, daysSinceBirth, nearMidnight: isNear(0, dayMs) }
}

function place(value: HistoryValue, clock: PageClock): Span | Refusal {
  const span = spanOf(value, clock)
  if (typeof span === 'string') return span
  const { fromMs, toMs } = span
  if (value.kwh < 0) return 'negative'
  if (value.kwh > mostKwh(toMs - fromMs)) return 'implausible'
  // It was wiped at some time of its first day: a 0 of that day or before may only mean that it was not at work yet.
  if (value.kwh === 0 && fromMs < midnightOf(clock) - (clock.daysSinceBirth - 2) * dayMs) return 'before-birth'
  const { meterMinusHostMs, setAtMs } = clock
  if (fromMs - meterMinusHostMs < setAtMs) return 'clock-set-since'
  return { fromMs: fromMs - meterMinusHostMs, toMs: toMs - meterMinusHostMs }
}

/** The span that a value's name means, on the time line of the meter's clock. */
function spanOf({ scale, index }: HistoryValue, clock: PageClock): Span | Refusal {
  switch (scale) {
    case 'hours':
      if (index < 4) return 'unfinished'
      return spanTo(lastEnd(clock.meterMs, hoursEndMs, 2 * hourMs) - (index - 4) * hourMs, 2 * hourMs)
    case 'days':
      return spanTo(lastEnd(clock.meterMs, dayEndMs, dayMs) - (index - 1) * dayMs, dayMs)
    case 'blocks':
      return blockOf(index, clock)
    case 'years':
      return 'span-unknown'
  }
}

/** A block ends at the end of the meter's day before its days since birth become a multiple of 30. */
function blockOf(index: number, clock: PageClock): Span | Refusal {
  const { meterMs, daysSinceBirth } = clock
  const daysInto = daysSinceBirth % 30
  const endsToday = daysInto === 29 && meterMs - midnightOf(clock) > dayEndMs - limits.historyBeforeMs
  if (clock.nearMidnight || endsToday) return 'boundary-near'
  if (index * 30 > daysSinceBirth) return 'before-birth'
  return spanTo(midnightOf(clock) - daysInto * dayMs - (dayMs - dayEndMs) - (index - 1) * blockMs, blockMs)
}

function spanTo(toMs: number, lengthMs: number): Span {
  return { fromMs: toMs - lengthMs, toMs }
}

/** When spans of this length that end at this time of day last ended. */
function lastEnd(ms: number, endMs: number, everyMs: number): number {
  return ms - modulo(ms - endMs, everyMs)
}

function midnightOf({ meterMs }: PageClock): number {
  return lastEnd(meterMs, 0, dayMs)
}

function isNearEnd(sinceMs: number, everyMs: number): boolean {
  const ms = modulo(sinceMs, everyMs)
  return ms < limits.historyAfterMs || ms > everyMs - limits.historyBeforeMs
}

/** All that a sensor's clamps can measure in so long. */
function mostKwh(lengthMs: number): number {
  return (limits.channelsMax * ranges.watts[1] * (lengthMs / hourMs)) / 1000
}

function modulo(ms: number, everyMs: number): number {
  return ms - Math.floor(ms / everyMs) * everyMs
}
