/** The memory budget: every owner's share added up, and the relations between bounds, asserted when this loads. */
import { limits } from './limits.ts'

/** Slabs of the pool, by adding up who may hold them. */
export const poolSlabs =
  (limits.clientsMax + limits.strangersMax) * slabsFor(2 * (limits.outboxBytesMax + limits.outboxRepliesBytesMax)) + // what waits to be written: slabs at least half full
  (limits.clientsMax + limits.strangersMax) * slabsFor(limits.packetBytesMax) + // packets half received
  limits.encoderSlabs

/** Most memory that clients and meters can make the process hold, in bytes, by owner. Node itself comes beside it. */
export const budgetBytes = {
  pool: poolSlabs * limits.slabBytes,
  queues: limits.sessionsMax * (limits.queueBytesMax + limits.inflightBytesMax),
  subscriptions: limits.sessionsMax * limits.subscriptionBytesMax,
  wills: limits.clientsMax * largestMessageBytes(limits),
  retained: limits.retainedBytesMax,
  webSocketMessages: (limits.clientsMax + limits.strangersMax) * limits.webSocketMessageBytesMax,
  answers: limits.requestsMax * limits.answerBytesMax,
  recent: (limits.metersMax * limits.sensorsMax + limits.derivedMax) * limits.recentPointsMax * 16,
  historyCycles: limits.metersMax * (limits.historyHoursMax + limits.historyDaysMax + limits.historyBlocksMax + limits.historyYearsMax),
  frames: limits.metersMax * 2 * limits.frameBytesMax, // a framer and the way into it
  probes: limits.portsMax * 3 * limits.frameBytesMax, // a framer, and what is handed over
  energy: limits.metersMax * limits.sensorsMax * 1_024, // the hour in which each sensor is, and its totals
  store: 2 * (limits.storePendingBytesMax + limits.storeWriteBufferBytes) + limits.storeCacheBytes
}

/** The sum of the budget, in bytes. */
export const heldBytes = Object.values(budgetBytes).reduce((sum, bytes) => sum + bytes, 0)

/** What may be asserted: the bounds, and the sum of the budget. */
export type Bounds = { readonly [Name in keyof typeof limits]: number }

/** Throws when a relation between bounds does not hold, with what would go wrong. */
export function assertRelations(b: Bounds, sumBytes: number): void {
  const messageBytes = largestMessageBytes(b)
  const meterFilterBytes = 2 * 'currentcost/meter2/0/temperature'.length + 256 * 4 + 128 // as `filterWeightBytes` weighs it
  const topics = b.metersMax * (6 * b.sensorsMax + 2) + 3 * b.derivedMax + 2 // six of a sensor, its energy among them, and `bridge`
  const relations: readonly (readonly [holds: boolean, reason: string])[] = [
    [b.frameBytesMax >= 9_444, 'the longest message of a meter must fit into a frame'],
    [b.elementDepthMax >= 4, 'msg/hist/data/h004 must not be too deep'],
    [b.staleMs > 72_000, 'a gap that is normal must not make a sensor stale'],
    [b.babbleMs < b.staleMs, 'a wrong line speed must be told before silence is'],
    [b.remoteSilenceMs > b.staleMs, 'a remote head must be told silent before it is given up'],
    [b.reopenMs <= 5_000, 'a meter that is plugged in must be found within 5 s'],
    [b.historyAfterMs < 60_000, 'history that a meter sends by itself, from :01:00 on, must be placed'],
    [b.historyLagMs < b.historyBeforeMs + b.historyAfterMs, "a page's own time and ours must not lie on two sides of a boundary"],
    [b.recentPointsMax * 6_000 >= 12 * 60_000, 'the trace must reach back for 12 minutes'],

    [b.packetBytesMax < 65_536, 'the length of a packet must fit into 16 bits of a WebSocket header'],
    [b.sessionsMax >= b.clientsMax, 'each client must have a session'],
    [b.clientIdCharactersMax >= 23, 'the standard allows client ids of 23 characters'],
    [b.inflightMax < 65_535, 'there must be a packet id that is not in use'],
    [b.queueBytesMax >= messageBytes, 'the largest message must fit into a queue'],
    [b.inflightBytesMax >= messageBytes, 'the largest message must fit into a window'],
    [b.retainedBytesMax >= messageBytes, 'the largest message must fit among the retained ones'],
    [b.subscriptionBytesMax >= b.subscriptionsMax * meterFilterBytes, "as many of a meter's topics as there may be subscriptions must fit"],
    [b.retainedMessagesMax >= topics, "the meters' own topics must fit among the retained ones"],

    [b.packetBytesMax % b.slabBytes === 0, 'the largest packet must fill its slabs'],
    [b.outboxBytesMax % b.slabBytes === 0, 'a full outbox must fill its slabs'],
    [b.outboxBytesMax >= b.packetBytesMax, 'the largest packet must fit into an outbox'],
    [b.encoderSlabs * b.slabBytes >= 2 * 2 * 65_536, 'one read of 64 KiB must fit into the encoder, in two framings and twice'],
    [b.webSocketMessageBytesMax >= b.packetBytesMax, 'the largest packet must fit into a WebSocket message'],
    [
      b.answerBytesMax >= (b.metersMax * b.sensorsMax + b.derivedMax) * (b.recentPointsMax * 25 + 40),
      'the last minutes of every sensor must fit into an answer'
    ],
    [2 * b.webSocketPingMs <= 60_000, 'a ping that is lost must not let a proxy close the connection'],

    [b.energyGapMsMax >= b.staleMs, 'a sensor that is not stale must be integrated'],
    [b.energyWriteMs < b.energyGapMsMax, 'what was not written when the daemon was killed must be bridged by the next reading'],
    [b.fillToleranceMs >= 60_000, 'a span that was filled must count as whole when it is placed anew: spans are rounded to minutes'],
    [b.ledgerDaysMax > b.historyDaysMax, "the meter's days must fit into the ledger"],
    [b.ledgerPruneMax > 1, 'more must be pruned in an hour than comes'],

    [2 * b.tickMs <= Math.min(b.connectMs, b.drainMs), 'what is late must be seen soon after'],
    [sumBytes <= b.heldBytesMax, 'what clients and meters can make the process hold must be bounded']
  ]
  for (const [holds, reason] of relations) if (!holds) throw new Error(`limits: ${reason}`)
}

assertRelations(limits, heldBytes)

/** As `weightBytes` weighs a message that is nearly all topic. */
function largestMessageBytes({ packetBytesMax }: Pick<Bounds, 'packetBytesMax'>): number {
  return 2 * packetBytesMax + 128
}

function slabsFor(bytes: number): number {
  return Math.ceil(bytes / limits.slabBytes)
}
