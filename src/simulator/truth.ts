/** What was true in a simulation, for tests to hold against what was read: energy, power, what was lost, and every fault that was made. */
import { limits } from '../limits.ts'
import type { Scale } from './history.ts'
import type { House } from './house.ts'
import type { HousePlan } from './plan.ts'
import type { WireFault } from './wire.ts'

/** What the meter meant to say. */
export type Meant =
  | {
      readonly kind: 'power'
      readonly sensor: number
      /** When the transmitter measured; the message follows a little later when the wire is busy. */
      readonly measuredMs: number
      /** True watts of each channel. */
      readonly watts: readonly number[]
      readonly text: string
    }
  | { readonly kind: 'impulses'; readonly sensor: number; readonly measuredMs: number; readonly impulses: number; readonly text: string }
  | { readonly kind: 'history'; readonly scale: Scale; readonly text: string }

export type FaultKind =
  | WireFault
  | 'stray-byte' // before the first live message after a dump
  | 'spike' // a sound message with an absurd value
  | 'ghosts-144' // a Classic's 144 W on channels without a clamp
  | 'drop-out' // the display does not hear a transmitter for a while
  | 'clock-set' // somebody sets the meter's clock
  | 'clock-behind' // the clock has lost time over a dump
  | 'paired-anew' // a counter begins again at 0

export interface FaultRecord {
  readonly kind: FaultKind
  readonly atMs: number
  /** What the message would have been, for a fault that befell one. */
  readonly meant?: Meant
  readonly sensor?: number
  /** How long it lasts, or by how much the clock is set. */
  readonly ms?: number
}

/** Why a message never reached the port. */
export type Lost = 'radio' | 'drop-out' | 'dump' | 'hung-up'

export class Truth {
  readonly #plan: HousePlan
  readonly #house: House
  readonly #faults: FaultRecord[] = []
  #faultsForgotten = 0
  readonly #lost = new Map<string, number>()

  constructor(plan: HousePlan, house: House) {
    this.#plan = plan
    this.#house = house
  }

  /** Every fault so far; of a long simulation the first `truthFaultsMax`, and `faultsForgotten` more. */
  get faults(): readonly FaultRecord[] {
    return this.#faults
  }

  get faultsForgotten(): number {
    return this.#faultsForgotten
  }

  /** Energy of a sensor, or of one of its channels (from 1), in Wh; of a counter for gas or water in thousandths of a cubic metre. */
  energyWh(sensor: number, fromMs: number, toMs: number, channel?: number): number {
    if (toMs > this.#house.nowMs) throw new RangeError(`nothing is known yet of ${new Date(toMs).toISOString()}`)
    return this.#sum(sensor, channel, steps => steps.energyAt(toMs) - steps.energyAt(fromMs)) / 3_600_000
  }

  /** Power of a sensor, or of one of its channels (from 1), in watts. */
  wattsAt(sensor: number, atMs: number, channel?: number): number {
    if (atMs > this.#house.nowMs) throw new RangeError(`nothing is known yet of ${new Date(atMs).toISOString()}`)
    return this.#sum(sensor, channel, steps => steps.wattsAt(atMs))
  }

  /** How many live messages of a sensor never reached the port. */
  lost(sensor: number, why: Lost): number {
    return this.#lost.get(`${sensor} ${why}`) ?? 0
  }

  /** For the simulated meter. */
  lose(sensor: number, why: Lost): undefined {
    const key = `${sensor} ${why}`
    this.#lost.set(key, (this.#lost.get(key) ?? 0) + 1)
  }

  /** For the simulated meter. */
  blame(fault: FaultRecord): void {
    if (this.#plan.keepsTruth !== false && this.#faults.length < limits.truthFaultsMax) this.#faults.push(fault)
    else this.#faultsForgotten += 1
  }

  #sum(number: number, channel: number | undefined, value: (steps: ReturnType<House['steps']>) => number): number {
    const index = this.#plan.sensors.findIndex(each => each.number === number)
    const sensor = this.#plan.sensors[index]
    const count = sensor?.measures === 'watts' ? sensor.channels.length : 1
    const channels = channel === undefined ? Array.from({ length: count }, (_, at) => at) : [channel - 1]
    return channels.reduce((sum, at) => sum + value(this.#house.steps(index, at)), 0)
  }
}
