/** The seam to where a meter's bytes come from. */
import type { Closed, Port } from '../meters/watch.ts'

/** What a source tells of one opening: `opened` at most once, then bytes, and `closed` exactly once unless we close it. */
export interface SourceEvents {
  /** It is open; a source that searches tells where. */
  opened(port?: Port): void
  /** A search goes on; nothing was found yet. */
  searching(why: Closed): void
  /** Bytes came now, or at `atMs` of the wall clock if they are played back. */
  received(chunk: Buffer, atMs?: number): void
  closed(why: Closed): void
}

/** Where a meter's bytes come from: a serial port, a remote head, the simulated meter. */
export interface Source {
  /** For humans, and as it stands in `--source`. */
  readonly name: string
  readonly simulated: boolean
  /** Line speed; a source without a line has none. */
  readonly baud: number | undefined
  /** Opens it; the function that comes back closes it, silently. */
  open(events: SourceEvents): () => void
}
