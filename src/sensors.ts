/** The settings of single sensors in the file: names, corrections, and sensors that are derived from others. */
import { correctionRules, type FieldRule } from './io/corrections.ts'
import type { At } from './io/toml.ts'
import { limits } from './limits.ts'
import type { Correction } from './meters/correct.ts'
import { type Derivation, parseFormula } from './meters/derive.ts'

/** What the file says of sensors. */
export interface SensorSettings {
  readonly corrections: ReadonlyMap<string, Correction>
  readonly derivations: readonly Derivation[]
}

const sensorKeys: Readonly<Record<string, FieldRule & { readonly field: keyof Correction }>> = {
  name: { field: 'name', ...correctionRules.name },
  scale: { field: 'scale', ...correctionRules.scale },
  'temperature-offset': { field: 'temperatureOffset', ...correctionRules.temperatureOffset },
  'spike-filter': { field: 'spikeFilter', ...correctionRules.spikeFilter },
  'fix-144': { field: 'fix144', ...correctionRules.fix144 }
}

const derivedKeys: Readonly<Record<string, FieldRule & { readonly field: keyof Derivation }>> = {
  name: { field: 'name', ...correctionRules.name },
  formula: { field: 'formula', allowed: 'sensors with + or - between them, such as "0 - 1"', read: readFormula }
}

/**
 * Reads the tables `[sensor.N]` and `[derived.NAME]`.
 * @param at where the file has what the keys lead to
 * @throws Error whose message names the place, the key, the value and what is allowed
 */
export function readSensorSettings(at: At, sensor: unknown, derived: unknown): SensorSettings {
  const corrections = new Map<string, Correction>()
  for (const [place, table] of tables(at, 'sensor', sensor)) {
    if (!/^(meter[2-9]\/)?\d$/.test(place))
      throw new Error(`${at('sensor', place)}: [sensor.${place}]: no such sensor; allowed: 0 to 9, or "meter2/0" and the like`)
    corrections.set(
      place,
      readTable(key => `${at('sensor', place, key)}: [sensor.${place}]`, sensorKeys, table)
    )
  }
  const derivations = tables(at, 'derived', derived).map(([name, table]) => {
    if (!/^[a-z][a-z0-9-]{0,19}$/.test(name) || /^(bridge|meter\d)$/.test(name)) {
      throw new Error(
        `${at('derived', name)}: [derived.${name}]: impossible name; allowed: small letters, digits and -, up to 20, but not bridge or meter2 to meter9`
      )
    }
    const { formula, ...rest } = readTable<Partial<Derivation>>(key => `${at('derived', name, key)}: [derived.${name}]`, derivedKeys, table)
    if (formula === undefined)
      throw new Error(`${at('derived', name)}: [derived.${name}]: formula is missing; allowed: ${derivedKeys['formula']?.allowed}`)
    return { sensor: name, formula, ...rest }
  })
  if (derivations.length > limits.derivedMax) throw new Error(`${at('derived')}: [derived]: too many; allowed: ${limits.derivedMax}`)
  return { corrections, derivations }
}

function tables(at: At, key: string, value: unknown): [string, unknown][] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${at(key)}: ${key}: allowed: tables, such as [${key}.${key === 'sensor' ? '0' : 'net'}]`)
  return Object.entries(value)
}

function readTable<T>(
  placeOf: (key: string) => string,
  keys: Readonly<Record<string, FieldRule & { readonly field: string }>>,
  table: unknown
): T {
  if (typeof table !== 'object' || table === null) throw new Error(`${placeOf('')}: allowed: ${Object.keys(keys).join(', ')}`)
  const entries = Object.entries(table).map(([name, value]) => {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (!key) throw new Error(`${placeOf(name)}: unknown setting: ${name}; allowed: ${Object.keys(keys).join(', ')}`)
    const read = key.read(value)
    if (read === undefined)
      throw new Error(`${placeOf(name)}: ${name}: impossible value: ${JSON.stringify(value)}; allowed: ${key.allowed}`)
    return [key.field, read] as const
  })
  return Object.fromEntries(entries) as T
}

function readFormula(value: unknown): unknown {
  return typeof value === 'string' && parseFormula(value) ? value : undefined
}
