/** What this machine tells of itself: what it is, its memory, its clock, and how it is reached. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { arch, freemem, hostname, networkInterfaces, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { limits } from '../limits.ts'
import type { ClockFacts, MemoryFacts, StoreFacts, VersionFacts } from '../operating/facts.ts'
import { levelFault } from './level.ts'
import { attempt } from './ports.ts'
import { serialFault } from './serial.ts'
import { isClockSynchronised } from './service.ts'

/** @param daemon the version of the one that runs */
export async function readVersions(wattslug: string, daemon: string | undefined, root = ''): Promise<VersionFacts> {
  const addons = [
    { addon: 'serial ports', fault: await serialFault() },
    { addon: 'the store', fault: await levelFault() }
  ]
  return {
    ...{ wattslug, daemon, node: process.version, kernel: release(), architecture: arch() },
    board: readText(`${root}/proc/device-tree/model`)?.replaceAll('\0', ''),
    broken: addons.flatMap(({ addon, fault }) => (fault === undefined ? [] : [{ addon, fault }]))
  }
}

/** @param pid the daemon's, as far as this user knows it @param residentBytes as the daemon itself tells it */
export function readMemory(pid: number | undefined, residentBytes: number | undefined, heldBytesMax: number, root = ''): MemoryFacts {
  const status = pid === undefined ? undefined : readText(`${root}/proc/${pid}/status`)
  const kibibytes = (text: string | undefined, name: string): number | undefined => {
    const [, count] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text ?? '') ?? []
    return count === undefined ? undefined : Number(count) * 1_024
  }
  return {
    residentBytes: kibibytes(status, 'VmRSS') ?? residentBytes,
    anonymousBytes: kibibytes(status, 'RssAnon'),
    heldBytesMax,
    ...readGroup(pid, root),
    machineBytes: totalmem(),
    availableBytes: kibibytes(readText(`${root}/proc/meminfo`), 'MemAvailable') ?? freemem()
  }
}

/** What the kernel tells of the group in which systemd runs the service. */
function readGroup(pid: number | undefined, root: string): Pick<MemoryFacts, 'ceilingBytes' | 'chargedBytes' | 'kills'> {
  const [, path] = /^0::(\/.+)$/m.exec((pid === undefined ? undefined : readText(`${root}/proc/${pid}/cgroup`)) ?? '') ?? []
  const read = (name: string): string | undefined =>
    path === undefined ? undefined : readText(`${root}/sys/fs/cgroup${path}/memory.${name}`)
  const count = (text: string | undefined): number | undefined => (text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined)
  return {
    ceilingBytes: count(read('max')),
    chargedBytes: count(read('current')),
    kills: count(/^oom_kill (\d+)$/m.exec(read('events') ?? '')?.[1])
  }
}

export async function readClock(nowMs: number, zone: string): Promise<ClockFacts> {
  return { isSet: nowMs >= limits.energyClockMsMin, isSynchronised: await isClockSynchronised(), zone }
}

/** What a state folder holds, as far as this user may look. */
export async function readStore(folder: string, told: StoreFacts['told']): Promise<StoreFacts> {
  const disk = await statfs(folder).catch(() => undefined)
  return { folder, seen: lookInto(folder), freeBytes: disk && disk.bavail * disk.bsize, told }
}

function lookInto(folder: string): StoreFacts['seen'] {
  try {
    // Files may come and go while they are counted.
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const files = names.flatMap(name => statSync(join(folder, name), { throwIfNoEntry: false }) ?? []).filter(stats => stats.isFile())
    const writtenMs = files.length === 0 ? undefined : Math.max(...files.map(({ mtimeMs }) => mtimeMs))
    return { kind: 'seen', bytes: files.reduce((sum, { size }) => sum + size, 0), writtenMs }
  } catch (error) {
    return { kind: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'hidden' }
  }
}

/** The addresses under which others may reach this machine. */
export function readAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return all.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address)).map(({ address }) => address)
}

/** The name by which the house knows it, once Avahi tells it. */
export function readName(): { readonly name: string; readonly isAnnounced: boolean } {
  return { name: `${hostname().split('.', 1)[0]}.local`, isAnnounced: existsSync('/run/avahi-daemon/pid') }
}

function readText(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8').trim())
}
