/** The export: everything that outlives a restart, but for the broker's sessions, as lines that are made one after the other. */
import { createHash } from 'node:crypto'
import { limits } from '../limits.ts'
import type { Level } from './level.ts'
import { snapshotOf } from './snapshot.ts'

/** What the keys of the broker's records begin with: they are not exported, for who would believe an acknowledgement of last year's? */
export const brokerPrefix = 'mqtt/'

/** What the first line tells. */
export interface ExportHead {
  readonly wattslug: 'export'
  readonly format: 1
  readonly version: string
  readonly atMs: number
  readonly zone: string
}

/**
 * Yields the lines, some together:
 *
 *     {"wattslug":"export","format":1, …}     what this is
 *     {"key":"…","value":"…"}                 a record of the store; its value in base64
 *     {"records":1,"sha256":"…"}              how many there are, and the checksum of all the bytes before this line
 */
export async function* exportLines(level: Level, head: ExportHead): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let records = 0
  const lines = gather(`${JSON.stringify(head)}\n`)
  for await (const entries of snapshotOf(level, brokerPrefix)) {
    for (const { key, value } of entries) {
      records++
      const piece = lines.add(`${JSON.stringify({ key, value: Buffer.from(value).toString('base64') })}\n`)
      if (piece === undefined) continue
      hash.update(piece)
      yield piece
    }
  }
  const rest = lines.take()
  hash.update(rest)
  yield `${rest}${JSON.stringify({ records, sha256: hash.digest('hex') })}\n`
}

/** Gathers lines until they are worth a piece. */
export function gather(first: string): { add(line: string): string | undefined; take(): string } {
  let text = first
  const take = (): string => {
    const taken = text
    text = ''
    return taken
  }
  return {
    add(line) {
      text += line
      return text.length >= limits.exportPieceBytes ? take() : undefined
    },
    take
  }
}
