/** A session: how messages wait for its client, go out, and are sent again. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { keep, type Message, type QoS } from '../../src/mqtt/packet.ts'
import { Retained } from '../../src/mqtt/retained.ts'
import { nothing, Rights } from '../../src/mqtt/rights.ts'
import { Session } from '../../src/mqtt/session.ts'
import { filterWeightBytes } from '../../src/mqtt/topic.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { largeMessage, message, optionsOf } from '../fixtures/mqtt/packets.ts'
import { Recorder } from '../fixtures/mqtt/recorder.ts'

const nobody = { waitsFor: undefined, end: () => undefined, caughtUp: () => undefined }

const never = (): Message => {
  throw new Error('kept for nothing')
}

/** A session whose client has not come yet. */
function begin(number = 0, house = new House()): Session {
  return new Session(house.broker, 'a', number, 0)
}

function deliver(session: Session, text: string, qos: QoS): string {
  return session.deliver(message(text, { qos }), qos, () => message(text, { qos }), undefined)
}

function deliverMany(session: Session, count: number): void {
  for (let index = 1; index <= count; index++) deliver(session, `n=${index}`, 1)
}

function deliverRetained(session: Session, retained: Retained, filter: string, qos: QoS): void {
  session.deliverRetained(filter, retained.matching(filter), optionsOf(qos))
}

/** A session whose client is here. */
function here(): { session: Session; outbox: Recorder } {
  const session = begin()
  return { session, outbox: resume(session) }
}

/** A kept session whose client is here: it may come back. */
function hereForGood(): { session: Session; outbox: Recorder; house: House } {
  const house = new House()
  const session = begin(1, house)
  return { session, outbox: resume(session), house }
}

/** The client comes back. */
function resume(session: Session, room = Number.POSITIVE_INFINITY): Recorder {
  const outbox = new Recorder()
  outbox.room = room
  session.resume(nobody, outbox, 65_535)
  return outbox
}

function acknowledge(session: Session, packetId: number): void {
  if (!session.finish(packetId, 'PUBACK')) throw new Error(`${packetId} was not in flight`)
}

function retain(retained: Retained, text: string): void {
  retained.store(message(text, { qos: 1, retain: true }), false)
}

function store(...texts: string[]): Retained {
  const retained = new Retained()
  for (const text of texts) retain(retained, text)
  return retained
}

t.test(
  '[MQTT-4.3.1-1] [MQTT-2.2.1-2] [MQTT-3.3.1-2] [3.1.1 MQTT-4.3.1-1] [3.1.1 MQTT-2.3.1-5] [3.1.1 MQTT-3.3.1-2] QoS 0 goes out now or never, and is not kept',
  async t => {
    const { session, outbox } = here()
    t.equal(session.deliver(message('a=1'), 0, never, undefined), 'sent')
    outbox.room = 0
    t.equal(session.deliver(message('a=2'), 0, never, undefined), 'dropped')
    t.strictSame(outbox.lines(), ['PUBLISH a=1'])
    session.where = { name: 'away', sinceMs: 0 }
    t.equal(session.deliver(message('a=3'), 0, never, undefined), 'dropped')
    t.strictSame(resume(session).lines(), [])
  }
)

