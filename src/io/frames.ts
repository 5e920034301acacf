/** Reads a client's WebSocket frames (RFC 6455 section 5.2) as their bytes come; nothing is kept but a piece of a header or of a control frame. */
import { isUtf8 } from 'node:buffer'
import { limits } from '../limits.ts'

/** Close codes for what a client does wrong, RFC 6455 section 7.4.1: the rules broken, text, text that is none, a message too long. */
export type FrameFault = 1002 | 1003 | 1007 | 1009

/** What is read is handed to. Nothing may follow a fault or a close. */
export interface FrameOwner {
  /** A piece of a binary message, unmasked. */
  payload(piece: Buffer): void
  pinged(payload: Buffer): void
  ended(payload: Buffer): void
  violated(fault: FrameFault): void
}

const [continuation, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10]

/**
 * The frames of one connection. MQTT's packets may stand in them in any pieces, so payload is handed on as it comes: a
 * message that is put together first would keep memory for whoever never finishes it, and each fragment the whole chunk in
 * which it came.
 *
 *     | fin rsv opcode | mask=1 length 0–125 | 126: 16 bits, 127: 64 bits | masking key (32) | payload …
 */
export class FrameReader {
  /** The beginning of a header or of a control frame. */
  #begun: Uint8Array | undefined
  /** What is to come of the data frame under way, its key, and how far the key is turned. */
  #left = 0
  #key = 0
  /** Bytes and frames of the message under way; 0 frames between messages. */
  #messageBytes = 0
  #messageFrames = 0
  #isLast = true

  /** Reads a chunk; its bytes are unmasked where they are. */
  push(chunk: Buffer, owner: FrameOwner): void {
    const bytes = this.#begun ? Buffer.concat([this.#begun, chunk]) : chunk
    this.#begun = undefined
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const piece = this.#unmask(bytes.subarray(at, at + this.#left))
        at += piece.length
        this.#left -= piece.length
        if (this.#left === 0 && this.#isLast) this.#messageFrames = 0
        owner.payload(piece)
        continue
      }
      const taken = this.#begin(bytes, at, owner)
      if (taken < 0) return
      if (taken === 0) {
        this.#begun = Uint8Array.from(bytes.subarray(at)) // a copy: the chunk is good during the call only
        return
      }
      at += taken
    }
  }

  /** Reads a header, and all of a control frame: answers their bytes, 0 when they have not all come, -1 when nothing may follow. */
  #begin(bytes: Buffer, at: number, owner: FrameOwner): number {
    if (bytes.length < at + 2) return 0
    const first = bytes.readUInt8(at)
    const second = bytes.readUInt8(at + 1)
    const opcode = first & 0x0f
    const short = second & 0x7f
    const isControl = opcode >= close
    // Paho's client for Python answers a ping without a mask. Nothing is in it, and to lose the client at each ping would be worse.
    if (first === 0x8a && second === 0) return 2
    const fault = this.#faultOf(first, second)
    if (fault) {
      owner.violated(fault)
      return -1
    }
    const headBytes = 6 + (short === 126 ? 2 : short === 127 ? 8 : 0)
    const wanted = isControl ? headBytes + short : headBytes
    if (bytes.length < at + wanted) return 0
    this.#key = bytes.readInt32BE(at + headBytes - 4)
    if (isControl) return this.#control(opcode, this.#unmask(bytes.subarray(at + headBytes, at + wanted)), owner) ? wanted : -1
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short
    this.#messageBytes = length + (opcode === continuation ? this.#messageBytes : 0)
    this.#messageFrames++
    if (this.#messageBytes > limits.webSocketMessageBytesMax || this.#messageFrames > limits.webSocketFragmentsMax) {
      owner.violated(1009)
      return -1
    }
    this.#left = length
    this.#isLast = (first & 0x80) !== 0
    if (length === 0 && this.#isLast) this.#messageFrames = 0
    return wanted
  }

  #faultOf(first: number, second: number): FrameFault | undefined {
    const opcode = first & 0x0f
    if ((first & 0x70) !== 0 || (second & 0x80) === 0) return 1002
    if (opcode >= close) return opcode > pong || (first & 0x80) === 0 || (second & 0x7f) > 125 ? 1002 : undefined
    if (opcode === continuation) return this.#messageFrames === 0 ? 1002 : undefined
    if (opcode > binary || this.#messageFrames > 0) return 1002
    return opcode === text ? 1003 : undefined // [MQTT-6.0.0-1]
  }

  /** False when nothing may follow. */
  #control(opcode: number, payload: Buffer, owner: FrameOwner): boolean {
    if (opcode === ping) owner.pinged(payload)
    if (opcode !== close) return true
    const fault = closeFault(payload)
    if (fault) owner.violated(fault)
    else owner.ended(payload)
    return false
  }

  /** Takes the mask off, where the bytes are, and turns the key so that it fits what follows. */
  #unmask(bytes: Buffer): Buffer {
    const key = this.#key
    for (let index = 0; index < bytes.length; index++) bytes[index] = (bytes[index] as number) ^ (key >>> (24 - 8 * (index & 3)))
    const turned = 8 * (bytes.length & 3)
    if (turned > 0) this.#key = (key << turned) | (key >>> (32 - turned))
    return bytes
  }
}

/** What is wrong with the code and the reason of a close frame, RFC 6455 sections 5.5.1 and 7.4. */
function closeFault(payload: Buffer): FrameFault | undefined {
  if (payload.length === 0) return undefined
  if (payload.length === 1) return 1002
  const code = payload.readUInt16BE(0)
  const isKnown = (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)
  if (!isKnown) return 1002
  return isUtf8(payload.subarray(2)) ? undefined : 1007
}
