/** Asks the user for the password that changes need. */

import { make } from './elements.ts'
import { openSheet } from './sheet.ts'
import type { Strings } from './strings.ts'

/** Undefined when the user closes it instead. @param again whether the last one was wrong */
export async function askPassword({ frame }: Strings, again: boolean): Promise<string | undefined> {
  const sheet = openSheet(frame.password, frame.close)
  const form = document.createElement('form')
  const field = make('label', 'field')
  const input = document.createElement('input')
  input.type = 'password'
  input.autocomplete = 'current-password'
  input.required = true
  field.append(make('span', '', frame.passwordWhy), input)
  if (again) field.append(make('span', 'wrong', frame.passwordWrong))
  form.append(field, make('button', 'button primary', frame.unlock))
  sheet.body.append(form)
  let answer: string | undefined
  form.addEventListener('submit', event => {
    event.preventDefault()
    answer = input.value
    sheet.close()
  })
  input.focus()
  await sheet.closed
  return answer
}
