/** The tiers of a history: the finer the slots, the shorter they are kept; and where each block of them stands in the store. */
import { limits } from '../limits.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** Slots of equal length, kept in blocks that begin with a whole hour (UTC). */
export interface Tier {
  /** In the keys. */
  readonly letter: string
  readonly slotMs: number
  readonly blockMs: number
  readonly keepMs: number
  /** What is too old goes when so much has gathered: each round of that makes LevelDB write old tables anew. */
  readonly slackMs: number
}

export const seconds: Tier = { letter: 's', slotMs: 10_000, blockMs: hourMs, keepMs: limits.historySecondsMs, slackMs: dayMs }
export const minutes: Tier = { letter: 'm', slotMs: 60_000, blockMs: hourMs, keepMs: limits.historyMinutesMs, slackMs: 7 * dayMs }
export const quarters: Tier = { letter: 'q', slotMs: 900_000, blockMs: dayMs, keepMs: limits.historyQuartersMs, slackMs: 30 * dayMs }

/** Finest first; days come beside them, made of quarters when those go. */
export const tiers = [seconds, minutes, quarters] as const

/** A day of the user's: its slot is the day of the year, from 0, and its block a year of them. The longest has 25 hours. */
export const days = { slotMs: 25 * hourMs, slotsMax: 366 } as const

/** What each block's key begins with: the lowest in the store, so that LevelDB need not touch what is old when it merges what is new. */
export const blocksPrefix = '0/'
const hourDigits = 7

/** A block's key: by time first, for the same reason. */
export function blockKey({ letter, blockMs }: Tier, block: number, series: string): string {
  return keyOfHour((block * blockMs) / hourMs) + letter + series
}

export function keyOfHour(hour: number): string {
  return blocksPrefix + String(hour).padStart(hourDigits, '0')
}

/** Which block a key names; undefined when it is none of a meter's. */
export function readBlockKey(key: string, meter: string): { hour: number; tier: Tier | undefined; series: string } | undefined {
  const at = blocksPrefix.length + hourDigits
  const series = key.slice(at + 1)
  if (!series.startsWith(`${meter}/`)) return undefined
  return { hour: Number(key.slice(blocksPrefix.length, at)), tier: tiers.find(({ letter }) => letter === key.charAt(at)), series }
}

export function yearKey(year: number, series: string): string {
  return `y/${series}/${year}`
}

/** Most that so many series take on the disk, with what LevelDB keeps beside it until it has merged it. */
export function diskBytesMax(seriesCount: number): number {
  const slots = tiers.reduce((sum, { slotMs, blockMs, keepMs, slackMs }) => sum + (keepMs + slackMs + 2 * blockMs) / slotMs, 0)
  const rows = (slots + limits.historyKeptYearsMax * days.slotsMax) * seriesCount
  return Math.ceil(rows * limits.historyRowBytes * 2) + 8 * limits.storeWriteBufferBytes
}
