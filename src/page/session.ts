/** What a client remembers from one link to the next: its subscriptions, and what the broker has not yet acknowledged. */

import { type ClientPacket, encode, type PublishPacket, type Qos, type ServerPacket } from './packets.ts'

export type Send = (packet: ClientPacket) => void

export interface Waiter<Value> {
  readonly resolve: (value: Value) => void
  readonly reject: (error: Error) => void
}

interface Subscription {
  readonly qos: 0 | 1
  /** Callers that wait for the broker's answer. */
  readonly waiters: Waiter<Qos>[]
}

type Lasting = PublishPacket | (ClientPacket & { readonly type: 'unsubscribe' })

interface Pending extends Waiter<void> {
  readonly packet: Lasting
}

/** QoS 1 messages and UNSUBSCRIBEs that may wait for the broker's answer. */
const pendingMax = 100
const subscriptionsMax = 100
const refused = 128

export class Session {
  /** Present while a link is up. */
  #send: Send | undefined
  #lastId = 0
  readonly #subscriptions = new Map<string, Subscription>()
  /** SUBSCRIBEs on their way over this link, by packet id. */
  readonly #subscribing = new Map<number, string>()
  /** In the order of sending, which is also the order of resending [MQTT-4.6.0-1]. */
  readonly #pending = new Map<number, Pending>()

  subscribe(filter: string, qos: 0 | 1, waiter: Waiter<Qos>): void {
    encode({ type: 'subscribe', id: 1, filters: [{ filter, qos }] }) // a filter that cannot be sent throws here, not on a later link
    const waiters = this.#subscriptions.get(filter)?.waiters ?? []
    if (!this.#subscriptions.has(filter) && this.#subscriptions.size >= subscriptionsMax) throw new Error('Too many subscriptions')
    waiters.push(waiter)
    this.#subscriptions.set(filter, { qos, waiters })
    this.#sendSubscribe(filter, qos)
  }

  unsubscribe(filter: string, waiter: Waiter<void>): void {
    this.#hold(id => ({ type: 'unsubscribe', id, filters: [filter] }), waiter)
    const waiters = this.#subscriptions.get(filter)?.waiters ?? []
    this.#subscriptions.delete(filter)
    for (const { reject } of waiters) reject(new Error('Unsubscribed'))
  }

  publish(message: Omit<PublishPacket, 'id' | 'qos'>, waiter: Waiter<void>): void {
    this.#hold(id => ({ ...message, qos: 1, id }), waiter)
  }

  /** A link is up: sends again what was not acknowledged and renews the subscriptions. */
  resume(send: Send): void {
    this.#send = send
    const held = [...this.#pending.values()].map(({ packet }) => packet)
    for (const packet of held) if (packet.type === 'unsubscribe') send(packet)
    for (const [filter, { qos }] of this.#subscriptions) this.#sendSubscribe(filter, qos)
    for (const packet of held) if (packet.type === 'publish') send({ ...packet, dup: true })
  }

  /** The link is down. */
  suspend(): void {
    this.#send = undefined
    this.#subscribing.clear()
  }

  /** Takes the broker's acknowledgements; others are ignored. */
  handle(packet: ServerPacket): void {
    if (packet.type === 'suback') this.#granted(packet.id, packet.codes[0] ?? refused)
    if (packet.type === 'puback') this.#acknowledged(packet.id, 'publish')
    if (packet.type === 'unsuback') this.#acknowledged(packet.id, 'unsubscribe')
  }

  /** Forgets everything and tells whoever waits. */
  close(): void {
    this.suspend()
    const error = new Error('Disconnected')
    const waiters = [...this.#pending.values(), ...[...this.#subscriptions.values()].flatMap(subscription => subscription.waiters)]
    this.#subscriptions.clear()
    this.#pending.clear()
    for (const { reject } of waiters) reject(error)
  }

  #sendSubscribe(filter: string, qos: 0 | 1): void {
    if (!this.#send) return
    const id = this.#nextId()
    this.#subscribing.set(id, filter)
    this.#send({ type: 'subscribe', id, filters: [{ filter, qos }] })
  }

  #hold(make: (id: number) => Lasting, waiter: Waiter<void>): void {
    if (this.#pending.size >= pendingMax) throw new Error('Too much waits for the broker')
    const id = this.#nextId()
    const packet = make(id)
    encode(packet) // what cannot be sent throws here, not on a later link
    this.#pending.set(id, { ...waiter, packet })
    this.#send?.(packet)
  }

  #granted(id: number, code: number): void {
    const filter = this.#subscribing.get(id)
    this.#subscribing.delete(id)
    const subscription = filter === undefined ? undefined : this.#subscriptions.get(filter)
    if (filter === undefined || !subscription) return
    const waiters = subscription.waiters.splice(0)
    if (code !== refused) for (const { resolve } of waiters) resolve(code as Qos)
    else if (waiters.length > 0) {
      // With nobody waiting it was granted before and is tried again on the next link.
      this.#subscriptions.delete(filter)
      for (const { reject } of waiters) reject(new Error(`Subscription refused: ${filter}`))
    }
  }

  #acknowledged(id: number, type: Lasting['type']): void {
    const pending = this.#pending.get(id)
    if (pending?.packet.type !== type) return
    this.#pending.delete(id)
    pending.resolve()
  }

  /** 1 to 65535, passing over ids in use [MQTT-2.3.1-2]; the bounds leave most of them free. */
  #nextId(): number {
    do this.#lastId = (this.#lastId % 0xffff) + 1
    while (this.#pending.has(this.#lastId) || this.#subscribing.has(this.#lastId))
    return this.#lastId
  }
}
