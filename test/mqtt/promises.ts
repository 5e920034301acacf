/** Promises: answers that wait for the disk, and for those before them. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { Reply } from '../../src/mqtt/packet.ts'
import { Promises } from '../../src/mqtt/promises.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { Recorder } from '../fixtures/mqtt/recorder.ts'

const puback = (packetId: number): Reply => ({ type: 'PUBACK', packetId, reasonCode: 0 })

function begin(wantsReasons = false): {
  house: House
  outbox: Recorder
  promises: Promises
  told: number[]
  owner: { waitsFor: Set<unknown> | undefined }
} {
  const house = new House()
  const outbox = new Recorder()
  const told: number[] = []
  const waitsFor = undefined as Set<unknown> | undefined
  const owner = { outbox, wantsReasons, waitsFor, holdOrGo: () => void told.push(promises.length) }
  const promises: Promises = new Promises(house.broker.keeper, owner)
  return { house, outbox, promises, told, owner }
}

t.test('an answer that promises nothing leaves at once', async t => {
  const { outbox, promises } = begin()
  promises.make(puback(1), false)
  promises.make(undefined, false)
  t.strictSame([outbox.lines(), promises.length, promises.weight], [['PUBACK 1'], 0, 0])
})

t.test('[MQTT-3.1.2-29] a refusal tells its reason in words to who wants that', async t => {
  for (const wantsReasons of [false, true]) {
    const { outbox, promises } = begin(wantsReasons)
    promises.make({ type: 'PUBACK', packetId: 1, reasonCode: 0x97 }, false)
    t.equal('reasonString' in (outbox.take()[0] as Reply), wantsReasons)
  }
})

t.test('one that does leaves once all that was put is on the disk', async t => {
  const { house, outbox, promises, told } = begin()
  promises.make(puback(1), true)
  t.strictSame([outbox.lines(), promises.length, promises.unacknowledged], [[], 1, 1])
  house.endTurn()
  t.strictSame([outbox.lines(), promises.length, promises.unacknowledged, told], [['PUBACK 1'], 0, 0, [1, 0]])
})

t.test('[3.1.1 MQTT-4.6.0-2] [3.1.1 MQTT-4.6.0-3] [3.1.1 MQTT-4.6.0-4] answers leave in the order in which they were due', async t => {
  const { house, outbox, promises, told } = begin()
  promises.make(puback(1), false)
  promises.make(puback(2), true)
  promises.make({ type: 'PUBREC', packetId: 3, reasonCode: 0 }, false)
  promises.make(undefined, true)
  promises.make({ type: 'PUBREL', packetId: 4, reasonCode: 0 }, false)
  promises.make(puback(5), true)
  t.strictSame([outbox.lines(), promises.length, promises.unacknowledged], [['PUBACK 1'], 5, 2])
  house.endTurn()
  t.strictSame(outbox.lines(), ['PUBACK 2', 'PUBREC 3', 'PUBREL 4', 'PUBACK 5'])
  t.strictSame(told, [0, 1, 2, 3, 4, 5, 3, 1, 0], 'told each time that one was made or kept')
})

t.test('while the disk fails nothing is promised, and what is owed leaves when it works again', async t => {
  const { house, outbox, promises } = begin()
  house.store.state = 'failing'
  promises.make(puback(1), true)
  house.endTurn()
  t.strictSame(outbox.lines(), [])
  house.store.state = 'open'
  house.store.turn()
  t.strictSame(outbox.lines(), ['PUBACK 1'])
})

t.test('a connection that has ended is answered nothing', async t => {
  const { house, outbox, promises, told } = begin()
  for (const packetId of [1, 2]) promises.make(puback(packetId), true)
  promises.forget()
  house.endTurn()
  t.strictSame([outbox.lines(), promises.length, told], [[], 0, [1, 2]])
})

t.test('nothing is answered while subscribers have to catch up, and the order holds then too', async t => {
  const { house, outbox, promises, owner } = begin()
  owner.waitsFor = new Set()
  promises.make(puback(1), false)
  promises.make(puback(2), true)
  promises.make(puback(3), false)
  house.endTurn()
  t.strictSame([outbox.lines(), promises.length], [[], 3])
  owner.waitsFor = undefined
  promises.go()
  t.strictSame(outbox.lines(), ['PUBACK 1', 'PUBACK 2', 'PUBACK 3'])
})

t.test('an answer to filters weighs as much as there may be, for a session is on its way to the disk with it', async t => {
  const { promises } = begin()
  promises.make(puback(1), true)
  t.equal(promises.weight, 1)
  promises.make({ type: 'SUBACK', packetId: 2, reasonCodes: [0] }, true)
  t.equal(promises.weight, 1 + limits.receivedMax)
})

t.test('what is to be done behind an answer is done once that has gone', async t => {
  const { house, outbox, promises } = begin()
  promises.make(puback(1), true, () => outbox.reply(puback(2)))
  t.strictSame(outbox.lines(), [])
  house.endTurn()
  t.strictSame(outbox.lines(), ['PUBACK 1', 'PUBACK 2'])
})
