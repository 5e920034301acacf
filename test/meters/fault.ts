/** The kinds of fault: a closed set, each named once, in words that can stand in a topic or a label. */

import t from 'tap'
import { meterFaultKinds } from '../../src/meters/fault.ts'

t.test('each kind stands once', async t => t.equal(new Set(meterFaultKinds).size, meterFaultKinds.length))

t.test('kinds are plain words', async t => {
  for (const kind of meterFaultKinds) t.match(kind, /^[a-z]+(-[a-z]+)+$/)
})
