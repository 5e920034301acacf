/** Tries that failed: who gives wrong passwords must wait, longer each time. */
import { limits } from '../limits.ts'
import type { Clock } from './clock.ts'

interface Failed {
  readonly count: number
  readonly untilMs: number
}

/** Whose tries failed, bounded. */
export class Tries {
  readonly #clock: Clock
  /** The one that failed longest ago stands first. */
  readonly #failed = new Map<string, Failed>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long somebody must wait before the next try. */
  leftMs(name: string): number {
    return Math.max(0, (this.#failed.get(name)?.untilMs ?? 0) - this.#clock.monotonicMs())
  }

  /** Counts a try, before it is known to be right, so that many at once are no way around. */
  count(name: string): void {
    const count = (this.#failed.get(name)?.count ?? 0) + 1
    const doublings = count - limits.passwordTriesMax
    const waitMs = doublings < 0 ? 0 : Math.min(limits.passwordWaitMs * 2 ** doublings, limits.passwordWaitMsMax)
    this.#failed.delete(name)
    if (this.#failed.size >= limits.strangersToldMax) this.#forgetOne()
    this.#failed.set(name, { count, untilMs: this.#clock.monotonicMs() + waitMs })
  }

  /** It was right. */
  forgive(name: string): void {
    this.#failed.delete(name)
  }

  /** Whoever tried least makes room, so that nobody shortens a wait by tries under other names. */
  #forgetOne(): void {
    const least = [...this.#failed].reduce((one, other) => (other[1].count < one[1].count ? other : one))
    this.#failed.delete(least[0])
  }
}
