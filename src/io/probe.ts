/** Tries a serial port at one line speed after another until a meter's message is read there, or something else is heard. */
import { limits } from '../limits.ts'
import { Framer } from '../meters/framer.ts'
import { readFrame } from '../meters/meter.ts'
import type { Closed } from '../meters/watch.ts'
import type { Reading } from '../reading.ts'
import type { Source, SourceEvents } from './source.ts'

/** What a probe finds out; once it was taken, it tells only whoever took it. */
export interface ProbeOwner {
  /** A meter speaks here; the probe may now be taken. */
  confirmed(reading: Reading): void
  /** Something else speaks here; the port is closed. */
  stranger(): void
  /** It could not be opened, or went away. */
  closed(why: Closed): void
}

/** What was heard at one speed. */
interface Heard {
  readonly baud: number
  readonly sinceMs: number
  bytes: number
  /** Since the last whole message: all bytes, those that no text has, and those since one that begins a tag. */
  doubtfulBytes: number
  oddBytes: number
  untaggedBytes: number
}

type ProbeState =
  /** The latest bytes are kept for whoever takes it. */
  | { readonly name: 'trying' | 'confirmed'; readonly kept: Buffer }
  | { readonly name: 'taken'; readonly events: SourceEvents }
  | { readonly name: 'over' }

/** A port under trial, and afterwards the way to its bytes. */
export class Probe {
  readonly path: string
  readonly #bauds: readonly [number, ...number[]]
  readonly #openAt: (baud: number) => Source
  readonly #owner: ProbeOwner
  readonly #nowMs: () => number
  readonly #framer = new Framer()
  #state: ProbeState = { name: 'trying', kept: Buffer.alloc(0) }
  #heard: Heard
  /** Speeds that were wrong so far, over and over again. */
  #wrong = 0
  #wasHeard = false
  #close: () => void = () => undefined

  /** @param bauds speeds to try, the likeliest first @param nowMs a monotonic time */
  constructor(
    path: string,
    bauds: readonly [number, ...number[]],
    openAt: (baud: number) => Source,
    owner: ProbeOwner,
    nowMs: () => number
  ) {
    this.path = path
    this.#bauds = bauds
    this.#openAt = openAt
    this.#owner = owner
    this.#nowMs = nowMs
    this.#heard = this.#nothingAt(bauds[0])
  }

  /** The speed that is tried, or that was right. */
  get baud(): number {
    return this.#heard.baud
  }

  /** Whether anything was heard at any speed. */
  get wasHeard(): boolean {
    return this.#wasHeard
  }

  start(): void {
    this.#try(this.#bauds[0])
  }

  /** Time passes: a speed may be so wrong that the port drops every byte, so silence changes it too. */
  tick(): void {
    const { bytes, sinceMs } = this.#heard
    if (this.#state.name === 'trying' && bytes === 0 && this.#nowMs() - sinceMs >= limits.probeMs) this.#tryNext()
  }

  /** Hands a confirmed port over: what was kept comes first. */
  take(events: SourceEvents): void {
    if (this.#state.name !== 'confirmed') return
    const { kept } = this.#state
    this.#state = { name: 'taken', events }
    events.opened({ name: this.path, baud: this.baud })
    events.received(kept)
  }

  /** Closes the port, silently. */
  close(): void {
    this.#state = { name: 'over' }
    this.#close()
  }

  #nothingAt(baud: number): Heard {
    return { baud, sinceMs: this.#nowMs(), bytes: 0, doubtfulBytes: 0, oddBytes: 0, untaggedBytes: 0 }
  }

  #try(baud: number): void {
    const heard = this.#nothingAt(baud)
    this.#heard = heard
    this.#state = { name: 'trying', kept: Buffer.alloc(0) }
    this.#framer.reset()
    const isOver = (): boolean => this.#heard !== heard || this.#state.name === 'over' // what comes late of an earlier opening
    this.#close = this.#openAt(baud).open({
      opened: () => undefined,
      searching: () => undefined,
      received: chunk => {
        if (!isOver()) this.#received(chunk)
      },
      closed: why => {
        if (!isOver()) this.#closed(why)
      }
    })
  }

  #tryNext(): void {
    const next = this.#bauds[this.#bauds.indexOf(this.baud) + 1] ?? this.#bauds[0]
    this.#close()
    this.#try(next)
  }

  #received(chunk: Buffer): void {
    if (this.#state.name === 'taken') {
      this.#state.events.received(chunk)
      return
    }
    this.#wasHeard = true
    this.#keep(chunk)
    if (this.#state.name !== 'trying') return
    this.#weigh(chunk)
    this.#framer.feed(chunk, { frame: frame => this.#judgeFrame(frame, chunk), fault: () => undefined })
    this.#judgeBytes()
  }

  #keep(chunk: Buffer): void {
    if (this.#state.name !== 'trying' && this.#state.name !== 'confirmed') return
    this.#state = { name: this.#state.name, kept: Buffer.concat([this.#state.kept, chunk]).subarray(-limits.frameBytesMax) }
  }

  #weigh(chunk: Buffer): void {
    const heard = this.#heard
    heard.bytes += chunk.length
    heard.doubtfulBytes += chunk.length
    for (const byte of chunk) {
      if (!isText(byte)) heard.oddBytes++
      heard.untaggedBytes = byte === 0x3c ? 0 : heard.untaggedBytes + 1
    }
  }

  /** A reading tells that a meter is here, and which; history alone, that this speed is right. */
  #judgeFrame(frame: Uint8Array, chunk: Buffer): void {
    const outcome = readFrame(frame, 0)
    if (this.#state.name !== 'trying' || outcome.kind === 'fault') return
    const [reading] = outcome.readings
    Object.assign(this.#heard, { doubtfulBytes: 0, oddBytes: 0, untaggedBytes: 0 })
    if (!reading) {
      this.#state = { name: 'trying', kept: Buffer.from(chunk) }
      return
    }
    this.#state = { name: 'confirmed', kept: this.#state.kept }
    this.#owner.confirmed(reading)
  }

  /** Bytes that are not even text mean another speed; much text without a message means another device, as does no right speed. */
  #judgeBytes(): void {
    if (this.#state.name !== 'trying') return
    const { doubtfulBytes, oddBytes, untaggedBytes } = this.#heard
    if (oddBytes > doubtfulBytes / 4) {
      if (doubtfulBytes < limits.probeBytesMin) return
      this.#wrong++
      if (this.#wrong < limits.probeRounds * this.#bauds.length) this.#tryNext()
      else this.#refuse()
    } else if (untaggedBytes >= limits.probeUntaggedBytesMin || doubtfulBytes >= limits.probeTextBytesMin) this.#refuse()
  }

  #refuse(): void {
    this.close()
    this.#owner.stranger()
  }

  #closed(why: Closed): void {
    const { events } = this.#state.name === 'taken' ? this.#state : { events: this.#owner }
    this.#state = { name: 'over' }
    events.closed(why)
  }
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09
}
