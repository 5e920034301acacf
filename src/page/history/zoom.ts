/** The arithmetic of looking closer: windows on a period, which steps of the history they need, and what fingers do to them. Pure. */
import type { Step } from '../../api.ts'
import type { Unit } from '../../calendar.ts'
import type { Range } from './periods.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** No window is shorter. */
export const windowLeastMs = 10 * minuteMs
/** Up to here a window is worth steps of 10 s. */
const fineWindowMs = 3 * hourMs
/** For how long the daemon keeps steps of 10 s; less a little, since it may be about to drop them. */
const fineKeptMs = 47 * hourMs
/** What one looks at a period in. */
const usual: Readonly<Record<Unit, Step>> = { day: '1m', week: '1h', month: '1h', year: '1d' }
/** How far fingers must be moved apart, or together, to go on to another unit. */
const pinchFactor = 1.35

/** The step that a period is asked for in; of long ago the daemon answers in longer ones. */
export function stepOf(unit: Unit): Step {
  return usual[unit]
}

/** What a window needs beside its period's own steps: whole hours of 10 s, or nothing. */
export function fineRangeOf(window: Range, nowMs: number): Range | undefined {
  if (window.toMs - window.fromMs > fineWindowMs || nowMs - window.fromMs > fineKeptMs) return undefined
  return { fromMs: Math.floor(window.fromMs / hourMs) * hourMs, toMs: Math.ceil(window.toMs / hourMs) * hourMs }
}

/** A window that shows `factor` times as much detail, with the instant at `share` of its width where it was. */
export function zoom(window: Range, factor: number, share: number, whole: Range): Range {
  const lengthMs = window.toMs - window.fromMs
  const newMs = Math.min(Math.max(lengthMs / factor, windowLeastMs), whole.toMs - whole.fromMs)
  return within(window.fromMs + share * (lengthMs - newMs), newMs, whole)
}

/** A window moved by a share of its width. */
export function pan(window: Range, share: number, whole: Range): Range {
  const lengthMs = window.toMs - window.fromMs
  return within(window.fromMs + share * lengthMs, lengthMs, whole)
}

export function isWhole(window: Range, whole: Range): boolean {
  return window.fromMs <= whole.fromMs && window.toMs >= whole.toMs
}

/** What fingers that were moved apart by a factor want: a shorter unit, a longer one, or neither. */
export function pinched(factor: number): 'shorter' | 'longer' | undefined {
  if (factor >= pinchFactor) return 'shorter'
  return factor <= 1 / pinchFactor ? 'longer' : undefined
}

function within(fromMs: number, lengthMs: number, whole: Range): Range {
  const start = Math.round(Math.min(Math.max(fromMs, whole.fromMs), whole.toMs - lengthMs))
  return { fromMs: start, toMs: Math.round(start + lengthMs) }
}
