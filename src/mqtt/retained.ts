/** The retained messages, bounded in number and bytes, and walks through them that last as long as a slow subscriber takes. */
import { limits } from '../limits.ts'
import { isExpired, keep, type Message, weightBytes } from './packet.ts'
import { matches } from './topic.ts'

/** One topic's message; a topic that is removed and comes back is a new entry. */
interface Entry {
  /** Rises with each entry. */
  readonly number: number
  message: Message
  bytes: number
}

/**
 * Where a subscriber stands among the retained messages that match its filter.
 *
 *     entries by number   3  7  8  9  12          a new topic goes to the end
 *     passed ─────────────────┤     │  └ last     a walk ends there at the latest
 *                             next ─┘
 *
 * It is a place and nothing else: an iterator that rests while topics come and go would pin every state of the map
 * that it has seen.
 */
export class Walk {
  readonly #entries: readonly Entry[]
  readonly #filter: string
  readonly #exact: boolean
  readonly #last: number
  #next = 0

  constructor(entries: readonly Entry[], filter: string, last: number) {
    this.#entries = entries
    this.#filter = filter
    this.#exact = !filter.includes('+') && !filter.includes('#')
    this.#last = last
  }

  /** The message of the topic that comes next, as it is at this monotonic time; `undefined` at the end. */
  peek(nowMs: number): Message | undefined {
    let index = indexOf(this.#entries, this.#next)
    for (let entry = this.#entries[index]; entry && entry.number <= this.#last; entry = this.#entries[++index]) {
      if (isExpired(entry.message, nowMs) || !this.#matches(entry.message.topic)) continue
      this.#next = entry.number
      return entry.message
    }
    return undefined
  }

  /** Leaves the topic that `peek` gave behind. */
  shift(): void {
    this.#next++
  }

  #matches(topic: string): boolean {
    return this.#exact ? topic === this.#filter : matches(this.#filter, topic)
  }
}

/** The last retained message of each topic. */
export class Retained {
  readonly #byTopic = new Map<string, Entry>()
  /** The same by number. */
  readonly #inOrder: Entry[] = []
  #bytes = 0
  #lastNumber = 0
  /** Nothing expires before. */
  #expiresAtMs = Number.POSITIVE_INFINITY

  get count(): number {
    return this.#byTopic.size
  }

  get bytes(): number {
    return this.#bytes
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic)
  }

  /**
   * Keeps a message in place of its topic's last one; an empty payload removes that. [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7]
   * One that would pass a bound is refused: what was kept before is then removed too, for it is no longer the last.
   * @param own whether it is the daemon's: a share of the bounds is reserved to it, so that clients cannot crowd the meter out
   * @returns the message as it is kept, or `undefined` when now there is none
   */
  store(message: Message, own: boolean): Message | undefined {
    const former = this.#byTopic.get(message.topic)
    const bytes = weightBytes(message)
    const countMax = limits.retainedMessagesMax + (own ? limits.retainedOwnMessages : 0)
    const bytesMax = limits.retainedBytesMax + (own ? limits.retainedOwnBytes : 0)
    const isFull = (!former && this.count >= countMax) || this.#bytes - (former?.bytes ?? 0) + bytes > bytesMax
    if (isFull || message.payload.length === 0) {
      if (former) this.#remove(former)
      return undefined
    }
    const kept = keep(message)
    this.#keep(former, kept, bytes)
    return kept
  }

  /** Removes what has expired at a monotonic time, and answers its topics. */
  expire(nowMs: number): readonly string[] {
    if (nowMs < this.#expiresAtMs) return []
    const expired = this.#inOrder.filter(({ message }) => isExpired(message, nowMs))
    for (const entry of expired) this.#remove(entry)
    this.#expiresAtMs = this.#inOrder.reduce(
      (first, { message }) => Math.min(first, message.expiresAtMs ?? first),
      Number.POSITIVE_INFINITY
    )
    return expired.map(({ message }) => message.topic)
  }

  /**
   * Walks the messages that match a filter, as fast as the subscriber reads. Each topic is sent as it is when the walk gets
   * there: of what came meanwhile the subscriber may have missed the live message, or gets it twice. Topics that are new since
   * the walk began are walked as well, but no more than there may be at once, so that it ends whatever clients publish.
   */
  matching(filter: string): Walk {
    return new Walk(this.#inOrder, filter, this.#lastNumber + limits.retainedMessagesMax + limits.retainedOwnMessages)
  }

  #keep(former: Entry | undefined, message: Message, bytes: number): void {
    this.#bytes += bytes - (former?.bytes ?? 0)
    this.#expiresAtMs = Math.min(this.#expiresAtMs, message.expiresAtMs ?? Number.POSITIVE_INFINITY)
    if (former) {
      former.message = message
      former.bytes = bytes
      return
    }
    const entry = { number: ++this.#lastNumber, message, bytes }
    this.#byTopic.set(message.topic, entry)
    this.#inOrder.push(entry)
  }

  #remove(entry: Entry): void {
    this.#byTopic.delete(entry.message.topic)
    this.#inOrder.splice(indexOf(this.#inOrder, entry.number), 1)
    this.#bytes -= entry.bytes
  }
}

/** Where the first entry stands whose number is not less: entries are in the order of their numbers. */
function indexOf(entries: readonly Entry[], number: number): number {
  let [from, to] = [0, entries.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((entries[middle] as Entry).number < number) from = middle + 1
    else to = middle
  }
  return from
}
