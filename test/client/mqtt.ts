/** The page's MQTT client against a real broker over a real WebSocket, and against a network that it has in its hand. */

import t from 'tap'
import { WebSocket } from 'ws'
import type { Message } from '../../src/client/mqtt.ts'
import { type HandSocket, inHand } from '../fixtures/client/hand.ts'
import { startHost, watched } from '../fixtures/client/host.ts'

const textOf = ({ payload }: Message) => new TextDecoder().decode(payload)

t.test('subscribes, publishes and hears itself at both QoS', async t => {
  const host = await startHost()
  t.teardown(host.kill)
  const { client, messages, until, connected } = watched(t, host.url)
  t.equal(await client.subscribe('zero/+', 0), 0, 'asked for before the link is up')
  await connected()
  t.equal(await client.subscribe('one/#', 1), 1)
  await client.publish('zero/a', 'hello')
  await client.publish('one/b', Uint8Array.of(0xe2, 0x82, 0xac), { qos: 1 })
  await until(() => messages.length === 2)
  t.match(messages, [
    { topic: 'zero/a', qos: 0, retain: false },
    { topic: 'one/b', qos: 1, retain: false }
  ])
  t.same(messages.map(textOf), ['hello', '€'])
  await client.unsubscribe('zero/+')
  await client.publish('zero/a', 'unheard', { qos: 1 })
  await client.publish('one/b', 'heard', { qos: 1 })
  await until(() => messages.length === 3)
  t.equal(textOf(messages[2] as Message), 'heard')
})

t.test('retained messages come on subscribing', async t => {
  const host = await startHost()
  t.teardown(host.kill)
  const first = watched(t, host.url)
  await first.client.publish('house/power', '918', { qos: 1, retain: true })
  const second = watched(t, host.url)
  await second.client.subscribe('house/#')
  await second.until(() => second.messages.length === 1)
  t.match(second.messages[0], { topic: 'house/power', retain: true })
})

t.test('the will is published when the client vanishes, and not when it says goodbye', async t => {
  const host = await startHost()
  t.teardown(host.kill)
  const watcher = watched(t, host.url)
  await watcher.client.subscribe('gone/+', 1)
  let vanishing: WebSocket | undefined
  class Vanishing extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols)
      vanishing = this
    }
  }
  const polite = watched(t, host.url, { will: { topic: 'gone/polite', payload: 'x' } })
  const rude = watched(t, host.url, { WebSocket: Vanishing, will: { topic: 'gone/rude', payload: 'y', qos: 1, retain: true } })
  await polite.connected()
  await rude.connected()
  polite.client.disconnect()
  vanishing?.terminate()
  await watcher.until(() => watcher.messages.length > 0)
  t.same(
    watcher.messages.map(({ topic }) => topic),
    ['gone/rude']
  )
  t.same(polite.client.state, { phase: 'closed' })
})

t.test('returns after the server was killed, with its subscriptions and what was not acknowledged', async t => {
  const host = await startHost()
  const { client, messages, states, until, connected } = watched(t, host.url)
  await client.subscribe('a/+', 1)
  await host.kill()
  await until(() => client.state.phase === 'waiting')
  t.match(states[states.length - 1], { phase: 'waiting', reason: 'The link was closed', retryMs: 500 })
  await t.rejects(client.publish('a/b', 'QoS 0 is not kept'), { message: 'Not connected' })
  const kept = client.publish('a/b', 'kept', { qos: 1 })
  const again = await startHost(Number(new URL(host.url).port))
  t.teardown(again.kill)
  client.wake()
  await connected()
  await kept
  await until(() => messages.length > 0)
  t.same(messages.map(textOf), ['kept'])
})

t.test('a refused login is told, and tried again', async t => {
  const host = await startHost()
  t.teardown(host.kill)
  host.broker.authenticate = (_client, username, password, done) => done(null, username === 'me' && password?.toString() === 'secret')
  const good = watched(t, host.url, { username: 'me', password: 'secret' })
  await good.connected()
  const bad = watched(t, host.url, { username: 'me', password: 'wrong' })
  await bad.until(() => bad.client.state.phase === 'waiting')
  t.match(bad.client.state, { reason: /^Refused: (not authorised|bad username or password)$/ })
})

