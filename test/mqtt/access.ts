/** Who may do what. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { openHouse, publishRefusal, subscribeRefusal } from '../../src/mqtt/access.ts'
import { reasonCodes } from '../../src/mqtt/packet.ts'
import { Rights } from '../../src/mqtt/rights.ts'
import { Session } from '../../src/mqtt/session.ts'
import { filterWeightBytes } from '../../src/mqtt/topic.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { connect, optionsOf } from '../fixtures/mqtt/packets.ts'

function begin(): Session {
  return new Session(new House().broker, 'a', 0, 0)
}

function refusal(session: Session, filter: string): number | undefined {
  return subscribeRefusal(session, { filter, ...optionsOf(1) })
}

t.test("anybody may publish to a topic that is well-formed and not the server's", async t => {
  for (const topic of ['a', '/', 'a/$b', 'currentcost/bridge/state']) t.equal(publishRefusal(topic), undefined, topic)
  for (const topic of ['$', '$SYS/uptime', '$share/g/a']) t.equal(publishRefusal(topic), reasonCodes.notAuthorized, topic)
  for (const topic of ['', 'a/+', '#', 'a\0']) t.equal(publishRefusal(topic), reasonCodes.topicNameInvalid, JSON.stringify(topic))
})

t.test('a session may have so many subscriptions, and any of them again', async t => {
  const session = begin()
  t.equal(refusal(session, 'a#'), reasonCodes.topicFilterInvalid)
  t.equal(refusal(session, '$share/g'), reasonCodes.topicFilterInvalid)
  for (let index = 0; index < limits.subscriptionsMax; index++) {
    t.equal(refusal(session, `a/${index}`), undefined)
    session.subscribe(`a/${index}`, optionsOf(0))
  }
  t.equal(refusal(session, 'one/more'), reasonCodes.quotaExceeded)
  t.equal(refusal(session, 'a/0'), undefined)
})

t.test('the filters of a session weigh so much and no more', async t => {
  const session = begin()
  const longest = 'a'.repeat((limits.subscriptionBytesMax - filterWeightBytes('')) / 2)
  t.equal(refusal(session, `${longest}a`), reasonCodes.quotaExceeded)
  t.equal(refusal(session, longest), undefined)
  session.subscribe(longest, optionsOf(0))
  t.equal(refusal(session, longest), undefined, 'again')
  t.equal(refusal(session, 'b'), reasonCodes.quotaExceeded)
  session.unsubscribe(longest)
  t.equal(refusal(session, 'b'), undefined)
})

t.test('rights say what may be published and subscribed to', async t => {
  const rights = new Rights(
    [
      { verb: 'read', filter: 'a/#' },
      { verb: 'write', filter: 'b' }
    ],
    false
  )
  t.equal(publishRefusal('b', rights), undefined)
  t.equal(publishRefusal('a/b', rights), reasonCodes.notAuthorized)
  const session = begin()
  session.rights = rights
  for (const filter of ['a', '#', '+/x']) t.equal(refusal(session, filter), undefined, filter)
  for (const filter of ['b', '$share/g/a/#']) t.equal(refusal(session, filter), reasonCodes.notAuthorized, filter)
  session.rights = new Rights([{ verb: 'read', filter: 'a/#' }], true)
  t.equal(refusal(session, '$share/g/a/b'), undefined)
  t.equal(refusal(session, '$share/g/b'), reasonCodes.notAuthorized)
})

t.test('an open house lets everyone do everything', async t => {
  const who = openHouse.identify(connect('a'), '', () => t.fail('it is known at once'))
  t.strictSame(who, { user: '', proof: '' })
  t.equal(openHouse.rightsOf('', 'a'), undefined)
  t.ok(openHouse.mayHave('', 'alice') && openHouse.holds({ user: '', proof: '' }) && openHouse.knows('alice'))
})
