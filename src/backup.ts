/** `wattslug backup FILE` and `wattslug restore FILE`: everything that the daemon keeps, written into a file and taken back while it runs. */
import { createReadStream, createWriteStream, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { AccessAnswer, ApiFault, RestoreAnswer } from './api.ts'
import type { Config } from './config.ts'
import { askFor, type Daemon, findDaemon, readAll, send, withPassword } from './io/ask.ts'
import { askHidden } from './io/passwd.ts'
import { checkExport } from './io/restore.ts'
import { limits } from './limits.ts'

const type = 'application/x-ndjson'

/** Writes a backup; `-` is standard output. A file stands under its name only once it is whole. @throws Error with what went wrong */
export async function backUp(config: Config, file: string, passwordFile: string | undefined): Promise<number> {
  // Root would put a file in the place of a device.
  if (file !== '-' && statSync(file, { throwIfNoEntry: false })?.isFile() === false)
    throw new Error(`${file} is no file; - is standard output`)
  const daemon = await findOwned(config, passwordFile)
  const response = await send(daemon, { path: '/api/export', timeout: limits.transferMs })
  if (response.statusCode !== 200) throw new Error(faultIn(await readAll(response)))
  if (file === '-') {
    await pipeline(response, process.stdout, { end: false })
    return 0
  }
  const unfinished = `${file}.unfinished`
  rmSync(unfinished, { force: true })
  try {
    await pipeline(response, createWriteStream(unfinished, { mode: 0o600, flags: 'wx', flush: true }))
    const records = await checkExport(unfinished)
    renameSync(unfinished, file)
    process.stdout.write(`${records} records are in ${file}.\n`)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return 0
}

/** Takes one back; the daemon checks all of it before it changes anything. @throws Error with what went wrong */
export async function restore(config: Config, file: string, passwordFile: string | undefined): Promise<number> {
  const stats = statSync(file)
  if (!stats.isFile()) throw new Error(`${file} is no file`)
  const daemon = await findOwned(config, passwordFile)
  const headers = { 'Content-Type': type, 'Content-Length': stats.size }
  const response = await send(daemon, { method: 'POST', path: '/api/restore', headers, timeout: limits.transferMs }, sent => {
    // What is sent in vain is not worth a word of its own: the answer says why.
    pipeline(createReadStream(file), sent).catch(() => undefined)
  })
  const text = await readAll(response)
  if (response.statusCode !== 200) throw new Error(faultIn(text))
  process.stdout.write(`${(JSON.parse(text) as RestoreAnswer).records} records were taken back from ${file}.\n`)
  return 0
}

/** Finds the daemon, and what lets this user change it: the key, the password in a file, or the one that is typed. @throws Error */
async function findOwned(config: Config, passwordFile: string | undefined): Promise<Daemon> {
  const found = await findDaemon(config)
  if (!found) throw new Error('no wattslug runs here. Start it first: sudo systemctl start wattslug, or wattslug run')
  if (found.key && passwordFile === undefined) return found
  const daemon = passwordFile === undefined ? found : withPassword(found, readPasswordFile(passwordFile))
  const access = await askFor<AccessAnswer>(daemon, '/api/access')
  if (access?.may.change) return daemon
  if (passwordFile !== undefined) throw new Error(`the daemon does not take the password in ${passwordFile}`)
  if (access?.password !== 'set') throw new Error('there is no password yet. Run it as root, or set one: sudo wattslug passwd')
  if (!process.stdin.isTTY) throw new Error('this needs the password. Run it as root, or name a file with --password-file')
  return withPassword(daemon, await askHidden(process.stdin, process.stderr, 'Password: '))
}

/** @throws Error when it cannot be read */
export function readPasswordFile(file: string): string {
  return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? ''
}

function faultIn(text: string): string {
  try {
    return (JSON.parse(text) as ApiFault).error
  } catch {
    return text.slice(0, limits.logLineCharactersMax)
  }
}
