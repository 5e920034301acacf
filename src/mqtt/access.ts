/** Who may do what: for now everyone may do everything that stays within the bounds and out of the server's own topics. */
import { limits } from '../limits.ts'
import { type ReasonCode, reasonCodes, type Subscription } from './packet.ts'
import type { Session } from './session.ts'
import { filterWeightBytes, topicFilterFault, topicNameFault } from './topic.ts'

/** Why a client may not publish to a topic, or `undefined`: topics that begin with `$` are the server's. */
export function publishRefusal(topic: string): ReasonCode | undefined {
  if (topicNameFault(topic) !== undefined) return reasonCodes.topicNameInvalid
  return topic.startsWith('$') ? reasonCodes.notAuthorized : undefined
}

/** Why a session may not have a subscription, or have it with other options; or `undefined`. */
export function subscribeRefusal(session: Session, { filter }: Subscription): ReasonCode | undefined {
  if (topicFilterFault(filter) !== undefined) return reasonCodes.topicFilterInvalid
  if (session.subscriptions.has(filter)) return undefined
  const fits =
    session.subscriptions.size < limits.subscriptionsMax &&
    session.subscriptionBytes + filterWeightBytes(filter) <= limits.subscriptionBytesMax
  return fits ? undefined : reasonCodes.quotaExceeded
}
