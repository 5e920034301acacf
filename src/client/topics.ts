/** Topic names and topic filters: which are valid, and which match. */

/** True for a topic that a message may carry: not empty, no wildcard, no NUL. */
export function isTopicName(topic: string): boolean {
  return topic !== '' && !/[+#\0]/.test(topic)
}

/** True for a topic filter whose wildcards stand alone in their levels, `#` only in the last; `$share/NAME/` may stand before it. */
export function isTopicFilter(filter: string): boolean {
  const own = ownFilter(filter)
  const levels = own.split('/')
  return (
    own !== '' &&
    !filter.includes('\0') &&
    (own !== filter || !isShared(filter)) &&
    levels.every((level, index) => level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level))
  )
}

/** True for the filter of a shared subscription. */
export function isShared(filter: string): boolean {
  return filter.startsWith('$share/')
}

/** True if a message of this topic is for this filter. */
export function matches(filter: string, topic: string): boolean {
  const levels = ownFilter(filter).split('/')
  const names = topic.split('/')
  if (topic.startsWith('$') && /^[+#]/.test(levels[0] ?? '')) return false // [MQTT-4.7.2-1]
  for (const [index, level] of levels.entries()) {
    if (level === '#') return true
    if (index >= names.length || (level !== '+' && level !== names[index])) return false
  }
  return levels.length === names.length
}

/** A shared subscription's filter without `$share/NAME/`. */
function ownFilter(filter: string): string {
  return filter.replace(/^\$share\/[^/+#]+\//, '')
}
