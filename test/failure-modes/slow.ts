/** Failure modes 1 to 3: subscribers that are frozen, slow, silent or away. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { enter, type Over, publishOf, type Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { turns, until } from '../fixtures/io/waiting.ts'
import { kept, puback } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

/** Publishes so many messages and waits until another has them all. */
async function deliver(from: Speaker, to: Speaker, count: number, payloadBytes: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    from.send(publishOf('t', Buffer.alloc(payloadBytes, index)))
    const packet = await to.next()
    if (packet.type !== 'PUBLISH' || packet.payload[0] !== (index & 0xff)) throw new Error(`message ${index} is lost`)
  }
}

for (const over of overs) {
  t.test(`1: one frozen subscriber does not stop delivery to everybody (${over})`, async t => {
    const served = await serve(t)
    const frozen = await speak(t, served, over, 'frozen', 't')
    const lively = await speak(t, served, over, 'lively', 't')
    const publisher = await speak(t, served, 'TCP', 'publisher')
    frozen.peer.pause()
    await deliver(publisher, lively, 400, 32_000) // 13 MB: more than any socket takes
    t.ok(served.broker.counters.get('deliveries-dropped') > 0, 'the frozen one has lost some')
    t.ok(served.heldSlabs <= 2 * Math.ceil(limits.outboxBytesMax / limits.slabBytes) + 2, `${served.heldSlabs} slabs are held`)
    t.equal(served.broker.connections, 3)
    served.pass(1)
    served.pass(limits.drainMs + 1)
    await until(() => served.broker.connections === 2, 'the frozen one is cut off')
    t.equal(served.broker.counters.get('closed-too-slow'), 1)
    await deliver(publisher, lively, 10, 100)
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(
    `2: a subscriber that never acknowledges does not grow the memory, and slows its publisher for a while only (${over})`,
    async t => {
      const served = await serve(t)
      const silent = await enter(t, served, 'silent', {}, over)
      await silent.ask(subscribeOf('t', 2))
      const publisher = await speak(t, served, 'TCP', 'publisher')
      const count = 300
      for (let index = 0; index < count; index++) publisher.send(publishOf('t', Buffer.alloc(200), { qos: 1, packetId: index + 1 }))
      await until(() => served.broker.counters.get('publishers-slowed') === 1, 'the publisher waits')
      await until(() => silent.update().length >= 2 + limits.inflightMax, 'the first deliveries')
      t.equal(silent.update().length, 2 + limits.inflightMax, 'no more than the window')
      t.ok(publisher.update().length < count, 'it has not had every PUBACK')
      served.pass(limits.patienceMs + 1)
      await until(() => publisher.update().length === 1 + count, 'every PUBACK')
      t.equal(served.broker.counters.get('deliveries-dropped'), count - limits.inflightMax - limits.queueMessagesMax, 'past the bounds')
      t.equal((await silent.rest()).length, limits.inflightMax, 'and no more came')
      await until(() => served.heldSlabs === 0, 'nothing waits in the pool')
      t.equal(served.broker.connections, 2, 'nobody is closed for it')
    }
  )
}

t.test('1: one slow subscriber gets its QoS 1 messages in their order, and the others do not wait for it', async t => {
  const served = await serve(t)
  const slow = await enter(t, served, 'slow')
  await slow.ask(subscribeOf('t', 1))
  const lively = await speak(t, served, 'TCP', 'lively', 't')
  const publisher = await speak(t, served, 'TCP', 'publisher')
  slow.peer.pause()
  for (let index = 0; index < 15; index++) {
    publisher.send(publishOf('t', Buffer.alloc(3_000, index), { qos: 1, packetId: index + 1 }))
    t.match(await lively.next(), { payload: Buffer.alloc(3_000, index) })
  }
  slow.peer.resume()
  for (let index = 0; index < 15; index++) {
    const packet = await slow.next()
    t.match(packet, { qos: 1, payload: Buffer.alloc(3_000, index) })
    if (packet.type === 'PUBLISH') slow.send(puback(packet.packetId))
  }
})

t.test('2: a publisher that sends faster than its acknowledgements are read is neither closed nor unbounded', async t => {
  const served = await serve(t)
  const publisher = await speak(t, served, 'TCP', 'publisher')
  const count = 60_000
  publisher.send(...Array.from({ length: count }, (_, index) => publishOf('t', 'x'.repeat(10), { qos: 1, packetId: index + 1 })))
  await until(() => publisher.update().length === 1 + count || publisher.peer.isClosed, 'every PUBACK')
  t.notOk(publisher.peer.isClosed)
  const ids = publisher.packets.slice(1).map(packet => (packet.type === 'PUBACK' ? packet.packetId : 0))
  t.ok(
    ids.every((id, index) => id === index + 1),
    'in their order'
  )
})

t.test('3: the offline queue keeps to its limit in messages: the first stay, the rest is told to who can be told', async t => {
  const served = await serve(t)
  const away = await enter(t, served, 'away', kept)
  await away.ask(subscribeOf('t', 1))
  away.peer.end()
  await away.closed()
  await until(() => served.broker.connections === 0, 'it is away')
  const publisher = await enter(t, served, 'publisher', { protocolLevel: 5 })
  const codes: number[] = []
  for (let index = 0; index < 3 * limits.queueMessagesMax; index++) {
    const answer = await publisher.ask(publishOf('t', String(index), { qos: 1, packetId: index + 1 }))
    if (answer.type === 'PUBACK') codes.push(answer.reasonCode)
  }
  t.strictSame(
    codes,
    Array.from({ length: 3 * limits.queueMessagesMax }, (_, index) => (index < limits.queueMessagesMax ? 0 : 0x97))
  )
  t.ok(served.store.size <= 2 * limits.queueMessagesMax + 1, `${served.store.size} entries on the disk`)
  const back = await enter(t, served, 'away', kept)
  for (let index = 0; index < limits.queueMessagesMax; index++) {
    const packet = await back.next()
    if (packet.type !== 'PUBLISH' || Buffer.from(packet.payload).toString() !== String(index))
      throw new Error(`message ${index} is not in its place`)
    back.send(puback(packet.packetId))
  }
  t.strictSame(await back.rest(), [])
  await until(() => served.store.size <= 2, 'what was delivered is gone from the disk')
})

t.test('3: the offline queue keeps to its limit in bytes', async t => {
  const served = await serve(t)
  const away = await enter(t, served, 'away', kept)
  await away.ask(subscribeOf('t', 1))
  away.peer.end()
  await until(() => served.broker.connections === 0, 'it is away')
  const publisher = await speak(t, served, 'TCP', 'publisher')
  const payloadBytes = 20_000
  for (let index = 0; index < 50; index++) await publisher.ask(publishOf('t', Buffer.alloc(payloadBytes), { qos: 1, packetId: index + 1 }))
  t.equal(served.broker.counters.get('deliveries-dropped'), 50 - Math.floor(limits.queueBytesMax / payloadBytes))
  const back = await enter(t, served, 'away', kept)
  t.equal((await back.rest()).length, Math.floor(limits.queueBytesMax / payloadBytes))
  await turns()
})
