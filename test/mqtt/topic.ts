/** Topic names and filters: what is well-formed, and what matches what. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { filterWeightBytes, matches, type TopicFault, topicFilterFault, topicNameFault } from '../../src/mqtt/topic.ts'

const deepest = Array(limits.topicLevelsMax).fill('a').join('/')
const abyss = '/'.repeat(65_535)

t.test('[MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] topic names', async t => {
  const table: readonly [name: string, fault: TopicFault | undefined][] = [
    ['a', undefined],
    ['/', undefined],
    ['a//b', undefined],
    [' a b ', undefined],
    ['$SYS/x', undefined],
    ['\ufeffa', undefined],
    [deepest, undefined],
    ['', 'empty'],
    ['a\0b', 'nul'],
    ['a/+', 'wildcard'],
    ['a#', 'wildcard'],
    [`${deepest}/a`, 'too-many-levels']
  ]
  for (const [name, fault] of table) t.equal(topicNameFault(name), fault, JSON.stringify(name))
})

t.test('[MQTT-4.7.1-2] [MQTT-4.7.1-3] topic filters', async t => {
  const table: readonly [filter: string, fault: TopicFault | undefined][] = [
    ['#', undefined],
    ['+', undefined],
    ['/+', undefined],
    ['+/+/#', undefined],
    ['a/+/b/#', undefined],
    ['$SYS/#', undefined],
    [deepest, undefined],
    ['', 'empty'],
    ['a\0', 'nul'],
    ['a#', 'wildcard'],
    ['#/a', 'wildcard'],
    ['a/#/b', 'wildcard'],
    ['##', 'wildcard'],
    ['a+', 'wildcard'],
    ['+a/b', 'wildcard'],
    ['++', 'wildcard'],
    [`${deepest}/#`, 'too-many-levels']
  ]
  for (const [filter, fault] of table) t.equal(topicFilterFault(filter), fault, JSON.stringify(filter))
})

t.test('25: a topic or a filter of 65,536 levels is refused, not walked', async t => {
  t.equal(topicNameFault(abyss), 'too-many-levels')
  t.equal(topicFilterFault(abyss), 'too-many-levels')
})

t.test('[MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT-3.3.2-3] what matches what', async t => {
  const table: readonly [filter: string, matching: readonly string[], others: readonly string[]][] = [
    ['a/b', ['a/b'], ['a', 'a/b/c', 'A/b', 'a/b/', '/a/b', 'a/b ']],
    ['a/#', ['a', 'a/', 'a/b', 'a/b/c'], ['b', 'ab', '/a']],
    ['#', ['a', '/', 'a/b', 'a/$b'], ['$SYS', '$SYS/a', '$']],
    ['+', ['a', 'a$'], ['a/b', '/', '$SYS']],
    ['+/b', ['a/b', '/b'], ['$SYS/b', 'b', 'a/b/c']],
    ['a/+', ['a/b', 'a/', 'a/$b'], ['a', 'a/b/c']],
    ['+/+', ['/', 'a/b'], ['a', '$a/b']],
    ['/+', ['/a', '/'], ['a', '//']],
    ['a/+/#', ['a/b', 'a/b/c/d'], ['a']],
    ['$SYS/#', ['$SYS', '$SYS/a/b'], ['SYS', '$SYS2']],
    ['$SYS/+', ['$SYS/a'], ['$SYS', '$SYS/a/b']],
    ['\u00e5', ['\u00e5'], ['a\u030a']]
  ]
  for (const [filter, matching, others] of table) {
    for (const topic of matching) t.ok(matches(filter, topic), `${filter} matches ${topic}`)
    for (const topic of others) t.notOk(matches(filter, topic), `${filter} does not match ${topic}`)
  }
})

t.test('a filter weighs its text, its levels and a round figure', async t => {
  t.equal(filterWeightBytes('a'), 2 + 256 + 128)
  t.equal(filterWeightBytes('+/bc/#'), 12 + 3 * 256 + 128)
})
