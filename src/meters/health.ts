/** How well a meter is heard: bytes, messages a minute by sensor, what radio lost, the last fault; for the doctor and the page. */
import { limits } from '../limits.ts'
import type { MeterFault } from './fault.ts'

/** How one sensor is heard. */
export interface SensorHealth {
  readonly sensor: number
  /** Messages in the time looked at. */
  readonly messages: number
  readonly messagesPerMinute: number
  /** Share of the messages that radio lost, from 0 to 1, if it sends each 6.1 s; unknown before a few were expected. */
  readonly lossRate: number | undefined
  readonly silentMs: number
}

/** How a meter is heard. */
export interface Health {
  readonly bytes: number
  readonly model: string | undefined
  readonly sensors: readonly SensorHealth[]
  readonly lastFault: { readonly fault: MeterFault; readonly agoMs: number } | undefined
}

interface Heard {
  /** When it was first heard. */
  sinceMs: number
  lastMs: number
  /** Messages in the present tenth of the time that is looked at, and in those before it. */
  count: number
  counts: readonly number[]
}

const slots = 10
const slotMs = limits.healthMs / slots

/** Listens along and keeps counts of the last `healthMs`, by sensor; times are monotonic, in ms. */
export class Listener {
  #bytes = 0
  #model: string | undefined
  #fault: { fault: MeterFault; atMs: number } | undefined
  #slot = 0
  #heardMs = 0
  readonly #sensors = new Map<number, Heard>()

  received(bytes: number): void {
    this.#bytes += bytes
  }

  /** A message of a sensor was read. */
  heard(sensor: number, model: string, nowMs: number): void {
    this.#turn(nowMs)
    this.#model = model
    this.#heardMs = nowMs
    const heard = this.#sensors.get(sensor) ?? { sinceMs: nowMs, lastMs: nowMs, count: 0, counts: [] }
    this.#sensors.set(sensor, heard)
    heard.lastMs = nowMs
    heard.count++
  }

  fault(fault: MeterFault, nowMs: number): void {
    this.#fault = { fault, atMs: nowMs }
  }

  health(nowMs: number): Health {
    this.#turn(nowMs)
    const sensors = [...this.#sensors].sort(([a], [b]) => a - b).map(([sensor, heard]) => this.#healthOf(sensor, heard, nowMs))
    const lastFault = this.#fault && { fault: this.#fault.fault, agoMs: nowMs - this.#fault.atMs }
    return { bytes: this.#bytes, model: this.#model, sensors, lastFault }
  }

  #healthOf(sensor: number, { sinceMs, lastMs, count, counts }: Heard, nowMs: number): SensorHealth {
    const messages = counts.reduce((sum, before) => sum + before, count)
    // A message is owed at the end of each interval: the first one heard ended one, too.
    const fromMs = Math.max(sinceMs - limits.cadenceMs, (this.#slot - slots + 1) * slotMs)
    const windowMs = nowMs - fromMs
    // While nothing at all is heard it is not radio that loses.
    const expected = Math.floor((Math.min(nowMs, this.#heardMs + limits.cadenceMs) - fromMs) / limits.cadenceMs)
    return {
      sensor,
      messages,
      messagesPerMinute: (messages * 60_000) / windowMs,
      lossRate: expected >= limits.healthMessagesMin ? Math.max(0, 1 - messages / expected) : undefined,
      silentMs: nowMs - lastMs
    }
  }

  /** Lets time pass: the oldest tenths make room, and sensors of which nothing is left are forgotten. */
  #turn(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    const passed = Math.min(slot - this.#slot, slots)
    this.#slot = slot
    if (passed === 0) return
    for (const [sensor, heard] of this.#sensors) {
      heard.counts = [...heard.counts, heard.count, ...Array<number>(passed - 1).fill(0)].slice(1 - slots)
      heard.count = 0
      if (heard.counts.every(count => count === 0)) this.#sensors.delete(sensor)
    }
  }
}
