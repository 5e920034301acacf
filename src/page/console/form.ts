/** Parts of forms: fields with their names, choices of a few, switches, and what is folded away until wanted. */

import { make } from '../elements.ts'

export type Attributes = Readonly<Record<string, string | number | boolean>>

/** A control with its name above it. */
export function fieldOf(name: string, control: HTMLElement, hint = ''): HTMLElement {
  const field = make('label', 'field')
  field.append(make('span', '', name), control)
  if (hint !== '') field.append(make('span', 'hint', hint))
  return field
}

/** A line to type in. MQTT's names are no words: nothing corrects them. */
export function inputOf(value: string, attributes: Attributes = {}): HTMLInputElement {
  const input = document.createElement('input')
  setAll(input, { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', ...attributes })
  input.value = value
  return input
}

/** Lines to type in. */
export function areaOf(value: string, attributes: Attributes = {}): HTMLTextAreaElement {
  const area = document.createElement('textarea')
  setAll(area, { autocapitalize: 'off', spellcheck: 'false', rows: 3, ...attributes })
  area.value = value
  return area
}

/** One of a few. */
export interface Choice<Value> {
  readonly root: HTMLElement
  value: Value
}

let groups = 0

/** A row of radio buttons that looks like one control. */
export function choiceOf<Value extends string | number>(
  name: string,
  options: readonly (readonly [Value, string])[],
  value: Value
): Choice<Value> {
  const root = make('fieldset', 'choice')
  const row = make('div', 'segments')
  groups += 1
  const inputs = options.map(([of, text]) => {
    const [label, input] = [make('label'), document.createElement('input')]
    setAll(input, { type: 'radio', name: `choice-${groups}` })
    input.checked = of === value
    label.append(input, make('span', '', text))
    row.append(label)
    return [of, input] as const
  })
  root.append(make('legend', '', name), row)
  return {
    root,
    get value() {
      return inputs.find(([, input]) => input.checked)?.[0] ?? value
    },
    set value(wanted) {
      for (const [of, input] of inputs) input.checked = of === wanted
    }
  }
}

/** Something that is on or off. */
export function switchOf(name: string, on: boolean, hint = ''): { readonly root: HTMLElement; readonly input: HTMLInputElement } {
  const [root, input, text] = [make('label', 'switch'), document.createElement('input'), make('span')]
  setAll(input, { type: 'checkbox', role: 'switch' })
  input.checked = on
  text.append(name)
  if (hint !== '') text.append(make('span', 'hint', hint))
  root.append(text, input)
  return { root, input }
}

/** What few need. */
export function moreOf(name: string, content: readonly HTMLElement[], open = false): HTMLDetailsElement {
  const details = document.createElement('details')
  details.className = 'more'
  details.open = open
  const inside = make('div', 'inside')
  inside.append(...content)
  details.append(make('summary', '', name), inside)
  return details
}

/** A button that does something by itself, not its form. */
export function buttonOf(text: string, press: () => void, className = 'button'): HTMLButtonElement {
  const button = make('button', className, text) as HTMLButtonElement
  button.type = 'button'
  button.addEventListener('click', press)
  return button
}

/** Puts text on the clipboard, and says on the button that it did. Without HTTPS browsers have no clipboard: then a selection is copied. */
export function copyButtonOf(text: string, done: string, read: () => string): HTMLButtonElement {
  const say = (copied: boolean) => {
    if (!copied) return
    button.textContent = done
    setTimeout(() => {
      button.textContent = text
    }, 1_500)
  }
  const button = buttonOf(text, () => void copy(read()).then(say), 'button quiet')
  return button
}

async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false
    )
  const area = areaOf(text, { class: 'spoken', 'aria-hidden': 'true' })
  const host = document.querySelector('dialog[open]') ?? document.body // nothing else can have the focus
  host.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  return copied
}

function setAll(element: HTMLElement, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '')
    else if (value !== false) element.setAttribute(name, String(value))
  }
}
