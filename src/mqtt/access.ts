/** Who may do what: for now everyone may do everything that stays within the bounds and out of the server's own topics. */
import { limits } from '../limits.ts'
import type { Session } from './session.ts'
import { filterWeightBytes, topicFilterFault, topicNameFault } from './topic.ts'

/** Whether a client may publish to a topic: topics that begin with `$` are the server's. */
export function mayPublish(topic: string): boolean {
  return topicNameFault(topic) === undefined && !topic.startsWith('$')
}

/** Whether a session may have a subscription, or have it once more. */
export function maySubscribe(session: Session, filter: string): boolean {
  if (topicFilterFault(filter) !== undefined) return false
  if (session.subscriptions.has(filter)) return true
  if (session.subscriptions.size >= limits.subscriptionsMax) return false
  return session.subscriptionBytes + filterWeightBytes(filter) <= limits.subscriptionBytesMax
}
