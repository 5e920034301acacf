/** The configuration: the command line, the help, the environment and the file, as the table of settings has them. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { TariffTold } from './api.ts'
import { type Asked, readBounds } from './bounds.ts'
import { readToml } from './io/toml.ts'
import type { Bounds } from './limits.ts'
import type { Correction } from './meters/correct.ts'
import type { Derivation } from './meters/derive.ts'
import { readSensorSettings, type SensorSettings } from './sensors.ts'
import { type Name, type SourceSetting, settings } from './settings.ts'
import { readTariffSettings } from './tariff.ts'

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
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed. */
  readonly proxies: readonly string[]
  readonly root: string
  /** The user's time zone, such as `Europe/London`. */
  readonly zone: string
  /** Folder for what must outlive a restart; it exists and can be written to. */
  readonly state: string
  /** What the user wants corrected, by the sensor's place, such as `0` or `meter2/1`. */
  readonly corrections: ReadonlyMap<string, Correction>
  readonly derivations: readonly Derivation[]
  /** What the file says of prices; what is set on the page comes before it. */
  readonly tariff: TariffTold | undefined
  /** The bounds that were changed; they hold together. */
  readonly limits: Partial<Bounds>
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'run'; readonly config: Config }
  | { readonly name: 'doctor'; readonly config: Config }
  | { readonly name: 'passwd'; readonly config: Config }
  | { readonly name: 'record'; readonly config: Config; readonly file: string }

/** A setting that is unknown or impossible; the message names it, its value and what is allowed. */
export class ConfigError extends Error {}

const names = Object.keys(settings) as Name[]

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
  if (!(name === 'run' || name === 'doctor' || name === 'passwd' || name === 'record') || operands.length > (name === 'record' ? 1 : 0)) {
    const said = name === undefined ? 'no command given' : `unknown command: ${positionals.join(' ')}`
    throw new ConfigError(`${said}; allowed: run, record FILE, doctor, passwd. See wattslug --help`)
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
  const fromFile = typeof file === 'string' ? readFile(file) : nothing
  const value = (name: Name): unknown => {
    const fromLine = values[name]
    const fromEnvironment = environment[variableOf(name)]
    if (typeof fromLine === 'string') return check(name, { text: fromLine, place: `--${name}` })
    if (fromEnvironment !== undefined) return check(name, { text: fromEnvironment, place: variableOf(name) })
    return check(name, fromFile.found[name] ?? { text: settings[name].default || defaultState(environment), place: `--${name}` })
  }
  return Object.freeze({
    sources: value('source') as readonly SourceSetting[],
    baud: value('baud') as number,
    speed: value('speed') as number,
    host: value('host') as string,
    mqttPort: value('mqtt-port') as number,
    httpPort: value('http-port') as number,
    proxies: value('proxies') as readonly string[],
    root: value('root') as string,
    zone: value('zone') as string,
    state: value('state') as string,
    corrections: fromFile.corrections,
    derivations: fromFile.derivations,
    tariff: fromFile.tariff,
    limits: told(() => readBounds([...fromFile.asked, ...askedOnLine(values)]))
  })
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = names.map(name => {
    const { argument, help, default: usual } = settings[name]
    return `  ${`--${name} ${argument}`.padEnd(20)} ${help}${usual ? ` (default: ${usual})` : ''}`
  })
  return `wattslug reads a CurrentCost meter and serves it over MQTT and as a page for your phone.

Usage: wattslug run [settings]            read the meter and serve it
       wattslug doctor [settings]         say what is found of ports and meters, and what to do next
       wattslug record FILE [settings]    write down what the meter says, for a report of a problem
       wattslug passwd [settings]         set the password that changes by the page and the HTTP API need
       wattslug --help | --version

Settings:
${rows.join('\n')}
  ${'--limit NAME=N'.padEnd(20)} another bound, such as clients-max=200; may stand several times
  ${'--config FILE'.padEnd(20)} a TOML file with the same names, such as mqtt-port = 1883, bounds, and what is to be corrected

Each setting can stand in the environment too, such as ${variableOf('mqtt-port')}=1883.
The command line wins, then the environment, then the file.
`
}

type Values = ReturnType<typeof parseArgs>['values']

function parseCommandLine(args: readonly string[]): ReturnType<typeof parseArgs> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    ...Object.fromEntries([...names, 'config'].map(name => [name, text])),
    limit: { ...text, multiple: true },
    help: { ...flag, short: 'h' },
    version: flag
  }
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split('. ')[0]}. See wattslug --help`)
  }
}

interface FromFile extends SensorSettings {
  readonly found: Readonly<Partial<Record<Name, Found>>>
  readonly asked: readonly Asked[]
  readonly tariff: TariffTold | undefined
}

const nothing: FromFile = { found: {}, asked: [], corrections: new Map(), derivations: [], tariff: undefined }

function readFile(file: string): FromFile {
  return told(() => {
    const found: Partial<Record<Name, Found>> = {}
    const { sensor, derived, tariff, limits: asked, ...rest } = readToml(file)
    for (const [key, value] of Object.entries(rest)) {
      const name = names.find(known => known === key)
      if (!name)
        throw new Error(`${file}: unknown setting: ${key}; allowed: ${names.join(', ')}, [limits], [tariff], [sensor.N], [derived.NAME]`)
      const text = Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value)
      found[name] = { text, place: `${file}: ${key}` }
    }
    return {
      found,
      asked: askedInFile(file, asked),
      tariff: readTariffSettings(file, tariff),
      ...readSensorSettings(file, sensor, derived)
    }
  })
}

function askedInFile(file: string, table: unknown): readonly Asked[] {
  if (table === undefined) return []
  if (typeof table !== 'object' || table === null || Array.isArray(table)) throw new Error(`${file}: limits: allowed: a table, [limits]`)
  return Object.entries(table).map(([name, value]) => ({ place: `${file}: [limits]`, name, value }))
}

function askedOnLine({ limit = [] }: Values): readonly Asked[] {
  return [limit].flat().map(said => {
    const [name = '', value = ''] = String(said).split('=', 2)
    return { place: '--limit', name, value }
  })
}

/** What goes wrong is told as what it is: a mistake in the settings. */
function told<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}

function check(name: Name, { text, place }: Found): unknown {
  const value = settings[name].read(text)
  if (value === undefined) throw new ConfigError(`${place}: impossible value: ${JSON.stringify(text)}; allowed: ${settings[name].allowed}`)
  return value
}

function defaultState(environment: Readonly<Record<string, string | undefined>>): string {
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0]
  return fromSystemd || join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'wattslug')
}

function variableOf(name: string): string {
  return `WATTSLUG_${name.toUpperCase().replaceAll('-', '_')}`
}
