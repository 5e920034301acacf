/** What the Device view says; English is the measure of every other language. */

import type { AccessAnswer } from '../../api.ts'

export interface Words {
  readonly old: (time: string) => string
  readonly close: string
  readonly findings: string
  readonly levels: Readonly<Record<'good' | 'note' | 'bad', string>>
  readonly meters: string
  readonly states: Readonly<Record<string, string>>
  readonly simulated: string
  readonly sensors: string
  readonly noSensors: string
  readonly heard: (age: string) => string
  readonly radioId: (id: number) => string
  readonly kinds: Readonly<Record<'power' | 'impulses' | 'derived', string>>
  readonly change: (name: string) => string
  readonly name: string
  readonly nameHint: string
  readonly scale: string
  readonly scaleHint: string
  readonly temperatureOffset: string
  readonly temperatureOffsetHint: string
  readonly spikeFilter: string
  readonly spikeFilterHint: string
  readonly fix144: string
  readonly fix144Hint: string
  readonly save: string
  readonly takeBack: string
  readonly notNumber: (field: string, least: string, most: string) => string
  readonly scaled: (scale: string) => string
  readonly offset: (degrees: string) => string
  readonly memory: string
  readonly resident: string
  readonly promise: (size: string) => string
  readonly pool: string
  readonly poolUsed: (used: string, all: string, most: string) => string
  readonly store: string
  readonly storeStates: Readonly<Record<string, string>>
  readonly disk: string
  readonly ofAtMost: (size: string, most: string) => string
  readonly waiting: (size: string) => string
  readonly clients: string
  readonly connected: string
  readonly sessions: string
  readonly retained: string
  readonly faults: string
  readonly noFaults: string
  /** By kind; others are told by the kind itself. */
  readonly faultsOf: Readonly<Record<string, string>>
  readonly access: string
  readonly accessModes: Readonly<Record<AccessAnswer['access'], string>>
  readonly passwordStates: Readonly<Record<AccessAnswer['password'], string>>
  readonly asAnyone: string
  readonly asOwner: string
  readonly as: (name: string) => string
  readonly logIn: string
  readonly logOut: string
  readonly setPassword: string
  readonly changePassword: string
  readonly passwordDone: string
  readonly logLocked: string
  readonly unlock: string
  readonly log: string
  readonly logLevels: Readonly<Record<'all' | 'warning' | 'error', string>>
  readonly logEmpty: string
  readonly copy: string
  readonly copied: string
  readonly backup: string
  readonly backupWhy: string
  readonly download: string
  readonly csv: string
  readonly restore: string
  readonly restoreTitle: string
  readonly restoreSure: (file: string, size: string) => string
  readonly restoreYes: string
  readonly restoring: (share: string) => string
  readonly applying: string
  readonly restored: (records: string) => string
  /** Of records whose days are another zone's. */
  readonly restoredZone: (zone: string) => string
  readonly restoreFailed: (why: string) => string
  readonly noAnswer: string
  readonly needsPassword: string
  readonly page: string
  readonly language: string
  readonly ofBrowser: string
  readonly alerts: string
  readonly alertsWhy: string
  readonly about: string
  readonly version: string
  readonly up: string
  readonly zone: string
  readonly api: string
  readonly support: string
  readonly days: (days: number, hours: number) => string
  readonly hours: (hours: number, minutes: number) => string
}

