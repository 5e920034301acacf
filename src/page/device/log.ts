/** The log's last lines: it follows while one looks at its end. */

import type { DeviceAnswer } from '../../api.ts'
import { buttonOf, choiceOf, copyButtonOf } from '../console/form.ts'
import { make } from '../elements.ts'
import { type LogLevel, lineText, logOf } from './present.ts'
import type { Words } from './words.ts'

/** So near to the end counts as at the end. */
const endPx = 24

export class Log {
  readonly root = make('section', 'card log-card')
  readonly #lines = make('ol', 'log mono')
  readonly #locked = make('div', 'log-locked')
  readonly #open = make('div', 'log-open')
  readonly #words: Words
  readonly #level
  readonly #copy: HTMLElement
  #log: DeviceAnswer['log'] = []
  #shown = ''

  /** @param unlock lets the user log in, for the log is told to the owner alone */
  constructor(words: Words, unlock: () => void) {
    this.#words = words
    this.#locked.append(make('p', 'note', words.logLocked), buttonOf(words.unlock, unlock))
    const { all, warning, error } = words.logLevels
    this.#level = choiceOf<LogLevel>(words.log, [['all', all] as const, ['warning', warning] as const, ['error', error] as const], 'all')
    this.#level.root.addEventListener('change', () => this.#paint())
    this.#lines.tabIndex = 0 // to be scrolled by keys
    this.#lines.setAttribute('aria-label', words.log)
    this.#copy = copyButtonOf(words.copy, words.copied, () => logOf(this.#log, this.#level.value).map(lineText).join('\n'))
    const heading = make('div', 'heading')
    heading.append(make('h2', '', words.log), this.#copy)
    this.#open.append(this.#level.root, this.#lines)
    this.root.append(heading, this.#locked, this.#open)
  }

  show(log: DeviceAnswer['log']): void {
    this.#log = log
    const isLocked = log.length === 0 // one that is told begins with the start of the daemon
    const hadFocus = this.#locked.contains(document.activeElement)
    this.#locked.hidden = !isLocked
    this.#open.hidden = isLocked
    this.#copy.hidden = isLocked
    this.#paint()
    if (hadFocus && !isLocked) this.#lines.focus()
  }

  #paint(): void {
    const lines = logOf(this.#log, this.#level.value)
    const today = dayOf(Date.now())
    const shown = JSON.stringify([lines.length, lines[0]?.atMs, lines[lines.length - 1], this.#level.value, today])
    if (shown === this.#shown) return
    this.#shown = shown
    const list = this.#lines
    const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - endPx
    list.replaceChildren(...(lines.length === 0 ? [make('li', 'note', this.#words.logEmpty)] : lines.map(line => rowOf(line, today))))
    if (follows) list.scrollTop = list.scrollHeight
  }
}

/** With its day, unless that is today. */
function rowOf({ atMs, level, text }: DeviceAnswer['log'][number], today: string): HTMLElement {
  const row = make('li')
  row.setAttribute('data-level', level)
  const clock = new Date(atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  const day = dayOf(atMs)
  const time = make('time', '', day === today ? clock : `${day} ${clock}`)
  time.setAttribute('datetime', new Date(atMs).toISOString())
  row.append(time, ' ', text)
  return row
}

function dayOf(atMs: number): string {
  return new Date(atMs).toLocaleDateString([], { day: 'numeric', month: 'short' })
}
