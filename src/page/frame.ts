/** The page's frame: the tabs, the chip that tells how the meter is, and one view at a time, loaded when it is wanted first. */

import type { FirstContext, OpenView, OpenViewIn } from './context.ts'
import { closeSheets, find, make, setText } from './elements.ts'
import { loadAllStrings } from './language.ts'
import type { State } from './model.ts'
import { open as openNow } from './now/view.ts'
import { phaseNow } from './phase.ts'
import { Scrolls } from './scrolls.ts'
import { loadStyle } from './style.ts'
import { type ViewName, viewNames } from './views.ts'

/** What is in `<main>`; a view that was left meanwhile is none of these. */
type Shown = { readonly kind: 'loading' | 'failed' } | { readonly kind: 'open'; readonly view: OpenView }

/** The views beside Now, each with its style sheet, as chunks of their own. */
const loaders: Readonly<Record<Exclude<ViewName, 'now'>, () => Promise<{ readonly open: OpenViewIn }>>> = {
  history: () => import('./history/view.ts'),
  cost: () => import('./cost/view.ts'),
  console: () => import('./console/view.ts'),
  device: () => import('./device/view.ts')
}

export class Frame {
  readonly #context: FirstContext
  readonly #host = find('view')
  readonly #scrolls = new Scrolls(this.#host)
  #name: ViewName | undefined
  #shown: Shown = { kind: 'loading' }
  #state: State | undefined
  #second = 0
  #said = ''

  constructor(context: FirstContext) {
    this.#context = context
    const { strings } = context
    document.documentElement.lang = strings.language
    find('tabs').setAttribute('aria-label', strings.frame.tabs)
    for (const name of viewNames) setText(find(`tab-${name}-label`), strings.frame.views[name])
    history.scrollRestoration = 'manual'
    addEventListener('hashchange', () => this.#go(true))
    find('tabs').addEventListener('click', ({ target }) => {
      const link = target instanceof Element && target.closest('[aria-current]')
      if (link) scrollTo({ top: 0 })
    })
    this.#go(false)
  }

  /** Shows what is known; true while something still moves. The chip and the view go by one instant, or one of them would call live what the other does not. */
  show(state: State, phoneMs: number, atMs: number): boolean {
    const view = this.#shown.kind === 'open' ? this.#shown.view : undefined
    const second = Math.floor(phoneMs / 1_000)
    if (state !== this.#state || second !== this.#second) {
      this.#showPhase(state, phoneMs)
      view?.show(state, phoneMs, atMs)
    }
    this.#state = state
    this.#second = second
    return view?.paint?.(atMs) ?? false
  }

  /** Nobody looks, and nothing is painted: the title, which a tab goes on showing, tells no power. */
  hide(): void {
    if (this.#name) this.#entitle(this.#name)
  }

  #entitle(name: ViewName): void {
    document.title = name === 'now' ? 'wattslug' : `${this.#context.strings.frame.views[name]} · wattslug`
  }

  #showPhase(state: State, phoneMs: number): void {
    const { chip, chipOfCause } = this.#context.strings
    const { phase, cause } = phaseNow(state, phoneMs)
    const text = (phase === 'no-meter' && cause ? chipOfCause[cause] : undefined) ?? chip[phase]
    document.body.setAttribute('data-phase', phase)
    find('chip-mark').setAttribute('href', `#mark-${phase}`)
    setText(find('chip'), text)
    if (this.#name !== 'now' && text !== this.#said) setText(find('status'), text) // Now says it with its power
    this.#said = text
  }

  /** Opens the view that the address names. */
  #go(byUser: boolean): void {
    const name = nameIn(location.hash)
    if (name === this.#name) return // what stands behind the name is the view's own affair
    if (this.#name) this.#scrolls.leave(this.#name)
    if (this.#shown.kind === 'open') this.#shown.view.close()
    closeSheets() // they are of the view that is left
    this.#name = name
    const label = this.#context.strings.frame.views[name]
    this.#host.setAttribute('aria-label', label)
    document.body.setAttribute('data-view', name)
    this.#entitle(name)
    for (const other of viewNames) {
      if (other === name) find(`tab-${other}`).setAttribute('aria-current', 'page')
      else find(`tab-${other}`).removeAttribute('aria-current')
    }
    if (byUser) this.#host.focus({ preventScroll: true })
    if (name === 'now') this.#put(openNow(this.#emptied(), this.#context))
    else void this.#load(name)
  }

  async #load(name: Exclude<ViewName, 'now'>): Promise<void> {
    const mine: Shown = { kind: 'loading' }
    this.#shown = mine
    this.#host.replaceChildren(make('div', 'loading'))
    try {
      const [{ open }, strings] = await Promise.all([loaders[name](), loadAllStrings(this.#context.strings), loadStyle(name)])
      if (this.#shown === mine) this.#put(open(this.#emptied(), { ...this.#context, strings }))
    } catch (error) {
      reportError(error)
      if (this.#shown === mine) this.#fail()
    }
  }

  #emptied(): HTMLElement {
    this.#host.replaceChildren()
    return this.#host
  }

  #put(view: OpenView): void {
    this.#shown = { kind: 'open', view }
    view.show(this.#context.state(), Date.now(), performance.now())
    this.#scrolls.goBack(this.#name ?? 'now')
  }

  /** A daemon that was replaced has other chunks: only loading anew finds them, and only once it answers. */
  #fail(): void {
    const { frame } = this.#context.strings
    this.#shown = { kind: 'failed' }
    const [card, button] = [make('section', 'page failed'), make('button', 'button primary', frame.retry)]
    card.append(make('h1', '', frame.failed), make('p', 'note', frame.failedWhy), button)
    button.addEventListener('click', () => {
      this.#context.api.get('settings.json').then(
        () => location.reload(),
        () => {} // still nobody there
      )
    })
    this.#host.replaceChildren(card)
  }
}

/** What stands behind a `/` or `?` belongs to the view. */
function nameIn(hash: string): ViewName {
  const [word] = hash.slice(1).split(/[/?]/)
  return viewNames.find(name => name === word) ?? 'now'
}
