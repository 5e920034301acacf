/** The parameters of a request: how their text becomes values, and how the API's description tells of them. */
import { Refusal } from './reply.ts'

/** A description in JSON Schema. */
type Schema = Readonly<Record<string, unknown>>

/** One parameter. */
export interface Parameter<T> {
  readonly about: string
  /** For humans, when it is wrong. */
  readonly allowed: string
  readonly schema: Schema
  /** `undefined` when it may not be. */
  readonly read: (text: string) => T | undefined
  readonly isRequired?: true
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** The values of parameters; of those that are left out there is none. */
export type Values<P extends Parameters> = { readonly [N in keyof P]?: P[N] extends Parameter<infer T> ? T : never }

/** An instant: of a clock, or the beginning of a day in the user's zone. */
export type Instant = { readonly ms: number } | { readonly year: number; readonly month: number; readonly day: number }

/** Times that the program can reckon with: years 2000 to 2200. */
const msMin = Date.UTC(2000, 0, 1)
const msMax = Date.UTC(2200, 0, 1)
const dayForm = /^(\d{4})-(\d\d)-(\d\d)$/
/** A plus that nobody has escaped comes as a space. */
const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[ +-]\d\d:\d\d)$/

/** Reads the part of an address behind `?`. @throws Refusal */
export function readQuery(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...rest] = part.replaceAll('+', ' ').split('=')
    const key = decode(name)
    if (found.has(key)) throw new Refusal(400, `${told(key)} stands there twice; allowed: once`, told(key))
    found.set(key, decode(rest.join('='), key))
  }
  return found
}

/** Reads what was asked for, by name. @throws Refusal that names the first that is unknown, missing or impossible, and what is allowed */
export function readValues(parameters: Parameters, given: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  const names = Object.keys(parameters)
  const unknown = [...given.keys()].find(name => !names.includes(name))
  if (unknown !== undefined) {
    const allowed = names.length === 0 ? 'none' : names.join(', ')
    throw new Refusal(400, `${told(unknown)}: unknown parameter; allowed: ${allowed}`, told(unknown))
  }
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const { allowed, read, isRequired } = parameters[name] as Parameter<unknown>
    const text = given.get(name)
    if (text === undefined && isRequired) throw new Refusal(400, `${name}: missing; allowed: ${allowed}`, name)
    if (text === undefined) continue
    values[name] = read(text)
    if (values[name] === undefined) throw new Refusal(400, `${name}: impossible value: ${told(text)}; allowed: ${allowed}`, name)
  }
  return values
}

/** Undoes percent-encoding. @param name of the parameter whose value it is; none, if it is a name itself @throws Refusal for what is none, or no UTF-8 */
export function decode(text: string, name?: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    const what = name === undefined ? `${told(text)}: impossible name` : `${told(name)}: impossible value: ${told(text)}`
    throw new Refusal(400, `${what}; allowed: UTF-8, percent-encoded`, told(name ?? text))
  }
}

/** One of some words. */
export function choice<const T extends string>(about: string, words: readonly T[]): Parameter<T> {
  return { about, allowed: words.join(', '), schema: { type: 'string', ['enum']: words }, read: text => words.find(word => word === text) }
}

/** A whole number. */
export function whole(about: string, lowest: number, highest: number): Parameter<number> {
  return {
    about,
    allowed: `${lowest} to ${highest}`,
    schema: { type: 'integer', minimum: lowest, maximum: highest },
    read: text => (/^\d{1,15}$/.test(text) && Number(text) >= lowest && Number(text) <= highest ? Number(text) : undefined)
  }
}

/** A sensor's place below the root of the topics. */
export function place(about: string): Parameter<string> {
  const form = '^(?:(?:meter[2-9]/)?[0-9]|[a-z][a-z0-9-]{0,19})$'
  const read = (text: string): string | undefined => (new RegExp(form).test(text) ? text : undefined)
  return { about, allowed: 'a sensor, such as 0, meter2/1, or the name of a derived one', schema: { type: 'string', pattern: form }, read }
}

/** An instant. */
export function instant(about: string): Parameter<Instant> {
  return {
    about,
    allowed: 'a day such as 2026-03-01, a time such as 2026-03-01T12:00:00Z, or ms since 1970; from 2000 to 2199',
    schema: { type: 'string', examples: ['2026-03-01', '2026-03-01T12:00:00Z', '1772366400000'] },
    read: readInstant
  }
}

function readInstant(text: string): Instant | undefined {
  const [, year, month, day] = (dayForm.exec(text) ?? []).map(Number)
  if (year !== undefined && month !== undefined && day !== undefined) {
    const ms = Date.UTC(year, month - 1, day)
    return isSound(ms) && new Date(ms).getUTCDate() === day && month >= 1 && month <= 12 ? { year, month, day } : undefined
  }
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : timeForm.test(text) ? Date.parse(text.replace(' ', '+')) : Number.NaN
  return isSound(ms) ? { ms } : undefined
}

function isSound(ms: number): boolean {
  return ms >= msMin && ms < msMax
}

/** What a client said, cut to a length that may be said back. */
function told(text: string): string {
  return JSON.stringify(text.slice(0, 40)).slice(1, -1)
}
