/** Publishes readings and the meter's state as retained messages, under the topics that the README lists. */
import { limits } from '../limits.ts'
import type { MeterStatus } from '../meters/watch.ts'
import type { Message } from '../mqtt/packet.ts'
import type { Reading } from '../reading.ts'
import type { Sink } from './sink.ts'

/** What the publisher has to know of the world. */
export interface PublisherOptions {
  /** First levels of every topic. */
  readonly root: string
  readonly source: string
  readonly simulated: boolean
  readonly publish: (message: Message) => void
  /** Text to UTF-8. */
  readonly encode: (text: string) => Uint8Array
}

/** A sink that publishes. Times of readings are the host's wall clock; `nowMs` is monotonic. */
export class Publisher implements Sink {
  readonly #options: PublisherOptions
  /** When each sensor was heard last; those that are not there are offline. */
  readonly #heardMs = new Map<number, number>()
  #nowMs = 0
  #faults = ''

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** The daemon is up. */
  start(): void {
    this.#publish('bridge/state', 'online')
  }

  /** The daemon stops: what was said last is no longer so. */
  stop(): void {
    for (const sensor of this.#heardMs.keys()) this.#publish(`${sensor}/availability`, 'offline')
    this.#publish('bridge/state', 'offline')
  }

  accept(reading: Reading): void {
    const { sensor } = reading
    if (!this.#heardMs.has(sensor)) this.#publish(`${sensor}/availability`, 'online')
    this.#heardMs.set(sensor, this.#nowMs)
    this.#publish(`${sensor}/state`, JSON.stringify(stateOf(reading)))
    if (reading.kind === 'power') this.#publish(`${sensor}/power`, String(reading.watts))
    if (reading.celsius !== undefined) this.#publish(`${sensor}/temperature`, String(reading.celsius))
  }

  /** Tells how the meter is; `atMs` is wall time. */
  status(status: MeterStatus, atMs: number): void {
    const { source, simulated } = this.#options
    this.#publish('bridge/meter', JSON.stringify({ time: isoTime(atMs), state: status.state, source, simulated, message: status.message }))
  }

  /** Tells what was counted of the meter's faults, by kind, when that has changed. */
  faults(counts: Readonly<Record<string, number>>): void {
    const text = JSON.stringify(counts)
    if (text === this.#faults) return
    this.#faults = text
    this.#publish('bridge/faults', text)
  }

  /** Time passes: sensors that were not heard for long are offline. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const [sensor, heardMs] of this.#heardMs) {
      if (nowMs - heardMs < limits.staleMs) continue
      this.#heardMs.delete(sensor)
      this.#publish(`${sensor}/availability`, 'offline')
    }
  }

  #publish(topic: string, text: string): void {
    const { root, publish, encode } = this.#options
    publish({ topic: `${root}/${topic}`, payload: encode(text), qos: 1, retain: true })
  }
}

/** The payload of `<sensor>/state`: one JSON object with units in its keys. */
function stateOf(reading: Reading): Record<string, unknown> {
  const { atMs, sensor, kind, celsius, model, radioId, meterTime } = reading
  const head = { time: isoTime(atMs), sensor, kind }
  const tail = { ...(celsius === undefined ? {} : { celsius }), model, radioId, meterTime }
  if (reading.kind === 'impulses') {
    const { medium, impulses, impulsesPerUnit } = reading
    return { ...head, medium, impulses, impulsesPerUnit, ...tail }
  }
  const channels = Object.fromEntries(reading.channels.map(({ channel, watts }) => [`ch${channel}Watts`, watts]))
  return { ...head, watts: reading.watts, ...channels, ...tail }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}
