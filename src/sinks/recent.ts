/** Keeps the last minutes of each sensor's power, so that the page's trace is full at first sight. */
import { limits } from '../limits.ts'
import { Ring } from '../memory/ring.ts'
import type { Reading } from '../reading.ts'
import type { Sink } from './sink.ts'

/** Points of one sensor, oldest first: `[ms since 1970, watts]`. */
export interface RecentPoints {
  readonly sensor: number
  readonly points: readonly (readonly [number, number])[]
}

/** A sink that remembers a little. */
export class Recent implements Sink {
  readonly #rings = new Map<number, Ring>()

  accept(reading: Reading): void {
    if (reading.kind !== 'power') return
    let ring = this.#rings.get(reading.sensor)
    if (!ring) {
      ring = new Ring(limits.recentPointsMax)
      this.#rings.set(reading.sensor, ring)
    }
    ring.push(reading.atMs, reading.watts)
  }

  /** What is remembered, by rising sensor. */
  sensors(): readonly RecentPoints[] {
    return [...this.#rings].sort(([a], [b]) => a - b).map(([sensor, ring]) => ({ sensor, points: [...ring.points()] }))
  }
}
