/** What a simulated meter and its house are made of: plain data, of which `houses.ts` has some ready. */
import type { Span } from './random.ts'

export interface HousePlan {
  readonly meter: Cc128Plan | ClassicPlan
  /** What takes or gives power, gas or water, by name. */
  readonly loads: Readonly<Record<string, LoadPlan>>
  readonly sensors: readonly (PowerSensorPlan | ImpulseSensorPlan)[]
  /** How far the place's time is ahead of UTC: the household's day follows it. */
  readonly zoneMs?: number
  /** How far the meter's clock is ahead of the place's time. */
  readonly clockOffMs?: number
  /** Whole days since the wipe when the simulation starts; the meter remembers them. */
  readonly pastDays?: number
  /** How often, on the average, the user sets the clock by hand, and by how much then. */
  readonly clockSet?: { readonly everyMs: number; readonly byMs: Span }
  /** How often, on the average, the user asks for all of the history. */
  readonly dumpEveryMs?: number
  readonly faults?: FaultPlan
  /** Whether to remember what was true, for tests; yes unless said. A demo that runs for years has no use for it. */
  readonly keepsTruth?: boolean
}

/** The CC128 family: history comes in messages of its own. */
export interface Cc128Plan {
  readonly family: 'cc128'
  /** As in `CC128-v1.29`. */
  readonly model: string
  readonly temperature: 'celsius' | 'fahrenheit' | 'both'
  /** `uid`, which few have. */
  readonly unitId?: string
  /** The oldest firmware tells no `dsw`, and type and units with each sensor. */
  readonly history: 'usual' | 'oldest' | 'none'
  /** How many days `dsw` is ahead of `dsb`. */
  readonly dswAheadDays: 1 | 2
}

/** The Classic: one sensor with three channels; the second generation tells its history inside some live messages. */
export interface ClassicPlan {
  readonly family: 'classic'
  readonly version: string
  readonly baud: 2400 | 9600
  /** Every so many messages carries history; 0 for none. */
  readonly historyEvery: number
  /** Above some 3 kW a house with one clamp reports 144 W on the other two channels. */
  readonly ghosts144: boolean
}

/** Something whose power is constant for a while, and then another. In gas and water a "watt" is a thousandth of a cubic metre an hour. */
export type LoadPlan =
  /** What is always on, and more while people are up: the day's curve, and never quite still. */
  | { readonly kind: 'rest'; readonly standbyWatts: number; readonly awakeWatts: number }
  /** On and off by turns; what people use rests longer while they sleep. */
  | {
      readonly kind: 'switched'
      readonly onWatts: number
      readonly onMs: Span
      readonly offMs: Span
      readonly usedByPeople: boolean
      /** How it starts; otherwise any way. */
      readonly first?: { readonly on: boolean; readonly lastsMs: Span }
    }
  /** A machine that goes through its steps when somebody starts it. */
  | { readonly kind: 'programme'; readonly everyMs: number; readonly steps: readonly (readonly [watts: number, lastsMs: number])[] }
  /** Solar cells: negative watts while the sun is up, with clouds. */
  | { readonly kind: 'sun'; readonly peakWatts: number }

interface TransmitterPlan {
  readonly number: number
  readonly radioId: number
  /** The part of its messages that the display does not hear. */
  readonly loss?: number
  /** How often a day it is not heard for minutes or hours. */
  readonly dropOutsADay?: number
}

/** A transmitter with up to three clamps. */
export interface PowerSensorPlan extends TransmitterPlan {
  readonly measures: 'watts'
  /** For each clamp the names of the loads behind it. */
  readonly channels: readonly (readonly string[])[]
  /** The chance of a message with an absurd value. */
  readonly spikes?: number
}

/** A transmitter that counts impulses. */
export interface ImpulseSensorPlan extends TransmitterPlan {
  readonly measures: 'electricity' | 'gas' | 'water'
  readonly loads: readonly string[]
  readonly impulsesPerUnit: number
  /** Where the count stands when the simulation starts. */
  readonly firstCount?: number
}

/** What happens between the meter and the port: the chance of each for every message. */
export interface FaultPlan {
  readonly bitsFlipped?: number
  readonly cutShort?: number
  readonly bytesMissing?: number
  readonly garbage?: number
  readonly hangUp?: number
}
