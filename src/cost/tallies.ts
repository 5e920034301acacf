/** Remembers what past days came to: a bill of a year need not be made of all its quarters of an hour each time. */
import { limits } from '../limits.ts'
import { type Day, tallyDays } from './bill.ts'
import type { ReadEnergies } from './pieces.ts'
import type { Prices } from './prices.ts'

/** Whose days are wanted, and what they depend on. */
export interface TallyQuestion {
  readonly sensor: string
  readonly prices: Prices
  /** Something else as soon as the past is. */
  readonly rewrites: number
  readonly fromMs: number
  readonly toMs: number
}

interface Held {
  readonly prices: Prices
  readonly rewrites: number
  readonly startMs: number
  readonly days: Day[]
}

/** So much is added up in one step. */
const stepMs = 8 * 86_400_000
/** A day that ended so long ago is over: readings that came later would be in its past. */
const settleMs = 3_600_000

/** The past days of the sensors that were asked for last. */
export class Tallies {
  readonly #held = new Map<string, Held>();

  /** The days from that of `fromMs` to that of `toMs`; ends after as many steps as need be, between which others may have their turn. */
  *days(question: TallyQuestion, readEnergies: ReadEnergies): Generator<void, readonly Day[]> {
    const { prices, fromMs, toMs } = question
    const { calendar } = prices
    const startMs = calendar.startOf('day', fromMs)
    const { days } = this.#open(question, startMs)
    const endMs = calendar.startOf('day', toMs - settleMs)
    const knownMs = (): number => days.at(-1)?.endMs ?? startMs
    for (let atMs = knownMs(); atMs < endMs; atMs = knownMs()) {
      const untilMs = Math.min(endMs, calendar.startOf('day', atMs + stepMs))
      days.push(...tallyDays(prices, atMs, untilMs, readEnergies))
      yield // who asks meanwhile goes on from here
    }
    const past = days.filter(day => day.endMs <= toMs)
    days.length = settledIn(days)
    return [...past, ...tallyDays(prices, past.at(-1)?.endMs ?? fromMs, toMs, readEnergies)]
  }

  #open({ sensor, prices, rewrites }: TallyQuestion, startMs: number): Held {
    const held = this.#held.get(sensor)
    this.#held.delete(sensor)
    const isGood = held?.prices === prices && held.rewrites === rewrites && held.startMs === startMs
    const opened: Held = isGood ? held : { prices, rewrites, startMs, days: [] }
    const [oldest] = this.#held.keys()
    if (oldest !== undefined && this.#held.size >= limits.tallySensorsMax) this.#held.delete(oldest)
    this.#held.set(sensor, opened)
    return opened
  }
}

/** How many of the days are over: a recording that is played back tells later of the last one that is known, and of those after it. */
function settledIn(days: readonly Day[]): number {
  const last = days.findLastIndex(({ knownSeconds }) => knownSeconds > 0)
  const day = days[last]
  return day && 1_000 * day.knownSeconds < day.endMs - day.startMs ? last : last + 1
}
