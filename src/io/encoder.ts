/** Encodes packets into the pool's slabs: once for each framing, shared by everybody who gets the same bytes. */
import type { Pool } from '../memory/pool.ts'
import type { Message, Publish, Reply } from '../mqtt/packet.ts'
import type { Framing } from './link.ts'
import { encode } from './wire.ts'

/** A piece of encoded bytes in a slab. */
export interface Slice {
  readonly slab: number
  readonly offset: number
  length: number
}

/** The end of a byte run in slabs: encodings stand one behind the other, so that a client that gets all of them gets one piece. */
interface Lane {
  readonly framing: Framing
  slab: number
  used: number
  /** The last QoS 0 message encoded, by identity, and its bytes, which hold their slabs. */
  message: Message | undefined
  retain: boolean
  slices: Slice[]
}

/** Encodings in slabs. The slices it returns are good until the next call; who keeps one retains its slab. */
export class Encoder {
  readonly #pool: Pool
  readonly #lanes: Readonly<Record<Framing, Lane>> = { bare: lane('bare'), websocket: lane('websocket') }

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Encodes what answers one client; `undefined` when the pool is empty. */
  reply(framing: Framing, packet: Reply): readonly Slice[] | undefined {
    return this.#encode(this.#lanes[framing], packet)
  }

  /** Encodes a PUBLISH; at QoS 0 the encoding is shared as long as the same message is asked for. */
  publish(framing: Framing, message: Message, options: Pick<Publish, 'qos' | 'retain' | 'dup' | 'packetId'>): readonly Slice[] | undefined {
    const lane = this.#lanes[framing]
    const shared = options.qos === 0
    if (shared && lane.message === message && lane.retain === options.retain) return lane.slices
    const slices = this.#encode(lane, { type: 'PUBLISH', topic: message.topic, payload: message.payload, ...options })
    if (slices && shared) {
      lane.message = message
      lane.retain = options.retain
    }
    return slices
  }

  /** Forgets the shared encodings, at the end of a turn: a message's bytes may change after it. */
  endTurn(): void {
    for (const lane of Object.values(this.#lanes)) this.#forget(lane)
  }

  #encode(lane: Lane, packet: Reply | Publish): readonly Slice[] | undefined {
    this.#forget(lane)
    const body = encode(packet)
    if (lane.framing === 'websocket' && !this.#append(lane, webSocketHeader(body.length))) return undefined
    return this.#append(lane, body) ? lane.slices : undefined
  }

  #forget(lane: Lane): void {
    for (const { slab } of lane.slices) this.#pool.release(slab)
    lane.slices = []
    lane.message = undefined
  }

  #append(lane: Lane, bytes: Uint8Array): boolean {
    const pool = this.#pool
    for (let at = 0; at < bytes.length; ) {
      if (lane.slab < 0 || lane.used === pool.slabBytes) {
        const slab = pool.take()
        if (slab < 0) return false
        if (lane.slab >= 0) pool.release(lane.slab)
        lane.slab = slab
        lane.used = 0
      }
      const length = Math.min(bytes.length - at, pool.slabBytes - lane.used)
      pool.view(lane.slab, lane.used, length).set(bytes.subarray(at, at + length))
      addSlice(pool, lane.slices, lane.slab, lane.used, length)
      lane.used += length
      at += length
    }
    return true
  }
}

/** Adds a piece to a list and retains its slab; a piece that follows the last one makes that longer instead. */
export function addSlice(pool: Pool, slices: Slice[], slab: number, offset: number, length: number): void {
  const last = slices.at(-1)
  if (last && last.slab === slab && last.offset + last.length === offset) {
    last.length += length
    return
  }
  pool.retain(slab)
  slices.push({ slab, offset, length })
}

function lane(framing: Framing): Lane {
  return { framing, slab: -1, used: 0, message: undefined, retain: false, slices: [] }
}

/**
 * The header of an unmasked binary frame, RFC 6455 section 5.2; our packets are shorter than 65,536 bytes.
 *
 *     | FIN=1 opcode=2 | length < 126      |
 *     | FIN=1 opcode=2 | 126 | length (16) |
 */
function webSocketHeader(length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(0x82, length)
  return Uint8Array.of(0x82, 126, length >> 8, length & 0xff)
}
