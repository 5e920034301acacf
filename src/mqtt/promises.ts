/** Answers to one client that wait until what they promise is on the disk, in the order in which they are due. */
import type { Keeper } from './keeper.ts'
import type { Outbox } from './outbox.ts'
import type { Reply } from './packet.ts'

interface Waiting {
  /** None where only the client is to wait. */
  readonly reply: Reply | undefined
  /** Whether it promises something; else it only waits for its turn. [MQTT-4.6.0-2] */
  readonly isKept: boolean
}

/** The answers that wait. They are few, for who owns them stops reading from a client that has many. */
export class Promises {
  readonly #keeper: Keeper
  readonly #outbox: Outbox
  readonly #kept: () => void
  #waiting: Waiting[] = []

  /** @param kept told each time that one was kept */
  constructor(keeper: Keeper, outbox: Outbox, kept: () => void) {
    this.#keeper = keeper
    this.#outbox = outbox
    this.#kept = kept
  }

  get length(): number {
    return this.#waiting.length
  }

  /** Messages at QoS 1 whose acknowledgement waits. */
  get unacknowledged(): number {
    return this.#waiting.filter(({ reply }) => reply?.type === 'PUBACK').length
  }

  /** Answers now, or once all that was put so far is on the disk if the answer promises that. */
  make(reply: Reply | undefined, isKept: boolean): void {
    if (!isKept && this.#waiting.length === 0) {
      if (reply) this.#outbox.reply(reply)
      return
    }
    this.#waiting.push({ reply, isKept })
    if (isKept) this.#keeper.afterSync(this.#keep)
  }

  /** The connection has ended: what was not acknowledged will come again. */
  forget(): void {
    this.#waiting = []
  }

  /** The first promise is kept, and what waited behind it for its turn goes too. */
  readonly #keep = (): void => {
    let first = this.#waiting.shift()
    if (!first) return
    do {
      if (first.reply) this.#outbox.reply(first.reply)
      first = this.#waiting[0]?.isKept === false ? this.#waiting.shift() : undefined
    } while (first)
    this.#kept()
  }
}
