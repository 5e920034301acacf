/** Encodes packets into the pool's slabs: once for each framing and version, shared by everybody who gets the same bytes. */
import type { Pool } from '../memory/pool.ts'
import type { Voice } from '../mqtt/outbox.ts'
import type { Message, ProtocolLevel, PublishOptions, Reply } from '../mqtt/packet.ts'
import type { Framing } from './link.ts'
import { publishBytes, writePublish } from './publish.ts'
import { encode, scratch } from './wire.ts'

/** A piece of encoded bytes in a slab. */
export interface Slice {
  readonly slab: number
  readonly offset: number
  length: number
}

/** A QoS 0 encoding, what it was made with, and its bytes, which hold their slabs. */
interface Shared extends Pick<PublishOptions, 'retain' | 'subscriptionIds' | 'expirySeconds'> {
  readonly alias: number
  readonly slices: Slice[]
}

/** The end of a byte run in slabs: encodings stand one behind the other, so that a client that gets all of them gets one piece. */
interface Lane {
  readonly framing: Framing
  readonly isFive: boolean
  slab: number
  used: number
  /** The last QoS 0 message encoded, by identity, and its encodings: the latest few, since subscribers differ in few ways. */
  message: Message | undefined
  readonly shared: Shared[]
  /** What was encoded for one client alone. */
  own: readonly Slice[]
  /** The bytes that were last asked for: many clients write the same. */
  pieces: readonly Buffer[]
}

const sharedMax = 4
const noSlices: readonly Slice[] = []
/** A PUBLISH up to this share of a slab is not cut at its end: each client would have two pieces to write, or to copy. */
const uncutShare = 16
const frameHeader = Buffer.alloc(4)

