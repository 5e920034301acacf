/** The files of users and of topic rules, as mosquitto has them. */
import { closeSync, openSync, readSync } from 'node:fs'
import { limits } from '../limits.ts'
import { type Acl, parseAcl } from '../mqtt/acl.ts'
import { type PasswordHash, parseHash } from './password.ts'

/** The users' passwords by their names. */
export type Users = ReadonlyMap<string, PasswordHash>

/** Reads what mosquitto_passwd wrote. @throws Error that names the file, the line and what is wrong with it */
export function readUsers(file: string): Users {
  return readAccessFile(file, text => {
    const users = new Map<string, PasswordHash>()
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line === '' || line.startsWith('#')) continue
      const fault = (what: string): Error => new Error(`line ${index + 1}: ${what}`)
      const colon = line.indexOf(':')
      const name = line.slice(0, colon)
      if (colon < 1 || name.length > limits.userNameCharactersMax) {
        throw fault(`a name of 1 to ${limits.userNameCharactersMax} characters, a colon and a hash are wanted`) // a password that stands here plainly is not told
      }
      const hash = parseHash(line.slice(colon + 1).trim())
      if (!hash) throw fault(`${name}: no hash of mosquitto_passwd's with $7$ or $6$`)
      if (users.has(name)) throw fault(`${name}: stands here twice`)
      if (users.size >= limits.usersMax) throw fault(`too many users; allowed: ${limits.usersMax}`)
      users.set(name, hash)
    }
    return users
  })
}

/** Reads topic rules. @throws Error that names the file, the line and what is wrong with it */
export function readAcl(file: string): Acl {
  return readAccessFile(file, parseAcl)
}

function readAccessFile<T>(file: string, parse: (text: string) => T): T {
  try {
    return parse(readBounded(file))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}

function readBounded(file: string): string {
  const bytes = Buffer.alloc(limits.accessFileBytesMax + 1)
  const descriptor = openSync(file, 'r')
  try {
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (length > limits.accessFileBytesMax) throw new Error(`too long; allowed: ${limits.accessFileBytesMax} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
  } finally {
    closeSync(descriptor)
  }
}
