/** The settings: one table of what there is, what each may be, and how its text becomes a value. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeProxies } from './io/proxies.ts'
import { readZone } from './io/zone.ts'
import { limits } from './limits.ts'
import { topicNameFault } from './mqtt/topic.ts'

/** Where a meter's bytes come from. */
export type SourceSetting =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'remote'; readonly host: string; readonly port: number }
  | { readonly kind: 'replay'; readonly path: string }
  | { readonly kind: 'demo' }

/** One row: how a setting is called, what it may be, and how its text becomes a value (`undefined` when it may not be). */
interface Setting {
  readonly argument: string
  readonly default: string
  readonly allowed: string
  readonly help: string
  readonly read: (text: string) => unknown
}

/** To add a setting, add a row here and a field to `Config`. */
export const settings = {
  source: {
    argument: 'WHERE',
    default: 'auto',
    allowed: 'auto, a device path, tcp://host:port, replay:FILE or demo; or several of a kind with commas between',
    help: 'where the meter is: found by itself, a serial port, a remote serial head, a recording, or a simulated meter',
    read: readSources
  },
  baud: {
    argument: 'N',
    default: '57600',
    allowed: '57600, 9600 or 2400',
    help: 'line speed of the serial port: 57600 for CC128, Envi and EnviR, 9600 or 2400 for a Classic',
    read: text => (['57600', '9600', '2400'].includes(text) ? Number(text) : undefined)
  },
  speed: {
    argument: 'N',
    default: '1',
    allowed: 'a number from 0 to 1000000',
    help: 'how much faster than life a recording is played back; 0 is as fast as it goes',
    read: text => (/^\d{1,7}(\.\d+)?$/.test(text) && Number(text) <= 1_000_000 ? Number(text) : undefined)
  },
  host: {
    argument: 'ADDR',
    default: '0.0.0.0',
    allowed: 'an address of this machine, or its name',
    help: 'address to listen on; 0.0.0.0 is every IPv4 address, :: every address',
    read: text => (/^[0-9a-z.:_-]+$/i.test(text) ? text : undefined)
  },
  'mqtt-port': {
    argument: 'N',
    default: '1883',
    allowed: '0 to 65535',
    help: 'port of MQTT over TCP; 0 takes a free one',
    read: readPort
  },
  'http-port': {
    argument: 'N',
    default: '8080',
    allowed: '0 to 65535',
    help: 'port of the page and of MQTT over WebSocket (at /mqtt); 0 takes a free one',
    read: readPort
  },
  tls: {
    argument: 'HOW',
    default: 'none',
    allowed: 'none, self-signed or files',
    help: 'MQTT and the page over TLS too: none, with a certificate of our own, or with that of tls-cert and tls-key',
    read: text => (['none', 'self-signed', 'files'].includes(text) ? text : undefined)
  },
  'tls-cert': {
    argument: 'FILE',
    default: 'none',
    allowed: 'none, or a file in PEM',
    help: 'certificate, and behind it those of who signed it',
    read: readPath
  },
  'tls-key': {
    argument: 'FILE',
    default: 'none',
    allowed: 'none, or a file in PEM',
    help: 'its key, which only wattslug should be able to read',
    read: readPath
  },
  'mqtts-port': {
    argument: 'N',
    default: '8883',
    allowed: '0 to 65535',
    help: 'port of MQTT over TLS',
    read: readPort
  },
  'https-port': {
    argument: 'N',
    default: '8443',
    allowed: '0 to 65535',
    help: 'port of the page over TLS, and of MQTT over WebSocket',
    read: readPort
  },
  proxies: {
    argument: 'LIST',
    default: 'none',
    allowed: 'none, or addresses and networks with commas between, such as 127.0.0.1,10.0.0.0/8',
    help: 'proxies before the http-port whose X-Forwarded-For tells who a client is',
    read: readProxies
  },
  access: {
    argument: 'WHO',
    default: 'read',
    allowed: 'open, read or login',
    help: 'who may do what: open lets anyone do anything, read lets anyone see readings, login wants a name for that too',
    read: text => (['open', 'read', 'login'].includes(text) ? text : undefined)
  },
  users: {
    argument: 'FILE',
    default: 'none',
    allowed: 'none, or a file that mosquitto_passwd wrote',
    help: 'users and their passwords, as mosquitto_passwd writes them',
    read: text => text
  },
  acl: {
    argument: 'FILE',
    default: 'none',
    allowed: "none, or a file of topic rules in mosquitto's form",
    help: 'what each user may publish and read; without one a user may publish and read everything',
    read: text => text
  },
  origins: {
    argument: 'LIST',
    default: 'same',
    allowed: 'same, any, or origins with commas between, such as https://house.example',
    help: "web pages elsewhere that may connect by WebSocket; same is wattslug's own page only",
    read: readOrigins
  },
  root: {
    argument: 'TOPIC',
    default: 'currentcost',
    allowed: 'a topic of up to 200 characters without wildcards that does not begin with $',
    help: 'first level, or levels, of every topic',
    read: text => (topicNameFault(text) || text.length > 200 || /^[$/]|\/$/.test(text) ? undefined : text)
  },
  zone: {
    argument: 'ZONE',
    default: 'local',
    allowed: "local, or a time zone's name, such as Europe/London",
    help: "time zone of the user's days, weeks and tariff; local is this machine's",
    read: readZone
  },
  state: {
    argument: 'DIR',
    default: '',
    allowed: 'a folder that this user can make and write to',
    help: 'folder for what must outlive a restart (default: $STATE_DIRECTORY, or ~/.local/state/wattslug)',
    read: readFolder
  }
} satisfies Readonly<Record<string, Setting>>

