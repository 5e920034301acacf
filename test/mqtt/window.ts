/** The window of deliveries under way: packet ids, bounds, quota, and how an exchange ends. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { type Message, weightBytes } from '../../src/mqtt/packet.ts'
import { type Delivery, Window } from '../../src/mqtt/window.ts'
import { holds } from '../fixtures/io/property.ts'
import { largeMessage, message } from '../fixtures/mqtt/packets.ts'

const small = message('a=x', { qos: 1 })
const roomy = 1_000_000

/** A message goes out under the next id, if it fits. */
function open(window: Window, qos: 1 | 2 = 1, of: Message = small): Delivery | undefined {
  if (!window.fits(of)) return undefined
  const packetId = window.nextId()
  const rest = { retain: false, subscriptionIds: [], group: undefined, state: 'message', repeated: false, sent: true } as const
  const delivery = { order: packetId, packetId, message: of, qos, ...rest }
  window.add(delivery)
  return delivery
}

function openId(window: Window, qos: 1 | 2 = 1): number | undefined {
  return open(window, qos)?.packetId
}

/** The client acknowledges; answers whether that was awaited. */
function acknowledge(window: Window, packetId: number, packet: 'PUBACK' | 'PUBREC' | 'PUBCOMP'): boolean {
  const delivery = window.awaiting(packetId, packet)
  if (!delivery) return false
  if (packet === 'PUBREC') delivery.state = 'released'
  else window.finish(delivery)
  return true
}

t.test(
  '15: [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [3.1.1 MQTT-2.3.1-4] ids go up by one from 1, past no 65,535, and skip what is in use',
  async t => {
    const window = new Window(3, roomy)
    t.equal(openId(window), 1)
    t.equal(openId(window, 2), 2, 'these two stay in use')
    for (let id = 3; id <= 65_535; id++) {
      if (openId(window) !== id || !acknowledge(window, id, 'PUBACK')) throw new Error(`at ${id}`)
    }
    t.equal(openId(window), 3, 'behind 65,535 comes the next that is free')
    t.equal(window.length, 3)
  }
)

t.test('it knows whether all were sent on this connection', async t => {
  const window = new Window(3, roomy)
  t.ok(window.isAllSent)
  const first = open(window)
  t.ok(window.isAllSent)
  if (first) window.add({ ...first, order: 2, packetId: 2, sent: false })
  t.notOk(window.isAllSent)
})

t.test('an id that was not needed is the next one again', async t => {
  const window = new Window(3, roomy)
  t.equal(window.nextId(), 1)
  window.skipTo(0)
  t.equal(openId(window), 1)
  window.skipTo(65_534)
  t.strictSame([openId(window), openId(window)], [65_535, 2])
})

t.test('full in number or in bytes is an answer', async t => {
  const few = new Window(2, roomy)
  t.strictSame([openId(few), openId(few), openId(few)], [1, 2, undefined])
  acknowledge(few, 1, 'PUBACK')
  t.equal(openId(few), 3, 'room again')

  const light = new Window(99, 2 * weightBytes(small) + 1)
  t.strictSame([openId(light), openId(light), openId(light)], [1, 2, undefined])
  acknowledge(light, 2, 'PUBACK')
  t.equal(openId(light), 3, 'its bytes were given back')
})

t.test('the largest packet fits, whatever part of it is topic', async t => {
  const { packetBytesMax, inflightMax, inflightBytesMax } = limits
  for (const large of [largeMessage('a'.repeat(packetBytesMax), 0, 1), largeMessage('a', packetBytesMax, 1)]) {
    t.ok(open(new Window(inflightMax, inflightBytesMax), 1, large))
  }
})

t.test('[MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5] 14: an acknowledgement that is not awaited changes nothing', async t => {
  const window = new Window(9, roomy)
  for (const qos of [1, 2] as const) open(window, qos)
  t.notOk(window.awaiting(9, 'PUBACK'), 'an id that is not in use')
  t.notOk(window.awaiting(2, 'PUBACK'), 'PUBACK at QoS 2')
  t.notOk(window.awaiting(2, 'PUBCOMP'), 'PUBCOMP before PUBREC')
  t.notOk(window.awaiting(1, 'PUBCOMP'), 'PUBCOMP at QoS 1')
  t.notOk(window.awaiting(1, 'PUBREC'), 'PUBREC at QoS 1')
  t.notOk(window.awaiting(9, 'PUBREC'), 'PUBREC of an id that is not in use')
  t.strictSame(
    [1, 2, 9].map(id => window.isReleased(id)),
    [false, false, false]
  )
  t.equal(window.length, 2)
})

