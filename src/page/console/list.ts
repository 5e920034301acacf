/** The topics as rows; only those on the screen are elements, however many there are. */

import { make, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import { previewOf } from './payload.ts'
import type { Row } from './rows.ts'
import type { TopicNode } from './tree.ts'
import type { Words } from './words.ts'

/** As high as in console.css. */
const rowPx = 52
/** Rows beyond the edges of the screen, so that scrolling finds them there. */
const spare = 6
const previewCharacters = 160
/** Below this a rate says less than the time of the last message. */
export const rateLeast = 0.15

export interface ListEvents {
  readonly open: (node: TopicNode) => void
  readonly fold: (node: TopicNode) => void
}

export class TopicList {
  readonly root = make('ul', 'topics')
  readonly #events: ListEvents
  readonly #words: Words
  readonly #formats: Formats
  readonly #parts: RowParts[] = []
  #rows: readonly Row[] = []
  #selected: string | undefined

  constructor(words: Words, formats: Formats, events: ListEvents) {
    this.#words = words
    this.#formats = formats
    this.#events = events
    this.root.setAttribute('aria-label', words.topics)
  }

  show(rows: readonly Row[], nowMs: number, selected: string | undefined): void {
    this.#rows = rows
    this.#selected = selected
    const px = `${rows.length * rowPx}px`
    if (this.root.style.height !== px) this.root.style.height = px
    this.paint(nowMs)
  }

  /** Fills the rows that are on the screen. */
  paint(nowMs: number): void {
    const { top } = this.root.getBoundingClientRect()
    const first = Math.max(Math.floor(-top / rowPx) - spare, 0)
    const last = Math.min(Math.ceil((innerHeight - top) / rowPx) + spare, this.#rows.length)
    const count = Math.max(last - first, 0)
    const before = this.#focused()
    while (this.#parts.length < count) this.#add()
    for (const parts of this.#parts.splice(count)) parts.root.remove()
    for (const [index, parts] of this.#parts.entries()) this.#fill(parts, this.#rows[first + index] as Row, first + index, nowMs)
    const now = before && this.#parts.find(({ node }) => node === before.node)
    if (now && now !== before.parts) (before.isFold ? now.fold : now.open).focus({ preventScroll: true })
  }

  /** Elements go from topic to topic as rows come and are scrolled; the focus stays with its topic. */
  #focused(): { readonly parts: RowParts; readonly node: TopicNode | undefined; readonly isFold: boolean } | undefined {
    const focus = document.activeElement
    const parts = this.#parts.find(({ fold, open }) => focus === open || focus === fold)
    return parts && { parts, node: parts.node, isFold: focus === parts.fold }
  }

  #add(): void {
    const parts = partsOf()
    parts.fold.addEventListener('click', () => parts.node && this.#events.fold(parts.node))
    parts.open.addEventListener('click', () => {
      if (!parts.node) return
      if (parts.node.count > 0) this.#events.open(parts.node)
      else this.#events.fold(parts.node)
    })
    parts.mark.title = this.#words.retained
    this.#parts.push(parts)
    this.root.append(parts.root)
  }

  #fill(parts: RowParts, { node, label, depth, open }: Row, index: number, nowMs: number): void {
    const words = this.#words
    const { root, fold } = parts
    if (parts.node !== node) {
      parts.node = node
      fold.setAttribute('aria-label', words.fold(node.topic))
      parts.open.title = node.topic
    }
    const last = node.messages[node.messages.length - 1]
    const name = label === '' ? words.noName : label
    setStyle(root, 'transform', `translateY(${index * rowPx}px)`)
    setStyle(root, 'paddingLeft', `${Math.min(depth, 6) * 16}px`)
    root.toggleAttribute('data-selected', node.topic === this.#selected)
    root.toggleAttribute('data-branch', node.count === 0)
    fold.hidden = open === undefined
    // A level without messages has one button only: the whole row.
    const folds = node.count === 0 ? parts.open : fold
    for (const button of [fold, parts.open]) {
      if (button === folds && open !== undefined) button.setAttribute('aria-expanded', String(open))
      else button.removeAttribute('aria-expanded')
    }
    fold.tabIndex = node.count === 0 ? -1 : 0
    fold.toggleAttribute('data-open', open === true)
    setText(parts.name, name)
    setText(parts.value, last ? previewOf(last.payload, previewCharacters) || words.empty : this.#below(node))
    parts.mark.hidden = !node.retained
    const rate = node.rate.perSecond(nowMs)
    setText(parts.rate, rate >= rateLeast ? words.perSecond(rateText(rate)) : this.#formats.age(nowMs - node.lastMs))
    setText(parts.count, `${node.countBelow}×`)
  }

  #below(node: TopicNode): string {
    return node.count > 0 ? this.#words.notKept : this.#words.below(String(topicsBelow(node)))
  }
}

/** With one decimal while that says something. */
export function rateText(rate: number): string {
  return rate < 9.95 ? rate.toFixed(1) : String(Math.round(rate))
}

interface RowParts {
  node: TopicNode | undefined
  readonly root: HTMLElement
  readonly fold: HTMLButtonElement
  readonly open: HTMLButtonElement
  readonly name: HTMLElement
  readonly mark: HTMLElement
  readonly value: HTMLElement
  readonly rate: HTMLElement
  readonly count: HTMLElement
}

function partsOf(): RowParts {
  const [root, fold, open] = [make('li'), make('button', 'fold') as HTMLButtonElement, make('button', 'open') as HTMLButtonElement]
  fold.type = 'button'
  open.type = 'button'
  const [name, mark, value, rate, count] = [
    make('span', 'name'),
    make('span', 'mark', 'R'), // the word stands in the topic's sheet, in the same colour
    make('span', 'preview'),
    make('span', 'rate'),
    make('span', 'count')
  ]
  const [left, right, first] = [make('span', 'left'), make('span', 'right'), make('span', 'first')]
  first.append(name, mark)
  left.append(first, value)
  right.append(rate, count)
  open.append(left, right)
  root.append(fold, open)
  return { node: undefined, root, fold, open, name, mark, value, rate, count }
}

function topicsBelow(node: TopicNode): number {
  return node.children.reduce((sum, child) => sum + (child.count > 0 ? 1 : 0) + topicsBelow(child), 0)
}

function setStyle(element: HTMLElement, name: 'transform' | 'paddingLeft', value: string): void {
  if (element.style[name] !== value) element.style[name] = value
}
