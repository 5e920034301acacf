/** The bounds: that the relations between them hold, and that each is held by what it says. */
import t from 'tap'
import { assertRelations, budgetOf } from '../src/budget.ts'
import { type Bounds, limits } from '../src/limits.ts'

const budget = budgetOf(limits)

t.test('the bounds hold together', async t => {
  t.doesNotThrow(() => assertRelations(limits))
  t.ok(budget.heldBytes <= limits.heldBytesMax)
})

t.test('the sum is that of all owners', async t => {
  let sum = 0
  for (const [owner, bytes] of Object.entries(budget.bytes)) {
    t.ok(Number.isSafeInteger(bytes) && bytes > 0, owner)
    sum += bytes
  }
  t.equal(budget.heldBytes, sum)
})

t.test('the budget has the pool, which everybody who may hold slabs adds to', async t => {
  t.equal(budget.bytes['pool'], budget.poolSlabs * limits.slabBytes)
  const connections = limits.clientsMax + limits.strangersMax
  t.ok(budget.poolSlabs * limits.slabBytes > connections * (limits.packetBytesMax + limits.outboxBytesMax))
})

t.test('the budget has what each client may leave with the broker', async t => {
  t.equal(budget.bytes['subscriptions'], limits.sessionsMax * limits.subscriptionBytesMax)
  t.ok(
    Number(budget.bytes['wills']) > limits.sessionsMax * limits.packetBytesMax,
    'a will that is nearly all topic weighs more than its packet'
  )
})

t.test('one client more costs what it may hold, and so does one session', async t => {
  const more = (changes: Partial<Bounds>): number => budgetOf({ ...limits, ...changes }).heldBytes - budget.heldBytes
  const slabs = 2 * (limits.outboxBytesMax + limits.outboxRepliesBytesMax) + limits.packetBytesMax
  const own = slabs + limits.readBytesMax + 2 * limits.topicAliasBytesMax + limits.connectionBytes
  t.equal(more({ clientsMax: limits.clientsMax + 1 }), own + limits.requestHeadBytesMax + 2 * limits.receivedMax * 128)
  const kept = limits.queueBytesMax + limits.inflightBytesMax + limits.subscriptionBytesMax + 2 * limits.packetBytesMax + 128 + 8_192
  const index = (limits.queueMessagesMax + limits.inflightMax) * 96
  const rights = limits.accessRulesMax * 32 + 2 * limits.userNameCharactersMax
  t.equal(more({ sessionsMax: limits.sessionsMax + 1 }), kept + index + rights)
})

t.test('a bound that breaks a relation is told, with what would go wrong', async t => {
  const table: readonly [changes: Partial<Bounds>, reason: RegExp][] = [
    [{ frameBytesMax: 9_443 }, /longest message of a meter/],
    [{ elementDepthMax: 3 }, /h004/],
    [{ staleMs: 72_000 }, /gap that is normal/],
    [{ babbleMs: 90_000 }, /line speed must be told before silence/],
    [{ remoteSilenceMs: 90_000 }, /remote head/],
    [{ reopenMs: 5_001 }, /within 5 s/],
    [{ historyAfterMs: 60_000 }, /from :01:00 on/],
    [{ historyLagMs: limits.historyBeforeMs + limits.historyAfterMs }, /two sides of a boundary/],
    [{ recentPointsMax: 119 }, /12 minutes/],
    [{ packetBytesMax: 65_536 }, /16 bits/],
    [{ sessionsMax: limits.clientsMax - 1 }, /each client must have a session/],
    [{ clientIdCharactersMax: 22 }, /23 characters/],
    [{ inflightMax: 65_535 }, /packet id that is not in use/],
    [{ queueBytesMax: 2 * limits.packetBytesMax + 127 }, /into a queue/],
    [{ inflightBytesMax: 2 * limits.packetBytesMax + 127 }, /into a window/],
    [{ retainedBytesMax: limits.packetBytesMax }, /among the retained ones/],
    [{ subscriptionBytesMax: 1_216 * limits.subscriptionsMax - 1 }, /as there may be subscriptions/],
    [{ retainedOwnMessages: 273 }, /meters' own topics/],
    [{ packetBytesMax: limits.packetBytesMax - 1 }, /largest packet must fill its slabs/],
    [{ outboxBytesMax: limits.outboxBytesMax + 1 }, /outbox must fill its slabs/],
    [{ outboxBytesMax: limits.packetBytesMax - limits.slabBytes }, /outbox-bytes-max must be at least packet-bytes-max/],
    [{ encoderSlabs: limits.encoderSlabs - 1 }, /one read/],
    [{ webSocketMessageBytesMax: limits.packetBytesMax - 1 }, /into a WebSocket message/],
    [{ answerBytesMax: 48 * (128 * 25 + 40) - 1 }, /last minutes of every sensor must fit/],
    [{ scratchBytes: limits.packetBytesMax + 2_047 }, /into the scratch/],
    [{ webSocketPingMs: 30_001 }, /proxy/],
    [{ keeperPendingBytesMax: limits.storePendingBytesMax / 2 + 1 }, /energy must fit/],
    [{ energyGapMsMax: limits.staleMs - 1 }, /must be integrated/],
    [{ fillToleranceMs: 59_999 }, /rounded to minutes/],
    [{ historyMinutesMs: limits.historyDaysMax * 86_400_000 }, /fit into the minutes/],
    [{ historySecondsMs: 2 * 3_600_000 - 1 }, /must not be too old/],
    [{ connectMs: 1_999 }, /seen soon after/],
    [{ drainMs: 1_999 }, /seen soon after/],
    [{ heldBytesMax: budget.heldBytes - 1 }, /raise held-bytes-max .* MemoryMax/]
  ]
  for (const [changes, reason] of table) {
    t.throws(() => assertRelations({ ...limits, ...changes }), { message: reason }, JSON.stringify(changes))
  }
})
