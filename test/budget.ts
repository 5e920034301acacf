/** The bounds: that the relations between them hold, and that each is held by what it says. */

import t from 'tap'
import { assertRelations, type Bounds, budgetBytes, heldBytes, poolSlabs } from '../src/budget.ts'
import { limits } from '../src/limits.ts'

t.test('the bounds hold together', async t => {
  t.doesNotThrow(() => assertRelations(limits, heldBytes))
  t.ok(heldBytes <= limits.heldBytesMax)
})

t.test('the budget has the pool, which everybody who may hold slabs adds to', async t => {
  t.equal(budgetBytes.pool, poolSlabs * limits.slabBytes)
  const connections = limits.clientsMax + limits.strangersMax
  t.ok(budgetBytes.pool > connections * (limits.packetBytesMax + limits.outboxBytesMax))
})

t.test('the budget has what each client may leave with the broker', async t => {
  t.equal(budgetBytes.subscriptions, limits.sessionsMax * limits.subscriptionBytesMax)
  t.ok(budgetBytes.wills > limits.clientsMax * limits.packetBytesMax, 'a will that is nearly all topic weighs more than its packet')
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
    [{ retainedMessagesMax: 273 }, /meters' own topics/],
    [{ packetBytesMax: limits.packetBytesMax - 1 }, /largest packet must fill its slabs/],
    [{ outboxBytesMax: limits.outboxBytesMax + 1 }, /outbox must fill its slabs/],
    [{ outboxBytesMax: limits.packetBytesMax - limits.slabBytes }, /fit into an outbox/],
    [{ encoderSlabs: limits.encoderSlabs - 1 }, /64 KiB/],
    [{ webSocketMessageBytesMax: limits.packetBytesMax - 1 }, /into a WebSocket message/],
    [{ answerBytesMax: 48 * (128 * 25 + 40) - 1 }, /last minutes of every sensor must fit/],
    [{ webSocketPingMs: 30_001 }, /proxy/],
    [{ energyGapMsMax: limits.staleMs - 1 }, /must be integrated/],
    [{ fillToleranceMs: 59_999 }, /rounded to minutes/],
    [{ ledgerDaysMax: limits.historyDaysMax }, /fit into the ledger/],
    [{ ledgerPruneMax: 1 }, /pruned in an hour/],
    [{ connectMs: 1_999 }, /seen soon after/],
    [{ drainMs: 1_999 }, /seen soon after/],
    [{ heldBytesMax: heldBytes - 1 }, /must be bounded/]
  ]
  for (const [changes, reason] of table) {
    t.throws(() => assertRelations({ ...limits, ...changes }, heldBytes), { message: reason }, JSON.stringify(changes))
  }
})
