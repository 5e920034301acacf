/** The configuration: the command line, the help, the environment and the file, as the table of settings has them. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AccessAnswer, TariffTold } from './api.ts'
import { type Asked, readBounds } from './bounds.ts'
import { type CommandName, commands, operandOf, ownOptions, usageOf } from './commands.ts'
import { type Found, type FromFile, noFile, readSettingsFile } from './file.ts'
import type { TlsSetting } from './io/tls.ts'
import type { Bounds } from './limits.ts'
import type { Correction } from './meters/correct.ts'
import type { Derivation } from './meters/derive.ts'
import type { SettingsFacts } from './operating/facts.ts'
import { type Name, type SourceSetting, settings } from './settings.ts'

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
  readonly tls: TlsSetting
  readonly mqttsPort: number
  readonly httpsPort: number
  /** Addresses and networks of the proxies whose X-Forwarded-For is believed. */
  readonly proxies: readonly string[]
  /** What those without a name may do. */
  readonly access: AccessAnswer['access']
  /** The users' passwords, and what they may publish and read; no file if undefined. */
  readonly users: string | undefined
  readonly acl: string | undefined
  /** Web pages elsewhere that may connect. */
  readonly origins: 'any' | readonly string[]
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
  /** What the user should know of the settings file. */
  readonly notices: readonly string[]
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'run'; readonly config: Config }
  | { readonly name: 'passwd'; readonly config: Config }
  | { readonly name: 'record'; readonly config: Config; readonly file: string }
  | { readonly name: 'doctor'; readonly config: Config; readonly settings: SettingsFacts; readonly report: string | undefined }
  | ({ readonly name: 'status' } & Caring)
  | ({ readonly name: 'backup' | 'restore'; readonly file: string } & Caring)

/** What a command has that looks after a daemon which runs. */
interface Caring {
  readonly config: Config
  /** What is wrong with the settings, which are then taken as they come. */
  readonly fault: string | undefined
  readonly passwordFile: string | undefined
}

/** A setting that is unknown or impossible; the message names it, its value and what is allowed. */
export class ConfigError extends Error {}

const names = Object.keys(settings) as Name[]

/**
 * Reads the command line, the environment and the file, in this order of precedence.
 * @param args what follows the program's name @throws ConfigError
 */
export function readCommand(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = parseCommandLine(args)
  if (values['help']) return { name: 'help' }
  if (values['version']) return { name: 'version' }
  const [said = '', ...operands] = positionals
  const command = commands.find(({ name }) => name === said)
  if (command && operands.length > (operandOf(command.name) === undefined ? 0 : 1))
    throw new ConfigError(`${said}: too much stands behind it; allowed: ${usageOf(command.name)}. See wattslug --help`) // it may be a password
  const why = said === '' ? 'no command given' : `unknown command: ${positionals.join(' ')}`
  if (!command) throw new ConfigError(`${why}; allowed: ${commands.map(({ name }) => usageOf(name)).join(', ')}. See wattslug --help`)
  return makeCommand(command, operands[0], values, environment)
}

type Environment = Readonly<Record<string, string | undefined>>

/** Where the service that was installed has its settings and its state. */
const service = { file: '/etc/wattslug.toml', state: '/var/lib/wattslug' }

function makeCommand(command: Row, file: string | undefined, values: Values, environment: Environment): Command {
  const { name } = command
  for (const [option, { of }] of Object.entries(ownOptions))
    if (values[option] !== undefined && !(of as readonly CommandName[]).includes(name))
      throw new ConfigError(`--${option}: allowed: with ${of.join(', ')}`)
  const example = operandOf(name)
  if (example !== undefined && file === undefined) throw new ConfigError(`${name}: name the file, such as: wattslug ${name} ${example}`)
  const asText = (option: string): string | undefined => values[option] as string | undefined
  if (command.writesState) {
    const config = readConfig(command, values, environment, readFileNamed(command, values, environment))
    return name === 'record' ? { name, config, file: file as string } : { name: name as 'run' | 'passwd', config }
  }
  const { config, settings } = inspect(command, values, environment)
  if (name === 'doctor') return { name, config, settings, report: asText('report') }
  const caring = { config, fault: settings.fault, passwordFile: asText('password-file') }
  return name === 'status' ? { name, ...caring } : { name: name as 'backup' | 'restore', file: file as string, ...caring }
}

