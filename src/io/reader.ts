/** Keeps a meter's source open for as long as it lives, and makes readings and placed history of what it says. */
import type { Calendar } from '../calendar.ts'
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import { type CycleReport, describeCycle, HistoryCycles } from '../meters/cycle.ts'
import type { MeterFinding } from '../meters/doctor.ts'
import { type MeterFault, meterFaultKinds } from '../meters/fault.ts'
import { Framer } from '../meters/framer.ts'
import { Listener } from '../meters/health.ts'
import { readFrame } from '../meters/meter.ts'
import { ClockOffset, wrapDay } from '../meters/offset.ts'
import type { PlacedValue } from '../meters/placement.ts'
import { describe, type MeterStatus, type Port, Watch } from '../meters/watch.ts'
import type { HistoryPage, Reading } from '../reading.ts'
import type { Clock } from './clock.ts'
import { makeLines } from './lines.ts'
import type { Log } from './log.ts'
import type { Source } from './source.ts'

/** What a reader tells. */
export interface ReaderOwner {
  reading(reading: Reading): void
  /** Values of the meter's history, each on its span of host time. */
  history(placed: readonly PlacedValue[]): void
  /** A cycle of history ended. */
  cycle(report: CycleReport): void
  /** The meter's state changed, or where it is; also called once at the start. */
  status(status: MeterStatus, port: Port): void
}

/** One meter. */
export class Reader {
  readonly counters = new Counters([...meterFaultKinds, 'messages', 'history-messages', 'reopened'] as const)
  readonly id: string
  readonly #source: Source
  readonly #owner: ReaderOwner
  readonly #clock: Clock
  readonly #log: Log
  readonly #watch: Watch
  readonly #listener = new Listener()
  readonly #offset = new ClockOffset()
  readonly #cycles = new HistoryCycles()
  readonly #framer = new Framer()
  readonly #lines = makeLines(piece => this.#feed(piece))
  #told: MeterStatus | undefined
  #close: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  #heardMs = 0
  #atMs = 0
  #stopped = false

  /** @param id the meter's name in topics; empty for the first */
  constructor(id: string, source: Source, owner: ReaderOwner, clock: Clock, log: Log) {
    this.id = id
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
    this.#ended(this.#cycles.tick(this.#hostMs()))
  }

  /** The faults of the meter's messages so far, by kind. */
  faults(): Record<string, number> {
    return this.counters.counted(meterFaultKinds)
  }

  /** What the doctor would say. @param calendar of the zone by which people here set a meter */
  finding(calendar: Calendar): MeterFinding {
    const offset = this.#offset.offset(this.#hostMs())
    return {
      ...this.#watch.port,
      status: this.#watch.status,
      health: this.#listener.health(this.#clock.monotonicMs()),
      clock:
        offset.kind === 'known'
          ? { aheadMs: wrapDay(offset.meterMinusHostMs - calendar.offsetMsAt(this.#hostMs())) }
          : { unknown: offset.why }
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#close()
    this.#lines.close()
    this.#ended(this.#cycles.close())
  }

  /** The host's time as the readings have it: in a recording that is played back it is that of the recording. */
  #hostMs(): number {
    return this.#heardMs === 0 ? this.#clock.wallMs() : this.#atMs + this.#clock.monotonicMs() - this.#heardMs
  }

  #open(): void {
    if (this.#stopped) return
    this.#framer.reset()
    this.#close = this.#source.open({
      opened: port => {
        this.#watch.opened(this.#clock.monotonicMs(), port)
        this.#tell()
      },
      searching: why => {
        this.#watch.closed(why)
        this.#tell()
      },
      received: (chunk, atMs) => this.#received(chunk, atMs ?? this.#clock.wallMs()), // stamped once, here
      closed: why => {
        if (why.kind === 'lost') this.counters.count('reopened')
        this.#watch.closed(why)
        this.#tell()
        if (why.final) this.#ended(this.#cycles.close())
        else this.#timer = setTimeout(() => this.#open(), limits.reopenMs)
      }
    })
  }

  #received(chunk: Buffer, atMs: number): void {
    this.#atMs = atMs
    this.#heardMs = this.#clock.monotonicMs()
    this.#watch.received(chunk.length, this.#heardMs)
    this.#listener.received(chunk.length)
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
    this.counters.count(outcome.readings.length === 0 ? 'history-messages' : 'messages')
    for (const reading of outcome.readings) this.#take(reading)
    if (outcome.history) this.#place(outcome.history)
  }

  #take(reading: Reading): void {
    this.#listener.heard(reading.sensor, reading.model, this.#heardMs)
    this.#offset.learn(reading.meterTime, reading.atMs)
    this.#owner.reading(this.id === '' ? reading : { ...reading, meter: this.id })
  }

  #place(page: HistoryPage): void {
    const { placed, ended } = this.#cycles.accept(page, this.#offset.offset(page.atMs))
    this.#ended(ended)
    if (placed.length > 0) this.#owner.history(placed)
  }

  #ended(report: CycleReport | undefined): void {
    if (!report) return
    this.#log.info(`meter ${this.#watch.port.name}: its history came. ${describeCycle(report)}`)
    this.#owner.cycle(report)
  }

  #blame(fault: MeterFault): void {
    this.counters.count(fault.kind)
    this.#listener.fault(fault, this.#heardMs)
    if (fault.kind !== 'bytes-outside-message') this.#log.warnSeldom(`meter: a message was rejected: ${describe(fault)}`, fault.kind)
  }

  #tell(): void {
    const status = this.#watch.status
    const isSame = status.state === this.#told?.state
    if (isSame && status.message === this.#told?.message) return
    this.#told = status
    const priority = status.state === 'live' || status.state === 'connecting' ? 'notice' : 'warning'
    // Why a message cannot be read differs from one to the next: it is said once.
    if (!(isSame && status.state === 'unreadable'))
      this.#log[priority](`meter ${this.#watch.port.name}: ${status.state}. ${status.message}`)
    this.#owner.status(status, this.#watch.port)
  }
}
