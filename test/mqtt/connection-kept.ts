/** Acknowledged means kept: which answers wait for the disk, in what order they leave, and who is slowed meanwhile. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Connection } from '../../src/mqtt/connection.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import {
  connect,
  disconnect,
  kept,
  level5,
  message,
  optionsOf,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe
} from '../fixtures/mqtt/packets.ts'

/** A house with a client whose session is kept, and which is subscribed to `a`. */
function begin(): { house: House; subscriber: Client; publisher: Client } {
  const house = new House()
  const subscriber = house.connect('subscriber', kept)
  subscriber.send(subscribe(1, { a: 2 }))
  return { house, subscriber, publisher: house.connect('publisher') }
}

/** So much waits for the disk that publishers are slowed, or, if `all`, that it takes no more. */
function fillDisk(house: House, all = false): void {
  const most = limits.keeperPendingBytesMax
  house.store.put('full', new Uint8Array(all ? most : most / 2))
}

t.test('[MQTT-3.3.4-1] [MQTT-4.3.2-4] an acknowledgement waits for the disk when something was kept, and only then', async t => {
  const { house, publisher } = begin()
  t.ok(publisher.connection instanceof Connection)
  const within = (text: string, qos: 1 | 2, retain = false): string[] => {
    publisher.sendWithinTurn(publish(text, { qos, packetId: 1, retain }), pubrel(1))
    const lines = publisher.lines()
    house.endTurn()
    return [...lines, '|', ...publisher.lines()].filter(line => !line.startsWith('PUBCOMP'))
  }
  t.strictSame(within('a=x', 1), ['|', 'PUBACK 1'])
  t.strictSame(within('a=x', 2), ['|', 'PUBREC 1'])
  t.strictSame(within('b=x', 1), ['PUBACK 1 code 16', '|'])
  t.strictSame(within('b=x', 2), ['PUBREC 1 code 16', '|'])
  t.strictSame(within('b=x', 1, true), ['|', 'PUBACK 1 code 16'])
  house.connect('clean').send(subscribe(1, { c: 2 }))
  t.strictSame(within('c=x', 1), ['PUBACK 1', '|'])
})

t.test('a session that is kept has its packet ids kept too', async t => {
  const { house, subscriber } = begin()
  const turns = (...events: Parameters<Client['send']>): string[] => {
    subscriber.sendWithinTurn(...events)
    const lines = subscriber.lines()
    house.endTurn()
    return [...lines, '|', ...subscriber.lines()]
  }
  t.strictSame(turns(publish('b=x', { qos: 2, packetId: 7 })), ['|', 'PUBREC 7 code 16'])
  t.strictSame(turns(pubrel(7)), ['|', 'PUBCOMP 7'])
  house.broker.publish(message('a=1', { qos: 2 }))
  house.endTurn()
  subscriber.lines()
  t.strictSame(turns(pubrec(1)), ['|', 'PUBREL 1'])
  t.strictSame(turns(pubrec(9)), ['PUBREL 9 code 146', '|'])
  t.strictSame(turns(pubcomp(1)), ['|'])
})

t.test(
  '[3.1.1 MQTT-4.6.0-2] [3.1.1 MQTT-4.6.0-3] acknowledgements leave in the order of the messages, whether they wait or not',
  async t => {
    const { house, publisher } = begin()
    const packets = [
      publish('b=x', { qos: 1, packetId: 1 }),
      publish('a=x', { qos: 1, packetId: 2 }),
      publish('b=x', { qos: 2, packetId: 3 })
    ]
    publisher.sendWithinTurn(...packets, pubrel(3), subscribe(4, { b: 0 }), { type: 'PINGREQ' })
    t.strictSame(publisher.lines(), ['PUBACK 1 code 16', 'PINGRESP'])
    house.endTurn()
    t.strictSame(publisher.lines(), ['PUBACK 2', 'PUBREC 3 code 16', 'PUBCOMP 3', 'SUBACK 4: 0'])
  }
)

t.test('a repeat on a new connection is answered no earlier than the first would have been', async t => {
  const { house, subscriber } = begin()
  house.store.state = 'failing'
  const packet = publish('b=x', { qos: 2, packetId: 7 })
  t.strictSame(subscriber.send(packet), [])
  const second = house.connect('subscriber', kept)
  t.strictSame(second.send({ ...packet, dup: true }).slice(1), [])
  t.strictSame(second.send(pubrel(7), pubrel(7)), [])
  house.store.state = 'open'
  house.store.turn()
  t.strictSame(second.lines(), ['PUBREC 7', 'PUBCOMP 7', 'PUBCOMP 7 code 146'])
  house.broker.publish(message('a=1', { qos: 2 }))
  house.endTurn()
  t.strictSame(second.lines(), ['PUBLISH a=1 q2 id1'])
  house.store.state = 'failing'
  t.strictSame(second.send(pubrec(1)), [])
  const third = house.accept()
  t.strictSame(third.send(connect('subscriber', kept)), ['CONNACK 0 present'])
  house.store.state = 'open'
  house.store.turn()
  t.strictSame(third.lines(), ['PUBREL 1'])
})

