/** The framer: whole messages out of any chopping, faults told once, and never more memory than one frame. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { FrameFault } from '../../src/meters/fault.ts'
import { Framer } from '../../src/meters/framer.ts'
import { bytesOf, cc128Message, textOf } from '../fixtures/meters/wire.ts'

/** A frame's text, or a fault. */
type Event = string | FrameFault

function eventsOf(framer: Framer, ...chunks: Uint8Array[]): Event[] {
  const events: Event[] = []
  const sink = {
    frame: (bytes: Uint8Array) => void events.push(textOf(bytes)),
    fault: (fault: FrameFault) => void events.push(fault)
  }
  for (const chunk of chunks) framer.feed(chunk, sink)
  return events
}

/** Events of a text in Latin-1, fed whole to a new framer. */
function eventsOfText(text: string): Event[] {
  return eventsOf(new Framer(), bytesOf(text))
}

const message = cc128Message()
const longest = `<msg>${'x'.repeat(limits.frameBytesMax - 11)}</msg>`
const tooLong: FrameFault = { kind: 'message-too-long', bytes: limits.frameBytesMax }

const table: readonly [sentence: string, wire: string, events: readonly Event[]][] = [
  ['nothing gives nothing', '', []],
  ['a message is a frame, whatever whitespace is around it', `\r\n ${message}\r\n\t`, [message]],
  ['two messages may share a line', message + message, [message, message]],
  ['an empty message is a frame', '<msg></msg>', ['<msg></msg>']],
  [
    'stray bytes are told once a run, without the whitespace',
    `\xfc\xfc \r\nE${message}`,
    [{ kind: 'bytes-outside-message', bytes: 3 }, message]
  ],
  [
    'each run is told',
    `a${message}bc${message}`,
    [{ kind: 'bytes-outside-message', bytes: 1 }, message, { kind: 'bytes-outside-message', bytes: 2 }, message]
  ],
  ['a run is not told before it ends', `${message}EOM\n`, [message]],
  ['half a marker is stray', `<ms${message}`, [{ kind: 'bytes-outside-message', bytes: 3 }, message]],
  ['a marker may begin inside half a marker', `<<ms<msg></msg>`, [{ kind: 'bytes-outside-message', bytes: 4 }, '<msg></msg>']],
  ['an end without a start is stray', `</msg>${message}`, [{ kind: 'bytes-outside-message', bytes: 6 }, message]],
  ['a message cut short is dropped for the next', `<msg><src>CC1${message}`, [{ kind: 'message-cut-short', bytes: 13 }, message]],
  [
    'only the last start counts',
    `<msg><msg>a<msg>b</msg>`,
    [{ kind: 'message-cut-short', bytes: 5 }, { kind: 'message-cut-short', bytes: 6 }, '<msg>b</msg>']
  ],
  ['the longest message passes', longest + message, [longest, message]],
  ['one byte more is too long', longest.replace('x', 'xx') + message, [tooLong, message]],
  [
    'the whole rest of it is dropped, its end included',
    `${longest.replace('x', 'x'.repeat(50))}E${message}`,
    [tooLong, { kind: 'bytes-outside-message', bytes: 1 }, message]
  ],
  ['a message that begins inside overlong data is found', `<msg>${'x'.repeat(limits.frameBytesMax * 2)}${message}`, [tooLong, message]]
]

for (const [sentence, wire, events] of table) {
  t.test(sentence, async t => t.strictSame(eventsOfText(wire), events))
}

t.test('a start marker across the very end of the buffer is found', async t => {
  for (let inside = 0; inside <= 6; inside += 1) {
    const room = limits.frameBytesMax - 5 - inside
    const events = eventsOfText(`<msg>${'x'.repeat(room)}${message}`)
    const fault = inside < 4 ? tooLong : { kind: 'message-cut-short' as const, bytes: 5 + room }
    t.strictSame(events, [fault, message], `${inside} bytes of room`)
  }
})

