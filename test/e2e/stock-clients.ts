/** Clients that were not written for this broker do with it all that they do with any other, over TCP and over WebSocket. */
import { connect as connectTcp } from 'node:net'
import type { IClientOptions } from 'mqtt'
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { type MqttJs, mosquittoPub, mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

t.jobs = 4

const daemon: Daemon = await startDaemon(t, { source: '/dev/does-not-exist' })

for (const version of ['mqttv31', 'mqttv311'] as const) {
  t.test(`mosquitto_pub and mosquitto_sub, ${version}`, { buffered: true }, async t => {
    const { mqttPort } = daemon
    const topic = (name: string): string => `${version}/${name}`
    const base = ['-V', version]

    const wide = await mosquittoSub(t, mqttPort, [...base, '-t', `${version}/#`, '-q', '2'])
    const one = await mosquittoSub(t, mqttPort, [...base, '-t', `${version}/+/b`, '-q', '1'])
    for (const qos of ['0', '1', '2']) {
      await mosquittoPub(t, mqttPort, [...base, '-t', topic('a/b'), '-m', `at ${qos}`, '-q', qos])
      await wide.until(topic('a/b'), `at ${qos}`)
      await one.until(topic('a/b'), `at ${qos}`)
      t.pass(`QoS ${qos}`)
    }
    await mosquittoPub(t, mqttPort, [...base, '-t', topic('a/c'), '-m', 'not for one', '-q', '1'])
    await wide.until(topic('a/c'), 'not for one')
    t.strictSame(one.of(topic('a/c')), [], 'a filter keeps out what it does not match')

    await mosquittoPub(t, mqttPort, [...base, '-t', topic('kept'), '-m', 'retained', '-r', '-q', '1'])
    const late = await mosquittoSub(t, mqttPort, [...base, '-t', topic('kept'), '-q', '1'])
    await late.until(topic('kept'), 'retained')
    t.pass('a retained message is there for who comes later')
    await mosquittoPub(t, mqttPort, [...base, '-t', topic('kept'), '-n', '-r', '-q', '1'])
    await wide.until(topic('kept'), '(null)')
    const later = await mosquittoSub(t, mqttPort, [...base, '-t', `${version}/#`, '-q', '1'])
    await mosquittoPub(t, mqttPort, [...base, '-t', topic('end'), '-m', 'end', '-q', '1'])
    await later.until(topic('end'), 'end')
    t.strictSame(later.of(topic('kept')), [], 'and gone when it is cleared')

    const willed = ['--will-topic', topic('will'), '--will-payload', 'it died', '--will-qos', '1']
    const victim = await mosquittoSub(t, mqttPort, [...base, '-i', `victim-${version}`, ...willed, '-t', 'none'])
    await victim.program.kill()
    await wide.until(topic('will'), 'it died')
    t.pass('a killed client leaves its will')

    const kept = ['-i', `kept-${version}`, '-c', '-q', '2', '-t', topic('missed')]
    const first = await mosquittoSub(t, mqttPort, [...base, ...kept])
    await first.program.kill()
    for (const qos of ['1', '2']) await mosquittoPub(t, mqttPort, [...base, '-t', topic('missed'), '-m', `missed at ${qos}`, '-q', qos])
    const second = await mosquittoSub(t, mqttPort, [...base, ...kept])
    await second.until(topic('missed'), 'missed at 2')
    t.strictSame(second.of(topic('missed')), ['missed at 1', 'missed at 2'], 'a kept session gets what it missed')
  })
}

t.test('a version that is not served yet is refused by name', { buffered: true }, async t => {
  await t.rejects(mosquittoSub(t, daemon.mqttPort, ['-V', 'mqttv5', '-t', '#']), /protocol version/i)
})

const versions = [
  { name: 'MQTT 3.1', options: { protocolId: 'MQIsdp', protocolVersion: 3 } },
  { name: 'MQTT 3.1.1', options: { protocolId: 'MQTT', protocolVersion: 4 } }
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

    t.test(`${name}: every QoS, wildcards, retained messages`, { buffered: true }, async t => {
      const [publisher, subscriber] = [await join(t), await join(t)]
      await subscriber.client.subscribeAsync(`${base}/+/b`, { qos: 2 })
      await subscriber.client.subscribeAsync(`${base}/deep/#`, { qos: 0 })
      for (const qos of [0, 1, 2] as const) {
        await publisher.client.publishAsync(`${base}/a/b`, `at ${qos}`, { qos })
        await publisher.client.publishAsync(`${base}/a/c`, 'matches nothing', { qos })
        await publisher.client.publishAsync(`${base}/deep/er/still`, `at ${qos}`, { qos })
        await subscriber.until(`${base}/a/b`, `at ${qos}`)
        await subscriber.until(`${base}/deep/er/still`, `at ${qos}`)
        t.pass(`QoS ${qos}`)
      }
      t.strictSame(subscriber.of(`${base}/a/b`), ['at 0', 'at 1', 'at 2'], 'each once')
      t.strictSame(subscriber.of(`${base}/a/c`), [], 'a filter keeps out what it does not match')

      await publisher.client.publishAsync(`${base}/kept/b`, 'retained', { qos: 1, retain: true })
      const late = await join(t)
      await late.client.subscribeAsync(`${base}/#`, { qos: 1 })
      await late.until(`${base}/kept/b`, 'retained')
      await publisher.client.publishAsync(`${base}/kept/b`, '', { qos: 1, retain: true })
      const later = await join(t)
      await later.client.subscribeAsync(`${base}/#`, { qos: 1 })
      await publisher.client.publishAsync(`${base}/end`, 'end', { qos: 1 })
      await later.until(`${base}/end`, 'end')
      t.strictSame(later.of(`${base}/kept/b`), [], 'a retained message is there for who comes later, and gone when it is cleared')

      await subscriber.client.unsubscribeAsync(`${base}/+/b`)
      await publisher.client.publishAsync(`${base}/a/b`, 'too late', { qos: 1 })
      await publisher.client.publishAsync(`${base}/deep/end`, 'end', { qos: 1 })
      await subscriber.until(`${base}/deep/end`, 'end')
      t.equal(subscriber.last(`${base}/a/b`), 'at 2', 'nothing comes after an unsubscription')
    })

    t.test(`${name}: wills`, { buffered: true }, async t => {
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
        const options: IClientOptions = { clientId: `${base}-${clean}`, clean, resubscribe: false }
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

    t.test(`${name}: keep-alive`, { buffered: true }, async t => {
      const watcher = await join(t)
      await watcher.client.subscribeAsync(`${base}/silence`, { qos: 1 })
      const quiet = await join(t, { keepalive: 1, reconnectPeriod: 0 })
      await aWhile(3000)
      t.ok(quiet.client.connected, 'a client that pings stays')
      const will = { topic: `${base}/silence`, payload: Buffer.from('too silent'), qos: 1 as const, retain: false }
      const mute = await join(t, { keepalive: 1, reconnectPeriod: 0, will })
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
