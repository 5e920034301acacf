/** Topic names and filters: what is well-formed, and what matches what. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import {
  covers,
  filterWeightBytes,
  isShared,
  matches,
  meet,
  splitShared,
  type TopicFault,
  topicFilterFault,
  topicNameFault
} from '../../src/mqtt/topic.ts'

const deepest = Array(limits.topicLevelsMax).fill('a').join('/')
const abyss = '/'.repeat(65_535)

t.test(
  '[MQTT-4.7.0-1] [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [3.1.1 MQTT-4.7.1-1] [3.1.1 MQTT-3.3.2-2] [3.1.1 MQTT-4.7.3-1] topic names',
  async t => {
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
  }
)

t.test('[MQTT-4.7.1-1] [MQTT-4.7.1-2] [3.1.1 MQTT-4.7.1-2] [3.1.1 MQTT-4.7.1-3] [3.1.1 MQTT-4.7.3-2] topic filters', async t => {
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
    [`${deepest}/#`, 'too-many-levels'],
    ['$share', undefined]
  ]
  for (const [filter, fault] of table) t.equal(topicFilterFault(filter), fault, JSON.stringify(filter))
})

t.test('[MQTT-4.8.2-1] [MQTT-4.8.2-2] filters of shared subscriptions', async t => {
  const table: readonly [filter: string, fault: TopicFault | undefined][] = [
    ['$share/g/a', undefined],
    ['$share/g//', undefined],
    ['$share/g/#', undefined],
    ['$share/$/+/$share', undefined],
    [`$share/g/${deepest}`, undefined],
    ['$share/', 'share'],
    ['$share/g', 'share'],
    ['$share/g/', 'share'],
    ['$share//a', 'share'],
    ['$share/+/a', 'share'],
    ['$share/g#/a', 'share'],
    ['$share/g/a#', 'wildcard'],
    ['$share/g/a\0', 'nul'],
    [`$share/g/${deepest}/a`, 'too-many-levels']
  ]
  for (const [filter, fault] of table) t.equal(topicFilterFault(filter), fault, JSON.stringify(filter))
})

t.test('a shared filter is taken apart, others have no share name', async t => {
  t.strictSame(splitShared('$share/g/a/b'), { shareName: 'g', filter: 'a/b' })
  t.strictSame(splitShared('$share/g'), { shareName: 'g', filter: '' })
  t.strictSame(splitShared('a/$share/b'), { shareName: '', filter: 'a/$share/b' })
  t.strictSame(['$share/g/a', '$share', '$shared/g/a', 'a'].map(isShared), [true, false, false, false])
})

t.test('25: a topic or a filter of 65,536 levels is refused, not walked', async t => {
  t.equal(topicNameFault(abyss), 'too-many-levels')
  t.equal(topicFilterFault(abyss), 'too-many-levels')
})

t.test('[MQTT-4.7.2-1] [MQTT-4.7.3-4] [3.1.1 MQTT-4.7.2-1] [3.1.1 MQTT-4.7.3-4] what matches what', async t => {
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

t.test('which filters meet, and which cover others', async t => {
  const table: readonly [one: string, other: string, meet: boolean, covers: boolean, isCovered: boolean][] = [
    ['a', 'a', true, true, true],
    ['a', 'b', false, false, false],
    ['a', 'a/b', false, false, false],
    ['a/#', 'a', true, true, false],
    ['a/#', 'a/b/+', true, true, false],
    ['a/#', 'a/+/#', true, true, false],
    ['a/#', 'b/#', false, false, false],
    ['a/+', '+/b', true, false, false],
    ['a/+', 'a', false, false, false],
    ['a/+', 'a/#', true, false, true],
    ['+', '#', true, false, true],
    ['#', '$SYS/#', false, false, false],
    ['+/a', '$SYS/a', false, false, false],
    ['$SYS/#', '$SYS/+', true, true, false],
    ['#', '#', true, true, true]
  ]
  for (const [one, other, isMeeting, isWide, isNarrow] of table) {
    t.equal(meet(one, other), isMeeting, `${one} and ${other}`)
    t.equal(meet(other, one), isMeeting, `${other} and ${one}`)
    t.equal(covers(one, other), isWide, `${one} covers ${other}`)
    t.equal(covers(other, one), isNarrow, `${other} covers ${one}`)
  }
})

t.test('a filter weighs its text, its levels and a round figure', async t => {
  t.equal(filterWeightBytes('a'), 2 + 256 + 128)
  t.equal(filterWeightBytes('+/bc/#'), 12 + 3 * 256 + 128)
})
