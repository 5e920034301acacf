/** What clients count on beside their messages, whichever they are: wildcards, goodbyes, sessions, keep-alive, and to be left alone by others. */
import { connect as connectTcp } from 'node:net'
import type { IClientOptions } from 'mqtt'
import t, { type Test } from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { type MqttJs, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

t.jobs = 4
/** A ping may come late by half of that, be it by our own fault. */
const keepAliveSeconds = 3

const daemon: Daemon = await startDaemon(t, { source: '/dev/does-not-exist' })

const versions = [
  { name: 'MQTT 3.1', options: { protocolId: 'MQIsdp', protocolVersion: 3 } },
  { name: 'MQTT 3.1.1', options: { protocolId: 'MQTT', protocolVersion: 4 } },
  { name: 'MQTT 5.0', options: { protocolId: 'MQTT', protocolVersion: 5 } }
] as const
const transports = [
  { name: 'TCP', address: `mqtt://127.0.0.1:${daemon.mqttPort}` },
  { name: 'WebSocket', address: `ws://127.0.0.1:${daemon.httpPort}/mqtt` }
] as const

for (const version of versions) {
  for (const transport of transports) {
    const name = `MQTT.js, ${version.name} over ${transport.name}`
    const base = name.replaceAll(/\W+/g, '-')
    const join = (t: Test, options: IClientOptions = {}): Promise<MqttJs> =>
      mqttJs(t, transport.address, { ...version.options, ...options })

    t.test(`${name}: wildcards`, { buffered: true }, async t => {
      const [publisher, subscriber] = [await join(t), await join(t)]
      await subscriber.client.subscribeAsync(`${base}/+/b`, { qos: 2 })
      await subscriber.client.subscribeAsync(`${base}/deep/#`, { qos: 0 })
      for (const qos of [0, 1, 2] as const) {
        await publisher.client.publishAsync(`${base}/a/b`, `at ${qos}`, { qos })
        await publisher.client.publishAsync(`${base}/a/c`, 'matches nothing', { qos })
        await publisher.client.publishAsync(`${base}/deep/er/still`, `at ${qos}`, { qos })
        await subscriber.until(`${base}/a/b`, `at ${qos}`)
        await subscriber.until(`${base}/deep/er/still`, `at ${qos}`)
      }
      t.strictSame(subscriber.of(`${base}/a/b`), ['at 0', 'at 1', 'at 2'], 'each once')
      t.strictSame(subscriber.of(`${base}/a/c`), [], 'a filter keeps out what it does not match')

      await subscriber.client.unsubscribeAsync(`${base}/+/b`)
      await publisher.client.publishAsync(`${base}/a/b`, 'too late', { qos: 1 })
      await publisher.client.publishAsync(`${base}/deep/end`, 'end', { qos: 1 })
      await subscriber.until(`${base}/deep/end`, 'end')
      t.equal(subscriber.last(`${base}/a/b`), 'at 2', 'nothing comes after an unsubscription')
    })

    t.test(`${name}: goodbyes`, { buffered: true }, async t => {
      const watcher = await join(t)
      await watcher.client.subscribeAsync(`${base}/will/+`, { qos: 1 })
      const will = (name: string): IClientOptions => ({
        reconnectPeriod: 0,
        will: { topic: `${base}/will/${name}`, payload: Buffer.from('it died'), qos: 1, retain: false }
      })
      const victim = await join(t, will('cut'))
      victim.client.stream.destroy()
      await watcher.until(`${base}/will/cut`, 'it died')
      const polite = await join(t, will('polite'))
      await polite.client.endAsync()
      await watcher.client.publishAsync(`${base}/will/end`, 'end', { qos: 1 })
      await watcher.until(`${base}/will/end`, 'end')
      t.strictSame(watcher.of(`${base}/will/polite`), [], 'a will comes when a client is cut off, not when it says goodbye')
    })

    t.test(`${name}: sessions`, { buffered: true }, async t => {
      const publisher = await join(t)
      for (const clean of [false, true]) {
        const kept = version.options.protocolVersion === 5 && !clean ? { properties: { sessionExpiryInterval: 300 } } : {}
        const options: IClientOptions = { clientId: `${base}-${clean}`, clean, resubscribe: false, ...kept }
        const topic = `${base}/session/${clean}`
        const first = await join(t, options)
        await first.client.subscribeAsync(topic, { qos: 2 })
        await first.client.endAsync()
        for (const qos of [1, 2] as const) await publisher.client.publishAsync(topic, `missed at ${qos}`, { qos })
        const second = await join(t, options)
        if (!clean) await second.until(topic, 'missed at 2')
        await second.client.subscribeAsync(topic, { qos: 1 })
        await publisher.client.publishAsync(topic, 'not missed', { qos: 1 })
        await second.until(topic, 'not missed')
        const expected = clean ? ['not missed'] : ['missed at 1', 'missed at 2', 'not missed']
        t.strictSame(second.of(topic), expected, clean ? 'a clean session begins anew' : 'a kept session gets what it missed')
      }
    })

    t.test(`${name}: a lost connection`, { buffered: true }, async t => {
      const [publisher, topic] = [await join(t), `${base}/lost`]
      const kept = version.options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 300 } } : {}
      const loser = await join(t, { clientId: `${base}-loser`, clean: false, resubscribe: false, reconnectPeriod: 1000, ...kept })
      await loser.client.subscribeAsync(topic, { qos: 2 })
      loser.client.stream.destroy()
      await until('the connection to be lost', () => !loser.client.connected)
      for (const qos of [1, 2] as const) await publisher.client.publishAsync(topic, `missed at ${qos}`, { qos })
      await loser.until(topic, 'missed at 2')
      t.strictSame(loser.of(topic), ['missed at 1', 'missed at 2'], 'a client that comes back by itself gets what it missed')
    })

    t.test(`${name}: keep-alive`, { buffered: true }, async t => {
      const watcher = await join(t)
      await watcher.client.subscribeAsync(`${base}/silence`, { qos: 1 })
      const quiet = await join(t, { keepalive: keepAliveSeconds, reconnectPeriod: 0 })
      await aWhile(2_000 * keepAliveSeconds)
      t.ok(quiet.client.connected, 'a client that pings stays')
      const will = { topic: `${base}/silence`, payload: Buffer.from('too silent'), qos: 1 as const, retain: false }
      const mute = await join(t, { keepalive: keepAliveSeconds, reconnectPeriod: 0, will })
      mute.client.sendPing = () => undefined
      await watcher.until(`${base}/silence`, 'too silent')
      await until('the mute client to be closed', () => !mute.client.connected)
      t.pass('one that does not is closed, and its will is published')
    })
  }
}

