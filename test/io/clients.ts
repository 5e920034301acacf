/** The clients: what ties links, inboxes, outboxes and the broker together, on links in memory. */
import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Callers } from '../../src/io/callers.ts'
import { makeProxies } from '../../src/io/proxies.ts'
import { limits } from '../../src/limits.ts'
import { bytesOf, chop, parseReplies, sizes } from '../fixtures/io/arbitraries.ts'
import { DoubleLink } from '../fixtures/io/double-link.ts'
import { bytes } from '../fixtures/io/packets.ts'
import { connectOf, connectTcp, publishOf, subscribeOf } from '../fixtures/io/peers.ts'
import { holdsLater } from '../fixtures/io/property.ts'
import { House, serve } from '../fixtures/io/serving.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

t.setTimeout(120_000)

/** A client that has connected and maybe subscribed; what it was told so far is forgotten. */
async function enter(house: House, clientId: string, ...packets: readonly Buffer[]): Promise<DoubleLink> {
  const link = new DoubleLink('bare')
  house.clients.accept(link)
  link.send(Buffer.concat([bytesOf(connectOf(clientId)), ...packets]))
  await turns()
  link.arrived.length = 0
  return link
}

t.test('what one publishes reaches the others, whatever pieces it comes in', async t => {
  await holdsLater(
    t,
    60,
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12_000 }), { maxLength: 8 }), sizes, async (payloadSizes, sizes) => {
      const house = new House()
      const reader = await enter(house, 'reader', bytesOf(subscribeOf('t')))
      const writer = await enter(house, 'writer')
      const packets = payloadSizes.map((size, index) => publishOf('t', Buffer.alloc(size, index)))
      for (const chunk of chop(Buffer.concat(packets.map(packet => bytesOf(packet))), sizes)) {
        writer.send(chunk)
        await turns(1)
      }
      await turns()
      deepStrictEqual(
        parseReplies(reader.arrivedBytes),
        packets.map(packet => ({ ...packet, subscriptionIds: [] }))
      )
      equal(house.heldSlabs, 0)
    })
  )
})

t.test('the chunk may be reused after the call, even though the message is still to be written', async t => {
  const house = new House()
  const readers = [await enter(house, 'a', bytesOf(subscribeOf('t', 0))), await enter(house, 'b', bytesOf(subscribeOf('t', 1)))]
  const chunk = Buffer.concat([bytesOf(connectOf('w')), bytesOf(publishOf('t', 'hello', { qos: 1, packetId: 1 }))])
  const writer = new DoubleLink('bare')
  let owner: { received(chunk: Buffer): void } | undefined
  writer.own = given => {
    owner = given
  }
  house.clients.accept(writer)
  owner?.received(chunk)
  chunk.fill(0xee)
  await turns()
  for (const reader of readers) t.match(parseReplies(reader.arrivedBytes), [{ topic: 't', payload: Buffer.from('hello') }])
})

t.test('each fault is counted, told once an hour, and ends the connection without an answer', async t => {
  const house = new House()
  for (let round = 0; round < 3; round++) {
    const link = new DoubleLink('bare')
    house.clients.accept(link)
    link.send(bytes('16 03 0100c5'))
    await turns()
    t.strictSame(link.ends, ['malformed'])
    t.equal(link.arrivedBytes.length, 0)
  }
  t.equal(house.clients.counters.get('malformed-flags'), 3)
  t.equal(house.broker.counters.get('closed-malformed'), 3)
  t.strictSame(house.lines.length, 1)
  t.match(
    house.lines[0],
    /warning client at double: malformed-flags, reserved bits of the fixed header are not as they must be; its connection is closed\n$/
  )
  t.equal(house.broker.connections, 0)
})

t.test('a client of MQTT 5.0 is told what was wrong, and one that has not been let in is not', async t => {
  const house = new House()
  const link = new DoubleLink('bare')
  house.clients.accept(link)
  link.send(Buffer.concat([bytesOf(connectOf('a', { protocolLevel: 5 }), 5), bytes("30 04 0001'#' 00")]))
  await turns()
  t.match(parseReplies(link.arrivedBytes, 5), [
    { type: 'CONNACK' },
    { type: 'DISCONNECT', reasonCode: 0x90, reasonString: 'a topic name is empty, or has a wildcard' }
  ])
  t.strictSame(link.ends, ['malformed'])
  const stranger = new DoubleLink('bare')
  house.clients.accept(stranger)
  stranger.send(bytes("10 0e 0004'MQTT' 05 03 003c 00 0001'a'"))
  await turns()
  t.equal(stranger.arrivedBytes.length, 0)
  t.strictSame(stranger.ends, ['malformed'])
})

