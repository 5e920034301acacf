/** Time zones by way of `Date`, which knows the offset of one: the first of Intl's formatters costs a process 1.8 MB. */
import { readlinkSync } from 'node:fs'

/** This machine's zone, as it was before the process went by the user's. */
let own: string | undefined

/** The name that the system has for a zone, or for this machine's when it is called `local`; undefined when it knows none of that name. */
export function readZone(text: string): string | undefined {
  if (text === 'local') return localZone()
  if (isListed(text)) return text
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

/**
 * From here on the whole process goes by a zone, as `readZone` told its name. Answers by how many ms its clocks are ahead of UTC at an
 * instant; undefined when `Date` might not know that.
 */
export function goBy(zone: string): ((atMs: number) => number) | undefined {
  if (!isListed(zone)) return undefined
  localZone()
  process.env['TZ'] = zone
  return atMs => -new Date(atMs).getTimezoneOffset() * 60_000
}

function localZone(): string {
  const name = process.env['TZ'] ?? linkedZone()
  own ??= isListed(name) ? name : new Intl.DateTimeFormat().resolvedOptions().timeZone
  return own
}

/** Where Debian, and most others, have the name. */
function linkedZone(): string {
  try {
    return readlinkSync('/etc/localtime').replace(/^.*\/zoneinfo\/(?:Etc\/UTC$)?/, '') || 'UTC'
  } catch {
    return ''
  }
}

/** Canonical names alone are listed, and not UTC, which is what most boards have. */
function isListed(name: string): boolean {
  return name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name)
}
