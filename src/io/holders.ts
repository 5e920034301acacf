/** Who holds a serial port: asked before one is opened, for opening it already changes its line speed under the other's hands. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename } from 'node:path'
import { attempt } from './ports.ts'

/**
 * Names another process that holds a port, or the kernel if it is its console. Locks and controlling terminals are seen of all
 * processes, open files only of one's own user's, unless one is root.
 * @param root stands before `/proc`, `/run` and `/sys`
 */
export function holderOf(path: string, root = ''): string | undefined {
  const port = attempt(() => realpathSync(path))
  const stats = attempt(() => statSync(path))
  if (port === undefined || stats === undefined) return undefined
  const consoles = attempt(() => readFileSync(`${root}/sys/class/tty/console/active`, 'utf8')) ?? ''
  if (consoles.trim().split(/\s+/).includes(basename(port))) return 'the kernel, as its console'
  const pids = (attempt(() => readdirSync(`${root}/proc`)) ?? []).map(Number).filter(pid => pid > 0)
  const holders = [
    lockerOf(port, root),
    flockerOf(stats, root),
    pids.find(pid => pid !== process.pid && isTerminalOf(pid, stats, root)),
    pids.find(pid => pid !== process.pid && hasOpen(pid, port, root))
  ]
  return holders.map(pid => (pid === undefined || pid === process.pid ? undefined : nameOf(pid, root))).find(name => name !== undefined)
}

/** Whose lock file it has, as modem programs leave them; they may also outlive their process. */
function lockerOf(port: string, root: string): number | undefined {
  const pid = Number.parseInt(attempt(() => readFileSync(`${root}/run/lock/LCK..${basename(port)}`, 'utf8')) ?? '', 10)
  return pid > 0 ? pid : undefined
}

/** Who has locked its node: `1: FLOCK  ADVISORY  WRITE 2062 fe:00:2148180 0 EOF`. */
function flockerOf({ dev, ino }: Stats, root: string): number | undefined {
  const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)].map(part => part.toString(16).padStart(2, '0'))
  const node = `${major}:${minor}:${ino}`
  const locks = attempt(() => readFileSync(`${root}/proc/locks`, 'utf8')) ?? ''
  const fields = locks.split('\n').map(line => line.split(/\s+/))
  const pid = Number(fields.find(lock => lock[5] === node)?.[4])
  return pid > 0 ? pid : undefined
}

/** Whether it is the terminal that controls a process, as a login's. */
function isTerminalOf(pid: number, { rdev }: Stats, root: string): boolean {
  const stat = attempt(() => readFileSync(`${root}/proc/${pid}/stat`, 'utf8')) ?? ''
  // The name, in brackets, may hold anything; after it come state, parent, group, session, and the terminal's number.
  const terminal = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4])
  return terminal !== 0 && terminal >>> 0 === rdev
}

function hasOpen(pid: number, port: string, root: string): boolean {
  const files = attempt(() => readdirSync(`${root}/proc/${pid}/fd`)) ?? []
  return files.some(file => attempt(() => readlinkSync(`${root}/proc/${pid}/fd/${file}`)) === port)
}

/** A process's name; `undefined` when it has ended. */
export function nameOf(pid: number, root: string): string | undefined {
  const name = attempt(() => readFileSync(`${root}/proc/${pid}/comm`, 'utf8').trim())
  return name === undefined ? undefined : `${name} (process ${pid})`
}
