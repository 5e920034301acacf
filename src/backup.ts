/** `wattslug backup FILE` and `wattslug restore FILE`: everything that the daemon keeps, written into a file and taken back while it runs. */
import { createReadStream, createWriteStream, fstatSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { AccessAnswer, ApiFault, RestoreAnswer } from './api.ts'
import type { Config } from './config.ts'
import { askFor, type Daemon, findDaemon, noDaemon, readAll, send, withPassword } from './io/ask.ts'
import { whyUnreadable, whyUnwritable } from './io/named-file.ts'
import { askHidden } from './io/passwd.ts'
import { attempt } from './io/ports.ts'
import { checkExport } from './io/restore.ts'
import { adviseOn } from './io/resume.ts'
import { limits } from './limits.ts'
import { describeCount } from './operating/amounts.ts'

const type = 'application/x-ndjson'

/** Writes a backup; `-` is standard output. A file stands under its name only once it is whole. @throws Error with what went wrong */
export async function backUp(config: Config, file: string, passwordFile: string | undefined): Promise<number> {
  // Root would put a file in the place of a device.
  if (file !== '-' && attempt(() => statSync(file))?.isFile() === false) throw new Error(`${file} is no file; - is standard output`)
  const daemon = await findOwned(config, passwordFile)
  if (file === '-') {
    await pipeline(await requestExport(daemon), process.stdout, { end: false }).catch(notWritten('the backup'))
    return 0
  }
  const records = await backUpInto(daemon, file).catch(notWritten(file))
  process.stdout.write(`${describeCount(records, 'record')} ${records === 1 ? 'is' : 'are'} in ${file}.\n`)
  return 0
}

async function backUpInto(daemon: Daemon, file: string): Promise<number> {
  const unfinished = `${file}.unfinished`
  rmSync(unfinished, { force: true })
  const descriptor = openSync(unfinished, 'wx', 0o600)
  const breakOff = (signal: NodeJS.Signals): void => {
    rmSync(unfinished, { force: true })
    process.stderr.write(`wattslug: ${file} was not written: ${signal}\n`)
    process.exit(1)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, breakOff)
  try {
    await pipeline(await requestExport(daemon), createWriteStream(unfinished, { fd: descriptor, flush: true }))
    const { records } = await checkExport(unfinished)
    renameSync(unfinished, file)
    return records
  } finally {
    rmSync(unfinished, { force: true })
    for (const signal of signals) process.off(signal, breakOff)
  }
}

async function requestExport(daemon: Daemon): Promise<IncomingMessage> {
  const response = await send(daemon, { path: '/api/export', timeout: limits.transferMs })
  if (response.statusCode !== 200) throw new Error(faultIn(await readAll(response)))
  return response
}

/** Takes one back; the daemon checks all of it before it changes anything. @throws Error with what went wrong */
export async function restore(config: Config, file: string, passwordFile: string | undefined): Promise<number> {
  const { descriptor, bytes } = openBackup(file)
  const daemon = await findOwned(config, passwordFile)
  const headers = { 'Content-Type': type, 'Content-Length': bytes }
  const options = { method: 'POST', path: '/api/restore', headers, timeout: limits.transferMs }
  const response = await send(daemon, options, sent => {
    // What is sent in vain is not worth a word of its own: the answer says why.
    pipeline(createReadStream(file, { fd: descriptor }), sent).catch(() => undefined)
  }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} was not restored, as far as is known: ${error.code === undefined ? error.message : 'the daemon broke off'}`)
  })
  const text = await readAll(response)
  if (response.statusCode === 400) throw new Error(`${file}, ${faultIn(text)}. Nothing was changed`)
  if (response.statusCode !== 200) throw new Error(`${file}: ${faultIn(text)}`)
  const { records, otherZone } = JSON.parse(text) as RestoreAnswer
  process.stdout.write(`${describeCount(records, 'record')} ${records === 1 ? 'was' : 'were'} taken back from ${file}.\n`)
  if (otherZone !== undefined) process.stdout.write(`${adviseOn(otherZone)}.\n`)
  return 0
}

/** @throws Error when it is no plain file, or cannot be read */
function openBackup(file: string): { readonly descriptor: number; readonly bytes: number } {
  if (attempt(() => statSync(file))?.isFile() === false) throw new Error(`${file} is no file`)
  try {
    const descriptor = openSync(file, 'r')
    return { descriptor, bytes: fstatSync(descriptor).size }
  } catch (error) {
    throw new Error(`${file}: ${whyUnreadable(error as Error)}`)
  }
}

function notWritten(what: string): (error: NodeJS.ErrnoException) => never {
  return error => {
    throw new Error(`${what} was not written: ${whyBrokenOff(error)}`)
  }
}

/** Of a file, or of the daemon at the other end. */
function whyBrokenOff(error: NodeJS.ErrnoException): string {
  const isDaemon = ['ECONNREFUSED', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? '')
  return isDaemon ? 'the daemon broke off' : whyUnwritable(error)
}

/** Finds the daemon, and what lets this user change it: the key, the password in a file, or the one that is typed. @throws Error */
async function findOwned(config: Config, passwordFile: string | undefined): Promise<Daemon> {
  const found = await findDaemon(config)
  if (!found) throw new Error(noDaemon)
  if (found.key && passwordFile === undefined) return found
  if (passwordFile !== undefined) return withPasswordIn(passwordFile, found)
  const access = await askFor<AccessAnswer>(found, '/api/access')
  if (access?.may.change) return found
  if (access?.password !== 'set') throw new Error('there is no password yet. Run it as root, or set one: sudo wattslug passwd')
  if (!process.stdin.isTTY) throw new Error('this needs the password. Run it as root, or name a file with --password-file')
  return withPassword(found, await askHidden(process.stdin, process.stderr, 'Password: '))
}

/** The same daemon, asked by whoever knows the password in a file. @throws Error when that cannot be read, or is not the owner's */
export async function withPasswordIn(file: string, daemon: Daemon): Promise<Daemon> {
  const owned = withPassword(daemon, readPasswordFile(file))
  if (!(await askFor<AccessAnswer>(owned, '/api/access'))?.may.change) throw new Error(`the daemon does not take the password in ${file}`)
  return owned
}

function readPasswordFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? '' // it may be a pipe, such as /dev/stdin
  } catch (error) {
    throw new Error(`--password-file ${file}: ${whyUnreadable(error as Error)}`)
  }
}

function faultIn(text: string): string {
  try {
    return (JSON.parse(text) as ApiFault).error
  } catch {
    return text.slice(0, limits.logLineCharactersMax)
  }
}
