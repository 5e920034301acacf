/** The client's own messages at QoS 1 and 2, from the call to the broker's last acknowledgement, over any number of links. */

import type { ProtocolVersion } from './client.ts'
import type { Acknowledgement } from './decoder.ts'
import { type Bytes, encode, type PublishPacket } from './packets.ts'
import type { Properties } from './properties.ts'
import { MqttError, reason, refusalIn } from './reasons.ts'

type Send = (bytes: Bytes) => void

export interface Waiter<Value> {
  readonly resolve: (value: Value) => void
  readonly reject: (error: Error) => void
}

/** An open link, and what the broker said on it of itself. */
export interface Opened {
  readonly send: Send
  readonly sessionPresent: boolean
  readonly limits: Properties
}

/** `unanswered` was sent on an earlier link; of `released` the broker has taken charge, by its PUBREC. */
type Stage = 'waiting' | 'sent' | 'unanswered' | 'released'

interface Publication extends Waiter<void> {
  readonly qos: 1 | 2
  /** As it was or will be sent; empty once released. */
  bytes: Bytes
  stage: Stage
}

const publicationsMax = 1_000
const bytesMax = 1_048_576
/** So many are sent before the first is acknowledged: most brokers take no more, and those of 3.1.1 cannot say. */
const windowMost = 20
const dupFlag = 8
const noBytes = new Uint8Array(0)

export class Publications {
  readonly #version: ProtocolVersion
  /** Present while a link is up. */
  #link: Opened | undefined
  /** How many more may be sent now. */
  #quota = 0
  #bytes = 0
  /** By packet id, in the order of the calls, which is also the order of sending and of repeating [MQTT-4.6.0-1]. */
  readonly #publications = new Map<number, Publication>()

  constructor(version: ProtocolVersion) {
    this.#version = version
  }

  has(id: number): boolean {
    return this.#publications.has(id)
  }

  /** Throws for what cannot be sent, and when too much waits already. */
  publish(packet: PublishPacket & { readonly qos: 1 | 2; readonly id: number }, waiter: Waiter<void>): void {
    const bytes = encode(packet, this.#version)
    if (this.#publications.size >= publicationsMax || this.#bytes + bytes.length > bytesMax)
      throw new MqttError('Too much waits for the broker')
    this.#bytes += bytes.length
    this.#publications.set(packet.id, { ...waiter, qos: packet.qos, bytes, stage: 'waiting' })
    this.#sendNext()
  }

  /** A link is up: repeats what was not acknowledged, then goes on with what waits. */
  resume(link: Opened): void {
    this.#link = link
    this.#quota = Math.min(windowMost, link.limits.receiveMaximum ?? windowMost) // [MQTT-3.3.4-9]
    for (const [id, { qos, stage }] of this.#publications) {
      if (!link.sessionPresent && qos === 2 && stage !== 'waiting')
        this.#finish(id, new MqttError('Unknown whether it arrived: the broker lost its session'))
      else if (stage === 'released') {
        this.#quota -= 1
        link.send(encode({ type: 'pubrel', id }, this.#version)) // [MQTT-4.4.0-1]
      }
    }
    this.#sendNext()
  }

  /** The link is down. */
  suspend(): void {
    this.#link = undefined
    for (const publication of this.#publications.values()) {
      if (publication.stage !== 'sent') continue
      publication.stage = 'unanswered'
      publication.bytes[0] = (publication.bytes[0] as number) | dupFlag // [MQTT-3.3.1-1]
    }
  }

  /** Takes an acknowledgement; false if it does not fit what was sent. Those of unknown ids are late, not wrong. */
  handle({ type, id, code, properties }: Acknowledgement): boolean {
    const publication = this.#publications.get(id)
    const failure = refusalIn(code, properties)
    if (type === 'pubrec') {
      if (publication && (publication.qos !== 2 || publication.stage === 'waiting' || publication.stage === 'unanswered')) return false
      if (!publication) {
        if (!failure) this.#link?.send(encode({ type: 'pubrel', id, code: reason.idNotFound }, this.#version))
      } else if (failure) this.#settle(id, failure)
      else this.#release(id, publication)
      return true
    }
    if (!publication) return true
    if (publication.qos === 1 ? type !== 'puback' || publication.stage !== 'sent' : type !== 'pubcomp' || publication.stage !== 'released')
      return false
    this.#settle(id, publication.qos === 1 ? failure : undefined) // a PUBCOMP only fails to know the id: done long ago
    return true
  }

  /** Forgets everything and tells whoever waits. */
  close(error: Error): void {
    this.#link = undefined
    for (const id of this.#publications.keys()) this.#finish(id, error)
  }

  #release(id: number, publication: Publication): void {
    this.#bytes -= publication.bytes.length
    publication.bytes = noBytes
    publication.stage = 'released'
    this.#link?.send(encode({ type: 'pubrel', id }, this.#version))
  }

  #settle(id: number, error: Error | undefined): void {
    this.#finish(id, error)
    this.#quota += 1
    this.#sendNext()
  }

  #finish(id: number, error?: Error): void {
    const publication = this.#publications.get(id)
    if (!publication) return
    this.#publications.delete(id)
    this.#bytes -= publication.bytes.length
    if (error) publication.reject(error)
    else publication.resolve()
  }

  /** Sends in order as many as the broker takes at once; those that are under way stand in front. */
  #sendNext(): void {
    for (const [id, publication] of this.#publications) {
      if (!this.#link || this.#quota <= 0) return
      if (publication.stage !== 'waiting' && publication.stage !== 'unanswered') continue
      const refusal = refusalIn(refusalOf(publication.bytes, this.#link.limits))
      if (refusal) {
        this.#finish(id, refusal)
        continue
      }
      publication.stage = 'sent'
      this.#quota -= 1
      this.#link.send(publication.bytes)
    }
  }
}

/** The reason code for which a broker that said this of itself must not be sent this PUBLISH; 0 if it may be. */
export function refusalOf(bytes: Bytes, { maximumQos = 2, retainAvailable = 1, maximumPacketSize = bytes.length }: Properties): number {
  const flags = bytes[0] as number
  if (bytes.length > maximumPacketSize) return reason.tooLarge // [MQTT-3.2.2-15]
  if (((flags >> 1) & 3) > maximumQos) return reason.noQos // [MQTT-3.2.2-11]
  return (flags & 1) > retainAvailable ? reason.noRetain : 0 // [MQTT-3.2.2-14]
}
