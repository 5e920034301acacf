/** The store on disk: gathers what is put in a turn of the event loop, writes it as one batch, and outlives a disk that fails. */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { limits } from '../limits.ts'
import type { Entry, Store, StoreState } from '../memory/store.ts'
import { type Level, type Opening, openLevel } from './level.ts'

/** How the store is, told when that changes. */
export interface StoreStatus {
  readonly state: Exclude<StoreState, 'closed'>
  /** Whether it is worth a warning: it fails, or was damaged. */
  readonly isBad: boolean
  /** For humans. */
  readonly message: string
}

/** A value that is to be written, or nothing where a key is to go. */
type Change = Uint8Array | undefined

/** What the disk is asked; tests put in a disk that fails. */
export interface Disk {
  open(path: string, damaged: boolean): Promise<Opening>
  /** Whether a file of some size can be written in the folder. */
  canWrite(path: string): Promise<boolean>
}

/**
 * Opens the store in the folder `path`. One that cannot be opened is told and tried again, and works in memory meanwhile;
 * only one that another process holds is an error.
 */
export async function openStore(
  path: string,
  told: (status: StoreStatus) => void,
  disk: Disk = { open: openLevel, canWrite }
): Promise<DiskStore> {
  const opening = await disk.open(path, false)
  if (opening.kind === 'locked') throw new Error(opening.message)
  return new DiskStore(path, told, disk, opening)
}

/**
 *     put ─▶ pending ──(end of the turn)──▶ writing ──(the kernel has it)──▶ LevelDB's log ──(each storeSyncMs)──▶ forced to disk
 *               ▲                              │
 *               └──────(it cannot be written)──┘
 */
export class DiskStore implements Store {
  /** Changes that were not taken because too many waited. */
  refusals = 0
  readonly #path: string
  readonly #told: (status: StoreStatus) => void
  readonly #disk: Disk
  #state: StoreState = 'failing'
  #level: Level | undefined
  #pending = new Map<string, Change>()
  #pendingBytes = 0
  #waiting: (() => void)[] = []
  /** The batch on its way, if one is. */
  #writing: ReadonlyMap<string, Change> = new Map()
  #written: Promise<void> = Promise.resolve()
  #phase: 'idle' | 'scheduled' | 'writing' | 'stuck' = 'idle'
  #sync: 'done' | 'needed' | 'due' = 'done'
  #syncedMs = performance.now()
  #damaged = false
  /** What opening had to tell; told once a write has proved it, except at the start. */
  #opened: StoreStatus | undefined
  readonly #timer: NodeJS.Timeout
  #retry: NodeJS.Timeout | undefined

  constructor(path: string, told: (status: StoreStatus) => void, disk: Disk, opening: Opening) {
    this.#path = path
    this.#told = told
    this.#disk = disk
    this.#timer = setInterval(() => this.#syncSoon(), limits.storeSyncMs).unref()
    if (opening.kind === 'open') {
      this.#take(opening)
      this.#tellOpen()
    } else {
      this.#phase = 'stuck'
      this.#told({ state: 'failing', isBad: true, message: inMemory(opening.message) })
      this.#retryLater()
    }
  }

  get state(): StoreState {
    return this.#state
  }

