/** What was said last, kept in the browser: a page that is opened while the daemon is away shows it, and from when it is. */

import { keepShown } from './login.ts'
import type { Event } from './model.ts'
import { recall } from './storage.ts'

const stored = 'last'
const everyMs = 60_000
const topicsMax = 200
const textMost = 2_000

interface Stored {
  readonly settings: { readonly value: unknown; readonly phoneMs: number }
  readonly messages: readonly (readonly [topic: string, text: string])[]
}

export class Memory {
  /** What happened last time, to be taken as if it happened again: the model knows the old from the new by their times. */
  readonly events: readonly Event[]
  /** What was said last time and not yet again. */
  readonly #unsaid: Set<string>
  readonly #messages = new Map<string, string>()
  #settings: Stored['settings'] | undefined
  #keptAt = Number.NEGATIVE_INFINITY

  constructor(phoneMs: number) {
    const last = readStored()
    this.events = last
      ? [{ type: 'settings', ...last.settings }, ...last.messages.map(([topic, text]) => messageOf(topic, text, phoneMs))]
      : []
    this.#unsaid = new Set(last?.messages.map(([topic]) => topic))
  }

  /** Listens to what happens, and writes it down now and then. @param atMs a steady clock's time */
  take(event: Event, atMs: number): void {
    if (event.type === 'settings' && event.value !== undefined) this.#settings = { value: event.value, phoneMs: event.phoneMs }
    if (event.type !== 'message' || event.text.length > textMost) return
    this.#unsaid.delete(event.topic)
    if (event.text === '') this.#messages.delete(event.topic)
    else if (this.#messages.has(event.topic) || this.#messages.size < topicsMax) this.#messages.set(event.topic, event.text)
    if (atMs - this.#keptAt > everyMs) this.keep(atMs)
  }

  /** To be called when the page may go away as well. */
  keep(atMs: number): void {
    if (!this.#settings || this.#messages.size === 0) return
    this.#keptAt = atMs
    keepShown(stored, JSON.stringify({ settings: this.#settings, messages: [...this.#messages] } satisfies Stored))
  }

  /** Takes back what the daemon did not say again: an empty message is how MQTT does that. */
  takeBack(phoneMs: number): readonly Event[] {
    return [...this.#unsaid].map(topic => messageOf(topic, '', phoneMs))
  }
}

function messageOf(topic: string, text: string, phoneMs: number): Event {
  return { type: 'message', topic, text, phoneMs }
}

function readStored(): Stored | undefined {
  try {
    const found = JSON.parse(recall(stored) ?? '') as Stored
    return Array.isArray(found.messages) ? found : undefined
  } catch {
    return undefined
  }
}
