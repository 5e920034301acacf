/** The settings file: TOML, and on which line each key of it stands. */
import { readFileSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'

/** A key within a table, or an index within a list. */
export type Keys = readonly (string | number)[]

/** Where something of the file stands, for a message. */
export type At = (...keys: Keys) => string

/** A file that was read. */
export interface TomlFile {
  readonly table: Readonly<Record<string, unknown>>
  /** The file, and the line that brings what the keys lead to, or as much of that as there is. */
  readonly at: At
}

/**
 * Reads a TOML file.
 * @throws Error whose message names the file, and the line and column where it stops making sense
 */
export function readToml(file: string): TomlFile {
  try {
    const text = readFileSync(file, 'utf8')
    const table = parse(text)
    return { table, at: (...keys) => `${file}${lineOf(text, knownPart(table, keys))}` }
  } catch (error) {
    if (error instanceof TomlError) throw new Error(`${file}, line ${error.line}, column ${error.column}: ${error.message.split('\n')[0]}`)
    throw new Error(`${file}: it cannot be read (${(error as Error).message}); allowed: a TOML file`)
  }
}

/** The keys as far as they lead to something. */
function knownPart(table: unknown, keys: Keys): Keys {
  let length = keys.length
  while (!has(table, keys.slice(0, length))) length--
  return keys.slice(0, length)
}

function has(value: unknown, [key, ...rest]: Keys): boolean {
  if (key === undefined) return true
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) && has((value as Record<string, unknown>)[key], rest)
}

/** What has the keys begins behind the longest beginning of the file that is TOML without them. */
function lineOf(text: string, keys: Keys): string {
  if (keys.length === 0) return ''
  const lines = text.split('\n')
  let before = 0
  for (const [index, line] of lines.entries()) {
    const isEmpty = before === index && /^\s*(?:#.*)?$/.test(line)
    const table = isEmpty ? {} : tryParse(`${lines.slice(0, index + 1).join('\n')}\n`)
    if (table === undefined) continue // within a text or a list of several lines
    if (has(table, keys)) break
    before = index + 1
  }
  return `, line ${before + 1}`
}

function tryParse(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}
