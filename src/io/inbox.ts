/** Cuts a client's bytes into packets, whatever pieces they come in; what has come of a packet waits in the pool's slabs. */
import { limits } from '../limits.ts'
import type { Pool } from '../memory/pool.ts'
import type { WireFault } from './fault.ts'
import { type Header, readHeader } from './wire.ts'

/** What became of a chunk: all taken, held from some packet on, nothing wanted any more, or why the connection cannot go on. */
export type Taken = 'taken' | 'held' | 'ended' | 'pool-empty' | WireFault

/** Takes one whole packet, and tells whether it wants more, none for now, or none any more since the connection has ended. */
export type TakePacket = (packet: Buffer, bodyAt: number) => 'more' | 'held' | 'ended'

// A packet that came in several slabs is put together here; it is good until the next one.
const scratch = Buffer.allocUnsafeSlow(limits.scratchBytes)

/** Room for a whole read that nobody has: who is held again and again would make garbage of 64 KiB each time. */
let spare: Buffer | undefined

/** One connection's packets under way. A promised length takes no memory: only bytes that came do. */
export class Inbox {
  readonly #pool: Pool
  #slabs: number[] = []
  #gatheredBytes = 0
  /** What came since the taker had enough for now, if it has: a copy, for a chunk is good during its call only. */
  #held: Buffer | undefined
  #heldFrom = 0
  #heldTo = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /**
   * Takes a chunk and hands on each whole packet, as a view that is good during the call. When the taker has had enough for now, what
   * is left is held, and so is all that comes before `release`: one read at most. TLS may have read somewhat more; then packets are
   * handed on all the same.
   */
  push(chunk: Buffer, take: TakePacket): Taken {
    while (this.#held) {
      if (this.#hold(chunk)) return 'held'
      const taken = this.release(take)
      if (taken !== 'held' && taken !== 'taken') return taken
    }
    const taken = this.#cut(chunk, take)
    if (typeof taken !== 'number') return taken
    return this.#hold(chunk.subarray(taken)) ? 'held' : 'pool-empty'
  }

  /** Hands on what is held, once the taker wants more. */
  release(take: TakePacket): Taken {
    const held = this.#held
    if (!held) return 'taken'
    const taken = this.#cut(held.subarray(this.#heldFrom, this.#heldTo), take)
    if (typeof taken === 'number') {
      this.#heldFrom += taken
      return 'held'
    }
    this.#forgetHeld()
    return taken
  }

  /** Forgets what waits, and gives the slabs back. */
  clear(): void {
    this.#clearSlabs()
    this.#forgetHeld()
  }

  /** Cuts a chunk into packets; answers where the taker had enough for now, if it had. */
  #cut(chunk: Buffer, take: TakePacket): number | Exclude<Taken, 'held'> {
    let at = 0
    for (;;) {
      const header = this.#gatheredBytes === 0 ? readHeader(chunk, at) : this.#gatheredHeader()
      if (typeof header === 'string') return header
      let answer: ReturnType<TakePacket> = 'more'
      if (this.#gatheredBytes > 0 && header?.packetBytes === this.#gatheredBytes) {
        const packet = this.#join()
        this.#clearSlabs()
        answer = take(packet, header.bodyAt)
      } else if (at === chunk.length) {
        return 'taken'
      } else if (this.#gatheredBytes === 0 && header && at + header.packetBytes <= chunk.length) {
        const isAll = header.packetBytes === chunk.length // as it mostly is: no view of a view then
        const packet = isAll ? chunk : chunk.subarray(at, at + header.packetBytes)
        at += header.packetBytes
        answer = take(packet, header.bodyAt)
      } else {
        const wanted = header ? header.packetBytes - this.#gatheredBytes : 1
        const end = Math.min(chunk.length, at + wanted)
        if (!this.#gather(chunk, at, end)) return 'pool-empty'
        at = end
      }
      if (answer === 'held') return at
      if (answer === 'ended') return 'ended'
    }
  }

  #gatheredHeader(): Header | WireFault | undefined {
    return readHeader(this.#pool.view(this.#slabs[0] ?? 0, 0, Math.min(this.#gatheredBytes, 5)), 0)
  }

  #gather(chunk: Buffer, from: number, to: number): boolean {
    let at = from
    while (at < to) {
      const offset = this.#gatheredBytes % this.#pool.slabBytes
      if (offset === 0) {
        const slab = this.#pool.take()
        if (slab < 0) return false
        this.#slabs.push(slab)
      }
      const length = Math.min(to - at, this.#pool.slabBytes - offset)
      this.#pool.view(this.#slabs.at(-1) ?? 0, offset, length).set(chunk.subarray(at, at + length))
      at += length
      this.#gatheredBytes += length
    }
    return true
  }

  #join(): Buffer {
    let at = 0
    for (const slab of this.#slabs) {
      const length = Math.min(this.#gatheredBytes - at, this.#pool.slabBytes)
      scratch.set(this.#pool.view(slab, 0, length), at)
      at += length
    }
    return scratch.subarray(0, at)
  }

  #clearSlabs(): void {
    for (const slab of this.#slabs) this.#pool.release(slab)
    this.#slabs = []
    this.#gatheredBytes = 0
  }

  #forgetHeld(): void {
    if (this.#held?.length === limits.readBytesMax) spare = this.#held
    this.#held = undefined
    this.#heldFrom = this.#heldTo = 0
  }

  /** Holds bytes behind those that are held: at most one read. */
  #hold(bytes: Buffer): boolean {
    const heldBytes = this.#heldTo - this.#heldFrom
    const total = heldBytes + bytes.length
    if (total > limits.readBytesMax) return false
    const held = this.#held
    if (!held || this.#heldTo + bytes.length > held.length) {
      this.#held = held && total <= held.length ? held : roomFor(Math.max(total, 2 * heldBytes))
      held?.copy(this.#held, 0, this.#heldFrom, this.#heldTo)
      this.#heldFrom = 0
      this.#heldTo = heldBytes
    }
    this.#heldTo += bytes.copy(this.#held as Buffer, this.#heldTo)
    return true
  }
}

function roomFor(bytes: number): Buffer {
  if (bytes <= limits.readBytesMax / 4) return Buffer.allocUnsafeSlow(bytes)
  const room = spare ?? Buffer.allocUnsafeSlow(limits.readBytesMax)
  spare = undefined
  return room
}
