/** The daemon's own state as topics under `$SYS/broker`: counters of the broker, of faults by kind, of the pool, and the memory budget. */
import { limits } from '../limits.ts'
import type { Message } from '../mqtt/packet.ts'

/** What is told: numbers and texts by the rest of their topic. */
export type Rows = Readonly<Record<string, number | string>>

/** Publishes what has changed, every `limits.statusMs`. */
export class Status {
  readonly #publish: (message: Message) => void
  readonly #encode: (text: string) => Uint8Array
  readonly #rows: () => Rows
  readonly #told = new Map<string, string>()
  #dueMs = 0

  /** @param rows gathers what is told */
  constructor(publish: (message: Message) => void, encode: (text: string) => Uint8Array, rows: () => Rows) {
    this.#publish = publish
    this.#encode = encode
    this.#rows = rows
  }

  /** To be called each second or so, with monotonic time. */
  tick(nowMs: number): void {
    if (nowMs < this.#dueMs) return
    this.#dueMs = nowMs + limits.statusMs
    for (const [name, value] of Object.entries(this.#rows())) this.#tell(name, String(value))
  }

  #tell(name: string, text: string): void {
    if (this.#told.get(name) === text) return
    this.#told.set(name, text)
    this.#publish({ topic: `$SYS/broker/${name}`, payload: this.#encode(text), qos: 0, retain: true })
  }
}
