/** What of the broker outlives a restart: sessions, what is on its way to them, and retained messages, over the store. */
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Store } from '../memory/store.ts'
import type { TextCodec } from './bytes.ts'
import { bodyKey, deliveryKey, exchangesPrefix, receivedKey, retainedKey, sessionKey } from './keys.ts'
import { type Body, type DropReason, dropReasons, type Kept, Loading } from './loading.ts'
import type { Message } from './packet.ts'
import { type DeliveryRecord, type Moment, Records, type SessionRecord } from './record.ts'

export type { Kept } from './loading.ts'

/** The two clocks. */
export interface Clocks {
  monotonicMs(): number
  wallMs(): number
}

/** What a message takes beside its text, payload and properties: its key, its lengths and times, and what the store counts for it. */
const messageBytes = 128

/** Entries of a session that was dropped that are cleared away at once. */
const sweptMax = 64

/**
 * Puts what must be kept into the store, in this turn of the event loop; `afterSync` tells when it is durable.
 *
 *     mqtt/s/<session>             a session with its subscriptions and its will
 *     mqtt/x/<session>/d<order>    an exchange: a delivery, which refers to its message, or
 *     mqtt/x/<session>/r<id>       the packet id of a message at QoS 2 that came and is not released
 *     mqtt/m/<number>              a message that is to be delivered, once for all sessions
 *     mqtt/r/<number>              a retained message
 *
 * What saves answers false when too much waits for the disk, and before `load` is done; nothing is changed then, and nothing
 * may be acknowledged. Drops have room of their own in the store: they are refused only when thousands of them wait for a disk
 * that fails. Then what was to be dropped comes back after a restart: a delivery as a repeat, which the standard allows at
 * QoS 1; anything else that answers false must not be acknowledged either.
 */
export class Keeper {
  readonly #store: Store
  readonly #records: Records
  readonly #clocks: Clocks
  /** By identity: a message that is on its way to many sessions is one object. */
  #bodies = new Map<Message, Body>()
  /** Keys of the retained messages by topic; undefined until all is loaded, since new keys must not be those of old things. */
  #retained: Map<string, string> | undefined
  #lastMessageNumber = 0
  #dropped = new Counters(dropReasons)
  #promised = 0
  /** Sessions that were dropped, and of which something is left. */
  readonly #gone: number[] = []

  constructor(store: Store, text: TextCodec, clocks: Clocks) {
    this.#store = store
    this.#records = new Records(text)
    this.#clocks = clocks
  }

  /** Whether so much waits for the disk that publishers are to be slowed. */
  get isFull(): boolean {
    return this.#store.waitingBytes > limits.keeperPendingBytesMax / 2
  }

  /**
   * Whether a message at QoS 1 or 2 can be kept, whatever sessions and topic it is for: it finds room among what waits, twice
   * if it is retained too, and a quarter is left for its deliveries, a thousand of them.
   */
  hasRoomFor({ topic, payload, properties }: Message): boolean {
    const bytes = 3 * topic.length + payload.length + (properties?.length ?? 0) + messageBytes
    return this.#retained !== undefined && this.#store.waitingBytes + 2 * bytes <= 0.75 * limits.keeperPendingBytesMax
  }

  /** Whether so many bytes find room among what waits: to be asked before they are made. */
  hasRoomOf(bytes: number): boolean {
    return this.#store.waitingBytes + bytes <= limits.keeperPendingBytesMax
  }

  /** What was not taken back at the start. */
  get dropped(): Pick<Counters<DropReason>, 'get' | 'all'> {
    return this.#dropped
  }

