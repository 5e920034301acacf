/** The console's settings: kept and read again, whatever stands there, and refused in time. */

import fc from 'fast-check'
import t from 'tap'
import {
  defaultSettings,
  faultOf,
  keptText,
  optionsOf,
  readKept,
  type Settings,
  subscribeOptionsOf
} from '../../../src/page/console/settings.ts'
import { holds } from '../../fixtures/io/property.ts'

const own = 'ws://house.local:8080/mqtt'
const standard = defaultSettings(own)
const with_ = (change: Partial<Settings>): Settings => ({ ...standard, ...change })

t.test('nothing kept, or nonsense', async t => {
  for (const text of [null, '', '{', 'null', '[]', '{"will":3,"subscriptions":{}}', '{"address":7,"keepAliveSeconds":-1}'])
    t.strictSame(readKept(text, own), standard, String(text))
})

t.test('what was set is there again, but for the password', async t => {
  const set = with_({
    address: 'wss://broker.example/mqtt',
    clientId: 'me',
    username: 'anna',
    password: 'secret',
    protocolVersion: 4,
    clean: false,
    sessionExpirySeconds: 5,
    keepAliveSeconds: 0,
    will: { topic: 'gone', payload: 'yes', qos: 2, retain: true },
    subscriptions: [
      { filter: 'a/+', qos: 1, noLocal: true, retainHandling: 2 },
      { filter: 'b', qos: 0, noLocal: false, retainHandling: 1 }
    ]
  })
  const kept = keptText(set, own)
  t.notMatch(kept, /secret/)
  t.strictSame(readKept(kept, own), { ...set, password: '' })
})

t.test('the daemon’s own address is not kept: it may move', async t => {
  const moved = 'ws://192.168.1.9:8080/mqtt'
  t.equal(readKept(keptText(standard, own), moved).address, moved)
})

t.test('filters that are none are left out, and there are not too many', async t => {
  const filters = ['#', 'a/#/b', '', 'a+', ...Array.from({ length: 40 }, (_, index) => `t${index}`)]
  const { subscriptions } = readKept(JSON.stringify({ subscriptions: [3, ...filters.map(filter => ({ filter }))] }), own)
  t.equal(subscriptions.length, 20)
  t.strictSame(subscriptions[0], { filter: '#', qos: 0, noLocal: false, retainHandling: 0 })
  t.equal(subscriptions[1]?.filter, 't0')
})

t.test('faults', async t => {
  const table: [change: Partial<Settings>, secure: boolean, fault: string | undefined][] = [
    [{}, false, undefined],
    [{}, true, 'insecure'],
    [{ address: 'wss://a/' }, true, undefined],
    [{ address: 'mqtt://a' }, false, 'address'],
    [{ address: 'ws://' }, false, 'address'],
    [{ address: 'ws://a:99999' }, false, 'address'],
    [{ clean: false }, false, 'client-id'],
    [{ clean: false, clientId: 'me' }, false, undefined],
    [{ protocolVersion: 4, password: 'secret' }, false, 'username'],
    [{ protocolVersion: 4, password: 'secret', username: 'anna' }, false, undefined],
    [{ password: 'secret' }, false, undefined],
    [{ sessionExpirySeconds: 2 ** 32 }, false, 'expiry'],
    [{ keepAliveSeconds: 65_536 }, false, 'keep-alive'],
    [{ keepAliveSeconds: Number.NaN }, false, 'keep-alive'],
    [{ will: { ...standard.will, topic: 'a/#' } }, false, 'will'],
    [{ will: { ...standard.will, topic: 'a' } }, false, undefined]
  ]
  for (const [change, secure, fault] of table) t.equal(faultOf(with_(change), secure), fault, JSON.stringify(change))
})

t.test('what the client is told', async t => {
  const packetBytesMax = 4_194_304 // of what other brokers carry, much is larger than what the client takes by itself
  t.strictSame(optionsOf(standard), { protocolVersion: 5, cleanSession: true, keepAliveSeconds: 60, packetBytesMax })
  const will = { topic: 'gone', payload: 'yes', qos: 1 as const, retain: true }
  t.strictSame(optionsOf(with_({ clientId: 'me', username: 'anna', password: 'x', clean: false, will })), {
    protocolVersion: 5,
    cleanSession: false,
    keepAliveSeconds: 60,
    packetBytesMax,
    clientId: 'me',
    sessionExpirySeconds: 3_600,
    username: 'anna',
    password: 'x',
    will
  })
  t.notOk('sessionExpirySeconds' in optionsOf(with_({ clientId: 'me', clean: false, protocolVersion: 4 })), '3.1.1 has none')
  const subscription = { filter: 'a', qos: 2 as const, noLocal: true, retainHandling: 1 as const }
  t.strictSame(subscribeOptionsOf(subscription, 4), { qos: 2 })
  t.strictSame(subscribeOptionsOf(subscription, 5), { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 1 })
})

t.test('whatever is kept, settings come of it that can be kept', async t => {
  holds(
    t,
    500,
    fc.property(fc.oneof(fc.string(), fc.json()), text => {
      const settings = readKept(text, own)
      return JSON.stringify(readKept(keptText(settings, own), own)) === JSON.stringify(settings)
    })
  )
})
