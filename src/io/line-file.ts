/** Reads a file line by line, each of bounded length; what is not UTF-8 is no line. */
import { open } from 'node:fs/promises'
import { limits } from '../limits.ts'
import { Refusal } from './reply.ts'

export interface Line {
  /** From 1. */
  readonly number: number
  readonly text: string
}

/** As long as the longest value of a record in base64, with its key. */
const lineBytesMax = Math.ceil(limits.exportValueBytesMax / 3) * 4 + 1_024

/** Yields the lines; one without an end counts, if there is anything in it. @throws Refusal */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const file = await open(path, 'r')
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const buffer = Buffer.alloc(lineBytesMax)
  let [number, held] = [1, 0]
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held)
      held += bytesRead
      let start = 0
      for (let end = buffer.indexOf(10, start); end >= 0 && end < held; end = buffer.indexOf(10, start)) {
        yield { number, text: decode(decoder, buffer.subarray(start, end), number++) }
        start = end + 1
      }
      buffer.copy(buffer, 0, start, held)
      held -= start
      if (bytesRead === 0) break
      if (held === buffer.length) throw new Refusal(400, `line ${number}: the line is too long`)
    }
    if (held > 0) yield { number, text: decode(decoder, buffer.subarray(0, held), number) }
  } finally {
    await file.close()
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new Refusal(400, `line ${number}: this is no UTF-8`)
  }
}
