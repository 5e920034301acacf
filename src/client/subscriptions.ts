/** What the client has subscribed to, and the broker's answers that it waits for. */

import type { ProtocolVersion, Qos, SubscribeOptions } from './client.ts'
import type { Acknowledgement } from './decoder.ts'
import { type Bytes, encode } from './packets.ts'
import type { Properties } from './properties.ts'
import type { Opened, Waiter } from './publications.ts'
import { MqttError, reason, refusalIn } from './reasons.ts'
import { isShared } from './topics.ts'

interface Subscription {
  readonly filter: string
  readonly options: SubscribeOptions
  /** Callers that wait for the broker's answer. */
  readonly waiters: Waiter<Qos>[]
  stage: 'asked' | 'granted'
}

interface Leaving extends Waiter<void> {
  readonly filter: string
}

const subscriptionsMax = 1_000
const waitersMax = 1_000

export class Subscriptions {
  readonly #version: ProtocolVersion
  readonly #nextId: () => number
  /** Present while a link is up. */
  #link: Opened | undefined
  readonly #subscriptions = new Map<string, Subscription>()
  /** SUBSCRIBEs on their way over this link, by packet id. */
  readonly #asked = new Map<number, Subscription>()
  /** UNSUBSCRIBEs without answer, by packet id. */
  readonly #leaving = new Map<number, Leaving>()

  constructor(version: ProtocolVersion, nextId: () => number) {
    this.#version = version
    this.#nextId = nextId
  }

  /** Whether a packet id is in use. */
  usesId(id: number): boolean {
    return this.#asked.has(id) || this.#leaving.has(id)
  }

  has(filter: string): boolean {
    return this.#subscriptions.has(filter)
  }

  /** Takes the place of an earlier subscription to the same filter. Throws for what cannot be sent. */
  subscribe(filter: string, options: SubscribeOptions, waiter: Waiter<Qos>): void {
    this.#encode(1, filter, options) // throws here, not on a later link
    const waiters = this.#subscriptions.get(filter)?.waiters ?? []
    if (!this.#subscriptions.has(filter) && this.#subscriptions.size >= subscriptionsMax) throw new MqttError('Too many subscriptions')
    if (waiters.length >= waitersMax) throw new MqttError('Too much waits for the broker')
    const subscription: Subscription = { filter, options, waiters: [...waiters, waiter], stage: 'asked' }
    this.#subscriptions.set(filter, subscription)
    this.#ask(subscription)
  }

  unsubscribe(filter: string, waiter: Waiter<void>): void {
    const id = this.#nextId()
    const bytes = encode({ type: 'unsubscribe', id, filter }, this.#version)
    if (this.#leaving.size >= waitersMax) throw new MqttError('Too much waits for the broker')
    this.#leaving.set(id, { ...waiter, filter })
    this.#link?.send(bytes)
    const waiters = this.#subscriptions.get(filter)?.waiters ?? []
    this.#subscriptions.delete(filter)
    for (const { reject } of waiters) reject(new MqttError('Unsubscribed'))
  }

  /** A link is up: a broker that kept the session is told what is new, another one all. */
  resume(link: Opened): void {
    this.#link = link
    for (const [id, { filter, resolve }] of this.#leaving) {
      if (link.sessionPresent) link.send(encode({ type: 'unsubscribe', id, filter }, this.#version))
      else {
        this.#leaving.delete(id)
        resolve()
      }
    }
    for (const subscription of this.#subscriptions.values())
      if (!link.sessionPresent || subscription.stage === 'asked') this.#ask(subscription)
  }

  /** The link is down. */
  suspend(): void {
    this.#link = undefined
    this.#asked.clear()
  }

  /** Takes a SUBACK or UNSUBACK; those of unknown ids are late, not wrong. */
  handle({ type, id, code, properties }: Acknowledgement): void {
    const refusal = refusalIn(code, properties)
    if (type === 'suback') {
      const subscription = this.#asked.get(id)
      this.#asked.delete(id)
      if (!subscription || this.#subscriptions.get(subscription.filter) !== subscription) return
      if (refusal) this.#refuse(subscription, refusal)
      else this.#grant(subscription, code as Qos)
    } else {
      const leaving = this.#leaving.get(id)
      this.#leaving.delete(id)
      if (refusal) leaving?.reject(refusal)
      else leaving?.resolve()
    }
  }

  /** Forgets everything and tells whoever waits. */
  close(error: Error): void {
    this.suspend()
    const waiters = [...this.#leaving.values(), ...[...this.#subscriptions.values()].flatMap(subscription => subscription.waiters)]
    this.#subscriptions.clear()
    this.#leaving.clear()
    for (const { reject } of waiters) reject(error)
  }

  #encode(id: number, filter: string, options: SubscribeOptions): Bytes {
    return encode({ type: 'subscribe', id, filter, options }, this.#version)
  }

  #ask(subscription: Subscription): void {
    if (!this.#link) return
    const { filter, options } = subscription
    const id = this.#nextId()
    const bytes = this.#encode(id, filter, options)
    const refusal = refusalIn(refusalOf(subscription, bytes, this.#link.limits))
    subscription.stage = 'asked'
    if (refusal) {
      this.#refuse(subscription, refusal)
      return
    }
    this.#asked.set(id, subscription)
    this.#link.send(bytes)
  }

  #grant(subscription: Subscription, qos: Qos): void {
    subscription.stage = 'granted'
    for (const { resolve } of subscription.waiters.splice(0)) resolve(qos)
  }

  /** With nobody waiting it was granted before, and is tried again on the next link. */
  #refuse({ filter, waiters }: Subscription, error: Error): void {
    if (waiters.length === 0) return
    this.#subscriptions.delete(filter)
    for (const { reject } of waiters) reject(error)
  }
}

/** The reason code for which a broker that said this of itself must not be sent this SUBSCRIBE, which would end the link; 0 if it may be. */
function refusalOf({ filter, options }: Subscription, bytes: Bytes, limits: Properties): number {
  if (limits.wildcardSubscriptionAvailable === 0 && /[+#]/.test(filter)) return reason.noWildcards
  if (limits.sharedSubscriptionAvailable === 0 && isShared(filter)) return reason.noShared
  if (limits.subscriptionIdentifiersAvailable === 0 && options.subscriptionIdentifier !== undefined) return reason.noIdentifiers
  return bytes.length > (limits.maximumPacketSize ?? bytes.length) ? reason.tooLarge : 0
}
