/** What waits to be written to one client: bounded, gathered, and written once per turn of the event loop. */
import { limits } from '../limits.ts'
import type { Pool } from '../memory/pool.ts'
import { OutgoingAliases } from '../mqtt/alias.ts'
import { type CloseReason, isHasty, type Outbox, type Posted, type Voice } from '../mqtt/outbox.ts'
import type { Message, PublishOptions, Reply } from '../mqtt/packet.ts'
import { addSlice, type Encoder, type Slice } from './encoder.ts'
import type { Link } from './link.ts'
import { encodedBytesMax, isLonger } from './publish.ts'

/** What all outboxes share. */
export interface Outlet {
  readonly pool: Pool
  readonly encoder: Encoder
  /** Asks for `flush` at the end of this turn. */
  flushLater(): void
  /** It fills in this turn, and will be emptied at its end: publishers are to rest until then. */
  crowded(): void
  /** There is room again after a PUBLISH was refused. */
  drained(): void
  /** Packets are wanted again, first of all those that came before it was held; false while some of them are left. */
  takeHeld(): boolean
}

/** Until CONNECT tells more. */
const unheard: Voice = { level: 4, packetBytesMax: Number.POSITIVE_INFINITY, topicAliasMax: 0 }

/** A list for all who have none: most clients are idle, and what is theirs alone is made when it is needed. */
const nothing: readonly Slice[] = []

/**
 * The outbox of a link. It never calls the broker back from within `reply`, `publish` or `close`: the broker walks its list of
 * matched sessions meanwhile. That there is room again, or that the connection must end, is told from `flush` and `written`.
 *
 *     encoder ─▶ gathered ──(end of the turn)──▶ the system, at once
 *                   │                              └─▶ writing: what it did not take
 *                   └──(while writing)──▶ backlog ──(when that is taken)──▶ the system
 *
 * Gathered slices share the encoder's slabs with other clients; writing and backlog stand close together in slabs of the
 * client's own, so that a client that does not read pins its own bound and nothing else.
 */
export class LinkOutbox implements Outbox {
  readonly #link: Link
  readonly #outlet: Outlet
  /** The encoder's own list while that is all, else `#extended`. */
  #gathered: readonly Slice[] = nothing
  #extended: Slice[] | undefined
  #writing: readonly Slice[] = nothing
  #backlog: Slice[] | undefined
  #bytes = 0
  /** Bytes of the PUBLISH that was refused, 0 when the pool was empty; -1 when none was. */
  #refusedBytes = -1
  #overflowed = false
  #closing: CloseReason | undefined
  #ended = false
  #writingSinceMs = -1
  #turnsWriting = 0
  #voice = unheard
  #aliases: OutgoingAliases | undefined
  #held = false
  #resting = false

