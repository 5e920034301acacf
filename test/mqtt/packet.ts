/** Packets as values: what a message weighs, and the copy that may be kept. */

import t from 'tap'
import { keep, weightBytes } from '../../src/mqtt/packet.ts'
import { bytesOf, message, textOf } from '../fixtures/mqtt/packets.ts'

t.test('a message weighs its text, its payload and the objects around them', async t => {
  t.equal(weightBytes(message('ab=xyz')), 2 * 2 + 3 + 128)
})

t.test('what is kept outlives the chunk that it came in, and holds nothing else of it', async t => {
  const text = '....hello....'
  for (const chunk of [bytesOf(text), Buffer.from(text)]) {
    const received = { ...message('a=', { qos: 1, retain: true }), payload: chunk.subarray(4, 9), dup: true, packetId: 7 }
    const kept = keep(received)
    chunk.fill(0)
    t.equal(textOf(kept.payload), 'hello')
    t.equal(kept.payload.buffer.byteLength, 5)
    t.strictSame(Object.keys(kept), ['topic', 'payload', 'qos', 'retain'])
    t.match(kept, { topic: 'a', qos: 1, retain: true })
  }
})
