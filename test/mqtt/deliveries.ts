/** Deliveries: how messages at QoS 1 and 2 wait, go out, are acknowledged, and come back after a restart. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Deliveries, type Due } from '../../src/mqtt/deliveries.ts'
import type { Message } from '../../src/mqtt/packet.ts'
import type { Delivery } from '../../src/mqtt/window.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { largeMessage, message } from '../fixtures/mqtt/packets.ts'
import { Recorder } from '../fixtures/mqtt/recorder.ts'

/** The deliveries of a session that is kept, or of one that is not, and their way out. */
class Rig {
  readonly house = new House()
  readonly outbox = new Recorder()
  readonly deliveries: Deliveries<string>
  /** What the client may not have. */
  hidden: string | undefined

  constructor(session = 0) {
    this.deliveries = new Deliveries<string>(this.house.broker, session, {
      mayRead: topic => topic !== this.hidden,
      pump: () => this.deliveries.drain(this.outbox)
    })
  }

  add(text: string, qos: 1 | 2 = 1, changes: Partial<Message> = {}): boolean {
    return this.deliveries.add(due(text, qos, changes))
  }

  addMany(count: number): void {
    for (let n = 1; n <= count; n++) this.add(`n=${n}`)
  }

  /** What goes out when all may go. */
  drain(): string[] {
    this.deliveries.drain(this.outbox)
    return this.outbox.lines()
  }

  /** The client comes back. */
  rewind(receiveMax = 65_535): string[] {
    this.deliveries.rewind(receiveMax)
    return this.drain()
  }

  endTurn(): string[] {
    this.house.endTurn()
    return this.outbox.lines()
  }

  /** So much waits for the disk that it takes no more. */
  fillDisk(): void {
    this.house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  }
}

function due(text: string, qos: 1 | 2 = 1, changes: Partial<Message> = {}): Due<string> {
  return { message: { ...message(text, { qos }), ...changes }, qos, retain: false, subscriptionIds: [], group: undefined }
}

function earlier(order: number, changes: Partial<Delivery<string>> = {}): Delivery<string> {
  const { qos = 1 } = changes
  return { ...due(`n=${order}`, qos), order, packetId: order, state: 'message', repeated: false, sent: false, ...changes }
}

t.test(
  '[MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.3-1] [MQTT-4.3.3-2] [3.1.1 MQTT-4.3.2-1] they go out in order, with fresh ids and without DUP',
  async t => {
    const rig = new Rig()
    t.ok(rig.add('a=1'))
    t.ok(rig.add('a=2', 2))
    t.strictSame([rig.deliveries.waiting, rig.deliveries.inflight], [2, 0])
    t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=2 q2 id2'])
    t.strictSame([rig.deliveries.waiting, rig.deliveries.inflight], [0, 2])
    t.strictSame(rig.drain(), [])
  }
)

t.test('3: so many wait and no more, and so many bytes', async t => {
  const rig = new Rig()
  t.notOk(rig.deliveries.isFuller(0))
  rig.addMany(limits.queueMessagesMax / 2)
  t.notOk(rig.deliveries.isFuller(1 / 2))
  rig.addMany(limits.queueMessagesMax / 2)
  t.ok(rig.deliveries.isFuller(1 / 2))
  t.notOk(rig.add('n=more'))
  t.equal(rig.deliveries.waiting, limits.queueMessagesMax)

  const heavy = new Rig()
  const large = largeMessage('a'.repeat(limits.packetBytesMax), 0, 1)
  t.ok(heavy.add('', 1, large), 'the largest packet fits')
  t.ok(heavy.deliveries.isFuller(1 / 2))
  t.notOk(heavy.add('', 1, large))
  t.match(heavy.drain(), [/q1 id1$/])
})

t.test('it tells beforehand whether there is room', async t => {
  const rig = new Rig()
  let count = 0
  while (rig.deliveries.hasRoomFor(message('a=x', { qos: 1 }))) if (rig.add('a=x')) count++
  t.equal(count, limits.queueMessagesMax)
  t.notOk(rig.add('a=x'))
})

