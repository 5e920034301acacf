/** The settings file: TOML. */
import { readFileSync } from 'node:fs'
import { parse, TomlError } from 'smol-toml'

/**
 * Reads a TOML file.
 * @throws Error whose message names the file, and the line and column where it stops making sense
 */
export function readToml(file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof TomlError) throw new Error(`${file}, line ${error.line}, column ${error.column}: ${error.message.split('\n')[0]}`)
    throw new Error(`${file}: it cannot be read (${(error as Error).message}); allowed: a TOML file`)
  }
}
