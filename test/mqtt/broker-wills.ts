/** Wills: when they are published, and when they are not. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Broker } from '../../src/mqtt/broker.ts'
import type { Connect } from '../../src/mqtt/packet.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { disconnect, kept, level5, subscribe, will } from '../fixtures/mqtt/packets.ts'

const gone = ['PUBLISH will=gone']

/** A house with a client that hears everything, and a client of 5.0 with a will that is kept for a minute unless told otherwise. */
function begin(delaySeconds: number, changes: Partial<Connect> = {}): { house: House; client: Client; watcher: Client } {
  const house = new House()
  t.ok(house.broker instanceof Broker)
  const watcher = house.connect('watcher')
  watcher.send(subscribe(1, { '#': 0 }))
  const client = house.connect('c', { ...level5, ...asked(delaySeconds), ...changes })
  return { house, client, watcher }
}

function asked(delaySeconds: number): Partial<Connect> {
  return { cleanStart: false, sessionExpirySeconds: 60, will: will('will=gone', { delaySeconds }) }
}

t.test('[MQTT-3.1.2-7] [MQTT-3.1.2-8] [MQTT-3.1.2-10] a will is published when its delay has passed, once', async t => {
  const { house, client, watcher } = begin(10)
  client.end()
  house.pass(9_999)
  t.strictSame(watcher.lines(), [])
  house.pass(1)
  t.strictSame(watcher.lines(), gone)
  house.pass(60_000)
  t.strictSame(watcher.lines(), [])
  t.equal(house.count('wills-published'), 1)
})

t.test('[MQTT-3.1.2-8] at once if it has none', async t => {
  const { client, watcher } = begin(0)
  client.end()
  t.strictSame(watcher.lines(), gone)
})

t.test('[MQTT-3.1.2-8] or when the session ends, if that is sooner', async t => {
  const { house, client, watcher } = begin(100)
  client.end()
  house.pass(60_000)
  t.strictSame(watcher.lines(), [])
  house.pass(1)
  t.strictSame(watcher.lines(), gone)
  const short = begin(100, { sessionExpirySeconds: 0 })
  short.client.end()
  t.strictSame(short.watcher.lines(), gone)
})

t.test('[MQTT-3.1.3-9] not when the client is back before', async t => {
  const { house, client, watcher } = begin(10)
  client.end()
  house.pass(9_000)
  const back = house.connect('c', { ...level5, ...asked(10), will: undefined })
  house.pass(60_000)
  back.end()
  house.pass(60_001)
  t.strictSame(watcher.lines(), [])
})

t.test('[MQTT-3.1.3-9] a take-over is coming back before the delay, unless there is none', async t => {
  for (const [delaySeconds, expected] of [
    [10, []],
    [0, gone]
  ] as const) {
    const { house, watcher } = begin(delaySeconds)
    const client = house.connect('c', { ...level5, ...asked(5) })
    t.strictSame(watcher.lines(), expected)
    client.send(disconnect())
    house.pass(100_000)
    t.strictSame(watcher.lines(), [], 'the new one has a will of its own')
  }
})

t.test('a clean start ends the session, and so its will is published', async t => {
  const { house, client, watcher } = begin(10)
  client.end()
  house.connect('c', { ...level5 })
  t.strictSame(watcher.lines(), gone)
  const taken = begin(10)
  taken.house.connect('c', { ...level5 })
  t.strictSame(taken.watcher.lines(), gone)
})

t.test('[MQTT-3.14.4-3] DISCONNECT with 0x04 leaves the will to its delay; with 0 as the expiry it is published at once', async t => {
  const { house, client, watcher } = begin(10)
  client.send(disconnect(0x04))
  t.strictSame(watcher.lines(), [])
  house.pass(10_000)
  t.strictSame(watcher.lines(), gone)
  const ended = begin(10)
  ended.client.send(disconnect(0x04, 0))
  t.strictSame(ended.watcher.lines(), gone)
})

t.test('a will expires from its publication on', async t => {
  const { house, client, watcher } = begin(0, { will: will('will=gone', { delaySeconds: 10, expirySeconds: 5 }) })
  client.end()
  house.pass(10_000)
  t.strictSame(watcher.lines(), ['PUBLISH will=gone expires 5'])
})

t.test('a session that is displaced publishes its will', async t => {
  const { house, client, watcher } = begin(59)
  client.end()
  for (let n = 0; n < limits.sessionsMax - 1; n++) house.connect(`c${n}`, kept).send(disconnect())
  t.strictSame(watcher.lines(), gone)
})

t.test('a will at QoS 1 is published even if the disk has no room for it', async t => {
  const { house, client, watcher } = begin(0, { will: will('will=gone', { qos: 1, retain: true }) })
  house.store.state = 'failing'
  house.store.put('full', new Uint8Array(limits.keeperPendingBytesMax))
  client.end()
  t.strictSame(watcher.lines(), gone)
  t.equal(house.count('retained-unsaved'), 1)
})

t.test('a will outlives a crash, and its delay begins anew', async t => {
  for (const leaves of [false, true]) {
    const { house, client } = begin(10)
    if (leaves) client.end()
    const next = new House(house)
    const watcher = next.connect('watcher')
    watcher.send(subscribe(1, { '#': 0 }))
    next.pass(9_999)
    t.strictSame(watcher.lines(), [])
    next.pass(1)
    t.strictSame(watcher.lines(), gone)
    const last = new House(next)
    last.pass(10_000)
    t.equal(last.count('wills-published'), 0, 'it was published')
  }
})
