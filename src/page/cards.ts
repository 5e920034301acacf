/** The sensors' cards: one list item for each sensor, made once and then kept up to date. */

import type { Formats } from './format.ts'
import type { Channel } from './payloads.ts'
import type { Card, View } from './present.ts'
import type { Strings } from './strings.ts'
import { Trace } from './trace.ts'

/** Fresh numbers need no age; it shows once a sensor is late. */
const ageShownMs = 20_000

interface Value {
  readonly root: HTMLElement
  readonly number: Text
  readonly unit: HTMLElement
}

interface Item {
  readonly shape: string
  readonly root: HTMLElement
  readonly age: HTMLElement
  /** Of the sensor, then of each channel. */
  readonly values: readonly Value[]
  /** Of each channel, as its share of them all. */
  readonly bars: readonly HTMLElement[]
  readonly trace: Trace | undefined
}

export class Cards {
  readonly #list: HTMLElement
  readonly #strings: Strings
  readonly #formats: Formats
  #items = new Map<number, Item>()
  #due = false

  constructor(list: HTMLElement, strings: Strings, formats: Formats) {
    this.#list = list
    this.#strings = strings
    this.#formats = formats
  }

  show({ cards, nowMs, reachMs, staleMs }: View, atMs: number): void {
    const items = new Map(cards.map(card => [card.sensor, this.#itemFor(card)] as const))
    const roots = [...items.values()].map(({ root }) => root)
    if (roots.length !== this.#list.children.length || roots.some((root, index) => this.#list.children[index] !== root)) {
      this.#list.replaceChildren(...roots)
    }
    this.#items = items
    this.#due = true
    for (const card of cards) {
      const item = items.get(card.sensor)
      if (item) this.#fill(item, card)
      if (card.kind === 'power') item?.trace?.show({ points: card.points, nowMs, reachMs, staleMs, dim: card.stale }, atMs)
    }
  }

  /** The small traces creep too slowly to be painted more often than they are shown, unless they move. */
  paint(nowMs: number, atMs: number, still: boolean): boolean {
    if (!this.#due) return false
    this.#due = false
    for (const { trace } of this.#items.values()) if (trace?.paint(nowMs, atMs, still)) this.#due = true
    return this.#due
  }

  #fill(item: Item, card: Card): void {
    item.root.toggleAttribute('data-stale', card.stale)
    setText(item.age, card.stale || card.ageMs > ageShownMs ? this.#formats.age(card.ageMs) : '')
    const quantities =
      card.kind === 'power'
        ? [card.watts, ...card.channels.map(({ watts }) => watts)].map(watts => this.#formats.power(watts))
        : [{ number: this.#formats.units(card.units), unit: this.#strings.unit[card.medium] }]
    for (const [index, { number, unit }] of quantities.entries()) {
      const value = item.values[index]
      if (!value) continue
      if (value.number.data !== number) value.number.data = number
      setText(value.unit, unit)
    }
    const channels = card.kind === 'power' ? card.channels : []
    const all = channels.reduce((sum, { watts }) => sum + Math.abs(watts), 0) || 1
    for (const [index, { watts }] of channels.entries()) {
      item.bars[index]?.style.setProperty('transform', `scaleX(${Math.abs(watts) / all})`)
    }
  }

  /** The item that this sensor has, or a new one if its kind or channels have changed. */
  #itemFor(card: Card): Item {
    const shape = card.kind === 'power' ? card.channels.map(({ channel }) => channel).join() : card.medium
    const known = this.#items.get(card.sensor)
    if (known?.shape === shape) return known
    const { houseChannels, sensor, medium } = this.#strings
    const house = card.sensor === 0
    const root = make('li', 'card')
    const heading = make('h3')
    const age = make('span', 'age')
    const name = card.kind === 'impulses' ? medium[card.medium] : house ? houseChannels : sensor(card.sensor)
    heading.append(make('span', '', name), age)
    const total = valueIn('p')
    root.append(heading)
    if (!house || card.kind === 'impulses') root.append(total.root) // the whole house's power stands at the top already
    const { values, bars } = card.kind === 'power' ? this.#appendChannels(root, card.channels) : { values: [], bars: [] }
    const canvas = card.kind === 'power' && !house ? document.createElement('canvas') : undefined
    if (canvas) {
      canvas.setAttribute('aria-hidden', 'true')
      root.append(canvas)
    }
    return { shape, root, age, values: [total, ...values], bars, trace: canvas && new Trace(canvas) }
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

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

function make(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  if (text !== '') element.textContent = text
  return element
}

function valueIn(tag: string): Value {
  const root = make(tag, 'value')
  const number = document.createTextNode('')
  const unit = make('span')
  root.append(number, unit)
  return { root, number, unit }
}