t.test('a full window holds the rest back until the client acknowledges', async t => {
  const rig = new Rig()
  rig.addMany(limits.inflightMax + 2)
  t.notOk(rig.deliveries.drain(rig.outbox), 'not all may go')
  t.equal(rig.outbox.lines().length, limits.inflightMax)
  t.notOk(rig.deliveries.mayBegin)
  t.ok(rig.deliveries.finish(5, 'PUBACK'))
  t.notOk(rig.deliveries.finish(5, 'PUBACK'), 'once')
  t.strictSame(rig.drain(), [`PUBLISH n=${limits.inflightMax + 1} q1 id${limits.inflightMax + 1}`])
  for (const { packetId } of [...rig.deliveries.all()]) rig.deliveries.finish(packetId, 'PUBACK')
  t.ok(rig.deliveries.drain(rig.outbox))
  t.ok(rig.deliveries.mayBegin)
})

t.test('a full outbox holds the rest back, and no id is lost', async t => {
  const rig = new Rig()
  rig.outbox.room = 1
  rig.addMany(3)
  t.strictSame(rig.drain(), ['PUBLISH n=1 q1 id1'])
  rig.outbox.room = 9
  t.strictSame(rig.drain(), ['PUBLISH n=2 q1 id2', 'PUBLISH n=3 q1 id3'])
})

t.test('[MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] so many are on their way as the client takes', async t => {
  const rig = new Rig(1)
  rig.deliveries.rewind(2)
  rig.addMany(4)
  t.strictSame(rig.drain(), ['PUBLISH n=1 q1 id1', 'PUBLISH n=2 q1 id2'])
  rig.deliveries.finish(2, 'PUBACK')
  t.strictSame(rig.drain(), ['PUBLISH n=3 q1 id3'])
  t.strictSame(rig.rewind(1), ['PUBLISH n=1 q1 id1 dup'], 'repeats too')
  rig.deliveries.finish(1, 'PUBACK')
  t.strictSame(rig.drain(), ['PUBLISH n=3 q1 id3 dup'])
})

t.test(
  '[MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6] [3.1.1 MQTT-4.3.3-1] QoS 2 ends with PUBCOMP, and is not published again after PUBREC',
  async t => {
    const rig = new Rig()
    rig.add('a=1', 2)
    rig.drain()
    t.notOk(rig.deliveries.release(2))
    t.ok(rig.deliveries.release(1))
    t.ok(rig.deliveries.release(1), 'a repeat is no fault')
    t.strictSame(rig.rewind(), ['PUBREL 1'])
    t.ok(rig.deliveries.finish(1, 'PUBCOMP'))
    t.notOk(rig.deliveries.release(1))
    t.strictSame(rig.rewind(), [])
  }
)

t.test('[MQTT-3.3.4-10] PUBREL does not wait for the quota, and what is held back for that keeps its place', async t => {
  const rig = new Rig(1)
  rig.add('a=1')
  for (const text of ['a=2', 'a=3']) rig.add(text, 2)
  rig.endTurn()
  rig.drain()
  rig.deliveries.release(2)
  rig.endTurn()
  rig.add('a=4')
  t.strictSame(rig.rewind(1), ['PUBLISH a=1 q1 id1 dup', 'PUBREL 2'])
  rig.deliveries.finish(1, 'PUBACK')
  t.strictSame(rig.drain(), [], 'both exchanges count')
  rig.deliveries.finish(2, 'PUBCOMP')
  t.strictSame(rig.drain(), ['PUBLISH a=3 q2 id3 dup'])
  rig.deliveries.finish(3, 'PUBREC')
  t.strictSame(rig.drain(), ['PUBLISH a=4 q1 id4'])
})

t.test('[MQTT-4.4.0-2] PUBREC with an error ends a delivery', async t => {
  const rig = new Rig()
  rig.add('a=1', 2)
  rig.drain()
  t.ok(rig.deliveries.finish(1, 'PUBREC'))
  t.equal(rig.deliveries.inflight, 0)
})