t.test(
  'a publisher that is held keeps what came, in its order, and goes on when the subscriber has caught up or was waited for',
  async t => {
    for (const isPatient of [true, false]) {
      const house = new House()
      const slow = await enter(house, 'slow', bytesOf(subscribeOf('t', 1)))
      const writer = await enter(house, 'writer')
      const count = limits.inflightMax + limits.queueMessagesMax
      const publishes = Array.from({ length: count }, (_, index) => publishOf('t', String(index), { qos: 1, packetId: index + 1 }))
      writer.send(Buffer.concat([...publishes.map(packet => bytesOf(packet)), bytes('c000')]))
      await turns()
      t.equal(house.broker.counters.get('publishers-slowed'), 1)
      t.ok(writer.paused)
      const before = parseReplies(writer.arrivedBytes).length
      t.ok(before < count, `${before} of ${count} are acknowledged`)
      house.pass(limits.patienceMs - 1)
      await turns()
      t.equal(parseReplies(writer.arrivedBytes).length, before)
      if (isPatient) {
        for (let id = 1; id <= count; id++) {
          slow.send(bytesOf({ type: 'PUBACK', packetId: id, reasonCode: 0 }))
          await turns(1)
        }
      } else {
        house.pass(2)
      }
      await turns(20)
      t.strictSame(
        parseReplies(writer.arrivedBytes).map(reply => ('packetId' in reply ? reply.packetId : reply.type)),
        [...publishes.map(({ packetId }) => packetId), 'PINGRESP']
      )
      t.notOk(writer.paused)
      t.equal(house.broker.counters.get('deliveries-dropped'), 0)
    }
  }
)

t.test('what comes behind a fault or a goodbye is not looked at', async t => {
  const house = new House()
  const reader = await enter(house, 'reader', bytesOf(subscribeOf('#')))
  for (const last of [bytes('e000'), bytes('f000'), bytesOf(connectOf('again'))]) {
    const link = await enter(house, 'writer')
    link.send(Buffer.concat([last, bytesOf(publishOf('t', 'no'))]))
    link.send(bytesOf(publishOf('t', 'no')))
    await turns()
    t.equal(link.ends.length, 1)
  }
  t.equal(reader.arrivedBytes.length, 0)
})

t.test('the pool is empty: the client that needs a slab is ended, the others are not', async t => {
  const house = new House(3) // one is the encoder's
  const calm = await enter(house, 'calm')
  const half = new DoubleLink('bare')
  house.clients.accept(half)
  half.send(bytes('10'))
  const greedy = await enter(house, 'greedy')
  greedy.send(bytesOf(publishOf('t', Buffer.alloc(9_000))).subarray(0, 8_000))
  await turns()
  t.strictSame(greedy.ends, ['too-many'])
  t.equal(house.clients.counters.get('pool-empty'), 1)
  calm.send(bytes('c000'))
  await turns()
  t.strictSame(calm.arrivedBytes, bytes('d000'))
  t.strictSame(half.ends, [])
  half.cut()
  await turns()
  t.ok(house.pool.free >= 2, 'every slab is back')
})

t.test('connections past the bound are ended at once and cost nothing', async t => {
  const house = new House()
  const most = limits.clientsMax + limits.strangersMax
  const links = Array.from({ length: most + 2 }, () => new DoubleLink('bare'))
  for (const link of links) house.clients.accept(link)
  t.strictSame(
    links.filter(({ ends }) => ends.length > 0).map(({ ends }) => ends),
    [['too-many'], ['too-many']]
  )
  t.equal(house.broker.counters.get('closed-too-many'), 2)
  t.equal(house.broker.connections, most)
  links[0]?.cut()
  await turns()
  const next = new DoubleLink('bare')
  house.clients.accept(next)
  t.strictSame(next.ends, [], 'who leaves makes room')
})

t.test('no CONNECT in time', async t => {
  const house = new House()
  const [silent, half] = [new DoubleLink('bare'), new DoubleLink('bare')]
  house.clients.accept(silent)
  house.clients.accept(half)
  half.send(bytesOf(connectOf('half')).subarray(0, 9))
  house.pass(limits.connectMs)
  await turns()
  t.strictSame([silent.ends, half.ends], [[], []])
  house.pass(1)
  await turns()
  t.strictSame([silent.ends, half.ends], [['connect-timeout'], ['connect-timeout']])
  t.equal(house.heldSlabs, 0)
})