export type Name = keyof typeof settings

function readSources(text: string): readonly SourceSetting[] | undefined {
  if (text === 'auto') return []
  const parts = text.split(',').map(part => part.trim())
  const sources = parts.map(readSource)
  const kinds = new Set(sources.map(source => (source?.kind === 'remote' ? 'serial' : source?.kind)))
  // What is measured, played back and simulated have stores of their own, so they are not read together.
  const possible = kinds.size === 1 && !kinds.has(undefined) && new Set(parts).size === parts.length && parts.length <= limits.metersMax
  return possible ? (sources as readonly SourceSetting[]) : undefined
}

function readSource(text: string): SourceSetting | undefined {
  if (text === 'demo') return { kind: 'demo' }
  if (/^replay:./.test(text)) return { kind: 'replay', path: text.slice('replay:'.length) }
  if (text.startsWith('/')) return { kind: 'serial', path: text }
  const [, host, port] = /^tcp:\/\/(\[[0-9a-f:.]+\]|[^/:]+):(\d+)\/?$/i.exec(text) ?? []
  const number = readPort(port ?? '')
  return host && number ? { kind: 'remote', host: host.replace(/^\[|\]$/g, ''), port: number } : undefined
}

function readPort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined
}

function readPath(text: string): string | undefined {
  return text === '' ? undefined : text
}

function readFolder(text: string): string | undefined {
  try {
    makeFolder(text)
    accessSync(text, constants.W_OK)
    return text
  } catch {
    return undefined
  }
}

/** One after the other: Node would try for ever where the system takes none, as below /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o750 })
}

function readProxies(text: string): readonly string[] | undefined {
  if (text === 'none') return []
  const list = text.split(',').map(part => part.trim())
  try {
    makeProxies(list)
    return list
  } catch {
    return undefined
  }
}

function readOrigins(text: string): 'any' | readonly string[] | undefined {
  if (text === 'any') return text
  if (text === 'same') return []
  const list = text.split(',').map(part => part.trim().toLowerCase())
  return list.every(origin => URL.canParse(origin) && new URL(origin).origin === origin) ? list : undefined
}
