/** The subscriptions as chips, each with the QoS that was granted, and the sheet that makes one. */

import { topicFilterFault } from '../../mqtt/topic.ts'
import { make, setText } from '../elements.ts'
import { openSheet } from '../sheet.ts'
import { buttonOf, choiceOf, fieldOf, inputOf, moreOf, switchOf } from './form.ts'
import { refusalText } from './present.ts'
import type { Session } from './session.ts'
import type { Subscription } from './settings.ts'
import { subscriptionsMax } from './settings.ts'
import type { Words } from './words.ts'

export class Subscriptions {
  readonly root = make('section', 'subscriptions')
  readonly #list = make('ul')
  readonly #words: Words
  readonly #session: Session
  readonly #add: HTMLButtonElement
  #shown = ''

  constructor(session: Session, words: Words) {
    this.#session = session
    this.#words = words
    this.root.setAttribute('aria-label', words.subscriptions)
    this.#add = buttonOf(`+ ${words.subscribe}`, () => openSubscribeSheet(session, words), 'subscription add')
    this.root.append(this.#list, this.#add)
  }

  show(): void {
    const { settings, state } = this.#session
    const rows = settings.subscriptions.map(subscription => ({ subscription, ...this.#standingOf(subscription.filter) }))
    const shown = JSON.stringify([rows, state === undefined])
    if (shown === this.#shown) return
    this.#shown = shown
    this.#add.hidden = rows.length >= subscriptionsMax
    this.#list.replaceChildren(
      ...rows.map(({ subscription, text, kind }) => {
        const [item, name, standing] = [make('li'), make('code', '', subscription.filter), make('span', 'standing', text)]
        const open = buttonOf('', () => openSubscribeSheet(this.#session, this.#words, subscription), 'subscription')
        item.setAttribute('data-kind', kind)
        open.append(name, standing)
        item.append(open)
        return item
      })
    )
  }

  #standingOf(filter: string): { readonly kind: string; readonly text: string } {
    const standing = this.#session.standingOf(filter)
    const { asked, waits, granted, refused } = this.#words
    if (!standing || this.#session.state?.phase !== 'connected') return { kind: 'waits', text: waits }
    switch (standing.kind) {
      case 'asked':
        return { kind: 'asked', text: asked }
      case 'granted':
        return { kind: 'granted', text: granted(standing.qos) }
      case 'refused':
        return { kind: 'refused', text: refused(refusalText(standing, this.#words)) }
    }
  }
}

/** Makes a subscription, or changes or ends one. */
function openSubscribeSheet(session: Session, words: Words, before?: Subscription): void {
  const sheet = openSheet(before ? before.filter : words.subscribe, words.close)
  sheet.root.classList.add('console-sheet')
  const form = document.createElement('form')
  const filter = inputOf(before?.filter ?? '', { placeholder: 'home/+/temperature', list: 'console-filters' })
  const suggested = document.createElement('datalist')
  suggested.id = 'console-filters'
  const tops = session.tree.root.children.map(({ topic }) => `${topic}/#`)
  suggested.append(...[...new Set(['#', ...tops.slice(0, 20), '$SYS/#'])].map(value => new Option(value, value)))
  const qos = choiceOf('QoS', [[0, '0'] as const, [1, '1'] as const, [2, '2'] as const], before?.qos ?? 0)
  const noLocal = switchOf(words.noLocal, before?.noLocal ?? false)
  const [always, ifNew, never] = words.retainHandlings
  const handling = choiceOf(
    words.retainHandling,
    [[0, always] as const, [1, ifNew] as const, [2, never] as const],
    before?.retainHandling ?? 0
  )
  const wrong = make('p', 'wrong')
  wrong.setAttribute('role', 'alert')
  const only = session.settings.protocolVersion === 4 ? [make('p', 'note', words.onlyFive)] : []
  form.append(
    fieldOf(words.filter, filter, words.filterHint),
    suggested,
    qos.root,
    moreOf(`${words.more} (MQTT 5.0)`, [...only, noLocal.root, handling.root]),
    wrong,
    make('button', 'button primary', words.subscribe)
  )
  if (before) form.append(buttonOf(words.unsubscribe, () => end(before), 'button danger'))
  sheet.body.append(form)
  filter.focus()

  function end(subscription: Subscription): void {
    session.unsubscribe(subscription.filter)
    sheet.close()
  }

  form.addEventListener('submit', event => {
    event.preventDefault()
    const isWrong = topicFilterFault(filter.value) !== undefined
    setText(wrong, isWrong ? words.filterWrong : '')
    if (isWrong) return
    if (before && before.filter !== filter.value) session.unsubscribe(before.filter)
    session.subscribe({ filter: filter.value, qos: qos.value, noLocal: noLocal.input.checked, retainHandling: handling.value })
    sheet.close()
  })
}
