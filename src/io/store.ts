/** The store on disk: gathers what is put in a turn of the event loop, writes it as one batch, and outlives a disk that fails. */
import { performance } from 'node:perf_hooks'
import { limits } from '../limits.ts'
import type { Entry, Store, StoreState } from '../memory/store.ts'
import { type Change, Changes } from './changes.ts'
import { canWrite, type Level, type Opening, openLevel } from './level.ts'

/** How the store is, told when that changes. */
export interface StoreStatus {
  readonly state: Exclude<StoreState, 'closed'>
  /** Whether it is worth a warning: it fails, or was damaged. */
  readonly isBad: boolean
  /** For humans. */
  readonly message: string
}

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
 *     put ─▶ pending ──(end of the turn)──▶ writing ──(the kernel has it)──▶ unsynced ──(each storeSyncMs, or afterSync)──▶ forced to disk
 *               ▲                              │                                │
 *               └──────(it cannot be written)──┘                                └──▶ written once more with what is forced
 *
 * While one batch is on its way, all that is put gathers for the next: many wait for one forced write. LevelDB forces only the
 * log that it writes to: what stands at the end of the one before could be lost where what came later is not.
 */
export class DiskStore implements Store {
  /** Changes that were not taken because too many waited. */
  refusals = 0
  readonly #path: string
  readonly #told: (status: StoreStatus) => void
  readonly #disk: Disk
  #state: StoreState = 'failing'
  #level: Level | undefined
  #pending = new Changes()
  #waiting: (() => void)[] = []
  /** The batch on its way, if one is. */
  #writing = new Changes()
  /** What was written since the disk was last forced. */
  #unsynced = new Changes()
  #written: Promise<void> = Promise.resolve()
  #phase: 'idle' | 'scheduled' | 'writing' | 'stuck' = 'idle'
  #isSyncDue = false
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

  /** For who reads much of it at one instant. */
  get level(): Level | undefined {
    return this.#level
  }

  get waitingBytes(): number {
    return this.#pending.putBytes + this.#writing.putBytes
  }

  get(key: string): Uint8Array | undefined {
    for (const changes of [this.#pending, this.#writing]) if (changes.has(key)) return changes.get(key)
    return this.#read(key)
  }

  put(key: string, value: Uint8Array): boolean {
    return this.#change(key, value)
  }

  delete(key: string): boolean {
    if (!this.#isNew(key)) return this.#change(key, undefined)
    this.#pending.delete(key)
    return true
  }

  entries(prefix: string, countMax: number, done: (entries: readonly Entry[]) => void, after = ''): void {
    const level = this.#level
    const isAsked = (key: string): boolean => key.startsWith(prefix) && key > after
    const changes = new Map([...this.#writing.entries(), ...this.#pending.entries()].filter(([key]) => isAsked(key)))
    readRows(level, prefix, after, countMax + changes.size).then(
      rows => {
        for (const [key, value] of rows) if (!changes.has(key)) changes.set(key, value)
        const entries = [...changes].flatMap(([key, value]) => (value ? [{ key, value }] : []))
        done(entries.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, countMax))
      },
      (error: unknown) => {
        if (level !== this.#level) return this.entries(prefix, countMax, done, after) // it was opened anew meanwhile
        this.#doubt(error)
        done([])
      }
    )
  }

  afterWrite(done: () => void): void {
    this.#waiting.push(done)
    this.#schedule()
  }

  afterSync(done: () => void): void {
    this.#isSyncDue = true
    this.afterWrite(done)
  }

  /** Writes what waits, forces it to the disk and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    await this.#written
    if (this.#state === 'open') {
      this.#isSyncDue = true
      await this.#write()
    }
    this.#state = 'closed'
    await this.#level?.close().catch(() => undefined) // there is nothing left to lose
    this.#level = undefined
  }

  #change(key: string, change: Change): boolean {
    if (this.#state === 'closed' || !this.#pending.offer(key, change, this.#writing)) {
      this.refusals++
      return false
    }
    this.#schedule()
    return true
  }

  /** Whether a key that waits was never written: what comes and goes between two writes costs no flash. After a failure nobody knows. */
  #isNew(key: string): boolean {
    if (!this.#pending.get(key) || this.#writing.has(key) || this.#read(key)) return false
    return this.#state === 'open'
  }

  #read(key: string): Uint8Array | undefined {
    try {
      return this.#level?.getSync(key)
    } catch (error) {
      this.#doubt(error)
      return undefined
    }
  }

  #syncSoon(): void {
    if (this.#unsynced.size === 0) return
    this.#isSyncDue = true
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
    const [changes, waiting, unsynced] = [this.#pending, this.#waiting, this.#unsynced]
    const isMuch = unsynced.bytes + changes.bytes > limits.storeUnsyncedBytesMax
    const sync = this.#isSyncDue || (changes.size > 0 && (isMuch || nowMs - this.#syncedMs >= limits.storeSyncMs / 2))
    this.#phase = 'writing'
    this.#isSyncDue = false
    this.#writing = changes
    this.#pending = new Changes()
    this.#waiting = []
    try {
      await this.#batch(new Map([...(sync ? unsynced.entries() : []), ...changes.entries()]), sync)
    } catch (error) {
      changes.add(this.#pending) // what was put since is newer
      this.#pending = changes
      this.#waiting = [...waiting, ...this.#waiting]
      this.#writing = new Changes()
      this.#phase = 'idle'
      this.#fail(error)
      return
    }
    this.#writing = new Changes()
    this.#phase = this.#damaged ? 'stuck' : 'idle'
    if (sync) {
      this.#syncedMs = nowMs
      this.#unsynced = new Changes()
    } else {
      unsynced.add(changes)
    }
    if (this.#state === 'failing' && !this.#damaged) this.#tellOpen()
    for (const done of waiting) done()
    if (this.#pending.size > 0 || this.#waiting.length > 0 || this.#isSyncDue) this.#schedule()
  }

  async #batch(changes: ReadonlyMap<string, Change>, sync: boolean): Promise<void> {
    // A batch of nothing is not written, and would prove nothing of a disk that failed.
    const isProof = this.#state === 'failing' && changes.size === 0
    if (!this.#level || (changes.size === 0 && !isProof)) return
    const batch = this.#level.batch() // one by one costs a third of what an array does
    for (const [key, change] of changes) change ? batch.put(key, change) : batch.del(key)
    if (isProof) batch.del('~')
    await batch.write({ sync })
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
    this.#isSyncDue = true // this write proves the disk
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

async function readRows(level: Level | undefined, prefix: string, after: string, limit: number): Promise<[string, Uint8Array][]> {
  return level?.iterator({ ...(after > prefix ? { gt: after } : { gte: prefix }), lt: `${prefix}\x7f`, limit }).all() ?? []
}

function inMemory(why: string): string {
  const seconds = limits.storeRetryMs / 1000
  return `${why}. What must outlive a restart waits in memory, and is written as soon as that works; it is tried each ${seconds} s.`
}
