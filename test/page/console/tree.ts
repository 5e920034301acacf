/** The tree of topics: what it keeps, what it counts, and that nothing makes it grow past its bounds. */

import fc from 'fast-check'
import t from 'tap'
import type { Message } from '../../../src/client/client.ts'
import { type TopicNode, TopicTree } from '../../../src/page/console/tree.ts'
import { holds } from '../../fixtures/io/property.ts'

const utf8 = new TextEncoder()
const heard = (topic: string, payload: string | Uint8Array, retain = false) => ({
  topic,
  payload: typeof payload === 'string' ? utf8.encode(payload) : payload,
  qos: 0 as const,
  retain,
  dup: false
})

const bytesMax = 16 * 1_048_576
const nodesMax = 2_000

function* below(node: TopicNode): Generator<TopicNode> {
  for (const child of node.children) {
    yield child
    yield* below(child)
  }
}

t.test('by hand', async t => {
  const tree = new TopicTree()
  tree.hear(heard('a/b', '1'), 1_000)
  tree.hear(heard('a/c', '2', true), 2_000)
  tree.hear(heard('a', '3'), 3_000)
  const [a, b, c] = ['a', 'a/b', 'a/c'].map(topic => tree.find(topic))
  t.match([a?.count, a?.countBelow, a?.lastMs], [1, 3, 3_000])
  t.match([b?.count, b?.countBelow, b?.lastMs, b?.retained], [1, 1, 1_000, false])
  t.equal(c?.retained, true)
  t.strictSame(a?.children, [b, c])
  t.equal(tree.root.countBelow, 3)
  t.equal(tree.find('b'), undefined)
  t.equal(tree.root.rate.perSecond(3_000), 0.3)
})

t.test('a payload is copied: it may be a view of something larger', async t => {
  const tree = new TopicTree()
  const bytes = utf8.encode('before')
  tree.hear(heard('a', bytes), 0)
  bytes.fill(0)
  t.equal(new TextDecoder().decode(tree.find('a')?.messages[0]?.payload), 'before')
})

t.test('whether the broker keeps a message', async t => {
  const tree = new TopicTree()
  const steps: [payload: string, retain: boolean, kept: boolean][] = [
    ['1', false, false],
    ['2', true, true],
    ['3', false, true],
    ['', false, false],
    ['4', true, true],
    ['', true, false]
  ]
  for (const [payload, retain, kept] of steps) {
    tree.hear(heard('a', payload, retain), 0)
    t.equal(tree.find('a')?.retained, kept, `after '${payload}'${retain ? ' retained' : ''}`)
  }
})

t.test('levels are in the order in which people count', async t => {
  const tree = new TopicTree()
  for (const topic of ['10', '9', 'b', 'A', 'a', '']) tree.hear(heard(topic, ''), 0)
  t.strictSame(
    tree.root.children.map(({ name }) => name),
    ['', '9', '10', 'a', 'A', 'b']
  )
})

t.test('a topic with thousands of levels', async t => {
  const tree = new TopicTree()
  const topic = '/'.repeat(30_000)
  tree.hear(heard(topic, '1'), 0)
  tree.hear(heard(`${topic}x`, '2'), 0)
  t.equal(tree.find(topic)?.count, 1)
  t.equal(tree.find(`${topic}x`)?.count, 1)
  t.ok([...below(tree.root)].length < 30, 'has few nodes')
})

t.test('more topics than there is room for', async t => {
  const tree = new TopicTree()
  for (let index = 0; index < nodesMax + 50; index += 1) tree.hear(heard(`t${index}`, '1'), index)
  t.equal([...tree.topics()].length, nodesMax)
  t.equal(tree.dropped.unplaced, 50)
  tree.hear(heard('t7', '2'), nodesMax + 50)
  t.equal(tree.find('t7')?.count, 2, 'those that are known go on')
})

t.test('more bytes than there is room for', async t => {
  const tree = new TopicTree()
  const large = new Uint8Array(200_000)
  for (let index = 0; index < 40; index += 1) tree.hear(heard(`small/${index}`, 'x'), index)
  for (let index = 0; index < 1_000; index += 1) {
    tree.hear(heard(`large/${index % 70}`, large), 100 + index)
    if (tree.bytes > bytesMax) t.fail(`${tree.bytes} bytes`)
  }
  t.ok(tree.dropped.forgotten > 800, `${tree.dropped.forgotten} forgotten`)
  t.ok((tree.find('large/19')?.messages.length ?? 0) > 0, 'what came last is there')
  t.equal(tree.find('small/3')?.count, 1, 'what is forgotten is still counted')
})

