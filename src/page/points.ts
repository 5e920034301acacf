/** Series of power over the last minutes: joined, bounded, summed and summarised. Pure. */

import { type Point, pointsMax } from './payloads.ts'

/** How far back the trace looks. */
export const traceMs = 600_000
const traceLeastMs = 30_000
/** A meter's transmitters report once in about this time. */
const turnMs = 6_000

export interface Summary {
  readonly lowest: number
  /** Weighted by time. */
  readonly average: number
  readonly highest: number
}

/** Both series as one in rising time, without doubles, the newest kept; a point's time is never after `nowMs`. */
export function join(left: readonly Point[], right: readonly Point[], nowMs: number): readonly Point[] {
  const byTime = new Map<number, number>()
  for (const [atMs, watts] of [...left, ...right]) if (atMs <= nowMs) byTime.set(atMs, watts)
  return [...byTime].sort(([one], [other]) => one - other).slice(-pointsMax)
}

/**
 * The sum of several series: each holds its last value until its next point, but for no longer than `holdMs`. Sensors report in turn, so
 * there is one point for each `turnMs`, at its end.
 */
export function sum(series: readonly (readonly Point[])[], holdMs: number): readonly Point[] {
  const latest = new Map<number, number>()
  for (const points of series) {
    for (const [atMs] of points) {
      const turn = Math.floor(atMs / turnMs)
      latest.set(turn, Math.max(atMs, latest.get(turn) ?? 0))
    }
  }
  const times = [...latest.values()].sort((one, other) => one - other)
  const cursors = series.map(() => -1)
  return times.map(atMs => {
    let watts = 0
    for (const [index, points] of series.entries()) {
      let cursor = cursors[index] ?? -1
      while ((points[cursor + 1]?.[0] ?? Number.POSITIVE_INFINITY) <= atMs) cursor += 1
      cursors[index] = cursor
      const held = points[cursor]
      if (held && atMs - held[0] <= holdMs) watts += held[1]
    }
    return [atMs, watts] as const
  })
}

/** How far back there is something to see: the trace of a meter that has just been plugged in is not lost in an empty one. */
export function reach(series: readonly (readonly Point[])[], nowMs: number): number {
  const oldestMs = Math.min(...series.map(points => points[0]?.[0] ?? nowMs))
  return Math.min(traceMs, Math.max(traceLeastMs, nowMs - oldestMs))
}

/**
 * Lowest, average and highest since `fromMs`; undefined for less than two points. Between two points power counts as the trace shows it,
 * half of the way at either; a silence longer than `gapMs` says nothing.
 */
export function summarise(points: readonly Point[], fromMs: number, gapMs: number): Summary | undefined {
  const inside = points.filter(([atMs]) => atMs >= fromMs)
  if (inside.length < 2) return undefined
  const watts = inside.map(([, value]) => value)
  let [energy, durationMs] = [0, 0]
  for (const [index, [atMs, value]] of inside.entries()) {
    const [beforeMs, before] = inside[index - 1] ?? [atMs, value]
    if (atMs - beforeMs > gapMs) continue
    energy += ((before + value) / 2) * (atMs - beforeMs)
    durationMs += atMs - beforeMs
  }
  const plain = watts.reduce((sum, value) => sum + value, 0) / watts.length
  return { lowest: Math.min(...watts), highest: Math.max(...watts), average: durationMs > 0 ? energy / durationMs : plain }
}
