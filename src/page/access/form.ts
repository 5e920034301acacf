/** The form that asks for a password: it stays until the daemon has taken it, and says what is wrong. */

import type { AccessAnswer } from '../../api.ts'
import { buttonOf, fieldOf, inputOf, switchOf } from '../console/form.ts'
import { make, setSentence, setText } from '../elements.ts'
import { isLasting, keepLogin, type Login, loginNow, owner } from '../login.ts'
import { askAccess, setPassword } from './asking.ts'
import { type Asked, isLongEnough, type Need, type Said } from './said.ts'
import type { AccessWords } from './words.ts'

/** What a form is made for. */
export interface FormTask {
  readonly asked: Asked
  readonly need: Need
  /** Whether it offers to keep the login on this device. */
  readonly isLasting: boolean
  readonly words: AccessWords
  /** Said when nothing answers. */
  readonly silent: string
  /** The daemon has taken it. */
  readonly done: () => void
  /** The other way to log in is wanted. */
  readonly other: () => void
}

interface Fields {
  readonly name: HTMLInputElement
  readonly password: HTMLInputElement
  readonly stay: HTMLInputElement
}

/** Makes it, with the reason why it is there. */
export function makeForm(task: FormTask): HTMLFormElement {
  const { asked, need, words } = task
  const form = document.createElement('form')
  form.className = 'login'
  form.noValidate = true // what is wrong is told in words of our own
  const isNew = asked === 'first' || asked === 'change'
  const name = inputOf(owner, { autocomplete: 'username' })
  const password = inputOf('', { type: 'password', maxlength: 128, autocomplete: isNew ? 'new-password' : 'current-password' })
  const [show, stay] = [switchOf(words.show, false), switchOf(words.stay, asked === 'change' && isLasting())]
  show.input.addEventListener('change', () => {
    password.type = show.input.checked ? 'text' : 'password'
  })
  const why = words.why[asked]
  const nameField = fieldOf(words.name, name, words.nameHint)
  nameField.hidden = asked !== 'name'
  form.append(make('p', 'note', typeof why === 'string' ? why : why[need]), nameField)
  form.append(fieldOf(isNew ? words.newPassword : words.password, password), show.root)
  if (task.isLasting) form.append(stay.root)
  const hint = make('p', 'note')
  setSentence(hint, isNew ? words.newHint : words.lost)
  form.append(hint)
  const wrong = make('p', 'wrong')
  wrong.setAttribute('role', 'alert')
  const go = make('button', 'button primary', words.go[asked]) as HTMLButtonElement
  form.append(wrong, go)
  if (asked === 'first' && need !== 'change') form.append(buttonOf(words.haveName, task.other, 'button quiet'))
  form.addEventListener('submit', event => {
    event.preventDefault()
    if (!go.disabled) void send(task, { name, password, stay: stay.input }, wrong, go)
  })
  return form
}

async function send(task: FormTask, fields: Fields, wrong: HTMLElement, go: HTMLButtonElement): Promise<void> {
  const { asked, words } = task
  const isNew = asked === 'first' || asked === 'change'
  const user = asked === 'name' ? fields.name.value.trim() || owner : owner
  const isToSee = task.need === 'see' || loginNow()?.isToSee === true
  const login: Login = { user, password: fields.password.value, isToSee }
  if (login.password === '' || (isNew && !isLongEnough(login.password))) {
    setText(wrong, isNew ? words.short : words.wrong)
    fields.password.focus()
    return
  }
  go.disabled = true
  wrong.removeAttribute('aria-live')
  setText(wrong, '')
  const said = await (isNew ? setPassword(login.password, asked === 'first' ? undefined : loginNow()) : askAccess(login))
  go.disabled = false
  if (said.kind === 'good' && (isNew || (said.body as AccessAnswer).may[task.need])) {
    keepLogin(login, fields.stay.checked ? 'localStorage' : 'sessionStorage')
    task.done()
    return
  }
  setText(wrong, textOf(said, task))
  fields.password.select() // the button lost the focus
  if (said.kind === 'wait') countDown(said.seconds, task, wrong, go)
}

function textOf(said: Said, { asked, words, silent }: FormTask): string {
  switch (said.kind) {
    case 'good':
      return words.mayNot
    case 'wrong':
      return asked === 'first' ? words.taken : words.wrong
    case 'wait':
      return words.wait(said.seconds)
    case 'failed':
      return said.why === '' ? silent : words.failed(said.why)
  }
}

/** Until then no try would be looked at. It is read out once, not second by second. */
function countDown(seconds: number, task: FormTask, wrong: HTMLElement, go: HTMLButtonElement): void {
  go.disabled = seconds > 0
  setText(wrong, seconds > 0 ? task.words.wait(seconds) : '')
  if (seconds <= 0 || !go.isConnected) return
  setTimeout(() => {
    wrong.setAttribute('aria-live', 'off')
    countDown(seconds - 1, task, wrong, go)
  }, 1_000)
}