t.test('while the disk fails nothing is acknowledged that is to be kept, and QoS 0 life goes on', async t => {
  const { house, subscriber, publisher } = begin()
  house.store.state = 'failing'
  t.strictSame(publisher.send(publish('a=1', { qos: 1, packetId: 1 }), publish('a=2')), [])
  t.strictSame(subscriber.lines(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=2'])
  house.pass(60_000)
  t.strictSame(publisher.lines(), [])
  house.store.state = 'open'
  house.store.turn()
  t.strictSame(publisher.lines(), ['PUBACK 1'])
})

t.test('when the disk has no room, a client of 5.0 is told so, others are closed, and neither is acknowledged', async t => {
  const { house, subscriber, publisher } = begin()
  const latest = house.connect('latest', level5)
  house.store.state = 'failing'
  fillDisk(house, true)
  for (const qos of [1, 2] as const) {
    t.strictSame(latest.send(publish('a=x', { qos, packetId: 1 })), [`${qos === 1 ? 'PUBACK' : 'PUBREC'} 1 code 151`])
  }
  t.strictSame(publisher.send(publish('a=x', { qos: 1, packetId: 1 })), ['closed quota'])
  t.strictSame(subscriber.lines(), [])
  latest.send(publish('a=1'))
  t.strictSame(subscriber.lines(), ['PUBLISH a=1'])
})

t.test('a publisher whose acknowledgements wait for a disk that is behind is not read from', async t => {
  const { house, publisher } = begin()
  fillDisk(house)
  const slowed = house.count('publishers-slowed')
  publisher.sendWithinTurn(publish('a=1', { qos: 1, packetId: 1 }))
  t.ok(publisher.outbox.isHeld)
  house.nowMs += 10 * 24 * 3_600_000
  t.equal(publisher.connection.silentMs(), 0, 'nor is it blamed')
  publisher.sendWithinTurn({ type: 'tick' })
  house.endTurn()
  t.notOk(publisher.outbox.isHeld)
  t.strictSame(publisher.lines(), ['PUBACK 1'])
  t.equal(house.count('publishers-slowed'), slowed + 1)
})

t.test('[MQTT-3.3.1-9] [MQTT-3.3.1-10] the same filter again, before SUBACK, takes no retained messages away', async t => {
  const { house, subscriber } = begin()
  house.broker.publish(message('r=1', { retain: true }))
  for (const [filter, first, second] of [
    ['r', 1, 1],
    ['+', 0, 2]
  ] as const) {
    const lines = subscriber.send(
      subscribe(1, { [filter]: { retainHandling: first } }),
      subscribe(2, { [filter]: { retainHandling: second } })
    )
    t.strictSame(lines, ['SUBACK 1: 0', 'PUBLISH r=1 retain', 'SUBACK 2: 0'])
  }
  const again = { filter: '#', ...optionsOf({ retainHandling: 1 }) }
  const lines = subscriber.send({ type: 'SUBSCRIBE', packetId: 3, subscriptions: [again, again] })
  t.strictSame(lines, ['SUBACK 3: 0 0', 'PUBLISH r=1 retain'])
})

t.test('nor is one that retains at QoS 0', async t => {
  const { house, publisher } = begin()
  publisher.sendWithinTurn(publish('a=1', { retain: true }))
  t.notOk(publisher.outbox.isHeld)
  fillDisk(house)
  publisher.sendWithinTurn(publish('a=2'))
  t.notOk(publisher.outbox.isHeld)
  publisher.sendWithinTurn(publish('a=3', { retain: true }))
  t.ok(publisher.outbox.isHeld)
  house.endTurn()
  t.notOk(publisher.outbox.isHeld)
})

t.test('so many acknowledgements wait for the disk and no more', async t => {
  const { house, publisher } = begin()
  house.store.state = 'failing'
  for (let packetId = 1; packetId < limits.receivedMax; packetId++) publisher.send(publish('r=x', { qos: 1, packetId, retain: true }))
  t.notOk(publisher.outbox.isHeld)
  publisher.send(publish('r=x', { qos: 1, packetId: limits.receivedMax, retain: true }))
  t.ok(publisher.outbox.isHeld)
  const latest = house.connect('latest', level5)
  for (let packetId = 1; packetId <= limits.receivedMax; packetId++) latest.send(publish('d=x', { qos: 1, packetId, retain: true }))
  t.ok(latest.outbox.isHeld)
  t.strictSame(latest.send(publish('d=x', { qos: 1, packetId: 999 })), ['DISCONNECT 147', 'closed quota'], '[MQTT-3.3.4-7]')
  house.store.state = 'open'
  house.store.turn()
  t.notOk(publisher.outbox.isHeld)
  t.equal(publisher.lines().length, limits.receivedMax)
})

t.test('3: a publisher waits for a subscriber that is behind, until that has caught up', async t => {
  const { house, subscriber, publisher } = begin()
  const fill = limits.inflightMax + limits.queueMessagesMax / 2
  for (let n = 0; n < fill; n++) house.broker.publish(message('a=x', { qos: 1 }))
  t.notOk(publisher.outbox.isHeld)
  t.strictSame(publisher.send(publish('a=x', { qos: 1, packetId: 1 })), [], 'its answer waits too')
  t.ok(publisher.outbox.isHeld)
  for (let id = 1; publisher.outbox.isHeld; id++) {
    if (id > fill) throw new Error('it waits for ever')
    subscriber.send(puback(id))
  }
  t.ok((subscriber.connection.session?.waiting ?? 0) <= limits.queueMessagesMax / 4)
  t.strictSame(publisher.lines(), ['PUBACK 1'])
})

t.test('3: but no longer than its client is patient, nor once that has gone', async t => {
  for (const end of ['patience', 'lost', 'publisher'] as const) {
    const { house, subscriber, publisher } = begin()
    const fill = limits.inflightMax + limits.queueMessagesMax / 2
    for (let n = 0; n < fill; n++) house.broker.publish(message('a=x', { qos: 1 }))
    publisher.send(publish('a=x', { qos: 1, packetId: 1 }))
    if (end === 'patience') house.pass(limits.patienceMs - 1)
    t.ok(publisher.outbox.isHeld)
    if (end === 'patience') house.pass(1)
    else if (end === 'lost') subscriber.end()
    else publisher.end()
    t.equal(publisher.outbox.isHeld, end === 'publisher', end)
    house.pass(limits.patienceMs)
  }
})

t.test('[MQTT-4.4.0-1] what was acknowledged outlives a crash: the same packet ids, QoS 2 once', async t => {
  const { house, subscriber, publisher } = begin()
  t.strictSame(publisher.send(publish('a=1', { qos: 1, packetId: 1 }), publish('a=2', { qos: 2, packetId: 2 })), ['PUBACK 1', 'PUBREC 2'])
  t.strictSame(subscriber.lines(), ['PUBLISH a=1 q1 id1', 'PUBLISH a=2 q2 id2'])
  subscriber.send(pubrec(2), publish('b=x', { qos: 2, packetId: 9 }), disconnect())
  publisher.sendWithinTurn(publish('a=3', { qos: 1, packetId: 3 }))
  t.strictSame(publisher.lines(), [], 'which nobody was promised')
  const next = new House(house)
  const again = next.accept()
  t.strictSame(again.send(connect('subscriber', kept)), ['CONNACK 0 present', 'PUBLISH a=1 q1 id1 dup', 'PUBREL 2'])
  const repeat = publish('b=x', { qos: 2, packetId: 9, dup: true })
  t.strictSame(again.send(puback(1), pubcomp(2), repeat, pubrel(9)), ['PUBREC 9', 'PUBCOMP 9'])
  const last = new House(next).accept()
  t.strictSame(last.send(connect('subscriber', kept)), ['CONNACK 0 present'])
})

t.test('clients that come and go while the disk fails leave no more promises behind than the bound, and then are refused', async t => {
  const house = new House()
  house.store.state = 'failing'
  let refused = 0
  for (let visit = 0; visit < 2 * limits.clientsMax * limits.receivedMax + 10; visit++) {
    const client = house.accept()
    client.sendWithinTurn(connect('c'))
    if (client.lines()[0] !== 'CONNACK 0') refused++
    else client.sendWithinTurn(publish('a=x', { qos: 1, packetId: 1, retain: true }), { type: 'end', reason: 'lost' })
  }
  t.equal(refused, 9)
  house.store.state = 'open'
  house.endTurn()
  t.strictSame(house.accept().send(connect('c')), ['CONNACK 0'], 'and taken again once it is mended')
})
