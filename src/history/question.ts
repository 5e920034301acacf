/** Answers questions: the spans of a series between two instants, each with what is known of it, from the finest tier that reaches there. */
import type { Step } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { limits } from '../limits.ts'
import { emptyRow, mergeRow, type Row } from './rows.ts'
import type { Series } from './series.ts'
import { dayMs, hourMs, minutes, quarters, seconds, type Tier } from './tiers.ts'

/** One span of a history; null is what is not known. The fields are those of `HistoryAnswer`. */
export interface HistoryRow {
  readonly startMs: number
  /** Where the next span begins. */
  readonly endMs: number
  /** Net energy: what was drawn less what was fed in; litres of a gas or water meter. */
  readonly energyWh: number | null
  readonly exportedWh: number | null
  readonly backfilledWh: number | null
  readonly knownSeconds: number
  /** Power is null of a gas or water meter; least and most are known of what was measured only. */
  readonly meanWatts: number | null
  readonly minWatts: number | null
  readonly maxWatts: number | null
  readonly celsius: number | null
}

/** What is asked of a series. */
export interface Question {
  readonly fromMs: number
  readonly toMs: number
  readonly step: Step
  readonly calendar: Calendar
  readonly nowMs: number
}

/** What is answered: its spans come one by one, so that a year costs no memory, and may be taken in many turns. */
export interface HistoryFound {
  /** The step that was taken: the finest that reaches back to `fromMs`, and none finer than asked. */
  readonly step: Step
  /** Where the first span begins, at or before `fromMs`. */
  readonly fromMs: number
  /** How many spans there are; one more than `limits.historyRowsMax` stands for any number beyond. */
  readonly count: number
  readonly rows: Iterable<HistoryRow>
}

const tierOf: Readonly<Record<Step, Tier>> = {
  '10s': seconds,
  '1m': minutes,
  '15m': quarters,
  '1h': quarters,
  '1d': quarters,
  '1mo': quarters
}
const coarser: Readonly<Record<Step, Step>> = { '10s': '1m', '1m': '15m', '15m': '1d', '1h': '1d', '1d': '1d', '1mo': '1mo' }

/** The step that is taken in place of one that reaches back no further. */
export function stepFrom(step: Step, fromMs: number, nowMs: number): Step {
  const { keepMs, blockMs } = tierOf[step]
  const next = coarser[step]
  return next === step || nowMs - fromMs <= keepMs + blockMs ? step : stepFrom(next, fromMs, nowMs)
}

/** @param hasPower whether what is counted is electricity */
export function ask(series: Series | undefined, question: Question, hasPower = true): HistoryFound {
  const { calendar, fromMs, toMs, nowMs } = question
  const step = stepFrom(question.step, fromMs, nowMs)
  const firstMs = startOf(step, fromMs, calendar)
  let count = 0
  for (let atMs = firstMs; atMs < toMs && count <= limits.historyRowsMax; atMs = nextOf(step, atMs, calendar)) count++
  return {
    step,
    fromMs: firstMs,
    count,
    rows: { [Symbol.iterator]: () => spans(series, { ...question, step, fromMs: firstMs }, hasPower) }
  }
}

function* spans(series: Series | undefined, question: Question, hasPower: boolean): Generator<HistoryRow, void> {
  const { fromMs, toMs, step, calendar, nowMs } = question
  const tier = tierOf[step]
  const isDays = step === '1d' || step === '1mo'
  // Where nothing can be kept nothing is looked for.
  const oldestMs = nowMs - tier.keepMs - tier.slackMs - 2 * tier.blockMs
  const endMs = Math.min(nextOf(step, Math.max(fromMs, toMs - 1), calendar), nowMs + tier.blockMs)
  const rows = series?.read(tier, Math.max(fromMs, oldestMs), endMs)
  const past = new Past(isDays ? series : undefined)
  const sum = new Sum()
  let next = rows?.next()
  for (let startMs = fromMs; startMs < toMs; ) {
    const endMs = nextOf(step, startMs, calendar)
    sum.clear()
    for (let atMs = startMs; isDays && atMs < endMs; atMs = calendar.nextStart('day', atMs)) sum.add(past.at(atMs, calendar))
    while (next?.value && next.value.slot * tier.slotMs < endMs) {
      sum.add(next.value)
      next = rows?.next()
    }
    yield sum.told(startMs, endMs, hasPower)
    startMs = endMs
  }
}

