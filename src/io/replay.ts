/** A recording as a source: it is played back with the gaps that it had, and its readings carry the times that they had. */
import { open } from 'node:fs/promises'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { limits } from '../limits.ts'
import type { Clock } from './clock.ts'
import { type RecordingHeader, readHeader, readLine } from './recording.ts'
import type { Source, SourceEvents } from './source.ts'

const lineFeed = 0x0a

/**
 * A source that plays a recording. Its readings carry the times at which the recorded ones came.
 * @param speed how much faster than life; 0 is as fast as it goes
 */
export function makeReplaySource(path: string, speed: number, clock: Clock): Source {
  const name = `replay:${path}`
  return {
    name,
    simulated: false,
    baud: undefined,
    open(events) {
      const stop = new AbortController()
      play(path, speed, clock, events, stop.signal).then(
        () => stop.signal.aborted || events.closed({ kind: 'failed', message: `The recording is at its end: ${path}.`, final: true }),
        (error: unknown) => stop.signal.aborted || events.closed({ kind: 'failed', message: (error as Error).message, final: true })
      )
      return () => stop.abort()
    }
  }
}

async function play(path: string, speed: number, clock: Clock, events: SourceEvents, signal: AbortSignal): Promise<void> {
  let number = 0
  let header: RecordingHeader | undefined
  let lastMs: number | undefined
  let dueMs = clock.monotonicMs()
  for await (const line of linesOf(path)) {
    number += 1
    signal.throwIfAborted()
    if (header === undefined) {
      const read = readHeader(line.replace(/\r$/, ''))
      if (typeof read === 'string') throw new Error(`${path} ${read}.`)
      header = read
      events.opened()
      continue
    }
    const chunk = readLine(line, header.startMs)
    if (chunk === undefined) throw new Error(`${path}, line ${number}: this is no line of a recording.`)
    const gapMs = Math.min(Math.max(0, chunk.atMs - (lastMs ?? header.startMs)), limits.replayGapMsMax)
    lastMs = chunk.atMs
    dueMs = speed === 0 ? dueMs : dueMs + Math.min(gapMs / speed, limits.replayGapMsMax) // a timer that is longer than 24 days fires at once
    const waitMs = dueMs - clock.monotonicMs()
    // At full speed, too, others have their turn between two chunks.
    if (waitMs >= 1) await setTimeout(waitMs, undefined, { signal })
    else await setImmediate(undefined, { signal })
    events.received(chunk.bytes, chunk.atMs)
  }
  if (header === undefined) throw new Error(`${path} is empty.`)
}

/** The lines of a file, one after the other; of a file that has none no more is read than a line may be long. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? `There is no recording ${path}.` : `${path} cannot be read: ${error.message}.`)
  })
  try {
    const pieces = Buffer.allocUnsafe(limits.recordingLineBytesMax)
    let held = 0
    let number = 1
    for (;;) {
      const { bytesRead } = await file.read(pieces, held, pieces.length - held).catch((error: Error) => {
        throw new Error(`${path} cannot be read: ${error.message}.`)
      })
      const end = held + bytesRead
      let from = 0
      for (let at = pieces.indexOf(lineFeed, held); at >= 0 && at < end; at = pieces.indexOf(lineFeed, from)) {
        yield pieces.toString('latin1', from, at)
        from = at + 1
        number += 1
      }
      held = end - from
      if (held === pieces.length) throw new Error(`${path}, line ${number}: this line is too long for a recording.`)
      if (bytesRead === 0) break
      pieces.copyWithin(0, from, end)
    }
    if (held > 0) yield pieces.toString('latin1', 0, held)
  } finally {
    await file.close()
  }
}
