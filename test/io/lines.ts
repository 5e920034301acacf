/** The way into the framer: any chopping gives the same, endless garbage is bounded, and no good message is lost behind it. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { ReadlineParser } from '@serialport/parser-readline'
import fc from 'fast-check'
import t from 'tap'
import { makeLines } from '../../src/io/lines.ts'
import { limits } from '../../src/limits.ts'
import { Framer } from '../../src/meters/framer.ts'
import { chop, sizes } from '../fixtures/io/arbitraries.ts'
import { holdsLater } from '../fixtures/io/property.ts'
import { turns } from '../fixtures/io/waiting.ts'

const message =
  '<msg><src>CC128-v1.29</src><dsb>00089</dsb><time>13:02:39</time><tmpr>18.7</tmpr><sensor>1</sensor><id>01234</id><type>1</type><ch1><watts>00345</watts></ch1></msg>'

/** What comes out of the gate for these chunks. */
async function piecesOf(chunks: readonly Buffer[]): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  const lines = makeLines(piece => pieces.push(Buffer.from(piece)))
  for (const chunk of chunks) lines.write(chunk)
  await turns(1)
  lines.close()
  return pieces
}

/** The frames in these pieces, as text. */
function framesOf(pieces: readonly Buffer[]): string[] {
  const frames: string[] = []
  const framer = new Framer()
  for (const piece of pieces)
    framer.feed(piece, { frame: bytes => frames.push(Buffer.from(bytes).toString('latin1')), fault: () => undefined })
  return frames
}

/** Garbage that looks a little like messages. */
const garbage = fc
  .array(fc.constantFrom(...'<msg/> \r\n0a\xff\0', '<msg', '</msg>', '<ms', '<<'), { maxLength: 60 })
  .map(parts => Buffer.from(parts.join(''), 'latin1'))

t.test('any chopping gives the same pieces, each up to a tag end', async t => {
  await holdsLater(
    t,
    100,
    fc.asyncProperty(
      fc.array(fc.oneof(garbage, fc.constant(Buffer.from(`${message}\r\n`))), { maxLength: 6 }),
      sizes,
      async (parts, sizes) => {
        const stream = Buffer.concat(parts)
        const pieces = await piecesOf(chop(stream, sizes))
        const all = Buffer.concat(pieces)
        deepStrictEqual(all, stream.subarray(0, stream.lastIndexOf('>') + 1))
        for (const piece of pieces) equal(piece.indexOf('>'), piece.length - 1)
      }
    )
  )
})

t.test('a message is handed on with its last byte, without the line break', async t => {
  t.strictSame(framesOf(await piecesOf([Buffer.from(message)])), [message])
  t.strictSame(framesOf(await piecesOf([...Buffer.from(message)].map(byte => Buffer.of(byte)))), [message])
})

t.test('every byte value comes through as it is', async t => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  t.ok(Buffer.concat(await piecesOf([all, Buffer.from('>')])).equals(Buffer.concat([all, Buffer.from('>')])))
})

t.test('megabytes without a tag end: what is held stays within the bound', async t => {
  const most = limits.frameBytesMax + 8
  for (const [name, unit] of Object.entries({ zeros: '\0', open: '<', begin: '<msg', line: 'watt\r\n' })) {
    let longest = 0
    let buffered = 0
    const transform = ReadlineParser.prototype._transform
    t.teardown(() => {
      ReadlineParser.prototype._transform = transform
    })
    ReadlineParser.prototype._transform = function (chunk, encoding, done) {
      transform.call(this, chunk, encoding, done)
      buffered = Math.max(buffered, this.buffer.length)
    }
    const lines = makeLines(piece => {
      longest = Math.max(longest, piece.length)
    })
    const chunk = Buffer.from(unit.repeat(8_192 / unit.length), 'latin1')
    for (let sent = 0; sent < 2_000_000; sent += chunk.length) {
      lines.write(chunk)
      await turns(1)
    }
    lines.close()
    ReadlineParser.prototype._transform = transform
    t.ok(buffered > 0 && buffered <= most, `${name}: ${buffered} bytes held`)
    t.ok(longest <= most, `${name}: the longest piece has ${longest} bytes`)
  }
})

t.test('one huge chunk is bounded too', async t => {
  const pieces = await piecesOf([Buffer.alloc(1_000_000, 'x')])
  t.ok(pieces.length >= 1_000_000 / (limits.frameBytesMax + 8) - 1)
  t.ok(pieces.every(({ length }) => length <= limits.frameBytesMax + 8))
})

t.test('garbage of any length never costs the message behind it', async t => {
  const near = fc.oneof(
    fc.integer({ min: -12, max: 12 }).map(off => limits.frameBytesMax + off),
    fc.integer({ min: 0, max: 3 * limits.frameBytesMax })
  )
  const filler = fc.constantFrom('x', '<', '<m', '<msg', '<ms ', '\0', 'msg')
  await holdsLater(
    t,
    60,
    fc.asyncProperty(near, filler, garbage, sizes, async (length, filler, tail, sizes) => {
      const head = Buffer.from(filler.repeat(Math.ceil(length / filler.length)).slice(0, length), 'latin1')
      const noise = Buffer.concat([head, Buffer.from(tail.filter(byte => byte !== 0x3e))])
      const stream = Buffer.concat([noise, Buffer.from(message)])
      const pieces = await piecesOf(chop(stream, sizes))
      deepStrictEqual(framesOf(pieces), [message])
      const all = Buffer.concat(pieces)
      let at = 0
      for (const byte of all)
        if (byte === stream[at]) at++
        else equal(byte, 0x3e, 'nothing but > was put in')
      equal(at, stream.length, 'and nothing is missing')
    })
  )
})

t.test('what is put in never stands within the beginning of a message', async t => {
  for (let length = limits.frameBytesMax - 10; length <= limits.frameBytesMax + 10; length++) {
    const stream = Buffer.from(`${'x'.repeat(length)}${message}`)
    const pieces = await piecesOf(chop(stream, [1]))
    if (framesOf(pieces)[0] !== message) t.fail(`the message behind ${length} bytes is lost`)
  }
  ok(true)
  t.pass()
})
