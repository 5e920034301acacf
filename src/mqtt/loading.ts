/** Reads back what of the broker was kept, page by page, and clears away what belongs to nothing any more. */
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Entry, Store } from '../memory/store.ts'
import { IdSet } from './id-set.ts'
import { allExchangesPrefix, bodiesPrefix, bodyKey, exchangeOf, numberOf, retainedPrefix, sessionsPrefix } from './keys.ts'
import { type Message, weightBytes } from './packet.ts'
import type { DeliveryRecord, Moment, Records, SessionRecord } from './record.ts'

/** Why something that was kept is not taken back. */
export const dropReasons = [
  'unreadable', // not of this version, or damaged
  'past-bounds', // the settings allow less than they did
  'of-no-session', // what is left of a session that was dropped
  'of-no-message', // a delivery whose message is not there
  'superseded', // another one came later: a delivery with the same packet id, a message of the same topic
  'of-no-delivery' // a message for which nobody waits
] as const
export type DropReason = (typeof dropReasons)[number]

/** A session as it was kept. */
interface KeptSession extends SessionRecord {
  /** In their order; those that share a message share its object. */
  readonly deliveries: readonly DeliveryRecord[]
  readonly received: IdSet
}

/** All that was kept. */
export interface Kept {
  /** In the order of their numbers. */
  readonly sessions: readonly KeptSession[]
  readonly retained: readonly Message[]
  /** New sessions are numbered behind this one: what is left of one that was dropped may not be gone yet. */
  readonly lastSessionNumber: number
}

/** A message on the disk, which is there once for all deliveries that refer to it. */
export interface Body {
  readonly number: number
  references: number
}

/** A delivery that was read, and where. */
interface Found {
  readonly key: string
  readonly delivery: DeliveryRecord
}

interface FoundSession {
  readonly record: SessionRecord
  /** By packet id. */
  readonly deliveries: Map<number, Found>
  readonly received: IdSet
  bytes: number
}

/** What is done with the entries of a prefix: one for whose dropping there is a reason goes. */
type Step = readonly [prefix: string, take: (entry: Entry) => DropReason | undefined]

/** The largest, a session with its subscriptions and its will, may have 150 KB. */
const pageEntriesMax = 16
const nothing: Message = { topic: '', payload: new Uint8Array(), qos: 0, retain: false }

/** One attempt at it. */
export class Loading {
  readonly dropped = new Counters(dropReasons)
  readonly bodies = new Map<Message, Body>()
  readonly retained = new Map<string, { readonly key: string; readonly message: Message }>()
  lastSessionNumber = 0
  /** The highest number of a message, waiting or retained. */
  lastMessageNumber = 0
  readonly #sessions = new Map<number, FoundSession>()
  readonly #messages = new Map<number, Message>()
  readonly #store: Store
  readonly #records: Records
  readonly #now: Moment
  #retainedBytes = 0

  constructor(store: Store, records: Records, now: Moment) {
    this.#store = store
    this.#records = records
    this.#now = now
  }

