/** Messages on their way to a loop: what it does not take at once waits, and when too much waits the oldest are dropped. */

import type { Message, Messages } from './client.ts'
import type { Waiter } from './publications.ts'

const messagesMax = 1_000
const bytesMax = 4_194_304
/** What a message takes beside its payload, about. */
const messageBytes = 200

const done: IteratorResult<Message> = { done: true, value: undefined }

export class MessageQueue implements Messages {
  readonly #onReturn: () => void
  readonly #messages: Message[] = []
  #bytes = 0
  #dropped = 0
  /** Loops that wait for a message; then no message waits. */
  readonly #waiters: Waiter<IteratorResult<Message>>[] = []
  /** Once set nothing more comes; an error is thrown once. */
  #end: { error?: Error } | undefined

  /** `onReturn` is called when a loop is left. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn
  }

  get dropped(): number {
    return this.#dropped
  }

  push(message: Message): void {
    if (this.#end) return
    const waiter = this.#waiters.shift()
    if (waiter) {
      waiter.resolve({ done: false, value: message })
      return
    }
    this.#messages.push(message)
    this.#bytes += sizeOf(message)
    while (this.#messages.length > messagesMax || (this.#bytes > bytesMax && this.#messages.length > 1)) {
      this.#take()
      this.#dropped += 1
    }
  }

  /** Ends the loops, with the error if there is one, once they have taken what waits. */
  finish(error?: Error): void {
    if (this.#end) return
    const first = error && this.#waiters.shift()
    if (error) first?.reject(error)
    this.#end = error && !first ? { error } : {}
    for (const { resolve } of this.#waiters.splice(0)) resolve(done)
  }

  next(): Promise<IteratorResult<Message>> {
    const message = this.#take()
    if (message) return Promise.resolve({ done: false, value: message })
    if (!this.#end) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
    const { error } = this.#end
    this.#end = {}
    return error ? Promise.reject(error) : Promise.resolve(done)
  }

  return(): Promise<IteratorResult<Message>> {
    this.#onReturn()
    return Promise.resolve(done)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): Message | undefined {
    const message = this.#messages.shift()
    if (message) this.#bytes -= sizeOf(message)
    return message
  }
}

function sizeOf({ topic, payload }: Message): number {
  return messageBytes + 2 * topic.length + payload.length
}
