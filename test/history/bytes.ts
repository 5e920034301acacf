/** Numbers as bytes: what is written is read, small numbers are small, and the end is harmless. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ByteReader, ByteWriter } from '../../src/history/bytes.ts'

t.test('what is written is read', async t => {
  const item = fc.oneof(
    fc.maxSafeNat().map(value => ({ kind: 'number' as const, value })),
    fc.integer({ min: -(2 ** 45), max: 2 ** 45 }).map(value => ({ kind: 'signed' as const, value })),
    fc.string({ unit: 'binary-ascii' }).map(value => ({ kind: 'text' as const, value })),
    fc.uint8Array({ maxLength: 99 }).map(value => ({ kind: 'bytes' as const, value }))
  )
  fc.assert(
    fc.property(fc.array(item), items => {
      const writer = new ByteWriter(1)
      for (const { kind, value } of items) {
        if (kind === 'number') writer.number(value)
        if (kind === 'signed') writer.signed(value)
        if (kind === 'text') writer.text(value)
        if (kind === 'bytes') writer.bytes(value)
      }
      const reader = new ByteReader(writer.take(7, 8), 2)
      for (const { kind, value } of items) {
        const read = kind === 'bytes' ? Uint8Array.from(reader.bytes()) : reader[kind]()
        assert.deepEqual(read, kind === 'bytes' ? Uint8Array.from(value) : value)
      }
      assert(reader.isAtEnd)
      assert.equal(writer.length, writer.written().length)
    })
  )
  t.pass()
})

t.test('small numbers are small, whatever their sign', async t => {
  const lengthOf = (write: (writer: ByteWriter) => void): number => {
    const writer = new ByteWriter()
    write(writer)
    return writer.length
  }
  t.strictSame(
    [0, 127, 128, 16_383, 16_384].map(value => lengthOf(writer => writer.number(value))),
    [1, 1, 2, 2, 3]
  )
  t.strictSame(
    [0, 63, -64, 64, -65].map(value => lengthOf(writer => writer.signed(value))),
    [1, 1, 1, 2, 2]
  )
})

t.test('past the end everything is 0 and empty', async t => {
  const reader = new ByteReader(Uint8Array.of(200))
  t.equal(reader.number(), 72)
  t.strictSame([reader.isAtEnd, reader.number(), reader.signed(), reader.text()], [true, 0, 0, ''])
})
