/** The wire between the meter and the port: no checksum protects what goes over it, and some of it is spoilt. */
import type { FaultPlan } from './plan.ts'
import type { Random } from './random.ts'

export type WireFault = 'bits-flipped' | 'cut-short' | 'bytes-missing' | 'garbage' | 'hang-up'

/** What arrives in place of a message. */
export interface Spoilt {
  readonly bytes: Uint8Array
  readonly fault: WireFault | undefined
}

/** The stray byte that comes before the first live message after a dump. */
const strayByte = 0xfc

const carriageReturn = 0x0d
const lineFeed = 0x0a
const lessThan = 0x3c
const greaterThan = 0x3e
const garbageBytesMax = 200

/** The bytes of a message, as the meter sends them; `stray` puts the stray byte first. */
export function lineOf(text: string, stray: boolean): Uint8Array {
  const from = stray ? 1 : 0
  const bytes = new Uint8Array(from + text.length + 2)
  if (stray) bytes[0] = strayByte
  for (let index = 0; index < text.length; index += 1) bytes[from + index] = text.charCodeAt(index)
  bytes[from + text.length] = carriageReturn
  bytes[from + text.length + 1] = lineFeed
  return bytes
}

/** Sends a line over the wire; at most one fault befalls it. */
export function carry(line: Uint8Array, plan: FaultPlan, random: Random): Spoilt {
  let lot = random.next()
  for (const [fault, chance] of chances(plan)) {
    if (lot < chance) return { bytes: spoil[fault](line, random), fault }
    lot -= chance
  }
  return { bytes: line, fault: undefined }
}

function chances(plan: FaultPlan): readonly (readonly [WireFault, number])[] {
  return [
    ['bits-flipped', plan.bitsFlipped ?? 0],
    ['cut-short', plan.cutShort ?? 0],
    ['bytes-missing', plan.bytesMissing ?? 0],
    ['garbage', plan.garbage ?? 0],
    ['hang-up', plan.hangUp ?? 0]
  ]
}

const spoil: Readonly<Record<WireFault, (line: Uint8Array, random: Random) => Uint8Array>> = {
  /** One to three bits, mostly among the upper four of their byte. */
  'bits-flipped'(line, random) {
    const bytes = line.slice()
    const view = new DataView(bytes.buffer)
    for (let flips = random.whole(1, 3); flips > 0; flips -= 1) {
      const at = random.whole(0, bytes.length - 1)
      const bit = random.chance(0.85) ? random.whole(4, 7) : random.whole(0, 3)
      view.setUint8(at, view.getUint8(at) ^ (1 << bit))
    }
    return bytes
  },

  /** The end never comes: at least the last byte of `</msg>` is gone. */
  'cut-short': (line, random) => line.slice(0, random.whole(1, line.length - 3)),

  /**
   * A run of bytes from the middle that takes one `<` with it and no `>`. Any run might be lost, but one that leaves a well-formed
   * message behind is beyond every reader, and would only hide here what a reader does wrong.
   */
  'bytes-missing'(line, random) {
    const tag = line.lastIndexOf(lessThan, random.whole(line.indexOf(lessThan), line.length - 1))
    const from = random.whole(line.lastIndexOf(greaterThan, tag) + 1, tag)
    const to = random.whole(tag + 1, line.indexOf(greaterThan, tag))
    const bytes = new Uint8Array(line.length - (to - from))
    bytes.set(line.subarray(0, from))
    bytes.set(line.subarray(to), from)
    return bytes
  },

  /** Bytes of no sense before the message, which itself is whole. No `<` is among them, so that they begin no message. */
  garbage(line, random) {
    const count = random.whole(1, garbageBytesMax)
    const bytes = new Uint8Array(count + line.length)
    for (let index = 0; index < count; index += 1) {
      const byte = random.whole(0x21, 0xff)
      bytes[index] = byte === lessThan ? strayByte : byte
    }
    bytes.set(line, count)
    return bytes
  },

  /** The port goes away somewhere in the message. */
  'hang-up': (line, random) => line.slice(0, random.whole(1, line.length))
}
