/** Failure modes 20 to 22: frames, large messages, and what proxies do. */
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { clientFrame, readFrames } from '../fixtures/io/frames.ts'
import { bytes } from '../fixtures/io/packets.ts'
import { connectOf, enter, type Over, open, publishOf, type Speaker, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { upgradeRaw } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'
import { will } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

/** Publishes to itself so many messages, one after the other. */
async function echo(speaker: Speaker, count: number, payloadBytes: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const packet = await speaker.ask(publishOf('t', Buffer.alloc(payloadBytes, index)))
    if (packet.type !== 'PUBLISH' || packet.payload[0] !== (index & 0xff)) throw new Error(`message ${index} is lost`)
  }
}

t.test('20: WebSocket frames are not taken for packets: a CONNECT whose first frame is one byte, several packets in a frame', async t => {
  const served = await serve(t)
  const raw = await upgradeRaw(t, served.httpPort)
  const connect = bytesOf(connectOf('a'))
  raw.socket.write(clientFrame(connect.subarray(0, 1)))
  await turns(20)
  const rest = Buffer.concat([connect.subarray(1), bytes('c000'), bytesOf(subscribeOf('#')), bytesOf(publishOf('t', 'x')), bytes('c0')])
  raw.socket.write(clientFrame(rest))
  raw.socket.write(clientFrame(bytes('00')))
  const expected = bytes("20020000 d000 9003000100 3004 0001'tx' d000")
  const payload = (): Buffer => Buffer.concat(readFrames(raw.frames()).frames.map(({ payload }) => payload))
  await until(() => payload().length >= expected.length, 'all answers')
  t.strictSame(payload(), expected)
})

for (const over of overs) {
  t.test(`21: large messages neither stall nor tear, one after the other and many at once (${over})`, async t => {
    const served = await serve(t)
    const both = await speak(t, served, over, 'both', 't')
    const largest = limits.packetBytesMax - 7
    await echo(both, 50, largest)
    const before = both.update().length
    for (let index = 0; index < 20; index++) both.send(publishOf('t', Buffer.alloc(largest, index)))
    await until(() => both.update().length + served.broker.counters.get('deliveries-dropped') >= before + 20, 'all of them')
    for (const packet of both.update().slice(before)) {
      if (packet.type !== 'PUBLISH' || packet.payload.length !== largest || packet.payload.some(byte => byte !== packet.payload[0])) {
        t.fail('a message is torn')
      }
    }
    const start = process.cpuUsage()
    await new Promise(resolve => setTimeout(resolve, 500))
    const { user, system } = process.cpuUsage(start)
    t.ok(user + system < 400_000, 'and the processor rests afterwards')
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(`22: a reset instead of an end, at any moment, crashes nothing (${over})`, async t => {
    const served = await serve(t)
    const witness = await speak(t, served, 'TCP', 'witness', 'will')
    for (let round = 0; round < 12; round++) {
      const peer = await open(t, served, over)
      const isClient = round % 4 >= 2
      if (round % 4 === 1) peer.send(bytes('10'))
      if (isClient) peer.send(bytesOf(connectOf('rs', { will: will('will=it') })))
      if (round % 4 === 3) peer.send(Buffer.concat([bytesOf(subscribeOf('t')), bytesOf(publishOf('t', Buffer.alloc(20_000)))]))
      if (isClient) await until(() => peer.chunks.length > 0, 'CONNACK')
      peer.reset()
      if (isClient) t.match(await witness.next(), { topic: 'will' }, 'its will is published')
      await until(() => served.broker.connections === 1, 'gone')
    }
    await until(() => served.heldSlabs === 0, 'every slab back')
  })
}

t.test('21: a large message in many fragments and small segments', async t => {
  const served = await serve(t)
  const watcher = await speak(t, served, 'TCP', 'watcher', 't')
  const raw = await upgradeRaw(t, served.httpPort, clientFrame(bytesOf(connectOf('a'))))
  const packet = bytesOf(publishOf('t', Buffer.alloc(30_000, 7)))
  for (let at = 0; at < packet.length; at += 1_000) {
    raw.socket.write(clientFrame(packet.subarray(at, at + 1_000), at === 0 ? 2 : 0, at + 1_000 >= packet.length))
  }
  t.match(await watcher.next(), { payload: Buffer.alloc(30_000, 7) })
  const framed = clientFrame(packet)
  for (let at = 0; at < framed.length; at += 500) {
    raw.socket.write(framed.subarray(at, at + 500))
    await turns(1)
  }
  t.match(await watcher.next(), { payload: Buffer.alloc(30_000, 7) })
})

t.test(
  '22: proxies whose idle time-outs are shorter than the keep-alive see life, and a half-open connection behind them is noticed',
  async t => {
    t.ok(2 * limits.webSocketPingMs <= 60_000, 'twice within the time-out that is common')
    const served = await serve(t)
    const idle = await enter(t, served, 'idle', { keepAliveSeconds: 3_600 }, 'WebSocket')
    const silent = await upgradeRaw(t, served.httpPort, clientFrame(bytesOf(connectOf('silent', { keepAliveSeconds: 3_600 }))))
    const pings = (): number => readFrames(silent.frames()).frames.filter(({ opcode }) => opcode === 9).length
    for (let round = 1; round <= 2; round++) {
      served.door.ping()
      await until(() => pings() === round, 'a ping')
      await turns(20)
    }
    served.door.ping()
    await until(() => silent.isEnded, 'who answers none is cut off')
    await until(() => served.broker.clients === 1, 'and its session knows')
    t.strictSame(await idle.rest(), [])
  }
)

t.test('22: who is not read from, since a subscriber is behind, is pinged too, and not taken for dead', async t => {
  const served = await serve(t)
  const slow = await enter(t, served, 'slow')
  await slow.ask(subscribeOf('t', 1))
  const hello = clientFrame(bytesOf(connectOf('publisher', { keepAliveSeconds: 3_600 })))
  const publisher = await upgradeRaw(t, served.httpPort, hello)
  const count = limits.inflightMax + limits.queueMessagesMax / 2 + 1
  for (let packetId = 1; packetId <= count; packetId++)
    publisher.socket.write(clientFrame(bytesOf(publishOf('t', 'x', { qos: 1, packetId }))))
  await until(() => served.broker.counters.get('publishers-slowed') === 1, 'it is not read from')
  const pings = (): number => readFrames(publisher.frames()).frames.filter(({ opcode }) => opcode === 9).length
  for (let round = 1; round <= 4; round++) {
    served.door.ping()
    await until(() => pings() === round, 'a ping')
  }
  t.equal(served.broker.clients, 2)
})
