/** What the console says; English is the measure of every other language. */

import type { SettingsFault } from './settings.ts'

export interface Words {
  readonly title: string
  readonly connect: string
  readonly disconnect: string
  readonly close: string
  readonly settings: string
  readonly idle: string
  readonly idleWhy: string
  readonly connecting: string
  readonly connected: string
  readonly lost: string
  readonly ended: string
  readonly notLetIn: string
  readonly guest: string
  readonly logIn: string
  readonly retrying: (seconds: number) => string
  readonly as: (clientId: string, version: string) => string
  readonly resumed: string
  /** By reason code of MQTT 5.0. */
  readonly reasons: Readonly<Record<number, string>>
  readonly address: string
  readonly addressOwn: string
  readonly clientId: string
  readonly clientIdAny: string
  readonly username: string
  readonly usernameHint: string
  readonly password: string
  readonly passwordHint: string
  readonly version: string
  readonly clean: string
  readonly cleanHint: string
  readonly expiry: string
  readonly keepAlive: string
  readonly will: string
  readonly willHint: string
  readonly session: string
  readonly faults: Readonly<Record<SettingsFault, string>>
  readonly subscribe: string
  readonly subscriptions: string
  readonly subscription: (filter: string, standing: string) => string
  readonly unsubscribe: string
  readonly filter: string
  readonly filterHint: string
  readonly filterWrong: string
  readonly asked: string
  readonly waits: string
  readonly granted: (qos: number) => string
  readonly refused: (why: string) => string
  readonly more: string
  readonly noLocal: string
  readonly retainHandling: string
  readonly retainHandlings: readonly [string, string, string]
  readonly topics: string
  readonly summary: (topics: string, messages: string, rate: string) => string
  readonly perSecond: (rate: string) => string
  readonly messages: (count: string) => string
  readonly below: (topics: string) => string
  readonly search: string
  readonly pause: string
  readonly resume: string
  readonly paused: (missed: string) => string
  readonly clear: string
  readonly unplaced: (count: string) => string
  readonly forgotten: (count: string) => string
  readonly nothingYet: string
  readonly nothingFits: string
  readonly noSubscription: string
  readonly fold: (topic: string) => string
  readonly retained: string
  readonly empty: string
  readonly noName: string
  readonly publish: string
  readonly publishHere: string
  readonly topic: string
  readonly topicWrong: string
  readonly payload: string
  readonly kinds: Readonly<Record<'empty' | 'number' | 'text' | 'json' | 'bytes' | 'almost-json', string>>
  readonly bytes: (count: string) => string
  readonly retain: string
  readonly contentType: string
  readonly responseTopic: string
  readonly expiresAfter: string
  readonly userProperties: string
  readonly userPropertiesHint: string
  readonly onlyFive: string
  readonly sent: string
  readonly acknowledged: (ms: string) => string
  readonly sending: string
  readonly failed: (why: string) => string
  readonly notConnected: string
  readonly clearRetained: string
  readonly clearRetainedSure: string
  readonly cleared: string
  readonly copy: string
  readonly copied: string
  readonly copyTopic: string
  readonly latest: string
  readonly history: string
  readonly historyOf: (kept: string, all: string) => string
  readonly notKept: string
  readonly cut: (bytes: string) => string
  readonly duplicate: string
  readonly properties: Readonly<
    Record<
      | 'contentType'
      | 'responseTopic'
      | 'correlationData'
      | 'messageExpirySeconds'
      | 'payloadFormatIndicator'
      | 'subscriptionIdentifiers'
      | 'user',
      string
    >
  >
  readonly curve: (name: string, lowest: string, highest: string) => string
}

