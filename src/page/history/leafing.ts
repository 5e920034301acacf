/** Where keys, buttons and fingers lead: from one period and window on it to another. Pure. */
import type { Calendar, Unit } from '../../calendar.ts'
import { type Period, periodAfter, periodAt, type Range, unitBeside, units } from './periods.ts'
import { isWhole, pan } from './zoom.ts'

/** A period, and the part of it that one looks at. */
export interface Sighted {
  readonly period: Period
  readonly window: Range
}

/** Whether there is anything earlier, or later. */
export interface Ways {
  readonly previous: boolean
  readonly next: boolean
}

/** The whole of the period that an instant belongs to. */
export function wholeAt(calendar: Calendar, unit: Unit, atMs: number): Sighted {
  const period = periodAt(calendar, unit, atMs)
  return { period, window: period }
}

/** Another unit: of a period that runs one comes to the present, else from a longer one to its end and from a shorter one to what it is part of. */
export function toUnit(calendar: Calendar, period: Period, unit: Unit, nowMs: number): Sighted {
  const runs = period.fromMs <= nowMs && nowMs < period.toMs
  const isShorter = units.indexOf(unit) < units.indexOf(period.unit)
  return wholeAt(calendar, unit, runs ? nowMs : isShorter ? period.toMs - 1 : period.fromMs)
}

/** The next longer or shorter unit about an instant, if there is one; never the future. */
export function besideAt(calendar: Calendar, period: Period, longer: boolean, atMs: number, nowMs: number): Sighted | undefined {
  const unit = unitBeside(period.unit, longer)
  return unit && wholeAt(calendar, unit, Math.min(atMs, nowMs))
}

/** On within the period, if one sees a part of it and there is more on that side. */
export function onWithin({ period, window }: Sighted, way: -1 | 1): Sighted | undefined {
  const moved = pan(window, way, period)
  return isWhole(window, period) || moved.fromMs === window.fromMs ? undefined : { period, window: moved }
}

/** The next period or the one before; of a part one comes to the part that joins it. */
export function onBeyond(calendar: Calendar, { period, window }: Sighted, way: -1 | 1): Sighted {
  const next = periodAfter(calendar, period, way)
  if (isWhole(window, period)) return { period: next, window: next }
  const lengthMs = window.toMs - window.fromMs
  const fromMs = way > 0 ? next.fromMs : next.toMs - lengthMs
  return { period: next, window: { fromMs, toMs: fromMs + lengthMs } }
}

export function waysFrom(period: Period, sinceMs: number | null, nowMs: number): Ways {
  return { previous: sinceMs === null || period.fromMs > sinceMs, next: period.toMs <= nowMs }
}
