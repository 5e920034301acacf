/** Bursts: in order, as far as each may go, and none holds up another but for want of room. */
import t from 'tap'
import { Bursts, type BurstsOwner } from '../../src/mqtt/bursts.ts'
import type { SubscriptionOptions } from '../../src/mqtt/packet.ts'
import { Retained } from '../../src/mqtt/retained.ts'
import { message } from '../fixtures/mqtt/packets.ts'

const options: SubscriptionOptions = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 }

/** Some retained messages, and bursts of them that go as far as the rest allows. */
class Rig {
  readonly bursts = new Bursts()
  readonly retained = new Retained()
  room = Number.POSITIVE_INFINITY
  hidden = ''
  waiting = ''
  isWindowFull = false

  constructor(...texts: readonly string[]) {
    for (const text of texts) this.retained.store(message(text, { qos: 1, retain: true }), false)
  }

  begin(filter: string, changes: Partial<SubscriptionOptions> = {}): void {
    this.bursts.begin(filter, this.retained.matching(filter), { ...options, ...changes })
  }

  /** What went out, and whether that was all. */
  drain(): readonly (string | boolean)[] {
    const sent: string[] = []
    const owner: BurstsOwner = {
      mayRead: topic => topic !== this.hidden,
      awaits: topic => topic === this.waiting,
      post: ({ topic }, qos, { identifier }) => {
        if (qos > 0 && this.isWindowFull) return 'window-full'
        if (sent.length >= this.room) return 'full'
        sent.push(`${topic} q${qos} for ${identifier}`)
        return topic === 'long' ? 'too-large' : 'sent'
      }
    }
    const isAll = this.bursts.drain(owner, 0)
    return [...sent, isAll]
  }
}

t.test('each goes out in order, at the lower QoS and with its own identifier', async t => {
  const rig = new Rig('a=1', 'b=1')
  rig.begin('#')
  rig.begin('b', { qos: 0, identifier: 7 })
  t.strictSame(rig.drain(), ['a q1 for 0', 'b q1 for 0', 'b q0 for 7', true])
  t.strictSame(rig.drain(), [true])
})

t.test('without room all wait, and go on where they were', async t => {
  const rig = new Rig('a=1', 'b=1', 'c=1')
  rig.begin('#')
  rig.begin('c')
  rig.room = 2
  t.strictSame(rig.drain(), ['a q1 for 0', 'b q1 for 0', false])
  t.strictSame(rig.drain(), ['c q1 for 0', 'c q1 for 0', true])
})

t.test('one that waits for the window, or behind what waits of its topic, lets the others go on', async t => {
  const rig = new Rig('a=1', 'b=1')
  rig.begin('a')
  rig.begin('+', { qos: 0 })
  rig.isWindowFull = true
  rig.waiting = 'b'
  t.strictSame(rig.drain(), ['a q0 for 0', false])
  rig.waiting = ''
  t.strictSame(rig.drain(), ['b q0 for 0', false])
  rig.isWindowFull = false
  t.strictSame(rig.drain(), ['a q1 for 0', true])
})

t.test('what its client may not have, or is too long for it, is left out', async t => {
  const rig = new Rig('a=1', 'long=1', 'secret=1', 'z=1')
  rig.hidden = 'secret'
  rig.begin('#')
  t.strictSame(rig.drain(), ['a q1 for 0', 'long q1 for 0', 'z q1 for 0', true])
})

t.test('[MQTT-3.3.1-9] [MQTT-3.10.4-2] the same filter begins anew, and one that ends sends no more', async t => {
  const rig = new Rig('a=1', 'b=1')
  rig.room = 1
  rig.begin('#')
  t.strictSame(rig.drain(), ['a q1 for 0', false])
  rig.begin('#')
  t.strictSame(rig.drain(), ['a q1 for 0', false])
  rig.bursts.end('#')
  t.strictSame(rig.drain(), [true])
})
