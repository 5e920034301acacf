/** A tariff as it comes from outside: each field is looked at, and what is wrong is told with its name and what is allowed. */
import type { PriceBand, PriceChange, TariffTold } from '../api.ts'
import { limits } from '../limits.ts'
import { parseMoney, percentDigits } from './money.ts'

/** A field that is missing, unknown or impossible. */
export class TariffError extends Error {
  /** Such as `changes[0].bands[1].start`; empty for the tariff itself. */
  readonly field: string

  constructor(field: string, fault: string, allowed: string) {
    super(`${field === '' ? 'the tariff' : field}: ${fault}; allowed: ${allowed}`)
    this.field = field
  }
}

interface Field {
  readonly allowed: string
  /** Where it may be missing. */
  readonly optional?: true
  readonly fits: (value: unknown) => boolean
}
type Fields = Readonly<Record<string, Field>>

const price: Field = {
  allowed: 'decimal text from "0" to "999999999" with up to 6 digits behind the point, such as "0.2455"',
  fits: value => typeof value === 'string' && parseMoney(value) !== undefined
}
const percent: Field = {
  allowed: 'decimal text from "0" to "100" with up to 4 digits behind the point, such as "5"',
  fits: value => typeof value === 'string' && parseMoney(value, percentDigits) !== undefined && Number(value) <= 100
}
const clock: Field = {
  allowed: 'a time of day from "00:00" to "23:59"',
  optional: true,
  fits: value => typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(value)
}
const weekdays: Field = {
  allowed: 'a list of days without doubles, from 1 for Monday to 7 for Sunday',
  optional: true,
  fits: value =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every(day => [1, 2, 3, 4, 5, 6, 7].includes(day))
}

const tariffFields: Fields = {
  currency: {
    allowed: 'a currency of three capital letters, such as "GBP"',
    fits: value => typeof value === 'string' && /^[A-Z]{3}$/.test(value)
  },
  changes: listOf('price changes', limits.tariffChangesMax)
}

const changeFields: Fields = {
  from: { allowed: 'a day such as "2026-04-01"', fits: value => typeof value === 'string' && isDate(value) },
  vatPercent: percent,
  standingPerDay: price,
  exportPerKWh: price,
  bands: listOf('price bands', limits.tariffBandsMax)
}

const bandFields: Fields = {
  name: {
    allowed: `a text of 1 to ${limits.tariffNameCharactersMax} characters`,
    fits: value => typeof value === 'string' && value.trim() !== '' && value.length <= limits.tariffNameCharactersMax
  },
  pricePerKWh: price,
  start: clock,
  end: clock,
  days: weekdays
}

/**
 * Takes a tariff from outside, such as the body of `PUT /api/tariff`.
 * @throws TariffError
 */
export function readTariff(value: unknown): TariffTold {
  const { currency, changes } = readFields<TariffTold>('', tariffFields, value)
  const read = changes.map((change, index) => readChange(`changes[${index}]`, change))
  const late = read.findIndex(({ from }, index) => index > 0 && from <= (read[index - 1] as PriceChange).from)
  if (late !== -1) throw new TariffError(`changes[${late}].from`, 'not after the change before it', 'changes with the oldest first')
  return { currency, changes: read }
}

function readChange(place: string, value: unknown): PriceChange {
  const { bands, ...rest } = readFields<PriceChange>(place, changeFields, value)
  const read = bands.map((band, index) => readBand(`${place}.bands[${index}]`, band))
  const last = read.at(-1) as PriceBand
  if (last.start !== undefined || last.days !== undefined)
    throw new TariffError(`${place}.bands[${read.length - 1}]`, 'the last band does not fit always', 'one without start, end and days')
  return { ...rest, bands: read }
}

function readBand(place: string, value: unknown): PriceBand {
  const band = readFields<PriceBand>(place, bandFields, value)
  const { start, end } = band
  if ((start === undefined) !== (end === undefined)) throw new TariffError(`${place}.${start ? 'end' : 'start'}`, 'missing', clock.allowed)
  if (start !== undefined && start === end)
    throw new TariffError(`${place}.end`, 'the same as start', 'another time, or neither for all of the day')
  return band
}

/** The fields of an object, each of which fits; those that hold lists are only known to be lists. */
function readFields<T>(place: string, fields: Fields, value: unknown): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TariffError(place, 'not an object', `one with ${Object.keys(fields).join(', ')}`)
  const pathOf = (name: string): string => (place === '' ? name : `${place}.${name}`)
  for (const name of Object.keys(value))
    if (!Object.hasOwn(fields, name)) throw new TariffError(pathOf(name), 'unknown', Object.keys(fields).join(', '))
  const found: Record<string, unknown> = {}
  for (const [name, { allowed, optional, fits }] of Object.entries(fields)) {
    const held = (value as Record<string, unknown>)[name]
    if (held === undefined && optional) continue
    if (held === undefined) throw new TariffError(pathOf(name), 'missing', allowed)
    if (!fits(held)) throw new TariffError(pathOf(name), `impossible value ${shorten(held)}`, allowed)
    found[name] = held
  }
  return found as T
}

function listOf(what: string, max: number): Field {
  return { allowed: `a list of 1 to ${max} ${what}`, fits: value => Array.isArray(value) && value.length > 0 && value.length <= max }
}

/** Whether the calendar has that day; the first four digits are its year. */
function isDate(text: string): boolean {
  if (!/^(?:19[7-9]|20\d|21\d)\d-\d\d-\d\d$/.test(text)) return false
  const at = new Date(`${text}T00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}
