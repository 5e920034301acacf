/** The settings file: what it says of settings, bounds, prices and sensors, and where, for the message when that is no good. */
import type { TariffTold } from './api.ts'
import type { Asked } from './bounds.ts'
import { formerLimits, formerSettings, modernize } from './former.ts'
import { type At, readToml } from './io/toml.ts'
import { readSensorSettings, type SensorSettings } from './sensors.ts'
import { type Name, settings } from './settings.ts'
import { readTariffSettings } from './tariff.ts'

/** A text and where it was found, for the message when it is no good. */
export interface Found {
  readonly text: string
  readonly place: () => string
}

/** What a file says. */
export interface FromFile extends SensorSettings {
  readonly found: Readonly<Partial<Record<Name, Found>>>
  readonly asked: readonly Asked[]
  readonly tariff: TariffTold | undefined
  /** What the user should know of it. */
  readonly notices: readonly string[]
}

/** What no file says. */
export const noFile: FromFile = { found: {}, asked: [], corrections: new Map(), derivations: [], tariff: undefined, notices: [] }

/** Reads the file. @throws Error that tells file, line, key and what is allowed */
export function readSettingsFile(file: string): FromFile {
  const { table, at } = readToml(file)
  const { sensor, derived, tariff, limits, ...rest } = table
  const notices: string[] = []
  return {
    found: readFound(rest, at, notices),
    asked: readAsked(limits, at, notices),
    tariff: readTariffSettings(at, tariff),
    ...readSensorSettings(at, sensor, derived),
    notices
  }
}

function readFound(table: Readonly<Record<string, unknown>>, at: At, notices: string[]): FromFile['found'] {
  const names = Object.keys(settings) as Name[]
  const tell = (written: string, what: string): unknown => notices.push(`${at(written)}: ${written} ${what}`)
  const entries = modernize(table, formerSettings, tell).map(({ key, value, written }) => {
    if (!names.some(known => known === key)) {
      const allowed = `${names.join(', ')}, [limits], [tariff], [sensor.N], [derived.NAME]`
      throw new Error(`${at(written)}: unknown setting: ${written}; allowed: ${allowed}`)
    }
    const text = Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value)
    return [key, { text, place: () => `${at(written)}: ${written}` }] as const
  })
  return Object.fromEntries(entries)
}

function readAsked(table: unknown, at: At, notices: string[]): readonly Asked[] {
  if (table === undefined) return []
  if (typeof table !== 'object' || table === null || Array.isArray(table))
    throw new Error(`${at('limits')}: limits: allowed: a table, [limits]`)
  const placeOf = (written: string): string => `${at('limits', written)}: [limits]`
  const tell = (written: string, what: string): unknown => notices.push(`${placeOf(written)}: ${written} ${what}`)
  return modernize(table as Readonly<Record<string, unknown>>, formerLimits, tell).map(({ key, value, written }) => ({
    place: () => placeOf(written),
    name: key,
    value
  }))
}