  get(key: string): Uint8Array | undefined {
    for (const changes of [this.#pending, this.#writing]) if (changes.has(key)) return changes.get(key)
    try {
      return this.#level?.getSync(key)
    } catch (error) {
      this.#doubt(error)
      return undefined
    }
  }

  put(key: string, value: Uint8Array): boolean {
    return this.#change(key, value)
  }

  delete(key: string): boolean {
    return this.#change(key, undefined)
  }

  entries(prefix: string, countMax: number, done: (entries: readonly Entry[]) => void): void {
    const level = this.#level
    const changes = new Map([...this.#writing, ...this.#pending].filter(([key]) => key.startsWith(prefix)))
    readRows(level, prefix, countMax + changes.size).then(
      rows => {
        for (const [key, value] of rows) if (!changes.has(key)) changes.set(key, value)
        const entries = [...changes].flatMap(([key, value]) => (value ? [{ key, value }] : []))
        done(entries.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, countMax))
      },
      (error: unknown) => {
        if (level === this.#level) this.#doubt(error)
        done([])
      }
    )
  }

  afterWrite(done: () => void): void {
    this.#waiting.push(done)
    this.#schedule()
  }

  /** Writes what waits, forces it to the disk and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    await this.#written
    if (this.#state === 'open') {
      this.#sync = this.#sync === 'done' && this.#pending.size === 0 ? 'done' : 'due'
      await this.#write()
    }
    this.#state = 'closed'
    await this.#level?.close().catch(() => undefined) // there is nothing left to lose
    this.#level = undefined
  }

  #change(key: string, change: Change): boolean {
    const bytes = this.#pendingBytes + weigh(key, change) - (this.#pending.has(key) ? weigh(key, this.#pending.get(key)) : 0)
    if (this.#state === 'closed' || bytes > limits.storePendingBytesMax) {
      this.refusals++
      return false
    }
    this.#pending.set(key, change)
    this.#pendingBytes = bytes
    this.#schedule()
    return true
  }

  #syncSoon(): void {
    if (this.#sync === 'done') return
    this.#sync = 'due'
    this.#schedule()
  }

  #schedule(): void {
    if (this.#phase !== 'idle') return
    this.#phase = 'scheduled'
    setImmediate(() => {
      if (this.#phase === 'scheduled') this.#written = this.#write()
    })
  }

  /** Writes all that waits as one batch; never rejects. */
  async #write(): Promise<void> {
    const nowMs = performance.now()
    const [changes, waiting] = [this.#pending, this.#waiting]
    const sync = this.#sync === 'due' || (changes.size > 0 && nowMs - this.#syncedMs >= limits.storeSyncMs / 2)
    this.#phase = 'writing'
    if (sync) {
      this.#sync = 'done'
      this.#syncedMs = nowMs
    }
    this.#writing = changes
    this.#pending = new Map()
    this.#pendingBytes = 0
    this.#waiting = []
    try {
      await this.#batch(changes, sync)
    } catch (error) {
      this.#pending = new Map([...changes, ...this.#pending]) // what was put since is newer
      this.#pendingBytes = [...this.#pending].reduce((sum, [key, change]) => sum + weigh(key, change), 0)
      this.#waiting = [...waiting, ...this.#waiting]
      this.#writing = new Map()
      this.#phase = 'idle'
      this.#fail(error)
      return
    }
    this.#writing = new Map()
    this.#phase = this.#damaged ? 'stuck' : 'idle'
    if (changes.size > 0 && !sync && this.#sync === 'done') this.#sync = 'needed'
    if (this.#state === 'failing' && !this.#damaged) this.#tellOpen()
    for (const done of waiting) done()
    if (this.#pending.size > 0 || this.#waiting.length > 0 || this.#sync === 'due') this.#schedule()
  }

  async #batch(changes: ReadonlyMap<string, Change>, sync: boolean): Promise<void> {
    const operations = [...changes].map(([key, value]) => (value ? { type: 'put' as const, key, value } : { type: 'del' as const, key }))
    // A batch of nothing is not written, and forces nothing to the disk.
    if (sync && operations.length === 0) operations.push({ type: 'del', key: '~' })
    if (operations.length > 0) await this.#level?.batch(operations, { sync })
  }

  /** What was written cannot be read. */
  #doubt(error: unknown): void {
    this.#damaged = true
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#state === 'closed') return
    if (this.#phase !== 'writing') this.#phase = 'stuck'
    if (this.#state === 'open') {
      this.#state = 'failing'
      const said = error instanceof Error ? error.message : String(error)
      this.#told({ state: 'failing', isBad: true, message: inMemory(`${this.#path} cannot be used: ${said}`) })
    }
    this.#retryLater()
  }

  #retryLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#reopen(), limits.storeRetryMs).unref()
  }

  /** LevelDB takes no more after a write that failed, so it is opened anew, but not before the disk has room: the old one can still be read. */
  async #reopen(): Promise<void> {
    await this.#written
    if (this.#state === 'closed') return
    if (this.#level && !this.#damaged && !(await this.#disk.canWrite(this.#path))) return this.#retryLater()
    const old = this.#level
    this.#level = undefined
    await old?.close().catch(() => undefined)
    const opening = await this.#disk.open(this.#path, this.#damaged)
    if (opening.kind !== 'open') return this.#retryLater()
    if (this.#isClosed()) return opening.level.close()
    this.#take(opening)
    this.#sync = 'due' // this write proves the disk
    this.#written = this.#write()
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #take(opening: Opening & { kind: 'open' }): void {
    this.#level = opening.level
    this.#damaged = false
    this.#opened = { state: 'open', isBad: opening.condition !== 'sound', message: opening.message }
  }

  #tellOpen(): void {
    this.#state = 'open'
    if (this.#opened) this.#told(this.#opened)
  }
}

async function readRows(level: Level | undefined, prefix: string, limit: number): Promise<[string, Uint8Array][]> {
  return level?.iterator({ gte: prefix, lt: `${prefix}\x7f`, limit }).all() ?? []
}

function weigh(key: string, change: Change): number {
  return 64 + key.length + (change?.length ?? 0)
}

function inMemory(why: string): string {
  const seconds = limits.storeRetryMs / 1000
  return `${why}. What must outlive a restart waits in memory, and is written as soon as that works; it is tried each ${seconds} s.`
}

async function canWrite(path: string): Promise<boolean> {
  const probe = join(path, 'probe')
  try {
    const file = await open(probe, 'w')
    try {
      await file.writeFile(new Uint8Array(limits.storeProbeBytes))
      await file.sync()
    } finally {
      await file.close()
    }
    return true
  } catch {
    return false
  } finally {
    await rm(probe, { force: true }).catch(() => undefined) // it is in nobody's way
  }
}
