/** A simulated CC128 in a believable house, for a demo: it writes real wire bytes, so that they go the way that real ones go. */

/** One message, CRLF and all, and the host's time in ms since 1970 at which the meter sends it. */
export interface SimulatedMessage {
  readonly atMs: number
  readonly text: string
}

type Span = readonly [from: number, to: number]

/** A device that is on or off, behind a sensor of its own. */
interface Device {
  readonly radioId: number
  readonly onWatts: number
  readonly onMs: Span
  readonly offMs: Span
  /** Whether it rests longer while the house sleeps. */
  readonly usedByPeople: boolean
  /** How it is when the simulation starts, and how long it stays so. */
  readonly firstOn: boolean
  readonly firstMs: Span
}

interface Sensor {
  readonly number: number
  readonly radioId: number
  /** Nothing for the sensor that measures the whole house. */
  readonly device: Device | undefined
  dueMs: number
  on: boolean
  switchesMs: number
}

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const fridge: Device = {
  radioId: 1713,
  onWatts: 88,
  onMs: [11 * minuteMs, 17 * minuteMs],
  offMs: [22 * minuteMs, 38 * minuteMs],
  usedByPeople: false,
  firstOn: true,
  firstMs: [2 * minuteMs, 9 * minuteMs]
}

const kettle: Device = {
  radioId: 2840,
  onWatts: 2150,
  onMs: [80 * secondMs, 200 * secondMs],
  offMs: [6 * minuteMs, 25 * minuteMs],
  usedByPeople: true,
  firstOn: false,
  firstMs: [15 * secondMs, 45 * secondMs]
}

const houseRadioId = 3391
/** How long a sensor waits between its messages (spec: What to expect in a house). */
const cadenceMs: Span = [6000, 6200]
/** The sensors start this far apart, so that a demo shows all of them within a second. */
const firstGapMs = 250
/** What the rest of the house takes at least, and how much more when everybody is up. */
const standbyWatts = 120
const awakeWatts = 540

/**
 * A whole-house sensor (0), a fridge (1) and a kettle (2), all from one seed.
 *
 * The daemon asks `next(now)`, sleeps until `atMs`, feeds `text` to the framer as if a port had read it, and asks again. After
 * the host slept or its clock jumped, each sensor speaks once and goes on from there.
 */
export class SimulatedMeter {
  readonly #random: () => number
  readonly #utcOffsetMs: number
  readonly #birthDay: number
  readonly #sensors: readonly Sensor[]
  /** Slow wanderings between -1 and 1: of the room's temperature, and of the rest of the house. */
  #warmth = 0
  #unrest = 0

  /** `utcOffsetMs` is how far the host's zone is ahead of UTC: the day curve and the meter's clock follow it. */
  constructor(seed: number, startMs: number, utcOffsetMs = 0) {
    this.#random = randomNumbers(seed)
    this.#utcOffsetMs = utcOffsetMs
    this.#birthDay = Math.floor((startMs + utcOffsetMs) / dayMs - this.#between([30, 900]))
    this.#sensors = [undefined, fridge, kettle].map((device, number) => ({
      number,
      radioId: device?.radioId ?? houseRadioId,
      device,
      dueMs: startMs + number * firstGapMs,
      on: device?.firstOn ?? true,
      switchesMs: startMs + this.#between(device?.firstMs ?? [0, 0])
    }))
  }

  /** The message that comes next, at this instant or after it. */
  next(nowMs: number): SimulatedMessage {
    for (const sensor of this.#sensors) sensor.dueMs = clamp(sensor.dueMs, nowMs, nowMs + cadenceMs[1])
    const sensor = this.#sensors.reduce((first, other) => (other.dueMs < first.dueMs ? other : first))
    const atMs = sensor.dueMs
    sensor.dueMs += Math.round(this.#between(cadenceMs))
    return { atMs, text: this.#message(sensor, atMs) }
  }

  #message(sensor: Sensor, atMs: number): string {
    const localMs = atMs + this.#utcOffsetMs
    const activity = activityAt((localMs / hourMs) % 24)
    this.#warmth = this.#wander(this.#warmth)
    this.#unrest = this.#wander(this.#unrest)
    for (const each of this.#sensors) this.#switch(each, atMs, activity)
    const dsb = digits(Math.max(0, Math.floor(localMs / dayMs) - this.#birthDay), 5)
    const time = `${digits((localMs / hourMs) % 24, 2)}:${digits((localMs / minuteMs) % 60, 2)}:${digits((localMs / secondMs) % 60, 2)}`
    const tmpr = (20 + 1.5 * activity + 0.8 * this.#warmth).toFixed(1)
    const watts = digits(this.#watts(sensor, activity), 5)
    return (
      `<msg><src>CC128-v1.29</src><dsb>${dsb}</dsb><time>${time}</time><tmpr>${tmpr}</tmpr><sensor>${sensor.number}</sensor>` +
      `<id>${digits(sensor.radioId, 5)}</id><type>1</type><ch1><watts>${watts}</watts></ch1></msg>\r\n`
    )
  }

  /** Turns a device on or off when its time has come. */
  #switch(sensor: Sensor, atMs: number, activity: number): void {
    const { device } = sensor
    if (device === undefined || atMs < sensor.switchesMs) return
    sensor.on = !sensor.on
    const rest = device.usedByPeople ? 1 / activity : 1
    sensor.switchesMs = atMs + (sensor.on ? this.#between(device.onMs) : this.#between(device.offMs) * rest)
  }

  /** What a sensor measures; the whole house takes what its devices take, and more. */
  #watts({ device, on }: Sensor, activity: number): number {
    if (device !== undefined) return on ? device.onWatts * this.#between([0.99, 1.01]) : 0
    const rest = standbyWatts + awakeWatts * activity * (1 + 0.4 * this.#unrest) + this.#between([0, 12])
    return this.#sensors.reduce((sum, other) => sum + (other.device === undefined ? 0 : this.#watts(other, activity)), rest)
  }

  #wander(value: number): number {
    return clamp(value * 0.995 + this.#between([-0.1, 0.1]), -1, 1)
  }

  #between([from, to]: Span): number {
    return from + (to - from) * this.#random()
  }
}

/** How awake the house is at this hour, from 0.1 to about 1: a sharp morning, a flat noon, a broad evening. */
function activityAt(hour: number): number {
  return 0.1 + 0.6 * bump(hour, 7.5, 1.3) + 0.35 * bump(hour, 13, 3) + 0.85 * bump(hour, 19.5, 2.5)
}

/** A bell of height 1 around its centre. */
function bump(hour: number, centre: number, width: number): number {
  return Math.exp(-(((hour - centre) / width) ** 2))
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest)
}

/** The whole part of a number in at least so many digits. */
function digits(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, '0')
}

/** Numbers from 0 up to 1 that depend on the seed alone: a Weyl sequence whose every step is scrambled (splitmix32). */
function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
