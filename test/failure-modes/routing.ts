/** Failure modes 16, 24 and 25: wildcards and `$` topics, shared subscriptions, deep topics and overlapping filters. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { enter, publishOf, type Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { puback, pubrec, subscribe, unsubscribe } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const stays = { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 3_600 } as const

/** The texts of the messages that came, which are acknowledged. */
async function textsOf(speaker: Speaker): Promise<string[]> {
  const texts: string[] = []
  for (const packet of await speaker.rest()) {
    if (packet.type !== 'PUBLISH') continue
    texts.push(Buffer.from(packet.payload).toString())
    if (packet.qos === 1) speaker.send(puback(packet.packetId))
  }
  return texts
}

t.test('16: # and + do not match $SYS and other $ topics, and $SYS/# works beside #', async t => {
  const served = await serve(t)
  const client = await speak(t, served, 'TCP', 'a', '#', '+/b', '+/+/c')
  const publish = (topic: string): void => served.broker.publish({ topic, payload: Buffer.from(topic), qos: 0, retain: true })
  for (const topic of ['$SYS/b', '$SYS/b/c', '$other', '$']) publish(topic)
  t.strictSame(await textsOf(client), [])
  await client.ask(subscribeOf('$SYS/#'))
  t.strictSame(await textsOf(client), ['$SYS/b', '$SYS/b/c'], 'the retained ones')
  for (const topic of ['$SYS/b', 'x/b', '$other']) publish(topic)
  t.strictSame(await textsOf(client), ['$SYS/b', 'x/b'])
  await client.ask(unsubscribe(2, '#', '+/b'))
  publish('$SYS/+'.replace('+', 'new'))
  t.strictSame(await textsOf(client), ['$SYS/new'], 'and goes on without it')
  await client.ask(subscribeOf('#'))
  t.strictSame(await textsOf(client), ['x/b'], 'nor are retained ones sent')
})

t.test('16: clients cannot publish to $ topics', async t => {
  const served = await serve(t)
  const witness = await speak(t, served, 'TCP', 'witness', '$SYS/#', '$x')
  const client = await enter(t, served, 'a', { protocolLevel: 5 })
  t.match(await client.ask(publishOf('$SYS/broker/version', 'mine', { qos: 1, packetId: 1, retain: true })), { reasonCode: 0x87 })
  client.send(publishOf('$x', 'mine'))
  t.strictSame(await client.rest(), [])
  t.strictSame(await witness.rest(), [])
  t.equal(served.broker.retained.count, 0)
})

t.test('24: a shared subscription does not lose what was given to a member that has gone, nor route to it any more', async t => {
  const served = await serve(t)
  const publisher = await enter(t, served, 'publisher')
  const [gone, here] = [await enter(t, served, 'gone', { protocolLevel: 5 }), await enter(t, served, 'here', { protocolLevel: 5 })]
  for (const member of [gone, here]) await member.ask(subscribeOf('$share/g/t', 1))
  const publish = async (from: number, to: number): Promise<void> => {
    for (let index = from; index < to; index++) await publisher.ask(publishOf('t', String(index), { qos: 1, packetId: index + 1 }))
  }
  await publish(0, 60)
  const before = await textsOf(here)
  gone.peer.reset()
  await until(() => served.broker.connections === 2, 'it is gone')
  await publish(60, 80)
  const all = [...before, ...(await textsOf(here)), ...(await textsOf(here)), ...(await textsOf(here))].map(Number)
  all.sort((a, b) => a - b)
  t.strictSame(
    all,
    Array.from({ length: 80 }, (_, index) => index),
    'all of them, once'
  )
})

t.test('24: a member that is away gets nothing while another is here, and all of it when nobody is', async t => {
  const served = await serve(t)
  const publisher = await enter(t, served, 'publisher')
  const [away, here] = [await enter(t, served, 'away', stays), await enter(t, served, 'here', stays)]
  for (const member of [away, here]) await member.ask(subscribeOf('$share/g/t', 1))
  away.peer.reset()
  await until(() => served.broker.connections === 2, 'it is away')
  for (let index = 0; index < 10; index++) await publisher.ask(publishOf('t', String(index), { qos: 1, packetId: index + 1 }))
  t.equal((await textsOf(here)).length, 10)
  await here.rest()
  here.peer.reset()
  await until(() => served.broker.connections === 1, 'nobody is here')
  for (let index = 10; index < 16; index++) await publisher.ask(publishOf('t', String(index), { qos: 1, packetId: index + 1 }))
  const later = [...(await textsOf(await enter(t, served, 'away', stays))), ...(await textsOf(await enter(t, served, 'here', stays)))]
  t.strictSame(later.sort(), ['10', '11', '12', '13', '14', '15'])
})

