/** Publishes readings and the meter's state as retained messages, under the topics that the README lists. */
import { limits } from '../limits.ts'
import type { MeterStatus } from '../meters/watch.ts'
import type { Message } from '../mqtt/packet.ts'
import { placeOf, type Report } from '../reading.ts'
import type { Sink } from './sink.ts'

/** What the publisher has to know of the world. */
export interface PublisherOptions {
  /** First levels of every topic. */
  readonly root: string
  readonly publish: (message: Message) => void
  /** Text to UTF-8. */
  readonly encode: (text: string) => Uint8Array
}

/** A meter, for its topic. */
export interface MeterTold {
  /** Empty for the first one. */
  readonly id: string
  readonly source: string
  readonly simulated: boolean
}

/** A sink that publishes. Times of readings are the host's wall clock; `nowMs` is monotonic. */
export class Publisher implements Sink {
  readonly #options: PublisherOptions
  /** When each sensor was heard last, by its place, or `now` since the last tick; those that are not there are offline. */
  readonly #heardMs = new Map<string, number | 'now'>()
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
    for (const place of this.#heardMs.keys()) this.#publish(`${place}/availability`, 'offline')
    this.#publish('bridge/state', 'offline')
  }

  accept(report: Report): void {
    const place = placeOf(report)
    if (!this.#heardMs.has(place)) this.#publish(`${place}/availability`, 'online')
    this.#heardMs.set(place, 'now')
    this.#publish(`${place}/state`, JSON.stringify(stateOf(report)))
    if (report.kind !== 'impulses') this.#publish(`${place}/power`, String(report.watts))
    if (report.kind !== 'derived' && report.celsius !== undefined) this.#publish(`${place}/temperature`, String(report.celsius))
  }

  /** Takes back what was published of a derived sensor. */
  forget(place: string): void {
    this.#heardMs.delete(place)
    for (const what of ['state', 'power', 'availability']) this.#publish(`${place}/${what}`, '')
  }

  /** Tells how a meter is; `atMs` is wall time. */
  status(meter: MeterTold, status: MeterStatus, atMs: number): void {
    const { id, source, simulated } = meter
    const state = { time: isoTime(atMs), state: status.state, source, simulated, message: status.message }
    this.#publish(`bridge/${id || 'meter'}`, JSON.stringify(state))
  }

  /** Tells what came of a cycle of a meter's history. */
  history(meter: MeterTold, told: Readonly<Record<string, unknown>>, atMs: number): void {
    this.#publish(`bridge/${meter.id || 'meter'}/history`, JSON.stringify({ time: isoTime(atMs), ...told }))
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
    for (const [place, heardMs] of this.#heardMs) {
      if (heardMs === 'now') {
        this.#heardMs.set(place, nowMs)
      } else if (nowMs - heardMs >= limits.staleMs) {
        this.#heardMs.delete(place)
        this.#publish(`${place}/availability`, 'offline')
      }
    }
  }

  #publish(topic: string, text: string): void {
    const { root, publish, encode } = this.#options
    publish({ topic: `${root}/${topic}`, payload: encode(text), qos: 1, retain: true })
  }
}

/** The payload of `<sensor>/state`: one JSON object with units in its keys. */
function stateOf(report: Report): Record<string, unknown> {
  const { atMs, sensor, name, kind } = report
  const head = { time: isoTime(atMs), sensor, ...(name === undefined ? {} : { name }), kind }
  if (report.kind === 'derived') return { ...head, watts: report.watts, formula: report.formula }
  const { celsius, model, radioId, meterTime, corrections } = report
  const tail = { ...(celsius === undefined ? {} : { celsius }), model, radioId, meterTime, ...(corrections ? { corrections } : {}) }
  if (report.kind === 'impulses') {
    const { medium, impulses, impulsesPerUnit } = report
    return { ...head, medium, impulses, impulsesPerUnit, ...tail }
  }
  const channels = Object.fromEntries(report.channels.map(({ channel, watts }) => [`ch${channel}Watts`, watts]))
  return { ...head, watts: report.watts, ...channels, ...tail }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}
