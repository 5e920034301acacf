/** Topic names and filters: what is well-formed, and what matches what (MQTT 5.0 sections 4.7 and 4.8). */
import { limits } from '../limits.ts'

/** Why a name or filter is refused; `undefined` when it is fine. */
export type TopicFault = 'empty' | 'nul' | 'wildcard' | 'share' | 'too-many-levels'

/** A filter, and the name of the group that shares its messages, which is empty when nobody does. */
export interface SharedFilter {
  readonly shareName: string
  readonly filter: string
}

const [nul, plus, hash, slash] = [0x00, 0x2b, 0x23, 0x2f]

/** Checks a topic name, as in PUBLISH and wills; in one go, for each message has one. [MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] */
export function topicNameFault(name: string): TopicFault | undefined {
  if (name === '') return 'empty'
  let levels = 1
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code === plus || code === hash) return 'wildcard'
    if (code === nul) return 'nul'
    if (code === slash) levels++
  }
  return levels > limits.topicLevelsMax ? 'too-many-levels' : undefined
}

/** Checks a topic filter: `#` stands alone and last, `+` fills its level, and a share has a name and a filter. [MQTT-4.7.1-2] [MQTT-4.8.2-1] */
export function topicFilterFault(filter: string): TopicFault | undefined {
  if (!isShared(filter)) return plainFilterFault(filter)
  const { shareName, filter: inner } = splitShared(filter)
  if (shareName === '' || /[+#]/.test(shareName) || inner === '') return 'share' // [MQTT-4.8.2-2]
  return plainFilterFault(inner)
}

/** Whether a filter is that of a shared subscription. */
export function isShared(filter: string): boolean {
  return filter.startsWith('$share/')
}

/** Takes `$share/NAME/FILTER` apart; another filter has no name. */
export function splitShared(filter: string): SharedFilter {
  if (!isShared(filter)) return { shareName: '', filter }
  const nameAt = '$share/'.length
  const slash = filter.indexOf('/', nameAt)
  if (slash < 0) return { shareName: filter.slice(nameAt), filter: '' }
  return { shareName: filter.slice(nameAt, slash), filter: filter.slice(slash + 1) }
}

/** Tells whether a filter matches a topic name; both must be well-formed, and the filter not shared. [MQTT-4.7.3-4] */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  // A wildcard at the root never matches a topic that begins with $. [MQTT-4.7.2-1]
  if (topic.startsWith('$') && (filter.startsWith('#') || filter.startsWith('+'))) return false
  let at = 0 // in the topic; past its end once its last level has matched
  for (let from = 0; from <= filter.length; ) {
    if (filter.charAt(from) === '#') return true
    if (at > topic.length) return false
    const end = endOfLevel(topic, at)
    const to = endOfLevel(filter, from)
    const isLike = filter.charAt(from) === '+' || (to - from === end - at && topic.startsWith(filter.slice(from, to), at))
    if (!isLike) return false
    at = end + 1
    from = to + 1
  }
  return at > topic.length
}

/** Whether there is a topic that two filters both match; they must be as for `matches`. */
export function meet(one: string, other: string): boolean {
  return isBesideServer(one, other) || isBesideServer(other, one) ? false : levelsMeet(one.split('/'), other.split('/'), 0)
}

/** Whether a filter matches all that another one does; of two that end in `#` it may say no where it could say yes. */
export function covers(wide: string, narrow: string): boolean {
  return !isBesideServer(wide, narrow) && levelsCover(wide.split('/'), narrow.split('/'), 0)
}

/** Whether one begins with a wildcard and the other is of the server's own topics, which that never matches. [MQTT-4.7.2-1] */
function isBesideServer(wild: string, own: string): boolean {
  return own.startsWith('$') && (wild.startsWith('#') || wild.startsWith('+'))
}

function levelsMeet(one: readonly string[], other: readonly string[], at: number): boolean {
  const [a, b] = [one[at], other[at]]
  if (a === '#' || b === '#') return true // it matches its parent too
  if (a === undefined || b === undefined) return a === b
  return (a === '+' || b === '+' || a === b) && levelsMeet(one, other, at + 1)
}

function levelsCover(wide: readonly string[], narrow: readonly string[], at: number): boolean {
  const [a, b] = [wide[at], narrow[at]]
  if (a === '#') return true
  if (a === undefined || b === undefined || b === '#') return a === b
  return (a === '+' || a === b) && levelsCover(wide, narrow, at + 1)
}

function endOfLevel(text: string, from: number): number {
  const slash = text.indexOf('/', from)
  return slash < 0 ? text.length : slash
}

/** Bytes that a filter weighs against its session's bound: its text, a node of the tree for each level, and a round figure for the rest. */
export function filterWeightBytes(filter: string): number {
  return filter.length * 2 + countLevels(filter) * 256 + 128
}

function plainFilterFault(filter: string): TopicFault | undefined {
  const levels = filter.split('/', limits.topicLevelsMax + 1)
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) return 'wildcard'
    if (level.includes('+') && level !== '+') return 'wildcard'
  }
  if (filter === '') return 'empty'
  if (filter.includes('\0')) return 'nul'
  return levels.length > limits.topicLevelsMax ? 'too-many-levels' : undefined
}

function countLevels(text: string): number {
  let levels = 1
  for (let at = text.indexOf('/'); at !== -1; at = text.indexOf('/', at + 1)) levels++
  return levels
}
