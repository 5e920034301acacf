/** Takes back what an export holds: all of it or nothing, whatever stops the daemon meanwhile. */
import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { limits } from '../limits.ts'
import type { Entry, Store } from '../memory/store.ts'
import type { Body } from './body.ts'
import { brokerPrefix } from './export.ts'
import { type Line, readLines } from './line-file.ts'
import { Refusal } from './reply.ts'

/** What an export tells of itself. */
export interface ExportTold {
  readonly records: number
  /** Whose days are in it; undefined if that is no name. */
  readonly zone: string | undefined
}

/** Entries that are read or changed at a time. */
const countMax = 64
/** A board's disk holds the file beside the store, which for a while holds what was and what comes. */
const roomTimes = 3

/**
 * Restores into one store. The file is checked as a whole before anything is changed; then its new name is the mark that it counts:
 * whatever stops the daemon from there on, the next start begins applying it anew, which comes to the same.
 *
 *     NAME.restore.unfinished ──(whole, and sound)──▶ NAME.restore ──(all of it is in the store)──▶ gone
 */
export class Restorer {
  readonly #store: Store
  readonly #file: string
  #phase: 'idle' | 'receiving' | 'due' | 'applying'

  /** @param path the store's folder; the file stands beside it */
  constructor(store: Store, path: string) {
    this.#store = store
    this.#file = `${path}.restore`
    this.#phase = existsSync(this.#file) ? 'due' : 'idle'
    rmSync(this.#unfinished, { force: true })
  }

  /** Whether an export was taken that is not all in the store yet. */
  get isDue(): boolean {
    return this.#phase === 'due' || this.#phase === 'applying'
  }

  /** Receives an export and checks it; then it is due. @throws Refusal */
  async receive(body: Body): Promise<ExportTold> {
    if (this.#phase !== 'idle') throw new Refusal(409, 'another restore is under way')
    if (this.#store.state !== 'open') throw new Refusal(503, 'the store cannot be written now')
    this.#phase = 'receiving'
    try {
      await this.#keep(body)
      const told = await checkExport(this.#unfinished)
      await rename(this.#unfinished, this.#file)
      await syncFolder(dirname(this.#file))
      this.#phase = 'due'
      return told
    } catch (error) {
      for (const file of [this.#unfinished, this.#file]) await rm(file, { force: true }).catch(() => undefined) // what failed is told already
      this.#phase = 'idle'
      throw error instanceof Refusal ? error : new Refusal(507, `it cannot be kept: ${(error as Error).message}`)
    }
  }

  /**
   * Puts all that is due into the store, in the place of what is there; nobody else may change that meanwhile. A file that was damaged
   * since it was received is set aside, and nothing is changed. Answers what it told, if one was due.
   * @throws Error then; and when it must be begun anew, for it is due still
   */
  async apply(): Promise<ExportTold | undefined> {
    if (this.#phase !== 'due') return undefined
    this.#phase = 'applying'
    try {
      const told = await this.#check()
      await this.#replaceAll()
      this.#phase = 'idle'
      return told
    } finally {
      if (this.#phase === 'applying') this.#phase = 'due'
    }
  }

  async #check(): Promise<ExportTold> {
    try {
      return await checkExport(this.#file)
    } catch (error) {
      await rename(this.#file, `${this.#file}.damaged`)
      this.#phase = 'idle'
      throw error
    }
  }

  async #replaceAll(): Promise<void> {
    await this.#deleteAll()
    for await (const { text } of readLines(this.#file)) {
      const { key, value } = JSON.parse(text) as Readonly<Record<string, unknown>>
      if (typeof key === 'string' && typeof value === 'string') await this.#change(() => this.#store.put(key, Buffer.from(value, 'base64')))
    }
    await new Promise<void>(resolve => this.#store.afterSync(resolve))
    await rm(this.#file, { force: true })
    await syncFolder(dirname(this.#file))
  }

  get #unfinished(): string {
    return `${this.#file}.unfinished`
  }

  async #keep(body: Body): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#file))
    if (bavail * bsize < roomTimes * body.bytes)
      throw new Refusal(507, `the disk has no room for it: ${roomTimes * body.bytes} bytes are needed`)
    const file = await open(this.#unfinished, 'w', 0o600)
    try {
      for await (const piece of body) await file.writeFile(piece) // all of it: a write may take less
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async #deleteAll(): Promise<void> {
    let after = ''
    for (let entries = await this.#page(after); entries.length > 0; entries = await this.#page(after)) {
      const last = (entries.at(-1) as Entry).key
      for (const { key } of entries) if (!key.startsWith(brokerPrefix)) await this.#change(() => this.#store.delete(key))
      after = last.startsWith(brokerPrefix) ? `${brokerPrefix}~` : last
    }
  }

  /** A store that fails knows only some of its entries, or none. */
  async #page(after: string): Promise<readonly Entry[]> {
    for (;;) {
      const entries = await new Promise<readonly Entry[]>(resolve => this.#store.entries('', countMax, resolve, after))
      if (this.#store.state === 'open') return entries
      await this.#untilWritten()
    }
  }

  /** Waits for the disk when too much waits for it. */
  async #change(change: () => boolean): Promise<void> {
    for (let isTaken = change(); !isTaken || this.#store.waitingBytes > limits.exportValueBytesMax; isTaken ||= change()) {
      await this.#untilWritten()
    }
  }

  async #untilWritten(): Promise<void> {
    if (this.#store.state === 'closed') throw new Error('the store was closed')
    await new Promise<void>(resolve => this.#store.afterWrite(resolve))
  }
}

/** Answers what a whole export tells. @throws Refusal that names the first line that is wrong */
export async function checkExport(path: string): Promise<ExportTold> {
  const hash = createHash('sha256')
  let zone: string | undefined
  let records = 0
  let former = ''
  let isClosed = false
  let count = 0
  for await (const line of readLines(path)) {
    count = line.number
    if (isClosed) throw wrong(line, 'nothing may follow the last line')
    const said = parse(line)
    if (line.number === 1) {
      if (said['wattslug'] !== 'export') throw wrong(line, 'this is no export of wattslug')
      if (said['format'] !== 1) throw wrong(line, 'this is the format of another version; allowed: 1')
      zone = nameIn(said['zone'])
    } else if ('sha256' in said) {
      if (said['records'] !== records) throw wrong(line, `${records} records came, and not ${Number(said['records'])}`)
      if (said['sha256'] !== hash.digest('hex')) throw wrong(line, 'the checksum is another one: the file was changed')
      isClosed = true
    } else {
      former = checkRecord(line, said, former)
      records++
    }
    if (!isClosed) hash.update(line.text).update('\n')
  }
  if (!isClosed) throw new Refusal(400, `line ${count + 1}: the file ends early: its last line is missing`)
  return { records, zone }
}

/** A zone's name, as far as a file can be trusted to have one. */
function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w/+-]{1,64}$/.test(value) ? value : undefined
}

/** Answers the record's key. */
function checkRecord(line: Line, { key, value, ...rest }: Readonly<Record<string, unknown>>, former: string): string {
  if (typeof key !== 'string' || !/^[!-~]{1,200}$/.test(key) || key.startsWith(brokerPrefix))
    throw wrong(line, 'this is no key of a record')
  if (key <= former) throw wrong(line, 'keys must come in their order, each once')
  if (typeof value !== 'string' || Buffer.from(value, 'base64').toString('base64') !== value) throw wrong(line, 'the value is no base64')
  if (value.length > (limits.exportValueBytesMax / 3) * 4) throw wrong(line, 'the value is too long')
  if (Object.keys(rest).length > 0) throw wrong(line, `unknown: ${Object.keys(rest).join(', ').slice(0, 40)}`)
  return key
}

function parse(line: Line): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(line.text)
    if (typeof said === 'object' && said !== null) return said as Readonly<Record<string, unknown>>
  } catch {}
  throw wrong(line, 'this is no object in JSON')
}

function wrong({ number }: Line, why: string): Refusal {
  return new Refusal(400, `line ${number}: ${why}`)
}

/** So that a name outlives a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
