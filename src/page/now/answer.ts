/** Keeps the daemon's answer about now at hand: asked for once a minute, and at once when the link is back. */

import type { NowAnswer } from '../../api.ts'
import type { Api } from '../context.ts'
import { keepShown } from '../login.ts'
import { recall } from '../storage.ts'

const everyMs = 60_000
/** After a failure. */
const againMs = 10_000
const stored = 'now'

export class Answers {
  readonly #api: Api
  readonly #heard: () => void
  readonly #abort = new AbortController()
  #latest: NowAnswer | undefined = storedAnswer()
  #asked: 'not yet' | 'answered' | 'in vain' = 'not yet'
  #wasUp = false
  #dueAt = 0
  #askedAt = Number.NEGATIVE_INFINITY

  /** @param heard called when there is a new one */
  constructor(api: Api, heard: () => void) {
    this.#api = api
    this.#heard = heard
  }

  /** The newest there is, which may be of another day. */
  get latest(): NowAnswer | undefined {
    return this.#latest
  }

  /** Whether a new one is on its way, or soon will be. */
  get awaited(): boolean {
    return this.#asked === 'not yet'
  }

  /** To be called as time passes. @param isPast whether the newest says nothing of now @param atMs a steady clock's time */
  tick(isUp: boolean, isPast: boolean, atMs: number): void {
    const isBack = isUp && !this.#wasUp
    this.#wasUp = isUp
    const dueAt = isPast ? Math.min(this.#dueAt, this.#askedAt + againMs) : this.#dueAt
    if (!isUp || (!isBack && atMs < dueAt)) return
    this.#askedAt = atMs
    this.#dueAt = atMs + everyMs
    void this.#ask(atMs)
  }

  close(): void {
    this.#abort.abort()
  }

  async #ask(atMs: number): Promise<void> {
    try {
      this.#latest = await this.#api.get<NowAnswer>('api/now', this.#abort.signal)
      this.#asked = 'answered'
      keepShown(stored, JSON.stringify(this.#latest))
      this.#heard()
    } catch {
      this.#asked = 'in vain'
      this.#dueAt = atMs + againMs
    }
  }
}

function storedAnswer(): NowAnswer | undefined {
  try {
    const found = JSON.parse(recall(stored) ?? '') as NowAnswer
    return Array.isArray(found.sensors) ? found : undefined
  } catch {
    return undefined
  }
}