t.test('who takes nothing for too long is cut off, and its slabs come back', async t => {
  const house = new House()
  const slow = await enter(house, 'slow', bytesOf(subscribeOf('t')))
  slow.room = 0
  const writer = await enter(house, 'writer')
  writer.send(bytesOf(publishOf('t', Buffer.alloc(20_000))))
  await turns()
  house.pass(1)
  house.pass(limits.drainMs)
  t.strictSame(slow.ends, [])
  house.pass(1)
  t.strictSame(slow.ends, ['too-slow'])
  t.equal(house.broker.counters.get('closed-too-slow'), 1)
  t.equal(house.heldSlabs, 0)
  t.notOk(house.broker.connections > 1)
})

t.test('who does not even take acknowledgements is cut off as soon as they pass their bound', async t => {
  const house = new House()
  const slow = await enter(house, 'slow')
  slow.room = 0
  slow.pause = () => undefined // keeps on asking all the same
  for (let asked = 0; asked < limits.outboxBytesMax; asked += 500) {
    slow.send(Buffer.concat(Array.from({ length: 500 }, () => bytes('c000'))))
    await turns(1)
  }
  await turns()
  t.strictSame(slow.ends, ['too-slow'])
  t.equal(house.heldSlabs, 0)
})

t.test('a burst of packets within a turn is answered in full to who reads', async t => {
  const house = new House()
  const writer = await enter(house, 'writer')
  const publishes = Array.from({ length: 30_000 }, (_, index) => publishOf('t', '', { qos: 1, packetId: index + 1 }))
  writer.send(Buffer.concat(publishes.map(packet => bytesOf(packet))))
  writer.send(Buffer.concat(Array.from({ length: 30_000 }, () => bytes('c000'))))
  await turns()
  t.strictSame(writer.ends, [])
  t.equal(writer.arrivedBytes.length, 30_000 * 4 + 30_000 * 2)
})

t.test('who does not read is not read from, so that it cannot make us answer', async t => {
  const house = new House()
  const slow = await enter(house, 'slow')
  slow.room = 0
  for (let asked = 0; asked < 200_000; asked += 500) {
    slow.send(Buffer.concat(Array.from({ length: 500 }, () => bytes('c000'))))
    await turns(1)
  }
  t.ok(slow.paused)
  t.strictSame(slow.ends, [])
  slow.take(Number.POSITIVE_INFINITY)
  await turns(500)
  t.equal(slow.arrivedBytes.length, 400_000, 'every PINGRESP comes once it reads')
})

t.test('QoS 1 waits for a slow client in its order, QoS 0 is dropped for it alone', async t => {
  const house = new House()
  const [slow, quick] = [
    await enter(house, 'slow', bytesOf(subscribeOf('t', 1))),
    await enter(house, 'quick', bytesOf(subscribeOf('t', 1)))
  ]
  slow.room = 0
  const writer = await enter(house, 'writer')
  const sent: string[] = []
  for (let index = 0; index < 15; index++) {
    const text = String(index).padEnd(4_000, '.')
    sent.push(text)
    writer.send(bytesOf(publishOf('t', text, { qos: 1, packetId: index + 1 })))
    writer.send(bytesOf(publishOf('t', text)))
    await turns(1)
  }
  const payloadsOf = (link: DoubleLink, qos: number): string[] =>
    parseReplies(link.arrivedBytes).flatMap(packet =>
      packet.type === 'PUBLISH' && packet.qos === qos ? [Buffer.from(packet.payload).toString()] : []
    )
  t.ok(payloadsOf(quick, 1).length < sent.length, 'the publisher waits for the slow one')
  for (let round = 0; round < 200; round++) {
    slow.take(3_000)
    await turns(1)
  }
  t.strictSame(payloadsOf(quick, 1), sent)
  t.strictSame(payloadsOf(quick, 0), sent)
  t.strictSame(payloadsOf(slow, 1), sent)
  t.ok(payloadsOf(slow, 0).length < sent.length, `${payloadsOf(slow, 0).length} of ${sent.length} at QoS 0`)
  t.equal(house.broker.counters.get('deliveries-dropped'), sent.length - payloadsOf(slow, 0).length)
})

