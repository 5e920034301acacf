/** One topic: its last messages, each to be looked at, its numbers as curves, and what can be done with it. */

import { make, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import { buttonOf, copyButtonOf } from './form.ts'
import { rateLeast, rateText } from './list.ts'
import { indentJson, previewOf, readPayload, type Shown, seriesOf } from './payload.ts'
import { outcomeText, propertiesOf } from './present.ts'
import type { Session } from './session.ts'
import { sparkOf } from './spark.ts'
import type { Heard, TopicNode } from './tree.ts'
import type { Words } from './words.ts'

const charactersMax = 20_000
const rowsMax = 50
const previewCharacters = 120

interface Row {
  readonly item: HTMLElement
  readonly when: HTMLElement
  readonly button: HTMLButtonElement
}

export class TopicPanel {
  readonly root = make('div', 'topic')
  readonly topic: string
  readonly #session: Session
  readonly #words: Words
  readonly #formats: Formats
  readonly #facts = make('p', 'note facts-line')
  readonly #retained = make('span', 'badge')
  readonly #head = make('p', 'payload-head')
  readonly #what = make('span', 'note')
  readonly #payload = make('pre', 'payload mono')
  readonly #cut = make('p', 'note')
  readonly #properties = make('dl', 'rows properties')
  readonly #curves = make('div', 'curves')
  readonly #clear: HTMLButtonElement
  readonly #result = make('p', 'result')
  readonly #title = make('h3')
  readonly #history = make('ul', 'rows history')
  /** One that stays is not made anew: a finger or the focus may be on it. */
  readonly #rows = new Map<Heard, Row>()
  /** The message that a person picked; undefined follows the newest. */
  #picked: Heard | undefined
  #shown: Heard | undefined
  #newest: Heard | undefined

  constructor(topic: string, session: Session, words: Words, formats: Formats, publishHere: (topic: string) => void) {
    this.topic = topic
    this.#session = session
    this.#words = words
    this.#formats = formats
    this.#retained.textContent = words.retained
    this.#result.setAttribute('role', 'status')
    this.#payload.tabIndex = 0 // to be scrolled by keys
    this.#clear = buttonOf(words.clearRetained, () => this.#askToClear(), 'button danger')
    this.#head.append(
      this.#what,
      copyButtonOf(words.copy, words.copied, () => this.#text())
    )
    const actions = make('div', 'actions')
    actions.append(
      buttonOf(words.publishHere, () => publishHere(topic)),
      copyButtonOf(words.copyTopic, words.copied, () => topic),
      this.#clear
    )
    const facts = make('div', 'heading')
    facts.append(this.#facts, this.#retained)
    this.root.append(
      facts,
      this.#head,
      this.#payload,
      this.#cut,
      this.#curves,
      this.#properties,
      actions,
      this.#result,
      this.#title,
      this.#history
    )
  }

  show(nowMs: number): void {
    const node = this.#session.tree.find(this.topic)
    const rate = node?.rate.perSecond(nowMs) ?? 0
    const age = node ? this.#formats.age(nowMs - node.lastMs) : ''
    const often = rate < rateLeast ? '' : this.#words.perSecond(rateText(rate))
    setText(this.#facts, [this.#words.messages(String(node?.count ?? 0)), often, age].filter(part => part !== '').join(' · '))
    this.#retained.hidden = !node?.retained
    this.#clear.hidden = !node?.retained
    const newest = node?.messages[node.messages.length - 1]
    this.#showMessage(this.#picked ?? newest)
    if (newest === this.#newest && this.#history.childElementCount > 0) return
    this.#newest = newest
    this.#showHistory(node)
    this.#showCurves(node)
  }

  #showMessage(heard: Heard | undefined): void {
    if (heard === this.#shown && this.#payload.textContent !== '') return
    this.#shown = heard
    const shown = heard && readPayload(heard.payload)
    const { kinds, bytes, notKept, cut } = this.#words
    const text = shown ? textOf(shown, this.#words, charactersMax) : notKept
    const kind = shown ? ` · ${kinds[shown.kind]} · ${bytes(String(heard?.payload.length))}` : ''
    setText(this.#what, heard ? `${this.#when(heard)}${kind} · ${this.#flags(heard)}` : '')
    setText(this.#payload, text.slice(0, charactersMax))
    setText(this.#cut, text.length > charactersMax ? cut(String(heard?.payload.length)) : '')
    this.#properties.replaceChildren(
      ...propertiesOf(heard?.properties, this.#words).map(([name, value]) => {
        const row = make('div', 'row')
        row.append(make('dt', '', name), make('dd', '', value))
        return row
      })
    )
  }

  #when({ atMs }: Heard): string {
    return new Date(atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  }

  #flags({ qos, retain, dup }: Heard): string {
    const { retained, duplicate } = this.#words
    return [`QoS ${qos}`, retain ? retained : '', dup ? duplicate : ''].filter(flag => flag !== '').join(' · ')
  }

  #text(): string {
    return this.#shown ? textOf(readPayload(this.#shown.payload), this.#words) : ''
  }

  #showHistory(node: TopicNode | undefined): void {
    const kept = node?.messages ?? []
    setText(this.#title, `${this.#words.history}: ${this.#words.historyOf(String(kept.length), String(node?.count ?? 0))}`)
    const newest = kept[kept.length - 1]
    const shown = new Set(kept.slice(-rowsMax))
    for (const [heard, { item }] of this.#rows) {
      if (shown.has(heard)) continue
      item.remove()
      this.#rows.delete(heard)
    }
    for (const heard of shown) {
      const { when, button } = this.#rows.get(heard) ?? this.#addRow(heard)
      setText(when, heard === newest ? this.#words.latest : this.#when(heard))
      button.setAttribute('aria-pressed', String(heard === (this.#picked ?? newest)))
    }
  }

  /** Puts it on top: messages come in their order. */
  #addRow(heard: Heard): Row {
    const [item, when] = [make('li'), make('span', 'when')]
    const button = buttonOf('', () => this.#pick(heard === this.#newest ? undefined : heard), 'row')
    button.append(when, make('span', 'preview', previewOf(heard.payload, previewCharacters) || this.#words.empty))
    item.append(button)
    this.#history.prepend(item)
    const row = { item, when, button }
    this.#rows.set(heard, row)
    return row
  }

  #pick(heard: Heard | undefined): void {
    this.#picked = heard
    this.#newest = undefined
    this.show(Date.now())
  }

  #showCurves(node: TopicNode | undefined): void {
    const series = [...seriesOf((node?.messages ?? []).map(({ payload }) => payload))].filter(([, values]) => values.length > 1)
    this.#curves.replaceChildren(
      ...series.map(([name, values]) => {
        const row = make('div', 'curve')
        const [least, most] = [digitsOf(Math.min(...values)), digitsOf(Math.max(...values))]
        const label = this.#words.curve(name, least, most)
        row.append(make('span', 'note', name), sparkOf(values, label.trim()), make('span', 'number', digitsOf(values[values.length - 1])))
        return row
      })
    )
  }

  /** The first touch asks, the second does it. */
  #askToClear(): void {
    const { clearRetained, clearRetainedSure } = this.#words
    if (this.#clear.textContent === clearRetained) {
      this.#clear.textContent = clearRetainedSure
      setTimeout(() => setText(this.#clear, clearRetained), 4_000)
      return
    }
    setText(this.#clear, clearRetained)
    void this.#clearRetained()
  }

  async #clearRetained(): Promise<void> {
    const outcome = await this.#session.publish(this.topic, '', { qos: 1, retain: true })
    setText(this.#result, outcome.kind === 'failed' ? outcomeText(outcome, this.#words) : this.#words.cleared)
    this.#result.setAttribute('data-kind', outcome.kind)
  }
}

/** As many digits as there is room for; a counter has all of its own. */
function digitsOf(value = 0): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)))
}

/** JSON may be cut a little after so many characters. */
function textOf(shown: Shown, words: Words, enough?: number): string {
  switch (shown.kind) {
    case 'empty':
      return words.empty
    case 'json':
      return indentJson(shown.text, enough)
    case 'number':
    case 'text':
    case 'bytes':
      return shown.text
  }
}
