/** The messages at QoS 1 and 2 on their way to a client: their packet ids, and how far each exchange has come. */
import { type Message, weightBytes } from './packet.ts'
import type { Group } from './tree.ts'

/** One message for one session at QoS 1 or 2, from the moment it is its own until the client has acknowledged it. */
export interface Delivery<S = unknown> {
  /** Its place among the session's deliveries. */
  readonly order: number
  /** Given when it begins to wait and kept with it, so that it is repeated under the same id after a restart too. [MQTT-4.4.0-1] */
  readonly packetId: number
  /** What is to be sent; `spent` once it is on its way and will not be sent again. */
  message: Message
  readonly qos: 1 | 2
  readonly retain: boolean
  readonly subscriptionIds: readonly number[]
  /** The group for which this session takes it; another member takes it when the session ends. */
  readonly group: Group<S> | undefined
  /** `released` once PUBREC came: from then on only its id matters. */
  state: 'message' | 'released'
  /** Whether it may have been sent on an earlier connection. */
  repeated: boolean
  /** Whether it was sent on this connection. */
  sent: boolean
}

/** Stands for a message that nobody asks for any more, so that its bytes are not kept until the client has acknowledged it. */
export const spent: Message = {
  topic: '',
  payload: new Uint8Array(0),
  qos: 1,
  retain: false,
  properties: undefined,
  expiresAtMs: undefined
}

const packetIdMax = 65_535

const nothing = new Map<number, never>()

/** Deliveries by packet id, in the order in which they began; bounded in number and bytes. */
export class Window<S = unknown> {
  /** The client's Receive Maximum: so many may be on their way at once on this connection. [MQTT-3.3.4-9] */
  receiveMax = packetIdMax
  readonly #sizeMax: number
  readonly #bytesMax: number
  /** Most sessions have none, and share this one. */
  #inflight: Map<number, Delivery<S>> = nothing
  #bytes = 0
  #sent = 0
  #lastId = 0

  constructor(sizeMax: number, bytesMax: number) {
    this.#sizeMax = sizeMax
    this.#bytesMax = bytesMax
  }

  get length(): number {
    return this.#inflight.size
  }

  /** Whether one more may be sent on this connection. [MQTT-4.9.0-2] */
  get hasQuota(): boolean {
    return this.#sent < this.receiveMax
  }

  /** Whether all of them were sent on this connection. */
  get isAllSent(): boolean {
    return this.#sent === this.#inflight.size
  }

  /** A packet id that is not in use: from 1, up by one, never above 65,535. [MQTT-2.2.1-4] */
  nextId(): number {
    do {
      this.#lastId = (this.#lastId % packetIdMax) + 1
    } while (this.#inflight.has(this.#lastId))
    return this.#lastId
  }

  /** Whether a message may begin. */
  fits(message: Message): boolean {
    return this.length < this.#sizeMax && this.#bytes + weightBytes(message) <= this.#bytesMax
  }

  /** Takes a delivery in; who adds one has made sure that it fits. */
  add(delivery: Delivery<S>): void {
    if (this.#inflight === nothing) this.#inflight = new Map()
    this.#inflight.set(delivery.packetId, delivery)
    this.#bytes += weightBytes(delivery.message)
    if (delivery.sent) this.#sent++
  }

  /** Goes on with the ids behind this one. */
  skipTo(packetId: number): void {
    this.#lastId = packetId
  }

  /** The delivery that awaits an acknowledgement of this kind, if one does. */
  awaiting(packetId: number, packet: 'PUBACK' | 'PUBREC' | 'PUBCOMP'): Delivery<S> | undefined {
    const delivery = this.#inflight.get(packetId)
    return delivery && awaited(delivery) === packet ? delivery : undefined
  }

  /** Whether PUBREC came for it before: a repeat of that is no fault. [MQTT-4.3.3-1] */
  isReleased(packetId: number): boolean {
    return this.#inflight.get(packetId)?.state === 'released'
  }

  /** It is sent. */
  begin(delivery: Delivery<S>): void {
    delivery.sent = true
    this.#sent++
  }

  /** It is over. */
  finish(delivery: Delivery<S>): void {
    this.#inflight.delete(delivery.packetId)
    this.#bytes -= weightBytes(delivery.message)
    if (delivery.sent) this.#sent--
  }

  /** On a new connection everything unfinished has to be sent again. [MQTT-4.4.0-1] */
  rewind(): void {
    this.#sent = 0
    for (const delivery of this.#inflight.values()) {
      delivery.sent = false
      delivery.repeated = true
    }
  }

  /** The unfinished deliveries in the order in which they began. [MQTT-4.6.0-1] */
  deliveries(): IterableIterator<Delivery<S>> {
    return this.#inflight.values()
  }
}

function awaited({ qos, state }: Delivery): 'PUBACK' | 'PUBREC' | 'PUBCOMP' {
  if (state === 'released') return 'PUBCOMP'
  return qos === 1 ? 'PUBACK' : 'PUBREC'
}
