/** What the user wants corrected: the settings of the file, and over them what was changed since, kept in the store. */
import { isDeepStrictEqual } from 'node:util'
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import type { Correction } from '../meters/correct.ts'
import { Refusal } from './reply.ts'

/** What one field may be. */
export interface FieldRule {
  readonly allowed: string
  /** The value, or `undefined` when it may not be. */
  readonly read: (value: unknown) => unknown
}

/** The rules for all fields, for the file and for the page. */
export const correctionRules: Readonly<Record<keyof Correction, FieldRule>> = {
  name: { allowed: 'a text of 1 to 40 characters, none of them a control character', read: readName },
  scale: { allowed: 'a number from 0.01 to 100', read: value => inRange(value, 0.01, 100) },
  temperatureOffset: { allowed: 'a number from -50 to 50', read: value => inRange(value, -50, 50) },
  spikeFilter: { allowed: 'true or false', read: readFlag },
  fix144: { allowed: 'true or false', read: readFlag }
}

const fields = Object.keys(correctionRules)
const prefix = 'c/sensor/'

/** Control characters, and what turns the direction of the text around it. */
const unfit = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

/** The corrections in force, by place. */
export class Corrections {
  #fromFile: ReadonlyMap<string, Correction>
  readonly #store: Store
  readonly #changed = new Map<string, Correction>()
  #isLoaded = false

  /** @param fromFile what the settings say, by place such as `0` or `meter2/1` */
  constructor(fromFile: ReadonlyMap<string, Correction>, store: Store) {
    this.#fromFile = fromFile
    this.#store = store
  }

  /** What is in force for a sensor. */
  of(place: string): Correction {
    return { ...this.#fromFile.get(place), ...this.#changed.get(place) }
  }

  /** Reads what is kept in the store; calls back with each place for which something else is in force now. */
  load(changed: (place: string) => void): void {
    this.#isLoaded = true
    for (const place of places()) {
      const kept = parse(this.#store.get(prefix + place))
      if (JSON.stringify(kept) === JSON.stringify(this.#changed.get(place))) continue
      if (kept) this.#changed.set(place, kept)
      else this.#changed.delete(place)
      changed(place)
    }
  }

  /** The file says something else now; calls back with each place for which something else is in force. */
  takeFile(fromFile: ReadonlyMap<string, Correction>, changed: (place: string) => void): void {
    const before = new Map(places().map(place => [place, this.of(place)]))
    this.#fromFile = fromFile
    for (const [place, correction] of before) if (!isDeepStrictEqual(correction, this.of(place))) changed(place)
  }

  /** Changes the fields that are named; `null` goes back to what the file says. @throws Refusal */
  change(place: string, value: unknown): void {
    if (!this.#isLoaded) throw new Refusal(503, 'what was changed before cannot be read now') // it would be lost
    const former = this.#changed.get(place)
    const wanted = Object.fromEntries(
      Object.entries({ ...former, ...readChange(value) }).filter(([, field]) => field !== null)
    ) as Correction
    const isTaken = this.#store.put(prefix + place, Buffer.from(JSON.stringify(wanted)))
    if (!isTaken) throw new Refusal(503, 'too much waits to be written')
    this.#changed.set(place, wanted)
  }

  /** Only what the file says counts again. @throws Refusal */
  takeBack(place: string): void {
    if (!this.#store.delete(prefix + place)) throw new Refusal(503, 'too much waits to be written')
    this.#changed.delete(place)
  }
}

/** Whether a place may be corrected: what is derived from others is not. */
export function isCorrectable(place: string): boolean {
  return places().includes(place)
}

/** Every sensor that there may be. */
function places(): readonly string[] {
  const meters = Array.from({ length: limits.metersMax }, (_, index) => (index === 0 ? '' : `meter${index + 1}/`))
  return meters.flatMap(meter => Array.from({ length: limits.sensorsMax }, (_, sensor) => `${meter}${sensor}`))
}

/** @throws Refusal that names the field and what is allowed */
function readChange(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(400, `allowed: an object with ${fields.join(', ')}`)
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const rule = Object.hasOwn(correctionRules, name) ? correctionRules[name as keyof Correction] : undefined
      if (!rule) throw new Refusal(400, `unknown field; allowed: ${fields.join(', ')}`, name.slice(0, 40))
      const read = field === null ? null : rule.read(field)
      if (read === undefined) throw new Refusal(400, `impossible value; allowed: ${rule.allowed}, or null for what the file says`, name)
      return [name, read] as const
    })
  )
}

/** What was kept; what makes no sense is none, as a file could not say it either. */
function parse(bytes: Uint8Array | undefined): Correction | undefined {
  if (!bytes) return undefined
  try {
    return readChange(JSON.parse(Buffer.from(bytes).toString())) as Correction
  } catch {
    return undefined
  }
}

function readName(value: unknown): unknown {
  return typeof value === 'string' && value.length >= 1 && value.length <= 40 && !unfit.test(value) ? value : undefined
}

function readFlag(value: unknown): unknown {
  return typeof value === 'boolean' ? value : undefined
}

function inRange(value: unknown, lowest: number, highest: number): unknown {
  return typeof value === 'number' && value >= lowest && value <= highest ? value : undefined
}
