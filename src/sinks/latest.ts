/** The last that was heard of each sensor: what the API tells of this instant. */
import { limits } from '../limits.ts'
import { placeOf, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** A sensor's last report. */
export interface Heard {
  readonly sensor: string
  readonly report: Report
  /** Whether it is too old to be called live. */
  readonly stale: boolean
}

/** A sink that remembers one report of each sensor. Its age is told by a steady clock: the time of day may jump. */
export class Latest implements Sink {
  readonly #nowMs: () => number
  readonly #heard = new Map<string, { readonly report: Report; readonly atMs: number }>()

  /** @param nowMs monotonic time */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  accept(report: Report): void {
    this.#heard.set(placeOf(report), { report, atMs: this.#nowMs() })
  }

  forget(place: string): void {
    this.#heard.delete(place)
  }

  /** What is live, in a few words, such as `430 W, 1: 88 W`. */
  describe(): string {
    const live = this.sensors().flatMap(({ sensor, report, stale }) =>
      stale || report.kind === 'impulses' ? [] : [`${sensor === '0' ? '' : `${sensor}: `}${report.watts} W`]
    )
    return live.join(', ') || 'no readings'
  }

  /** All that were heard, by place. */
  sensors(): readonly Heard[] {
    const nowMs = this.#nowMs()
    return [...this.#heard]
      .map(([sensor, { report, atMs }]) => ({ sensor, report, stale: nowMs - atMs > limits.staleMs }))
      .sort((a, b) => (a.sensor < b.sensor ? -1 : 1))
  }
}