/** Days that only their year remembers, asked for in order. */
class Past {
  readonly #series: Series | undefined
  #year = Number.NaN
  #rows = new Map<number, Row>()

  constructor(series: Series | undefined) {
    this.#series = series
  }

  at(atMs: number, calendar: Calendar): Readonly<Row> | undefined {
    const { year, month, day } = calendar.wallAt(atMs)
    if (year !== this.#year) {
      this.#year = year
      this.#rows = new Map()
      const reader = this.#series?.readYear(year)
      for (let row = reader?.next(); row; row = reader?.next()) this.#rows.set(row.slot, { ...row })
    }
    return this.#rows.get((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / dayMs)
  }
}

const nothing = emptyRow(0)

/** What the rows of a span come to. */
class Sum {
  readonly #row = emptyRow(0)
  #deciCelsius = 0
  #warm = 0

  clear(): void {
    Object.assign(this.#row, nothing)
    this.#deciCelsius = this.#warm = 0
  }

  add(row: Readonly<Row> | undefined): void {
    if (row === undefined) return
    mergeRow(this.#row, row, Number.POSITIVE_INFINITY)
    if (row.deciCelsius === undefined) return
    this.#deciCelsius += row.deciCelsius
    this.#warm++
  }

  told(startMs: number, endMs: number, hasPower: boolean): HistoryRow {
    const { net, exported, filled, coveredMs, filledMs, min, max } = this.#row
    const knownMs = coveredMs + filledMs
    const isMeasured = hasPower && coveredMs > 0
    return {
      startMs,
      endMs,
      energyWh: knownMs > 0 ? (net + filled) / 1000 : null,
      exportedWh: knownMs > 0 ? exported / 1000 : null,
      backfilledWh: knownMs > 0 ? filled / 1000 : null,
      knownSeconds: Math.round(Math.min(endMs - startMs, knownMs) / 1000),
      meanWatts: hasPower && knownMs > 0 ? Math.round(((net + filled) * 36_000) / knownMs) / 10 : null,
      minWatts: isMeasured ? min : null,
      maxWatts: isMeasured ? max : null,
      celsius: this.#warm > 0 ? Math.round(this.#deciCelsius / this.#warm) / 10 : null
    }
  }
}

/** The beginning of the span that holds an instant; hours are counted from the user's midnight. */
function startOf(step: Step, atMs: number, calendar: Calendar): number {
  if (step === '1mo') return calendar.startOf('month', atMs)
  if (step === '1d') return calendar.startOf('day', atMs)
  if (step !== '1h') return Math.floor(atMs / tierOf[step].slotMs) * tierOf[step].slotMs
  const midnightMs = calendar.startOf('day', atMs)
  return midnightMs + Math.floor((atMs - midnightMs) / hourMs) * hourMs
}

function nextOf(step: Step, atMs: number, calendar: Calendar): number {
  if (step === '1mo') return calendar.nextStart('month', atMs)
  if (step === '1d') return calendar.nextStart('day', atMs)
  if (step === '1h') return Math.min(atMs + hourMs, calendar.nextStart('day', atMs))
  return atMs + tierOf[step].slotMs
}

/** Energy of a span, by quarters; null if none is known. What lies before the first or behind the last whole quarter counts by its part. */
export function energyOf(series: Series, fromMs: number, toMs: number): { milli: number; exported: number; knownMs: number } {
  let [milli, exportedMilli, knownMs] = [0, 0, 0]
  for (const { slot, net, exported, filled, coveredMs, filledMs } of series.read(quarters, fromMs, toMs)) {
    const startMs = slot * quarters.slotMs
    const part = (Math.min(toMs, startMs + quarters.slotMs) - Math.max(fromMs, startMs)) / quarters.slotMs
    milli += (net + filled) * part
    exportedMilli += exported * part
    knownMs += Math.min(quarters.slotMs, coveredMs + filledMs) * part
  }
  return { milli, exported: exportedMilli, knownMs }
}
