/** The memory budget of a set of bounds: every owner's share added up, and the relations between bounds, asserted at start. */
import type { Bounds } from './limits.ts'

/** Most memory that clients and meters can make the process hold. */
export interface Budget {
  /** Slabs of the pool. */
  readonly poolSlabs: number
  /** Bytes by owner. Node itself comes beside it. */
  readonly bytes: Readonly<Record<string, number>>
  /** Their sum. */
  readonly heldBytes: number
}

/** Adds up who may hold what within these bounds. */
export function budgetOf(b: Bounds): Budget {
  const connections = b.clientsMax + b.strangersMax
  const slabsFor = (bytes: number): number => Math.ceil(bytes / b.slabBytes)
  const poolSlabs =
    connections * slabsFor(2 * (b.outboxBytesMax + b.outboxRepliesBytesMax)) + // what waits to be written: slabs at least half full
    connections * slabsFor(b.packetBytesMax) + // packets half received
    b.encoderSlabs
  const bytes = {
    pool: poolSlabs * b.slabBytes,
    connections: connections * b.connectionBytes,
    tls: b.tlsConnectionsMax * b.tlsConnectionBytes,
    callers: b.callersMax * 256,
    reads: (connections + 2) * b.readBytesMax, // what was read of each client that is held, what all read into, and a spare
    topicAliases: b.clientsMax * 2 * b.topicAliasBytesMax,
    queues: b.sessionsMax * (b.queueBytesMax + b.inflightBytesMax),
    subscriptions: b.sessionsMax * b.subscriptionBytesMax,
    wills: b.sessionsMax * largestMessageBytes(b),
    received: b.sessionsMax * (65_536 / 8), // a bit for each packet id at QoS 2
    retained: b.retainedBytesMax + b.retainedOwnBytes,
    requests: (connections + b.strangersMax + b.requestsMax + b.tlsConnectionsMax) * b.requestHeadBytesMax, // heads under way, on all connections of the page's ports
    answers: b.requestsMax * b.answerBytesMax + b.historyColumnsSpareMax * b.historyRowsMax * 10 * 8, // ten numbers a span
    uploads: b.uploadsMax * b.bodyBytesMax + (b.uploadsMax + 1) * 2 * b.readBytesMax, // bodies and a file: what came of a body, and what was read beyond that
    exports: b.exportsMax * (4 * b.exportPieceBytes + 2 * b.exportValueBytesMax),
    restore: 6 * b.exportValueBytesMax,
    passwords:
      b.passwordsMax * 65_536 + // what hashing takes
      (b.passwordsMax + b.passwordsWaitingMax) * (largestMessageBytes(b) + b.passwordBytesMax) + // CONNECTs that wait for it
      b.strangersToldMax * 256,
    access: 8 * b.accessFileBytesMax + b.usersMax * 512 + b.sessionsMax * (b.accessRulesMax * 32 + 2 * b.userNameCharactersMax), // rules by client, if these matter
    log: 4 * b.logTailBytesMax,
    recent: (b.metersMax * b.sensorsMax + b.derivedMax) * b.recentPointsMax * 16,
    historyCycles: b.metersMax * (b.historyHoursMax + b.historyDaysMax + b.historyBlocksMax + b.historyYearsMax),
    frames: b.metersMax * 2 * b.frameBytesMax, // a framer and the way into it
    probes: b.portsMax * 3 * b.frameBytesMax, // a framer, and what is handed over
    history: (b.metersMax * b.sensorsMax * (1 + b.channelsMax) + b.derivedMax) * b.historySeriesBytes,
    usual: (b.metersMax * b.sensorsMax + b.derivedMax) * 1_024, // a number for each quarter of an hour
    tallies: b.tallySensorsMax * 400 * b.tallyDayBytes, // a year, and the month before
    keeper:
      b.sessionsMax * (b.queueMessagesMax + b.inflightMax) * 96 +
      (b.retainedMessagesMax + b.retainedOwnMessages) * 64 +
      2 * b.clientsMax * b.receivedMax * 128, // what is where on the disk, and what was promised
    store: 2 * (b.storePendingBytesMax + b.storeDeletesBytesMax + b.storeWriteBufferBytes) + b.storeUnsyncedBytesMax + b.storeCacheBytes
  }
  return { poolSlabs, bytes, heldBytes: Object.values(bytes).reduce((sum, share) => sum + share, 0) }
}

