/** The tree of subscriptions: it finds what a walk over all of them would find. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { QoS } from '../../src/mqtt/packet.ts'
import { matches } from '../../src/mqtt/topic.ts'
import { Tree } from '../../src/mqtt/tree.ts'
import { heldBytes } from '../fixtures/mqtt/held.ts'
import { filters, topics } from '../fixtures/mqtt/topics.ts'

/** The visits of a topic as sorted lines: a subscriber and its QoS. */
function visits(tree: Tree<string>, topic: string): string[] {
  const lines: string[] = []
  tree.match(topic, (subscriber, qos) => lines.push(`${subscriber} ${qos}`))
  return lines.sort()
}

const qos = fc.constantFrom<QoS>(0, 1, 2)
const acts = fc.array(fc.record({ on: fc.boolean(), filter: filters, subscriber: fc.constantFrom('x', 'y', 'z'), qos }), { maxLength: 40 })

t.test('[MQTT-3.8.4-3] it finds what a naive matcher finds, also after unsubscribing', async () => {
  fc.assert(
    fc.property(acts, fc.array(topics, { minLength: 1, maxLength: 8 }), (acts, topics) => {
      const tree = new Tree<string>()
      const model = new Map<string, { filter: string; subscriber: string; qos: QoS }>()
      for (const { on, filter, subscriber, qos } of acts) {
        if (on) tree.subscribe(filter, subscriber, qos)
        else tree.unsubscribe(filter, subscriber)
        if (on) model.set(`${subscriber} ${filter}`, { filter, subscriber, qos })
        else model.delete(`${subscriber} ${filter}`)
      }
      for (const topic of topics) {
        const expected = [...model.values()].filter(({ filter }) => matches(filter, topic))
        assert.deepEqual(visits(tree, topic), expected.map(({ subscriber, qos }) => `${subscriber} ${qos}`).sort(), topic)
      }
      for (const { filter, subscriber } of model.values()) tree.unsubscribe(filter, subscriber)
      for (const topic of topics) assert.deepEqual(visits(tree, topic), [])
    }),
    { numRuns: 500 }
  )
})

t.test('16: # and + at the root do not match $ topics, and $SYS/# works beside them', async t => {
  const tree = new Tree<string>()
  tree.subscribe('#', 'all', 0)
  tree.subscribe('+/uptime', 'plus', 0)
  t.strictSame(visits(tree, '$SYS/uptime'), [])
  tree.subscribe('$SYS/#', 'system', 1)
  t.strictSame(visits(tree, '$SYS/uptime'), ['system 1'])
  tree.unsubscribe('#', 'all')
  t.strictSame(visits(tree, '$SYS/uptime'), ['system 1'])
  t.strictSame(visits(tree, 'a/uptime'), ['plus 0'])
})

t.test('[MQTT-3.10.4-1] unsubscribing goes by the very filter', async t => {
  const tree = new Tree<string>()
  tree.subscribe('a/#', 'x', 1)
  for (const other of ['a', 'a/+', '#', 'a/#/b', 'A/#']) tree.unsubscribe(other, 'x')
  tree.unsubscribe('a/#', 'y')
  t.strictSame(visits(tree, 'a/b'), ['x 1'])
})

t.test('removing a branch leaves its neighbours and what it stood on', async t => {
  const tree = new Tree<string>()
  for (const filter of ['a', 'a/b', 'a/b/c', 'a/d']) tree.subscribe(filter, filter, 0)
  tree.unsubscribe('a/b/c', 'a/b/c')
  tree.unsubscribe('a/b', 'a/b')
  t.strictSame(visits(tree, 'a/b'), [])
  t.strictSame(visits(tree, 'a/d'), ['a/d 0'])
  t.strictSame(visits(tree, 'a'), ['a 0'])
})

t.test('25: deep topics under overlapping wildcards are walked once each', async t => {
  const tree = new Tree<string>()
  const depth = 64
  for (let wild = 0; wild < depth; wild++) {
    tree.subscribe(Array.from({ length: depth }, (_, index) => (index <= wild ? '+' : 'a')).join('/'), `${wild}`, 0)
  }
  t.equal(visits(tree, Array(depth).fill('a').join('/')).length, depth)
})

t.test('a node holds no more than its own level of the filter that made it', async t => {
  const tree = new Tree<string>()
  const tail = 'b'.repeat(14_000)
  const held = heldBytes(() => {
    for (let index = 0; index < 500; index++) {
      const level = `a level of its own ${index}`
      const filter = Buffer.from(`${level}/${tail}`).toString() // as it comes from a client
      tree.subscribe(filter, 'x', 0)
      tree.subscribe(level, 'y', 0)
      tree.unsubscribe(filter, 'x')
    }
  })
  t.strictSame(visits(tree, 'a level of its own 7'), ['y 0'])
  t.ok(held < 1_000_000, `${held} bytes`)
})
