/** How sessions, deliveries and messages are written down: small, and read back without trust. */
import { limits } from '../limits.ts'
import { ByteReader, ByteWriter, type TextCodec } from './bytes.ts'
import type { Message, SubscriptionOptions, Will } from './packet.ts'

/** A session, but for what is on its way to and from its client. */
export interface SessionRecord {
  /** Names it on the disk. */
  readonly number: number
  readonly clientId: string
  /** Whose it is; empty when it is anyone's. */
  readonly user: string
  readonly expirySeconds: number
  /** How long its client has been away; undefined while it is here. */
  readonly awayMs: number | undefined
  readonly subscriptions: ReadonlyMap<string, SubscriptionOptions>
  readonly will: Will | undefined
}

/** What a session owes its client at QoS 1 or 2. */
export interface DeliveryRecord {
  /** Its place among the session's deliveries, rising. */
  readonly order: number
  readonly packetId: number
  readonly qos: 1 | 2
  readonly retain: boolean
  readonly subscriptionIds: readonly number[]
  /** `released` once PUBREC came: from then on only the packet id matters, and what is read back has an empty message. */
  readonly state: 'message' | 'released'
  readonly message: Message
}

/** A delivery as it is written down: `body` names its message, and is undefined once it is released. */
export type DeliveryRow = Pick<DeliveryRecord, 'packetId' | 'qos' | 'retain' | 'subscriptionIds'> & { readonly body: number | undefined }

/** One moment on both clocks: what lapses is counted in monotonic time, but only wall time goes on while the power is off. */
export interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

const version = 1
const packetIdMax = 65_535
const uint32Max = 0xffff_ffff

/**
 * Numbers take seven bits a byte, lowest first, as in MQTT; a text and a block of bytes stand behind their length. What is in
 * brackets is there if its flag is set, which is shown as the bit's value.
 *
 *     message   version | flags: QoS 3, retain 4, expires 8 | [ ms that remain | wall time ] | content
 *     session   version | flags: will 1, away 2, user 4 | client id | [ user ] | expiry in seconds | [ ms away | wall time ] | [ will ]
 *               | each subscription: filter, flags: QoS 3, no local 4, retain as published 8, retain handling 48, identifier
 *     will      flags: QoS 3, retain 4, expires 8 | delay in seconds | [ expiry in seconds ] | content
 *     content   topic | properties, of no length if there are none | payload
 *     delivery  version | flags: QoS 3, retain 4, released 8 | packet id | [ number of its message, unless released ]
 *               | each subscription identifier
 */
export class Records {
  readonly #text: TextCodec
  readonly #out: ByteWriter

  constructor(text: TextCodec) {
    this.#text = text
    this.#out = new ByteWriter(text)
  }

  encodeMessage(message: Message, now: Moment): Uint8Array {
    const out = this.#out
    const { qos, retain, expiresAtMs } = message
    out.number(version)
    out.number(qos | flag(retain, 4) | flag(expiresAtMs !== undefined, 8))
    if (expiresAtMs !== undefined) this.#putLapse(Math.max(0, expiresAtMs - now.monotonicMs), now)
    this.#putContent(message)
    return out.take()
  }

