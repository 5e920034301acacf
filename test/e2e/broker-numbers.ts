/** What the broker tells of itself below `$SYS`, and that it pings those who came by WebSocket. */
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { connectAsync } from 'mqtt'
import t from 'tap'
import { WebSocket } from 'ws'
import { limits } from '../../src/limits.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { until } from '../fixtures/e2e/wait.ts'

const daemon = await startDaemon(t, { source: 'demo' })
t.jobs = 2

t.test('its counters, its pool, its store and the budget of its memory are told, and go with what happens', { buffered: true }, async t => {
  const told = new Map<string, string>()
  const client = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`, { protocolVersion: 5 })
  t.teardown(() => client.endAsync(true))
  client.on('message', (topic, payload) => told.set(topic.replace('$SYS/broker/', ''), String(payload)))
  await client.subscribeAsync('$SYS/broker/#')
  const number = (name: string): number => Number(told.get(name))
  await until('all of it', () => told.has('store/refused') && told.has('pool/free') && told.has('uptime'))
  t.match(told.get('version'), /^\d+\.\d+\.\d+/)
  t.equal(told.get('store/state'), 'open')
  t.ok(number('clients/connected') >= 1)
  t.ok(number('pool/free') > 0 && number('pool/free') <= number('pool/slabs'))
  const parts = [...told].filter(([name]) => name.startsWith('memory/budget/') && name !== 'memory/budget/sum')
  t.ok(parts.length > 5, 'the budget is told part by part')
  const sum = parts.reduce((all, [, bytes]) => all + Number(bytes), 0)
  t.equal(number('memory/budget/sum'), sum)
  t.ok(sum <= limits.heldBytesMax)
  t.match(daemon.log.join('\n'), `can make it hold at most ${(sum / 1e6).toFixed(1)} MB`, 'as the log said at its start')

  const faults = (): number => [...told].reduce((all, [name, count]) => (name.startsWith('faults/') ? all + Number(count) : all), 0)
  const [before, published] = [faults(), number('count/messages-published')]
  const stranger = connectSocket(daemon.mqttPort, '127.0.0.1').on('error', () => {})
  stranger.write(Buffer.from([0xf0, 0x00])) // no packet of before CONNECT
  await once(stranger, 'close')
  await client.publishAsync('house/x', 'y')
  await until('the fault', () => faults() > before)
  await until('the message', () => number('count/messages-published') > published)
})

t.test('a WebSocket is pinged, so that no proxy takes it for dead', { buffered: true }, async t => {
  const socket = new WebSocket(`ws://127.0.0.1:${daemon.httpPort}/mqtt`, 'mqtt')
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  socket.send(Buffer.from([0x10, 13, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 0, 0, 1, 0x61])) // CONNECT without keep-alive
  let pings = 0
  socket.on('ping', () => pings++)
  await until('a ping', () => pings > 0, 2 * limits.webSocketPingMs)
  t.equal(socket.readyState, WebSocket.OPEN)
})
