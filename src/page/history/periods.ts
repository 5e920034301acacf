/** The periods that one leafs through: days, weeks, months and years of the user's calendar, and how two of them lie beside each other. Pure. */
import type { Calendar, Unit } from '../../calendar.ts'

/** From the shortest to the longest. */
export const units = ['day', 'week', 'month', 'year'] as const satisfies readonly Unit[]

/** Time from an instant up to another. */
export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

/** A whole day, week, month or year. */
export interface Period extends Range {
  readonly unit: Unit
}

/** The one that an instant belongs to. */
export function periodAt(calendar: Calendar, unit: Unit, atMs: number): Period {
  return { unit, fromMs: calendar.startOf(unit, atMs), toMs: calendar.nextStart(unit, atMs) }
}

/** So many later, or earlier if less than 0. */
export function periodAfter(calendar: Calendar, period: Period, count: number): Period {
  let { fromMs } = period
  for (let left = count; left > 0; left -= 1) fromMs = calendar.nextStart(period.unit, fromMs)
  for (let left = count; left < 0; left += 1) fromMs = calendar.previousStart(period.unit, fromMs)
  return periodAt(calendar, period.unit, fromMs)
}

/** The next longer unit, or the next shorter one, if there is any. */
export function unitBeside(unit: Unit, longer: boolean): Unit | undefined {
  return units[units.indexOf(unit) + (longer ? 1 : -1)]
}

/** When each of its days, or months, begins, and when the last one ends. */
export function boundsOf(calendar: Calendar, { fromMs, toMs }: Range, unit: Unit): readonly number[] {
  const bounds: number[] = []
  for (let atMs = fromMs; atMs < toMs; atMs = calendar.nextStart(unit, atMs)) bounds.push(atMs)
  return [...bounds, toMs]
}

/** Every so many ms; the last one may be shorter. */
export function slicesOf({ fromMs, toMs }: Range, sliceMs: number): readonly number[] {
  const count = Math.ceil((toMs - fromMs) / sliceMs)
  return [...Array.from({ length: count }, (_, index) => fromMs + index * sliceMs), toMs]
}

/**
 * The instant of another period at which clock and calendar stand as they do at an instant of this one: the same time of day, on the
 * same day of the week, month or year; the other one's end where it has no such day.
 */
export function likeInstant(calendar: Calendar, atMs: number, from: Period, to: Period): number {
  if (atMs >= from.toMs) return to.toMs
  const wallMs = calendar.wallMsAt(atMs)
  if (from.unit !== 'year') {
    const shiftMs = calendar.wallMsAt(to.fromMs) - calendar.wallMsAt(from.fromMs)
    return Math.min(calendar.instantOf(wallMs + shiftMs), to.toMs)
  }
  const wall = new Date(wallMs)
  wall.setUTCFullYear(wall.getUTCFullYear() + calendar.wallAt(to.fromMs).year - calendar.wallAt(from.fromMs).year)
  return calendar.instantOf(wall.getTime())
}
