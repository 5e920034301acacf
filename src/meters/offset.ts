/** Learns how far the meter's clock is from the host's, by time of day alone: a meter's clock has no date and may be hours wrong. */

import { limits } from '../limits.ts'

/** What is known of the meter's clock. */
export type Offset =
  | {
      readonly kind: 'known'
      /** What to add to the host's time to get the meter's time of day; at least −12 h and less than 12 h. */
      readonly meterMinusHostMs: number
      /** How far the messages it was learned from lie apart, strays left out. */
      readonly spreadMs: number
      /** How long ago the last of them came. */
      readonly ageMs: number
      /** The host's time by which somebody was seen to set the meter's clock: what it remembers from before ran by another clock. */
      readonly setAtMs?: number
    }
  | {
      readonly kind: 'unknown'
      /** Too few messages yet, none lately, or they disagree: a clock that was just set, or stood still during a dump. */
      readonly why: 'few-messages' | 'no-message-lately' | 'messages-disagree'
    }

interface Agreement {
  readonly offsetMs: number
  readonly spreadMs: number
}

const dayMs = 24 * 3_600_000

/**
 * Listens to live messages: their `time` against the host's time of their arrival (spec: What to expect in a house).
 *
 * The offset is that of the message in the middle of the last few; all of them but a stray or so must agree with it. Either clock may
 * jump. Only a jump while messages come in close order is surely the meter's: the host's own jumps tear the messages apart.
 */
export class ClockOffset {
  /** Offsets of the last messages, oldest first. */
  readonly #samples: number[] = []
  #heardAtMs = 0
  #agreement: Agreement | undefined
  /** The last offset agreed on, as long as no jump of the host's clock can have come since. */
  #settledMs: number | undefined
  #setAtMs: number | undefined

  /** Learns from a live message: the meter's time of day, `HH:MM:SS`, and when it arrived. */
  learn(meterTime: string, atMs: number): void {
    const sinceMs = atMs - this.#heardAtMs
    if (sinceMs < 0 || sinceMs > limits.clockAgeMs) this.#samples.length = 0
    if (sinceMs < 0 || sinceMs > limits.staleMs) this.#settledMs = undefined
    this.#heardAtMs = atMs
    const sample = wrapDay(timeOfDayMs(meterTime) - atMs)
    this.#samples.push(sample)
    if (this.#samples.length > limits.clockSamplesMax) this.#samples.shift()
    this.#agreement = agreementOf(this.#samples)
    if (this.#agreement !== undefined) this.#settle(this.#agreement.offsetMs, sample)
  }

  /** What is known at this time of the host. */
  offset(nowMs: number): Offset {
    const ageMs = nowMs - this.#heardAtMs
    if (this.#samples.length > 0 && (ageMs < 0 || ageMs > limits.clockAgeMs)) return { kind: 'unknown', why: 'no-message-lately' }
    if (this.#samples.length < limits.clockSamplesMax) return { kind: 'unknown', why: 'few-messages' }
    if (this.#agreement === undefined) return { kind: 'unknown', why: 'messages-disagree' }
    const { offsetMs, spreadMs } = this.#agreement
    const set = this.#setAtMs === undefined ? {} : { setAtMs: this.#setAtMs }
    return { kind: 'known', meterMinusHostMs: offsetMs, spreadMs, ageMs, ...set }
  }

  /** A stray settles nothing: it may be the first after a jump, while those before it still agree. */
  #settle(offsetMs: number, newestMs: number): void {
    if (distance(newestMs, offsetMs) > limits.clockSpreadMs) return
    if (this.#settledMs !== undefined && distance(offsetMs, this.#settledMs) > limits.clockSetMs) this.#setAtMs = this.#heardAtMs
    this.#settledMs = offsetMs
  }
}

/** A time of day, `HH:MM:SS`, since midnight. */
export function timeOfDayMs(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** A difference between two times of day, the short way round: at least −12 h and less than 12 h. */
export function wrapDay(ms: number): number {
  return ms - Math.floor(ms / dayMs + 0.5) * dayMs
}

/** The median on a circle is the sample with the least way to all others. */
function agreementOf(samples: readonly number[]): Agreement | undefined {
  const ways = samples.map(sample => samples.reduce((way, other) => way + distance(sample, other), 0))
  const offsetMs = samples[ways.indexOf(Math.min(...ways))]
  if (offsetMs === undefined || samples.length < limits.clockSamplesMax) return undefined
  const agreeing = samples.map(sample => wrapDay(sample - offsetMs)).filter(way => Math.abs(way) <= limits.clockSpreadMs)
  if (agreeing.length < samples.length - limits.clockStraysMax) return undefined
  return { offsetMs, spreadMs: Math.max(...agreeing) - Math.min(...agreeing) }
}

function distance(one: number, other: number): number {
  return Math.abs(wrapDay(one - other))
}
