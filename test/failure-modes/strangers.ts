/** Failure modes 6 to 8: strangers that promise much, send slowly, or speak something else. */
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { limits, setLimits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { type BadPacket, badPackets, bytes } from '../fixtures/io/packets.ts'
import { badPackets5 } from '../fixtures/io/packets-5.ts'
import { connectOf, enter, type Over, open, publishOf, Speaker, speak } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { connectRaw, upgradeHead } from '../fixtures/io/upgrade.ts'
import { turns, until } from '../fixtures/io/waiting.ts'

t.setTimeout(120_000)

const overs: readonly Over[] = ['TCP', 'WebSocket']

for (const over of overs) {
  t.test(`6: 256 MiB that are promised before CONNECT take no memory (${over})`, async t => {
    const served = await serve(t)
    const peer = await open(t, served, over)
    peer.send(bytes('10 ffffff7f'))
    await until(() => peer.isClosed, 'closed')
    t.equal(served.clients.counters.get('malformed-too-long'), 1)
    t.ok(served.pool.lowest >= served.pool.count - 1)
    t.equal(Buffer.concat(peer.chunks).length, 0, 'and nothing is answered')
    const length = limits.packetBytesMax - 4
    const promise = Buffer.of(0x10, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14)
    const strangers = await Promise.all(Array.from({ length: limits.strangersMax }, () => open(t, served, over)))
    for (const stranger of strangers) stranger.send(promise)
    await until(() => served.pool.free <= served.pool.count - limits.strangersMax, 'the headers came')
    t.equal(served.pool.free, served.pool.count - limits.strangersMax, 'a promise within the bound holds one slab for what came')
  })

  t.test(`6: a pile of user properties before authentication is bounded by the packet, and nothing of it stays (${over})`, async t => {
    const served = await serve(t)
    const property = bytes("26 0001'k' 0001'v'")
    const pile = Buffer.concat(Array.from({ length: 4_600 }, () => property))
    const rest = Buffer.concat([
      bytes("0004'MQTT' 05 02 003c"),
      Buffer.of((pile.length & 0x7f) | 0x80, ((pile.length >> 7) & 0x7f) | 0x80, pile.length >> 14),
      pile
    ])
    const body = Buffer.concat([rest, bytes("0001'a'")])
    const packet = Buffer.concat([
      Buffer.of(0x10, (body.length & 0x7f) | 0x80, ((body.length >> 7) & 0x7f) | 0x80, body.length >> 14),
      body
    ])
    t.ok(packet.length < limits.packetBytesMax)
    const peer = new Speaker(await open(t, served, over), 5)
    peer.peer.send(packet)
    t.match(await peer.next(), { type: 'CONNACK', reasonCode: 0 })
    await until(() => served.heldSlabs === 0, 'every slab back')
    const larger = await open(t, served, over)
    larger.send(Buffer.concat([bytes('10 80 80 02'), rest, rest]))
    await until(() => larger.isClosed, 'one past the bound is closed')
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  t.test(`7: slow loris: no CONNECT, half a CONNECT, or one that comes byte by byte is closed in time (${over})`, async t => {
    const served = await serve(t)
    const [silent, half, slow] = [await open(t, served, over), await open(t, served, over), await open(t, served, over)]
    const connect = bytesOf(connectOf('slow'))
    half.send(connect.subarray(0, 6))
    for (let at = 0; at < 10; at++) {
      slow.send(connect.subarray(at, at + 1))
      await turns(3)
      served.pass(limits.connectMs / 10)
    }
    await until(() => served.broker.connections === 3 && served.pool.free <= served.pool.count - 2, 'all are here')
    t.notOk(silent.isClosed || half.isClosed || slow.isClosed)
    served.pass(1)
    await until(() => silent.isClosed && half.isClosed && slow.isClosed, 'all are closed')
    t.equal(served.broker.counters.get('closed-connect-timeout'), 3)
    await until(() => served.heldSlabs === 0, 'every slab back')
  })

  for (const [level, packets] of [
    [4, badPackets],
    [5, badPackets5]
  ] as const) {
    t.test(
      `8: malformed input does not crash the process and is not acted on, before CONNECT and after (MQTT level ${level}, ${over})`,
      async t => {
        const served = await serve(t)
        const witness = await speak(t, served, 'TCP', 'witness', '#')
        for (const { raw, title } of packets as readonly BadPacket[]) {
          const malformed = bytes(raw)
          const before = await open(t, served, over)
          before.send(malformed)
          const after = await enter(t, served, 'after', { protocolLevel: level }, over)
          after.peer.send(Buffer.concat([malformed, bytesOf(publishOf('t', title), level)]))
          await until(() => before.isClosed && after.peer.isClosed, `closed: ${title}`)
          const answers = after.update().slice(1)
          if (before.chunks.length > 0) t.fail(`answered before CONNECT: ${title}`)
          if (answers.some(({ type }) => type !== 'DISCONNECT') || answers.length !== (level === 5 ? 1 : 0)) t.fail(`answered: ${title}`)
        }
        t.strictSame(await witness.rest(), [], 'the witness has heard nothing')
        t.equal(served.broker.connections, 1)
      }
    )
  }
}

t.test('7: half a WebSocket upgrade, or one that comes byte by byte, is closed in time', async t => {
  const { requestMs } = limits
  setLimits({ requestMs: 200 })
  t.teardown(() => setLimits({ requestMs }))
  const served = await serve(t)
  const half = await connectRaw(t, served.httpPort, upgradeHead().slice(0, -2))
  const slow = await connectRaw(t, served.httpPort)
  let at = 0
  const timer = setInterval(() => slow.socket.write(upgradeHead().slice(at, ++at)), 20)
  t.teardown(() => clearInterval(timer))
  await until(() => half.isEnded && slow.isEnded, 'both are closed')
  t.equal(served.broker.connections, 0)
})

t.test('7: a refused upgrade does not stay', async t => {
  const served = await serve(t)
  const refused = await connectRaw(t, served.httpPort, upgradeHead('/elsewhere'))
  await until(() => refused.isEnded, 'refused')
  let left = -1
  await until(() => {
    served.http.getConnections((_, count) => {
      left = count
    })
    return left === 0
  }, 'nobody is left')
  t.pass()
})

t.test('8: the hello of TLS on both plain ports', async t => {
  const served = await serve(t)
  for (const port of [served.mqttPort, served.httpPort]) {
    const message = await new Promise<string>(resolve => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
      t.teardown(() => socket.destroy())
      socket.on('error', error => resolve(error.message))
      socket.on('secureConnect', () => resolve('connected'))
      socket.on('close', () => resolve('closed'))
    })
    t.not(message, 'connected')
  }
  await until(() => served.broker.counters.get('closed-malformed') === 1, 'counted')
  await speak(t, served, 'TCP', 'next')
})

t.test('8: other protocols on the plain port', async t => {
  const served = await serve(t)
  for (const hello of [`GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ${'browser '.repeat(20)}\r\n\r\n`, '\0\0\0\0', '\xff'.repeat(5_000)]) {
    const raw = await connectRaw(t, served.mqttPort, Buffer.from(hello, 'latin1'))
    await until(() => raw.isEnded, 'closed')
    t.equal(raw.bytes().length, 0, JSON.stringify(hello.slice(0, 20)))
  }
})