  constructor(link: Link, outlet: Outlet) {
    this.#link = link
    this.#outlet = outlet
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether not even an acknowledgement fitted any more: the connection must end as too slow. */
  get overflowed(): boolean {
    return this.#overflowed
  }

  /** Whether no packets are wanted for now. */
  get held(): boolean {
    return this.#held || this.#resting
  }

  get peer(): string {
    return this.#link.peer
  }

  get isPaused(): boolean {
    return this.held || this.#bytes > limits.outboxBytesMax / 2
  }

  speak(voice: Voice): void {
    this.#voice = voice
    if (voice.topicAliasMax > 0) this.#aliases = new OutgoingAliases(voice.topicAliasMax)
  }

  hold(held: boolean): void {
    if (held === this.#held) return
    this.#held = held
    if (held) this.#link.pause()
    else this.#outlet.flushLater() // reading begins again there, and not while the broker is at work
  }

  /** Wants no more packets before the next turn. */
  rest(): void {
    this.#resting = true
    this.#link.pause()
    this.#outlet.flushLater()
  }

  reply(packet: Reply): void {
    if (this.#closing || this.#overflowed) return
    const slices = this.#outlet.encoder.reply(this.#link.framing, packet, this.#voice)
    const bytes = slices ? sumBytes(slices) : 0
    const bytesMax = limits.outboxBytesMax + limits.outboxRepliesBytesMax
    if (this.#bytes + bytes > bytesMax) this.#send() // a burst within a turn, as below
    const cannotBegin = packet.type === 'CONNACK' && bytes === 0 // longer than the client takes
    if (!slices || cannotBegin || this.#overflowed || this.#bytes + bytes > bytesMax) {
      this.#overflowed = true
      this.#outlet.flushLater()
      return
    }
    this.#gather(slices)
  }

  publish(message: Message, options: PublishOptions): Posted {
    if (this.#closing || this.#overflowed) return 'full'
    const { level, packetBytesMax } = this.#voice
    const bytesMax = Math.min(packetBytesMax, encodedBytesMax)
    let alias = this.#aliases?.of(message.topic) ?? 0
    if (alias < 0 && isLonger(bytesMax, message, options, level, alias)) alias = 0
    if (isLonger(bytesMax, message, options, level, alias)) return 'too-large' // [MQTT-3.1.2-24]
    const slices = this.#outlet.encoder.publish(this.#link.framing, level, message, options, alias)
    if (!slices) {
      this.#refusedBytes = 0 // told at the next flush that comes anyway: to ask for one would ask again and again
      return 'full'
    }
    const bytes = sumBytes(slices)
    if (!this.#fits(bytes)) this.#send() // a burst within a turn: the system may well take it
    if (this.#overflowed || !this.#fits(bytes)) {
      this.#refusedBytes = bytes
      this.#outlet.flushLater()
      return 'full'
    }
    this.#gather(slices)
    if (alias < 0) this.#aliases?.introduced(message.topic)
    return 'sent'
  }

  close(reason: CloseReason): void {
    this.#closing ??= reason
    this.#outlet.flushLater()
  }

  /** Writes what was gathered in one go, at the end of a turn. */
  flush(): void {
    if (this.#ended) return
    this.#resting = false
    if (this.#writing.length > 0) this.#turnsWriting++
    this.#send()
    this.#settle()
  }

  /** The system has taken what was being written. */
  written(): void {
    if (this.#ended) return
    this.#release(this.#writing)
    this.#writing = nothing
    this.#writingSinceMs = -1
    this.#turnsWriting = 0
    const backlog = this.#backlog
    this.#backlog = undefined
    if (backlog) this.#write(backlog)
    if (this.#closing) this.#send() // what was gathered since goes out too
    this.#settle()
  }

  /** Whether the system has taken nothing for too long. */
  isStuck(nowMs: number): boolean {
    if (this.#writing.length === 0) return false
    if (this.#writingSinceMs < 0) this.#writingSinceMs = nowMs
    return nowMs - this.#writingSinceMs > limits.drainMs
  }

  /** Ends the link without waiting for anything, and gives every slab back. */
  drop(): void {
    if (this.#ended) return
    this.#ended = true
    // Slabs that are given back may not be written from any more, so that what is under way is cut off.
    const reason = this.#writing.length > 0 ? 'too-slow' : (this.#closing ?? 'lost')
    this.#closing ??= reason
    for (const slices of [this.#gathered, this.#writing, this.#backlog ?? nothing]) this.#release(slices)
    this.#gathered = this.#writing = nothing
    this.#extended = this.#backlog = undefined
    this.#link.end(reason)
  }

  #gather(slices: readonly Slice[]): void {
    const { pool } = this.#outlet
    if (this.#gathered.length === 0) {
      for (const { slab } of slices) pool.retain(slab)
      this.#gathered = slices
    } else {
      this.#extended ??= this.#gathered.map(slice => ({ ...slice }))
      for (const { slab, offset, length } of slices) addSlice(pool, this.#extended, slab, offset, length)
      this.#gathered = this.#extended
    }
    this.#bytes += sumBytes(slices)
    if (this.#gathered.length > limits.outboxSlicesMax) this.#send()
    this.#outlet.flushLater()
    // Else a burst within a turn would be lost to one that is not slow at all.
    if (this.#link.takesOneWrite && this.#turnsWriting < 2 && this.#bytes > limits.outboxBytesMax / 2) this.#outlet.crowded()
  }

  #send(): void {
    const gathered = this.#gathered
    this.#gathered = nothing
    this.#extended = undefined
    if (this.#writing.length > 0) {
      this.#backlog ??= []
      if (!this.#copy(gathered, this.#backlog)) this.#overflowed = true
      this.#release(gathered, false)
      return
    }
    if (gathered.length === 1 || sumBytes(gathered) >= (gathered.length * this.#outlet.pool.slabBytes) / 2) {
      this.#write(gathered)
      return
    }
    const own: Slice[] = []
    const isCopied = this.#copy(gathered, own)
    this.#release(isCopied ? gathered : own, false)
    this.#write(isCopied ? own : gathered)
  }

  #write(slices: readonly Slice[]): void {
    if (slices.length === 0) return
    const taken = this.#link.write(this.#outlet.encoder.pieces(this.#link.framing, this.#voice.level, slices))
    if (taken) {
      this.#release(slices)
    } else {
      this.#writing = slices
      this.#link.pause() // until the turn ends at least: what comes within it would have to be answered
    }
  }

  /** After writing: ends what is to end, stops reading from a client that does not read, and tells when there is room again. */
  #settle(): void {
    if (this.#closing && (isHasty(this.#closing) || this.#writing.length === 0)) {
      this.drop()
      return
    }
    const half = limits.outboxBytesMax / 2
    if (this.#held || this.#bytes > half) this.#link.pause()
    else if (this.#outlet.takeHeld() && !this.held) this.#link.resume()
    if (this.#refusedBytes < 0 || this.#bytes > half || !this.#fits(this.#refusedBytes)) return
    this.#refusedBytes = -1
    this.#outlet.drained()
  }

  /** Whether a PUBLISH of so many bytes may wait with the rest; one always may. */
  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= limits.outboxBytesMax
  }

  /** Copies slices behind each other into slabs of our own, after those in `own`; false when the pool is empty. */
  #copy(slices: readonly Slice[], own: Slice[]): boolean {
    const pool = this.#outlet.pool
    for (const { slab, offset, length } of slices) {
      for (let at = 0; at < length; ) {
        let last = own.at(-1)
        if (!last || last.length === pool.slabBytes) {
          const taken = pool.take()
          if (taken < 0) return false
          last = { slab: taken, offset: 0, length: 0 }
          own.push(last)
        }
        const part = Math.min(length - at, pool.slabBytes - last.length)
        pool.copy(slab, offset + at, last.slab, last.length, part)
        last.length += part
        at += part
      }
    }
    return true
  }

  /** Gives slices back; `sent` tells whether their bytes are off our hands, or were only copied. */
  #release(slices: readonly Slice[], sent = true): void {
    for (const { slab, length } of slices) {
      this.#outlet.pool.release(slab)
      if (sent) this.#bytes -= length
    }
  }
}

function sumBytes(slices: readonly Slice[]): number {
  let bytes = 0
  for (const { length } of slices) bytes += length
  return bytes
}