t.test('a refused subscription is told', async t => {
  const host = await startHost()
  t.teardown(host.kill)
  host.broker.authorizeSubscribe = (_client, subscription, done) => done(null, subscription.topic === 'secret' ? null : subscription)
  const { client } = watched(t, host.url)
  await t.rejects(client.subscribe('secret'), { name: 'MqttError', message: 'Refused: unspecified error', reasonCode: 0x80 })
  t.equal(await client.subscribe('open'), 0)
})

// --- with a network in hand ---

const pingreq = [0xc0, 0]
const pingresp = [0xd0, 0]

t.test('the wait between attempts doubles up to ten seconds, with jitter, and starts anew once a link has held', async t => {
  let share = 1
  const { client, newest, timers } = inHand(t, { random: () => share, pingIntervalMs: 1_000 })
  const waits: number[] = []
  const fail = () => {
    newest().break()
    const { state } = client
    if (state.phase === 'waiting') {
      waits.push(state.retryMs)
      timers.pass(state.retryMs)
    }
    t.equal(client.state.phase, 'connecting')
  }
  for (let count = 0; count < 6; count += 1) fail()
  share = 0
  fail()
  share = 1
  newest().welcome()
  fail() // as it is with a broker that ends each link for what it is sent, or for another client with the same id
  newest().welcome()
  timers.pass(1_000)
  newest().receive(...pingresp)
  fail()
  t.same(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 500, 10_000, 1_000])

  const unpinged = inHand(t, { keepAliveSeconds: 0 })
  unpinged.newest().break()
  unpinged.timers.pass(1_000)
  unpinged.newest().welcome()
  unpinged.newest().break()
  t.match(unpinged.client.state, { retryMs: 1_000 }, 'where nothing tells, a welcome is enough')
})

t.test('an attempt without answer ends', async t => {
  const { client, newest, timers, sockets } = inHand(t)
  timers.pass(10_000)
  t.match(client.state, { phase: 'waiting', reason: 'No answer' })
  t.ok(newest().closed)
  t.equal(sockets.length, 1)
  t.same(sockets[0]?.protocols, ['mqtt'])
  t.equal(sockets[0]?.binaryType, 'arraybuffer')
})

t.test('pings at its interval, and an unanswered one ends the link', async t => {
  const { client, newest, timers } = inHand(t, { keepAliveSeconds: 60, pingIntervalMs: 10_000 })
  newest().welcome()
  newest().sent.length = 0
  for (let count = 1; count <= 3; count += 1) {
    timers.pass(10_000)
    t.same(newest().sent, Array(count).fill(pingreq))
    newest().receive(...pingresp)
  }
  timers.pass(10_000)
  timers.pass(4_999)
  t.equal(client.state.phase, 'connected')
  timers.pass(1)
  t.match(client.state, { phase: 'waiting', reason: 'No answer' })
})

t.test('an answer to a ping that was never sent does not stand for the next', async t => {
  const { client, newest, timers } = inHand(t, { pingIntervalMs: 10_000 })
  newest().welcome()
  newest().receive(...pingresp)
  timers.pass(15_000)
  t.match(client.state, { phase: 'waiting', reason: 'No answer' })
})

t.test('says goodbye also to a broker that has not answered its CONNECT: that may have taken it on, and its will', async t => {
  const greeted = inHand(t)
  greeted.newest().open()
  greeted.client.disconnect()
  t.same(greeted.newest().sent.slice(1), [[0xe0, 0]])
  const opening = inHand(t)
  opening.client.disconnect()
  t.same(opening.newest().sent, [], 'but not over a socket that is not open')
})

t.test('woken on a dead link it pings and reconnects at once', async t => {
  const { client, newest, timers, sockets } = inHand(t)
  newest().welcome()
  client.wake()
  t.same(newest().sent[newest().sent.length - 1], pingreq)
  timers.pass(999)
  t.equal(sockets.length, 1)
  timers.pass(1)
  t.equal(sockets.length, 2)
  t.ok(sockets[0]?.closed)
  newest().welcome()
  t.equal(client.state.phase, 'connected')
})

