/** The settings of single sensors in the file: names, corrections, and sensors that are derived from others. */
import { correctionRules, type FieldRule } from './io/corrections.ts'
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
 * @throws Error whose message names the file, the key, the value and what is allowed
 */
export function readSensorSettings(file: string, sensor: unknown, derived: unknown): SensorSettings {
  const corrections = new Map<string, Correction>()
  for (const [place, table] of tables(file, 'sensor', sensor)) {
    if (!/^(meter[2-9]\/)?\d$/.test(place))
      throw new Error(`${file}: [sensor.${place}]: no such sensor; allowed: 0 to 9, or "meter2/0" and the like`)
    corrections.set(place, readTable(`${file}: [sensor.${place}]`, sensorKeys, table))
  }
  const derivations = tables(file, 'derived', derived).map(([name, table]) => {
    if (!/^[a-z][a-z0-9-]{0,19}$/.test(name) || /^(bridge|meter\d)$/.test(name)) {
      throw new Error(
        `${file}: [derived.${name}]: impossible name; allowed: small letters, digits and -, up to 20, but not bridge or meter2 to meter9`
      )
    }
    const { formula, ...rest } = readTable<Partial<Derivation>>(`${file}: [derived.${name}]`, derivedKeys, table)
    if (formula === undefined)
      throw new Error(`${file}: [derived.${name}]: formula is missing; allowed: ${derivedKeys['formula']?.allowed}`)
    return { sensor: name, formula, ...rest }
  })
  if (derivations.length > limits.derivedMax) throw new Error(`${file}: [derived]: too many; allowed: ${limits.derivedMax}`)
  return { corrections, derivations }
}

function tables(file: string, key: string, value: unknown): [string, unknown][] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file}: ${key}: allowed: tables, such as [${key}.${key === 'sensor' ? '0' : 'net'}]`)
  return Object.entries(value)
}

function readTable<T>(place: string, keys: Readonly<Record<string, FieldRule & { readonly field: string }>>, table: unknown): T {
  if (typeof table !== 'object' || table === null) throw new Error(`${place}: allowed: ${Object.keys(keys).join(', ')}`)
  const entries = Object.entries(table).map(([name, value]) => {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (!key) throw new Error(`${place}: unknown setting: ${name}; allowed: ${Object.keys(keys).join(', ')}`)
    const read = key.read(value)
    if (read === undefined) throw new Error(`${place}: ${name}: impossible value: ${JSON.stringify(value)}; allowed: ${key.allowed}`)
    return [key.field, read] as const
  })
  return Object.fromEntries(entries) as T
}

function readFormula(value: unknown): unknown {
  return typeof value === 'string' && parseFormula(value) ? value : undefined
}
