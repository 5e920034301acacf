/** What is known of what one looks at: asked for, kept while it is looked at, and marked when it has grown old. */
import type { HistoryAnswer } from '../../api.ts'
import type { Calendar } from '../../calendar.ts'
import { ApiError } from '../api.ts'
import { type Choice, keyOf } from './choices.ts'
import type { Sighted } from './leafing.ts'
import type { Loader, Question } from './loading.ts'
import { type Period, periodAfter, type Range } from './periods.ts'
import { type Span, spansOf } from './spans.ts'
import { fineRangeOf, stepOf } from './zoom.ts'

/** Of the period itself; `old` when the daemon was asked anew, in vain. */
export type Content =
  | { readonly kind: 'waiting' }
  /** The sensor has never spoken. */
  | { readonly kind: 'unheard' }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'known'
      readonly answer: HistoryAnswer
      readonly spans: readonly Span[]
      readonly atMs: number
      readonly old: boolean
    }

type Fine = Range & { readonly spans: readonly Span[] }

const notFine: Fine = { fromMs: 0, toMs: 0, spans: [] }

/** What a subject tells. */
export interface Listener {
  readonly onChange: () => void
  /** The daemon's days begin elsewhere than was thought. */
  readonly onZone: (zone: string) => void
}

const refreshMs = 60_000
const retryMs = 10_000
const unheardStatus = 404

export class Subject {
  content: Content = { kind: 'waiting' }
  /** The period before, once it is known. */
  before: { readonly period: Period; readonly spans: readonly Span[] } | undefined
  /** Steps of 10 s, where one looks close. */
  fine = notFine
  readonly #loader: Loader
  readonly #listener: Listener
  #asking = new AbortController()
  #asked = ''
  #triedMs = Number.NEGATIVE_INFINITY

  constructor(loader: Loader, listener: Listener) {
    this.#loader = loader
    this.#listener = listener
  }

  /** Whether to ask again: what still goes on each minute, and what went wrong sooner. */
  isDue({ toMs }: Period, nowMs: number): boolean {
    if (this.content.kind === 'waiting') return false
    if (this.content.kind !== 'known' || this.content.old) return nowMs - this.#triedMs >= retryMs
    return this.#triedMs < toMs && nowMs - this.#triedMs >= refreshMs
  }

  /** Shows what was answered before, at once, and then what the daemon says. */
  async load(choice: Choice, { period }: Sighted, calendar: Calendar, nowMs: number): Promise<void> {
    this.close()
    this.#asking = new AbortController()
    this.#triedMs = nowMs
    if (this.#asked !== keyOf(choice)) this.fine = notFine
    this.#asked = keyOf(choice)
    const { signal } = this.#asking
    const earlier = periodAfter(calendar, period, -1)
    const [question, beforeQuestion] = [period, earlier].map(asked => questionOf(choice, asked)) as [Question, Question]
    const [kept, keptBefore] = [this.#loader.recall(question), this.#loader.recall(beforeQuestion)]
    const wasOld = this.content.kind === 'known' && this.content.old // until the daemon answers again
    this.content = kept ? knownOf(kept.answer, kept.atMs, wasOld) : { kind: 'waiting' }
    this.before = keptBefore && { period: earlier, spans: spansOf(keptBefore.answer) }
    this.#listener.onChange()
    try {
      const answer = await this.#loader.load(question, nowMs, signal)
      if (signal.aborted) return
      this.content = knownOf(answer, nowMs, false)
      if (answer.zone !== calendar.zone) return this.#listener.onZone(answer.zone)
      this.#listener.onChange()
      if (answer.sinceMs === null || earlier.toMs <= answer.sinceMs) return
      const before = await this.#loader.load(beforeQuestion, nowMs, signal)
      if (signal.aborted) return
      this.before = { period: earlier, spans: spansOf(before) }
      this.#listener.onChange()
    } catch (error) {
      if (!signal.aborted) this.fail(error)
    }
  }

  /** Asks for steps of 10 s where one looks close enough. */
  async loadFine(choice: Choice, { period, window }: Sighted, nowMs: number): Promise<void> {
    const range = period.unit === 'day' && choice.counted === 'power' ? fineRangeOf(window, nowMs) : undefined
    if (!range) return
    const { signal } = this.#asking
    try {
      const answer = await this.#loader.load({ ...range, choice, step: '10s' }, nowMs, signal)
      if (signal.aborted) return
      this.fine = { ...range, spans: spansOf(answer) }
      this.#listener.onChange()
    } catch {
      // The minutes are there already.
    }
  }

  /** What is known stays, marked as old. */
  fail(error: unknown): void {
    if (this.content.kind === 'known') this.content = { ...this.content, old: true }
    else if (error instanceof ApiError && error.status === unheardStatus) this.content = { kind: 'unheard' }
    else this.content = { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
    this.#listener.onChange()
  }

  /** Stops asking. */
  close(): void {
    this.#asking.abort()
  }
}

function questionOf(choice: Choice, { fromMs, toMs, unit }: Period): Question {
  return { choice, fromMs, toMs, step: stepOf(unit) }
}

function knownOf(answer: HistoryAnswer, atMs: number, old: boolean): Content {
  return { kind: 'known', answer, spans: spansOf(answer), atMs, old }
}
