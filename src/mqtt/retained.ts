/** The retained messages, bounded in number and bytes. */
import { limits } from '../limits.ts'
import { keep, type Message, weightBytes } from './packet.ts'
import { matches } from './topic.ts'

/** One topic's message. */
export interface RetainedEntry {
  /** `undefined` from the moment when it is no longer its topic's last: what nobody has sent by then is not sent any more. */
  message: Message | undefined
  readonly bytes: number
  /** Rises with each message kept, so that a walk knows what came after it began. */
  readonly sequence: number
}

/** The last retained message of each topic. */
export class Retained {
  #entries = new Map<string, RetainedEntry>()
  #bytes = 0
  #sequence = 0

  get count(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Keeps a message in place of its topic's last one; an empty payload removes that. [MQTT-3.3.1-5] [MQTT-3.3.1-10]
   * Returns false when it would pass a bound: what was kept before is then removed too, for it is no longer the last.
   */
  store(message: Message): boolean {
    const former = this.#entries.get(message.topic)
    const formerBytes = former?.bytes ?? 0
    const bytes = weightBytes(message)
    const full = (!former && this.count >= limits.retainedMessagesMax) || this.#bytes - formerBytes + bytes > limits.retainedBytesMax
    if (former) former.message = undefined
    if (message.payload.length === 0 || full) {
      this.#entries.delete(message.topic)
      this.#bytes -= formerBytes
      return !full || message.payload.length === 0
    }
    this.#entries.set(message.topic, { message: keep(message), bytes, sequence: ++this.#sequence })
    this.#bytes += bytes - formerBytes
    return true
  }

  /**
   * Walks the messages that match a filter, lazily: memory stays constant however many match and however slowly the
   * subscriber reads. What was stored after the call is left out, since a subscriber got that live.
   */
  matching(filter: string): Iterator<RetainedEntry, undefined> {
    return this.#walk(filter, this.#sequence)
  }

  *#walk(filter: string, last: number): Generator<RetainedEntry, undefined> {
    if (!filter.includes('+') && !filter.includes('#')) {
      const entry = this.#entries.get(filter)
      if (entry && entry.sequence <= last) yield entry
      return
    }
    for (const [topic, entry] of this.#entries) {
      if (entry.sequence <= last && matches(filter, topic)) yield entry
    }
  }
}
