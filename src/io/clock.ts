/** The clock: wall time for readings, monotonic time for everything that waits. */
import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Ms since 1970 (UTC), as the host believes; it may jump. */
  wallMs(): number
  /** Ms since some instant; it never goes back. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now()
}
