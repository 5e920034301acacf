/** Cuts a client's bytes into packets, whatever pieces they come in; what has come of a packet waits in the pool's slabs. */
import { limits } from '../limits.ts'
import type { Pool } from '../memory/pool.ts'
import type { WireFault } from './strict.ts'
import { type Header, readHeader } from './wire.ts'

/** What became of a chunk: all taken, or why the connection cannot go on. */
export type Taken = 'taken' | 'stopped' | 'pool-empty' | WireFault

/** Takes one whole packet; false when the connection has ended and no more is wanted. */
export type TakePacket = (packet: Buffer, bodyAt: number) => boolean

// A packet that came in several slabs is put together here; it is good until the next one.
const scratch = Buffer.allocUnsafeSlow(limits.packetBytesMax)

/** One connection's packets under way. A promised length takes no memory: only bytes that came do. */
export class Inbox {
  readonly #pool: Pool
  #slabs: number[] = []
  #held = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Takes a chunk and hands on each whole packet, as a view that is good during the call. */
  push(chunk: Buffer, take: TakePacket): Taken {
    let at = 0
    for (;;) {
      const header = this.#held === 0 ? readHeader(chunk, at) : this.#heldHeader()
      if (typeof header === 'string') return header
      if (this.#held > 0 && header?.packetBytes === this.#held) {
        const packet = this.#gather()
        this.clear()
        if (!take(packet, header.bodyAt)) return 'stopped'
      } else if (at === chunk.length) {
        return 'taken'
      } else if (this.#held === 0 && header && at + header.packetBytes <= chunk.length) {
        if (!take(chunk.subarray(at, at + header.packetBytes), header.bodyAt)) return 'stopped'
        at += header.packetBytes
      } else {
        const wanted = header ? header.packetBytes - this.#held : 1
        const end = Math.min(chunk.length, at + wanted)
        if (!this.#hold(chunk, at, end)) return 'pool-empty'
        at = end
      }
    }
  }

  /** Gives the slabs back. */
  clear(): void {
    for (const slab of this.#slabs) this.#pool.release(slab)
    this.#slabs = []
    this.#held = 0
  }

  #heldHeader(): Header | WireFault | undefined {
    return readHeader(this.#pool.view(this.#slabs[0] ?? 0, 0, Math.min(this.#held, 5)), 0)
  }

  #hold(chunk: Buffer, from: number, to: number): boolean {
    let at = from
    while (at < to) {
      const offset = this.#held % this.#pool.slabBytes
      if (offset === 0) {
        const slab = this.#pool.take()
        if (slab < 0) return false
        this.#slabs.push(slab)
      }
      const length = Math.min(to - at, this.#pool.slabBytes - offset)
      this.#pool.view(this.#slabs.at(-1) ?? 0, offset, length).set(chunk.subarray(at, at + length))
      at += length
      this.#held += length
    }
    return true
  }

  #gather(): Buffer {
    let at = 0
    for (const slab of this.#slabs) {
      const length = Math.min(this.#held - at, this.#pool.slabBytes)
      scratch.set(this.#pool.view(slab, 0, length), at)
      at += length
    }
    return scratch.subarray(0, at)
  }
}
