/** What comes behind a request's head: as many bytes as it said, taken from the socket only as fast as they are asked for. */
import type { Socket } from 'node:net'
import { limits } from '../limits.ts'
import { Refusal } from './reply.ts'

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
