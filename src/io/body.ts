/** What comes behind a request's head: as many bytes as it said, taken from the socket only as fast as they are asked for. */
import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { Refusal } from './reply.ts'
import type { Request } from './request.ts'

/** How long a body will be, as its head says. @throws Refusal when it is not what is wanted */
export function announcedBytes({ headers }: Request, wanted: { readonly type: string; readonly bytesMax: number }): number {
  const { type, bytesMax } = wanted
  const length = headers.get('content-length')
  const expected = headers.get('expect')?.toLowerCase()
  if (headers.has('transfer-encoding') || length === undefined) throw new Refusal(411, 'say by Content-Length how long the body is')
  if (!/^\d{1,12}$/.test(length)) throw new Refusal(400, 'impossible Content-Length; allowed: a number of bytes', 'Content-Length')
  if (Number(length) > bytesMax) throw new Refusal(413, `the body is too long; allowed: ${bytesMax} bytes`)
  if (headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() !== type)
    throw new Refusal(415, `allowed: ${type}`, 'Content-Type')
  if (expected !== undefined && expected !== '100-continue') throw new Refusal(417, 'allowed: 100-continue', 'Expect')
  return Number(length)
}

/** How reading goes: somebody waits, or something does. */
type Phase =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'waiting'
      readonly resolve: (piece: Buffer | undefined) => void
      readonly reject: (error: unknown) => void
      readonly silence: NodeJS.Timeout
    }
  | { readonly kind: 'failed'; readonly error: Refusal }

/** A body; what comes behind it is of no interest. It is read once. */
export class Body implements AsyncIterable<Buffer> {
  readonly bytes: number
  readonly #socket: Pick<Socket, 'pause' | 'resume'>
  readonly #begin: () => void
  readonly #pieces: Buffer[] = []
  #missing: number
  #phase: Phase = { kind: 'idle' }

  /**
   * @param bytes its length as the head said it @param behind what came in one piece with the head
   * @param begin called when it is read, before anything is waited for
   */
  constructor(socket: Pick<Socket, 'pause' | 'resume'>, bytes: number, behind: Buffer, begin: () => void) {
    this.bytes = bytes
    this.#socket = socket
    this.#begin = begin
    this.#missing = bytes
    this.#socket.pause()
    this.received(behind)
  }

  received(chunk: Buffer): void {
    const piece = chunk.subarray(0, this.#missing)
    if (piece.length === 0) return
    this.#missing -= piece.length
    this.#socket.pause()
    if (this.#phase.kind !== 'waiting') {
      this.#pieces.push(piece)
      return
    }
    const { resolve, silence } = this.#phase
    clearTimeout(silence)
    this.#phase = { kind: 'idle' }
    resolve(piece)
  }

  /** No more will come. */
  fail(status: number, why: string): void {
    if (this.#missing === 0) return
    const error = new Refusal(status, `${why}; ${this.bytes - this.#missing} of ${this.bytes} bytes came`)
    if (this.#phase.kind === 'waiting') {
      clearTimeout(this.#phase.silence)
      this.#phase.reject(error)
    }
    this.#phase = { kind: 'failed', error }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    if (this.#missing > 0) this.#begin()
    for (let piece = await this.#next(); piece; piece = await this.#next()) yield piece
  }

  #next(): Promise<Buffer | undefined> {
    const piece = this.#pieces.shift()
    if (piece || this.#missing === 0) return Promise.resolve(piece)
    if (this.#phase.kind === 'failed') return Promise.reject(this.#phase.error)
    return new Promise((resolve, reject) => {
      const silence = setTimeout(() => this.fail(408, 'nothing came for long'), limits.drainMs)
      this.#phase = { kind: 'waiting', resolve, reject, silence }
      this.#socket.resume()
    })
  }
}
