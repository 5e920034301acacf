/** The tree of subscriptions: it finds what a walk over all of them would find. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { QoS } from '../../src/mqtt/packet.ts'
import { isShared, matches, splitShared } from '../../src/mqtt/topic.ts'
import { type Group, Tree } from '../../src/mqtt/tree.ts'
import { holds } from '../fixtures/io/property.ts'
import { heldBytes } from '../fixtures/mqtt/held.ts'
import { optionsOf } from '../fixtures/mqtt/packets.ts'
import { filters, topics } from '../fixtures/mqtt/topics.ts'

/** The visits of a topic as sorted lines: a subscriber, its share and its QoS. */
function visits(tree: Tree<string>, topic: string): string[] {
  const lines: string[] = []
  tree.match(topic, {
    subscriber: ({ subscriber, options }) => lines.push(`${subscriber} ${options.qos}`),
    group: ({ members }) => lines.push(`group ${members.map(({ subscriber, options }) => `${subscriber} ${options.qos}`).join(', ')}`)
  })
  return lines.sort()
}

const qos = fc.constantFrom<QoS>(0, 1, 2)
const share = fc.constantFrom('', '', '$share/g/', '$share/h/')
const sharedFilters = fc.tuple(share, filters).map(([share, filter]) => share + filter)
const subscribers = fc.constantFrom('x', 'y', 'z')
const acts = fc.array(fc.record({ on: fc.boolean(), filter: sharedFilters, subscriber: subscribers, qos }), { maxLength: 40 })

/** By filter, with its share: its subscribers in the order in which they came. */
type Subscriptions = Map<string, Map<string, QoS>>

/** What a walk over all subscriptions finds. */
function visitsOf(model: Subscriptions, topic: string): string[] {
  const lines = [...model].flatMap(([filter, subscribers]) => {
    if (!matches(splitShared(filter).filter, topic) || subscribers.size === 0) return []
    const each = [...subscribers].map(([subscriber, qos]) => `${subscriber} ${qos}`)
    return isShared(filter) ? [`group ${each.join(', ')}`] : each
  })
  return lines.sort()
}

t.test('[MQTT-3.8.4-3] [3.1.1 MQTT-3.8.4-3] it finds what a naive matcher finds, also after unsubscribing', async t => {
  const property = fc.property(acts, fc.array(topics, { minLength: 1, maxLength: 8 }), (acts, topics) => {
    const tree = new Tree<string>()
    const model: Subscriptions = new Map()
    for (const { on, filter, subscriber, qos } of acts) {
      if (on) tree.subscribe(filter, subscriber, optionsOf(qos))
      else tree.unsubscribe(filter, subscriber)
      const subscribers = model.get(filter) ?? new Map<string, QoS>()
      if (on) subscribers.set(subscriber, qos)
      else subscribers.delete(subscriber)
      model.set(filter, subscribers)
    }
    for (const topic of topics) assert.deepEqual(visits(tree, topic), visitsOf(model, topic), topic)
    for (const [filter, subscribers] of model) for (const subscriber of subscribers.keys()) tree.unsubscribe(filter, subscriber)
    for (const topic of topics) assert.deepEqual(visits(tree, topic), [])
  })
  holds(t, 500, property)
})

t.test('16: [MQTT-4.7.2-1] [3.1.1 MQTT-4.7.2-1] # and + at the root do not match $ topics, and $SYS/# works beside them', async t => {
  const tree = new Tree<string>()
  tree.subscribe('#', 'all', optionsOf(0))
  tree.subscribe('+/uptime', 'plus', optionsOf(0))
  t.strictSame(visits(tree, '$SYS/uptime'), [])
  tree.subscribe('$SYS/#', 'system', optionsOf(1))
  t.strictSame(visits(tree, '$SYS/uptime'), ['system 1'])
  tree.unsubscribe('#', 'all')
  t.strictSame(visits(tree, '$SYS/uptime'), ['system 1'])
  t.strictSame(visits(tree, 'a/uptime'), ['plus 0'])
})

t.test('[MQTT-3.10.4-1] [3.1.1 MQTT-3.10.4-1] unsubscribing goes by the very filter', async t => {
  const tree = new Tree<string>()
  tree.subscribe('a/#', 'x', optionsOf(1))
  for (const other of ['a', 'a/+', '#', 'a/#/b', 'A/#']) tree.unsubscribe(other, 'x')
  tree.unsubscribe('a/#', 'y')
  t.strictSame(visits(tree, 'a/b'), ['x 1'])
})

t.test('a group takes turns from its first member on, and begins anew when its last has gone', async t => {
  const tree = new Tree<string>()
  const groups: Group<string>[] = []
  const take = (): void => tree.match('a', { subscriber: () => t.fail('nobody is alone'), group: group => groups.push(group) })
  for (const subscriber of ['x', 'y']) tree.subscribe('$share/g/a', subscriber, optionsOf(1))
  take()
  if (groups[0]) groups[0].next = 2
  tree.unsubscribe('$share/h/a', 'x')
  tree.unsubscribe('$share/g/a', 'z')
  tree.unsubscribe('a', 'x')
  t.strictSame(visits(tree, 'a'), ['group x 1, y 1'], 'no other share, member or filter was meant')
  for (const subscriber of ['x', 'y']) tree.unsubscribe('$share/g/a', subscriber)
  tree.subscribe('$share/g/a', 'z', optionsOf(2))
  take()
  t.strictSame(
    groups.map(({ next }) => next),
    [2, 0]
  )
  t.not(groups[0], groups[1])
})

t.test('removing a branch leaves its neighbours and what it stood on', async t => {
  const tree = new Tree<string>()
  for (const filter of ['a', 'a/b', 'a/b/c', 'a/d']) tree.subscribe(filter, filter, optionsOf(0))
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
    tree.subscribe(Array.from({ length: depth }, (_, index) => (index <= wild ? '+' : 'a')).join('/'), `${wild}`, optionsOf(0))
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
      tree.subscribe(filter, 'x', optionsOf(0))
      tree.subscribe(level, 'y', optionsOf(0))
      tree.unsubscribe(filter, 'x')
    }
  })
  t.strictSame(visits(tree, 'a level of its own 7'), ['y 0'])
  t.ok(held < 1_000_000, `${held} bytes`)
})
