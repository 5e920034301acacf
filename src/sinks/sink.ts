/** The seam to where readings go. */
import type { Report } from '../reading.ts'

/** Takes reports; it never throws and never waits. */
export interface Sink {
  accept(report: Report): void
  /** A derived sensor is no more. */
  forget?(place: string): void
}
