/** The screen that stands before a page whose readings need a login: what is below it stays as it was. */

import { find, make, makeSymbol } from '../elements.ts'
import { loadStyle } from '../style.ts'

export interface Screen {
  /** What is shown goes in here. */
  readonly body: HTMLElement
  setTitle(title: string): void
  close(): void
}

/** Opens it; nothing but a login closes it. */
export async function openScreen(): Promise<Screen> {
  await loadStyle('access').catch(() => {}) // plain is better than nothing
  const root = document.createElement('dialog')
  root.className = 'sign-in'
  const [inside, brand, title, body] = [make('div', 'inside'), make('p', 'brand', 'wattslug'), make('h1'), make('div', 'sheet-body')]
  const slug = makeSymbol()
  slug.show('slug')
  title.id = 'sign-in-title'
  root.setAttribute('aria-labelledby', title.id)
  brand.prepend(slug.root)
  inside.append(brand, title, body)
  root.append(inside)
  document.body.append(root)
  root.setAttribute('closedby', 'none')
  root.addEventListener('close', () => root.isConnected && root.showModal()) // where a browser does not know that yet
  const before = document.activeElement
  root.showModal()
  return {
    body,
    setTitle: text => {
      title.textContent = text
    },
    close: () => {
      root.remove()
      const place = before instanceof HTMLElement && before !== document.body ? before : find('view')
      place.focus({ preventScroll: true }) // where one would have been
    }
  }
}
