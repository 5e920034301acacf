/** A Reading: what one sensor of a meter said at one instant, the noun that every room shares. */

/** What every reading tells of its origin. */
interface Origin {
  /** The host's time at which the message arrived, in ms since 1970 (UTC). The meter's own clock is never trusted for this. */
  readonly atMs: number
  /** Which meter, when there are several: the first one has no name. */
  readonly meter?: string
  /** Model and firmware as the meter names itself, such as `CC128-v1.31` or `CC02-v1.06`. */
  readonly model: string
  /** 0 is the whole house, 1 to 9 are appliances or further transmitters. */
  readonly sensor: number
  /** The transmitter's radio id: 12 bits on a CC128, 5 digits on a Classic. */
  readonly radioId: number
  /** The meter's own clock as it sent it, `HH:MM:SS`; it has no date or zone and may be hours wrong. */
  readonly meterTime: string
  /** Whole days since the meter was last wiped. */
  readonly daysSinceBirth: number
  /** Room temperature at the display in °C; a message may carry none. */
  readonly celsius?: number
  /** What the user calls the sensor. */
  readonly name?: string
  /** What was done to the values at the user's wish, in words, such as `scale 1.02`. */
  readonly corrections?: readonly string[]
}

/** Power through one clamp of a sensor. */
export interface ChannelPower {
  readonly channel: 1 | 2 | 3
  /** Watts at this clamp, signed. */
  readonly watts: number
}

/** Real power of a sensor at one instant. */
export interface PowerReading extends Origin {
  readonly kind: 'power'
  /** Sum of the channels in watts. */
  readonly watts: number
  /** The channels the message carried, in rising order; at least one. */
  readonly channels: readonly ChannelPower[]
}

/** State of a pulse counter. */
export interface ImpulseReading extends Origin {
  readonly kind: 'impulses'
  readonly medium: 'electricity' | 'gas' | 'water'
  /** Impulses counted since the sensor was paired; wraps at 2^32 and restarts at 0 on pairing. */
  readonly impulses: number
  /** Impulses in one kWh (electricity) or one cubic metre (gas, water). */
  readonly impulsesPerUnit: number
}

/** Power that is reckoned from other sensors', such as import less solar. */
export interface DerivedReading {
  readonly kind: 'derived'
  /** The time of the latest reading that went into it. */
  readonly atMs: number
  readonly sensor: string
  readonly name?: string
  readonly watts: number
  /** How it is reckoned, such as `0 - 1`. */
  readonly formula: string
}

/** What a meter says. */
export type Reading = PowerReading | ImpulseReading

/** What is offered to the sinks. */
export type Report = Reading | DerivedReading

/** Where a reading stands below the root of the topics: `0`, `meter2/0`, or the name of a derived sensor. */
export function placeOf(reading: Report): string {
  return reading.kind === 'derived' || reading.meter === undefined ? String(reading.sensor) : `${reading.meter}/${reading.sensor}`
}

/** One value of a meter's own history: energy over a span that its name on the wire tells. */
export interface HistoryValue {
  /** `hours` are spans of two hours, `days` run from 23:00 to 23:00, `blocks` are 30 days counted from the wipe, `years` are a Classic's. */
  readonly scale: 'hours' | 'days' | 'blocks' | 'years'
  /** The number in its name: 4 in `h004`, 1 in `d001`. */
  readonly index: number
  readonly kwh: number
}

/** One message of history: what the meter remembers of some of its spans, by sensor. */
export interface HistoryPage {
  readonly atMs: number
  readonly model: string
  /** The meter's own clock as it sent it, `HH:MM:SS`. */
  readonly meterTime: string
  readonly daysSinceBirth: number
  readonly sensors: readonly { readonly sensor: number; readonly values: readonly HistoryValue[] }[]
}
