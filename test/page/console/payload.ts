/** What payloads are taken for, and that nothing is lost when they are shown. */

import fc from 'fast-check'
import t from 'tap'
import { indentJson, previewOf, readPayload, seriesOf } from '../../../src/page/console/payload.ts'
import { holds } from '../../fixtures/io/property.ts'

const utf8 = new TextEncoder()

t.test('kinds', async t => {
  const table: [text: string, kind: string][] = [
    ['', 'empty'],
    ['12', 'number'],
    [' -1.5e3\n', 'number'],
    ['+.5', 'number'],
    ['5.', 'number'],
    ['1 2', 'text'],
    ['0x10', 'text'],
    ['ON', 'text'],
    ['"ON"', 'text'],
    ['null', 'text'],
    ['{"a":1}', 'json'],
    ['[]', 'json'],
    ['{"a":1', 'text'],
    ['two\nlines\tand é', 'text'],
    ['\u0000', 'bytes'],
    ['\u0085', 'bytes']
  ]
  for (const [text, kind] of table) t.equal(readPayload(utf8.encode(text)).kind, kind, JSON.stringify(text))
  t.match(readPayload(Uint8Array.of(0xff, 0x41, 0)), { kind: 'bytes', text: /^ff 41 00 +·A·$/ })
  t.equal(readPayload(utf8.encode(`[${'1,'.repeat(200_000)}1]`)).kind, 'text', 'too long to be looked through')
})

t.test('bytes are shown in rows, the first of them', async t => {
  const shown = readPayload(new Uint8Array(10_000))
  t.equal(shown.kind, 'bytes')
  const rows = shown.kind === 'bytes' ? shown.text.split('\n') : []
  t.equal(rows.length, 257)
  t.equal(rows.at(-1), '…')
})

t.test('a preview is one line', async t => {
  t.equal(previewOf(utf8.encode('a\n  b\tc'), 100), 'a b c')
  t.equal(previewOf(utf8.encode('0123456789'), 4), '0123')
  t.equal(previewOf(utf8.encode(`x${'é'.repeat(100)}`), 10), `x${'é'.repeat(9)}`, 'cut between characters')
  t.equal(previewOf(utf8.encode(`xyz${'😀'.repeat(100)}`), 8).length, 8, 'also where a character of four bytes is cut')
  t.equal(previewOf(Uint8Array.of(0, 255), 10), '00 ff')
  t.equal(previewOf(Uint8Array.of(0xbf, 0xbf), 10), 'bf bf')
  t.equal(previewOf(new Uint8Array(0), 10), '')
})

t.test('indented JSON', async t => {
  t.equal(
    indentJson('{"a":[1,{"b":null}],"c":{},"d":[ ]}'),
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}'
  )
  t.match(indentJson('{"n":12345678901234567890.10}'), /12345678901234567890\.10/, 'digits stay as they were sent')
  t.equal(indentJson('["{\\"a\\":1,[]}"]'), '[\n  "{\\"a\\":1,[]}"\n]', 'strings are left alone')
  holds(
    t,
    500,
    fc.property(fc.json({ maxDepth: 30 }), fc.nat(4), (text, spaces) => {
      const spaced = JSON.stringify(JSON.parse(text), undefined, spaces)
      return indentJson(spaced) === JSON.stringify(JSON.parse(text), undefined, 2)
    })
  )
})

t.test('JSON that is nested as deep as it goes', async t => {
  const [deep, shallow] = ['['.repeat(100_000) + ']'.repeat(100_000), `[${'1,'.repeat(50_000)}1]`]
  t.ok(indentJson(deep).length < 100 * deep.length, 'grows with the text alone')
  for (const text of [deep, shallow]) {
    const all = indentJson(text)
    const some = indentJson(text, 1_000)
    t.ok(some.length >= 1_000 && some.length < 1_200 && all.startsWith(some), 'its beginning')
  }
})

t.test('series of numbers', async t => {
  const of = (...texts: string[]) => [...seriesOf(texts.map(text => utf8.encode(text)))]
  t.strictSame(of('1', 'x', '2.5'), [['', [1, 2.5]]])
  t.strictSame(of('{"watts":918,"name":"x"}', '{"watts":7,"celsius":20}'), [
    ['watts', [918, 7]],
    ['celsius', [20]]
  ])
  t.strictSame(of('[1,2]', 'on', ''), [])
  t.equal(of('{"a":1,"b":1,"c":1,"d":1,"e":1}').length, 4, 'few of many')
  t.strictSame(of(`{"a":1,"b":"${'x'.repeat(5_000)}"}`), [], 'none of what is long')
})

t.test('any bytes can be shown', async t => {
  holds(
    t,
    500,
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (bytes, characters) => {
      const shown = readPayload(bytes)
      seriesOf([bytes])
      return (shown.kind === 'empty') === (bytes.length === 0) && previewOf(bytes, characters).length <= characters * 2
    })
  )
})
