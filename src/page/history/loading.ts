/** Fetches histories: each path once at a time, the last few kept, and of a period that still runs only what is new. */
import type { HistoryAnswer, Step } from '../../api.ts'
import type { Api } from '../context.ts'
import type { Choice } from './choices.ts'
import type { Range } from './periods.ts'
import { extend } from './spans.ts'

interface Kept {
  readonly answer: HistoryAnswer
  /** When it was asked for, whole or in part. */
  readonly atMs: number
  /** When it was asked for as a whole. */
  readonly wholeMs: number
}

export interface Question extends Range {
  readonly choice: Choice
  readonly step: Step
}

const hourMs = 3_600_000
const keptMax = 16
/** Older answers are asked for as a whole again: what was filled in meanwhile may be anywhere. */
const extendMs = hourMs / 4
/** What the end of an answer may still change in. */
const tailMs = 3 * hourMs

/** Where the answer is; `kind` is the format. */
export function pathOf({ choice, step, fromMs, toMs }: Question, kind: '' | '.csv' = ''): string {
  const channel = choice.channel === null ? '' : `&channel=${choice.channel}`
  return `api/history${kind}?sensor=${encodeURIComponent(choice.sensor)}${channel}&from=${fromMs}&to=${toMs}&step=${step}&cost=1`
}

export class Loader {
  readonly #api: Api
  /** By path, the one used last at the end. */
  readonly #kept = new Map<string, Kept>()

  constructor(api: Api) {
    this.#api = api
  }

  /** What was answered last. */
  recall(question: Question): Kept | undefined {
    return this.#kept.get(pathOf(question))
  }

  /** Asks, unless the answer is there and nothing can have changed since. @throws ApiError */
  async load(question: Question, nowMs: number, signal: AbortSignal): Promise<HistoryAnswer> {
    const path = pathOf(question)
    const kept = this.#kept.get(path)
    if (kept && kept.atMs >= question.toMs + hourMs && nowMs - kept.atMs < hourMs) return this.#keep(path, kept)
    const tail = kept && nowMs - kept.wholeMs < extendMs ? tailOf(kept.answer, nowMs) : undefined
    const asked = tail === undefined ? question : { ...question, fromMs: tail }
    const answer = await this.#api.get<HistoryAnswer>(pathOf(asked), signal)
    if (!kept || tail === undefined) return this.#keep(path, { answer, atMs: nowMs, wholeMs: nowMs })
    return this.#keep(path, { ...kept, answer: extend(kept.answer, answer), atMs: nowMs })
  }

  #keep(path: string, kept: Kept): HistoryAnswer {
    this.#kept.delete(path)
    this.#kept.set(path, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptMax) break
      this.#kept.delete(oldest)
    }
    return kept.answer
  }
}

/** From where on an answer is asked for again: the beginning of a span; undefined if that is all of it. */
function tailOf({ startMs }: HistoryAnswer, nowMs: number): number | undefined {
  const tail = startMs.findLast(atMs => atMs <= nowMs - tailMs)
  return tail === startMs[0] ? undefined : tail
}
