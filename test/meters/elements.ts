/** The element reader: what it takes is XML and means the same to an XML parser, and it takes no more than a meter sends. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { childrenNamed, type Element, readElements } from '../../src/meters/elements.ts'
import { bytesOf, cc128Message } from '../fixtures/meters/wire.ts'

function read(text: string) {
  return readElements(bytesOf(text))
}

t.test('elements, text and children', async t => {
  t.strictSame(read('<a/>'.replace('/', '></a')), { name: 'a', text: '', children: [] })
  t.strictSame(read('<a> 1 </a>'), { name: 'a', text: ' 1 ', children: [] }, 'whitespace around text is kept')
  const b = { name: 'b', text: '1', children: [] }
  t.strictSame(read('<a>\r\n\t<b>1</b> <b>1</b>\n</a>'), { name: 'a', text: '', children: [b, b] }, 'whitespace around children is not')
  t.strictSame(childrenNamed({ name: 'a', text: '', children: [b, { ...b, name: 'c' }] }, 'b'), [b])
})

const faults: readonly [wire: string, offset: number][] = [
  ['', 0],
  ['a', 0],
  [' <a></a>', 0],
  ['<a>', 3],
  ['<a', 0],
  ['<a></b>', 3],
  ['</a>', 0],
  ['<a></a><b></b>', 7],
  ['<a></a>x', 3],
  ['<a/>', 0],
  ['<a b="1"></a>', 0],
  ['<a ></a>', 0],
  ['<1></1>', 0],
  ['<a><!-- --></a>', 3],
  ['<a><?b?></a>', 3],
  ['<a>&lt;</a>', 3],
  ['<a>1&2</a>', 4],
  ['<a>1>2</a>', 4],
  ['<a>1\x002</a>', 4],
  ['<a>1\x7f2</a>', 4],
  ['<a>1\xb02</a>', 4],
  ['<\xe4></\xe4>', 0],
  ['<a>text<b></b></a>', 7],
  ['<a><b></b>text</a>', 6]
]

for (const [wire, offset] of faults) {
  t.test(`fault: ${JSON.stringify(wire)}`, async t => t.strictSame(read(wire), { kind: 'not-well-formed', offset }))
}

t.test('depth is bounded', async t => {
  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
  t.match(read(nested(limits.elementDepthMax)), { name: 'a' })
  t.strictSame(read(nested(limits.elementDepthMax + 1)), { kind: 'not-well-formed', offset: 3 * limits.elementDepthMax })
})

t.test('the longest frame is read', async t => {
  t.match(read(`<a>${'1'.repeat(limits.frameBytesMax - 7)}</a>`), { name: 'a' })
})

/** What an XML parser makes of the text, or nothing when it finds a fault or something that is not an element. */
function oracle(text: string): Element | undefined {
  type Open = { name: string; text: string; children: Open[] }
  const root: Open = { name: '', text: '', children: [] }
  const path = [root]
  const parser = new SaxesParser()
  let sound = true
  parser.on('error', () => {
    sound = false
  })
  parser.on('opentag', ({ name }) => {
    const element = { name, text: '', children: [] }
    path.at(-1)?.children.push(element)
    path.push(element)
  })
  parser.on('text', chunk => {
    const innermost = path.at(-1)
    if (innermost) innermost.text += chunk
  })
  parser.on('closetag', () => {
    const closed = path.pop()
    if (closed && closed.children.length > 0) closed.text = ''
  })
  parser.write(text).close()
  return sound ? root.children[0] : undefined
}

/** XML reads CRLF and CR as LF; a meter's text is left as it came. */
function withPlainLineEnds(element: Element): Element {
  return { ...element, text: element.text.replace(/\r\n?/g, '\n'), children: element.children.map(withPlainLineEnds) }
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/)
const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const text = fc.stringMatching(/^[\t\r\n -%'-;=?-~]{0,12}$/)
/** A well-formed element as text, with its depth within bounds. */
const wellFormed = fc.letrec<{ element: string }>(tie => ({
  element: fc.oneof(
    { maxDepth: limits.elementDepthMax - 1 },
    fc.tuple(name, text).map(([tag, inner]) => `<${tag}>${inner}</${tag}>`),
    fc.tuple(name, blank, fc.array(fc.tuple(tie('element'), blank), { maxLength: 4 })).map(([tag, first, children]) => {
      return `<${tag}>${first}${children.flat().join('')}</${tag}>`
    })
  )
})).element

t.test('what is well formed is read as an XML parser reads it', async () => {
  fc.assert(
    fc.property(wellFormed, wire => {
      const element = read(wire)
      if ('kind' in element) throw new Error(`refused at ${element.offset}`)
      assert.deepEqual(withPlainLineEnds(element), oracle(wire))
    }),
    { numRuns: 500 }
  )
})

t.test('whatever is read is XML, and means the same there', async () => {
  const base = fc.oneof(fc.constant(cc128Message()), wellFormed)
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 3 }),
    insert: fc.oneof(fc.constantFrom('<', '>', '/', ' ', '<a>', '</a>', '&'), fc.string({ maxLength: 3 }))
  })
  fc.assert(
    fc.property(base, fc.array(change, { maxLength: 3 }), (wire, changes) => {
      let changed = wire
      for (const { at, remove, insert } of changes) {
        const from = at % (changed.length + 1)
        changed = changed.slice(0, from) + insert + changed.slice(from + remove)
      }
      const element = read(changed)
      if ('kind' in element) {
        assert.ok(element.offset >= 0 && element.offset <= changed.length)
      } else {
        assert.deepEqual(withPlainLineEnds(element), oracle(changed))
      }
    }),
    { numRuns: 1000 }
  )
})