t.test('empty messages with large properties', async t => {
  const tree = new TopicTree()
  const texts = (length: number) => ({ contentType: 'x'.repeat(length), responseTopic: 'y'.repeat(length) })
  const large: Message['properties'][] = [
    { userProperties: [['k', 'x'.repeat(60_000)]] },
    { userProperties: Array.from({ length: 13_000 }, () => ['', ''] as const) },
    { correlationData: new Uint8Array(60_000) },
    { subscriptionIdentifiers: Array.from({ length: 60_000 }, () => 1) },
    texts(60_000)
  ]
  for (const properties of large) {
    const before = tree.bytes
    tree.hear({ ...heard('a', ''), ...(properties && { properties }) }, 0)
    t.ok(tree.bytes - before >= 60_000, 'are counted')
  }
  for (let index = 0; index < 3_000; index += 1) {
    tree.hear({ ...heard(`a/${index % 30}`, ''), ...(large[0] && { properties: large[0] }) }, index)
    if (tree.bytes > bytesMax) t.fail(`${tree.bytes} bytes`)
  }
  t.ok(tree.dropped.forgotten > 2_000, `${tree.dropped.forgotten} forgotten`)
  t.equal(tree.find('a/29')?.messages[0]?.properties?.userProperties?.[0]?.[1].length, 60_000)
})

t.test('topics as long as MQTT has them', async t => {
  const tree = new TopicTree()
  for (let index = 0; index < 100; index += 1) tree.hear(heard(`${'x'.repeat(65_000)}/${index}`, ''), index)
  for (let index = 0; index < 100; index += 1) tree.hear(heard(`${index}${'y'.repeat(65_000)}/${'z/'.repeat(30)}`, ''), index)
  const characters = [...below(tree.root)].reduce((sum, { topic }) => sum + topic.length, 0)
  t.ok(characters <= 2 * 1_048_576, `${characters} characters`)
  t.ok(tree.dropped.unplaced >= 150, `${tree.dropped.unplaced} have no place`)
  tree.hear(heard('short', ''), 0)
  t.ok(tree.find('short'), 'short ones still have theirs')
})

t.test('a topic that speaks without end', async t => {
  const tree = new TopicTree()
  for (let index = 0; index < 1_000; index += 1) tree.hear(heard('a', String(index)), index)
  const texts = tree.find('a')?.messages.map(({ payload }) => new TextDecoder().decode(payload)) ?? []
  t.equal(texts.length, 100)
  t.equal(texts[0], '900')
  t.equal(texts[99], '999')
  t.equal(tree.dropped.forgotten, 0, 'a full history is no loss to be told of')
})

t.test('whatever comes, the sums are right and the tree is one', async t => {
  const level = fc.constantFrom('', 'a', 'b', 'é', '10', '9')
  const topic = fc.array(level, { minLength: 1, maxLength: 30 }).map(levels => levels.join('/'))
  const message = fc.record({ topic, length: fc.oneof(fc.nat(20), fc.nat(200_000)), retain: fc.boolean(), gap: fc.nat(2_000) })
  holds(
    t,
    200,
    fc.property(fc.array(message, { maxLength: 200 }), messages => {
      const tree = new TopicTree()
      const counts = new Map<string, number>()
      let atMs = 0
      for (const { topic, length, retain, gap } of messages) {
        atMs += gap
        tree.hear(heard(topic, new Uint8Array(length), retain), atMs)
        counts.set(topic, (counts.get(topic) ?? 0) + 1)
      }
      const nodes = [...below(tree.root)]
      const kept = nodes.flatMap(node => node.messages)
      return (
        nodes.every(node => tree.find(node.topic) === node && node.count === (counts.get(node.topic) ?? 0)) &&
        nodes.every(node => node.countBelow === node.count + node.children.reduce((sum, child) => sum + child.countBelow, 0)) &&
        [...counts].every(([topic]) => tree.find(topic)) &&
        tree.root.countBelow === messages.length &&
        tree.bytes === kept.reduce((sum, { costBytes }) => sum + costBytes, 0) &&
        tree.bytes <= bytesMax
      )
    })
  )
})