type Row = (typeof commands)[number]

/** What looks after a daemon must work with settings that are wrong, too, as long as the command line itself is right. */
function inspect(command: Row, values: Values, environment: Environment): { config: Config; settings: SettingsFacts } {
  const file = fileNamed(command, values, environment)
  try {
    const fromFile = readFileNamed(command, values, environment)
    return {
      config: readConfig(command, values, environment, fromFile),
      settings: { file, fault: undefined, notices: fromFile.notices, changed: changesOf(values, environment, fromFile) }
    }
  } catch (error) {
    const plain = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('WATTSLUG_')))
    return {
      config: readConfig(command, { ...values, ...(file === undefined ? {} : { config: file }) }, plain, noFile),
      settings: { file, fault: (error as Error).message, notices: [], changed: [] }
    }
  }
}

/** What is said otherwise than it comes. */
function changesOf(values: Values, environment: Environment, fromFile: FromFile): readonly string[] {
  const found = names.map(name => ({ name, text: findText(name, values, environment, fromFile)?.text }))
  const { asked, corrections, derivations, tariff } = fromFile
  const tables = { 'sensor.N': corrections.size > 0, 'derived.NAME': derivations.length > 0, tariff: tariff !== undefined }
  return [
    ...found.flatMap(({ name, text }) => (text === undefined || text === settings[name].default ? [] : [`${name} = ${text}`])),
    ...[...asked, ...askedOnLine(values)].map(({ name, value }) => `${name} = ${String(value)}`),
    ...Object.entries(tables).flatMap(([name, isThere]) => (isThere ? [`[${name}]`] : []))
  ]
}

function fileNamed({ isForService }: Row, values: Values, environment: Environment): string | undefined {
  const named = values['config'] ?? environment[variableOf('config')]
  if (typeof named === 'string') return named
  return isForService && existsSync(service.file) ? service.file : undefined
}

function readFileNamed(command: Row, values: Values, environment: Environment): FromFile {
  const file = fileNamed(command, values, environment)
  return file === undefined ? noFile : told(() => readSettingsFile(file))
}

/** What was said of a setting, and where; nothing if nobody did. */
function findText(name: Name, values: Values, environment: Environment, fromFile: FromFile): Found | undefined {
  const [fromLine, fromEnvironment] = [values[name], environment[variableOf(name)]]
  if (typeof fromLine === 'string') return { text: fromLine, place: () => `--${name}` }
  return fromEnvironment === undefined ? fromFile.found[name] : { text: fromEnvironment, place: () => variableOf(name) }
}

function readConfig(command: Row, values: Values, environment: Environment, fromFile: FromFile): Config {
  const unknown = Object.keys(environment).find(
    name => name.startsWith('WATTSLUG_') && !['config', ...names].map(variableOf).includes(name)
  )
  if (unknown) throw new ConfigError(`${unknown}: unknown setting; allowed: ${['config', ...names].map(variableOf).join(', ')}`)
  const isService = command.isForService && fileNamed(command, values, environment) === service.file
  const usual = (name: Name): string => settings[name].default || (isService ? service.state : defaultState(environment))
  const find = (name: Name): Found => findText(name, values, environment, fromFile) ?? { text: usual(name), place: () => `--${name}` }
  const value = (name: Name): unknown => {
    const found = find(name)
    return name === 'state' && !command.writesState ? found.text : check(name, found)
  }
  return Object.freeze({
    sources: value('source') as readonly SourceSetting[],
    baud: value('baud') as number,
    speed: value('speed') as number,
    host: value('host') as string,
    mqttPort: value('mqtt-port') as number,
    httpPort: value('http-port') as number,
    tls: tlsOf(value, name => find(name).place()),
    mqttsPort: value('mqtts-port') as number,
    httpsPort: value('https-port') as number,
    proxies: value('proxies') as readonly string[],
    access: value('access') as AccessAnswer['access'],
    users: fileOf(value('users')),
    acl: fileOf(value('acl')),
    origins: value('origins') as 'any' | readonly string[],
    root: value('root') as string,
    zone: value('zone') as string,
    state: value('state') as string,
    corrections: fromFile.corrections,
    derivations: fromFile.derivations,
    tariff: fromFile.tariff,
    notices: fromFile.notices,
    limits: told(() => readBounds([...fromFile.asked, ...askedOnLine(values)]))
  })
}

