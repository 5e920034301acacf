/** Who may do what. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { mayPublish, maySubscribe } from '../../src/mqtt/access.ts'
import { Session } from '../../src/mqtt/session.ts'
import { filterWeightBytes } from '../../src/mqtt/topic.ts'

t.test("anybody may publish to a topic that is well-formed and not the server's", async t => {
  for (const topic of ['a', '/', 'a/$b', 'currentcost/bridge/state']) t.ok(mayPublish(topic), topic)
  for (const topic of ['$', '$SYS/uptime', '', 'a/+', 'a\0']) t.notOk(mayPublish(topic), JSON.stringify(topic))
})

t.test('a session may have so many subscriptions, and any of them again', async t => {
  const session = new Session('a', true, 0)
  t.notOk(maySubscribe(session, 'a#'), 'ill-formed')
  for (let index = 0; index < limits.subscriptionsMax; index++) {
    t.ok(maySubscribe(session, `a/${index}`))
    session.subscribe(`a/${index}`, 0)
  }
  t.notOk(maySubscribe(session, 'one/more'))
  t.ok(maySubscribe(session, 'a/0'))
})

t.test('the filters of a session weigh so much and no more', async t => {
  const session = new Session('a', true, 0)
  const longest = 'a'.repeat((limits.subscriptionBytesMax - filterWeightBytes('')) / 2)
  t.notOk(maySubscribe(session, `${longest}a`))
  t.ok(maySubscribe(session, longest))
  session.subscribe(longest, 0)
  t.ok(maySubscribe(session, longest), 'again')
  t.notOk(maySubscribe(session, 'b'))
  session.unsubscribe(longest)
  t.ok(maySubscribe(session, 'b'))
})
