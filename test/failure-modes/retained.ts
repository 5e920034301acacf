/** Failure modes 5 and 23: retained storms, and corner cases of retained messages. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { enter, type Over, publishOf, type Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { type Served, serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { disconnect, kept, puback, unsubscribe } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

function retain(served: Served, topic: string, payload: string | Buffer, qos: 0 | 1 = 0): void {
  served.broker.publish({ topic, payload: Buffer.from(payload), qos, retain: true })
}

/** Acknowledges what came, and answers the topics of all of it, as soon as there are so many. */
async function topicsOf(speaker: Speaker, count: number): Promise<string[]> {
  const topics: string[] = []
  while (topics.length < count) {
    const packet = await speaker.next()
    if (packet.type !== 'PUBLISH') continue
    topics.push(packet.topic)
    if (packet.qos > 0) speaker.send(puback(packet.packetId))
  }
  return topics
}

for (const over of overs) {
  t.test(`5: a retained storm is not copied at once, does not block the loop, and delivers all (${over})`, async t => {
    const served = await serve(t)
    const expected = Array.from({ length: limits.retainedMessagesMax }, (_, index) => `t/${index}`)
    for (const topic of expected) retain(served, topic, Buffer.alloc(900), 1)
    const [witness, frozen] = [await enter(t, served, 'witness'), await enter(t, served, 'frozen', {}, over)]
    const readers = await Promise.all(Array.from({ length: 8 }, (_, index) => enter(t, served, `reader-${index}`, {}, over)))
    frozen.peer.pause()
    frozen.send(subscribeOf('t/#', 0))
    for (const [index, reader] of readers.entries()) reader.send(subscribeOf('t/#', index % 2 === 0 ? 0 : 1))
    t.match(await witness.ask({ type: 'PINGREQ' }), { type: 'PINGRESP' })
    t.ok(
      readers.every(reader => reader.update().length < expected.length),
      'another client is answered while the storm is under way'
    )
    for (const reader of readers) t.strictSame(await topicsOf(reader, expected.length), expected, 'each once, in their order')
    for (const reader of readers) t.strictSame(await reader.rest(), [])
    const most = Math.ceil((2 * (limits.outboxBytesMax + limits.outboxRepliesBytesMax)) / limits.slabBytes)
    t.ok(served.heldSlabs <= most, `${served.heldSlabs} slabs are held for the one that does not read`)
    frozen.peer.resume()
    t.strictSame(await topicsOf(frozen, expected.length), expected, 'it gets all of them too')
  })
}

t.test('23: clearing the retained message of a topic leaves those of its parent and its children', async t => {
  const served = await serve(t)
  const client = await speak(t, served, 'TCP', 'a')
  for (const topic of ['a', 'a/b', 'a/b/c', 'a/']) client.send(publishOf(topic, topic, { retain: true }))
  client.send(publishOf('a/b', '', { retain: true }))
  await client.ask(subscribeOf('#'))
  t.strictSame(
    (await client.rest()).map(packet => packet.type === 'PUBLISH' && packet.topic),
    ['a', 'a/b/c', 'a/']
  )
})

t.test('23: no retained messages come for a filter that is refused', async t => {
  const served = await serve(t)
  retain(served, 'a', 'x')
  const client = await speak(t, served, 'TCP', 'a')
  for (let index = 0; index < limits.subscriptionsMax; index++) await client.ask(subscribeOf(`some/${index}`))
  t.match(await client.ask(subscribeOf('a')), { type: 'SUBACK', reasonCodes: [0x80] })
  t.strictSame(await client.rest(), [])
})

t.test('23: retained messages that have expired are purged, from the disk too', async t => {
  const served = await serve(t)
  const client = await enter(t, served, 'a', { protocolLevel: 5 })
  await client.ask(publishOf('a', 'x', { qos: 1, packetId: 1, retain: true, expirySeconds: 10 }))
  await client.ask(publishOf('b', 'y', { qos: 1, packetId: 2, retain: true }))
  t.equal(served.broker.retained.count, 2)
  const entries = served.store.size
  served.pass(10_000)
  t.equal(served.broker.retained.count, 1)
  await until(() => served.store.size === entries - 1, 'it is gone from the disk')
  await client.ask(subscribeOf('#'))
  t.match(await client.next(), { type: 'PUBLISH', topic: 'b' })
  t.strictSame(await client.rest(), [])
})

t.test('23: retained messages do not come again with each reconnect', async t => {
  const served = await serve(t)
  retain(served, 'a', 'x', 1)
  const first = await enter(t, served, 'a', kept)
  for (const packet of [await first.ask(subscribeOf('a', 1)), await first.next()]) {
    if (packet.type === 'PUBLISH') first.send(puback(packet.packetId))
  }
  first.send(disconnect())
  await first.closed()
  const again = await enter(t, served, 'a', kept)
  t.match(again.packets, [{ type: 'CONNACK', sessionPresent: true }])
  t.strictSame(await again.rest(), [])
})

t.test('23: an UNSUBSCRIBE in mid-storm ends it', async t => {
  const served = await serve(t)
  for (let index = 0; index < 200; index++) retain(served, `t/${index}`, Buffer.alloc(900), 1)
  const client = await speak(t, served, 'TCP', 'a')
  await client.ask(subscribeOf('t/#', 1))
  await until(() => client.update().length >= 2 + limits.inflightMax, 'a window full')
  client.send(unsubscribe(2, 't/#'))
  const began = (await client.rest()).filter(({ type }) => type === 'PUBLISH')
  t.equal(began.length, limits.inflightMax)
  for (const packet of began) if (packet.type === 'PUBLISH') client.send(puback(packet.packetId))
  t.strictSame(await client.rest(), [])
})
