/** Elements of the page: found, made, and filled with text. */

const svg = 'http://www.w3.org/2000/svg'

export function find(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`No element ${id}`)
  return element
}

export function make(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  if (text !== '') element.textContent = text
  return element
}

/** One of the page's own symbols, by id. */
export function makeSymbol(): { readonly root: SVGElement; readonly show: (id: string) => void } {
  const root = document.createElementNS(svg, 'svg')
  const use = document.createElementNS(svg, 'use')
  root.setAttribute('aria-hidden', 'true')
  root.append(use)
  return { root, show: id => use.setAttribute('href', `#${id}`) }
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Closes whatever sheets are open. */
export function closeSheets(): void {
  for (const open of document.querySelectorAll<HTMLDialogElement>('dialog.sheet')) open.close()
}

/** What is to be typed: a command in brackets or after a colon, an option with its value; and names of ports. */
const typed = /(?<=\()sudo [^()]+|\bfuser \/[\w./-]*\w|(?<![\w/-])--?[a-z][\w-]*(?: \d+)?|(?<![\w:/-])\/[\w./-]*\w/g

/** Text in which what is to be typed, and names of ports, stand out. */
export function setSentence(element: HTMLElement, text: string): void {
  if (element.textContent === text) return
  const pieces: (string | HTMLElement)[] = []
  let end = 0
  for (const { 0: code, index } of text.matchAll(typed)) {
    pieces.push(text.slice(end, index), codeOf(code))
    end = index + code.length
  }
  element.replaceChildren(...pieces, text.slice(end))
}

/** Options do not break at their hyphens; long names of ports may break wherever text does. */
export function codeOf(text: string): HTMLElement {
  const code = make('code')
  for (const [index, word] of text.split(' ').entries())
    code.append(index === 0 ? '' : ' ', word.startsWith('/') ? word : make('span', '', word))
  return code
}
