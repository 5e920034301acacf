/** Keeps the last minutes of each sensor's power, so that the page's trace is full at first sight. */
import { limits } from '../limits.ts'
import { Ring } from '../memory/ring.ts'
import { placeOf, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** Points of one sensor, oldest first: `[ms since 1970, watts]`. */
export interface RecentPoints {
  /** Its place below the root of the topics. */
  readonly sensor: string
  readonly points: readonly (readonly [number, number])[]
}

/** A sink that remembers a little. */
export class Recent implements Sink {
  readonly #rings = new Map<string, Ring>()

  accept(report: Report): void {
    if (report.kind === 'impulses') return
    const place = placeOf(report)
    let ring = this.#rings.get(place)
    if (!ring) {
      ring = new Ring(limits.recentPointsMax)
      this.#rings.set(place, ring)
    }
    ring.push(report.atMs, report.watts)
  }

  forget(place: string): void {
    this.#rings.delete(place)
  }

  /** What is remembered, by place. */
  sensors(): readonly RecentPoints[] {
    return [...this.#rings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sensor, ring]) => ({ sensor, points: [...ring.points()] }))
  }
}