t.test('14: an acknowledgement that comes twice gives room once', async t => {
  const window = new Window(9, roomy)
  for (const qos of [1, 2] as const) open(window, qos)
  t.ok(acknowledge(window, 1, 'PUBACK'))
  t.notOk(acknowledge(window, 1, 'PUBACK'))
  t.ok(acknowledge(window, 2, 'PUBREC'))
  t.notOk(acknowledge(window, 2, 'PUBREC'))
  t.ok(window.isReleased(2), 'a PUBREC that comes twice can be told from a wrong one')
  t.ok(acknowledge(window, 2, 'PUBCOMP'))
  t.notOk(acknowledge(window, 2, 'PUBCOMP'))
  t.equal(window.length, 0)
})

t.test('[MQTT-4.4.0-1] [3.1.1 MQTT-4.6.0-1] after a rewind all is unsent, in the order in which it began', async t => {
  const window = new Window(9, roomy)
  for (const qos of [1, 2, 1] as const) open(window, qos)
  acknowledge(window, 2, 'PUBREC')
  const states = (): unknown[] => [...window.deliveries()].map(({ packetId, sent, repeated, state }) => [packetId, sent, repeated, state])
  t.strictSame(states(), [
    [1, true, false, 'message'],
    [2, true, false, 'released'],
    [3, true, false, 'message']
  ])
  window.rewind()
  t.strictSame(states(), [
    [1, false, true, 'message'],
    [2, false, true, 'released'],
    [3, false, true, 'message']
  ])
})

t.test(
  '[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] so many are on their way at once as the client asked for, anew on each connection',
  async t => {
    const window = new Window(9, roomy)
    t.ok(window.hasQuota, 'nothing was asked for')
    window.receiveMax = 2
    const quota = (act: () => unknown): boolean => {
      act()
      return window.hasQuota
    }
    t.ok(quota(() => open(window)))
    t.notOk(quota(() => open(window, 2)))
    t.notOk(
      quota(() => acknowledge(window, 2, 'PUBREC')),
      'until PUBCOMP'
    )
    t.ok(quota(() => acknowledge(window, 2, 'PUBCOMP')))
    t.notOk(quota(() => open(window)))
    t.ok(quota(() => window.rewind()))
    const [first, second] = [...window.deliveries()] as [Delivery, Delivery]
    t.ok(quota(() => window.begin(first)))
    t.ok(
      quota(() => window.finish(second)),
      'it was not sent again'
    )
    t.notOk(quota(() => open(window)))
    t.ok(quota(() => window.finish(first)))
  }
)

t.test('14: whatever is opened, acknowledged and repeated, the room and the quota come back', async t => {
  const act = fc.record({ name: fc.constantFrom('open' as const, 'release' as const, 'end' as const, 'rewind' as const), which: fc.nat(9) })
  const property = fc.property(fc.array(act, { maxLength: 80 }), acts => {
    const window = new Window(4, 4 * weightBytes(small))
    window.receiveMax = 2
    const model = new Map<number, Delivery>()
    for (const { name, which } of acts) {
      const delivery = [...model.values()][which % Math.max(model.size, 1)]
      if (name === 'rewind') window.rewind()
      else if (name === 'open') {
        const opened = open(window, which % 2 === 0 ? 1 : 2)
        assert.equal(opened === undefined, model.size === 4)
        assert.ok(!opened || !model.has(opened.packetId))
        if (opened) model.set(opened.packetId, opened)
      } else if (delivery && name === 'release') {
        const isAwaited = delivery.qos === 2 && delivery.state === 'message'
        assert.equal(acknowledge(window, delivery.packetId, 'PUBREC'), isAwaited)
      } else if (delivery) {
        acknowledge(window, delivery.packetId, 'PUBREC')
        assert.ok(acknowledge(window, delivery.packetId, delivery.qos === 1 ? 'PUBACK' : 'PUBCOMP'))
        model.delete(delivery.packetId)
      }
      assert.deepEqual([...window.deliveries()], [...model.values()])
      assert.equal(window.hasQuota, [...model.values()].filter(({ sent }) => sent).length < 2)
    }
  })
  holds(t, 300, property)
})