/** The text of `--help`. */
export function helpText(): string {
  const rows = names.map(name => {
    const { argument, help, default: usual } = settings[name]
    return `  ${`--${name} ${argument}`.padEnd(20)} ${help}${usual ? ` (default: ${usual})` : ''}`
  })
  const usage = commands.map(({ name, about }, index) => {
    return `${index === 0 ? 'Usage:' : '      '} wattslug ${`${usageOf(name)} [settings]`.padEnd(24)} ${about}`
  })
  const files = Object.entries(ownOptions).map(([name, { of, about }]) => {
    return `  ${`--${name} FILE`.padEnd(20)} of ${of.join(', ')}: ${about}`
  })
  return `wattslug reads a CurrentCost meter and serves it over MQTT and as a page for your phone.

${usage.join('\n')}
       wattslug --help | --version

Settings:
${rows.join('\n')}
  ${'--limit NAME=N'.padEnd(20)} another bound, such as clients-max=50; may stand several times
  ${'--config FILE'.padEnd(20)} a TOML file with the same names, such as mqtt-port = 1883, bounds, prices, and what is to be corrected
${files.join('\n')}

Each setting can stand in the environment too, such as ${variableOf('mqtt-port')}=1883.
The command line wins, then the environment, then the file.
`
}

type Values = ReturnType<typeof parseArgs>['values']

function parseCommandLine(args: readonly string[]): ReturnType<typeof parseArgs> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    ...Object.fromEntries([...names, 'config', ...Object.keys(ownOptions)].map(name => [name, text])),
    limit: { ...text, multiple: true },
    help: { ...flag, short: 'h' },
    version: flag
  }
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\.\s/)[0]}. See wattslug --help`)
  }
}

function askedOnLine({ limit = [] }: Values): readonly Asked[] {
  return [limit].flat().map(said => {
    const [name = '', value = ''] = String(said).split('=', 2)
    return { place: () => '--limit', name, value }
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
  if (value === undefined)
    throw new ConfigError(`${place()}: impossible value: ${JSON.stringify(text)}; allowed: ${settings[name].allowed}`)
  return value
}

/** @throws ConfigError when files are missing, or named and not used */
function tlsOf(value: (name: Name) => unknown, placeOf: (name: Name) => string): TlsSetting {
  const kind = value('tls') as TlsSetting['kind']
  const [cert, key] = [fileOf(value('tls-cert')), fileOf(value('tls-key'))]
  if (kind !== 'files') {
    const named = cert === undefined ? key && 'tls-key' : 'tls-cert'
    if (named) throw new ConfigError(`${placeOf(named)}: is of use only with tls = files, but tls is ${kind}`)
    return { kind }
  }
  if (cert === undefined || key === undefined) throw new ConfigError(`${placeOf('tls')}: files needs tls-cert and tls-key`)
  return { kind, cert, key }
}

function fileOf(value: unknown): string | undefined {
  return value === 'none' ? undefined : (value as string)
}

function defaultState(environment: Readonly<Record<string, string | undefined>>): string {
  const fromSystemd = environment['STATE_DIRECTORY']?.split(':')[0]
  return fromSystemd || join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'wattslug')
}

function variableOf(name: string): string {
  return `WATTSLUG_${name.toUpperCase().replaceAll('-', '_')}`
}