t.test('endless noise is told piece by piece', async t => {
  const noise = 'x'.repeat(limits.frameBytesMax * 2 + 7)
  const piece: FrameFault = { kind: 'bytes-outside-message', bytes: limits.frameBytesMax }
  t.strictSame(eventsOfText(noise), [piece, piece])
  const marker = `${'x'.repeat(limits.frameBytesMax - 2)}${message}`
  t.strictSame(eventsOfText(marker), [{ kind: 'bytes-outside-message', bytes: limits.frameBytesMax - 2 }, message], 'never inside a marker')
})

t.test('reset forgets a partial message and a run of stray bytes', async t => {
  for (const partial of ['<msg><src>', 'noise', '<ms', `<msg>${'x'.repeat(limits.frameBytesMax)}`]) {
    const framer = new Framer()
    eventsOf(framer, bytesOf(partial))
    framer.reset()
    t.strictSame(eventsOf(framer, bytesOf(`g>${message}`)), [{ kind: 'bytes-outside-message', bytes: 2 }, message], partial.slice(0, 12))
  }
})

t.test('every frame is a view of one buffer that is never replaced', async t => {
  const framer = new Framer()
  const buffers = new Set<ArrayBufferLike>()
  const sink = {
    frame: (bytes: Uint8Array) => {
      buffers.add(bytes.buffer)
      t.ok(bytes.length <= limits.frameBytesMax)
    },
    fault: () => {}
  }
  for (const wire of [message, longest, `${longest}x`, message]) framer.feed(bytesOf(wire), sink)
  t.equal(buffers.size, 1)
  for (const buffer of buffers) t.equal(buffer.byteLength, limits.frameBytesMax)
})

/** Bits of wire that meet often enough to matter: markers, their pieces, noise and whole messages. */
const wire = fc
  .array(
    fc.oneof(
      fc.constantFrom('<msg>', '</msg>', '<', '<m', '<msg', '</', '</ms', 'sg>', ' ', '\r\n', 'x', '<msg>a</msg>', message),
      fc.uint8Array({ maxLength: 8 }).map(textOf),
      fc.nat({ max: limits.frameBytesMax }).map(length => 'y'.repeat(length))
    ),
    { maxLength: 24 }
  )
  .map(pieces => pieces.join(''))

/** The bytes in chunks of these lengths, over and over. */
function chop(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let from = 0
  for (let turn = 0; from < bytes.length; turn += 1) {
    const to = from + (lengths[turn % lengths.length] ?? bytes.length)
    chunks.push(bytes.subarray(from, to))
    from = to
  }
  return chunks
}

t.test('any chopping gives the same frames and faults', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(wire, lengths, (text, cuts) => {
      const bytes = bytesOf(text)
      assert.deepEqual(eventsOf(new Framer(), ...chop(bytes, cuts)), eventsOf(new Framer(), bytes))
    })
  )
})

t.test('the frames are those that a plain search finds', async () => {
  fc.assert(
    fc.property(wire, text => {
      const found = text.match(/<msg>(?:(?!<msg>).)*?<\/msg>/gs) ?? []
      const expected = found.filter(frame => frame.length <= limits.frameBytesMax)
      assert.deepEqual(
        eventsOfText(text).filter(event => typeof event === 'string'),
        expected
      )
    })
  )
})

t.test('nothing that comes before it costs the next good message', async () => {
  fc.assert(
    fc.property(wire, text => {
      assert.equal(eventsOfText(text + message).at(-1), message)
    })
  )
})

t.test('no byte is lost in silence but whitespace and the rest of an overlong message', async () => {
  fc.assert(
    fc.property(
      wire.filter(text => text.length + '<msg>'.length <= limits.frameBytesMax),
      text => {
        const total = eventsOfText(`${text}<msg></msg>`).reduce(
          (sum, event) => sum + (typeof event === 'string' ? event.length : event.bytes),
          0
        )
        const blanks = text.match(/[ \t\r\n]/g)?.length ?? 0
        assert.ok(total <= text.length + 11 && total >= text.length + 11 - blanks)
      }
    )
  )
})
