/** Failure modes 12 to 15: exchanges at QoS 1 and 2, their repeats, their quota and their packet ids. */
import t from 'tap'
import { limits, setLimits } from '../../src/limits.ts'
import { bytesOf } from '../fixtures/io/arbitraries.ts'
import { enter, publishOf, speak, subscribeOf } from '../fixtures/io/peers.ts'
import { House, serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { kept, puback, pubcomp, pubrec, pubrel } from '../fixtures/mqtt/packets.ts'

t.setTimeout(120_000)

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString()

t.test('12: QoS 2 repeats are delivered once, whatever is repeated, on the same connection, the next one and after a restart', async t => {
  const before = await serve(t)
  const message = publishOf('t', 'x', { qos: 2, packetId: 7 })
  const again = { ...message, dup: true }
  const reader = await enter(t, before, 'reader', kept)
  await reader.ask(subscribeOf('t', 1))
  const first = await enter(t, before, 'a', kept)
  t.match(await first.ask(message), { type: 'PUBREC', packetId: 7 })
  for (let index = 0; index < 3; index++) t.match(await first.ask(again), { type: 'PUBREC', packetId: 7, reasonCode: 0 })
  const second = await enter(t, before, 'a', kept)
  t.match(await second.ask(again), { type: 'PUBREC', packetId: 7 })
  t.equal((await reader.rest()).length, 1)
  const served = await serve(t, [], new House(undefined, before))
  const third = await enter(t, served, 'a', kept)
  t.match(await third.ask(again), { type: 'PUBREC', packetId: 7 })
  t.match(await third.ask(pubrel(7)), { type: 'PUBCOMP', packetId: 7, reasonCode: 0 })
  t.match(await third.ask(pubrel(7)), { type: 'PUBCOMP', packetId: 7 }, 'a PUBREL that is repeated is answered too')
  t.match(await third.ask(message), { type: 'PUBREC', packetId: 7 })
  const back = await enter(t, served, 'reader', kept)
  t.strictSame(
    (await back.rest()).map(packet => packet.type === 'PUBLISH' && packet.dup),
    [true, false],
    'the one that was not acknowledged, and the new one'
  )
})

t.test('12: a client whose PUBREL never comes holds one bit an id, up to a bound, and in MQTT 5.0 no more than it was told', async t => {
  const served = await serve(t)
  const witness = await speak(t, served, 'TCP', 'witness', 't')
  const leaky = await enter(t, served, 'leaky')
  const count = limits.unreleasedMax
  const all = Buffer.concat(Array.from({ length: count }, (_, index) => bytesOf(publishOf('u', '', { qos: 2, packetId: index + 1 }))))
  leaky.peer.send(all)
  await until(() => leaky.update().length === 1 + count, 'every PUBREC')
  leaky.send(publishOf('t', 'repeat', { qos: 2, packetId: 1, dup: true }))
  t.strictSame(await witness.rest(), [], 'every id is in use')
  for (let id = 1; id <= 3; id++) leaky.send(pubrel(id), publishOf('t', 'new', { qos: 2, packetId: id }))
  await until(() => leaky.update().length === 1 + count + 1 + 6, 'every answer')
  t.equal((await witness.rest()).length, 3, 'and is free after PUBREL')
  leaky.send(publishOf('t', 'past the bound', { qos: 2, packetId: count + 1 }))
  await leaky.closed()
  t.strictSame(await witness.rest(), [])
  const told = await enter(t, served, 'told', { protocolLevel: 5 })
  for (let id = 1; id <= limits.receivedMax + 1; id++) told.send(publishOf('u', '', { qos: 2, packetId: id }))
  await told.closed()
  t.match(told.update().at(-1), { type: 'DISCONNECT', reasonCode: 0x93 })
  t.equal(told.update().length, 2 + limits.receivedMax)
})

t.test('13: what is delivered again has DUP, the id that it had, and its place before newer messages, after a restart too', async t => {
  const before = await serve(t)
  const first = await enter(t, before, 'a', kept)
  await first.ask(subscribeOf('t', 2))
  const publisher = await enter(t, before, 'publisher')
  for (let index = 1; index <= 6; index++)
    await publisher.ask(publishOf('t', String(index), { qos: index % 2 === 0 ? 2 : 1, packetId: index }))
  const sent = (await first.rest()).map(packet => packet.type === 'PUBLISH' && [textOf(packet.payload), packet.packetId, packet.dup])
  first.send(puback(1), pubrec(2), puback(5))
  t.match(await first.rest(), [{ type: 'PUBREL', packetId: 2 }])
  first.peer.reset()
  await until(() => before.broker.connections === 1, 'it is gone')
  await publisher.ask(publishOf('t', 'new', { qos: 1, packetId: 7 }))
  const expected = [
    ['PUBREL', 2],
    ['3', 3, true],
    ['4', 4, true],
    ['6', 6, true],
    ['new', 7, false]
  ]
  for (const served of [before, await serve(t, [], new House(undefined, before))]) {
    const back = await enter(t, served, 'a', kept)
    const came = (await back.rest()).map(packet =>
      packet.type === 'PUBLISH'
        ? [textOf(packet.payload), packet.packetId, packet.dup]
        : packet.type === 'PUBREL' && [packet.type, packet.packetId]
    )
    t.strictSame(came, served === before ? expected : [...expected.slice(0, 4), ['new', 7, true]])
    back.peer.reset()
    await until(() => served.broker.connections <= 1, 'it is gone')
  }
  t.strictSame(
    sent,
    Array.from({ length: 6 }, (_, index) => [String(index + 1), index + 1, false])
  )
})

t.test('14: errors, acknowledgements twice or of nothing, and reconnects leak no quota', async t => {
  const served = await serve(t)
  const options = { protocolLevel: 5, cleanStart: false, sessionExpirySeconds: 3_600, receiveMaximum: 2 }
  let client = await enter(t, served, 'a', options)
  await client.ask(subscribeOf('t', 2))
  for (let round = 0; round < 200; round++) {
    const qos = round % 2 === 0 ? 1 : 2
    served.broker.publish({ topic: 't', payload: Buffer.from(String(round)), qos, retain: false })
    const packet = await client.next()
    if (packet.type !== 'PUBLISH' || textOf(packet.payload) !== String(round)) throw new Error(`round ${round}: ${packet.type}`)
    const id = packet.packetId
    client.send(puback(id + 1), pubrec(id + 1, 0x80), pubcomp(id + 1)) // of nothing
    if (round % 5 === 0) {
      client.peer.reset()
      await until(() => served.broker.connections === 0, 'it is gone')
      client = await enter(t, served, 'a', options)
      t.match(await client.next(), { type: 'PUBLISH', packetId: id, dup: true })
    }
    if (qos === 1) client.send(puback(id, round % 3 === 0 ? 0x97 : 0), puback(id))
    else if (round % 3 === 0) client.send(pubrec(id, 0x80), pubrec(id, 0x80))
    else client.send(pubrec(id), pubrec(id), pubcomp(id), pubcomp(id))
    for (const answer of await client.rest()) if (answer.type !== 'PUBREL') throw new Error(`round ${round}: ${answer.type}`)
  }
  for (let index = 0; index < 3; index++) served.broker.publish({ topic: 't', payload: Buffer.from('last'), qos: 1, retain: false })
  t.equal((await client.rest()).length, 2, 'the quota is what it was')
  t.ok(served.broker.counters.get('unexpected-acknowledgement') > 0)
})

t.test('15: packet ids past 65,535 begin again at 1, are never 0, and leave out what is still in flight', async t => {
  const { inflightMax, queueMessagesMax } = limits
  setLimits({ inflightMax: 1_000, queueMessagesMax: 2_000 })
  t.teardown(() => setLimits({ inflightMax, queueMessagesMax }))
  const served = await serve(t)
  const client = await enter(t, served, 'a')
  await client.ask(subscribeOf('t', 2))
  const publish = (qos: 1 | 2): void => served.broker.publish({ topic: 't', payload: Buffer.alloc(0), qos, retain: false })
  publish(2)
  publish(2)
  t.match([await client.next(), await client.next()], [{ packetId: 1 }, { packetId: 2 }])
  client.send(pubrec(1))
  t.match(await client.next(), { type: 'PUBREL', packetId: 1 })
  const ids: number[] = []
  while (ids.length < 66_000) {
    for (let index = 0; index < 300; index++) publish(1)
    for (let index = 0; index < 300; index++) {
      const packet = await client.next()
      if (packet.type === 'PUBLISH') ids.push(packet.packetId)
    }
    client.send(...ids.slice(-300).map(id => puback(id)))
    await client.rest()
  }
  const expected = Array.from({ length: 66_000 }, (_, index) => (index < 65_533 ? index + 3 : index - 65_533 + 3))
  t.strictSame(ids, expected, '1 and 2 are in flight all the time')
})