t.test('the WebSocket subprotocol is the one that was offered, and none is refused', { buffered: true }, async t => {
  for (const protocol of ['mqtt', 'mqttv3.1']) {
    const webSocket = await webSocketAnswer(protocol)
    t.match(webSocket, /^HTTP\/1\.1 101 /, protocol)
    t.match(webSocket.toLowerCase(), `sec-websocket-protocol: ${protocol}\r\n`)
  }
  t.match(await webSocketAnswer('chat'), /^HTTP\/1\.1 400 /, 'another is refused')
})

t.test('two clients of one name: the newer one stays', { buffered: true }, async t => {
  const address = transports[0].address
  const older = await mqttJs(t, address, { clientId: 'twin', reconnectPeriod: 0 })
  const newer = await mqttJs(t, address, { clientId: 'twin', reconnectPeriod: 0 })
  await until('the older one to be closed', () => !older.client.connected)
  t.ok(newer.client.connected)
})

t.test('bytes that are no MQTT close the connection that they came on, and no other', { buffered: true }, async t => {
  const watcher = await mqttJs(t, transports[0].address)
  const stranger = connectTcp(daemon.mqttPort, '127.0.0.1')
  stranger.on('error', () => undefined)
  stranger.write('GET / HTTP/1.1\r\nHost: wattslug\r\nUser-Agent: a browser that took the wrong port\r\n\r\n')
  let closed = false
  stranger.on('close', () => {
    closed = true
  })
  stranger.resume()
  await until('the stranger to be closed', () => closed)
  await watcher.client.subscribeAsync('still/here', { qos: 1 })
  await watcher.client.publishAsync('still/here', 'yes', { qos: 1 })
  await watcher.until('still/here', 'yes')
  t.notOk(daemon.program.end, 'the daemon lives')
})

/** The head of the answer to an upgrade that offers a subprotocol. */
function webSocketAnswer(protocol: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(daemon.httpPort, '127.0.0.1')
    socket.on('error', reject)
    socket.on('data', data => {
      resolve(data.toString('latin1'))
      socket.destroy()
    })
    const key = Buffer.alloc(16).toString('base64')
    socket.write(
      `GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`
    )
  })
}
