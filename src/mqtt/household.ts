/** What the broker's sessions and connections share: what is counted, what is kept, and the time. */
import type { Counters } from '../memory/counters.ts'
import type { Keeper } from './keeper.ts'
import { closeReasons } from './outbox.ts'
import type { MonotonicClock } from './packet.ts'

/** What the broker counts. */
export const brokerCounters = [
  'messages-published',
  'deliveries-sent', // QoS 0 that went out
  'deliveries-queued', // QoS 1 and 2, on their way
  'deliveries-dropped', // QoS 0 to a slow or absent client, QoS 1 and 2 past a session's bound
  'deliveries-expired', // their Message Expiry Interval had passed before they could begin
  'deliveries-too-large', // longer than the client takes
  'deliveries-withheld', // to a session that may not read them, be it QoS 0, 1 or 2
  'connect-unauthorized', // a wrong password, an unknown user, or no name where one is needed
  'connect-hasty', // after too many wrong passwords of its address
  'connect-forbidden', // a session of another user, or a will that may not be published
  'publish-refused', // a topic that the client may not publish to
  'publishers-slowed', // times that a publisher had to wait for a subscriber or the disk
  'subscribe-refused', // a filter that is ill-formed, past a session's bounds, or of nothing that may be read
  'retained-refused', // a retained message past the bounds
  'retained-expired',
  'retained-unsaved', // a retained message at QoS 0 that the disk has no room for
  'unexpected-acknowledgement', // for a packet id that was not in flight
  'wills-published',
  'wills-withheld', // that may not be published any more
  'sessions-cleaned',
  'sessions-expired', // the client did not come back in time
  'sessions-revoked', // their user is gone
  'sessions-displaced', // the longest away made room for a new one
  'restored-dropped', // kept by an earlier run, and past a bound of this one
  ...closeReasons.map(reason => `closed-${reason}` as const)
] as const
export type BrokerCounter = (typeof brokerCounters)[number]

/** Handed to each session. */
export interface Household extends MonotonicClock {
  readonly counters: Counters<BrokerCounter>
  readonly keeper: Keeper
}
