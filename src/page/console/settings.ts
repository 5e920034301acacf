/** As whom the console connects, and to what: read from what was kept, checked, and kept again without the password. Pure. */

import type { ClientOptions, Qos, SubscribeOptions } from '../../client/client.ts'
import { topicFilterFault, topicNameFault } from '../../mqtt/topic.ts'

interface Will {
  readonly topic: string
  readonly payload: string
  readonly qos: Qos
  readonly retain: boolean
}

export interface Subscription {
  readonly filter: string
  readonly qos: Qos
  /** MQTT 5.0: what this client publishes does not come back. */
  readonly noLocal: boolean
  /** MQTT 5.0: when retained messages are sent: always, for a new subscription, never. */
  readonly retainHandling: 0 | 1 | 2
}

export interface Settings {
  readonly address: string
  /** Random when empty. */
  readonly clientId: string
  readonly username: string
  readonly password: string
  readonly protocolVersion: 4 | 5
  /** Whether the broker forgets what it kept for this client id. */
  readonly clean: boolean
  /** MQTT 5.0: for how long the broker keeps the session after the connection. */
  readonly sessionExpirySeconds: number
  readonly keepAliveSeconds: number
  /** None when its topic is empty. */
  readonly will: Will
  readonly subscriptions: readonly Subscription[]
}

/** What is wrong, by field. */
export type SettingsFault = 'address' | 'insecure' | 'client-id' | 'username' | 'expiry' | 'keep-alive' | 'will'

export const subscriptionsMax = 20
/** Other brokers carry lists of devices, and pictures: one that were too large would end each connection to them anew. */
const packetBytesMax = 4 * 1_048_576
const textMax = 4_096

/** What a person gets who changes nothing: everything that the daemon tells, once. */
export function defaultSettings(address: string): Settings {
  return {
    address,
    clientId: '',
    username: '',
    password: '',
    protocolVersion: 5,
    clean: true,
    sessionExpirySeconds: 3_600,
    keepAliveSeconds: 60,
    will: { topic: '', payload: '', qos: 0, retain: false },
    subscriptions: [{ filter: '#', qos: 0, noLocal: false, retainHandling: 0 }]
  }
}

/** Settings as they were kept; what cannot be understood is as if it had never been set. */
export function readKept(text: string | null, address: string): Settings {
  const standard = defaultSettings(address)
  const kept = recordOf(parsed(text))
  const will = recordOf(kept['will'])
  const subscriptions = Array.isArray(kept['subscriptions']) ? kept['subscriptions'].flatMap(readSubscription) : standard.subscriptions
  return {
    address: textIn(kept, 'address', standard.address),
    clientId: textIn(kept, 'clientId', ''),
    username: textIn(kept, 'username', ''),
    password: '',
    protocolVersion: kept['protocolVersion'] === 4 ? 4 : 5,
    clean: kept['clean'] !== false,
    sessionExpirySeconds: countIn(kept, 'sessionExpirySeconds', standard.sessionExpirySeconds, 0xffffffff),
    keepAliveSeconds: countIn(kept, 'keepAliveSeconds', standard.keepAliveSeconds, 0xffff),
    will: {
      topic: textIn(will, 'topic', ''),
      payload: textIn(will, 'payload', ''),
      qos: qosOf(will['qos']),
      retain: will['retain'] === true
    },
    subscriptions: subscriptions.slice(0, subscriptionsMax)
  }
}

/** What is to be kept of settings: an address of one's own daemon is not, for it may move. */
export function keptText(settings: Settings, ownAddress: string): string {
  const { password: _, address, ...kept } = settings
  return JSON.stringify(address === ownAddress ? kept : { ...kept, address })
}

/** What is wrong with settings, or nothing; `secure` is whether the page itself came over HTTPS. */
export function faultOf(settings: Settings, secure: boolean): SettingsFault | undefined {
  const scheme = /^(wss?):\/\/[^\s/]+/.exec(settings.address)?.[1]
  if (scheme === undefined || !URL.canParse(settings.address)) return 'address'
  if (scheme === 'ws' && secure) return 'insecure' // browsers refuse it
  if (settings.clientId === '' && !settings.clean) return 'client-id' // [MQTT-3.1.3-8]
  if (settings.protocolVersion === 4 && settings.username === '' && settings.password !== '') return 'username' // [MQTT-3.1.2-22]
  if (!isCount(settings.sessionExpirySeconds, 0xffffffff)) return 'expiry'
  if (!isCount(settings.keepAliveSeconds, 0xffff)) return 'keep-alive'
  return settings.will.topic !== '' && topicNameFault(settings.will.topic) ? 'will' : undefined
}

/** What the client is told; a session that is to be kept has its own expiry in MQTT 5.0 only. */
export function optionsOf(
  settings: Settings,
  { user: username, password }: { readonly user: string; readonly password: string } = {
    user: settings.username,
    password: settings.password
  }
): ClientOptions {
  const { clientId, protocolVersion, clean, sessionExpirySeconds, keepAliveSeconds, will } = settings
  return {
    protocolVersion,
    cleanSession: clean,
    keepAliveSeconds,
    packetBytesMax,
    ...(clientId === '' ? {} : { clientId }),
    ...(protocolVersion === 5 && !clean ? { sessionExpirySeconds } : {}),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(will.topic === '' ? {} : { will })
  }
}

/** As published, the retain flag tells at any time whether the broker keeps a message. */
export function subscribeOptionsOf({ qos, noLocal, retainHandling }: Subscription, protocolVersion: 4 | 5): SubscribeOptions {
  return protocolVersion === 4 ? { qos } : { qos, noLocal, retainAsPublished: true, retainHandling }
}

function readSubscription(value: unknown): readonly Subscription[] {
  const kept = recordOf(value)
  const filter = textIn(kept, 'filter', '')
  if (topicFilterFault(filter)) return []
  const handling = kept['retainHandling']
  return [
    {
      filter,
      qos: qosOf(kept['qos']),
      noLocal: kept['noLocal'] === true,
      retainHandling: handling === 1 || handling === 2 ? handling : 0
    }
  ]
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function textIn(kept: Readonly<Record<string, unknown>>, name: string, standard: string): string {
  const value = kept[name]
  return typeof value === 'string' && value.length <= textMax ? value : standard
}

function countIn(kept: Readonly<Record<string, unknown>>, name: string, standard: number, most: number): number {
  const value = kept[name]
  return isCount(value, most) ? value : standard
}

/** Whether a number of something can stand where MQTT has room for so many. */
export function isCount(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
}

function qosOf(value: unknown): Qos {
  return value === 1 || value === 2 ? value : 0
}