  get kept(): Kept {
    const sessions = [...this.#sessions.values()].map(({ record, deliveries, received }) => {
      return { ...record, deliveries: [...deliveries.values()].map(({ delivery }) => delivery), received }
    })
    const retained = [...this.retained.values()].map(({ message }) => message)
    return { sessions, retained, lastSessionNumber: this.lastSessionNumber }
  }

  /** Reads all, and tells whether the store was open all the time; if not, this is good for nothing. */
  start(done: (isWhole: boolean) => void): void {
    const steps: readonly Step[] = [
      [sessionsPrefix, entry => this.#takeSession(entry)],
      [allExchangesPrefix, entry => this.#takeExchange(entry)],
      [bodiesPrefix, ({ key }) => this.#takeBody(key)],
      [retainedPrefix, entry => this.#takeRetained(entry)]
    ]
    this.#walk(steps, '', done)
  }

  #walk(steps: readonly Step[], after: string, done: (isWhole: boolean) => void): void {
    const [step, ...further] = steps
    if (!step) {
      done(true)
      return
    }
    const [prefix, take] = step
    const turn = (entries: readonly Entry[]): void => {
      for (const entry of entries) this.#drop(entry.key, take(entry))
      const last = entries.at(-1)
      if (!this.#isOpen) done(false)
      else if (last) this.#walk(steps, last.key, done)
      else this.#walk(further, '', done)
    }
    this.#store.entries(prefix, pageEntriesMax, turn, after)
  }

  get #isOpen(): boolean {
    return this.#store.state === 'open'
  }

  #takeSession({ key, value }: Entry): DropReason | undefined {
    this.lastSessionNumber = numberOf(key)
    const record = this.#records.decodeSession(this.lastSessionNumber, value, this.#now)
    if (!record) return 'unreadable'
    if (this.#sessions.size >= limits.sessionsMax) return 'past-bounds'
    this.#sessions.set(record.number, { record, deliveries: new Map(), received: new IdSet(), bytes: 0 })
    return undefined
  }

  #takeExchange({ key, value }: Entry): DropReason | undefined {
    const exchange = exchangeOf(key)
    this.lastSessionNumber = Math.max(this.lastSessionNumber, exchange.session)
    const session = this.#sessions.get(exchange.session)
    if (!session) return 'of-no-session'
    if (exchange.kind === 'delivery') return this.#takeDelivery(session, key, exchange.number, value)
    session.received.add(exchange.number)
    return undefined
  }

  #takeDelivery(session: FoundSession, key: string, order: number, value: Uint8Array): DropReason | undefined {
    const row = this.#records.decodeDelivery(value)
    if (!row) return 'unreadable'
    const { body, ...rest } = row
    const message = body === undefined ? nothing : this.#messageOf(body)
    if (!message) return this.#isOpen ? 'of-no-message' : undefined
    const { deliveries } = session
    const bytes = session.bytes + weightBytes(message)
    if (deliveries.size >= limits.queueMessagesMax + limits.inflightMax || bytes > limits.queueBytesMax + limits.inflightBytesMax) {
      this.#refer(message, 0)
      return 'past-bounds'
    }
    session.bytes = bytes
    const former = deliveries.get(row.packetId)
    if (former) {
      deliveries.delete(row.packetId)
      this.#drop(former.key, 'superseded')
      this.#refer(former.delivery.message, -1)
    }
    deliveries.set(row.packetId, { key, delivery: { ...rest, order, state: body === undefined ? 'released' : 'message', message } })
    this.#refer(message, 1)
    return undefined
  }

  /** The message of that number, read when it is asked for first. */
  #messageOf(number: number): Message | undefined {
    const known = this.#messages.get(number)
    if (known) return known
    const bytes = this.#store.get(bodyKey(number))
    const message = bytes && this.#records.decodeMessage(bytes, this.#now)
    if (message) {
      this.#messages.set(number, message)
      this.bodies.set(message, { number, references: 0 })
    }
    return message
  }

  /** So many deliveries more refer to a message; what none refers to is not held. */
  #refer(message: Message, by: 1 | 0 | -1): void {
    const body = this.bodies.get(message)
    if (!body) return // released
    body.references += by
    if (body.references > 0) return
    this.bodies.delete(message)
    this.#messages.delete(body.number)
  }

  #takeBody(key: string): DropReason | undefined {
    this.lastMessageNumber = numberOf(key)
    return this.#messages.has(this.lastMessageNumber) ? undefined : 'of-no-delivery'
  }

  #takeRetained({ key, value }: Entry): DropReason | undefined {
    this.lastMessageNumber = Math.max(this.lastMessageNumber, numberOf(key))
    const message = this.#records.decodeMessage(value, this.#now)
    if (!message) return 'unreadable'
    const former = this.retained.get(message.topic)
    if (former) {
      this.retained.delete(message.topic)
      this.#retainedBytes -= weightBytes(former.message)
      this.#drop(former.key, 'superseded')
    }
    const bytes = this.#retainedBytes + weightBytes(message)
    const isFull = this.retained.size >= limits.retainedMessagesMax + limits.retainedOwnMessages
    if (isFull || bytes > limits.retainedBytesMax + limits.retainedOwnBytes) return 'past-bounds'
    this.#retainedBytes = bytes
    this.retained.set(message.topic, { key, message })
    return undefined
  }

  #drop(key: string, reason: DropReason | undefined): void {
    if (!reason) return
    this.#store.delete(key)
    this.dropped.count(reason)
  }
}
