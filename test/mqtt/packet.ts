/** Packets as values: what a message weighs, when it expires, and the copy that may be kept. */

import t from 'tap'
import { isExpired, keep, keepWill, messageOf, secondsLeft, weightBytes } from '../../src/mqtt/packet.ts'
import { bytesOf, message, publish, textOf } from '../fixtures/mqtt/packets.ts'

t.test('a message weighs its text, its payload, its properties and the objects around them', async t => {
  t.equal(weightBytes(message('ab=xyz')), 2 * 2 + 3 + 128)
  t.equal(weightBytes({ ...message('ab=xyz'), properties: bytesOf('1234') }), 2 * 2 + 3 + 4 + 128)
})

t.test('what is kept outlives the chunk that it came in, and holds nothing else of it', async t => {
  const text = '....hello....'
  for (const chunk of [bytesOf(text), Buffer.from(text)]) {
    const part = chunk.subarray(4, 9)
    const received = { ...message('a=', { qos: 1, retain: true }), payload: part, properties: part, expiresAtMs: 5, dup: true, packetId: 7 }
    const kept = keep(received)
    chunk.fill(0)
    t.equal(textOf(kept.payload), 'hello')
    t.equal(textOf(kept.properties as Uint8Array), 'hello')
    t.strictSame([kept.payload.buffer.byteLength, kept.properties?.buffer.byteLength], [5, 5])
    t.strictSame(Object.keys(kept), ['topic', 'payload', 'qos', 'retain', 'properties', 'expiresAtMs'])
    t.match(kept, { topic: 'a', qos: 1, retain: true, expiresAtMs: 5 })
  }
  t.equal(keep(message('a=x')).properties, undefined)
})

t.test('[MQTT-3.3.2-6] what is left of the expiry interval is told in whole seconds, rounded up, and never less than none', async t => {
  const expiring = { ...message('a=x'), expiresAtMs: 10_000 }
  t.strictSame(
    [8_000, 8_001, 9_999, 10_000, 99_000].map(ms => secondsLeft(expiring, { nowMs: () => ms })),
    [2, 2, 1, 0, 0]
  )
  t.strictSame(
    [9_999, 10_000].map(nowMs => isExpired(expiring, nowMs)),
    [false, true]
  )
  t.equal(secondsLeft(message('a=x'), { nowMs: () => 0 }), undefined)
  t.notOk(isExpired(message('a=x'), Number.MAX_VALUE))
})

t.test('the message of a PUBLISH has its whole topic, and expires from here on', async t => {
  const packet = publish('=x', { qos: 1, packetId: 1, topicAlias: 2, expirySeconds: 3, properties: 'p' })
  const { payload, properties } = packet
  t.strictSame(messageOf(packet, 'a', { nowMs: () => 1_000 }), {
    topic: 'a',
    payload,
    qos: 1,
    retain: false,
    properties,
    expiresAtMs: 4_000
  })
  t.equal(messageOf(publish('a=x'), 'a', { nowMs: () => 1_000 }).expiresAtMs, undefined)
})

t.test('a will that is kept is a copy', async t => {
  const last = { ...message('a=x'), delaySeconds: 5, expirySeconds: 6 }
  const kept = keepWill(last)
  t.match(kept, last)
  t.not(kept?.payload, last.payload)
  t.equal(keepWill(undefined), undefined)
})
