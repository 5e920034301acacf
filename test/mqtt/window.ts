/** The window of deliveries under way: packet ids, bounds, and how an exchange ends. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { weightBytes } from '../../src/mqtt/packet.ts'
import { Window } from '../../src/mqtt/window.ts'
import { largeMessage, message } from '../fixtures/mqtt/packets.ts'

const small = message('a=x', { qos: 1 })
const roomy = 1_000_000

t.test('15: [MQTT-2.3.1-4] ids go up by one from 1, past no 65,535, and skip what is in use', async t => {
  const window = new Window(3, roomy)
  t.equal(window.open(small, 1, false), 1)
  t.equal(window.open(small, 2, false), 2, 'these two stay in use')
  for (let id = 3; id <= 65_535; id++) {
    if (window.open(small, 1, false) !== id || !window.finish(id, 'PUBACK')) throw new Error(`at ${id}`)
  }
  t.equal(window.open(small, 1, false), 3, 'behind 65,535 comes the next that is free')
  t.equal(window.length, 3)
})

t.test('full in number or in bytes is an answer', async t => {
  const few = new Window(2, roomy)
  t.strictSame([few.open(small, 1, false), few.open(small, 1, false), few.open(small, 1, false)], [1, 2, 0])
  few.finish(1, 'PUBACK')
  t.equal(few.open(small, 1, false), 3, 'room again')

  const light = new Window(99, 2 * weightBytes(small) + 1)
  t.strictSame([light.open(small, 1, false), light.open(small, 1, false), light.open(small, 1, false)], [1, 2, 0])
  light.finish(2, 'PUBACK')
  t.equal(light.open(small, 1, false), 3, 'its bytes were given back')
})

t.test('the largest packet fits, whatever part of it is topic', async t => {
  const { packetBytesMax, inflightMax, inflightBytesMax } = limits
  t.equal(new Window(inflightMax, inflightBytesMax).open(largeMessage('a'.repeat(packetBytesMax), 0, 1), 1, false), 1)
  t.equal(new Window(inflightMax, inflightBytesMax).open(largeMessage('a', packetBytesMax, 1), 1, false), 1)
})

t.test('what is taken back was never there', async t => {
  const window = new Window(3, 3 * weightBytes(small))
  window.open(small, 1, false)
  window.undo(window.open(small, 1, false))
  t.equal(window.length, 1)
  t.equal(window.open(small, 1, false), 2, 'the id is the next one again')
  t.equal(window.open(small, 1, false), 3, 'and its bytes were given back')
  t.equal(window.open(small, 1, false), 0)
})

t.test('the first id may be taken back', async t => {
  const window = new Window(3, roomy)
  window.undo(window.open(small, 1, false))
  t.equal(window.open(small, 1, false), 1)
})

t.test('14: an acknowledgement that is not awaited changes nothing', async t => {
  const window = new Window(9, roomy)
  window.open(small, 1, false)
  window.open(small, 2, false)
  t.notOk(window.finish(9, 'PUBACK'), 'an id that is not in use')
  t.notOk(window.finish(2, 'PUBACK'), 'PUBACK at QoS 2')
  t.notOk(window.finish(2, 'PUBCOMP'), 'PUBCOMP before PUBREC')
  t.notOk(window.finish(1, 'PUBCOMP'), 'PUBCOMP at QoS 1')
  t.notOk(window.received(1), 'PUBREC at QoS 1')
  t.notOk(window.received(9), 'PUBREC of an id that is not in use')
  t.equal(window.length, 2)
})

t.test('14: an acknowledgement that comes twice gives room once', async t => {
  const window = new Window(9, roomy)
  window.open(small, 1, false)
  window.open(small, 2, false)
  t.ok(window.finish(1, 'PUBACK'))
  t.notOk(window.finish(1, 'PUBACK'))
  t.ok(window.received(2))
  t.ok(window.received(2), 'a PUBREC that comes twice is no fault')
  t.ok(window.finish(2, 'PUBCOMP'))
  t.notOk(window.finish(2, 'PUBCOMP'))
  t.equal(window.length, 0)
})

t.test('[MQTT-4.4.0-1] [MQTT-4.6.0-1] after a rewind all is unsent, in the order in which it began', async t => {
  const window = new Window(9, roomy)
  for (const qos of [1, 2, 1] as const) window.open(message(`a=${qos}`, { qos }), qos, qos === 2)
  window.received(2)
  t.strictSame(
    [...window.entries()].map(([id, { sent }]) => [id, sent]),
    [
      [1, true],
      [2, true],
      [3, true]
    ]
  )
  window.rewind()
  t.match(
    [...window.entries()],
    [
      [1, { sent: false, awaits: 'PUBACK', qos: 1, retain: false }],
      [2, { sent: false, awaits: 'PUBCOMP', qos: 2, retain: true }],
      [3, { sent: false, awaits: 'PUBACK' }]
    ]
  )
})

t.test('14: whatever is opened, taken back, acknowledged and repeated, the room comes back', async () => {
  const act = fc.record({ name: fc.constantFrom('open' as const, 'undo' as const, 'end' as const, 'rewind' as const), which: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), acts => {
      const window = new Window(4, 4 * weightBytes(small))
      const open = new Map<number, 1 | 2>()
      for (const { name, which } of acts) {
        const qos = which % 2 === 0 ? 1 : 2
        if (name === 'rewind') window.rewind()
        else if (name === 'end') {
          const [id, qos] = [...open][which % Math.max(open.size, 1)] ?? [0, 1]
          if (qos === 2) window.received(id)
          assert.equal(window.finish(id, qos === 1 ? 'PUBACK' : 'PUBCOMP'), open.delete(id))
        } else {
          const id = window.open(small, qos, false)
          assert.equal(id === 0, open.size === 4)
          assert.ok(!open.has(id))
          if (id > 0 && name === 'undo') window.undo(id)
          else if (id > 0) open.set(id, qos)
        }
        assert.deepEqual(
          [...window.entries()].map(([id]) => id),
          [...open.keys()]
        )
      }
    })
  )
})
