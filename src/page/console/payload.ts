/** What a payload is and how it is shown: a number, JSON, text, or bytes. Pure. */

export type Shown =
  | { readonly kind: 'empty' }
  | { readonly kind: 'number' | 'text'; readonly text: string }
  /** JSON of one value is a number or text already; this has parts. */
  | { readonly kind: 'json'; readonly text: string; readonly value: object }
  | { readonly kind: 'bytes'; readonly text: string }

/** Longer than this is shown as text, not looked through. */
const jsonBytesMax = 262_144
const hexBytesMax = 4_096
const hexRow = 16
const seriesMax = 4
/** What is nested deeper stands no further to the right. */
const indentMax = 32
/** Of longer ones no curve is drawn. */
const seriesBytesMax = 4_096
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const number = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/
/** Control characters that no text has. */
const control = /[^\P{Cc}\t\n\r]/u

export function readPayload(payload: Uint8Array): Shown {
  if (payload.length === 0) return { kind: 'empty' }
  const text = textOf(payload)
  if (text === undefined) return { kind: 'bytes', text: hexOf(payload) }
  if (payload.length < 64 && number.test(text)) return { kind: 'number', text: text.trim() }
  const value = payload.length <= jsonBytesMax ? objectOf(text) : undefined
  return value ? { kind: 'json', text, value } : { kind: 'text', text }
}

/** In one line, no longer than asked for. */
export function previewOf(payload: Uint8Array, charactersMax: number): string {
  const shown = payload.subarray(0, charactersMax * 4) // no character has more bytes
  const text = textOf(shown) ?? (shown.length < payload.length ? textOf(shown.subarray(0, lastWhole(shown))) : undefined)
  if (text === undefined) return hexLine(payload.subarray(0, charactersMax >> 1))
  return text.slice(0, charactersMax).replaceAll(/\s+/g, ' ')
}

/** JSON on many lines, a little more than so many characters of it; digits and escapes stay as they were sent. `text` is JSON. */
export function indentJson(text: string, charactersMax = Number.POSITIVE_INFINITY): string {
  let out = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(Math.min(depth, indentMax))}`
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (out.length > charactersMax) break
    if (token === '{' || token === '[') {
      depth += 1
      out += token + line()
    } else if (token === '}' || token === ']') {
      depth -= 1
      out += line() + token
    } else if (token === ',') out += token + line()
    else if (token === ':') out += ': '
    else out += /^[{[]/.test(token) ? token.replaceAll(/\s/g, '') : token
  }
  return out
}

/** The numbers in a row of payloads by name, for curves; a payload that is a number has no name. */
export function seriesOf(payloads: readonly Uint8Array[]): ReadonlyMap<string, readonly number[]> {
  const series = new Map<string, number[]>()
  for (const payload of payloads) {
    if (payload.length > seriesBytesMax) continue
    for (const [name, value] of numbersOf(readPayload(payload))) {
      const values = series.get(name)
      if (values) values.push(value)
      else if (series.size < seriesMax) series.set(name, [value])
    }
  }
  return series
}

function numbersOf(shown: Shown): readonly (readonly [string, number])[] {
  if (shown.kind === 'number') return [['', Number(shown.text)]]
  if (shown.kind !== 'json' || Array.isArray(shown.value)) return []
  return Object.entries(shown.value).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return control.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Where the last character begins that may have been cut. */
function lastWhole(bytes: Uint8Array): number {
  let end = bytes.length - 1
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1
  return end
}

function objectOf(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/** Rows of sixteen with what of them is text, and what is left out in the last. */
function hexOf(bytes: Uint8Array): string {
  const rows: string[] = []
  for (let at = 0; at < Math.min(bytes.length, hexBytesMax); at += hexRow) {
    const row = bytes.subarray(at, at + hexRow)
    const text = Array.from(row, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
    rows.push(`${hexLine(row).padEnd(hexRow * 3)} ${text}`)
  }
  if (bytes.length > hexBytesMax) rows.push('…')
  return rows.join('\n')
}

function hexLine(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
}
