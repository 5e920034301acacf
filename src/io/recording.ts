/** Recordings: what a meter said, byte for byte with its times, in a text file that one can read and mail; `replay.ts` plays them. */
import { open } from 'node:fs/promises'
import { limits } from '../limits.ts'
import { whyUnwritable } from './named-file.ts'

/** What is told of a recording in its first line. */
export interface RecordingHeader {
  readonly startMs: number
  readonly source: string
  readonly baud: number | undefined
}

/** Some bytes, and when they came, in ms since 1970. */
export interface RecordedChunk {
  readonly atMs: number
  readonly bytes: Buffer
}

const mark = 'wattslug-recording'
const version = '1'
const headerShape = /^wattslug-recording (\d+) (\S+) (\S+) (\d{1,7}|-)$/
const lineShape = /^(-?\d{1,15}) (.*)$/

/** The first line: `wattslug-recording 1 2026-03-08T07:00:00.000Z /dev/ttyUSB0 57600`, with `-` for no line speed. */
export function headerLine({ startMs, source, baud }: RecordingHeader): string {
  const name = escapeBytes(Buffer.from(source)).replaceAll(' ', '\\x20')
  return `${mark} ${version} ${new Date(startMs).toISOString()} ${name} ${baud ?? '-'}\n`
}

/** Reads the first line; otherwise tells in words what is wrong. */
export function readHeader(line: string): RecordingHeader | string {
  const [, made, iso = '', source = '', baud = ''] = headerShape.exec(line) ?? []
  if (made === undefined) return `is no recording: it should begin with "${mark} ${version} ..."`
  if (made !== version) return `is a recording of another version, ${made}: this program reads version ${version}`
  const startMs = Date.parse(iso)
  const name = unescapeBytes(source)
  if (Number.isNaN(startMs) || name === undefined) return 'cannot be read: its time or the name of its source is damaged'
  return { startMs, source: name.toString(), baud: baud === '-' ? undefined : Number(baud) }
}

/** A chunk as lines: `<ms since the start> <text>`; a large one takes several. */
export function chunkLines(chunk: Uint8Array, atMs: number, startMs: number): string {
  let lines = ''
  for (let from = 0; from < chunk.length; from += limits.recordingChunkBytesMax) {
    lines += `${Math.round(atMs - startMs)} ${escapeBytes(chunk.subarray(from, from + limits.recordingChunkBytesMax))}\n`
  }
  return lines
}

/** Reads a line after the first; nothing if it is damaged. A CR at its end is the mail's. */
export function readLine(line: string, startMs: number): RecordedChunk | undefined {
  const [, ms, text] = lineShape.exec(line.replace(/\r$/, '')) ?? []
  const bytes = text === undefined ? undefined : unescapeBytes(text)
  return bytes === undefined ? undefined : { atMs: startMs + Number(ms), bytes }
}

/** What a recorder tells. */
export interface RecorderOwner {
  /** It could not go on, and says why; told once. What was written before stays. */
  failed(message: string): void
}

/** Writes chunks to a new file, each second and at the end. What waits to be written is bounded. */
export class Recorder {
  readonly #path: string
  readonly #startMs: number
  readonly #owner: RecorderOwner
  readonly #timer: NodeJS.Timeout
  #waiting: string
  #writing: Promise<void>
  #file: Awaited<ReturnType<typeof open>> | undefined
  #failed = false
  #ended = false
  #bytes = 0

  constructor(path: string, header: RecordingHeader, owner: RecorderOwner) {
    this.#path = path
    this.#startMs = header.startMs
    this.#owner = owner
    this.#waiting = headerLine(header)
    this.#writing = this.#open()
    this.#timer = setInterval(() => void this.flush(), limits.recordingFlushMs)
  }

  /** Bytes of the meter that were taken so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes a chunk that came at this time. */
  write(chunk: Uint8Array, atMs: number): void {
    if (this.#failed || this.#ended) return
    this.#waiting += chunkLines(chunk, atMs, this.#startMs)
    this.#bytes += chunk.length
    if (this.#waiting.length > limits.recordingWaitingBytesMax) this.#fail('the disk is too slow')
  }

  /** Writes what waits; done when it is written, or has failed. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#append())
    return this.#writing
  }

  /** Writes the rest and closes the file. */
  async close(): Promise<void> {
    this.#ended = true
    clearInterval(this.#timer)
    await this.flush()
    await this.#file?.close().catch((error: Error) => this.#fail(error.message))
    this.#file = undefined
  }

  async #open(): Promise<void> {
    try {
      this.#file = await open(this.#path, 'a', 0o640)
      if ((await this.#file.stat()).size > 0) this.#fail('it is there already, and nothing is overwritten')
    } catch (error) {
      this.#fail(whyUnwritable(error as Error))
    }
  }

  async #append(): Promise<void> {
    const text = this.#waiting
    if (this.#failed || text === '') return
    this.#waiting = ''
    try {
      await this.#file?.appendFile(text, 'latin1')
    } catch (error) {
      this.#fail(whyUnwritable(error as Error))
    }
  }

  #fail(why: string): void {
    if (this.#failed) return
    this.#failed = true
    this.#waiting = ''
    clearInterval(this.#timer)
    this.#owner.failed(`${this.#path} cannot be recorded to: ${why}.`)
  }
}

/** Bytes as text: what can be printed stands for itself. A space at either end is written out, since editors and mail drop it. */
function escapeBytes(bytes: Uint8Array): string {
  let text = ''
  for (const [index, byte] of bytes.entries()) {
    const isAtEdge = index === 0 || index === bytes.length - 1
    if (byte === 0x0a) text += '\\n'
    else if (byte === 0x0d) text += '\\r'
    else if (byte === 0x5c) text += '\\\\'
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte)
    else text += byte === 0x20 && !isAtEdge ? ' ' : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** The bytes again; nothing if the text cannot have been made by `escapeBytes`. */
function unescapeBytes(text: string): Buffer | undefined {
  if (!/^(?:[\x20-\x5b\x5d-\x7e]|\\[nr\\]|\\x[0-9a-f]{2})*$/.test(text)) return undefined
  const plain = text.replace(/\\(?:x(..)|(.))/g, (_, hex: string | undefined, letter: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return letter === 'n' ? '\n' : letter === 'r' ? '\r' : '\\'
  })
  return Buffer.from(plain, 'latin1')
}
