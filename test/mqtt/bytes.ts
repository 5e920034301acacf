/** Numbers, texts and blocks as bytes and back. */
import fc from 'fast-check'
import t from 'tap'
import { ByteReader, ByteWriter } from '../../src/mqtt/bytes.ts'
import { holds } from '../fixtures/io/property.ts'
import { utf8 } from '../fixtures/store/kept.ts'

const wellFormed = fc.string({ unit: 'binary', maxLength: 40 })
const parts = fc.array(fc.oneof(fc.maxSafeNat(), wellFormed, fc.uint8Array({ maxLength: 600 })))

const write = (all: readonly (number | string | Uint8Array)[]): Uint8Array => {
  const out = new ByteWriter(utf8)
  for (const part of all) {
    if (typeof part === 'number') out.number(part)
    else if (typeof part === 'string') out.text(part)
    else out.block(part)
  }
  return out.take()
}

t.test('what is written is read', t => {
  const property = fc.property(parts, all => {
    const from = new ByteReader(write(all), utf8)
    const read = all.map(part => {
      if (typeof part === 'number') return from.number(0, Number.MAX_SAFE_INTEGER)
      return typeof part === 'string' ? from.text() : from.block()
    })
    return from.isAtEnd && !from.hasMore && JSON.stringify(read) === JSON.stringify(all)
  })
  holds(t, 300, property)
  t.end()
})

t.test('a byte holds seven bits, the lowest first, and a text stands behind its length', async t => {
  t.strictSame([...write([0, 127, 128, 16_384, 'aé'])], [0, 127, 0x80, 1, 0x80, 0x80, 1, 3, 0x61, 0xc3, 0xa9])
})

t.test('a byte order mark is a character like any other', async t => {
  t.equal(new ByteReader(write(['\ufeffa']), utf8).text(), '\ufeffa')
})

t.test('a writer takes what is longer than all before it, and begins anew', async t => {
  const out = new ByteWriter(utf8)
  out.text('x')
  out.block(new Uint8Array(100_000).fill(7))
  const long = out.take()
  t.strictSame([long.length, long[1], long.at(-1)], [100_005, 120, 7])
  out.text('abc')
  const first = out.take()
  out.number(1)
  t.strictSame([[...out.take()], first.length], [[1], 4])
})

t.test('what was cut off anywhere, or is out of range, spoils the whole', async t => {
  const whole = write([300, 'abc', new Uint8Array(200)])
  for (let length = 0; length < whole.length; length++) {
    const from = new ByteReader(whole.subarray(0, length), utf8)
    from.number(0, 1_000)
    from.text()
    from.block()
    if (from.isAtEnd || from.hasMore) t.fail(`cut to ${length}`)
  }
  const low = new ByteReader(write([4]), utf8)
  t.strictSame([low.number(5, 9), low.isAtEnd], [5, false])
  const high = new ByteReader(write([10, 7]), utf8)
  t.strictSame([high.number(5, 9), high.hasMore, high.isAtEnd], [5, false, false])
  const endless = new ByteReader(new Uint8Array(2_000).fill(0x80), utf8)
  t.strictSame([endless.number(0, Number.MAX_SAFE_INTEGER), endless.isAtEnd], [0, false])
})

t.test('a block is a copy, also of a Buffer', async t => {
  const bytes = Buffer.from([2, 1, 1])
  const block = new ByteReader(bytes, utf8).block()
  bytes.fill(9)
  t.strictSame([...block], [1, 1])
})