t.test(
  '13: [MQTT-4.4.0-1] [MQTT-3.3.1-1] [3.1.1 MQTT-4.4.0-1] [3.1.1 MQTT-3.3.1-1] [3.1.1 MQTT-4.6.0-1] what is unfinished is repeated first',
  async t => {
    const rig = new Rig(1)
    for (const [text, qos] of [
      ['a=1', 1],
      ['a=2', 2],
      ['a=3', 2],
      ['a=4', 1]
    ] as const)
      rig.add(text, qos)
    rig.endTurn()
    rig.drain()
    rig.deliveries.release(2)
    rig.endTurn()
    rig.add('a=5')
    rig.outbox.room = 1
    t.strictSame(rig.rewind(), ['PUBLISH a=1 q1 id1 dup', 'PUBREL 2'])
    rig.outbox.room = 9
    t.strictSame(rig.drain(), ['PUBLISH a=3 q2 id3 dup', 'PUBLISH a=4 q1 id4 dup', 'PUBLISH a=5 q1 id5'])
  }
)

t.test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] what is longer than the client takes is dropped, as if it were sent', async t => {
  const rig = new Rig(1)
  for (const text of ['a=1', 'a=22', 'a=3']) rig.add(text)
  rig.outbox.payloadBytesMax = 1
  t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=3 q1 id3'])
  rig.outbox.payloadBytesMax = 0
  t.strictSame(rig.rewind(), [], 'also when it was sent before')
  t.equal(rig.deliveries.inflight, 0)
  t.equal(rig.house.count('deliveries-too-large'), 3)
  rig.endTurn()
  t.equal(rig.house.store.size, 0, 'and it goes from the disk')
})

t.test('[MQTT-3.3.2-5] what has expired while it waited makes room for what comes, wherever it stands', async t => {
  const rig = new Rig()
  const expiresAtMs = rig.house.nowMs + 10_000
  rig.addMany(1)
  while (rig.add('old=x', 1, { expiresAtMs })) rig.house.nowMs++
  t.equal(rig.deliveries.waiting, limits.queueMessagesMax, 'not before its time')
  rig.house.nowMs = expiresAtMs
  t.ok(rig.add('new=x', 1, { expiresAtMs: expiresAtMs + 1 }))
  t.equal(rig.house.count('deliveries-expired'), limits.queueMessagesMax - 1)
  t.strictSame(rig.drain(), ['PUBLISH n=1 q1 id1', `PUBLISH new=x q1 id${limits.queueMessagesMax + 1} expires 1`])
})

t.test('[MQTT-2.2.1-4] no id is given again while one waits under it, however many expired since', async t => {
  const rig = new Rig()
  rig.addMany(2)
  for (let n = 3; n <= 65_500; n++) rig.add('old=x', 1, { expiresAtMs: ++rig.house.nowMs })
  while (rig.add('new=x')) rig.house.nowMs++
  const ids = [...rig.deliveries.all()].map(({ packetId }) => packetId)
  t.strictSame([ids[0], ids[1], ids.at(-1)], [1, 2, 65])
  t.strictSame([ids.length, new Set(ids).size], [limits.queueMessagesMax, limits.queueMessagesMax])
})

t.test(
  '[MQTT-3.3.2-5] [MQTT-3.3.2-6] [MQTT-4.3.3-7] a message expires until its delivery begins, and tells how long it still lasts',
  async t => {
    const rig = new Rig(1)
    const expiresAtMs = rig.house.nowMs + 10_000
    for (const text of ['a=1', 'a=2']) rig.add(text, 1, { expiresAtMs })
    rig.deliveries.rewind(1)
    rig.house.nowMs += 2_500
    t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1 expires 8'])
    rig.house.nowMs = expiresAtMs
    t.ok(rig.deliveries.drain(rig.outbox), 'the second one is gone')
    t.strictSame([rig.house.count('deliveries-expired'), rig.deliveries.waiting], [1, 0])
    t.strictSame(rig.rewind(), ['PUBLISH a=1 q1 id1 dup expires 0'], 'the first one is not')
    rig.endTurn()
    t.equal(rig.house.store.size, 2, 'the first one and its message')
  }
)

