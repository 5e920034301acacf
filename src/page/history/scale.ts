/** Scales of the chart: round numbers up the side, hours and days along the bottom. Pure. */
import type { Calendar } from '../../calendar.ts'
import type { Range } from './periods.ts'

export interface Scale {
  readonly least: number
  readonly most: number
  readonly step: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** What clocks are divided by. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map(minutes => minutes * minuteMs)
/** Drawings in steps of so long. */
const drawnSteps = [10_000, 30_000, minuteMs, 2 * minuteMs, 5 * minuteMs, 10 * minuteMs, 15 * minuteMs, 30 * minuteMs, hourMs]
/** A drawn step narrower than this cannot be told from its neighbour. */
const drawnPx = 3
/** Beyond the outermost values there is so much of the scale. */
const air = 0.06

/** Round numbers about values, some `lines` of them, always with 0; `floor` is the least that the top may be. */
export function scaleOf(values: readonly number[], lines: number, floor: number): Scale {
  const [lowest, highest] = [Math.min(0, ...values), Math.max(values.some(value => value < 0) ? 0 : floor, ...values)]
  const rough = Math.max(highest - lowest, floor) / lines
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5].find(digit => digit * power >= rough) ?? 10) * power
  const roomy = (highest - lowest) * air
  return { least: lowest < 0 ? lowest - roomy : 0, most: highest > 0 ? highest + roomy : roomy, step }
}

/** The multiples of the step. */
export function linesOf({ least, most, step }: Scale): readonly number[] {
  const first = Math.ceil(least / step)
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step)
}

/** Instants at which the wall clock shows round times, no closer than `leastPx` when the window is so wide. */
export function clockTicks(calendar: Calendar, { fromMs, toMs }: Range, widthPx: number, leastPx: number): readonly number[] {
  const stepMs = timeSteps.find(ms => (ms / (toMs - fromMs)) * widthPx >= leastPx) ?? 24 * hourMs
  const ticks: number[] = []
  const last = calendar.wallMsAt(toMs)
  for (let wallMs = Math.ceil(calendar.wallMsAt(fromMs) / stepMs) * stepMs; wallMs <= last; wallMs += stepMs) {
    const atMs = calendar.instantOf(wallMs)
    if (calendar.wallMsAt(atMs) === wallMs) ticks.push(atMs) // clocks may jump over a round time
  }
  return ticks
}

/** Of things side by side every so many, so that no label is closer to another than `leastPx`. */
export function everyOf(count: number, widthPx: number, leastPx: number): number {
  const most = Math.max(1, Math.floor(widthPx / leastPx))
  return [1, 2, 7, 14].find(every => count / every <= most) ?? count
}

/** How long the steps are in which a window is best drawn: those that there are, or longer ones where they would be too narrow. */
export function drawnMsOf({ fromMs, toMs }: Range, widthPx: number, stepMs: number): number {
  const leastMs = Math.max(stepMs, ((toMs - fromMs) / widthPx) * drawnPx)
  return drawnSteps.find(ms => ms >= leastMs && ms % stepMs === 0) ?? stepMs
}
