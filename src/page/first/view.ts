/** Leads to the first reading, step by step, with what is seen so far; it goes when that comes. */

import type { Findings } from '../../meters/doctor.ts'
import { ApiError, unauthorised } from '../api.ts'
import type { FirstContext } from '../context.ts'
import { codeOf, make, setSentence, setText } from '../elements.ts'
import type { View } from '../now/present.ts'
import { loadStyle } from '../style.ts'
import { makePicture } from './picture.ts'
import { type Seen, type Step, stepsOf } from './steps.ts'
import { type FirstWords, firstWords } from './words.ts'

const askEveryMs = 2_000
const demo = 'wattslug run --source demo --mqtt-port 0 --http-port 0'

interface Row {
  readonly root: HTMLElement
  readonly mark: HTMLElement
  readonly seen: HTMLElement
}

export class FirstRun {
  readonly #context: FirstContext
  readonly #words: FirstWords
  readonly #host: HTMLElement
  readonly #root = make('section', 'first')
  readonly #rows: readonly Row[]
  readonly #ends = new AbortController()
  #findings: Findings | undefined
  #timer: number | undefined
  #view: View | undefined

  constructor(host: HTMLElement, context: FirstContext) {
    this.#context = context
    this.#host = host
    this.#words = firstWords(context.strings.language)
    const { title, patience, steps, demo: noMeter } = this.#words
    const [list, name, hint] = [make('ol', 'steps'), make('h2', '', title), make('p', 'note')]
    name.id = 'first-title'
    this.#root.setAttribute('aria-labelledby', name.id)
    this.#rows = steps.map(({ title, text }) => {
      const [root, mark, heading, seen] = [make('li'), make('span', 'spoken'), make('h3'), make('p', 'seen')]
      heading.append(mark, title)
      root.append(heading, make('p', 'note', text(location.hostname)), seen)
      return { root, mark, seen }
    })
    list.append(...this.#rows.map(({ root }) => root))
    list.setAttribute('aria-live', 'polite')
    hint.append(noMeter, ' ', codeOf(demo))
    this.#root.append(makePicture(), name, make('p', 'note', patience), list, hint)
    this.#root.hidden = true
  }

  /** With nothing to lead to it is gone. */
  show(view: View | undefined): void {
    const wasShown = this.#view !== undefined
    this.#view = view
    this.#root.hidden = view === undefined
    this.#host.toggleAttribute('data-first', view !== undefined)
    if (!view) clearTimeout(this.#timer)
    else if (!wasShown) void this.#ask()
    this.#paint()
  }

  close(): void {
    this.#ends.abort()
    clearTimeout(this.#timer)
  }

  /** Put into the page once it looks as it should. */
  static async in(host: HTMLElement, context: FirstContext): Promise<FirstRun> {
    await loadStyle('first').catch(() => {}) // plain is better than nothing
    const made = new FirstRun(host, context)
    host.querySelector('.total')?.after(made.#root)
    return made
  }

  /** Asks what is seen of ports, again and again; what is not told to anyone is not asked for twice. */
  async #ask(): Promise<void> {
    try {
      this.#findings = await this.#context.api.get<Findings>('api/meters', this.#ends.signal)
      this.#paint()
    } catch (error) {
      if (error instanceof ApiError && error.status === unauthorised) return
    }
    clearTimeout(this.#timer)
    if (this.#view && !this.#ends.signal.aborted) this.#timer = setTimeout(() => void this.#ask(), askEveryMs)
  }

  #paint(): void {
    if (!this.#view) return
    const steps: readonly Step[] = stepsOf(this.#view, this.#findings)
    for (const [index, { root, mark, seen }] of this.#rows.entries()) {
      const step = steps[index]
      if (!step) continue
      root.setAttribute('data-mark', step.mark)
      setText(mark, this.#words.marks[step.mark])
      setSentence(seen, this.#textOf(step.seen))
    }
  }

  #textOf(seen: Seen): string {
    const words = this.#words
    switch (seen.kind) {
      case 'no-port':
        return words.noPort
      case 'port':
        return words.port(seen.path, seen.adapter)
      case 'denied':
        return words.denied(seen.path)
      case 'busy':
        return words.busy(seen.path, seen.holder)
      case 'nothing-yet':
        return ''
      case 'quiet':
      case 'heard':
      case 'silent':
      case 'unreadable':
        return words[seen.kind]
    }
  }
}
