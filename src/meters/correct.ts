/** Corrections that the user asked for, sensor by sensor: what was done to a value stands beside it, wherever it is shown. */
import { limits } from '../limits.ts'
import type { PowerReading, Reading } from '../reading.ts'

/** What the user asks for; nothing is corrected otherwise. */
export interface Correction {
  readonly name?: string
  /** Factor for watts: a meter takes amps times a voltage that it assumes. */
  readonly scale?: number
  /** Added to the temperature, in °C. */
  readonly temperatureOffset?: number
  /** Holds a sudden value back until the next one bears it out. */
  readonly spikeFilter?: boolean
  /** Drops the 144 W that a single-phase Classic reports on channels 2 and 3 above some 3 kW. */
  readonly fix144?: boolean
}

/** Corrects the readings of one sensor. */
export class Corrector {
  readonly #correction: Correction
  readonly #recent: number[] = []
  #held: PowerReading | undefined
  #spikes = 0

  constructor(correction: Correction) {
    this.#correction = correction
  }

  /** Readings that were held back and not borne out. */
  get spikes(): number {
    return this.#spikes
  }

  /** Gives the readings that may go on now, in their order: usually one; none while one is held back, two when that is borne out. */
  correct(reading: Reading): readonly Reading[] {
    const named = this.#named(reading)
    if (named.kind === 'impulses') return [named]
    const power = this.#power(named)
    return this.#correction.spikeFilter ? this.#filter(power) : [power]
  }

  #named<R extends Reading>(reading: R): R {
    const { name, temperatureOffset } = this.#correction
    const warm =
      temperatureOffset && reading.celsius !== undefined ? { celsius: Math.round((reading.celsius + temperatureOffset) * 10) / 10 } : {}
    return { ...reading, ...warm, ...(name ? { name } : {}), ...this.#told(reading) }
  }

  #told(reading: Reading): { readonly corrections?: readonly string[] } {
    const { scale, temperatureOffset, spikeFilter, fix144 } = this.#correction
    const power = reading.kind === 'power'
    const corrections = [
      power && scale !== undefined && scale !== 1 ? `scale ${scale}` : '',
      temperatureOffset ? `temperature ${temperatureOffset > 0 ? '+' : ''}${temperatureOffset}` : '',
      power && spikeFilter ? 'spike filter' : '',
      power && fix144 ? 'fix 144' : ''
    ].filter(text => text !== '')
    return corrections.length > 0 ? { corrections } : {}
  }

  #power(reading: PowerReading): PowerReading {
    const { scale = 1, fix144 } = this.#correction
    const bugged =
      fix144 && reading.channels.slice(1).every(({ watts }) => watts === 144) && (reading.channels[0]?.watts ?? 0) > limits.bug144WattsMin
    const channels = (bugged ? reading.channels.slice(0, 1) : reading.channels).map(({ channel, watts }) => ({
      channel,
      watts: Math.round(watts * scale)
    }))
    return { ...reading, channels, watts: channels.reduce((sum, { watts }) => sum + watts, 0) }
  }

  /** Holds one sudden reading back at most: of two that differ as much the later one goes on, for nothing is held for ever. */
  #filter(reading: PowerReading): readonly Reading[] {
    const held = this.#held
    this.#held = undefined
    if (held) {
      if (near(held.watts, reading.watts)) return this.#pass(held, reading)
      this.#spikes++
      return this.#pass(reading)
    }
    if (!this.#isSudden(reading.watts)) return this.#pass(reading)
    this.#held = reading
    return []
  }

  #pass(...readings: readonly PowerReading[]): readonly Reading[] {
    for (const { watts } of readings) this.#recent.push(watts)
    this.#recent.splice(0, Math.max(0, this.#recent.length - limits.spikeReadings))
    return readings
  }

  /** Far from everything that was read lately. */
  #isSudden(watts: number): boolean {
    return this.#recent.length > 0 && !this.#recent.some(recent => near(recent, watts))
  }
}

/** Two values that one house may well show 6 s apart. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(limits.spikeWattsMin, Math.max(Math.abs(a), Math.abs(b)) / 4)
}