  /** Calls back once all that was put so far is durable; in the order of the calls. */
  afterSync(done: () => void): void {
    this.#promised++
    this.#store.afterSync(() => {
      this.#promised--
      done()
    })
  }

  /**
   * Whether clients come and go faster than the disk takes note: more promises wait than those who are here can have made, or
   * as many sessions that ended are still to be cleared away as there may be.
   */
  get isOverwhelmed(): boolean {
    return this.#promised > 2 * limits.clientsMax * limits.receivedMax || this.#gone.length >= limits.sessionsMax
  }

  /**
   * Reads back what was kept: late, if the store cannot be read, and afresh, if it fails meanwhile. To be called once;
   * numbers of sessions then go on behind `lastSessionNumber`.
   */
  load(done: (kept: Kept) => void): void {
    const loading = new Loading(this.#store, this.#records, this.#now())
    loading.start(isWhole => {
      if (!isWhole) {
        this.#store.afterWrite(() => this.load(done))
        return
      }
      this.#bodies = loading.bodies
      this.#retained = new Map([...loading.retained].map(([topic, { key }]) => [topic, key]))
      this.#lastMessageNumber = loading.lastMessageNumber
      this.#dropped = loading.dropped
      done(loading.kept)
    })
  }

  /** Saves a session anew, as it is now: when it begins, when it is subscribed or changed, when its client comes and goes. */
  saveSession(session: SessionRecord): boolean {
    return this.#put(sessionKey(session.number), this.#records.encodeSession(session, this.#now()))
  }

  /** Drops a session with all that is its own; its deliveries name the messages for which it waits no more. */
  dropSession(number: number, deliveries: Iterable<Pick<DeliveryRecord, 'state' | 'message'>>): boolean {
    for (const { state, message } of deliveries) if (state === 'message') this.#unrefer(message)
    // What is not swept away now goes when all is loaded.
    if (this.#gone.length < limits.sessionsMax && this.#gone.push(number) === 1) this.#sweep()
    return this.#store.delete(sessionKey(number))
  }

  saveDelivery(session: number, delivery: DeliveryRecord): boolean {
    const { message, order } = delivery
    const body = this.#bodies.get(message) ?? this.#saveBody(message)
    if (!body) return false
    body.references++
    if (this.#put(deliveryKey(session, order), this.#records.encodeDelivery({ ...delivery, body: body.number }))) return true
    this.#unrefer(message)
    return false
  }

  /**
   * PUBREC came: only the packet id is still needed. PUBREL must not leave before this is durable, or else the message may
   * come twice after a restart. It is not held to the bound of what is saved; false when the store itself is full: then it is
   * dropped as a whole.
   */
  releaseDelivery(session: number, delivery: DeliveryRecord): boolean {
    const key = deliveryKey(session, delivery.order)
    this.#unrefer(delivery.message)
    if (this.#store.put(key, this.#records.encodeDelivery({ ...delivery, body: undefined }))) return true
    this.#store.delete(key)
    return false
  }

  /** Drops a delivery that was saved. */
  dropDelivery(session: number, { order, state, message }: Pick<DeliveryRecord, 'order' | 'state' | 'message'>): boolean {
    if (state === 'message') this.#unrefer(message)
    return this.#store.delete(deliveryKey(session, order))
  }

  saveReceived(session: number, packetId: number): boolean {
    return this.#put(receivedKey(session, packetId), mark)
  }

  /** PUBREL came. PUBCOMP must not leave before this is durable, or else the next message with this id may be lost after a restart. */
  dropReceived(session: number, packetId: number): boolean {
    return this.#store.delete(receivedKey(session, packetId))
  }

  /** Saves a retained message in place of its topic's last one. */
  retain(message: Message): boolean {
    const key = this.#retained?.get(message.topic) ?? retainedKey(this.#lastMessageNumber + 1)
    if (!this.#put(key, this.#records.encodeMessage(message, this.#now()))) return false
    if (!this.#retained?.has(message.topic)) this.#lastMessageNumber++
    this.#retained?.set(message.topic, key)
    return true
  }

  unretain(topic: string): boolean {
    if (!this.#retained) return false
    const key = this.#retained.get(topic)
    if (key === undefined) return true
    if (!this.#store.delete(key)) return false
    return this.#retained.delete(topic)
  }

  #saveBody(message: Message): Body | undefined {
    const number = this.#lastMessageNumber + 1
    if (!this.#put(bodyKey(number), this.#records.encodeMessage(message, this.#now()))) return undefined
    this.#lastMessageNumber = number
    const body = { number, references: 0 }
    this.#bodies.set(message, body)
    return body
  }

  /** One delivery less refers to a message; with the last one it goes. */
  #unrefer(message: Message): void {
    const body = this.#bodies.get(message)
    if (!body || --body.references > 0) return
    this.#bodies.delete(message)
    this.#store.delete(bodyKey(body.number))
  }

  /** Clears away what is left of sessions that were dropped, a page at a time: there may be 65,535 packet ids. */
  #sweep(): void {
    const [number] = this.#gone
    if (number === undefined) return
    this.#store.entries(exchangesPrefix(number), sweptMax, entries => {
      for (const { key } of entries) this.#store.delete(key)
      if (entries.length === 0 && this.#store.state === 'open') this.#gone.shift()
      this.#store.afterWrite(() => this.#sweep())
    })
  }

  #put(key: string, value: Uint8Array): boolean {
    if (!this.#retained || this.#store.waitingBytes + key.length + value.length > limits.keeperPendingBytesMax) return false
    return this.#store.put(key, value)
  }

  #now(): Moment {
    return { monotonicMs: this.#clocks.monotonicMs(), wallMs: this.#clocks.wallMs() }
  }
}

/** What stands where only the key tells. It is not empty: classic-level never gives back the memory of an empty value. */
const mark = Uint8Array.of(1)
