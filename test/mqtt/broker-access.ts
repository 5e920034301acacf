/** Who may do what in the broker: at CONNECT, at each packet, at each delivery, and after the rights have changed. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { parseAcl } from '../../src/mqtt/acl.ts'
import { owner } from '../../src/mqtt/rights.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { connect, kept, level5, message, publish, subscribe, will } from '../fixtures/mqtt/packets.ts'
import { Porter } from '../fixtures/mqtt/porter.ts'

const rules = 'user alice\ntopic readwrite house/#\nuser bob\ntopic read house/+\ntopic deny house/safe'

function open(text = rules): { house: House; porter: Porter } {
  const porter = new Porter({ acl: parseAcl(text) }, ['alice', 'bob'])
  return { house: new House(undefined, 'killed', porter), porter }
}

function join(house: House, clientId: string, user?: string, options = {}): Client {
  const client = house.connect(clientId, { ...level5, user, ...options })
  client.lines()
  return client
}

t.test('at each QoS, live and retained, a filter that reaches further brings only what may be read', async t => {
  const { house } = open()
  house.broker.publish(message('meter/power=1', { retain: true }))
  const alice = join(house, 'a', 'alice')
  alice.send(publish('house/old=1', { retain: true }), publish('house/safe=1', { retain: true }))
  for (const qos of [0, 1, 2] as const) {
    const stranger = join(house, `s${qos}`)
    t.strictSame(
      stranger.send(subscribe(1, { '#': qos })).map(line => line.split(' ')[0]),
      ['SUBACK', 'PUBLISH']
    )
    alice.send(publish('house/x=1', { qos: 2, packetId: 1 }), { type: 'PUBREL', packetId: 1, reasonCode: 0 })
    t.strictSame(stranger.lines(), [])
    house.broker.publish(message('meter/power=2', { qos: 2 }))
    house.endTurn()
    t.match(stranger.lines(), [/meter\/power=2/])
  }
  t.ok(house.count('deliveries-withheld') >= 3)
  const bob = join(house, 'b', 'bob')
  t.match(bob.send(subscribe(1, { 'house/#': 0 })).slice(1), [/house\/old=1/], 'a retained one that is denied is left out')
})

t.test('what may not be published is refused to 5.0, acknowledged to 3.1.1, and goes nowhere', async t => {
  const { house } = open()
  const alice = join(house, 'a', 'alice')
  alice.send(subscribe(1, { '#': 0 }))
  alice.lines()
  const stranger = join(house, 's')
  t.strictSame(stranger.send(publish('house/x=1', { qos: 1, packetId: 1 })), ['PUBACK 1 code 135'])
  t.strictSame(stranger.send(publish('house/x=1', { qos: 2, packetId: 2 })), ['PUBREC 2 code 135'])
  const old = house.connect('o')
  old.lines()
  t.match(old.send(publish('house/x=1', { qos: 1, packetId: 1 })), [/^PUBACK 1/])
  t.strictSame(alice.lines(), [])
  t.equal(house.count('publish-refused'), 3)
})

t.test('shared subscriptions are for who has a name, and each message is for a member who may read it', async t => {
  const { house } = open()
  const [alice, bob, stranger] = [join(house, 'a', 'alice'), join(house, 'b', 'bob'), join(house, 's')]
  t.match(stranger.send(subscribe(1, { '$share/g/meter/#': 0 })), ['SUBACK 1: 135'])
  t.match(stranger.send(subscribe(1, { 'house/#': 0 })), ['SUBACK 1: 135'])
  alice.send(subscribe(1, { '$share/g/house/#': 1 }))
  bob.send(subscribe(1, { '$share/g/house/#': 1 }))
  for (const client of [alice, bob]) client.lines()
  for (let n = 0; n < 4; n++) house.broker.publish(message(`house/safe=${n}`, { qos: 1 }))
  house.endTurn()
  t.equal(bob.lines().length, 0)
  t.equal(alice.lines().length, 4)
  alice.end()
  house.broker.publish(message('house/safe=5', { qos: 1 }))
  house.endTurn()
  t.strictSame(bob.lines(), [], 'nor does it pass to him what she did not acknowledge')
})

t.test('who it is may take a while: nothing behind CONNECT is taken before, and no longer than a CONNECT may', async t => {
  const { house, porter } = open()
  const begin = (): Client => {
    const client = house.accept()
    t.strictSame(client.send(connect('c', { ...level5, user: 'slow', will: will('house/will=x') })), [])
    t.equal(client.phase, 'checking')
    t.ok(client.outbox.isHeld)
    return client
  }
  const good = begin()
  house.broker.step(good.connection, { type: 'tick' })
  porter.answer(porter.who('alice'))
  t.strictSame(good.lines(), ['CONNACK 0'])
  t.notOk(good.outbox.isHeld)
  t.equal(good.connection.session?.user, 'alice')
  const wrong = begin()
  porter.answer(0x86)
  t.strictSame(wrong.lines(), ['CONNACK 134', 'closed refused'])
  const forbidden = begin()
  porter.answer(porter.who('bob'))
  t.strictSame(forbidden.lines(), ['CONNACK 135', 'closed refused'], 'her session, and a will that he may not publish')
  const late = begin()
  house.pass(11_000)
  t.strictSame(late.lines(), ['closed connect-timeout'])
  porter.answer(porter.who('alice'))
  t.strictSame(late.lines(), [])
  t.equal(house.count('connect-unauthorized'), 1)
  t.strictSame(house.accept().send(connect('d', { ...level5, user: 'hasty' })), ['CONNACK 159', 'closed refused'])
  t.equal(house.count('connect-hasty'), 1)
})

t.test('a place that is taken while one waits is not given twice', async t => {
  const { house, porter } = open()
  const client = house.accept()
  client.send(connect('c', { ...level5, user: 'slow' }))
  Object.defineProperty(house.broker.keeper, 'isOverwhelmed', { value: true })
  porter.answer(porter.who('alice'))
  t.strictSame(client.lines(), ['CONNACK 137', 'closed refused'])
})

t.test("a session is its user's, after a restart too; what was nobody's is whose it comes to be", async t => {
  const { house, porter } = open()
  join(house, 'c', undefined, kept).end()
  t.strictSame(house.accept().send(connect('c', { ...level5, user: 'alice', ...kept })), ['CONNACK 0 present'])
  const restarted = new House(house, 'killed', porter)
  for (const user of ['bob', undefined])
    t.strictSame(restarted.accept().send(connect('c', { ...level5, user, ...kept })), ['CONNACK 135', 'closed refused'])
  t.strictSame(restarted.accept().send(connect('c', { ...level5, user: 'alice', ...kept })), ['CONNACK 0 present'])
  t.strictSame(restarted.accept().send(connect('c', { ...level5, user: owner, ...kept })), ['CONNACK 0 present'], 'the owner may')
  t.equal(restarted.count('connect-forbidden'), 2)
})

t.test('rights that shrink take effect on what waits, on what is under way, and on wills', async t => {
  const { house, porter } = open('user alice\ntopic readwrite house/#\nuser bob\ntopic readwrite house/#')
  const bob = join(house, 'b', 'bob', { ...kept, will: will('house/will=gone', { delaySeconds: 5 }), receiveMaximum: 1 })
  bob.send(subscribe(1, { 'house/#': 1 }))
  bob.lines()
  for (let n = 0; n < 3; n++) house.broker.publish(message(`house/x=${n}`, { qos: 1 }))
  house.endTurn()
  t.equal(bob.lines().length, 1)
  bob.end()
  porter.access = { ...porter.access, acl: parseAcl('user alice\ntopic readwrite house/#') }
  house.broker.review()
  t.strictSame(house.accept().send(connect('b', { ...level5, user: 'bob', ...kept })), ['CONNACK 0 present'], 'none of the three')
  t.equal(house.count('deliveries-withheld'), 3)
  const again = join(house, 'w', 'alice', { will: will('house/will=gone') })
  porter.access = { ...porter.access, acl: parseAcl('') }
  house.broker.review()
  t.equal(again.phase, 'open')
  again.end()
  t.equal(house.count('wills-withheld'), 1)
  t.equal(house.count('wills-published'), 0)
})

t.test('who is gone loses connection and session; who came by another password has to come again', async t => {
  const { house, porter } = open()
  const [alice, bob, waiting] = [join(house, 'a', 'alice', kept), join(house, 'b', 'bob', kept), house.accept()]
  porter.users = new Set(['alice'])
  house.broker.review()
  t.strictSame(bob.lines(), ['DISCONNECT 135', 'closed revoked'])
  t.equal(house.count('sessions-revoked'), 1)
  t.equal(alice.phase, 'open')
  porter.changePasswords()
  house.broker.review()
  t.strictSame(alice.lines(), ['DISCONNECT 135', 'closed revoked'])
  t.equal(waiting.phase, 'opening')
  t.equal(house.broker.sessions, 1, 'hers waits for her')
})

t.test('a review asks once whether a proof holds, however many came by it', async t => {
  const { house, porter } = open()
  for (const clientId of ['a', 'b', 'c']) join(house, clientId, owner)
  for (const user of ['alice', 'bob']) join(house, user, user)
  const asked: string[] = []
  const holds = porter.holds.bind(porter)
  porter.holds = who => {
    asked.push(who.user)
    return holds(who)
  }
  house.broker.review()
  t.strictSame(asked, [owner, 'alice', 'bob'])
})

t.test('the topic for answers is told to who may read it', async t => {
  const { house } = open('user alice\ntopic read response/#')
  const told = (user?: string): string | undefined => {
    const client = house.accept()
    client.sendWithinTurn(connect(user ?? 'c', { ...level5, user, wantsResponseInformation: true }))
    const [connack] = client.outbox.take()
    return connack?.type === 'CONNACK' ? connack.properties?.responseInformation : 'none'
  }
  t.equal(told('bob'), undefined)
  t.equal(told(), undefined)
  t.equal(told('alice'), 'response/alice')
})

t.test('strangers neither keep out who has a name, nor have what is kept for one dropped', async t => {
  const { house } = open()
  const alice = join(house, 'a', 'alice', kept)
  alice.send(subscribe(1, { 'house/#': 1 }))
  alice.end()
  for (let index = 0; index < limits.sessionsMax; index++) join(house, `away ${index}`, undefined, kept).end()
  const strangers = Array.from({ length: limits.clientsMax }, (_, index) => join(house, `here ${index}`))
  t.strictSame(house.accept().send(connect('more', level5)), ['CONNACK 137', 'closed refused'], 'one of them finds no place')
  t.match(house.accept().send(connect('a', { ...level5, ...kept, user: 'alice' })), [/^CONNACK 0 present/], 'what is hers is kept')
  t.strictSame(strangers.at(-1)?.lines(), ['closed too-many'], 'who came last makes room')
  t.equal(house.broker.clients, limits.clientsMax)
  for (let index = 1; index < limits.clientsMax; index++) t.equal(join(house, `named ${index}`, 'bob').phase, 'open')
  t.strictSame(
    house.accept().send(connect('b', { ...level5, user: 'bob' })),
    ['CONNACK 137', 'closed refused'],
    'among those with a name it is full'
  )
  alice.end()
})

t.test('where everyone may do everything a name takes nobody their place', async t => {
  const house = new House()
  for (let index = 0; index < limits.clientsMax; index++) house.connect(`${index}`)
  t.strictSame(house.accept().send(connect('more', { user: 'alice' })), ['CONNACK 137', 'closed refused'])
  t.equal(house.broker.clients, limits.clientsMax)
})

t.test('where all that are away have a name, the longest away makes room', async t => {
  const { house } = open()
  for (let index = 0; index < limits.sessionsMax; index++) join(house, `${index}`, 'alice', kept).end()
  join(house, 'more', 'bob', kept).end()
  t.match(house.accept().send(connect('0', { ...level5, ...kept, user: 'alice' })), [/^CONNACK 0(?! present)/])
  t.match(house.accept().send(connect('2', { ...level5, ...kept, user: 'alice' })), [/^CONNACK 0 present/])
})
