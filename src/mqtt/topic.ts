/** Topic names and filters: what is well-formed, and what matches what (MQTT 3.1.1 section 4.7). */
import { limits } from '../limits.ts'

/** Why a name or filter is refused; `undefined` when it is fine. */
export type TopicFault = 'empty' | 'nul' | 'wildcard' | 'too-many-levels'

/** Checks a topic name, as in PUBLISH and wills. [MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] */
export function topicNameFault(name: string): TopicFault | undefined {
  if (name.includes('+') || name.includes('#')) return 'wildcard'
  return commonFault(name)
}

/** Checks a topic filter: `#` stands alone and last, `+` fills its level. [MQTT-4.7.1-2] [MQTT-4.7.1-3] */
export function topicFilterFault(filter: string): TopicFault | undefined {
  const levels = filter.split('/', limits.topicLevelsMax + 1)
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) return 'wildcard'
    if (level.includes('+') && level !== '+') return 'wildcard'
  }
  return commonFault(filter)
}

/** Tells whether a filter matches a topic name; both must be well-formed. [MQTT-4.7.3-4] */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  const filterLevels = filter.split('/')
  const topicLevels = topic.split('/')
  // A wildcard at the root never matches a topic that begins with $. [MQTT-4.7.2-1]
  if (topic.startsWith('$') && (filterLevels[0] === '#' || filterLevels[0] === '+')) return false
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true
    if (index >= topicLevels.length || (level !== '+' && level !== topicLevels[index])) return false
  }
  return filterLevels.length === topicLevels.length
}

/** Bytes that a filter weighs against its session's bound: its text, a node of the tree for each level, and a round figure for the rest. */
export function filterWeightBytes(filter: string): number {
  return filter.length * 2 + countLevels(filter) * 256 + 128
}

function commonFault(text: string): TopicFault | undefined {
  if (text === '') return 'empty'
  if (text.includes('\0')) return 'nul'
  return countLevels(text) > limits.topicLevelsMax ? 'too-many-levels' : undefined
}

function countLevels(text: string): number {
  let levels = 1
  for (let at = text.indexOf('/'); at !== -1; at = text.indexOf('/', at + 1)) levels++
  return levels
}
