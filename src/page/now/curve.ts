/** The geometry of a trace: a scale for its watts, and a smooth curve through its points that never swings past them. Pure. */

import type { Point } from '../payloads.ts'

export interface Scale {
  readonly least: number
  readonly most: number
  /** Watts from one grid line to the next. */
  readonly stepWatts: number
}

/** One cubic piece of a curve, to its end point, in pixels. */
interface Piece {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly x: number
  readonly y: number
}

export interface Stroke {
  readonly x: number
  readonly y: number
  readonly pieces: readonly Piece[]
}

/** Below this a quiet house would look as busy as a kitchen at noon. */
const spanLeastWatts = 400

/** A scale that holds all the points and always zero, with some air beyond them, and grid lines at round numbers of watts. */
export function scaleFor(points: readonly Point[], steps: number): Scale {
  const watts = points.map(([, value]) => value)
  const highest = Math.max(0, ...watts)
  const lowest = Math.min(0, ...watts)
  const span = Math.max(spanLeastWatts, highest - lowest) * 1.12
  const power = 10 ** Math.floor(Math.log10(span / steps))
  const stepWatts = power * ([1, 2, 2.5, 5].find(factor => factor * power * steps >= span * 0.8) ?? 10)
  const least = lowest < 0 ? lowest - span * 0.05 : 0
  return { least, most: lowest < 0 && highest <= 0 ? span * 0.1 : least + span, stepWatts }
}

/** Cuts a series wherever it says nothing for longer than `gapMs`. */
export function runs(points: readonly Point[], gapMs: number): readonly (readonly Point[])[] {
  const found: Point[][] = []
  let lastMs = Number.NEGATIVE_INFINITY
  for (const point of points) {
    if (point[0] - lastMs > gapMs) found.push([])
    found[found.length - 1]?.push(point)
    lastMs = point[0]
  }
  return found
}

/** Monotone cubic interpolation (Fritsch and Carlson, 1980; tangents by harmonic mean), as Bézier pieces. */
export function curve(run: readonly Point[], xOf: (atMs: number) => number, yOf: (watts: number) => number): Stroke {
  const places = run.map(([atMs, watts]) => ({ x: xOf(atMs), y: yOf(watts) }))
  const start = places[0] ?? { x: 0, y: 0 }
  const slopes = places.slice(1).map(({ x, y }, index) => {
    const before = places[index] ?? start
    return (y - before.y) / Math.max(x - before.x, 1e-6)
  })
  const tangents = places.map((_place, index) => {
    const left = slopes[index - 1] ?? slopes[index] ?? 0
    const right = slopes[index] ?? left
    return left * right <= 0 ? 0 : (2 * left * right) / (left + right)
  })
  const pieces = places.slice(1).map(({ x, y }, index) => {
    const before = places[index] ?? start
    const third = (x - before.x) / 3
    return {
      x1: before.x + third,
      y1: before.y + third * (tangents[index] ?? 0),
      x2: x - third,
      y2: y - third * (tangents[index + 1] ?? 0),
      x,
      y
    }
  })
  return { ...start, pieces }
}
