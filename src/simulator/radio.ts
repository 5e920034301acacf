/** A transmitter's radio: it speaks each six seconds and a bit, and the display does not hear all of it. */
import { dayMs } from './clock.ts'
import type { Random, Span } from './random.ts'

/** What a transmitter waits between its messages. */
export const cadenceMs: Span = [6_000, 6_200]
/** How long a drop-out lasts: minutes mostly, thousands of seconds at times. */
export const dropOutMs: Span = [120_000, 6_000_000]

/** Whether the display hears a message; the first that a drop-out swallows tells when that ends. */
export type Reception = 'heard' | 'lost' | 'out' | { readonly untilMs: number }

export class Radio {
  readonly #random: Random
  readonly #loss: number
  readonly #dropOutsADay: number
  #fromMs = 0
  #untilMs: number
  #isTold = false

  constructor(random: Random, startMs: number, loss: number, dropOutsADay: number) {
    this.#random = random
    this.#loss = loss
    this.#dropOutsADay = dropOutsADay
    this.#untilMs = startMs
    this.#drawDropOut()
  }

  /** How long until it speaks again. */
  waitMs(): number {
    return Math.round(this.#random.between(cadenceMs))
  }

  /** What becomes of a message that is sent now. */
  receive(atMs: number): Reception {
    const isLost = this.#random.chance(this.#loss)
    while (atMs >= this.#untilMs) this.#drawDropOut()
    if (atMs < this.#fromMs) return isLost ? 'lost' : 'heard'
    if (this.#isTold) return 'out'
    this.#isTold = true
    return { untilMs: this.#untilMs }
  }

  #drawDropOut(): void {
    const waitMs = this.#dropOutsADay > 0 ? this.#random.wait(dayMs / this.#dropOutsADay) : Number.POSITIVE_INFINITY
    this.#fromMs = Math.round(this.#untilMs + waitMs)
    this.#untilMs = Math.round(this.#fromMs + this.#random.mostlyShort(dropOutMs))
    this.#isTold = false
  }
}
