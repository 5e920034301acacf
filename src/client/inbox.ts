/** Where messages go: to the caller's function, and to the loops that ask for all or for those of one filter. */

import type { Message, Messages } from './client.ts'
import type { ReceivedPublish } from './decoder.ts'
import { MessageQueue } from './queue.ts'
import { matches } from './topics.ts'

/** A loop over the messages of one filter. */
interface Filtered {
  readonly filter: string
  readonly queue: MessageQueue
  /** Who wants the subscription: when `loops` alone do, it goes with the last of them. */
  wanted: 'by loops' | 'by the caller'
}

/** Holds no more messages than its queues do. */
export class Inbox {
  readonly #onMessage: ((message: Message) => void) | undefined
  /** Present once somebody wants all messages. */
  #all: MessageQueue | undefined
  readonly #filtered = new Set<Filtered>()
  #isClosed = false

  constructor(onMessage: ((message: Message) => void) | undefined) {
    this.#onMessage = onMessage
  }

  /** From now on all messages wait for a loop. Loops share them, and leaving one loses none. */
  open(): Messages {
    this.#all ??= new MessageQueue(() => {})
    if (this.#isClosed) this.#all.finish()
    return this.#all
  }

  /** The caller has subscribed to a filter: loops that end leave that alone. */
  subscribed(filter: string): void {
    for (const filtered of this.#of(filter)) filtered.wanted = 'by the caller'
    if (!this.#onMessage) this.open()
  }

  /** Begins a loop over what matches; `leave` is called when the last loop that wants the subscription has ended. */
  begin(filter: string, isSubscribed: boolean, leave: () => void): MessageQueue {
    const other = this.#of(filter)[0]
    const wanted = other?.wanted ?? (isSubscribed ? 'by the caller' : 'by loops')
    const filtered: Filtered = {
      filter,
      wanted,
      queue: new MessageQueue(() => {
        if (!this.#filtered.delete(filtered)) return
        filtered.queue.finish()
        if (filtered.wanted === 'by loops' && this.#of(filter).length === 0) leave()
      })
    }
    this.#filtered.add(filtered)
    return filtered.queue
  }

  /** Ends the loops over a filter; with a queue only that one, which failed. */
  end(filter: string, failed?: MessageQueue, error?: Error): void {
    for (const filtered of this.#of(filter)) {
      if (failed && filtered.queue !== failed) continue
      this.#filtered.delete(filtered)
      filtered.queue.finish(error)
    }
  }

  give(packet: ReceivedPublish): void {
    const message = messageOf(packet)
    guard(() => this.#onMessage?.(message))
    this.#all?.push(message)
    for (const { filter, queue } of this.#filtered) if (matches(filter, message.topic)) queue.push(message)
  }

  /** Ends all loops. */
  close(error?: Error): void {
    this.#isClosed = true
    this.#all?.finish(error)
    for (const { queue } of this.#filtered) queue.finish(error)
    this.#filtered.clear()
  }

  #of(filter: string): Filtered[] {
    return [...this.#filtered].filter(filtered => filtered.filter === filter)
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A PUBLISH as the caller sees it. */
function messageOf({ topic, payload, qos, retain, dup, properties }: ReceivedPublish): Message {
  const { topicAlias: _, ...told } = properties ?? {}
  return {
    ...{ topic, payload, qos, retain, dup },
    ...(properties && { properties: told as Required<Message>['properties'] }),
    get text() {
      return utf8.decode(payload)
    }
  }
}

/** Runs a caller's function; its error is reported as uncaught but does not disturb the protocol. */
export function guard(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