t.test('[MQTT-4.3.2-1] [MQTT-4.3.3-1] [3.1.1 MQTT-4.3.2-1] QoS 1 and 2 go out with fresh ids and without DUP', async t => {
  const { session, outbox } = here()
  t.equal(deliver(session, 'a=1', 1), 'queued')
  t.equal(deliver(session, 'a=2', 2), 'queued')
  t.strictSame(outbox.lines(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=2 q2 id2'])
  t.equal(session.waiting, 0)
})

t.test('what goes out at once and ends with its connection is not kept, nor what has gone out behind it', async t => {
  const { session, outbox } = here()
  const large = largeMessage('a'.repeat(limits.packetBytesMax), 0, 1)
  t.equal(session.deliver(large, 1, never, undefined), 'queued')
  outbox.room = 1
  for (const text of ['a=1', 'a=2']) deliver(session, text, 1)
  t.strictSame([session.inflight, session.waiting], [2, 1])
  t.strictSame(
    [...session.deliveries()].map(delivery => delivery.message.topic.length),
    [0, 0, 1]
  )
  outbox.payloadBytesMax = 0
  outbox.room = 9
  session.pump()
  t.strictSame([session.inflight, session.waiting], [2, 0])
  t.equal(session.deliver(message('a=3'), 1, never, undefined), 'queued', 'one that is longer than the client takes is left out')
  t.equal(session.inflight, 2)
})

t.test('what waits is the kept copy', async t => {
  const session = begin()
  const received = message('a=hello', { qos: 1 })
  session.deliver(received, 1, () => keep(received), undefined)
  received.payload.fill(0)
  t.strictSame(resume(session).lines(), ['PUBLISH a=hello q1 id1'])
})

t.test('[MQTT-3.1.2-23] [3.1.1 MQTT-3.1.2-5] messages wait for an absent client, so many and no more', async t => {
  const session = begin()
  for (let index = 0; index < limits.queueMessagesMax; index++) t.equal(deliver(session, `n=${index}`, 1), 'queued')
  t.equal(deliver(session, 'n=more', 1), 'dropped')
  t.equal(session.waiting, limits.queueMessagesMax)
  const outbox = resume(session)
  t.equal(outbox.lines().length, limits.inflightMax, 'a window of them goes out')
})

t.test('messages wait for an absent client, so many bytes and no more; the largest packet fits', async t => {
  const session = begin()
  const large = largeMessage('a'.repeat(limits.packetBytesMax), 0, 1)
  t.equal(
    session.deliver(large, 1, () => large, undefined),
    'queued'
  )
  t.equal(
    session.deliver(large, 1, () => large, undefined),
    'dropped'
  )
  t.equal(resume(session).lines().length, 1)
})

t.test('what the disk has no room for does not wait for a kept session', async t => {
  const house = new House()
  const session = begin(1, house)
  house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  t.equal(deliver(session, 'a=1', 1), 'dropped')
  t.equal(session.waiting, 0)
})

t.test('a full window holds the rest back until the client acknowledges, in order', async t => {
  const { session, outbox } = here()
  deliverMany(session, limits.inflightMax + 2)
  t.equal(outbox.lines().length, limits.inflightMax)
  acknowledge(session, 5)
  acknowledge(session, 1)
  t.strictSame(
    outbox.lines(),
    [1, 2].map(n => `PUBLISH n=${limits.inflightMax + n} q1 id${limits.inflightMax + n}`)
  )
})

t.test('a full outbox holds messages back until it is drained, and no id is lost', async t => {
  const { session, outbox } = here()
  outbox.room = 1
  deliverMany(session, 3)
  t.strictSame(outbox.lines(), ['PUBLISH n=1 q1 id1'])
  t.equal(session.inflight, 1)
  outbox.room = 9
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH n=2 q1 id2', 'PUBLISH n=3 q1 id3'])
})

t.test(
  '13: [MQTT-4.4.0-1] [MQTT-3.3.1-1] [3.1.1 MQTT-4.4.0-1] [3.1.1 MQTT-3.3.1-1] [3.1.1 MQTT-4.6.0-1] a client that comes back gets what is unfinished: same ids, same order, DUP',
  async t => {
    const { session, house } = hereForGood()
    deliver(session, 'a=1', 1)
    deliver(session, 'a=2', 2)
    deliver(session, 'a=3', 2)
    deliver(session, 'a=4', 1)
    house.endTurn()
    session.release(2)
    house.endTurn()
    session.where = { name: 'away', sinceMs: 0 }
    deliver(session, 'a=5', 1)
    const outbox = resume(session)
    t.strictSame(outbox.lines(), [
      'PUBLISH a=1 q1 id1 dup',
      'PUBREL 2', // [MQTT-4.3.3-6]: no PUBLISH after PUBREC
      'PUBLISH a=3 q2 id3 dup',
      'PUBLISH a=4 q1 id4 dup',
      'PUBLISH a=5 q1 id5'
    ])
    session.pump()
    t.strictSame(outbox.lines(), [], 'once a connection')
  }
)

t.test('13: a full outbox in the middle of the repeats keeps newer messages behind them', async t => {
  const { session } = hereForGood()
  deliverMany(session, 3)
  const outbox = resume(session, 1)
  deliver(session, 'n=4', 1)
  t.strictSame(outbox.lines(), ['PUBLISH n=1 q1 id1 dup'])
  outbox.room = 2
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH n=2 q1 id2 dup', 'PUBLISH n=3 q1 id3 dup'])
  outbox.room = 1
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH n=4 q1 id4'])
})

t.test('13: a connection that ends in the middle of the repeats makes none of them new', async t => {
  const { session } = hereForGood()
  deliverMany(session, 2)
  t.strictSame(resume(session, 1).lines(), ['PUBLISH n=1 q1 id1 dup'])
  t.strictSame(resume(session).lines(), ['PUBLISH n=1 q1 id1 dup', 'PUBLISH n=2 q1 id2 dup'])
})

t.test('14: a client that keeps coming back does not lose its window', async t => {
  const { session } = hereForGood()
  deliverMany(session, limits.inflightMax + 1)
  for (let times = 0; times < 5; times++) t.equal(resume(session).lines().length, limits.inflightMax)
  const outbox = resume(session)
  for (let id = 1; id <= limits.inflightMax; id++) acknowledge(session, id)
  t.equal(outbox.lines().at(-1), `PUBLISH n=${limits.inflightMax + 1} q1 id${limits.inflightMax + 1}`)
  acknowledge(session, limits.inflightMax + 1)
  t.equal(session.inflight, 0)
})

t.test('a session that is away sends nothing', async t => {
  const session = begin()
  deliver(session, 'a=1', 1)
  session.pump()
  t.equal(session.waiting, 1)
})

t.test('[3.1.1 MQTT-3.3.1-8] retained messages go out with RETAIN, at the lower QoS', async t => {
  const { session, outbox } = here()
  const retained = store('a=1', 'b=1')
  deliverRetained(session, retained, '#', 2)
  deliverRetained(session, retained, 'a', 0)
  t.strictSame(outbox.lines(), ['PUBLISH a=1 q1 id1 retain', 'PUBLISH b=1 q1 id2 retain', 'PUBLISH a=1 retain'])
})

t.test('retained messages tell the identifier of their subscription', async t => {
  const { session, outbox } = here()
  const retained = store('a=1')
  session.deliverRetained('a', retained.matching('a'), optionsOf({ qos: 1, identifier: 5 }))
  session.deliverRetained('#', retained.matching('#'), optionsOf({ identifier: 6 }))
  t.strictSame(outbox.lines(), ['PUBLISH a=1 q1 id1 retain for 5', 'PUBLISH a=1 retain for 6'])
})

t.test('a retained message is repeated with RETAIN', async t => {
  const { session } = hereForGood()
  deliverRetained(session, store('a=1'), 'a', 1)
  t.strictSame(resume(session).lines(), ['PUBLISH a=1 q1 id1 dup retain'])
})

t.test('5: retained messages go as fast as the client reads, all of them, behind what waits', async t => {
  const { session, outbox } = hereForGood()
  outbox.room = 2
  deliverRetained(session, store('a=1', 'b=1', 'c=1', 'd=1'), '#', 0)
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain', 'PUBLISH b=1 retain'])
  deliver(session, 'n=1', 1)
  session.pump()
  t.strictSame(outbox.lines(), [], 'still full')
  outbox.room = 2
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH n=1 q1 id1', 'PUBLISH c=1 retain'])
  t.strictSame(resume(session).lines(), ['PUBLISH n=1 q1 id1 dup', 'PUBLISH d=1 retain'], 'and go on when the client comes back')
})

t.test('5: retained messages at QoS 1 go as fast as the client acknowledges', async t => {
  const { session, outbox } = here()
  const texts = Array.from({ length: limits.inflightMax + 1 }, (_, index) => `t${index}=1`)
  deliverRetained(session, store(...texts), '#', 1)
  t.equal(outbox.lines().length, limits.inflightMax)
  acknowledge(session, 1)
  t.strictSame(outbox.lines(), [`PUBLISH t${limits.inflightMax}=1 q1 id${limits.inflightMax + 1} retain`])
})

t.test('5: a live message that overtakes the retained one is never followed by the older one', async t => {
  const { session, outbox } = here()
  const retained = store('a=old', 'b=1')
  deliverMany(session, limits.inflightMax)
  deliverRetained(session, retained, '#', 1)
  outbox.take()
  retain(retained, 'a=new')
  deliver(session, 'a=new', 1)
  for (const id of [1, 2, 3]) acknowledge(session, id)
  const ids = [1, 2, 3].map(n => limits.inflightMax + n)
  t.strictSame(outbox.lines(), [`PUBLISH a=new q1 id${ids[0]}`, `PUBLISH a=new q1 id${ids[1]} retain`, `PUBLISH b=1 q1 id${ids[2]} retain`])
})

t.test('5: a live message that is dropped in the middle of a burst comes with it', async t => {
  for (const qos of [0, 1] as const) {
    const { session, outbox } = here()
    outbox.room = 1
    const retained = store('a=1', 'b=old')
    deliverRetained(session, retained, '#', qos)
    if (qos === 1) deliverMany(session, limits.queueMessagesMax)
    outbox.take()
    retain(retained, 'b=new')
    t.equal(deliver(session, 'b=new', qos), 'dropped')
    outbox.room = Number.POSITIVE_INFINITY
    session.pump()
    for (let id = 1; session.inflight > 0; id++) acknowledge(session, id)
    const last = outbox.lines().at(-1)
    t.match(last, qos === 0 ? 'PUBLISH b=new retain' : /^PUBLISH b=new q1 id\d+ retain$/)
  }
})

t.test('5: a burst at QoS 1 that waits for the window lets others at QoS 0 go on', async t => {
  const { session, outbox } = here()
  deliverMany(session, limits.inflightMax)
  outbox.take()
  deliverRetained(session, store('a=1'), 'a', 1)
  deliverRetained(session, store('a=1', 'b=1'), '#', 0)
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain', 'PUBLISH b=1 retain'])
  acknowledge(session, 1)
  t.strictSame(outbox.lines(), [`PUBLISH a=1 q1 id${limits.inflightMax + 1} retain`])
})

t.test('5: nor do messages that wait for the window, but of their own topic', async t => {
  const { session, outbox } = here()
  deliverMany(session, limits.inflightMax)
  deliver(session, 'b=old', 1)
  outbox.take()
  const retained = store('a=1', 'b=new', 'c=1')
  deliverRetained(session, retained, '+', 0)
  deliverRetained(session, retained, 'c', 0)
  deliverRetained(session, retained, 'a', 1)
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain', 'PUBLISH c=1 retain'])
  acknowledge(session, 1)
  const ids = [1, 2].map(n => limits.inflightMax + n)
  t.strictSame(outbox.lines(), [`PUBLISH b=old q1 id${ids[0]}`, 'PUBLISH b=new retain', 'PUBLISH c=1 retain'])
  acknowledge(session, 2)
  t.strictSame(outbox.lines(), [`PUBLISH a=1 q1 id${ids[1]} retain`])
})

t.test('5: a full outbox holds all bursts back, and no id is lost', async t => {
  const { session, outbox } = here()
  outbox.room = 0
  deliverRetained(session, store('a=1'), 'a', 1)
  deliverRetained(session, store('b=1'), 'b', 0)
  t.strictSame(outbox.lines(), [])
  t.equal(session.inflight, 0)
  outbox.room = 9
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH a=1 q1 id1 retain', 'PUBLISH b=1 retain'])
})

t.test('filters are weighed once each', async t => {
  const session = begin()
  session.subscribe('a/b', optionsOf(0))
  session.subscribe('a/b', optionsOf(1))
  session.subscribe('c', optionsOf(2))
  t.strictSame(
    [...session.subscriptions],
    [
      ['a/b', optionsOf(1)],
      ['c', optionsOf(2)]
    ]
  )
  t.equal(session.subscriptionBytes, filterWeightBytes('a/b') + filterWeightBytes('c'))
  t.strictSame([session.unsubscribe('a/b'), session.unsubscribe('a/b')], [true, false])
  t.equal(session.subscriptionBytes, filterWeightBytes('c'))
})

t.test('5: [MQTT-3.8.4-3] [3.1.1 MQTT-3.8.4-3] subscribing again and again begins anew each time, and piles nothing up', async t => {
  const { session, outbox } = here()
  const retained = store('a=1', 'b=1')
  outbox.room = 1
  for (let times = 0; times < 1_000; times++) deliverRetained(session, retained, '#', 0)
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain'])
  outbox.room = 9
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain', 'PUBLISH b=1 retain'])
})

t.test('[MQTT-3.10.4-2] [3.1.1 MQTT-3.10.4-2] retained messages of a filter that was unsubscribed are not sent any more', async t => {
  const { session, outbox } = here()
  const retained = store('a=1', 'b=1')
  outbox.room = 0
  deliverRetained(session, retained, '#', 0)
  deliverRetained(session, retained, 'b', 0)
  session.unsubscribe('#')
  outbox.room = 9
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH b=1 retain'])
})

t.test('[MQTT-3.3.2-6] QoS 0 tells what its subscriptions and its expiry want told', async t => {
  const house = new House()
  const session = begin(0, house)
  const outbox = resume(session)
  const expiring = { ...message('a=1'), expiresAtMs: house.nowMs + 5_000 }
  session.match.subscriptionIds = [7]
  session.deliver(message('a=0'), 0, never, undefined)
  session.match.retain = true
  session.deliver(expiring, 0, never, undefined)
  t.strictSame(outbox.lines(), ['PUBLISH a=0 for 7', 'PUBLISH a=1 retain for 7 expires 5'])
})

t.test('[MQTT-3.1.2-25] what is longer than the client takes goes as if it were sent, live or retained', async t => {
  const { session, outbox } = here()
  outbox.payloadBytesMax = 1
  t.equal(deliver(session, 'a=22', 0), 'sent')
  deliverRetained(session, store('a=22', 'b=1'), '#', 1)
  deliverRetained(session, store('c=22', 'd=1'), '+', 0)
  t.strictSame(outbox.lines(), ['PUBLISH b=1 q1 id1 retain', 'PUBLISH d=1 retain'])
})

t.test('[MQTT-3.3.2-5] a retained message that expires before its turn is not sent', async t => {
  const house = new House()
  const session = begin(0, house)
  const retained = store('a=1')
  retained.store({ ...message('b=1'), expiresAtMs: house.nowMs + 1 }, false)
  const outbox = resume(session, 1)
  deliverRetained(session, retained, '#', 0)
  house.nowMs += 1
  outbox.room = 9
  session.pump()
  t.strictSame(outbox.lines(), ['PUBLISH a=1 retain'])
})

t.test('retained messages at QoS 2 of a kept session go out from the disk, as many as there is room for', async t => {
  const house = new House()
  const session = begin(1, house)
  const outbox = resume(session)
  const retained = new Retained()
  for (let n = 0; n <= limits.inflightMax; n++) retained.store(message(`t${n}=x`, { qos: 2, retain: true }), false)
  deliverRetained(session, retained, '#', 2)
  t.strictSame(outbox.lines(), [])
  house.endTurn()
  t.equal(outbox.lines().length, limits.inflightMax)
  session.release(1)
  session.finish(1, 'PUBCOMP')
  house.endTurn()
  t.strictSame(outbox.lines(), [`PUBLISH t${limits.inflightMax}=x q2 id${limits.inflightMax + 1} retain`])
  house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  session.finish(2, 'PUBREC')
  deliverRetained(session, retained, 't0', 2)
  t.equal(session.waiting, 0, 'the disk has no room')
  house.endTurn()
  session.pump()
  house.endTurn()
  t.match(outbox.lines(), [/^PUBLISH t0=x q2 .* retain$/])
})

t.test('publishers wait for a subscriber that takes something now and then, and are told when it has caught up', async t => {
  const house = new House()
  const session = begin(0, house)
  const told: Session[] = []
  const publisher = { waitsFor: undefined, end: () => undefined, caughtUp: (session: Session) => told.push(session) }
  const gone = { waitsFor: undefined, end: () => undefined, caughtUp: () => t.fail('it has gone') }
  deliverMany(session, limits.queueMessagesMax)
  t.notOk(session.isBehind(), 'an absent client holds nobody up')
  const outbox = resume(session)
  deliverMany(session, limits.inflightMax)
  t.ok(session.isBehind())
  for (const each of [publisher, gone]) session.tellCaughtUp(each)
  session.forgetWaiting(gone)
  house.nowMs += limits.patienceMs - 1
  acknowledge(session, 1)
  t.ok(session.isBehind())
  for (let id = 2; told.length === 0; id++) acknowledge(session, id)
  t.strictSame(told, [session])
  t.ok(session.waiting <= limits.queueMessagesMax / 4)
  t.equal(outbox.lines().length + session.waiting, limits.inflightMax + limits.queueMessagesMax)
})

t.test('3: a subscriber that takes one now and then holds publishers up no longer', async t => {
  const house = new House()
  const session = begin(0, house)
  const told: Session[] = []
  resume(session)
  deliverMany(session, limits.inflightMax + limits.queueMessagesMax)
  session.tellCaughtUp({ waitsFor: undefined, end: () => undefined, caughtUp: session => told.push(session) })
  for (const id of [1, 2]) {
    t.strictSame(told, [])
    house.nowMs += limits.patienceMs / 2
    acknowledge(session, id)
  }
  t.strictSame([told, session.isBehind()], [[session], true])
})

t.test('3: a subscriber that takes nothing holds publishers up only so long, whatever it says', async t => {
  const house = new House()
  const session = begin(0, house)
  const told: Session[] = []
  deliver(session, 'a=1', 2)
  resume(session)
  session.release(1)
  deliverMany(session, limits.inflightMax - 1 + limits.queueMessagesMax)
  t.ok(session.isBehind())
  session.tellCaughtUp({ waitsFor: undefined, end: () => undefined, caughtUp: session => told.push(session) })
  for (let ms = 0; ms < limits.patienceMs; ms += 100) {
    t.strictSame(told, [])
    house.nowMs += 100
    session.release(1)
    session.finish(99, 'PUBACK')
    session.pump()
  }
  t.strictSame([told, session.isBehind()], [[session], false])
})

t.test('[MQTT-4.4.0-2] PUBREC with an error makes room', async t => {
  const { session, outbox } = here()
  deliver(session, 'a=1', 2)
  deliverMany(session, limits.inflightMax)
  outbox.take()
  t.ok(session.finish(1, 'PUBREC'))
  t.strictSame(outbox.lines(), [`PUBLISH n=${limits.inflightMax} q1 id${limits.inflightMax + 1}`])
})

t.test('what an earlier run kept is there', async t => {
  const session = begin(1)
  const rest = { message: message('a=1'), qos: 1, retain: false, subscriptionIds: [], group: undefined, state: 'message' } as const
  t.ok(session.restore({ ...rest, order: 5, packetId: 7, repeated: false, sent: false }))
  t.strictSame(
    [...session.deliveries()].map(({ order }) => order),
    [5]
  )
  t.strictSame(resume(session).lines(), ['PUBLISH a=1 q1 id7 dup'])
})

t.test('a session needs those for whom its client waits, and for whom theirs do', async t => {
  const house = new House()
  const [a, b, c] = [begin(0, house), begin(0, house), begin(0, house)]
  const wait = (session: Session, ...others: Session[]): void =>
    session.resume({ waitsFor: new Set(others), end: () => undefined, caughtUp: () => undefined }, new Recorder(), 65_535)
  wait(a, b)
  wait(b, c)
  t.strictSame([a.needs(c), c.needs(a), a.needs(a)], [true, false, true])
  resume(c)
  t.strictSame([a.needs(c), c.needs(a)], [true, false], 'one whose client is here and waits for nobody')
  deliver(c, 'a=1', 1)
  c.forget()
  t.equal(c.waiting, 0)
})

t.test('how well it takes a message of a group: with room first, then here, then keeping up', async t => {
  const { session, outbox } = here()
  const fits = (): number[] => [0, 1].map(qos => session.fitFor(message('a=1', { qos: 1 }), qos))
  t.strictSame(fits(), [3, 3])
  outbox.isHeld = true
  t.strictSame(fits(), [2, 2], 'it is not read from')
  outbox.isHeld = false
  deliverMany(session, limits.inflightMax + limits.queueMessagesMax / 2 + 1)
  t.strictSame(fits(), [2, 2], 'much waits for it')
  deliverMany(session, limits.queueMessagesMax)
  t.strictSame(fits(), [2, 0], 'QoS 0 needs no room in its queue')
  session.where = { name: 'away', sinceMs: 0 }
  t.strictSame(fits(), [1, 0])
})

t.test('what its user may read, and share with others', async t => {
  const { session, outbox } = here()
  t.ok(session.mayRead('a'))
  t.ok(session.mayShare('a'))
  const retained = new Retained()
  for (const topic of ['a', 'b', 'c']) retained.store(message(`${topic}=1`, { retain: true }), true)
  session.rights = new Rights([{ verb: 'read', filter: 'b' }], false)
  deliverRetained(session, retained, '#', 0)
  t.match(outbox.lines(), [/^PUBLISH b=1/])
  t.notOk(session.mayShare('b'))
  session.rights = new Rights([{ verb: 'read', filter: 'b' }], true)
  t.ok(session.mayShare('b'))
  t.notOk(session.mayShare('a'))
  session.rights = nothing
  t.notOk(session.mayRead('b'))
})
