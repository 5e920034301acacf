/** The key of the daemon that runs: who may read its state folder finds there how to reach it, and what counts as the owner's password while it runs. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from './ports.ts'

export interface Key {
  readonly pid: number
  readonly httpPort: number
  readonly mqttPort: number
  readonly secret: string
}

/** What cannot be guessed. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Whether it is the secret; takes as long for one that is not. */
export function isSecret(said: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(said), digest(secret))
}

/** Puts the key where only this user and root can read it. @throws Error when it cannot be written */
export function writeKey(state: string, key: Key): void {
  const unfinished = `${keyFile(state)}.unfinished`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, keyFile(state))
}

/** Takes it away, unless it is another daemon's by now; one in a folder that cannot be changed stays, and is worth nothing without its daemon. */
export function removeKey(state: string, { secret }: Key): void {
  if (readKey(state)?.secret === secret) attempt(() => rmSync(keyFile(state), { force: true }))
}

/** The key of a daemon that runs; `undefined` when there is none, or this user may not read it. */
export function readKey(state: string): Key | undefined {
  return attempt(() => {
    if (!lstatSync(keyFile(state)).isFile()) return undefined // root reads it too, and must not be led elsewhere
    const { pid, httpPort, mqttPort, secret } = JSON.parse(readFileSync(keyFile(state), 'utf8')) as Readonly<Record<string, unknown>>
    const isKey = [pid, httpPort, mqttPort].every(Number.isInteger) && typeof secret === 'string'
    return isKey && isAlive(pid as number) ? ({ pid, httpPort, mqttPort, secret } as Key) : undefined
  })
}

function keyFile(state: string): string {
  return join(state, 'key')
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
