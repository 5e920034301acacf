/** The messages at QoS 1 and 2 on their way to a client: their packet ids, and how far each exchange has come. */
import { type Message, weightBytes } from './packet.ts'

/** One delivery that is not finished. */
export interface Inflight {
  readonly message: Message
  readonly qos: 1 | 2
  readonly retain: boolean
  /** What the client owes: PUBACK or PUBREC for the message, PUBCOMP for its release. */
  awaits: 'PUBACK' | 'PUBREC' | 'PUBCOMP'
  /** Whether it was sent on this connection. */
  sent: boolean
}

const packetIdMax = 65_535

/** Deliveries by packet id, in the order in which they began; bounded in number and bytes. */
export class Window {
  readonly #sizeMax: number
  readonly #bytesMax: number
  readonly #inflight = new Map<number, Inflight>()
  #bytes = 0
  #lastId = 0

  constructor(sizeMax: number, bytesMax: number) {
    this.#sizeMax = sizeMax
    this.#bytesMax = bytesMax
  }

  get length(): number {
    return this.#inflight.size
  }

  /**
   * Starts a delivery and gives it a packet id that is not in use: from 1, up by one, never above 65,535. [MQTT-2.3.1-4]
   * Returns 0 when the window is full.
   */
  open(message: Message, qos: 1 | 2, retain: boolean): number {
    const bytes = weightBytes(message)
    if (this.length >= this.#sizeMax || this.#bytes + bytes > this.#bytesMax) return 0
    do {
      this.#lastId = (this.#lastId % packetIdMax) + 1
    } while (this.#inflight.has(this.#lastId))
    this.#inflight.set(this.#lastId, { message, qos, retain, awaits: qos === 1 ? 'PUBACK' : 'PUBREC', sent: true })
    this.#bytes += bytes
    return this.#lastId
  }

  /** Takes back an `open` whose publish could not be sent, so that its id is the next one again. */
  undo(packetId: number): void {
    this.#remove(packetId, this.#inflight.get(packetId) as Inflight)
    this.#lastId = packetId - 1
  }

  /** PUBACK or PUBCOMP ends a delivery; false when none awaited it. */
  finish(packetId: number, packet: 'PUBACK' | 'PUBCOMP'): boolean {
    const inflight = this.#inflight.get(packetId)
    if (inflight?.awaits !== packet) return false
    this.#remove(packetId, inflight)
    return true
  }

  /** PUBREC: the message has arrived, from now on only its id matters. A repeat is no fault. [MQTT-4.3.3-1] */
  received(packetId: number): boolean {
    const inflight = this.#inflight.get(packetId)
    if (!inflight || inflight.awaits === 'PUBACK') return false
    inflight.awaits = 'PUBCOMP'
    return true
  }

  /** On a new connection everything unfinished has to be sent again. [MQTT-4.4.0-1] */
  rewind(): void {
    for (const inflight of this.#inflight.values()) inflight.sent = false
  }

  /** The unfinished deliveries in the order in which they began. [MQTT-4.6.0-1] */
  entries(): IterableIterator<[number, Inflight]> {
    return this.#inflight.entries()
  }

  #remove(packetId: number, inflight: Inflight): void {
    this.#inflight.delete(packetId)
    this.#bytes -= weightBytes(inflight.message)
  }
}