export const english: Words = {
  old: time => `No answer from the daemon. This is as it was at ${time}.`,
  close: 'Close',
  findings: 'Check-up',
  levels: { good: 'Fine', note: 'Note', bad: 'Needs you' },
  meters: 'Meters',
  states: {
    live: 'Live',
    connecting: 'Connecting',
    silent: 'Silent',
    unreadable: 'Unreadable',
    absent: 'Not there',
    denied: 'No access',
    busy: 'Port busy',
    failed: 'Port failed'
  },
  simulated: 'Simulated',
  sensors: 'Sensors',
  noSensors: 'No sensor has been heard since the start.',
  heard: age => `heard ${age}`,
  radioId: id => `radio id ${id}`,
  kinds: { power: 'Power', impulses: 'Impulses', derived: 'Reckoned' },
  change: name => `Change \u2068${name}\u2069`,
  name: 'Name',
  nameHint: 'Empty: as the settings file says',
  scale: 'Scale',
  scaleHint: 'Watts are multiplied by this: 1.02 adds 2 %',
  temperatureOffset: 'Temperature offset in °C',
  temperatureOffsetHint: 'Added to what the display measures',
  spikeFilter: 'Leave out spikes',
  spikeFilterHint: 'Single readings far from those beside them',
  fix144: 'Mend the 144 W fault',
  fix144Hint: 'Some meters report 144 W on channels that have no clamp',
  save: 'Save',
  takeBack: 'Back to the settings file',
  notNumber: (field, least, most) => `${field}: a number from ${least} to ${most}.`,
  scaled: scale => `scale ${scale}`,
  offset: degrees => `${degrees} °C`,
  memory: 'Memory',
  resident: 'In use',
  promise: size => `Clients and meters can add at most ${size} to what the program itself takes.`,
  pool: 'Pool for messages',
  poolUsed: (used, all, most) => `${used} of ${all}; at most ${most} so far`,
  store: 'Store',
  storeStates: { open: 'Open', failing: 'Fails', closed: 'Closed' },
  disk: 'On disk',
  ofAtMost: (size, most) => `${size} of at most ${most}`,
  waiting: size => `${size} wait to be written`,
  clients: 'Clients',
  connected: 'Connected',
  sessions: 'Sessions',
  retained: 'Retained messages',
  faults: 'Faults',
  noFaults: 'None since the start.',
  faultsOf: {
    'bytes-outside-message': 'Bytes between messages',
    'message-cut-short': 'Messages of the meter cut short',
    'message-too-long': 'Messages of the meter too long',
    'not-well-formed': 'Messages of the meter garbled',
    'unknown-model': 'Messages of an unknown meter',
    'field-missing': 'Messages with a field missing',
    'field-repeated': 'Messages with a field twice',
    'value-invalid': 'Messages with a value that is none',
    'value-out-of-range': 'Messages with an impossible value',
    'transport-violation': 'Clients that broke the protocol',
    'pool-empty': 'Pool found empty',
    reopened: 'Port opened anew',
    spike: 'Spikes left out',
    'deliveries-dropped': 'Messages dropped for slow clients',
    'deliveries-too-large': 'Messages too large for a client',
    'closed-connect-timeout': 'Clients that said nothing',
    'closed-keep-alive': 'Clients gone silent',
    'closed-malformed': 'Clients closed for what is no MQTT',
    'closed-protocol': 'Clients closed for breaking the protocol',
    'closed-quota': 'Clients closed for sending too much',
    'closed-refused': 'Clients not let in',
    'closed-revoked': 'Clients let in no longer',
    'closed-taken-over': 'Clients replaced by one of the same id',
    'closed-too-many': 'Clients too many',
    'closed-too-slow': 'Clients closed as too slow',
    'publish-refused': 'PUBLISH refused',
    'publishers-slowed': 'Publishers slowed',
    'subscribe-refused': 'SUBSCRIBE refused',
    'retained-refused': 'Retained messages refused',
    'retained-unsaved': 'Retained messages not on disk',
    'restored-dropped': 'Kept messages dropped at the start'
  },
  access: 'Access',
  accessModes: {
    open: 'Everyone in this network may look, and publish.',
    read: 'Everyone in this network may look; to change or publish something takes a password.',
    login: 'To look, too, takes a password.'
  },
  passwordStates: {
    none: 'No password is set yet.',
    set: 'The password is set.',
    unusable: 'The file that holds the password cannot be read.'
  },
  asAnyone: 'Not logged in.',
  asOwner: 'Logged in as the owner.',
  as: name => `Logged in as \u2068${name}\u2069.`,
  logIn: 'Log in',
  logOut: 'Log out',
  setPassword: 'Choose a password',
  changePassword: 'Change the password',
  passwordDone: 'The new password counts from now on.',
  logLocked: 'The log is shown to the owner alone.',
  unlock: 'Unlock',
  log: 'Log',
  logLevels: { all: 'All', warning: 'Warnings', error: 'Errors' },
  logEmpty: 'No such lines.',
  copy: 'Copy',
  copied: 'Copied',
  backup: 'Backup',
  backupWhy: 'History, energy, tariff and sensors, as a file.',
  download: 'Download backup',
  csv: 'Readings as CSV',
  restore: 'Restore a backup…',
  restoreTitle: 'Restore',
  restoreSure: (file, size) =>
    `${file} (${size}) takes the place of everything that is kept now. That cannot be undone: download a backup first if in doubt.`,
  restoreYes: 'Replace everything',
  restoring: share => `Sending: ${share}`,
  applying: 'The daemon checks it and takes it in…',
  restored: records => `Done: ${records} records are back.`,
  restoredZone: zone => `Their days are those of ${zone}: set zone to that, and start wattslug again.`,
  restoreFailed: why => `Not restored, nothing was changed: ${why}`,
  noAnswer: 'the daemon did not answer.',
  needsPassword: 'it takes a password.',
  page: 'This page',
  language: 'Language',
  ofBrowser: 'As the browser',
  alerts: 'Alerts',
  alertsWhy: 'High usage, a silent meter, a fridge that is off',
  about: 'About',
  version: 'Version',
  up: 'Running for',
  zone: 'Time zone',
  api: 'HTTP API',
  support: 'Copy for support',
  days: (days, hours) => `${days} d ${hours} h`,
  hours: (hours, minutes) => `${hours} h ${minutes} min`
}