  decodeMessage(bytes: Uint8Array, now: Moment): Message | undefined {
    const from = new ByteReader(bytes, this.#text)
    from.number(version, version)
    const flags = from.number(0, 15)
    const lapse = (flags & 8) > 0 ? getLapse(from, now) : undefined
    const message = {
      ...{ ...getContent(from), qos: qosOf(flags), retain: (flags & 4) > 0 },
      expiresAtMs: lapse && now.monotonicMs + Math.max(0, lapse.ms - lapse.sinceMs)
    }
    return from.isAtEnd ? message : undefined
  }

  encodeSession({ clientId, user, expirySeconds, awayMs, subscriptions, will }: SessionRecord, now: Moment): Uint8Array {
    const out = this.#out
    out.number(version)
    out.number(flag(will !== undefined, 1) | flag(awayMs !== undefined, 2) | flag(user !== '', 4))
    out.text(clientId)
    if (user !== '') out.text(user)
    out.number(Math.floor(expirySeconds))
    if (awayMs !== undefined) this.#putLapse(awayMs, now)
    if (will) this.#putWill(will)
    for (const [filter, options] of subscriptions) {
      const { qos, noLocal, retainAsPublished, retainHandling, identifier } = options
      out.text(filter)
      out.number(qos | flag(noLocal, 4) | flag(retainAsPublished, 8) | (retainHandling << 4))
      out.number(identifier)
    }
    return out.take()
  }

  decodeSession(number: number, bytes: Uint8Array, now: Moment): SessionRecord | undefined {
    const from = new ByteReader(bytes, this.#text)
    from.number(version, version)
    const flags = from.number(0, 7)
    const [clientId, user, expirySeconds] = [from.text(), (flags & 4) > 0 ? from.text() : '', from.number(0, uint32Max)]
    const lapse = (flags & 2) > 0 ? getLapse(from, now) : undefined
    const will = (flags & 1) > 0 ? getWill(from) : undefined
    const subscriptions = new Map<string, SubscriptionOptions>()
    while (from.hasMore) subscriptions.set(from.text(), getOptions(from))
    const awayMs = lapse && lapse.ms + lapse.sinceMs
    return from.isAtEnd ? { number, clientId, user, expirySeconds, awayMs, subscriptions, will } : undefined
  }

  encodeDelivery({ packetId, qos, retain, subscriptionIds, body }: DeliveryRow): Uint8Array {
    const out = this.#out
    out.number(version)
    out.number(qos | flag(retain, 4) | flag(body === undefined, 8))
    out.number(packetId)
    if (body !== undefined) out.number(body)
    for (const id of subscriptionIds) out.number(id)
    return out.take()
  }

  decodeDelivery(bytes: Uint8Array): DeliveryRow | undefined {
    const from = new ByteReader(bytes, this.#text)
    from.number(version, version)
    const flags = from.number(0, 15)
    const qos = (flags & 3) === 1 ? 1 : 2
    const packetId = from.number(1, packetIdMax)
    const body = (flags & 8) > 0 ? undefined : from.number(0, Number.MAX_SAFE_INTEGER)
    const subscriptionIds: number[] = []
    while (from.hasMore) subscriptionIds.push(from.number(1, 268_435_455))
    return from.isAtEnd ? { packetId, qos, retain: (flags & 4) > 0, subscriptionIds, body } : undefined
  }

  #putWill(will: Will): void {
    const { qos, retain, delaySeconds, expirySeconds } = will
    this.#out.number(qos | flag(retain, 4) | flag(expirySeconds !== undefined, 8))
    this.#out.number(delaySeconds)
    if (expirySeconds !== undefined) this.#out.number(expirySeconds)
    this.#putContent(will)
  }

  #putContent({ topic, properties = none, payload }: Message): void {
    this.#out.text(topic)
    this.#out.block(properties)
    this.#out.block(payload)
  }

  /** A time that goes on: how long it is by now, and when now is. */
  #putLapse(ms: number, { wallMs }: Moment): void {
    this.#out.number(Math.floor(ms))
    this.#out.number(Math.max(0, wallMs)) // a clock that is not set may stand before 1970
  }
}

const none = new Uint8Array()

function flag(isSet: boolean, value: number): number {
  return isSet ? value : 0
}

/** 3 is never written. */
function qosOf(flags: number): 0 | 1 | 2 {
  return Math.min(flags & 3, 2) as 0 | 1 | 2
}

/** How long a time was when it was written, and how long ago that is: 0 unless the clock was and is set. */
function getLapse(from: ByteReader, { wallMs }: Moment): { readonly ms: number; readonly sinceMs: number } {
  const [ms, writtenMs] = [from.number(0, Number.MAX_SAFE_INTEGER), from.number(0, Number.MAX_SAFE_INTEGER)]
  const isTold = Math.min(writtenMs, wallMs) >= limits.energyClockMsMin
  return { ms, sinceMs: isTold ? Math.max(0, wallMs - writtenMs) : 0 }
}

function getContent(from: ByteReader): Pick<Message, 'topic' | 'properties' | 'payload'> {
  const [topic, properties, payload] = [from.text(), from.block(), from.block()]
  return { topic, properties: properties.length > 0 ? properties : undefined, payload }
}

function getWill(from: ByteReader): Will {
  const flags = from.number(0, 15)
  const delaySeconds = from.number(0, uint32Max)
  const expirySeconds = (flags & 8) > 0 ? from.number(0, uint32Max) : undefined
  return { ...getContent(from), qos: qosOf(flags), retain: (flags & 4) > 0, delaySeconds, expirySeconds }
}

function getOptions(from: ByteReader): SubscriptionOptions {
  const flags = from.number(0, 63)
  const [qos, retainHandling] = [qosOf(flags), qosOf(flags >> 4)]
  return { qos, noLocal: (flags & 4) > 0, retainAsPublished: (flags & 8) > 0, retainHandling, identifier: from.number(0, 268_435_455) }
}