for (const [qos, count, payloadBytes] of [
  [0, 800, 32_000],
  [1, 500, 100]
] as const)
  t.test(`24: a member that is frozen loses nothing that another would take (QoS ${qos})`, async t => {
    const served = await serve(t)
    const publisher = await enter(t, served, 'publisher')
    const members = [await enter(t, served, 'frozen'), await enter(t, served, 'lively')] as const
    for (const member of members) await member.ask(subscribeOf('$share/g/t', qos))
    const [frozen, lively] = members
    frozen.peer.pause()
    const ticks = setInterval(() => served.pass(qos * 100), 5) // who publishes at QoS 1 waits for it for a while
    t.teardown(() => clearInterval(ticks))
    let came = 0
    for (let index = 0; index < count; index++) {
      publisher.send(publishOf('t', Buffer.alloc(payloadBytes), { qos, packetId: qos && index + 1 }))
      await publisher.rest()
      came += (await textsOf(lively)).length
    }
    t.equal(served.broker.counters.get('deliveries-dropped'), 0)
    frozen.peer.resume()
    for (let texts = await textsOf(frozen); texts.length > 0; texts = await textsOf(frozen)) came += texts.length
    t.equal(came, count)
  })

t.test('24: a message at QoS 2 that the member had begun is not given to another, when it has gone for good', async t => {
  const served = await serve(t)
  const publisher = await enter(t, served, 'publisher')
  const [gone, here] = [await enter(t, served, 'gone', { protocolLevel: 5 }), await enter(t, served, 'here', { protocolLevel: 5 })]
  await gone.ask(subscribeOf('$share/g/t', 2))
  await publisher.ask(publishOf('t', 'begun', { qos: 2, packetId: 1 }))
  const packet = await gone.next()
  if (packet.type === 'PUBLISH') gone.send(pubrec(packet.packetId))
  t.match(await gone.next(), { type: 'PUBREL' })
  await here.ask(subscribeOf('$share/g/t', 2))
  gone.peer.reset()
  await until(() => served.broker.connections === 2, 'it is gone')
  t.strictSame(await here.rest(), [])
})

t.test('25: topics and filters as deep as a packet allows, and 65,000 levels that are promised, overflow no stack', async t => {
  const served = await serve(t)
  const deep = '/'.repeat(32_000)
  const client = await enter(t, served, 'a', { protocolLevel: 5 })
  await client.ask(subscribeOf('#'))
  t.match(await client.ask(publishOf(deep, 'x', { qos: 1, packetId: 1 })), { type: 'PUBACK', reasonCode: 0x90 })
  t.match(await client.ask(subscribeOf(deep)), { type: 'SUBACK', reasonCodes: [0x8f] })
  t.match(await client.ask(subscribeOf(`${'+/'.repeat(15_000)}#`)), { type: 'SUBACK', reasonCodes: [0x8f] })
  t.match(await client.ask(unsubscribe(2, deep)), { type: 'UNSUBACK' })
  const levels = Array.from({ length: limits.topicLevelsMax }, () => 'x').join('/')
  for (const filter of [levels, levels.replaceAll('x', '+')]) t.match(await client.ask(subscribeOf(filter)), { reasonCodes: [0] })
  client.send(publishOf(levels, 'deep'))
  t.match(await client.rest(), [{ type: 'PUBLISH', topic: levels }], 'the deepest that is allowed is matched, once')
  const old = await enter(t, served, 'old')
  t.match(await old.ask(publishOf(deep, 'x', { qos: 1, packetId: 1 })), { type: 'PUBACK' })
  old.send(publishOf('/'.repeat(65_000), 'x'))
  await old.closed()
  t.strictSame(await client.rest(), [])
})

t.test('25: overlapping subscriptions do not stall after many messages, and each comes once', async t => {
  const served = await serve(t)
  const client = await enter(t, served, 'a')
  const levels = ['a', 'b', 'c', 'd']
  const filters = Array.from({ length: 16 }, (_, mask) => levels.map((level, bit) => (mask & (1 << bit) ? '+' : level)).join('/'))
  const more = ['#', 'a/#', '+/#', 'a/b/#', '+/b/#', 'a/+/#', 'a/b/c/#', 'a/b/c/d/#']
  await client.ask(subscribe(1, Object.fromEntries([...filters, ...more].map((filter, index) => [filter, index % 2 === 0 ? 1 : 0]))))
  for (let index = 0; index < 2_000; index++) {
    served.broker.publish({ topic: 'a/b/c/d', payload: Buffer.from(String(index)), qos: 1, retain: false })
    const packet = await client.next()
    if (packet.type !== 'PUBLISH' || packet.qos !== 1 || Buffer.from(packet.payload).toString() !== String(index))
      throw new Error(`message ${index}`)
    client.send(puback(packet.packetId))
  }
  t.strictSame(await client.rest(), [])
})
