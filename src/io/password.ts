/** Passwords: kept as mosquitto keeps its own, `$7$`, which is PBKDF2 with SHA-512; and the file of the owner's. */
import { createHash, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, chownSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../limits.ts'

/** A password's hash, and how it was made. */
export interface PasswordHash {
  /** As it stands in the file. */
  readonly text: string
  /** 0 is `$6$`, of mosquitto 1: SHA-512 alone. */
  readonly rounds: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** What is known of the password. */
export type PasswordState =
  | { readonly kind: 'none' }
  | { readonly kind: 'set'; readonly hash: PasswordHash }
  /** There is a file that cannot be read, or holds no password; `message` is for humans. */
  | { readonly kind: 'unusable'; readonly message: string }

const hashBytes = 64
const saltBytes = 12
const form = /^\$(?:7\$(?<rounds>\d{1,9})|6)\$(?<salt>[A-Za-z0-9+/]+=*)\$(?<hash>[A-Za-z0-9+/]+=*)$/
const derive = promisify(pbkdf2)

/** Where it is kept. */
export function passwordFile(state: string): string {
  return join(state, 'password')
}

/** Reads it anew each time, for it may be changed while the daemon runs. */
export function readPassword(state: string): PasswordState {
  const file = passwordFile(state)
  try {
    const hash = parseHash(readFileSync(file, 'latin1').trim())
    return hash ? { kind: 'set', hash } : { kind: 'unusable', message: `${file} holds no password: wattslug passwd writes a new one` }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' }
    return { kind: 'unusable', message: `${file} cannot be read: ${(error as Error).message}` }
  }
}

/** Writes a password; it counts at once. @throws Error when it is too short or long, or cannot be written */
export async function writePassword(state: string, password: string): Promise<void> {
  storeHash(state, await hashPassword(password))
}

/** Makes the hash of a new password. @throws Error when it is too short or long */
export async function hashPassword(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes === 0 || bytes > limits.passwordBytesMax) throw new Error(`password: allowed: 1 to ${limits.passwordBytesMax} bytes`)
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, limits.passwordRounds, hashBytes, 'sha512')
  return `$7$${limits.passwordRounds}$${salt.toString('base64')}$${hash.toString('base64')}`
}

/** Writes a hash. @throws Error when it cannot be written */
export function storeHash(state: string, hash: string): void {
  const file = passwordFile(state)
  const unfinished = `${file}.unfinished`
  writeFileSync(unfinished, `${hash}\n`, { mode: 0o600, flush: true })
  chmodSync(unfinished, 0o600) // it may have been there
  const { uid, gid } = statSync(state)
  if (process.getuid?.() === 0) chownSync(unfinished, uid, gid) // the daemon that must read it is not root
  renameSync(unfinished, file)
}

/** Whether it is the password; takes as long for one that is not. */
export async function checkPassword(password: string | Uint8Array, { rounds, salt, hash }: PasswordHash): Promise<boolean> {
  if (Buffer.byteLength(password) > limits.passwordBytesMax) return false
  const said =
    rounds > 0 ? await derive(password, salt, rounds, hash.length, 'sha512') : createHash('sha512').update(password).update(salt).digest()
  return timingSafeEqual(said, hash)
}

/** Reads a hash; `undefined` when it is none. */
export function parseHash(text: string): PasswordHash | undefined {
  const { rounds, salt = '', hash = '' } = form.exec(text)?.groups ?? {}
  const parsed = { text, rounds: Number(rounds ?? 0), salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
  const isSound =
    (rounds === undefined || parsed.rounds >= 1) &&
    parsed.rounds <= limits.passwordRoundsMax &&
    parsed.hash.length === hashBytes &&
    parsed.salt.length > 0
  return isSound ? parsed : undefined
}
