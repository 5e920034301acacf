/** Who may do what here, as whom one is logged in, and the password. */

import { buttonOf } from '../console/form.ts'
import type { Context } from '../context.ts'
import { make } from '../elements.ts'
import { type Login, loginNow, logOut, owner } from '../login.ts'
import { accessNow, changePassword } from '../password.ts'
import type { Words } from './words.ts'

export interface AccessCard {
  readonly root: HTMLElement
  /** To be called now and then: one may have logged in elsewhere on the page. */
  show(): void
}

/** @param changed called when one is somebody else now */
export function makeAccess(context: Context, words: Words, changed: () => void): AccessCard {
  const { strings, admit } = context
  const [card, mode, who, actions] = [make('section', 'card'), make('p', 'note'), make('p', 'note'), make('div', 'actions')]
  const said = make('p', 'result')
  said.setAttribute('role', 'status')
  let shownFor: Login | null | undefined = null
  card.append(make('h2', '', words.access), mode, who, actions, said)

  async function show(): Promise<void> {
    const answer = await accessNow()
    shownFor = loginNow()
    if (!answer) return
    const { access, password, user, may } = answer
    mode.textContent = `${words.accessModes[access]} ${words.passwordStates[password]}`
    who.textContent = user === null ? words.asAnyone : user === owner ? words.asOwner : words.as(user)
    const logIn = may.change ? [] : [buttonOf(words.logIn, () => void after(admit('change')))]
    const change = buttonOf(password === 'none' ? words.setPassword : words.changePassword, () => void after(set(password === 'none')))
    const leave = loginNow() ? [buttonOf(words.logOut, logOut)] : []
    const hadFocus = actions.contains(document.activeElement)
    actions.replaceChildren(...(password === 'unusable' ? [] : password === 'none' ? [change] : [...logIn, change]), ...leave)
    if (hadFocus) actions.querySelector('button')?.focus()
  }

  async function set(isFirst: boolean): Promise<boolean> {
    const isSet = (isFirst || (await admit('change'))) && (await changePassword(strings, isFirst))
    if (isSet) said.textContent = words.passwordDone
    return isSet
  }

  async function after(done: Promise<boolean>): Promise<void> {
    if (await done) changed()
    await show()
  }

  return {
    root: card,
    show: () => {
      if (shownFor !== loginNow()) void show()
    }
  }
}
