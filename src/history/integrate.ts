/** From power to energy: what a sensor took between two of its readings, by the trapezoid over the host's time. */
import { limits } from '../limits.ts'
import type { PowerReading } from '../reading.ts'

/** Something for each of a sensor's channels 1 to 3. */
export type ByChannel = readonly [number, number, number]

/** Power at one instant, in single precision; a channel that the message did not carry had none. */
export interface PowerPoint {
  readonly atMs: number
  readonly watts: number
  readonly channelsWatts: ByChannel
}

/**
 * What lies between two readings:
 * - `measured`: energy
 * - `gap`: a silence too long to tell what was used in it
 * - `set-back`: the clock was set back, so that nobody knows how long it was
 * - `out-of-order`: the second belongs before the first, and is to be forgotten
 */
export type PowerStep =
  | { readonly kind: 'measured'; readonly wattHours: number; readonly channelsWattHours: ByChannel }
  | { readonly kind: 'gap' | 'set-back' | 'out-of-order' }

export function pointOf(reading: PowerReading): PowerPoint {
  const channelsWatts: [number, number, number] = [0, 0, 0]
  for (const { channel, watts } of reading.channels) channelsWatts[channel - 1] = Math.fround(watts)
  return { atMs: Math.round(reading.atMs), watts: Math.fround(reading.watts), channelsWatts }
}

export function integrate(from: PowerPoint, to: PowerPoint): PowerStep {
  const ms = to.atMs - from.atMs
  if (ms > limits.energyGapMsMax) return { kind: 'gap' }
  if (ms < -limits.energyGapMsMax) return { kind: 'set-back' }
  if (ms < 0) return { kind: 'out-of-order' }
  const [a1, a2, a3] = from.channelsWatts
  const [b1, b2, b3] = to.channelsWatts
  const channelsWattHours = [trapezoidWh(a1, b1, ms), trapezoidWh(a2, b2, ms), trapezoidWh(a3, b3, ms)] as const
  return { kind: 'measured', wattHours: trapezoidWh(from.watts, to.watts, ms), channelsWattHours }
}

/** Energy while power went evenly from one value to the other. Below zero is energy given away: it is not counted, so that totals never go down. */
export function trapezoidWh(fromWatts: number, toWatts: number, ms: number): number {
  const [low, high] = fromWatts < toWatts ? [fromWatts, toWatts] : [toWatts, fromWatts]
  if (high <= 0) return 0
  const meanWatts = low >= 0 ? (low + high) / 2 : (high * high) / (high - low) / 2
  return (meanWatts * ms) / 3_600_000
}

/** Power at an instant between two readings. */
export function wattsAt(from: PowerPoint, to: PowerPoint, atMs: number): number {
  return from.watts + ((to.watts - from.watts) * (atMs - from.atMs)) / (to.atMs - from.atMs)
}
