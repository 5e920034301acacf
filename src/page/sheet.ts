/** A sheet over the page: it rises from the lower edge of a phone and stands in the middle of a wide screen. */

import { make } from './elements.ts'

export interface Sheet {
  readonly root: HTMLDialogElement
  /** What is shown goes in here. */
  readonly body: HTMLElement
  close(): void
  /** Settles once it is closed, however that came about. */
  readonly closed: Promise<void>
}

/** Opens it. Escape and the button in its corner close it, and so does a touch beside it while nothing was typed or chosen. */
export function openSheet(title: string, closeLabel: string): Sheet {
  const root = document.createElement('dialog')
  root.className = 'sheet'
  const [heading, body] = [make('div', 'heading'), make('div', 'sheet-body')]
  const name = make('h2', '', title)
  name.id = `sheet-title-${document.querySelectorAll('dialog').length}`
  root.setAttribute('aria-labelledby', name.id)
  const button = make('button', 'icon-button', '×')
  button.setAttribute('type', 'button')
  button.setAttribute('aria-label', closeLabel)
  heading.append(name, button)
  root.append(heading, body)
  document.body.append(root)
  const closed = new Promise<void>(resolve => {
    root.addEventListener('close', () => {
      root.remove()
      resolve()
    })
  })
  button.addEventListener('click', () => root.close())
  let isFilled = false
  body.addEventListener('input', () => {
    isFilled = true
  })
  let beganBeside = false
  root.addEventListener('pointerdown', event => {
    beganBeside = isBeside(root, event)
  })
  root.addEventListener('click', event => {
    if (!isFilled && beganBeside && isBeside(root, event)) root.close() // text that is selected with the mouse may end there
  })
  root.showModal()
  if (name.scrollHeight > name.clientHeight) name.tabIndex = 0 // a long one is scrolled by keys
  return { root, body, close: () => root.close(), closed }
}

/** Whether the ground beside a sheet was touched. */
function isBeside(root: HTMLDialogElement, { target, clientX, clientY }: MouseEvent): boolean {
  const { left, right, top, bottom } = root.getBoundingClientRect()
  return target === root && (clientX < left || clientX > right || clientY < top || clientY > bottom)
}