t.test('a message that does not fit behind another does not keep the daemon busy', async t => {
  const house = new House()
  const slow = await enter(house, 'slow', bytesOf(subscribeOf('t', 1)))
  slow.room = 0
  const writer = await enter(house, 'writer')
  for (const [index, size] of [10_000, 30_000].entries()) {
    writer.send(bytesOf(publishOf('t', Buffer.alloc(size), { qos: 1, packetId: index + 1 })))
    await turns()
  }
  let asked = 0
  const encode = house.clients.encoder.publish.bind(house.clients.encoder)
  house.clients.encoder.publish = (...message) => {
    asked++
    return encode(...message)
  }
  await turns(50)
  t.equal(asked, 0)
  slow.take(Number.POSITIVE_INFINITY)
  await turns()
  t.equal(parseReplies(slow.arrivedBytes).length, 2)
})

t.test('a message that was refused while the pool was empty goes out at a later tick', async t => {
  const house = new House(4)
  const reader = await enter(house, 'reader', bytesOf(subscribeOf('t', 1)))
  const hoard = [house.pool.take(), house.pool.take(), house.pool.take()]
  const writer = await enter(house, 'writer')
  writer.send(bytesOf(publishOf('t', Buffer.alloc(4_090), { qos: 1, packetId: 1 })))
  await turns(20)
  t.equal(reader.arrivedBytes.length, 0)
  for (const slab of hoard) if (slab >= 0) house.pool.release(slab)
  house.pass(limits.tickMs)
  await turns()
  t.equal(parseReplies(reader.arrivedBytes).length, 1)
})

t.test('a violation of the transport ends the connection', async t => {
  const house = new House()
  const link = new DoubleLink('websocket')
  let violate: () => void = () => undefined
  const own = link.own.bind(link)
  link.own = owner => {
    violate = () => owner.violated()
    own(owner)
  }
  house.clients.accept(link)
  violate()
  await turns()
  t.strictSame(link.ends, ['malformed'])
  t.equal(house.clients.counters.get('transport-violation'), 1)
})

t.test('stopping tells everybody, writes what the system takes, and gives every slab back', async t => {
  const house = new House()
  const reader = await enter(house, 'reader', bytesOf(subscribeOf('#')))
  const frozen = await enter(house, 'frozen', bytesOf(subscribeOf('#')))
  frozen.room = 10
  const stranger = new DoubleLink('bare')
  house.clients.accept(stranger)
  stranger.send(bytes('10'))
  house.broker.publish({ topic: 'bridge/state', payload: Buffer.from('offline'), qos: 1, retain: true })
  house.clients.stop()
  t.strictSame([reader.ends, stranger.ends], [['server'], ['server']])
  t.equal(frozen.ends.length, 1)
  t.match(parseReplies(reader.arrivedBytes), [{ topic: 'bridge/state' }])
  t.equal(house.heldSlabs, 0)
  t.equal(house.broker.connections, 0)
  await turns()
  ok(house.pool.free >= house.pool.count - 2)
})

t.test('a client of MQTT 5.0 that takes no packet as long as its CONNACK is closed', async t => {
  const served = await serve(t)
  const peer = await connectTcp(t, served.mqttPort)
  peer.send(bytesOf(connectOf('', { protocolLevel: 5, packetBytesMax: 16 }), 5))
  await until(() => peer.isClosed, 'the end')
  t.equal(peer.chunks.length, 0)
})

t.test('of one address no more strangers come in than its share, however many clients it has', async t => {
  const house = new House()
  const silent = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
  const callers = new Callers(makeProxies([]), house.clock, silent)
  const come = (peer: string): DoubleLink => {
    const link = Object.defineProperty(new DoubleLink('bare'), 'peer', { value: peer })
    house.clients.accept(link, callers)
    return link
  }
  const here = Array.from({ length: limits.strangersOfOneMax + 3 }, (_, index) => {
    const link = come('192.168.1.7')
    link.send(bytesOf(connectOf(`client${index}`)))
    return link
  })
  await turns()
  t.ok(
    here.every(({ ends }) => ends.length === 0),
    'who says who it is is no stranger'
  )
  const strangers = Array.from({ length: limits.strangersOfOneMax + 1 }, () => come('192.168.1.7'))
  t.strictSame(
    strangers.map(({ ends }) => ends.length),
    [...Array.from({ length: limits.strangersOfOneMax }, () => 0), 1]
  )
  t.strictSame(strangers.at(-1)?.ends, ['too-many'])
  t.equal(callers.counters.get('connects-too-silent'), 1)
  t.strictSame(come('192.168.1.8').ends, [], 'another address finds a place')
  strangers[0]?.cut()
  await turns()
  t.strictSame(come('192.168.1.7').ends, [], 'and so does this one when there is room again')
})
