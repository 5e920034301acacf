/** The router: which sessions a message reaches, how, and how often. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { reasonCodes } from '../../src/mqtt/packet.ts'
import { Rights } from '../../src/mqtt/rights.ts'
import { type ClientPublisher, Router } from '../../src/mqtt/router.ts'
import { Session } from '../../src/mqtt/session.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { type Asked, message, optionsOf } from '../fixtures/mqtt/packets.ts'
import { Recorder } from '../fixtures/mqtt/recorder.ts'

/** A router, and sessions by name whose clients are here. */
class Rig {
  readonly house = new House()
  readonly router = new Router(this.house.broker)
  readonly outboxes = new Map<string, Recorder>()
  readonly sessions = new Map<string, Session>()
  readonly waited: Session[] = []
  #numbers = 0

  /** A session with these filters. */
  begin(name: string, filters: Readonly<Record<string, Asked>>, isKept = false): Session {
    const session = new Session(this.house.broker, name, isKept ? ++this.#numbers : 0, 0)
    this.sessions.set(name, session)
    for (const [filter, asked] of Object.entries(filters)) this.router.subscribe(session, filter, optionsOf(asked))
    this.resume(session)
    return session
  }

  resume(session: Session): void {
    const outbox = new Recorder()
    this.outboxes.set(session.clientId, outbox)
    session.resume({ waitsFor: undefined, end: () => undefined, caughtUp: () => undefined }, outbox, 65_535)
  }

  leave(session: Session): void {
    session.where = { name: 'away', sinceMs: this.house.nowMs }
  }

  publisher(session?: Session): ClientPublisher {
    const waitFor = (subscriber: Session): void => void this.waited.push(subscriber)
    return { session, waitFor, waitsFor: undefined, end: () => undefined, caughtUp: () => undefined }
  }

  /** Publishes for a client, and answers its reason code. */
  publish(text: string, qos: 0 | 1 | 2 = 0, options: { retain?: boolean; from?: Session } = {}): number {
    return this.router.publish(message(text, { qos, retain: options.retain ?? false }), this.publisher(options.from)).reasonCode
  }

  /** What went out to each since it was asked last, without those that got nothing. */
  lines(): Record<string, string[]> {
    const all = [...this.outboxes].map(([name, outbox]) => [name, outbox.lines()] as const)
    return Object.fromEntries(all.filter(([, lines]) => lines.length > 0))
  }
}

t.test(
  '[MQTT-4.5.0-1] [3.1.1 MQTT-4.5.0-1] [MQTT-3.3.2-3] [3.1.1 MQTT-3.3.2-3] a message reaches every matching session, and those alone',
  async t => {
    const rig = new Rig()
    rig.begin('one', { 'x/#': 0 })
    rig.begin('two', { 'x/1': 1, y: 0 })
    t.equal(rig.publish('x/1=a', 1), reasonCodes.success)
    t.strictSame(rig.lines(), { one: ['PUBLISH x/1=a'], two: ['PUBLISH x/1=a q1 id1'] })
    t.equal(rig.publish('z=a', 1), reasonCodes.noMatchingSubscribers)
    t.strictSame(rig.lines(), {})
    t.strictSame(
      [rig.house.count('messages-published'), rig.house.count('deliveries-sent'), rig.house.count('deliveries-queued')],
      [2, 1, 1]
    )
  }
)

t.test('[MQTT-3.8.4-8] [3.1.1 MQTT-3.8.4-6] it is delivered at the lower of its own QoS and the one granted', async t => {
  for (const published of [0, 1, 2] as const) {
    for (const granted of [0, 1, 2] as const) {
      const rig = new Rig()
      rig.begin('c', { a: granted })
      rig.publish('a=x', published)
      const qos = Math.min(published, granted)
      t.strictSame(rig.lines(), { c: [qos === 0 ? 'PUBLISH a=x' : `PUBLISH a=x q${qos} id1`] }, `${published} to ${granted}`)
    }
  }
})

t.test(
  '25: [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [3.1.1 MQTT-3.3.5-1] overlapping filters deliver once: highest QoS, all identifiers',
  async t => {
    const rig = new Rig()
    const session = rig.begin('c', {
      'a/#': { qos: 0, identifier: 7 },
      d: { qos: 0, identifier: 8 },
      'a/b': 1,
      '+/b': { qos: 2, identifier: 9 },
      '+': 0
    })
    rig.publish('a/b=x', 2)
    rig.publish('a/c=x', 2)
    rig.publish('b=x', 2)
    rig.publish('d=x', 2)
    t.strictSame(rig.lines(), { c: ['PUBLISH a/b=x q2 id1 for 7,9', 'PUBLISH a/c=x for 7', 'PUBLISH b=x', 'PUBLISH d=x for 8'] })
    t.ok(rig.router.unsubscribe(session, '+/b'))
    t.notOk(rig.router.unsubscribe(session, '+/b'))
    rig.publish('a/b=y', 2)
    t.strictSame(rig.lines(), { c: ['PUBLISH a/b=y q1 id2 for 7'] })
  }
)

t.test('[MQTT-3.8.3-3] No Local: a client is not sent its own messages by that subscription', async t => {
  const rig = new Rig()
  const own = rig.begin('own', { a: { noLocal: true }, '#': { qos: 1, noLocal: true } })
  const other = rig.begin('other', { a: { noLocal: true } })
  rig.publish('a=1', 1, { from: own })
  t.strictSame(rig.lines(), { other: ['PUBLISH a=1'] })
  rig.publish('a=2', 1, { from: other })
  t.strictSame(rig.lines(), { own: ['PUBLISH a=2 q1 id1'] })
  rig.router.subscribe(own, 'a', optionsOf(0))
  t.equal(rig.publish('a=3', 1, { from: own }), reasonCodes.success)
  t.strictSame(rig.lines(), { own: ['PUBLISH a=3'], other: ['PUBLISH a=3'] }, 'another one may have it')
  rig.router.publish(message('a=4'), 'will')
  t.strictSame(rig.lines(), { own: ['PUBLISH a=4'], other: ['PUBLISH a=4'] }, 'a will is nobody’s own')
})

t.test('[MQTT-3.3.1-12] [MQTT-3.3.1-13] [3.1.1 MQTT-3.3.1-9] Retain As Published: RETAIN is passed on, or not', async t => {
  const rig = new Rig()
  rig.begin('c', { a: { retainAsPublished: true }, b: 0, '+': 0, '#': 0, d: { retainAsPublished: true } })
  for (const topic of ['a', 'b', 'd']) rig.publish(`${topic}=x`, 0, { retain: true })
  rig.publish('a=y')
  t.strictSame(rig.lines(), { c: ['PUBLISH a=x retain', 'PUBLISH b=x', 'PUBLISH d=x retain', 'PUBLISH a=y'] })
})

t.test(
  '[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] Retain Handling: always, if the subscription is new, never',
  async t => {
    const rig = new Rig()
    const session = rig.begin('c', {})
    const sends = (filter: string, retainHandling: 0 | 1 | 2): boolean =>
      rig.router.subscribe(session, filter, optionsOf({ retainHandling }))
    t.strictSame([sends('a', 0), sends('a', 0)], [true, true])
    t.strictSame([sends('b', 1), sends('b', 1), sends('a', 1)], [true, false, false])
    t.strictSame([sends('c', 2), sends('c', 2)], [false, false])
    t.notOk(sends('$share/g/a', 0), 'shared subscriptions get none')
  }
)

t.test('retained messages are sent for a subscription with its identifier', async t => {
  const rig = new Rig()
  const session = rig.begin('c', {})
  rig.publish('a=1', 1, { retain: true })
  rig.router.sendRetained(session, '#', optionsOf({ qos: 1, identifier: 5 }))
  t.strictSame(rig.lines(), { c: ['PUBLISH a=1 q1 id1 retain for 5'] })
})

t.test('[MQTT-3.3.1-8] [3.1.1 MQTT-3.3.1-12] what is retained is kept on the disk, but for the daemon’s own', async t => {
  const rig = new Rig()
  const retain = (text: string, by?: 'daemon'): boolean => {
    const { isKept } = rig.router.publish(message(text, { retain: true }), by ?? rig.publisher())
    rig.house.endTurn()
    return isKept
  }
  t.notOk(retain('own=1', 'daemon'))
  t.equal(rig.house.store.size, 0)
  t.strictSame([retain('a=1'), retain('a=2'), rig.house.store.size], [true, true, 1])
  t.strictSame([retain('a='), rig.house.store.size], [true, 0])
  t.ok(retain('a='), 'somebody else may just have cleared it')
  t.notOk(rig.router.publish(message('a=1'), rig.publisher()).isKept)
  retain('a=1')
  t.notOk(retain('a=', 'daemon'))
  t.equal(rig.house.store.size, 0, 'what the daemon removes does not come back')
})

t.test('a retained message past the bounds is passed on, counted, and not kept', async t => {
  const rig = new Rig()
  rig.begin('c', { more: 0 })
  for (let index = 0; index < limits.retainedMessagesMax; index++) rig.publish(`${index}=x`, 0, { retain: true })
  t.equal(rig.router.publish(message('more=x', { retain: true }), rig.publisher()).reasonCode, reasonCodes.quotaExceeded)
  t.strictSame(rig.lines(), { c: ['PUBLISH more=x'] })
  t.equal(rig.house.count('retained-refused'), 1)
  rig.house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  t.strictSame(rig.router.publish(message('0=y', { retain: true }), 'will'), { reasonCode: reasonCodes.quotaExceeded, isKept: false })
  t.equal(rig.house.count('retained-unsaved'), 1)
})

t.test('a retained message that cannot be cleared on the disk is not said to be', async t => {
  const rig = new Rig()
  rig.publish('a=1', 0, { retain: true })
  rig.house.store.delete = () => false
  const { reasonCode } = rig.router.publish(message('a=', { retain: true }), rig.publisher())
  t.equal(reasonCode, reasonCodes.quotaExceeded)
})

t.test('[MQTT-3.3.2-5] retained messages expire, on the disk too', async t => {
  const rig = new Rig()
  rig.router.publish({ ...message('a=1', { retain: true }), expiresAtMs: rig.house.nowMs + 1_000 }, rig.publisher())
  rig.router.tick(rig.house.nowMs + 999)
  t.equal(rig.router.retained.count, 1)
  rig.router.tick(rig.house.nowMs + 1_000)
  rig.house.endTurn()
  t.strictSame([rig.router.retained.count, rig.house.store.size, rig.house.count('retained-expired')], [0, 0, 1])
})

t.test('an acknowledgement must wait when something of the message is on its way to the disk', async t => {
  const rig = new Rig()
  const kept = rig.begin('kept', { a: 1, b: 0 }, true)
  rig.begin('clean', { '#': 1 })
  const isKept = (text: string): boolean => rig.router.publish(message(text, { qos: 1 }), rig.publisher()).isKept
  t.strictSame([isKept('a=1'), isKept('b=1'), isKept('c=1')], [true, false, false])
  rig.leave(kept)
  t.ok(isKept('a=2'))
})

t.test('a message that all its subscribers had to drop is answered with 0x97', async t => {
  const rig = new Rig()
  const [full, roomy] = [rig.begin('full', { a: 1, b: 0, c: 1 }), rig.begin('roomy', { c: 1 })]
  const shared = rig.begin('shared', { '$share/g/d': 1, '$share/g/e': 0 })
  for (const session of [full, roomy, shared]) rig.leave(session)
  for (let n = 0; n < limits.queueMessagesMax; n++) for (const topic of ['a', 'd']) t.equal(rig.publish(`${topic}=x`, 1), 0)
  t.equal(rig.publish('a=more', 1), reasonCodes.quotaExceeded)
  t.equal(rig.publish('d=more', 2), reasonCodes.quotaExceeded)
  t.equal(rig.publish('c=x', 1), reasonCodes.success, 'one has it')
  t.strictSame([rig.publish('b=x', 1), rig.publish('e=x', 1)], [reasonCodes.success, reasonCodes.success], 'QoS 0 may be dropped')
  t.equal(rig.house.count('deliveries-dropped'), 5)
})

t.test('a publisher is slowed for a subscriber that is behind, be it itself', async t => {
  const rig = new Rig()
  const slow = rig.begin('slow', { a: 1 })
  rig.outboxes.get('slow')?.take()
  const half = limits.inflightMax + limits.queueMessagesMax / 2
  for (let n = 0; n < half; n++) rig.publish('a=x', 1)
  t.strictSame(rig.waited, [])
  rig.publish('a=x', 1, { from: slow })
  t.strictSame(rig.waited, [slow])
  rig.publish('a=x', 1)
  t.strictSame(rig.waited, [slow], 'who has no session any more waits for nobody')
  rig.publish('a=x', 1, { from: rig.begin('other', {}) })
  t.strictSame(rig.waited, [slow, slow])
  rig.router.publish(message('a=x', { qos: 1 }), 'daemon')
  t.equal(rig.waited.length, 2, 'the daemon waits for nobody')
})

t.test('nor does one go on whose message found no room with a subscriber that still takes some', async t => {
  const rig = new Rig()
  const slow = rig.begin('slow', { a: 1 })
  for (let n = 0; n < limits.inflightMax + limits.queueMessagesMax; n++) rig.publish('a=x', 1)
  t.equal(rig.publish('a=lost', 1, { from: rig.begin('other', {}) }), reasonCodes.quotaExceeded)
  t.strictSame(rig.waited, [slow])
  rig.house.nowMs += limits.patienceMs
  rig.publish('a=lost', 1, { from: rig.begin('another', {}) })
  t.strictSame(rig.waited, [slow], 'nobody waits for one that takes nothing')
})

t.test('[MQTT-4.8.2-3] a group takes turns, each at its own QoS and with its own options', async t => {
  const rig = new Rig()
  rig.begin('x', { '$share/g/a': { qos: 1, identifier: 3, retainAsPublished: true } })
  rig.begin('y', { '$share/g/a': 0 })
  rig.begin('alone', { a: 0, '$share/h/+': 2 })
  for (const n of [1, 2, 3]) rig.publish(`a=${n}`, 2, { retain: true })
  t.strictSame(rig.lines(), {
    x: ['PUBLISH a=1 q1 id1 retain for 3', 'PUBLISH a=3 q1 id2 retain for 3'],
    y: ['PUBLISH a=2'],
    alone: [1, 2, 3].flatMap(n => [`PUBLISH a=${n}`, `PUBLISH a=${n} q2 id${n}`])
  })
})

t.test('a group’s message goes to one who is here and keeps up, else to one who is here, else to one who is away', async t => {
  const rig = new Rig()
  const [x, y, z] = ['x', 'y', 'z'].map(name => rig.begin(name, { '$share/g/a': 1, [name]: 1 })) as [Session, Session, Session]
  const takers = (): string[] => {
    const before = [x, y, z].map(({ waiting, inflight }) => waiting + inflight)
    rig.publish('a=x', 1)
    return [x, y, z].filter(({ waiting, inflight }, index) => waiting + inflight > (before[index] ?? 0)).map(({ clientId }) => clientId)
  }
  t.strictSame([takers(), takers(), takers(), takers()], [['x'], ['y'], ['z'], ['x']])
  rig.leave(y)
  for (let n = 0; n < limits.inflightMax + limits.queueMessagesMax / 2 + 1; n++) rig.publish('z=x', 1)
  t.ok(z.isBehind())
  t.strictSame([takers(), takers()], [['x'], ['x']])
  rig.leave(x)
  t.strictSame([takers(), takers()], [['z'], ['z']])
  rig.leave(z)
  t.strictSame([takers(), takers(), takers()], [['x'], ['y'], ['z']])
})

t.test('24: a group loses nothing to a member that takes nothing while another has room, be it away', async t => {
  const rig = new Rig()
  const [frozen, good] = ['frozen', 'good'].map(name => rig.begin(name, { '$share/g/a': 1, '$share/h/b': 0, [name]: 1 })) as [
    Session,
    Session
  ]
  const most = limits.inflightMax + limits.queueMessagesMax
  for (let n = 0; n < most; n++) rig.publish('frozen=x', 1)
  rig.house.nowMs += limits.patienceMs
  t.notOk(frozen.isBehind(), 'no publisher waits for it')
  for (let n = 0; n < most; n++) rig.publish('a=x', 1)
  t.equal(good.waiting + good.inflight, most)
  t.equal(rig.house.count('deliveries-dropped'), 0)
  for (const { packetId } of [...good.deliveries()]) good.finish(packetId, 'PUBACK')
  rig.leave(good)
  rig.publish('a=x', 1)
  t.strictSame([good.waiting, rig.house.count('deliveries-dropped')], [1, 0])
  rig.resume(good)
  ;(rig.outboxes.get('frozen') as Recorder).isHeld = true
  for (let n = 0; n < 2; n++) rig.publish('b=x')
  t.strictSame(rig.lines()['good'], ['PUBLISH a=x q1 id165', 'PUBLISH b=x', 'PUBLISH b=x'])
})

t.test(
  '[MQTT-4.8.2-4] [MQTT-4.8.2-5] a member that goes leaves what it has not begun to the others, and at QoS 2 what it has to nobody',
  async t => {
    const rig = new Rig()
    const gone = rig.begin('gone', { '$share/g/a': 2, '$share/lonely/a': 1, a: 1 }, true)
    const outbox = rig.outboxes.get('gone') as Recorder
    rig.publish('a=begun at 1', 1)
    rig.publish('a=begun at 2', 2)
    rig.house.endTurn()
    outbox.take()
    outbox.room = 0
    rig.publish('a=waits at 2', 2)
    const other = rig.begin('other', { '$share/g/a': 2 }, true)
    rig.router.forget(gone)
    rig.house.endTurn()
    t.strictSame(rig.outboxes.get('other')?.lines(), ['PUBLISH a=begun at 1 q1 id1', 'PUBLISH a=waits at 2 q2 id2'])
    t.equal(rig.publish('a=new', 2), 0)
    rig.house.endTurn()
    t.strictSame(rig.lines(), { other: ['PUBLISH a=new q2 id3'] })
    t.strictSame(
      [...other.deliveries()].map(({ packetId }) => packetId),
      [1, 2, 3]
    )
  }
)

t.test('what a group gave a member that was away goes to the others too', async t => {
  const rig = new Rig()
  const gone = rig.begin('gone', { '$share/g/a': 2 })
  rig.leave(gone)
  for (const n of [1, 2, 3, 4]) rig.publish(`a=${n}`, 1)
  for (const name of ['x', 'y']) rig.begin(name, { '$share/g/a': 1 })
  rig.router.forget(gone)
  t.strictSame(rig.lines(), { x: ['PUBLISH a=2 q1 id1', 'PUBLISH a=4 q1 id2'], y: ['PUBLISH a=1 q1 id1', 'PUBLISH a=3 q1 id2'] })
})

t.test('a message is for those whose user may read it, and so is a turn in a group', async t => {
  const rig = new Rig()
  const [all, some, other] = ['all', 'some', 'other'].map(name => rig.begin(name, { '#': 0, '$share/g/#': 0 })) as [
    Session,
    Session,
    Session
  ]
  some.rights = other.rights = new Rights([{ verb: 'read', filter: 'a' }], true)
  t.equal(rig.publish('b=1'), reasonCodes.success)
  t.strictSame(rig.lines(), { all: ['PUBLISH b=1', 'PUBLISH b=1'] })
  for (let n = 0; n < 3; n++) rig.publish('a=1')
  t.strictSame(
    Object.values(rig.lines()).map(lines => lines.length),
    [4, 4, 4]
  )
  for (let n = 0; n < 2; n++) rig.publish('b=1')
  t.strictSame(Object.keys(rig.lines()), ['all'], 'whoever else has the turn')
  all.rights = some.rights
  t.equal(rig.publish('b=2'), reasonCodes.noMatchingSubscribers, 'nobody is told that there is somebody')
  t.strictSame(rig.lines(), {})
  t.equal(rig.house.count('deliveries-withheld'), 3 * 2 + 4)
})

t.test('what a group gave to one that has ended goes to a member that may read it, or to none', async t => {
  const rig = new Rig()
  const [one, other] = ['one', 'other'].map(name => rig.begin(name, { '$share/g/#': 1 })) as [Session, Session]
  other.rights = new Rights([{ verb: 'read', filter: 'a' }], true)
  for (const text of ['b=1', 'a=1']) rig.publish(text, 1)
  rig.lines()
  rig.leave(one)
  rig.router.forget(one)
  t.notOk(rig.lines()['other']?.some(line => line.includes('b=1')))
})
