/** What the Device view says of an answer: sizes, times, faults in words, and what a form changes of a sensor. Pure. */

import type { DeviceAnswer, SensorChange, SensorPut } from '../../api.ts'
import type { Words } from './words.ts'

export type DeviceSensor = DeviceAnswer['sensors'][number]
export type LogLevel = 'all' | 'warning' | 'error'

const narrowSpace = '\u202f'
const units = ['B', 'kB', 'MB', 'GB'] as const

/** As people of a language say it, with two digits or more. */
export function sizeText(bytes: number, language: string): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const size = bytes / 1_000 ** power
  const digits = power > 0 && size < 9.95 ? 1 : 0
  const number = size.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false })
  return `${number}${narrowSpace}${units[power]}`
}

export function upText(seconds: number, words: Words): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? words.hours(hours, minutes % 60) : words.days(Math.floor(hours / 24), hours % 24)
}

/** The kinds of faults in words, the most frequent first. */
export function faultsText(faults: DeviceAnswer['faults'], words: Words): readonly (readonly [what: string, count: string])[] {
  const counted = Object.entries(faults).sort(([, a], [, b]) => b - a)
  return counted.map(([kind, count]) => [words.faultsOf[kind] ?? kind.replaceAll('-', ' '), String(count)])
}

/** What is corrected of a sensor. */
export function correctionsText({ scale, temperatureOffset, spikeFilter, fix144 }: SensorChange, words: Words): string {
  const parts = [
    scale === undefined || scale === 1 ? '' : words.scaled(String(scale)),
    temperatureOffset ? words.offset(`${temperatureOffset > 0 ? '+' : '\u2212'}${Math.abs(temperatureOffset)}`) : '',
    spikeFilter ? words.spikeFilter.toLowerCase() : '',
    fix144 ? '144 W' : ''
  ]
  return parts.filter(part => part !== '').join(', ')
}

/** What stands in the form of a sensor. */
export interface SensorForm {
  readonly name: string
  readonly scale: string
  readonly temperatureOffset: string
  readonly spikeFilter: boolean
  readonly fix144: boolean
}

export type FormRead = { readonly kind: 'change'; readonly change: SensorPut } | { readonly kind: 'wrong'; readonly field: NumberField }

type NumberField = 'scale' | 'temperatureOffset'
/** What the daemon takes. */
export const ranges: Readonly<Record<NumberField, readonly [least: number, most: number]>> = {
  scale: [0.01, 100],
  temperatureOffset: [-50, 50]
}

/** Only what differs is changed; a field that was emptied goes back to the settings file. */
export function readForm(form: SensorForm, before: SensorChange): FormRead {
  const change: { -readonly [Field in keyof SensorPut]: SensorPut[Field] } = {}
  const name = form.name.trim()
  if (name !== (before.name ?? '')) change.name = name === '' ? null : name
  for (const field of ['scale', 'temperatureOffset'] as const) {
    const text = form[field].trim().replace(',', '.').replace('\u2212', '-') // as the page itself writes it
    const value = text === '' ? null : Number(text)
    const [least, most] = ranges[field]
    if (value !== null && !(value >= least && value <= most)) return { kind: 'wrong', field }
    if (value !== (before[field] ?? null)) change[field] = value
  }
  for (const field of ['spikeFilter', 'fix144'] as const) if (form[field] !== (before[field] ?? false)) change[field] = form[field]
  return { kind: 'change', change }
}

/** Lines of at least this weight. */
export function logOf(log: DeviceAnswer['log'], level: LogLevel): DeviceAnswer['log'] {
  const taken = { all: ['info', 'warning', 'error'], warning: ['warning', 'error'], error: ['error'] }[level]
  return log.filter(line => taken.includes(line.level))
}

/** One line of the log, as it stands in the journal. */
export function lineText({ atMs, level, text }: DeviceAnswer['log'][number]): string {
  return `${new Date(atMs).toISOString()} ${level.padEnd(7)} ${text}`
}

/** All that somebody who helps will ask for first. */
export function supportText(answer: DeviceAnswer, browser: string): string {
  const { version, upSeconds, zone, meters, sensors, findings, memory, store, clients, faults, log } = answer
  return [
    `wattslug ${version}, up ${upSeconds} s, ${zone}`,
    `browser: ${browser}`,
    ...findings.map(({ level, text }) => `${level}: ${text}`),
    ...meters.map(({ id, source, state, message }) => `meter ${id || '1'} at ${source}: ${state}. ${message}`),
    ...sensors.map(
      ({ sensor, kind, model, radioId, settings }) =>
        `sensor ${sensor}: ${kind} ${model ?? ''} ${radioId ?? ''} ${JSON.stringify(settings)}`
    ),
    `memory: ${JSON.stringify(memory)}`,
    `store: ${JSON.stringify(store)}`,
    `clients: ${JSON.stringify(clients)}`,
    `faults: ${JSON.stringify(faults)}`,
    ...log.map(lineText)
  ].join('\n')
}
