/** The files of users and of topic rules, as mosquitto has them. */
import { limits } from '../limits.ts'
import { type Acl, parseAcl } from '../mqtt/acl.ts'
import { readNamedFile } from './named-file.ts'
import { type PasswordHash, parseHash } from './password.ts'

/** The users' passwords by their names. */
export type Users = ReadonlyMap<string, PasswordHash>

/** Reads what mosquitto_passwd wrote. @throws Error that names the file, the line and what is wrong with it */
export function readUsers(file: string): Users {
  return readAccessFile(file, 'users', text => {
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
  return readAccessFile(file, 'acl', parseAcl)
}

/** What each setting names, and how it is made. */
const wanted = {
  users: { what: 'a file that mosquitto_passwd wrote', make: (file: string) => `make it with: mosquitto_passwd -c ${file} NAME` },
  acl: { what: 'a file of topic rules', make: () => 'write it, or leave acl out of the settings' }
} as const

function readAccessFile<T>(file: string, setting: keyof typeof wanted, parse: (text: string) => T): T {
  const bytes = readPlainFile(file, setting)
  try {
    return parse(decode(bytes))
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}

/** @throws Error that names the setting too: who set it may have done so long ago */
function readPlainFile(file: string, setting: keyof typeof wanted): Buffer {
  try {
    return readNamedFile(file, limits.accessFileBytesMax)
  } catch (error) {
    const { message, cause } = error as Error
    throw new Error(`${setting}: ${file}: ${message}; ${nextStep(file, setting, (cause as NodeJS.ErrnoException | undefined)?.code)}`, {
      cause
    })
  }
}

function nextStep(file: string, setting: keyof typeof wanted, code: string | undefined): string {
  const { what, make } = wanted[setting]
  if (code === 'ENOENT') return make(file)
  if (code === 'EACCES') return `as a service it is in the group dialout: sudo chgrp dialout ${file} && sudo chmod 640 ${file}`
  return `allowed: ${what} of up to ${limits.accessFileBytesMax} bytes`
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('this is no UTF-8')
  }
}