/** Throws when a relation between bounds does not hold, with what must be. Bounds that the settings may change are named as they are there. */
export function assertRelations(b: Bounds): void {
  const messageBytes = largestMessageBytes(b)
  const meterFilterBytes = 2 * 'currentcost/meter2/0/temperature'.length + 256 * 4 + 128 // as `filterWeightBytes` weighs it
  const topics = b.metersMax * (6 * b.sensorsMax + 2) + 3 * b.derivedMax + 2 // six of a sensor, its energy among them, and `bridge`
  const { heldBytes } = budgetOf(b)
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
    [b.packetBytesMax + 2_048 <= b.scratchBytes, 'the largest packet, and what a copy of it has more, must fit into the scratch'],
    [b.sessionsMax >= b.clientsMax, 'each client must have a session: sessions-max must be at least clients-max'],
    [b.clientIdCharactersMax >= 23, 'the standard allows client ids of 23 characters'],
    [b.inflightMax < 65_535, 'there must be a packet id that is not in use'],
    [b.queueBytesMax >= messageBytes, `the largest message must fit into a queue: queue-bytes-max must be at least ${messageBytes}`],
    [b.inflightBytesMax >= messageBytes, `the largest message must fit into a window: inflight-bytes-max must be at least ${messageBytes}`],
    [
      b.retainedBytesMax >= messageBytes,
      `the largest message must fit among the retained ones: retained-bytes-max must be at least ${messageBytes}`
    ],
    [
      b.subscriptionBytesMax >= b.subscriptionsMax * meterFilterBytes,
      `as many of a meter's topics as there may be subscriptions must fit: subscription-bytes-max must be at least ${b.subscriptionsMax * meterFilterBytes}`
    ],
    [b.retainedOwnMessages >= topics, "the meters' own topics must fit among the retained ones"],

    [b.packetBytesMax % b.slabBytes === 0, `the largest packet must fill its slabs: packet-bytes-max must be a multiple of ${b.slabBytes}`],
    [b.outboxBytesMax % b.slabBytes === 0, `a full outbox must fill its slabs: outbox-bytes-max must be a multiple of ${b.slabBytes}`],
    [b.outboxBytesMax >= b.packetBytesMax, 'the largest packet must fit: outbox-bytes-max must be at least packet-bytes-max'],
    [b.encoderSlabs * b.slabBytes >= 2 * 2 * b.readBytesMax, 'one read must fit into the encoder, in two framings and twice'],
    [b.webSocketMessageBytesMax >= b.packetBytesMax, 'the largest packet must fit into a WebSocket message'],
    [
      b.answerBytesMax >= (b.metersMax * b.sensorsMax + b.derivedMax) * (b.recentPointsMax * 25 + 40),
      'the last minutes of every sensor must fit into an answer'
    ],
    [2 * b.webSocketPingMs <= 60_000, 'a ping that is lost must not let a proxy close the connection'],

    [b.keeperPendingBytesMax <= b.storePendingBytesMax / 2, 'energy must fit into what the store gathers, whatever clients send'],
    [b.energyGapMsMax >= b.staleMs, 'a sensor that is not stale must be integrated'],
    [b.energyWriteMs < b.energyGapMsMax, 'what was not written when the daemon was killed must be bridged by the next reading'],
    [b.fillToleranceMs >= 60_000, 'a span that was filled must count as whole when it is placed anew: spans are rounded to minutes'],
    [b.historyMinutesMs > b.historyDaysMax * 86_400_000, "the meter's days must fit into the minutes that are kept"],
    [b.historySecondsMs >= 2 * 3_600_000, 'the hour that is not over must not be too old'],

    [2 * b.tickMs <= Math.min(b.connectMs, b.drainMs), 'what is late must be seen soon after'],
    [
      heldBytes <= b.heldBytesMax,
      `what clients and meters can make the process hold must be bounded: together it is ${heldBytes} bytes, so raise held-bytes-max (${b.heldBytesMax}) and with it MemoryMax of the unit, or lower another bound`
    ]
  ]
  for (const [holds, reason] of relations) if (!holds) throw new Error(`limits: ${reason}`)
}

/** As `weightBytes` weighs a message that is nearly all topic. */
function largestMessageBytes({ packetBytesMax }: Pick<Bounds, 'packetBytesMax'>): number {
  return 2 * packetBytesMax + 128
}
