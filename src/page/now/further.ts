/** The further meters of the house: for each a heading, its state when that is not live, and its sensors' cards. */

import { make, makeSymbol, setSentence, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import { originOf } from '../phrases.ts'
import { meterNumber } from '../places.ts'
import type { Strings } from '../strings.ts'
import { Cards } from './cards.ts'
import type { FurtherMeter, View } from './present.ts'

interface Section {
  readonly root: HTMLElement
  readonly simulated: HTMLElement
  readonly state: HTMLElement
  readonly stateText: HTMLElement
  readonly mark: (id: string) => void
  readonly message: HTMLElement
  readonly origin: HTMLElement
  readonly cards: Cards
}

export class FurtherMeters {
  readonly #root: HTMLElement
  readonly #strings: Strings
  readonly #formats: Formats
  #sections = new Map<string, Section>()

  constructor(root: HTMLElement, strings: Strings, formats: Formats) {
    this.#root = root
    this.#strings = strings
    this.#formats = formats
  }

  show(view: View, atMs: number): void {
    const { further } = view
    const sections = new Map(further.map(({ id }) => [id, this.#sections.get(id) ?? this.#make(id)] as const))
    const roots = [...sections.values()].map(({ root }) => root)
    if (roots.length !== this.#root.children.length || roots.some(root => !root.isConnected)) this.#root.replaceChildren(...roots)
    this.#sections = sections
    for (const meter of further) {
      const section = sections.get(meter.id)
      if (!section) continue
      this.#fill(section, meter)
      section.cards.show(meter.cards, view, atMs)
    }
  }

  paint(nowMs: number, atMs: number, still: boolean): boolean {
    let moving = false
    for (const { cards } of this.#sections.values()) if (cards.paint(nowMs, atMs, still)) moving = true
    return moving
  }

  #fill({ simulated, state, stateText, mark, message, origin }: Section, meter: FurtherMeter): void {
    const { phase, cause } = meter
    const { chip, chipOfCause, told } = this.#strings
    const said = phase !== 'live' && phase !== 'offline' // an offline daemon is told at the top
    simulated.hidden = !meter.simulated
    state.hidden = !said
    state.setAttribute('data-phase', phase)
    mark(`mark-${phase}`)
    setText(stateText, (phase === 'no-meter' && cause ? chipOfCause[cause] : undefined) ?? chip[phase])
    message.hidden = !said
    setSentence(message, told(meter.message))
    setText(origin, said && meter.message.includes(meter.source) ? '' : originOf(meter, this.#strings)) // once is enough
  }

  #make(id: string): Section {
    const [root, heading, list] = [make('section', 'meter'), make('div', 'heading'), make('ul', 'cards')]
    const name = make('h2', '', this.#strings.meter(meterNumber(id)))
    const simulated = make('span', 'badge', this.#strings.simulated)
    const [state, stateText, symbol] = [make('p', 'state'), make('span'), makeSymbol()]
    const [message, origin] = [make('p', 'note'), make('p', 'note')]
    name.id = `${id}-title`
    root.setAttribute('aria-labelledby', name.id)
    state.append(symbol.root, stateText)
    heading.append(name, simulated, state)
    root.append(heading, origin, message, list)
    const cards = new Cards(list, this.#strings, this.#formats)
    return { root, simulated, state, stateText, mark: symbol.show, message, origin, cards }
  }
}
