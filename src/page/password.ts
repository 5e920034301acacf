/** Asks the user to log in where that is needed: for the password, for the first one, or for a name. */

import type { AccessAnswer } from '../api.ts'
import { askAccess } from './access/asking.ts'
import { makeForm } from './access/form.ts'
import { type Asked, askedFor, type Need } from './access/said.ts'
import { openScreen } from './access/sign-in.ts'
import { type AccessWords, accessWords } from './access/words.ts'
import { make, setSentence } from './elements.ts'
import { followLogin, forgetLogin, loginNow } from './login.ts'
import { openSheet } from './sheet.ts'
import type { Strings } from './strings.ts'
import { loadStyle } from './style.ts'

/** Whether the user may do something, once asked if need be; false also when the daemon does not answer. */
export async function admit(need: Need, strings: Strings): Promise<boolean> {
  const access = await accessNow()
  if (!access) return false
  const asked = askedFor(access, need)
  if (asked === undefined) return true
  const words = accessWords(strings.language)
  if (asked === 'unusable') {
    const sheet = openSheet(words.title.owner, strings.frame.close)
    const text = make('p', 'notice bad')
    setSentence(text, words.unusable)
    sheet.body.append(text)
    await sheet.closed
    return false
  }
  return need === 'see' ? signIn(asked, strings, words) : askIn(asked, need, strings, words)
}

/** Lets the owner set another password; whether that was done. */
export async function changePassword(strings: Strings, isFirst: boolean): Promise<boolean> {
  const words = accessWords(strings.language)
  return askIn(isFirst ? 'first' : 'change', 'change', strings, words)
}

/** A login that is right no longer is forgotten. Undefined when nothing answers. */
export async function accessNow(): Promise<AccessAnswer | undefined> {
  const said = await askAccess(loginNow())
  if (said.kind === 'good') return said.body as AccessAnswer
  if (said.kind !== 'wrong' || !loginNow()) return undefined
  forgetLogin()
  return accessNow()
}

/** In a sheet, which the user may close. */
async function askIn(asked: Asked, need: Need, strings: Strings, words: AccessWords): Promise<boolean> {
  await loadStyle('access').catch(() => {}) // plain is better than nothing
  const sheet = openSheet(words.title[asked], strings.frame.close)
  let isIn = false
  let next: Asked | undefined
  const done = () => {
    isIn = true
    sheet.close()
  }
  const other = () => {
    next = 'name'
    sheet.close()
  }
  sheet.body.append(makeForm({ asked, need, isLasting: false, words, silent: strings.frame.silent, done, other }))
  focusFirst(sheet.body)
  await sheet.closed
  return next ? askIn(next, need, strings, words) : isIn
}

/** On a screen of its own, which stays until one is in. */
async function signIn(asked: Asked, strings: Strings, words: AccessWords): Promise<boolean> {
  const screen = await openScreen()
  return new Promise(resolve => {
    const done = () => {
      unfollow()
      screen.close()
      resolve(true)
    }
    const unfollow = followLogin(() => void accessNow().then(access => access?.may.see && done()))
    const show = (now: Asked) => {
      const task = {
        asked: now,
        need: 'see',
        isLasting: true,
        words,
        silent: strings.frame.silent,
        done,
        other: () => show('name')
      } as const
      screen.setTitle(words.title[now])
      screen.body.replaceChildren(makeForm(task))
      focusFirst(screen.body)
    }
    show(asked)
  })
}

/** The password: the name is most often right. */
function focusFirst(body: HTMLElement): void {
  body.querySelector<HTMLInputElement>('[type=password]')?.focus()
}