t.test('at QoS 2 a kept message goes out once it is on the disk, and so does what is behind it', async t => {
  const rig = new Rig(1)
  rig.add('a=1')
  t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1'])
  rig.add('a=2', 2)
  rig.add('a=3', 2)
  rig.add('a=4')
  t.strictSame(rig.drain(), [])
  t.strictSame(rig.endTurn(), ['PUBLISH a=2 q2 id2', 'PUBLISH a=3 q2 id3', 'PUBLISH a=4 q1 id4'])
})

t.test('while the disk fails, QoS 2 waits and QoS 1 goes', async t => {
  const rig = new Rig(1)
  rig.house.store.state = 'failing'
  rig.add('a=1')
  rig.drain()
  rig.add('a=2', 2)
  t.strictSame(rig.endTurn(), [])
  rig.house.store.state = 'open'
  rig.house.store.turn()
  t.strictSame(rig.outbox.lines(), ['PUBLISH a=2 q2 id2'])
})

t.test('PUBREL is repeated once PUBREC is on the disk', async t => {
  const rig = new Rig(1)
  for (const text of ['a=1', 'a=2']) rig.add(text, 2)
  rig.endTurn()
  rig.deliveries.release(1)
  t.strictSame(rig.rewind(), [])
  t.strictSame(rig.endTurn(), ['PUBREL 1', 'PUBLISH a=2 q2 id2 dup'])
})

t.test('what the disk has no room for is not taken, and no id is lost', async t => {
  const rig = new Rig(1)
  rig.add('a=1')
  rig.fillDisk()
  t.notOk(rig.add('a=2'))
  rig.endTurn()
  t.ok(rig.add('a=3'))
  t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=3 q1 id2'])
})

t.test('what begins at once leaves, or leaves no trace', async t => {
  for (const session of [0, 1]) {
    const rig = new Rig(session)
    const begin = (text: string): string => rig.deliveries.begin(rig.outbox, due(text))
    rig.outbox.room = 2
    t.equal(begin('a=1'), 'sent')
    rig.outbox.payloadBytesMax = 1
    t.equal(begin('a=22'), 'too-large')
    t.equal(begin('a=2'), 'sent')
    t.equal(begin('a=3'), 'full')
    rig.outbox.room = 99
    rig.deliveries.rewind(2)
    rig.drain()
    t.equal(begin('a=4'), 'window-full', 'the client takes no more')
    rig.deliveries.rewind(65_535)
    for (let n = 3; n <= limits.inflightMax; n++) t.equal(begin('a=5'), 'sent')
    t.equal(begin('a=6'), 'window-full')
    t.match(rig.outbox.lines().at(-1), `PUBLISH a=5 q1 id${limits.inflightMax}`, 'no id is lost')
    rig.add('a=7')
    rig.deliveries.finish(1, 'PUBACK')
    t.equal(begin('a=8'), 'window-full', 'another one waits')
    for (const { packetId } of [...rig.deliveries.all()]) rig.deliveries.finish(packetId, 'PUBACK')
    rig.drain()
    rig.endTurn()
    t.equal(rig.house.store.size, session === 0 ? 0 : 2, 'only the one that waited is left')
  }
})

