/** Answers to one client that wait until what they promise is on the disk, in the order in which they are due. */
import { limits } from '../limits.ts'
import type { Keeper } from './keeper.ts'
import type { Outbox } from './outbox.ts'
import type { Reply } from './packet.ts'
import { explained } from './reasons.ts'

interface Waiting {
  /** None where only the client is to wait. */
  readonly reply: Reply | undefined
  /** Whether it promises something; else it only waits for its turn. [MQTT-4.6.0-2] */
  isKept: boolean
  readonly then: (() => void) | undefined
}

/** Who promises. */
interface Promiser {
  readonly outbox: Outbox
  /** Whether its client wants to be told in words why something is refused. [MQTT-3.1.2-29] */
  readonly wantsReasons: boolean
  /** Told each time that a promise was kept. */
  holdOrGo(): void
  /** Whether nothing may be answered, since subscribers have to catch up. */
  readonly waitsFor: ReadonlySet<unknown> | undefined
}

/** The answers that wait. They are few, for who owns them stops reading from a client that has many. */
export class Promises {
  readonly #keeper: Keeper
  /** Let go of with the connection: a disk that fails may hold on to a promise for long. */
  #owner: Promiser | undefined
  #waiting: Waiting[] = []

  constructor(keeper: Keeper, owner: Promiser) {
    this.#keeper = keeper
    this.#owner = owner
  }

  get length(): number {
    return this.#waiting.length
  }

  /** What they weigh: an answer to filters is long, and means that a session is on its way to the disk, so one is enough. */
  get weight(): number {
    return this.#waiting.reduce((sum, { reply }) => sum + (reply && 'reasonCodes' in reply ? limits.receivedMax : 1), 0)
  }

  /** Messages at QoS 1 whose acknowledgement waits. */
  get unacknowledged(): number {
    return this.#waiting.filter(({ reply }) => reply?.type === 'PUBACK').length
  }

  /** Answers now, or once all that was put so far is on the disk if the answer promises that. @param then done once it has gone */
  make(reply: Reply | undefined, isKept: boolean, then?: () => void): void {
    const owner = this.#owner
    if (!isKept && this.#waiting.length === 0 && owner && this.#mayAnswer(owner)) {
      answer(owner, reply, then) // most do: the list would only be filled and emptied
      owner.holdOrGo()
      return
    }
    this.#waiting.push({ reply, isKept, then })
    if (isKept) this.#keeper.afterSync(() => this.#keep())
    this.go()
  }

  /** Answers what may be answered, in its order. */
  go(): void {
    const owner = this.#owner
    while (owner && this.#waiting[0]?.isKept === false && this.#mayAnswer(owner)) {
      const { reply, then } = this.#waiting.shift() as Waiting
      answer(owner, reply, then)
    }
    owner?.holdOrGo()
  }

  /** The connection has ended: what was not acknowledged will come again. */
  forget(): void {
    this.#waiting = []
    this.#owner = undefined
  }

  /** Who waits for itself would wait in vain if so many answers waited that it is not read from. */
  #mayAnswer({ waitsFor }: Promiser): boolean {
    return !waitsFor || this.weight >= limits.receivedMax
  }

  /** The first promise is kept. */
  #keep(): void {
    const first = this.#waiting.find(({ isKept }) => isKept)
    if (first) first.isKept = false
    this.go()
  }
}

function answer({ outbox, wantsReasons }: Promiser, reply: Reply | undefined, then: (() => void) | undefined): void {
  if (reply) outbox.reply(wantsReasons ? explained(reply) : reply)
  then?.()
}
