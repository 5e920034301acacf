/** The serial ports of this machine that a meter's cable may be, each device once, and what adapter it is. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename } from 'node:path'

/** A port that may have a meter. */
export interface Candidate {
  /** The name that lasts when it is plugged in again, if it has one. */
  readonly path: string
  /** Tells its device from others, and from the same one plugged in anew. */
  readonly key: string
  /** The USB adapter it is, if that is a known one. */
  readonly adapter?: string
}

/** USB adapters that are met in meters' cables, by vendor and product. */
const adapters = new Map([
  ['067b:2303', 'Prolific PL2303, as in the cable made for the meter'],
  ['067b:23a3', 'Prolific PL2303GC'],
  ['0403:6001', 'FTDI FT232R'],
  ['0403:6015', 'FTDI FT-X'],
  ['10c4:ea60', 'Silicon Labs CP210x'],
  ['1a86:7523', 'WCH CH340'],
  ['1a86:5523', 'WCH CH341']
])

/**
 * Lists the ports that there are: known adapters first, for others are less likely to have a meter.
 * @param root stands before `/dev` and `/sys`
 */
export function candidates(root = ''): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const path of listPorts(root)) {
    const key = attempt(() => keyOf(path))
    if (key === undefined || found.has(key)) continue
    const adapter = adapterOf(path, root)
    found.set(key, { path, key, ...(adapter === undefined ? {} : { adapter }) })
  }
  return [...found.values()].sort((a, b) => Number(a.adapter === undefined) - Number(b.adapter === undefined))
}

/** Every name of a port that a meter's cable may be: those that last first. */
export function listPorts(root = ''): readonly string[] {
  return ['/dev/serial/by-id', '/dev'].flatMap(folder =>
    (attempt(() => readdirSync(root + folder)) ?? [])
      .filter(name => folder !== '/dev' || /^tty(USB|ACM|AMA)\d+$/.test(name))
      .map(name => `${root}${folder}/${name}`)
  )
}

/** A device's number, and that of its node in `/dev`: plugged in anew, it gets another one. */
function keyOf(path: string): string | undefined {
  const stats = statSync(path)
  return stats.isCharacterDevice() ? `${stats.rdev}/${stats.ino}` : undefined
}

/** The ids stand in the tree of devices, one to three folders above the port. */
function adapterOf(path: string, root: string): string | undefined {
  const device = attempt(() => realpathSync(`${root}/sys/class/tty/${basename(realpathSync(path))}/device`))
  const folders = device === undefined ? [] : ['..', '../..', '../../..'].map(up => `${device}/${up}`)
  const idsIn = (folder: string): string =>
    ['idVendor', 'idProduct'].map(name => readFileSync(`${folder}/${name}`, 'utf8').trim()).join(':')
  return folders.map(folder => adapters.get(attempt(() => idsIn(folder)) ?? '')).find(adapter => adapter !== undefined)
}

/** Reads something of the system: what has just gone, or is hidden from this user, is not there. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
