/** The columns of an answer of history: numbers in one piece of memory that every answer is made in, so that none leaves garbage. */
import { limits } from '../limits.ts'
import type { HistoryRow } from '../sinks/archive.ts'

/** In the order of the answer. */
export const columns = [
  'startMs',
  'energyWh',
  'exportedWh',
  'backfilledWh',
  'knownSeconds',
  'meanWatts',
  'minWatts',
  'maxWatts',
  'celsius'
] as const satisfies readonly (keyof HistoryRow)[]

/** A column. */
export type Column = (typeof columns)[number]

/** One answer at a time: whoever makes one does so in one turn. */
export class Columns {
  readonly #numbers = new Float64Array(columns.length * limits.historyRowsMax)
  #count = 0

  clear(): void {
    this.#count = 0
  }

  /** Adds a span, of which there are no more than `limits.historyRowsMax`. */
  add(row: HistoryRow): void {
    for (const [index, column] of columns.entries())
      this.#numbers[index * limits.historyRowsMax + this.#count] = rounded(row[column], column) ?? Number.NaN
    this.#count++
  }

  /** A column as a list in JSON. */
  listOf(column: Column): string {
    const from = columns.indexOf(column) * limits.historyRowsMax
    // What is not a number becomes null, which is what is not known.
    return JSON.stringify(Array.from(this.#numbers.subarray(from, from + this.#count)))
  }
}

/** Energy to thousandths, power to whole watts but for its mean, temperature to tenths: more is not known. */
export function rounded(value: number | null, column: Column): number | null {
  if (value === null) return null
  const digits = column.endsWith('Wh') ? 1_000 : column === 'celsius' || column === 'meanWatts' ? 10 : 1
  return Math.round(value * digits) / digits
}
