/** From a pulse counter to units (kWh or m³): what it counted between its readings, whatever becomes of the counter. */
import { limits } from '../limits.ts'
import type { ImpulseReading } from '../reading.ts'

/** What a counter said. */
export interface ImpulsePoint {
  readonly atMs: number
  readonly impulses: number
  readonly impulsesPerUnit: number
  readonly radioId: number
}

/** Where counting stands. */
export interface ImpulseState {
  /** The reading up to which all was counted. */
  readonly base: ImpulsePoint
  /** A reading that does not go on from there: either it is wrong, or the next one goes on from it. */
  readonly doubted: ImpulsePoint | undefined
}

/**
 * What a reading told:
 * - `counted`: it goes on from the last one, over the counter's wrap if need be
 * - `doubted`: it does not, and nothing is counted before the next one agrees
 * - `restarted`: the next one does: a sensor was paired anew, or nobody listened for long
 */
export interface ImpulseStep {
  readonly kind: 'counted' | 'doubted' | 'restarted'
  readonly units: number
  readonly state: ImpulseState
}

/** The counter has 32 bits. */
const wrap = 2 ** 32

export function impulsePointOf({ atMs, impulses, impulsesPerUnit, radioId }: ImpulseReading): ImpulsePoint {
  return { atMs: Math.round(atMs), impulses: impulses % wrap, impulsesPerUnit, radioId }
}

export function countImpulses({ base, doubted }: ImpulseState, next: ImpulsePoint): ImpulseStep {
  const units = unitsOnwards(base, next)
  const state = { base: next, doubted: undefined }
  if (units !== undefined) return { kind: 'counted', units, state }
  const unitsSinceDoubt = doubted && unitsOnwards(doubted, next)
  if (unitsSinceDoubt === undefined) return { kind: 'doubted', units: 0, state: { base, doubted: next } }
  return { kind: 'restarted', units: unitsOverRestart(base, next) ?? unitsSinceDoubt, state }
}

/** Units from one reading to the next if that can be the same counter going on. */
function unitsOnwards(from: ImpulsePoint, to: ImpulsePoint): number | undefined {
  if (from.radioId !== to.radioId || from.impulsesPerUnit !== to.impulsesPerUnit) return undefined
  const units = ((to.impulses - from.impulses + wrap) % wrap) / to.impulsesPerUnit
  return isPlausible(units, from, to) ? units : undefined
}

/** Units that a counter which jumped must have counted: on while the clock could not tell for how long, or from 0 since it was paired. */
function unitsOverRestart(from: ImpulsePoint, to: ImpulsePoint): number | undefined {
  const onwards = (to.impulses - from.impulses) / to.impulsesPerUnit
  const isSame = from.radioId === to.radioId && from.impulsesPerUnit === to.impulsesPerUnit
  if (isSame && onwards >= 0 && onwards <= limits.impulseUnitsJumpMax) return onwards
  const afresh = to.impulses / to.impulsesPerUnit
  return isPlausible(afresh, from, to) ? afresh : undefined
}

function isPlausible(units: number, from: ImpulsePoint, to: ImpulsePoint): boolean {
  const hours = Math.max(0, to.atMs - from.atMs) / 3_600_000
  return units <= hours * limits.impulseUnitsPerHourMax + limits.impulseUnitsSlack
}
