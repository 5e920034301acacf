/** All meters of the house: the ones that the settings name, or those that are found. */
import { accessSync, constants } from 'node:fs'
import type { Calendar } from '../calendar.ts'
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import type { Findings } from '../meters/doctor.ts'
import { type KnownMeter, Registry } from '../meters/registry.ts'
import type { Reading } from '../reading.ts'
import type { Clock } from './clock.ts'
import { Finder } from './finder.ts'
import { holderOf } from './holders.ts'
import type { Log } from './log.ts'
import { candidates } from './ports.ts'
import { Reader, type ReaderOwner } from './reader.ts'
import { makeSerialSource } from './serial.ts'
import type { Source } from './source.ts'

/** Gives each meter somebody to tell. */
export type OwnerOf = (id: string, source: Source) => ReaderOwner

/** Where it is remembered which meter is which. */
type Memory = Pick<Store, 'get' | 'put'>

const registryKey = 'meters'

/** Reads every meter. */
export class Meters {
  readonly #readers: Reader[] = []
  readonly #ownerOf: OwnerOf
  readonly #clock: Clock
  readonly #log: Log
  readonly #finder: Finder | undefined
  #scanMs = 0
  /** Looked at not too often, whoever asks: it goes through all processes. */
  #ports: { readonly atMs: number; readonly findings: Findings['ports'] } = { atMs: Number.NEGATIVE_INFINITY, findings: [] }

  /** @param sources one for each meter, in their order; none to find them */
  constructor(sources: readonly Source[], store: Memory, ownerOf: OwnerOf, clock: Clock, log: Log) {
    this.#ownerOf = ownerOf
    this.#clock = clock
    this.#log = log
    for (const [index, source] of sources.entries()) this.#add(index === 0 ? '' : `meter${index + 1}`, source)
    if (sources.length > 0) return
    const finder = makeFinder(clock, store, id => this.#add(id, finder.source(id)).start())
    this.#finder = finder
    this.#add('', finder.source(''))
  }

  start(): void {
    for (const reader of this.#readers) reader.start()
  }

  /** Time passes: to be called each second or so. */
  tick(): void {
    for (const reader of this.#readers) reader.tick()
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#scanMs < limits.scanMs) return
    this.#scanMs = nowMs
    this.#finder?.scan()
  }

  /** Faults of all meters by kind. */
  faults(): Record<string, number> {
    const sum: Record<string, number> = {}
    for (const reader of this.#readers) {
      for (const [kind, count] of Object.entries(reader.faults())) sum[kind] = (sum[kind] ?? 0) + count
    }
    return sum
  }

  /** What the doctor is to judge. */
  findings(calendar: Calendar): Findings {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#ports.atMs >= limits.heldMs) this.#ports = { atMs: nowMs, findings: lookAtPorts() }
    return { ports: this.#ports.findings, meters: this.#readers.map(reader => reader.finding(calendar)) }
  }

  stop(): void {
    for (const reader of this.#readers) reader.stop()
    this.#finder?.stop()
  }

  #add(id: string, source: Source): Reader {
    const owner = this.#ownerOf(id, source)
    const reading = (reading: Reading): void => {
      this.#finder?.learn(id, reading)
      owner.reading(reading)
    }
    const reader = new Reader(id, source, { ...owner, reading }, this.#clock, this.#log)
    this.#readers.push(reader)
    return reader
  }
}

/** A source that is the first meter that is found; `tick` is to be called each second or so. */
export function findSource(clock: Clock): { readonly source: Source; readonly tick: () => void; readonly stop: () => void } {
  const finder = makeFinder(clock, { get: () => undefined, put: () => true }, () => undefined)
  return { source: finder.source(''), tick: () => finder.scan(), stop: () => finder.stop() }
}

function makeFinder(clock: Clock, store: Memory, newMeter: (id: string) => void): Finder {
  return new Finder(
    {
      list: candidates,
      open: makeSerialSource,
      holderOf,
      nowMs: clock.monotonicMs,
      newMeter,
      remember: registry => store.put(registryKey, Buffer.from(JSON.stringify(registry.known)))
    },
    new Registry(remembered(store))
  )
}

/** What an earlier run remembered; nothing if it makes no sense. */
function remembered(store: Memory): readonly KnownMeter[] {
  try {
    const known: unknown = JSON.parse(Buffer.from(store.get(registryKey) ?? '').toString() || '[]')
    return Array.isArray(known) ? known.filter(isKnownMeter) : []
  } catch {
    return []
  }
}

function isKnownMeter(value: unknown): value is KnownMeter {
  const { id, port, baud, radios } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof id === 'string' && typeof port === 'string' && typeof baud === 'number' && Array.isArray(radios)
}

function lookAtPorts(): Findings['ports'] {
  return candidates().map(({ path, adapter }) => ({ path, adapter, allowed: mayOpen(path), holder: holderOf(path) }))
}

function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
