/** A Reading: what one sensor of a meter said at one instant, the noun that every room shares. */

/** What every reading tells of its origin. */
interface Origin {
  /** The host's time at which the message arrived, in ms since 1970 (UTC). The meter's own clock is never trusted for this. */
  readonly atMs: number
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

export type Reading = PowerReading | ImpulseReading

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
