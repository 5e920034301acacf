/** A LevelDB in a folder: opened, mended if it is damaged, and set aside if it cannot be mended. */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { limits } from '../limits.ts'

/** What the store asks of LevelDB. */
export type Level = Pick<ClassicLevel<string, Uint8Array>, 'getSync' | 'batch' | 'iterator' | 'close'>

/** How opening went; `message` is for humans. */
export type Opening =
  | { readonly kind: 'open'; readonly level: Level; readonly condition: 'sound' | 'mended' | 'replaced'; readonly message: string }
  | { readonly kind: 'locked' | 'failed'; readonly message: string }

/** Opens the store in `path`; never rejects. One that is known to be damaged is mended first. */
export async function openLevel(path: string, damaged: boolean): Promise<Opening> {
  try {
    // Loaded when it is needed: on a board without a prebuilt addon the rest still works.
    return await new Folder(path, (await import('classic-level')).ClassicLevel).open(damaged)
  } catch (error) {
    return whyNot(path, error)
  }
}

/** Why the store's addon cannot be loaded on this machine, if it cannot. */
export async function levelFault(): Promise<string | undefined> {
  return import('classic-level').then(() => undefined, String)
}

/** Whether a file of some size can be written in the folder. */
export async function canWrite(path: string): Promise<boolean> {
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

class Folder {
  readonly #path: string
  readonly #kind: typeof ClassicLevel

  constructor(path: string, kind: typeof ClassicLevel) {
    this.#path = path
    this.#kind = kind
  }

  async open(damaged: boolean): Promise<Opening> {
    const path = this.#path
    // LevelDB must not begin anew in a folder that has lost its first file: it would clear away the rest.
    const isNew = !(await isThere(path))
    const sound = damaged ? undefined : await this.#openUnlessDamaged(isNew)
    if (sound) return { kind: 'open', level: sound, condition: 'sound', message: `what must outlive a restart is in ${path}` }
    const mended = await this.#mend()
    if (mended) {
      const message = `${path} was damaged and is mended: what could be read of it is kept`
      return { kind: 'open', level: mended, condition: 'mended', message }
    }
    const aside = `${path}.damaged`
    await rm(aside, { recursive: true, force: true }) // one is kept, so that the disk does not fill
    await rename(path, aside)
    const message = `${path} was damaged beyond repair: it is now ${aside}, and a new one was begun`
    return { kind: 'open', level: await this.#openOnce(true), condition: 'replaced', message }
  }

  async #mend(): Promise<Level | undefined> {
    try {
      await this.#kind.repair(this.#path)
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
    return this.#openUnlessDamaged(false)
  }

  async #openUnlessDamaged(createIfMissing: boolean): Promise<Level | undefined> {
    try {
      return await this.#openOnce(createIfMissing)
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  async #openOnce(createIfMissing: boolean): Promise<Level> {
    await mkdir(dirname(this.#path), { recursive: true })
    const level = new this.#kind<string, Uint8Array>(this.#path, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      createIfMissing,
      writeBufferSize: limits.storeWriteBufferBytes,
      cacheSize: limits.storeCacheBytes,
      maxOpenFiles: limits.storeFilesMax
    })
    await level.open()
    return level
  }
}

/** Whether the folder holds more than what LevelDB leaves anywhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).some(name => !/^(?:LOCK|LOG(?:\.old)?)$/.test(name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function whyNot(path: string, error: unknown): Opening {
  const { said, codes } = reasonsOf(error)
  if (codes.includes('LEVEL_LOCKED')) {
    return {
      kind: 'locked',
      message: `${path} is in use by another wattslug; give each its own folder. Find the other with: fuser ${path}/LOCK`
    }
  }
  return { kind: 'failed', message: `${path} cannot be opened: ${said}` }
}

/** Damage is what a repair may mend; a disk that has no room, or may not be written, is none. */
function isDamage(error: unknown): boolean {
  const { said, codes } = reasonsOf(error)
  if (/No space left|quota exceeded|Read-only|denied|not permitted|Too many open|Cannot allocate/i.test(said)) return false
  return (
    codes.includes('LEVEL_CORRUPTION') || codes.includes('LEVEL_IO_ERROR') || /does not exist \(create_if_missing is false\)/.test(said)
  )
}

/** What an error says at its bottom, and the codes on the way there. */
function reasonsOf(error: unknown): { said: string; codes: readonly string[] } {
  const codes: string[] = []
  let said = String(error)
  for (let each = error; each instanceof Error; each = each.cause) {
    codes.push(codeOf(each) ?? '')
    said = (each.message.split('\n')[0] ?? '').trim()
  }
  return { said, codes }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
