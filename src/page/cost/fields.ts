/** Fields of the tariff's form, each with a name, a hint, and room for what is wrong with it. */
import { make } from '../elements.ts'

/** What is typed in, by the name that the daemon has for it. */
export type Fields = Map<string, HTMLElement>

export function makeInput(type: 'decimal' | 'text' | 'time' | 'date', value: string, take: (text: string) => void): HTMLInputElement {
  const input = document.createElement('input')
  input.type = type === 'decimal' ? 'text' : type
  if (type === 'decimal') input.inputMode = 'decimal'
  input.autocomplete = 'off'
  input.value = type === 'decimal' && document.documentElement.lang === 'de' ? value.replace('.', ',') : value
  if (value === half) take('') // as it is shown
  input.addEventListener('input', () => {
    take(type === 'time' && input.validity.badInput ? half : input.value)
    input.removeAttribute('aria-invalid')
  })
  return input
}

/** A time of which a part is missing: its input says that it is empty. */
const half = '?'

/** Puts a field into a group; answers its label, for what more is to be said. */
export function addField(group: HTMLElement, fields: Fields, name: string, title: string, input: HTMLElement, hint = ''): HTMLElement {
  const label = make('label', 'field')
  label.append(make('span', '', title), input)
  if (hint !== '') label.append(make('span', 'hint', hint))
  fields.set(name, input)
  group.append(label)
  return label
}

/** Says what is wrong below each field, and goes to the first. */
export function showFaults(fields: Fields, faults: ReadonlyMap<string, string>): void {
  for (const [name, input] of fields) {
    const fault = faults.get(name)
    const hold = input.closest('.field') ?? input
    hold.querySelector('.wrong')?.remove()
    if (fault === undefined) input.removeAttribute('aria-invalid')
    else {
      input.setAttribute('aria-invalid', 'true')
      hold.append(make('span', 'wrong', fault))
    }
  }
  const first = [...fields].find(([name]) => faults.has(name))?.[1]
  const details = first?.closest('details')
  if (details) details.open = true
  first?.focus()
}
