/** The seam to where a meter's bytes come from, and the reader that keeps one open and makes readings of what it says. */
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import { type MeterFault, meterFaultKinds } from '../meters/fault.ts'
import { Framer } from '../meters/framer.ts'
import { readFrame } from '../meters/meter.ts'
import { type Closed, describe, type MeterStatus, Watch } from '../meters/watch.ts'
import type { Reading } from '../reading.ts'
import type { Clock } from './clock.ts'
import { makeLines } from './lines.ts'
import type { Log } from './log.ts'

/** What a source tells of one opening: `opened` at most once, then bytes, and `closed` exactly once unless we close it. */
export interface SourceEvents {
  opened(): void
  received(chunk: Buffer): void
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

/** What the reader tells. */
export interface ReaderOwner {
  reading(reading: Reading): void
  /** The meter's state changed; also called once at the start. */
  status(status: MeterStatus): void
}

/** Keeps a source open for as long as it lives, and counts what is wrong with its messages. */
export class Reader {
  readonly counters = new Counters([...meterFaultKinds, 'messages', 'history-messages', 'reopened'] as const)
  readonly #source: Source
  readonly #owner: ReaderOwner
  readonly #clock: Clock
  readonly #log: Log
  readonly #watch: Watch
  readonly #framer = new Framer()
  readonly #lines = makeLines(piece => this.#feed(piece))
  #told: MeterStatus | undefined
  #close: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #heardMs = 0
  #atMs = 0
  #stopped = false

  constructor(source: Source, owner: ReaderOwner, clock: Clock, log: Log) {
    this.#source = source
    this.#owner = owner
    this.#clock = clock
    this.#log = log
    this.#watch = new Watch(source.name, source.baud, clock.monotonicMs())
  }

  /** Opens the source, and opens it again whenever it goes away. */
  start(): void {
    this.#tell()
    this.#open()
  }

  /** Time passes: to be called each second or so. */
  tick(): void {
    this.#watch.tick(this.#clock.monotonicMs())
    this.#tell()
  }

  /** The faults of the meter's messages so far, by kind. */
  faults(): Record<string, number> {
    return this.counters.counted(meterFaultKinds)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#close()
    this.#lines.close()
  }

  #open(): void {
    if (this.#stopped) return
    this.#framer.reset()
    this.#close = this.#source.open({
      opened: () => {
        this.#watch.opened(this.#clock.monotonicMs())
        this.#tell()
      },
      received: chunk => this.#received(chunk),
      closed: why => {
        if (why.kind === 'lost') this.counters.count('reopened')
        this.#watch.closed(why)
        this.#tell()
        this.#timer = setTimeout(() => this.#open(), limits.reopenMs)
      }
    })
  }

  #received(chunk: Buffer): void {
    this.#atMs = this.#clock.wallMs() // stamped once, here
    this.#heardMs = this.#clock.monotonicMs()
    this.#watch.received(chunk.length, this.#heardMs)
    this.#lines.write(chunk)
  }

  #feed(piece: Buffer): void {
    this.#framer.feed(piece, { frame: frame => this.#frame(frame), fault: fault => this.#blame(fault) })
  }

  #frame(frame: Uint8Array): void {
    const outcome = readFrame(frame, this.#atMs)
    if (outcome.kind === 'fault') {
      this.#watch.misread(outcome.fault)
      this.#blame(outcome.fault)
      return
    }
    this.#watch.understood(this.#heardMs)
    this.#tell()
    this.counters.count(outcome.kind === 'history' ? 'history-messages' : 'messages')
    if (outcome.kind === 'readings') for (const reading of outcome.readings) this.#owner.reading(reading)
  }

  #blame(fault: MeterFault): void {
    this.counters.count(fault.kind)
    if (fault.kind !== 'bytes-outside-message') this.#log.warnSeldom(`meter: a message was rejected: ${describe(fault)}`, fault.kind)
  }

  #tell(): void {
    const status = this.#watch.status
    if (status.state === this.#told?.state && status.message === this.#told.message) return
    this.#told = status
    const priority = status.state === 'live' || status.state === 'connecting' ? 'notice' : 'warning'
    this.#log[priority](`meter ${this.#source.name}: ${status.state}. ${status.message}`)
    this.#owner.status(status)
  }
}
