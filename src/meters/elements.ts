/** Reads a frame's bytes into a small tree of elements; a strict subset of XML, because a meter sends no more than that. */

import { limits } from '../limits.ts'
import type { ElementFault } from './fault.ts'

/** Holds either children or text: whitespace around children is dropped, whitespace around text is kept for the reader to judge. */
export interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

interface OpenElement extends Element {
  text: string
  readonly children: OpenElement[]
}

/**
 * Reads one element that fills the bytes (spec: Framing): nested elements in printable ASCII with CR, LF and TAB, no deeper than
 * `limits.elementDepthMax`. Attributes, comments, entities, empty-element tags and text beside children are faults.
 */
export function readElements(bytes: Uint8Array): Element | ElementFault {
  const frame = String.fromCharCode(...bytes)
  /** One tag and the text after it, up to the first byte that is not plain text. */
  const piece = /<(\/?)([A-Za-z_][\w.-]*)>([\t\n\r -%'-;=?-~]*)/y
  /** The elements that are open, outermost first. */
  const path: OpenElement[] = []
  for (;;) {
    const offset = piece.lastIndex
    const [, slash, name, text] = piece.exec(frame) ?? []
    if (name === undefined || text === undefined) return notWellFormed(offset)
    const innermost = path.at(-1)
    if (slash === '/') {
      if (innermost?.name !== name || !isBlank(text)) return notWellFormed(offset)
      path.pop()
      if (path.length === 0) return piece.lastIndex === frame.length ? innermost : notWellFormed(piece.lastIndex)
    } else {
      if (path.length === limits.elementDepthMax) return notWellFormed(offset)
      const element = { name, text, children: [] }
      path.push(element)
      if (innermost === undefined) continue
      if (!isBlank(innermost.text)) return notWellFormed(offset)
      innermost.text = ''
      innermost.children.push(element)
    }
  }
}

/** The children of an element that have the name. */
export function childrenNamed(element: Element, name: string): readonly Element[] {
  return element.children.filter(child => child.name === name)
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

function notWellFormed(offset: number): ElementFault {
  return { kind: 'not-well-formed', offset }
}
