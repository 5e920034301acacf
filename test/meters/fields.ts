/** Reading of fields: exactly what the tables allow, and the first fault is kept. */

import t from 'tap'
import { readElements } from '../../src/meters/elements.ts'
import { Fields } from '../../src/meters/fields.ts'
import { bytesOf } from '../fixtures/meters/wire.ts'

function fieldsOf(inner: string): Fields {
  const message = readElements(bytesOf(`<msg>${inner}</msg>`))
  if ('kind' in message) throw new Error(`refused at ${message.offset}`)
  return new Fields(message)
}

type Expected = number | string

t.test('whole numbers', async t => {
  const table: readonly [text: string, expected: Expected][] = [
    ['0', 0],
    ['-0', 0],
    ['00042', 42],
    ['  42', 42],
    [' +42', 42],
    ['-00042', -42],
    ['100', 100],
    ['101', 'value-out-of-range'],
    ['-101', 'value-out-of-range'],
    ['9'.repeat(400), 'value-out-of-range'],
    ['', 'value-invalid'],
    [' ', 'value-invalid'],
    ['-', 'value-invalid'],
    ['- 4', 'value-invalid'],
    ['4 ', 'value-invalid'],
    ['\t4', 'value-invalid'],
    ['4.0', 'value-invalid'],
    ['4e1', 'value-invalid'],
    ['0x4', 'value-invalid'],
    ['1_0', 'value-invalid'],
    ['4 2', 'value-invalid'],
    ['Infinity', 'value-invalid'],
    ['NaN', 'value-invalid'],
    ['<b>4</b>', 'value-invalid']
  ]
  for (const [text, expected] of table) {
    const fields = fieldsOf(`<a>${text}</a>`)
    const value = fields.integer('a', [-100, 100])
    t.equal(fields.fault?.kind ?? value, expected, JSON.stringify(text))
  }
})

t.test('decimal numbers', async t => {
  const table: readonly [text: string, expected: Expected][] = [
    ['24.6', 24.6],
    [' 4.5', 4.5],
    ['-4.5', -4.5],
    ['-00.0', 0],
    ['024', 24],
    ['100.0', 100],
    ['100.1', 'value-out-of-range'],
    ['.5', 'value-invalid'],
    ['5.', 'value-invalid'],
    ['5.1.2', 'value-invalid'],
    ['5,1', 'value-invalid'],
    ['5e0', 'value-invalid']
  ]
  for (const [text, expected] of table) {
    const fields = fieldsOf(`<a>${text}</a>`)
    const value = fields.decimal('a', [-100, 100])
    t.equal(fields.fault?.kind ?? value, expected, JSON.stringify(text))
  }
})

t.test('times of day', async t => {
  const table: readonly [text: string, expected: Expected][] = [
    ['00:00:00', '00:00:00'],
    [' 23:59:59', '23:59:59'],
    ['24:00:00', 'value-out-of-range'],
    ['12:60:00', 'value-out-of-range'],
    ['12:00:60', 'value-out-of-range'],
    ['99:99:99', 'value-out-of-range'],
    ['1:02:03', 'value-invalid'],
    ['01:02', 'value-invalid'],
    ['01:02:03 ', 'value-invalid'],
    ['0x:02:03', 'value-invalid']
  ]
  for (const [text, expected] of table) {
    const fields = fieldsOf(`<a>${text}</a>`)
    const value = fields.timeOfDay('a')
    t.equal(fields.fault?.kind ?? value, expected, JSON.stringify(text))
  }
})

t.test('words', async t => {
  const fields = fieldsOf('<a>red 7</a>')
  t.equal(fields.word('a', /^red (\d)$/), '7')
  t.equal(fields.fault, undefined)
  t.equal(fields.word('a', /^blue (\d)$/), '')
  t.strictSame(fields.fault, { kind: 'value-invalid', field: 'a' })
})

t.test('paths lead through elements', async t => {
  const inner = '<a><b>1</b><c>2</c><c>2</c></a><d><b>4</b></d><d></d>'
  const table: readonly [path: string, kind: string | undefined][] = [
    ['a/b', undefined],
    ['a/x', 'field-missing'],
    ['x/b', 'field-missing'],
    ['a/b/x', 'field-missing'],
    ['a/c', 'field-repeated'],
    ['d/b', 'field-repeated']
  ]
  for (const [path, kind] of table) {
    const fields = fieldsOf(inner)
    fields.integer(path, [0, 9])
    t.strictSame(fields.fault, kind && { kind, field: path }, path)
  }
  t.equal(fieldsOf(inner).has('d'), true)
  t.equal(fieldsOf(inner).has('b'), false)
})

t.test('the first fault is kept, and a field at fault stands in as its lowest value', async t => {
  const fields = fieldsOf('<a>x</a><b>500</b>')
  t.equal(fields.integer('b', [3, 9]), 3)
  t.equal(fields.integer('a', [3, 9]), 3)
  t.strictSame(fields.fault, { kind: 'value-out-of-range', field: 'b' })
})

t.test('a part of a message shares its fault, and names its fields by their whole path', async t => {
  const fields = fieldsOf('<a><b>1</b></a><a><b>x</b><c>3</c></a>')
  t.strictSame(
    fields.parts('a').map(part => part.integer('b', [0, 9])),
    [1, 0]
  )
  t.strictSame(fields.fault, { kind: 'value-invalid', field: 'a/b' })
  t.strictSame(fields.parts('z'), [])
  t.strictSame(fieldsOf('<a></a><b></b><a></a>').names, ['a', 'b', 'a'])
})

t.test('the one part of a name', async t => {
  const table: readonly [inner: string, fault: unknown][] = [
    ['<a><b><c>1</c></b></a>', undefined],
    ['<a><b><c>y</c></b></a>', { kind: 'value-invalid', field: 'a/b/c' }],
    ['<a><b><c>1</c></b><b></b></a>', { kind: 'field-repeated', field: 'a/b' }],
    ['<a></a>', { kind: 'field-missing', field: 'a/b' }],
    ['', { kind: 'field-missing', field: 'a' }]
  ]
  for (const [inner, fault] of table) {
    const fields = fieldsOf(inner)
    fields.part('a').part('b').integer('c', [0, 9])
    t.strictSame(fields.fault, fault, inner)
  }
})
