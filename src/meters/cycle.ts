/** Assembles pages of history into cycles, and tells of each what came, what is missing, and what could not be placed. */

import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { HistoryPage, HistoryValue } from '../reading.ts'
import type { HistoryScale } from './history.ts'
import { type Offset, timeOfDayMs } from './offset.ts'
import { labelOf, type PlacedValue, placePage, type Refusal, refusals } from './placement.ts'

/** What came of one scale; a value counts once for all sensors. */
interface ScaleReport {
  readonly scale: HistoryScale
  readonly came: number
  /** How many the meter holds, as far as can be told. */
  readonly held: number
  /** Those that did not come, newest first, by their names on the wire: `h004`, or `h120…h124`. */
  readonly missing: readonly string[]
}

/** What became of one cycle. */
export interface CycleReport {
  /** The host's time of its first and last page. */
  readonly fromMs: number
  readonly toMs: number
  /** Nothing came for a while, a page of the next cycle came, or the meter was lost. */
  readonly ended: 'silence' | 'next-cycle' | 'closed'
  readonly pages: number
  /** Values of all sensors that were placed, and those that were not by their reason; what came twice counts twice. */
  readonly placed: number
  readonly refused: Readonly<Partial<Record<Refusal, number>>>
  readonly scales: readonly ScaleReport[]
}

/** What became of a page; the cycle that it ended, if it ended one, is the one before its own. */
export interface Accepted {
  readonly placed: readonly PlacedValue[]
  readonly ended?: CycleReport
}

interface Cycle {
  readonly fromMs: number
  /** A 1 in the place of each value that came. */
  readonly came: Readonly<Record<HistoryScale, Uint8Array>>
  readonly values: Counters<'placed' | Refusal>
  last: HistoryPage
  pages: number
}

interface Store {
  readonly letter: string
  /** The index of the newest value that has ended, which has place 0, and the way from one index to the next. */
  readonly newest: number
  readonly step: number
  readonly places: number
  /** How many a CC128 holds at least: it was wiped at some time of its first day, or a day or two before. */
  readonly heldAfter: (days: number) => number
}

const stores: Readonly<Record<HistoryScale, Store>> = {
  hours: { letter: 'h', newest: 4, step: 2, places: limits.historyHoursMax, heldAfter: days => 12 * (days - 2) },
  days: { letter: 'd', newest: 1, step: 1, places: limits.historyDaysMax, heldAfter: days => days - 1 },
  blocks: { letter: 'm', newest: 1, step: 1, places: limits.historyBlocksMax, heldAfter: days => Math.floor(days / 30) },
  years: { letter: 'y', newest: 1, step: 1, places: limits.historyYearsMax, heldAfter: () => 0 }
}

const scales = ['hours', 'days', 'blocks', 'years'] as const

/** The cycles of one meter, one after the other; nothing is kept of a page but that it came. */
export class HistoryCycles {
  #cycle: Cycle | undefined

  /** Places the values of a page. */
  accept(page: HistoryPage, offset: Offset): Accepted {
    const ended = this.tick(page.atMs) ?? (this.#isNext(page) ? this.#end('next-cycle') : undefined)
    const cycle = this.#cycle ?? beginCycle(page)
    this.#cycle = cycle
    const { placed, refused } = placePage(page, offset)
    cycle.last = page
    cycle.pages++
    cycle.values.count('placed', placed.length)
    for (const { why } of refused) cycle.values.count(why)
    for (const { values } of page.sensors) for (const value of values) note(cycle, value)
    return ended === undefined ? { placed } : { placed, ended }
  }

  /** Time passes: to be called each minute or so; tells of a cycle that has ended in silence. */
  tick(nowMs: number): CycleReport | undefined {
    if (this.#cycle === undefined) return undefined
    const silentMs = nowMs - this.#cycle.last.atMs
    return silentMs < 0 || silentMs > limits.historySilenceMs ? this.#end('silence') : undefined
  }

  /** The meter was lost, or we stop. */
  close(): CycleReport | undefined {
    return this.#end('closed')
  }

  /** Each odd hour of the meter's clock begins another cycle. */
  #isNext(page: HistoryPage): boolean {
    return this.#cycle !== undefined && turnOf(this.#cycle.last) !== turnOf(page)
  }

  #end(ended: CycleReport['ended']): CycleReport | undefined {
    const cycle = this.#cycle
    this.#cycle = undefined
    return cycle && reportOf(cycle, ended)
  }
}

/** Names of missing values in one line. */
const namesToldMax = 4

/** A report in one line, for humans: `two hours: 360 of 372, missing h120…h142; day from 23:00 to 23:00: 90 of 90; 12 not placed: negative`. */
export function describeCycle({ scales, refused }: CycleReport): string {
  const told = scales.map(({ scale, came, held, missing }) => {
    const names = missing.length > namesToldMax ? [...missing.slice(0, namesToldMax), 'and more'] : missing
    return `${labelOf(scale)}: ${came} of ${held}${names.length > 0 ? `, missing ${names.join(' ')}` : ''}`
  })
  return [...told, ...Object.entries(refused).map(([why, count]) => `${count} not placed: ${why}`)].join('; ')
}

function beginCycle(page: HistoryPage): Cycle {
  const bits = (scale: HistoryScale) => new Uint8Array(stores[scale].places)
  const came = { hours: bits('hours'), days: bits('days'), blocks: bits('blocks'), years: bits('years') }
  return { fromMs: page.atMs, came, values: new Counters(['placed', ...refusals]), last: page, pages: 0 }
}

/** Which of the meter's odd hours the page follows, by its own clock. */
function turnOf(page: HistoryPage): number {
  return Math.floor((timeOfDayMs(page.meterTime) / 3_600_000 + 1) / 2) % 12
}

function note({ came }: Cycle, { scale, index }: HistoryValue): void {
  const { newest, step } = stores[scale]
  // A Classic's h02 has not ended and has no place: an array of bytes takes nothing below its start.
  came[scale][(index - newest) / step] = 1
}

function reportOf({ fromMs, last, pages, values, came }: Cycle, ended: CycleReport['ended']): CycleReport {
  const told = scales.map(scale => scaleReport(scale, came[scale], last)).filter(({ held }) => held > 0)
  return { fromMs, toMs: last.atMs, ended, pages, placed: values.get('placed'), refused: values.counted(refusals), scales: told }
}

function scaleReport(scale: HistoryScale, came: Uint8Array, page: HistoryPage): ScaleReport {
  const { places, heldAfter } = stores[scale]
  const sure = page.model.startsWith('CC128-') ? heldAfter(page.daysSinceBirth) : 0
  const held = Math.min(places, Math.max(sure, came.lastIndexOf(1) + 1))
  return { scale, came: came.reduce((sum, each) => sum + each, 0), held, missing: namesOfMissing(scale, came.subarray(0, held)) }
}

function namesOfMissing(scale: HistoryScale, came: Uint8Array): readonly string[] {
  const { letter, newest, step } = stores[scale]
  const nameOf = (place: number) => `${letter}${String(newest + place * step).padStart(3, '0')}`
  const names: string[] = []
  let from = came.indexOf(0)
  while (from >= 0) {
    const found = came.indexOf(1, from)
    const end = found < 0 ? came.length : found
    names.push(end - from === 1 ? nameOf(from) : `${nameOf(from)}…${nameOf(end - 1)}`)
    from = came.indexOf(0, end)
  }
  return names
}
