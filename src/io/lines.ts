/** The way into the framer: serialport's readline parser cuts the bytes at each `>`, behind a gate that bounds what it may hold. */
import { ReadlineParser } from '@serialport/parser-readline'
import { limits } from '../limits.ts'

const greaterThan = 0x3e
const marker = Buffer.from('<msg>')

/** Takes bytes in any pieces. */
export interface Lines {
  write(chunk: Buffer): void
  close(): void
}

/**
 * Makes the way from a port's bytes to pieces that end at a tag's end, so that a message is handed on with its last byte and not
 * with the line break that may follow. The parser keeps everything until its delimiter comes, for ever if need be: the gate
 * gives it one after `frameBytesMax` bytes, at a place where that cannot split the beginning of a message.
 */
export function makeLines(take: (piece: Buffer) => void): Lines {
  const parser = new ReadlineParser({ delimiter: '>', encoding: 'latin1', includeDelimiter: true })
  parser.on('data', (piece: string) => take(Buffer.from(piece, 'latin1')))
  let held = 0
  let matched = 0
  return {
    write(chunk) {
      let from = 0
      for (const [index, byte] of chunk.entries()) {
        const begins = byte === marker[0]
        if (held >= limits.frameBytesMax && (matched === 0 || begins)) {
          parser.write(chunk.subarray(from, index))
          parser.write('>')
          from = index
          held = 0
        }
        held = byte === greaterThan ? 0 : held + 1
        matched = byte === marker[matched] ? (matched + 1) % marker.length : Number(begins)
      }
      parser.write(chunk.subarray(from))
    },
    close: () => parser.destroy()
  }
}
