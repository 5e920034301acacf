/** The words that the page shows at once, in English; those of views that come later are in later.ts, all in German in german.ts. */

import type { Energy, Medium, MeterState } from './payloads.ts'
import type { Phase } from './phase.ts'
import type { ViewName } from './views.ts'

export interface Strings {
  readonly language: string
  readonly frame: {
    readonly tabs: string
    readonly views: Readonly<Record<ViewName, string>>
    readonly failed: string
    readonly failedWhy: string
    readonly retry: string
    readonly silent: string
    readonly refused: string
    readonly close: string
  }
  readonly today: {
    readonly title: string
    readonly asOf: (time: string) => string
    readonly net: (energy: string) => string
    readonly usual: (energy: string) => string
    readonly same: string
    readonly more: (share: string) => string
    readonly less: (share: string) => string
    readonly soon: string
  }
  readonly perHour: (cost: string) => string
  readonly asOf: (time: string) => string
  readonly wholeHouse: string
  readonly byChannel: (name: string) => string
  readonly allSensors: (summed: number, known: number) => string
  readonly noPower: string
  readonly simulated: string
  readonly chip: Readonly<Record<Phase, string>>
  readonly chipOfCause: Readonly<Partial<Record<MeterState, string>>>
  readonly title: Readonly<Record<Exclude<Phase, 'live'>, string>>
  readonly titleOfCause: Readonly<Partial<Record<MeterState, string>>>
  readonly offline: (since: string) => string
  readonly connecting: string
  readonly connectingTitle: string
  readonly waiting: string
  readonly stale: string
  readonly ago: (count: number, unit: 'second' | 'minute' | 'hour' | 'day') => string
  readonly lastReading: (age: string) => string
  readonly lastHeard: (text: string, time: string) => string
  readonly traceTitle: string
  readonly trace: (lowest: string, average: string, highest: string) => string
  readonly traceEmpty: string
  readonly minutes: (count: number) => string
  readonly seconds: (count: number) => string
  readonly now: string
  readonly lowest: string
  readonly average: string
  readonly highest: string
  readonly sensors: string
  readonly sensor: (number: number) => string
  readonly mainSensor: string
  readonly meter: (number: number) => string
  readonly ofMeter: (name: string, number: number) => string
  readonly foundByItself: string
  readonly reckoned: (formula: string) => string
  readonly corrected: (words: string) => string
  readonly since: (energy: string, time: string) => string
  readonly fromMemory: (energy: string) => string
  readonly medium: Readonly<Record<Medium, string>>
  readonly unit: Readonly<Record<Energy['unit'], string>>
  readonly channel: (number: number) => string
  readonly room: string
  readonly host: (host: string, connected: boolean) => string
  readonly justNow: string
  readonly announce: (state: string, power: string) => string
  /** What the daemon says in its own words. */
  readonly told: (sentence: string) => string
}

export const english: Strings = {
  language: 'en',
  frame: {
    tabs: 'Views',
    views: { now: 'Now', history: 'History', cost: 'Cost', console: 'Console', device: 'Device' },
    failed: 'This view didn’t load',
    failedWhy: 'wattslug didn’t answer, or was updated since this page was opened.',
    retry: 'Try again',
    silent: 'wattslug doesn’t answer.',
    refused: 'Not done: it takes a password.',
    close: 'Close'
  },
  today: {
    title: 'Today',
    asOf: time => `Today until ${time}`,
    net: energy => `${energy} net`,
    usual: energy => `usual day: ${energy}`,
    same: 'As usual by now',
    more: share => `${share} more than usual by now`,
    less: share => `${share} less than usual by now`,
    soon: 'After three days this shows how today compares.'
  },
  perHour: cost => `${cost} an hour`,
  asOf: time => `As of ${time}, offline`,
  wholeHouse: 'Whole house',
  byChannel: name => `${name} by channel`,
  allSensors: (summed, known) => (summed === known ? 'All sensors together' : `${summed} of ${known} sensors`),
  noPower: 'No sensor reports power',
  simulated: 'Simulated meter',
  chip: { connecting: 'Connecting', live: 'Live', stale: 'Silent', 'no-meter': 'No meter', offline: 'Offline' },
  chipOfCause: { denied: 'No access', busy: 'Port busy', unreadable: 'Unreadable', failed: 'Port failed' },
  title: {
    connecting: 'Waiting for the meter',
    stale: 'Nothing new from the meter',
    'no-meter': 'No meter found',
    offline: 'Can’t reach wattslug'
  },
  titleOfCause: {
    denied: 'The port is locked',
    busy: 'The port is in use',
    unreadable: 'The meter isn’t making sense',
    failed: 'The port failed'
  },
  offline: since =>
    `${since === '' ? 'It has stopped.' : `No answer since ${since}.`} Trying again: check that this device is on the home network and that wattslug has power.`,
  connectingTitle: 'Connecting…',
  connecting: 'Looking for wattslug on the home network.',
  waiting: 'The first reading comes within a few seconds.',
  stale: 'These are its last numbers. It may be out of the transmitter’s reach, or the transmitter’s batteries may be flat.',
  ago: (count, unit) => `${count} ${{ second: 's', minute: 'min', hour: 'h', day: count === 1 ? 'day' : 'days' }[unit]} ago`,
  lastReading: age => `Last reading ${age}`,
  lastHeard: (text, time) => `${text} It was last heard at ${time}.`,
  traceTitle: 'Last minutes',
  trace: (lowest, average, highest) => `Power over the last minutes: lowest ${lowest}, average ${average}, highest ${highest}`,
  traceEmpty: 'Power over the last minutes: no readings yet',
  minutes: count => `${count} min`,
  seconds: count => `${count} s`,
  now: 'now',
  lowest: 'Lowest',
  average: 'Average',
  highest: 'Highest',
  sensors: 'Sensors',
  sensor: number => `Sensor ${number}`,
  mainSensor: 'Main sensor',
  meter: number => `Meter ${number}`,
  ofMeter: (name, number) => `${name} (meter ${number})`,
  foundByItself: 'found by itself',
  reckoned: formula => `Reckoned: ${formula}`,
  corrected: words => `Corrected: ${words}`,
  since: (energy, time) => `${energy} since ${time}`,
  fromMemory: energy => `of which ${energy} from the meter’s memory`,
  medium: { electricity: 'Electricity', gas: 'Gas', water: 'Water' },
  unit: { kWh: 'kWh', m3: 'm³' },
  channel: number => `Channel ${number}`,
  room: 'Room',
  host: (host, connected) => (connected ? `Connected to ${host}` : `Not connected to ${host}`),
  justNow: 'just now',
  announce: (state, power) => (power === '' ? state : `${state}: ${power}`),
  told: sentence => sentence
}
