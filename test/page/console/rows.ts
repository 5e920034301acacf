/** The rows of the tree: folded, unfolded, and searched. */

import fc from 'fast-check'
import t from 'tap'
import { rowsOf } from '../../../src/page/console/rows.ts'
import { TopicTree } from '../../../src/page/console/tree.ts'
import { holds } from '../../fixtures/io/property.ts'

const utf8 = new TextEncoder()

function treeOf(topics: readonly (readonly [topic: string, payload: string])[]): TopicTree {
  const tree = new TopicTree()
  for (const [topic, payload] of topics) tree.hear({ topic, payload: utf8.encode(payload), qos: 0, retain: false, dup: false }, 0)
  return tree
}

const seen = (tree: TopicTree, folds: readonly string[] = [], search = '') =>
  rowsOf(tree, new Set(folds), search).map(
    ({ label, depth, open }) => `${'  '.repeat(depth)}${label}${open === undefined ? '' : open ? ' -' : ' +'}`
  )

const house = treeOf([
  ['house/0/state', '{"watts":918}'],
  ['house/0/energy/state', '12'],
  ['house/1/state', '40'],
  ['house/1/a/b/c/d', '5'],
  ['garden/tap/state', 'shut'],
  ['/slash', '1']
])

t.test('levels that hold a single one stand in its row, deep branches are folded', async t => {
  t.strictSame(seen(house), [
    '/slash',
    'garden/tap/state',
    'house -',
    '  0 -',
    '    energy/state',
    '    state',
    '  1 -',
    '    a/b/c/d',
    '    state'
  ])
  const deep = treeOf(['a/b/c/1', 'a/b/c/2', 'a/x', 'a/b/y'].map(topic => [topic, '']))
  t.strictSame(seen(deep), ['a -', '  b -', '    c +', '    y', '  x'])
  t.strictSame(seen(deep, ['a/b/c', 'nowhere']), ['a -', '  b -', '    c -', '      1', '      2', '    y', '  x'])
  t.strictSame(seen(deep, ['a']), ['a +'])
})

t.test('a level that had a message has a row of its own', async t => {
  t.strictSame(
    seen(
      treeOf([
        ['a', '1'],
        ['a/b', '2']
      ])
    ),
    ['a -', '  b']
  )
})

t.test('a search is by topic and by value, in any case, and unfolds', async t => {
  t.strictSame(seen(house, ['house'], 'ENERGY'), ['house -', '  0 -', '    energy/state'])
  t.strictSame(seen(house, [], 'shut'), ['garden/tap/state'])
  t.strictSame(seen(house, [], 'no such thing'), [])
})

t.test('each topic is in one row, when all is unfolded', async t => {
  const topic = fc.array(fc.constantFrom('', 'a', 'b', 'c'), { minLength: 1, maxLength: 5 }).map(levels => levels.join('/'))
  holds(
    t,
    200,
    fc.property(fc.array(topic, { maxLength: 40 }), topics => {
      const tree = treeOf(topics.map(topic => [topic, 'found']))
      const rows = rowsOf(tree, new Set(), 'found').filter(({ node }) => node.count > 0)
      return rows.length === new Set(topics).size && new Set(rows.map(({ node }) => node.topic)).size === rows.length
    })
  )
})
