/** The sensors' cards: one list item for each sensor, made once and then kept up to date. */

import { make, makeSymbol, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import type { Channel } from '../payloads.ts'
import { correctionsOf, energyTextOf, formulaOf, nameOf } from '../phrases.ts'
import type { Strings } from '../strings.ts'
import type { Card } from './groups.ts'
import type { View } from './present.ts'
import { Trace } from './trace.ts'

/** Fresh numbers need no age; it shows once a sensor is late. */
const ageShownMs = 20_000
/** A number with more characters than this is set smaller. */
const charactersMost = 6

interface Value {
  readonly root: HTMLElement
  readonly number: Text
  readonly unit: HTMLElement
}

interface Item {
  readonly shape: string
  readonly root: HTMLElement
  readonly name: HTMLElement
  readonly age: HTMLElement
  /** Of the sensor, unless the total shows it, then of each channel. */
  readonly values: readonly Value[]
  /** Of each channel, as its share of them all. */
  readonly bars: readonly HTMLElement[]
  readonly corrected: HTMLElement
  readonly formula: HTMLElement
  readonly energy: HTMLElement
  readonly trace: Trace | undefined
}

export class Cards {
  readonly #list: HTMLElement
  readonly #strings: Strings
  readonly #formats: Formats
  #items = new Map<string, Item>()
  #due = false

  constructor(list: HTMLElement, strings: Strings, formats: Formats) {
    this.#list = list
    this.#strings = strings
    this.#formats = formats
  }

  show(cards: readonly Card[], { nowMs, reachMs, staleMs }: View, atMs: number): void {
    const items = new Map(cards.map(card => [card.place, this.#itemFor(card)] as const))
    const roots = [...items.values()].map(({ root }) => root)
    if (roots.length !== this.#list.children.length || roots.some((root, index) => this.#list.children[index] !== root)) {
      this.#list.replaceChildren(...roots)
      fillRows(roots)
    }
    this.#items = items
    this.#due = true
    for (const card of cards) {
      const item = items.get(card.place)
      if (item) this.#fill(item, card, nowMs)
      if ('points' in card) item?.trace?.show({ points: card.points, nowMs, reachMs, staleMs, dim: card.stale }, atMs)
    }
  }

  /** The small traces creep too slowly to be painted more often than they are shown, unless they move. */
  paint(nowMs: number, atMs: number, still: boolean): boolean {
    if (!this.#due) return false
    this.#due = false
    for (const { trace } of this.#items.values()) if (trace?.paint(nowMs, atMs, still)) this.#due = true
    return this.#due
  }

  #fill(item: Item, card: Card, nowMs: number): void {
    const { label, kind, corrections } = card
    const channels = channelsOf(card)
    const name = nameOf(label, this.#strings)
    item.root.toggleAttribute('data-stale', card.stale)
    setText(item.name, kind === 'channels' ? this.#strings.byChannel(name) : name)
    setText(item.age, card.stale || card.ageMs > ageShownMs ? this.#formats.age(card.ageMs) : '')
    setText(item.corrected, correctionsOf(corrections.length > 0 ? [{ label: undefined, words: corrections }] : [], this.#strings))
    setText(item.formula, kind === 'derived' ? this.#strings.reckoned(formulaOf(card.terms, this.#strings)) : '')
    setText(item.energy, energyTextOf(card.energy, nowMs, this.#strings, this.#formats))
    const { power, units } = this.#formats
    const own = 'watts' in card ? [power(card.watts)] : []
    const counted =
      kind === 'impulses' ? [{ number: units(card.units), unit: this.#strings.unit[card.medium === 'electricity' ? 'kWh' : 'm3'] }] : []
    for (const [index, { number, unit }] of [...own, ...counted, ...channels.map(({ watts }) => power(watts))].entries()) {
      const value = item.values[index]
      if (!value) continue
      if (value.number.data !== number) value.number.data = number
      value.root.toggleAttribute('data-long', number.length > charactersMost)
      setText(value.unit, unit)
    }
    const all = channels.reduce((sum, { watts }) => sum + Math.abs(watts), 0) || 1
    for (const [index, { watts }] of channels.entries()) {
      item.bars[index]?.style.setProperty('transform', `scaleX(${Math.abs(watts) / all})`)
    }
  }

  /** The item that this sensor has, or a new one if its kind or channels have changed. */
  #itemFor(card: Card): Item {
    const shape = `${card.kind} ${channelsOf(card).map(({ channel }) => channel)}`
    const known = this.#items.get(card.place)
    if (known?.shape === shape) return known
    const root = make('li', card.kind === 'derived' ? 'card derived' : 'card')
    const heading = make('h3')
    const [name, age] = [make('span'), make('span', 'age')]
    heading.append(name, age)
    root.append(heading)
    const own = card.kind === 'channels' ? [] : [valueIn('p')]
    root.append(...own.map(value => value.root))
    const { values, bars } = this.#appendChannels(root, channelsOf(card))
    const [corrected, formula, energy] = [make('span'), make('p', 'note'), make('p', 'note')]
    root.append(formula, markedCorrected(corrected), energy)
    const canvas = 'points' in card ? document.createElement('canvas') : undefined
    if (canvas) {
      canvas.setAttribute('aria-hidden', 'true')
      root.append(canvas)
    }
    return { shape, root, name, age, values: [...own, ...values], bars, corrected, formula, energy, trace: canvas && new Trace(canvas) }
  }

  #appendChannels(root: HTMLElement, channels: readonly Channel[]): { values: Value[]; bars: HTMLElement[] } {
    const values = channels.map(() => valueIn('dd'))
    const bars = channels.map(() => make('i'))
    if (channels.length === 0) return { values, bars }
    const list = make('dl', 'channels')
    for (const [index, { channel }] of channels.entries()) {
      const group = make('div')
      const bar = make('dd', 'bar')
      bar.setAttribute('aria-hidden', 'true')
      bar.append(bars[index] ?? '')
      group.append(make('dt', '', this.#strings.channel(channel)), values[index]?.root ?? '', bar)
      list.append(group)
    }
    root.classList.add('wide')
    root.append(list)
    return { values, bars }
  }
}

/** Cards stand in pairs: one that is left over takes the whole row, so that there is no hole. */
function fillRows(roots: readonly HTMLElement[]): void {
  let pair = 0
  for (const [index, root] of roots.entries()) {
    const next = roots[index + 1]
    pair = root.classList.contains('wide') ? 0 : pair + 1
    root.classList.toggle('alone', pair % 2 === 1 && (!next || next.classList.contains('wide')))
  }
}

function channelsOf(card: Card): readonly Channel[] {
  return 'channels' in card ? card.channels : []
}

/** Small print with the mark of a correction before it; without text there is neither. */
function markedCorrected(text: HTMLElement): HTMLElement {
  const note = make('p', 'note marked')
  const symbol = makeSymbol()
  symbol.show('mark-corrected')
  note.append(text, symbol.root)
  return note
}

function valueIn(tag: string): Value {
  const root = make(tag, 'value')
  const number = document.createTextNode('')
  const unit = make('span')
  root.append(number, unit)
  return { root, number, unit }
}
