/** Who may come in, and what each may do: within the bounds, out of the server's own topics, and as the rights have it. */
import { limits } from '../limits.ts'
import { type Connect, type ReasonCode, reasonCodes, type Subscription } from './packet.ts'
import { anyone, type Rights } from './rights.ts'
import type { Session } from './session.ts'
import { filterWeightBytes, splitShared, topicFilterFault, topicNameFault } from './topic.ts'

/** Who is behind a connection. */
export interface Who {
  /** `anyone`, `owner`, or a user's name. */
  readonly user: string
  /** By what that was shown; whoever comes after a change is asked anew if it is another now. */
  readonly proof: string
}

/** Who that is, or why it is refused. */
export type Verdict = Who | ReasonCode

/** Knows users, passwords and rights. */
export interface Authority {
  /** Says who sends a CONNECT; `later` when that takes a while, and then it calls back. What is in the packet is kept before it returns. */
  identify(packet: Connect, peer: string, tell: (verdict: Verdict) => void): Verdict | 'later'
  /** What a client of a user may do now; `undefined` is everything. */
  rightsOf(user: string, clientId: string): Rights | undefined
  /** Whether a user may have a session, which is this one's. */
  mayHave(user: string, whose: string): boolean
  /** Whether one who came in by a proof might do so still. */
  holds(who: Who): boolean
  /** Whether there is such a user still. */
  knows(user: string): boolean
}

/** Lets everyone do everything. */
export const openHouse: Authority = {
  identify: () => ({ user: anyone, proof: '' }),
  rightsOf: () => undefined,
  mayHave: () => true,
  holds: () => true,
  knows: () => true
}

/** Why a client may not publish to a topic, or `undefined`: topics that begin with `$` are the server's. */
export function publishRefusal(topic: string, rights?: Rights): ReasonCode | undefined {
  if (topicNameFault(topic) !== undefined) return reasonCodes.topicNameInvalid
  return topic.startsWith('$') || rights?.mayWrite(topic) === false ? reasonCodes.notAuthorized : undefined
}

/** Why a session may not have a subscription, or have it with other options; or `undefined`. */
export function subscribeRefusal(session: Session, { filter }: Subscription): ReasonCode | undefined {
  if (topicFilterFault(filter) !== undefined) return reasonCodes.topicFilterInvalid
  if (session.rights && !maySubscribe(session.rights, filter)) return reasonCodes.notAuthorized
  if (session.subscriptions.has(filter)) return undefined
  const fits =
    session.subscriptions.size < limits.subscriptionsMax &&
    session.subscriptionBytes + filterWeightBytes(filter) <= limits.subscriptionBytesMax
  return fits ? undefined : reasonCodes.quotaExceeded
}

function maySubscribe(rights: Rights, sharedFilter: string): boolean {
  const { shareName, filter } = splitShared(sharedFilter)
  return (shareName === '' || rights.mayShare) && rights.mayReadSome(filter)
}