export const english: Words = {
  title: 'Console',
  connect: 'Connect',
  disconnect: 'Disconnect',
  close: 'Close',
  settings: 'Connection settings',
  idle: 'Not connected',
  idleWhy: 'One tap shows everything that passes through this broker. Or set your own: any broker that speaks MQTT over WebSocket.',
  connecting: 'Connecting…',
  connected: 'Connected',
  lost: 'Connection lost',
  ended: 'The broker ended it',
  notLetIn: 'Not let in',
  guest: 'As a guest you see the readings. Publishing, and other topics, take a login.',
  logIn: 'Log in',
  retrying: seconds => `Next try in ${seconds} s`,
  as: (clientId, version) => `MQTT ${version} as ${clientId}`,
  resumed: 'session resumed',
  reasons: {
    132: 'This broker does not speak this version of MQTT.',
    133: 'The broker does not take this client id.',
    134: 'Wrong user name or password.',
    135: 'The broker does not let you do this.',
    136: 'The broker is not available.',
    137: 'The broker is busy.',
    138: 'The broker has banned this client.',
    139: 'The broker is shutting down.',
    141: 'The broker heard nothing from us for too long.',
    142: 'Another client came with the same client id.',
    143: 'The broker does not take this filter.',
    144: 'The broker does not take this topic.',
    149: 'The message is too large.',
    151: 'That is more than the broker allows.',
    154: 'The broker keeps no messages.',
    155: 'The broker does not offer this quality of service.',
    158: 'The broker has no shared subscriptions.',
    162: 'The broker takes no wildcards.'
  },
  address: 'Address',
  addressOwn: 'This daemon',
  clientId: 'Client id',
  clientIdAny: 'Random',
  username: 'User name',
  usernameHint: 'Empty: as this page is logged in',
  password: 'Password',
  passwordHint: 'Not remembered',
  version: 'MQTT version',
  clean: 'Clean session',
  cleanHint: 'The broker forgets this client when it goes',
  expiry: 'Keep the session for, in seconds',
  keepAlive: 'Keep alive, in seconds',
  will: 'Last will',
  willHint: 'Published by the broker if this connection is cut. Without a topic there is none.',
  session: 'Session and keep alive',
  faults: {
    address: 'An address begins with ws:// or wss:// and names a host.',
    insecure: 'This page came over HTTPS: from here browsers connect to wss:// only.',
    'client-id': 'A session that is kept needs a client id of its own.',
    username: 'MQTT 3.1.1 takes a password only with a user name.',
    expiry: 'Seconds, from 0 to 4294967295.',
    'keep-alive': 'Seconds, from 0 to 65535; 0 turns it off.',
    will: 'The will’s topic may have no + and no #.'
  },
  subscribe: 'Subscribe',
  subscriptions: 'Subscriptions',
  subscription: (filter, standing) => `${filter}, ${standing}`,
  unsubscribe: 'Unsubscribe',
  filter: 'Topic filter',
  filterHint: '+ is any one level, # all that is below',
  filterWrong: 'That is no topic filter: # stands alone at the end, + alone between slashes.',
  asked: 'asked',
  waits: 'waits',
  granted: qos => `QoS ${qos}`,
  refused: why => `refused: ${why}`,
  more: 'More',
  noLocal: 'Not what I publish myself',
  retainHandling: 'Retained messages',
  retainHandlings: ['Always', 'If new', 'Never'],
  topics: 'Topics',
  summary: (topics, messages, rate) => `${topics} topics · ${messages} messages · ${rate}/s`,
  perSecond: rate => `${rate}/s`,
  messages: count => (count === '1' ? '1 message' : `${count} messages`),
  below: topics => `${topics} below`,
  search: 'Search',
  pause: 'Pause',
  resume: 'Go on',
  paused: missed => `Paused: ${missed} let go by`,
  clear: 'Clear',
  unplaced: count => `No room for more topics: ${count} messages are not shown.`,
  forgotten: count => `Memory is bounded: ${count} older messages were forgotten.`,
  nothingYet: 'Nothing has come yet.',
  nothingFits: 'Nothing fits this search.',
  noSubscription: 'Subscribe to see messages: # brings everything.',
  fold: topic => `Fold or unfold ${topic}`,
  retained: 'retained',
  empty: 'empty',
  noName: '(no name)',
  publish: 'Publish',
  publishHere: 'Publish here',
  topic: 'Topic',
  topicWrong: 'A topic has at least one character, and no + and no #.',
  payload: 'Payload',
  kinds: { empty: 'Empty', number: 'Number', text: 'Text', json: 'JSON', bytes: 'Bytes', 'almost-json': 'Not quite JSON' },
  bytes: count => (count === '1' ? '1 byte' : `${count} bytes`),
  retain: 'Retain',
  contentType: 'Content type',
  responseTopic: 'Response topic',
  expiresAfter: 'Expires after, in seconds',
  userProperties: 'User properties',
  userPropertiesHint: 'One a line, as name=value',
  onlyFive: 'These go with MQTT 5.0 only; this connection speaks 3.1.1.',
  sent: 'Sent. At QoS 0 nobody acknowledges.',
  acknowledged: ms => `Acknowledged in ${ms} ms`,
  sending: 'Waits for the broker…',
  failed: why => `Not published: ${why}`,
  notConnected: 'Connect first.',
  clearRetained: 'Clear retained message',
  clearRetainedSure: 'Really clear it?',
  cleared: 'Cleared',
  copy: 'Copy',
  copied: 'Copied',
  copyTopic: 'Copy topic',
  latest: 'Latest',
  history: 'Messages',
  historyOf: (kept, all) => (kept === all ? all : `last ${kept} of ${all}`),
  notKept: 'Its messages are no longer kept.',
  cut: bytes => `This is its beginning: the message has ${bytes} bytes.`,
  duplicate: 'duplicate',
  properties: {
    contentType: 'Content type',
    responseTopic: 'Response topic',
    correlationData: 'Correlation data',
    messageExpirySeconds: 'Expires in',
    payloadFormatIndicator: 'Payload format',
    subscriptionIdentifiers: 'Subscription ids',
    user: 'User property'
  },
  curve: (name, lowest, highest) => `${name} from ${lowest} to ${highest}`
}
