/** Reloads the configuration: what can change while the daemon runs does, and what cannot is said to need a restart. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'
import type { Log } from './io/log.ts'
import type { Supervisor } from './io/systemd.ts'

/**
 * A part of the daemon that takes another configuration while it runs: it reads what it needs to, and answers what puts that
 * into force. @throws Error that names the file and what is wrong, and then nothing is changed
 */
export type Part = (next: Config) => () => void

type Setting = Exclude<keyof Config, 'notices'>
type Effect = (was: Config, is: Config) => boolean

/** Whether a change takes effect while the daemon runs. */
const now: Effect = () => true
const restart: Effect = () => false
/** Its ports are there or they are not. */
const withTls: Effect = (was, is) => was.tls.kind !== 'none' && is.tls.kind !== 'none'

/** How each field is called in the file, and when it takes effect. */
const settings: Readonly<Record<Setting, readonly [name: string, takesEffect: Effect]>> = {
  sources: ['source', restart],
  baud: ['baud', restart],
  speed: ['speed', restart],
  host: ['host', restart],
  mqttPort: ['mqtt-port', restart],
  httpPort: ['http-port', restart],
  mqttsPort: ['mqtts-port', restart],
  httpsPort: ['https-port', restart],
  tls: ['tls, tls-cert, tls-key', withTls],
  proxies: ['proxies', now],
  access: ['access', now],
  users: ['users', now],
  acl: ['acl', now],
  origins: ['origins', now],
  root: ['root', restart],
  zone: ['zone', restart], // days that were written are days of the zone that was set then
  state: ['state', restart],
  corrections: ['[sensor.N]', now],
  derivations: ['[derived.NAME]', now],
  tariff: ['[tariff]', now],
  limits: ['[limits]', restart]
}

/**
 * Makes what reads the configuration again, as often as it is called.
 * @param config the one that is in force @param read reads another one, and throws what is wrong with it
 */
export function makeReloader(config: Config, parts: readonly Part[], supervisor: Supervisor, log: Log): (read: () => Config) => void {
  let inForce = config
  return read => {
    supervisor.reloading()
    const next = tryPrepare(read, parts, log)
    if (next) {
      for (const apply of next.apply) apply()
      inForce = { ...inForce, ...tell(inForce, next.config, log) }
    }
    supervisor.ready()
  }
}

function tryPrepare(
  read: () => Config,
  parts: readonly Part[],
  log: Log
): { readonly config: Config; readonly apply: readonly (() => void)[] } | undefined {
  try {
    const config = read()
    return { config, apply: parts.map(part => part(config)) }
  } catch (error) {
    log.error(`the settings stay as they were: ${(error as Error).message}`)
    return undefined
  }
}

/** Says what is different; answers what of it is in force. */
function tell(former: Config, next: Config, log: Log): Partial<Config> {
  const changed = (Object.keys(settings) as Setting[]).filter(field => !isDeepStrictEqual(former[field], next[field]))
  const inEffect = changed.filter(field => settings[field][1](former, next))
  const names = inEffect.map(field => settings[field][0]).join(', ')
  log.notice(`the settings and the files that they name were read again: ${names || 'none of the settings'} changed`)
  for (const notice of next.notices) log.notice(notice)
  for (const field of changed) if (!inEffect.includes(field)) log.warning(`${settings[field][0]} changed too, but that needs a restart`)
  return Object.fromEntries(inEffect.map(field => [field, next[field]]))
}