/** Encodings in slabs. The slices that it returns stay as they are; their slabs are held until the next call, so who keeps one retains its slab. */
export class Encoder {
  readonly #pool: Pool
  readonly #bytes: Buffer
  readonly #lanes: Readonly<Record<Framing, readonly [old: Lane, five: Lane]>> = {
    bare: [lane('bare', false), lane('bare', true)],
    websocket: [lane('websocket', false), lane('websocket', true)]
  }

  constructor(pool: Pool) {
    this.#pool = pool
    this.#bytes = Buffer.from(pool.buffer)
  }

  /** Encodes what answers one client, which may be nothing at all; `undefined` when the pool is empty. */
  reply(framing: Framing, packet: Reply, voice: Pick<Voice, 'level' | 'packetBytesMax'>): readonly Slice[] | undefined {
    const lane = this.#laneOf(framing, voice.level)
    this.#forgetOwn(lane)
    const body = encode(packet, voice)
    if (body.length === 0) return noSlices
    const bytes = frameHeaderBytes(framing, body.length) + body.length
    if (!this.#fits(lane, bytes)) {
      const headerBytes = writeFrameHeader(framing, frameHeader, 0, body.length)
      return this.#own(lane, this.#cut(lane, frameHeader.subarray(0, headerBytes), body))
    }
    body.copy(this.#bytes, writeFrameHeader(framing, this.#bytes, this.#endOf(lane), body.length))
    return this.#own(lane, this.#append(lane, bytes))
  }

  /** Encodes a PUBLISH, which must not be longer than `encodedBytesMax`; at QoS 0 the encoding is shared as long as the same is asked for. */
  publish(framing: Framing, level: ProtocolLevel, message: Message, options: PublishOptions, alias: number): readonly Slice[] | undefined {
    const lane = this.#laneOf(framing, level)
    if (options.qos > 0) {
      this.#forgetOwn(lane)
      return this.#own(lane, this.#encode(lane, message, options, alias))
    }
    if (lane.message === message) {
      for (const shared of lane.shared) if (isLike(lane, shared, options, alias)) return shared.slices
      if (lane.shared.length === sharedMax) this.#release((lane.shared.shift() as Shared).slices)
    } else {
      this.#forget(lane)
    }
    const slices = this.#encode(lane, message, options, alias)
    if (!slices) return undefined
    lane.message = message
    const { retain, subscriptionIds, expirySeconds } = options
    lane.shared.push({ retain, subscriptionIds, expirySeconds, alias, slices })
    return slices
  }

  /** The bytes of slices that were encoded so; they are made once for all who write the same one after the other. */
  pieces(framing: Framing, level: ProtocolLevel, slices: readonly Slice[]): readonly Buffer[] {
    const slice = slices[0]
    if (slice === undefined || slices.length > 1) return this.#manyPieces(slices)
    const lane = this.#laneOf(framing, level)
    const last = lane.pieces[0]
    if (last?.byteOffset !== this.#placeOf(slice) || last.length !== slice.length) lane.pieces = [this.#bytesOf(slice)]
    return lane.pieces
  }

  /** Forgets the shared encodings, at the end of a turn: a message's bytes may change after it. */
  endTurn(): void {
    for (const lanes of Object.values(this.#lanes)) for (const lane of lanes) this.#forget(lane)
  }

  #laneOf(framing: Framing, level: ProtocolLevel): Lane {
    return this.#lanes[framing][level === 5 ? 1 : 0]
  }

  #encode(lane: Lane, message: Message, options: PublishOptions, alias: number): Slice[] | undefined {
    const level = lane.isFive ? 5 : 4
    const body = publishBytes(message, options, level, alias)
    const bytes = frameHeaderBytes(lane.framing, body) + body
    const fits = this.#fits(lane, bytes)
    const target = fits ? this.#bytes : scratch
    const at = fits ? this.#endOf(lane) : 0
    writePublish(target, writeFrameHeader(lane.framing, target, at, body), message, options, level, alias)
    return fits ? this.#append(lane, bytes) : this.#cut(lane, scratch.subarray(0, bytes))
  }

  /** Remembers what is one client's alone, so that it can be forgotten. */
  #own(lane: Lane, slices: Slice[] | undefined): readonly Slice[] | undefined {
    if (slices) lane.own = slices
    return slices
  }

  #forget(lane: Lane): void {
    this.#forgetOwn(lane)
    for (const { slices } of lane.shared) this.#release(slices)
    lane.shared.length = 0
    lane.message = undefined
  }

  #forgetOwn(lane: Lane): void {
    this.#release(lane.own)
    lane.own = noSlices
  }

  #release(slices: readonly Slice[]): void {
    for (const { slab } of slices) this.#pool.release(slab)
  }

  #manyPieces(slices: readonly Slice[]): readonly Buffer[] {
    return slices.map(slice => this.#bytesOf(slice)) // not in `pieces`: a function that makes a closure makes a context each time
  }

  #bytesOf(slice: Slice): Buffer {
    const at = this.#placeOf(slice)
    return this.#bytes.subarray(at, at + slice.length)
  }

  #placeOf({ slab, offset }: Slice): number {
    return slab * this.#pool.slabBytes + offset
  }

  /** Goes on in another slab; false when the pool is empty. */
  #turn(lane: Lane): boolean {
    const slab = this.#pool.take()
    if (slab < 0) return false
    if (lane.slab >= 0) this.#pool.release(lane.slab)
    lane.slab = slab
    lane.used = 0
    return true
  }

  /** Whether so many bytes find room in one piece at the lane's end; a few are not cut, but have another slab. */
  #fits(lane: Lane, bytes: number): boolean {
    const { slabBytes } = this.#pool
    if (lane.slab >= 0 && bytes <= slabBytes - lane.used) return true
    return bytes <= slabBytes / uncutShare && this.#turn(lane)
  }

  #endOf({ slab, used }: Lane): number {
    return slab * this.#pool.slabBytes + used
  }

  /** What was written at the lane's end; a list of one, since one that is empty has room for many when it grows. */
  #append(lane: Lane, length: number): Slice[] {
    const { slab, used: offset } = lane
    this.#pool.retain(slab)
    lane.used += length
    return [{ slab, offset, length }]
  }

  /** Copies bytes to the lane's end, and on into other slabs; `undefined` when the pool is empty. */
  #cut(lane: Lane, ...parts: readonly Buffer[]): Slice[] | undefined {
    const pool = this.#pool
    const slices: Slice[] = []
    for (const bytes of parts) {
      for (let at = 0; at < bytes.length; ) {
        if ((lane.slab < 0 || lane.used === pool.slabBytes) && !this.#turn(lane)) {
          this.#release(slices)
          return undefined
        }
        const length = Math.min(bytes.length - at, pool.slabBytes - lane.used)
        bytes.copy(this.#bytes, this.#endOf(lane), at, at + length)
        addSlice(pool, slices, lane.slab, lane.used, length)
        lane.used += length
        at += length
      }
    }
    return slices
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

function lane(framing: Framing, isFive: boolean): Lane {
  return { framing, isFive, slab: -1, used: 0, message: undefined, shared: [], own: noSlices, pieces: [] }
}

/** Whether a QoS 0 encoding is what would be made again; before MQTT 5.0 only RETAIN is told. */
function isLike(lane: Lane, made: Shared, wanted: PublishOptions, alias: number): boolean {
  if (made.retain !== wanted.retain) return false
  if (!lane.isFive) return true
  if (made.alias !== alias || made.expirySeconds !== wanted.expirySeconds) return false
  const [ids, wantedIds] = [made.subscriptionIds, wanted.subscriptionIds]
  return ids === wantedIds || (ids.length === wantedIds.length && ids.every((id, index) => id === wantedIds[index]))
}

/**
 * The header of an unmasked binary frame, RFC 6455 section 5.2; our packets are shorter than 65,536 bytes.
 *
 *     | FIN=1 opcode=2 | length < 126      |
 *     | FIN=1 opcode=2 | 126 | length (16) |
 */
function writeFrameHeader(framing: Framing, target: Buffer, from: number, length: number): number {
  if (framing === 'bare') return from
  target[from] = 0x82
  target[from + 1] = Math.min(length, 126)
  return length < 126 ? from + 2 : target.writeUInt16BE(length, from + 2)
}

function frameHeaderBytes(framing: Framing, length: number): number {
  if (framing === 'bare') return 0
  return length < 126 ? 2 : 4
}
