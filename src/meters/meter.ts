/** The seam for meter models, the list of them, and the way from a frame to readings. */

import type { HistoryPage, Reading } from '../reading.ts'
import { cc128 } from './cc128.ts'
import { classic } from './classic.ts'
import { type Element, readElements } from './elements.ts'
import type { MeterFault } from './fault.ts'

/** What became of one frame. */
export type Outcome =
  /** A CC128's message holds a reading or history, a Classic's a reading and perhaps history beside it. */
  | { readonly kind: 'understood'; readonly readings: readonly Reading[]; readonly history?: HistoryPage }
  | { readonly kind: 'fault'; readonly fault: MeterFault }

/** A meter model: everything that is known of it is in this value. */
export interface Meter {
  readonly name: string
  /** Line speeds at which it has been met, the likeliest first. */
  readonly bauds: readonly number[]
  /** Whether a message is of this model, judged by its content. */
  reads(message: Element): boolean
  /** Reads a message of this model that arrived at this time, in ms since 1970. */
  read(message: Element, atMs: number): Outcome
}

/**
 * The models, asked in this order.
 *
 * To add one: write `meters/<model>.ts`, add a line here, and put what the meter said beside what it meant into
 * `test/fixtures/meters/<model>/`, as `<case>.xml` and `<case>.json`.
 */
export const meters: readonly Meter[] = [classic, cc128]

/** Reads a frame, from `<msg>` to `</msg>`, that arrived at this time; never throws, and keeps nothing of the bytes. */
export function readFrame(frame: Uint8Array, atMs: number): Outcome {
  const message = readElements(frame)
  if ('kind' in message) return { kind: 'fault', fault: message }
  const meter = meters.find(candidate => candidate.reads(message))
  return meter?.read(message, atMs) ?? { kind: 'fault', fault: { kind: 'unknown-model' } }
}