t.test('woken on a live link it stays, even with an older ping on its way', async t => {
  const { client, newest, timers, sockets } = inHand(t, { pingIntervalMs: 10_000 })
  newest().welcome()
  timers.pass(10_000)
  client.wake()
  newest().receive(...pingresp)
  timers.pass(500)
  newest().receive(...pingresp)
  timers.pass(5_000)
  t.equal(sockets.length, 1)
  t.equal(client.state.phase, 'connected')
  timers.pass(4_500)
  client.wake()
  newest().receive(...pingresp)
  timers.pass(1_000)
  t.equal(sockets.length, 2, 'the answer to the older ping does not count for the newer')
})

t.test('woken while waiting it connects at once, and while connecting it gives the attempt one second', async t => {
  const { client, newest, timers, sockets } = inHand(t)
  newest().break()
  client.wake()
  t.equal(sockets.length, 2)
  client.wake()
  timers.pass(999)
  t.equal(sockets.length, 2)
  timers.pass(1)
  t.equal(sockets.length, 3)
  t.equal(client.state.phase, 'connecting')
})

t.test('subscribes again on each link, and resends with DUP what was not acknowledged', async t => {
  const { client, newest } = inHand(t)
  newest().welcome()
  const granted = client.subscribe('a', 1)
  newest().receive(0x90, 3, 0, 1, 1)
  t.equal(await granted, 1)
  const published = client.publish('b', '!', { qos: 1 })
  t.same(newest().sent.slice(1), [
    [0x82, 6, 0, 1, 0, 1, 0x61, 1],
    [0x32, 6, 0, 1, 0x62, 0, 2, 0x21]
  ])
  newest().break()
  client.wake()
  newest().welcome()
  t.same(newest().sent.slice(1), [
    [0x82, 6, 0, 3, 0, 1, 0x61, 1],
    [0x3a, 6, 0, 1, 0x62, 0, 2, 0x21]
  ])
  newest().receive(0x40, 2, 0, 2)
  await published
})

t.test('a broker that breaks the protocol is left', async t => {
  const breaches: Record<string, (socket: HandSocket) => void> = {
    'a second CONNACK': socket => socket.receive(0x20, 2, 0, 0),
    'malformed bytes': socket => socket.receive(0xff, 0),
    'a huge packet': socket => socket.receive(0x30, 0xff, 0xff, 0xff, 0x7f),
    'a text frame': socket => socket.onmessage?.({ data: 'text' } as never)
  }
  for (const [name, breach] of Object.entries(breaches)) {
    const { client, newest } = inHand(t)
    newest().welcome()
    breach(newest())
    t.match(client.state, { phase: 'waiting', reason: /^The broker broke the protocol: / }, name)
  }
  const { client, newest } = inHand(t)
  newest().receive(0x30, 3, 0, 1, 0x61)
  t.equal(client.state.phase, 'waiting', 'a PUBLISH before CONNACK')
})

t.test('what waits for the broker is bounded', async t => {
  const { client } = inHand(t)
  const waiting = Array.from({ length: 1_000 }, (_value, index) => client.publish('a', String(index), { qos: 1 }))
  await t.rejects(client.publish('a', 'one more', { qos: 1 }), { message: 'Too much waits for the broker' })
  client.disconnect()
  const settled = await Promise.allSettled(waiting)
  t.ok(settled.every(({ status }) => status === 'rejected'))
  await t.rejects(client.subscribe('a'), { message: 'Disconnected' })

  const other = inHand(t)
  const large = other.client.publish('a', new Uint8Array(1_000_000), { qos: 2 })
  await t.rejects(other.client.publish('a', new Uint8Array(100_000), { qos: 1 }), { message: 'Too much waits for the broker' })
  other.client.disconnect()
  await t.rejects(large, { message: 'Disconnected' })
})

t.test('options that MQTT cannot carry are refused at once', async t => {
  t.throws(() => inHand(t, { password: 'without a username' }))
  t.throws(() => inHand(t, { will: { topic: 'a/#', payload: '' } }))
  const { client } = inHand(t)
  await t.rejects(client.subscribe('a/#/b'))
  await t.rejects(client.unsubscribe(''))
  await t.rejects(client.publish('+', ''))
})
