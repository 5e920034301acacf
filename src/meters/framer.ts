/** Cuts a byte stream of any chopping into frames, each one `<msg>…</msg>`, in one fixed buffer that never grows. */

import { limits } from '../limits.ts'
import type { FrameFault } from './fault.ts'

/** Takes what the framer finds, in the order of the wire. */
export interface FrameSink {
  /** A whole frame with both its markers; the bytes are a view into the framer's buffer, valid only during this call. */
  frame(bytes: Uint8Array): void
  fault(fault: FrameFault): void
}

const startMarker = asciiBytes('<msg>')
const endMarker = asciiBytes('</msg>')

/**
 * Frames by markers and never by lines (spec: Framing).
 *
 *             <msg>                    buffer full
 *   outside ────────▶ inside (⟲ <msg>) ───────────▶ overlong
 *      ▲    ◀──────── frame                            │
 *      └───────────────── </msg> ──────────────────────┘    and overlong ── <msg> ──▶ inside
 */
export class Framer {
  readonly #buffer = new Uint8Array(limits.frameBytesMax)
  #phase: 'outside' | 'inside' | 'overlong' = 'outside'
  /** Bytes of the buffer that belong to the message being collected. */
  #length = 0
  /** Bytes outside of messages that have not been told yet. */
  #strayBytes = 0
  /** How much of each marker the latest bytes spell. */
  #startMatched = 0
  #endMatched = 0

  constructor() {
    this.#buffer.set(startMarker)
  }

  /** Takes the next bytes and tells the sink of every frame and fault that they complete. */
  feed(chunk: Uint8Array, sink: FrameSink): void {
    for (const byte of chunk) this.#step(byte, sink)
  }

  /** Forgets all unfinished business, for a port that was reopened. */
  reset(): void {
    this.#phase = 'outside'
    this.#strayBytes = 0
    this.#startMatched = 0
    this.#endMatched = 0
  }

  #step(byte: number, sink: FrameSink): void {
    this.#startMatched = advance(startMarker, this.#startMatched, byte)
    this.#endMatched = advance(endMarker, this.#endMatched, byte)
    if (this.#startMatched === startMarker.length) this.#begin(sink)
    else if (this.#phase === 'outside') this.#countStray(byte, sink)
    else {
      if (this.#phase === 'inside') this.#keep(byte, sink)
      if (this.#endMatched === endMarker.length) this.#end(sink)
    }
  }

  /** The first bytes of this marker were taken for something else until its last one came: they are given back here. */
  #begin(sink: FrameSink): void {
    const interrupted = this.#phase
    this.#phase = 'inside'
    const bytes = this.#length - (startMarker.length - 1)
    this.#length = startMarker.length
    if (interrupted === 'inside') sink.fault({ kind: 'message-cut-short', bytes })
    else if (interrupted === 'outside') {
      this.#strayBytes -= startMarker.length - 1
      this.#tellStray(sink)
    }
  }

  #keep(byte: number, sink: FrameSink): void {
    if (this.#length < this.#buffer.length) {
      this.#buffer[this.#length] = byte
      this.#length += 1
    } else {
      this.#phase = 'overlong'
      sink.fault({ kind: 'message-too-long', bytes: this.#length })
    }
  }

  #end(sink: FrameSink): void {
    const ended = this.#phase
    this.#phase = 'outside'
    if (ended === 'inside') sink.frame(this.#buffer.subarray(0, this.#length))
  }

  /** A run of stray bytes is told once, when it ends; an endless one, as at a wrong line speed, each time it would fill the buffer. */
  #countStray(byte: number, sink: FrameSink): void {
    if (!isWhitespace(byte)) this.#strayBytes += 1
    if (this.#strayBytes >= limits.frameBytesMax && this.#startMatched === 0) this.#tellStray(sink)
  }

  #tellStray(sink: FrameSink): void {
    const bytes = this.#strayBytes
    this.#strayBytes = 0
    if (bytes > 0) sink.fault({ kind: 'bytes-outside-message', bytes })
  }
}

/** Bytes of the marker that are matched after one more; `<` stands only first in a marker, so a mismatch falls back to 1 or 0. */
function advance(marker: Uint8Array, matched: number, byte: number): number {
  if (byte === marker[matched]) return matched + 1
  return byte === marker[0] ? 1 : 0
}

/** Space, tab, line feed, carriage return. */
function isWhitespace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}
