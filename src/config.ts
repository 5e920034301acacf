/** The settings: one table from which the command line, the help, the environment and the file are read. */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readToml } from './io/toml.ts'
import { limits } from './limits.ts'
import type { Correction } from './meters/correct.ts'
import type { Derivation } from './meters/derive.ts'
import { topicNameFault } from './mqtt/topic.ts'
import { readSensorSettings, type SensorSettings } from './sensors.ts'

/** Where a meter's bytes come from. */
export type SourceSetting =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'remote'; readonly host: string; readonly port: number }
  | { readonly kind: 'replay'; readonly path: string }
  | { readonly kind: 'demo' }

/** What the program runs with; frozen, and handed on piece by piece. */
export interface Config {
  /** One for each meter, in their order; none to find them. */
  readonly sources: readonly SourceSetting[]
  readonly baud: number
  /** How much faster than life a recording is played back; 0 is as fast as it goes. */
  readonly speed: number
  readonly host: string
  readonly mqttPort: number
  readonly httpPort: number
  readonly root: string
  /** Folder for what must outlive a restart; it exists and can be written to. */
  readonly state: string
  /** What the user wants corrected, by the sensor's place, such as `0` or `meter2/1`. */
  readonly corrections: ReadonlyMap<string, Correction>
  readonly derivations: readonly Derivation[]
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'run'; readonly config: Config }
  | { readonly name: 'doctor'; readonly config: Config }
  | { readonly name: 'record'; readonly config: Config; readonly file: string }

/** A setting that is unknown or impossible; the message names it, its value and what is allowed. */
export class ConfigError extends Error {}

/** One row: how a setting is called, what it may be, and how its text becomes a value (`undefined` when it may not be). */
interface Option {
  readonly argument: string
  readonly default: string
  readonly allowed: string
  readonly help: string
  readonly read: (text: string) => unknown
}

/** To add a setting, add a row here and a field to `Config`. */
const options = {
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
  root: {
    argument: 'TOPIC',
    default: 'currentcost',
    allowed: 'a topic of up to 200 characters without wildcards that does not begin with $',
    help: 'first level of every topic',
    read: text => (topicNameFault(text) || text.length > 200 || /^[$/]|\/$/.test(text) ? undefined : text)
  },
  state: {
    argument: 'DIR',
    default: '',
    allowed: 'a folder that can be made and written to',
    help: 'folder for what must outlive a restart (default: $STATE_DIRECTORY, or ~/.local/state/wattslug)',
    read: readFolder
  }
} satisfies Readonly<Record<string, Option>>

type Name = keyof typeof options
const names = Object.keys(options) as Name[]

/** A text and where it was found, for the message when it is no good. */
interface Found {
  readonly text: string
  readonly place: string
}

/**
 * Reads the command line, the environment and the file, in this order of precedence.
 * @param args what follows the program's name @throws ConfigError
 */
export function readCommand(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = parseCommandLine(args)
  if (values['help']) return { name: 'help' }
  if (values['version']) return { name: 'version' }
  const [name, ...operands] = positionals
  const [file] = operands
  if (!(name === 'run' || name === 'doctor' || name === 'record') || operands.length > (name === 'record' ? 1 : 0)) {
    const said = name === undefined ? 'no command given' : `unknown command: ${positionals.join(' ')}`
    throw new ConfigError(`${said}; allowed: run, record FILE, doctor. See wattslug --help`)
  }
  const config = readConfig(values, environment)
  if (name !== 'record') return { name, config }
  if (file === undefined) throw new ConfigError('record: name the file to record to, such as: wattslug record meter.txt')
  return { name, config, file }
}

function readConfig(values: Values, environment: Readonly<Record<string, string | undefined>>): Config {
  const unknown = Object.keys(environment).find(
    name => name.startsWith('WATTSLUG_') && !['config', ...names].map(variableOf).includes(name)
  )
  if (unknown) throw new ConfigError(`${unknown}: unknown setting; allowed: ${['config', ...names].map(variableOf).join(', ')}`)
  const file = values['config'] ?? environment[variableOf('config')]
  const fromFile: FromFile = typeof file === 'string' ? readFile(file) : { found: {}, corrections: new Map(), derivations: [] }
  const value = (name: Name): unknown => {
    const fromLine = values[name]
    const fromEnvironment = environment[variableOf(name)]
    if (typeof fromLine === 'string') return check(name, { text: fromLine, place: `--${name}` })
    if (fromEnvironment !== undefined) return check(name, { text: fromEnvironment, place: variableOf(name) })
    return check(name, fromFile.found[name] ?? { text: options[name].default || defaultState(environment), place: `--${name}` })
  }
  return Object.freeze({
    sources: value('source') as readonly SourceSetting[],
    baud: value('baud') as number,
    speed: value('speed') as number,
    host: value('host') as string,
    mqttPort: value('mqtt-port') as number,
    httpPort: value('http-port') as number,
    root: value('root') as string,
    state: value('state') as string,
    corrections: fromFile.corrections,
    derivations: fromFile.derivations
  })
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = names.map(name => {
    const { argument, help, default: usual } = options[name]
    return `  ${`--${name} ${argument}`.padEnd(20)} ${help}${usual ? ` (default: ${usual})` : ''}`
  })
  return `wattslug reads a CurrentCost meter and serves it over MQTT and as a page for your phone.

Usage: wattslug run [settings]            read the meter and serve it
       wattslug doctor [settings]         say what is found of ports and meters, and what to do next
       wattslug record FILE [settings]    write down what the meter says, for a report of a problem
       wattslug --help | --version

Settings:
${rows.join('\n')}
  ${'--config FILE'.padEnd(20)} a TOML file with the same names, such as mqtt-port = 1883, and what is to be corrected

Each setting can stand in the environment too, such as ${variableOf('mqtt-port')}=1883.
The command line wins, then the environment, then the file.
`
}

type Values = ReturnType<typeof parseArgs>['values']

function parseCommandLine(args: readonly string[]): ReturnType<typeof parseArgs> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const settings = Object.fromEntries([...names, 'config'].map(name => [name, text]))
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { ...settings, help: { ...flag, short: 'h' }, version: flag } })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split('. ')[0]}. See wattslug --help`)
  }
}

interface FromFile extends SensorSettings {
  readonly found: Readonly<Partial<Record<Name, Found>>>
}

function readFile(file: string): FromFile {
  try {
    const table = readToml(file)
    const found: Partial<Record<Name, Found>> = {}
    const { sensor, derived, ...settings } = table
    for (const [key, value] of Object.entries(settings)) {
      const name = names.find(known => known === key)
      if (!name) throw new Error(`${file}: unknown setting: ${key}; allowed: ${names.join(', ')}, [sensor.N], [derived.NAME]`)
      const text = Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value)
      found[name] = { text, place: `${file}: ${key}` }
    }
    return { found, ...readSensorSettings(file, sensor, derived) }
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}

function check(name: Name, { text, place }: Found): unknown {
  const value = options[name].read(text)
  if (value === undefined) throw new ConfigError(`${place}: impossible value: ${JSON.stringify(text)}; allowed: ${options[name].allowed}`)
  return value
}

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

function readFolder(text: string): string | undefined {
  try {
    mkdirSync(text, { recursive: true, mode: 0o750 })
    accessSync(text, constants.W_OK)
    return text
  } catch {
    return undefined
  }
}

function defaultState(environment: Readonly<Record<string, string | undefined>>): string {
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0]
  return fromSystemd || join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'wattslug')
}

function variableOf(name: string): string {
  return `WATTSLUG_${name.toUpperCase().replaceAll('-', '_')}`
}
