/** The seam to where readings go. */
import type { Reading } from '../reading.ts'

/** Takes readings; it never throws and never waits. */
export interface Sink {
  accept(reading: Reading): void
}
