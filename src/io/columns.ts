/** The columns of an answer of history: numbers in one piece of memory, taken again for later answers, so that they leave no garbage. */
import { millionthsText } from '../cost/money.ts'
import { limits } from '../limits.ts'
import type { HistoryRow } from '../sinks/archive.ts'

/** A column, but for that of costs. */
export type Column = Exclude<keyof HistoryRow, 'endMs'>

/** Into how many parts a unit is divided, in the order of the answer: more is not known. */
const partsOf: Readonly<Record<Column, number>> = {
  startMs: 1,
  energyWh: 1_000,
  exportedWh: 1_000,
  backfilledWh: 1_000,
  knownSeconds: 1,
  meanWatts: 10,
  minWatts: 1,
  maxWatts: 1,
  celsius: 10
}
export const columns = Object.keys(partsOf) as readonly Column[]

/** Those that no answer is made of at present. */
const spare: Columns[] = []

/** One answer's columns. */
export class Columns {
  readonly #numbers = new Float64Array((columns.length + 1) * limits.historyRowsMax)
  #count = 0

  /** Columns in which nothing is yet; to be given back, though those of an answer that nobody wanted may be forgotten. */
  static take(): Columns {
    const taken = spare.pop() ?? new Columns()
    taken.#count = 0
    return taken
  }

  giveBack(): void {
    if (spare.length < limits.historyColumnsSpareMax) spare.push(this)
  }

  /** Adds a span, of which there are no more than `limits.historyRowsMax`. @param cost in millionths */
  add(row: HistoryRow, cost: number | null): void {
    let at = this.#count++
    for (const column of columns) {
      const value = row[column]
      this.#numbers[at] = value === null ? Number.NaN : rounded(value, column)
      at += limits.historyRowsMax
    }
    this.#numbers[at] = cost ?? Number.NaN
  }

  /** The bytes of each, without those of the beginnings. */
  *bytes(): Generator<Uint8Array, void> {
    for (let index = 1; index <= columns.length; index++) {
      const { buffer, byteOffset, byteLength } = this.#column(index)
      yield new Uint8Array(buffer, byteOffset, byteLength)
    }
  }

  /** Each as a member in JSON. */
  *members(): Generator<string, void> {
    // What is no number becomes null: it is not known.
    for (const [index, column] of columns.entries()) yield `,"${column}":${JSON.stringify([...this.#column(index)])}`
  }

  /** The costs as a list in JSON. */
  costs(): string {
    return JSON.stringify([...this.#column(columns.length)].map(cost => (Number.isNaN(cost) ? null : millionthsText(cost))))
  }

  #column(index: number): Float64Array {
    const from = index * limits.historyRowsMax
    return this.#numbers.subarray(from, from + this.#count)
  }
}

/** Only so much of a number is told as is known of it. */
export function rounded(value: number, column: Column): number {
  const parts = partsOf[column]
  return Math.round(value * parts) / parts
}
