/** What a client remembers from one link to the next: subscriptions, its own messages under way, and which QoS 2 messages it has seen. */

import type { ProtocolVersion, Qos, SubscribeOptions } from './client.ts'
import type { Acknowledgement, ReceivedPublish } from './decoder.ts'
import { type AcknowledgementType, encode, type PublishPacket } from './packets.ts'
import { type Opened, Publications, type Waiter } from './publications.ts'
import { reason } from './reasons.ts'
import { Subscriptions } from './subscriptions.ts'

export class Session {
  readonly #version: ProtocolVersion
  /** Present while a link is up. */
  #link: Opened | undefined
  #lastId: number
  readonly #publications: Publications
  readonly #subscriptions: Subscriptions
  /** QoS 2 messages that were given out and not yet released by the broker: 65535 at most, as there are no more ids. */
  readonly #received = new Set<number>()

  /**
   * Ids begin anywhere: of a session that a page before this one left, the broker may know the first few, and take what comes under them
   * for repeated. @param random 0 up to 1
   */
  constructor(version: ProtocolVersion, random: () => number) {
    this.#version = version
    this.#lastId = Math.floor(random() * 0xffff)
    this.#publications = new Publications(version)
    this.#subscriptions = new Subscriptions(version, () => this.#nextId())
  }

  isSubscribed(filter: string): boolean {
    return this.#subscriptions.has(filter)
  }

  subscribe(filter: string, options: SubscribeOptions, waiter: Waiter<Qos>): void {
    this.#subscriptions.subscribe(filter, options, waiter)
  }

  unsubscribe(filter: string, waiter: Waiter<void>): void {
    this.#subscriptions.unsubscribe(filter, waiter)
  }

  publish(message: PublishPacket & { readonly qos: 1 | 2 }, waiter: Waiter<void>): void {
    this.#publications.publish({ ...message, id: this.#nextId() }, waiter)
  }

  /** A link is up. */
  resume(link: Opened): void {
    this.#link = link
    if (!link.sessionPresent) this.#received.clear()
    this.#subscriptions.resume(link)
    this.#publications.resume(link)
  }

  /** The link is down. */
  suspend(): void {
    this.#link = undefined
    this.#subscriptions.suspend()
    this.#publications.suspend()
  }

  /** Gives a message out, if it is not a QoS 2 message that was given out before, and acknowledges it, unless that ended the link. */
  receive({ qos, id }: ReceivedPublish, giveOut: () => void): void {
    const link = this.#link
    const isNew = qos < 2 || !this.#received.has(id)
    if (qos === 2) this.#received.add(id)
    if (isNew) giveOut()
    if (qos > 0 && link === this.#link) this.#acknowledge(qos === 1 ? 'puback' : 'pubrec', id)
  }

  /** Takes what the broker says of one packet id; false if it breaks the protocol. */
  handle(packet: Acknowledgement): boolean {
    switch (packet.type) {
      case 'pubrel':
        this.#acknowledge('pubcomp', packet.id, this.#received.delete(packet.id) ? 0 : reason.idNotFound)
        return true
      case 'suback':
      case 'unsuback':
        this.#subscriptions.handle(packet)
        return true
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        return this.#publications.handle(packet)
    }
  }

  /** Forgets everything and tells whoever waits. */
  close(error: Error): void {
    this.suspend()
    this.#subscriptions.close(error)
    this.#publications.close(error)
  }

  #acknowledge(type: AcknowledgementType, id: number, code = 0): void {
    this.#link?.send(encode({ type, id, code }, this.#version))
  }

  /** 1 to 65535, passing over ids in use [MQTT-2.2.1-3]; the bounds leave most of them free. */
  #nextId(): number {
    do this.#lastId = (this.#lastId % 0xffff) + 1
    while (this.#publications.has(this.#lastId) || this.#subscriptions.usesId(this.#lastId))
    return this.#lastId
  }
}