t.test('what begins at once waits when the disk has no room, and takes nothing from others that share its message', async t => {
  const house = new House()
  const [one, two] = [1, 2].map(session => new Deliveries<string>(house.broker, session, { mayRead: () => true, pump: () => undefined }))
  const outbox = new Recorder()
  const shared = due('a=1')
  t.equal(one?.begin(outbox, shared), 'sent')
  house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  t.equal(two?.begin(outbox, shared), 'window-full')
  house.endTurn()
  t.equal(two?.begin(outbox, shared), 'sent')
  two?.finish(1, 'PUBACK')
  house.endTurn()
  t.equal([...(one?.all() ?? [])].length, 1)
  t.equal(house.store.size, 3, 'the first one’s delivery and its message, and what filled the disk')
  t.strictSame(outbox.lines(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=1 q1 id1'])
})

t.test('[MQTT-3.3.2-5] what an earlier run kept expires until it is sent, but at QoS 2, where the client may hold its id', async t => {
  const rig = new Rig(1)
  const expiresAtMs = rig.house.nowMs + 10_000
  const restore = (order: number, qos: 1 | 2): boolean =>
    rig.deliveries.restore(earlier(order, { qos, message: { ...message(`n=${order}`, { qos }), expiresAtMs } }))
  t.ok(restore(1, 1) && restore(2, 1) && restore(3, 2) && restore(4, 1))
  t.strictSame(rig.rewind(1), ['PUBLISH n=1 q1 id1 dup expires 10'])
  rig.house.nowMs = expiresAtMs
  t.strictSame(rig.rewind(), ['PUBLISH n=1 q1 id1 dup expires 0', 'PUBLISH n=3 q2 id3 dup expires 0'])
  t.strictSame([rig.house.count('deliveries-expired'), rig.deliveries.inflight], [2, 2])
})

t.test('what an earlier run kept is repeated under its ids, in its order, and new ids go on behind', async t => {
  const rig = new Rig(1)
  for (let n = 1; n <= limits.inflightMax + 1; n++)
    t.ok(rig.deliveries.restore(earlier(10 + n, n === 2 ? { qos: 2, state: 'released' } : {})))
  rig.add('a=new')
  const lines = rig.drain()
  t.strictSame(
    [...lines.slice(0, 3), lines.length],
    ['PUBLISH n=11 q1 id11 dup', 'PUBREL 12', 'PUBLISH n=13 q1 id13 dup', limits.inflightMax]
  )
  t.ok(rig.deliveries.finish(11, 'PUBACK'))
  t.ok(rig.deliveries.finish(12, 'PUBCOMP'))
  const lastId = 10 + limits.inflightMax + 1
  t.strictSame(
    rig.drain(),
    [`PUBLISH n=${lastId} q1 id${lastId} dup`, `PUBLISH a=new q1 id${lastId + 1}`],
    'what waited may have been sent too'
  )
})

t.test('an earlier run may have kept more than there is room for now', async t => {
  const rig = new Rig(1)
  const max = limits.inflightMax + limits.queueMessagesMax
  const taken = Array.from({ length: max + 1 }, (_, index) => rig.deliveries.restore(earlier(index + 1)))
  t.equal(taken.lastIndexOf(true), max - 1)
  t.strictSame([rig.deliveries.inflight, rig.deliveries.waiting], [limits.inflightMax, limits.queueMessagesMax])
})

t.test('QoS 2 of an earlier run that waits is on the disk', async t => {
  const rig = new Rig(1)
  for (let order = 1; order <= limits.inflightMax + 1; order++) rig.deliveries.restore(earlier(order, { qos: 2 }))
  rig.drain()
  rig.deliveries.finish(1, 'PUBREC')
  t.strictSame(rig.drain(), [`PUBLISH n=${limits.inflightMax + 1} q2 id${limits.inflightMax + 1} dup`])
})

t.test('a session that has ended owes nothing, and is told nothing by a disk that comes back', async t => {
  const house = new House()
  const deliveries = new Deliveries<string>(house.broker, 1, { mayRead: () => true, pump: () => t.fail('it has ended') })
  const outbox = new Recorder()
  deliveries.add(due('a=1', 1))
  deliveries.drain(outbox)
  deliveries.add(due('a=2', 2))
  deliveries.forget()
  house.endTurn()
  t.strictSame([deliveries.waiting, deliveries.inflight, [...deliveries.all()]], [0, 0, []])
})

t.test('what the client may not have any more is left out, whether it waits or was on its way; PUBREL goes all the same', async t => {
  const rig = new Rig(1)
  for (const text of ['a=1', 'b=1', 'b=2']) rig.add(text, text === 'b=2' ? 2 : 1)
  rig.endTurn()
  rig.deliveries.release(3)
  rig.endTurn()
  rig.add('b=3')
  rig.add('a=2')
  rig.hidden = 'b'
  rig.deliveries.rewind(65_535)
  t.strictSame(rig.drain(), ['PUBLISH a=1 q1 id1 dup', 'PUBREL 3', 'PUBLISH a=2 q1 id5'])
  t.equal(rig.house.count('deliveries-withheld'), 2)
  t.equal(rig.deliveries.inflight, 3)
})
