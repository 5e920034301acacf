/** The way out: why connections end. */

import t from 'tap'
import { type CloseReason, closeReasons, isHasty } from '../../src/mqtt/outbox.ts'

t.test('peers that take nothing, are gone or must not have a place are cut off', async t => {
  t.strictSame(closeReasons.filter(isHasty), ['lost', 'too-slow', 'too-many'] satisfies CloseReason[])
})
