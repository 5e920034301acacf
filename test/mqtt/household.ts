/** What the broker counts. */

import t from 'tap'
import { brokerCounters } from '../../src/mqtt/household.ts'
import { closeReasons } from '../../src/mqtt/outbox.ts'

t.test('each reason to close has a counter, and each counter a name of its own', async t => {
  for (const reason of closeReasons) t.ok(brokerCounters.includes(`closed-${reason}`))
  t.equal(new Set(brokerCounters).size, brokerCounters.length)
})
