/** The tariff in the file: the table `[tariff]`, which is a price change itself or has a list of dated ones. */
import type { TariffTold } from './api.ts'
import { readTariff, type TariffError } from './cost/tariff.ts'
import type { At } from './io/toml.ts'

/** What the file calls otherwise than the API. */
const fields: Readonly<Record<string, string>> = {
  'vat-percent': 'vatPercent',
  'standing-per-day': 'standingPerDay',
  'export-per-kwh': 'exportPerKWh',
  'price-per-kwh': 'pricePerKWh'
}

/** What need not be said. A first change holds for all that was before it, so that its day matters only when there are more. */
const usual = { from: '1970-01-01', vatPercent: '0', standingPerDay: '0', exportPerKWh: '0' }

/**
 * Reads the table `[tariff]`; nothing if there is none.
 * @param at where the file has what the keys lead to
 * @throws Error whose message names the place, the key, the value and what is allowed
 */
export function readTariffSettings(at: At, table: unknown): TariffTold | undefined {
  if (table === undefined) return undefined
  if (!isTable(table)) throw new Error(`${at('tariff')}: tariff: allowed: a table, [tariff]`)
  const { currency, changes, ...rest } = translate(table) as Readonly<Record<string, unknown>>
  try {
    if (changes === undefined) return readTariff({ currency, changes: [changeOf(rest)] })
    return readTariff({ currency, ...rest, changes: Array.isArray(changes) ? changes.map(changeOf) : changes })
  } catch (error) {
    const { field, message } = error as TariffError
    const change = changes === undefined ? rest : (changes as readonly unknown[])[Number(/^changes\[(\d+)\]/.exec(field)?.[1])]
    const written = (text: string): string => asWritten(changes === undefined ? text.replace('changes[0].', '') : text, change)
    throw new Error(`${at('tariff', ...written(field).split(/[.[\]]+/))}: [tariff]: ${written(message)}`)
  }
}

/** Names as the file has them; the price that stands outside of the bands was made the last of them. */
function asWritten(text: string, change: unknown): string {
  const bands = isTable(change) && Array.isArray(change['bands']) ? change['bands'].length : 0
  return Object.entries(fields).reduce((said, [name, field]) => said.replaceAll(field, name), text.replace(`bands[${bands}].`, ''))
}

/** A change as the API would have it: a price that stands outside of the bands holds when none of them does. */
function changeOf(value: unknown): unknown {
  if (!isTable(value)) return value
  const { pricePerKWh, bands = [], ...change } = value
  const isPlain = pricePerKWh === undefined || !Array.isArray(bands)
  const rest = { name: Array.isArray(bands) && bands.length > 0 ? 'Rest' : 'Flat', pricePerKWh }
  return { ...usual, ...change, bands: isPlain ? bands : [...bands, rest] }
}

/** Names as the API has them, and its text for numbers and days; numbers in a list are days of the week and stay. */
function translate(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(each => (typeof each === 'number' ? each : translate(each)))
  if (!isTable(value)) return typeof value === 'number' ? String(value) : value
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [fields[name] ?? name, translate(held)]))
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
