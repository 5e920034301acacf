/** What clients of MQTT 5.0 are told for humans: each code has its words, and they name the bound that holds. */

import t from 'tap'
import { limits, setLimits } from '../../src/limits.ts'
import { close } from '../../src/mqtt/ending.ts'
import { closeReasons, codesOfEnds } from '../../src/mqtt/outbox.ts'
import { type ClientPacket, type ReasonCode, type Reply, reasonCodes } from '../../src/mqtt/packet.ts'
import { explained, whyEnded, whyRefused } from '../../src/mqtt/reasons.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { connect, level5, publish } from '../fixtures/mqtt/packets.ts'

t.test('who is refused', async t => {
  const { clientIdCharactersMax } = limits
  setLimits({ clientIdCharactersMax: 100 })
  t.teardown(() => setLimits({ clientIdCharactersMax }))
  const answer = (clientId: string, options = {}): unknown => {
    const client = new House().accept()
    client.sendWithinTurn(connect(clientId, { ...level5, ...options }))
    return client.outbox.take()[0]
  }
  t.match(answer('x'.repeat(100)), { type: 'CONNACK', reasonCode: 0, properties: { reasonString: undefined } })
  t.match(answer('x'.repeat(101)), {
    ...{ type: 'CONNACK', reasonCode: reasonCodes.clientIdentifierNotValid },
    properties: { reasonString: 'a client id has at most 100 characters' }
  })
  t.match(answer('x', { authenticationMethod: 'm' }), { reasonCode: 0x8c, properties: { reasonString: /no enhanced authentication/ } })
  t.equal(whyRefused(reasonCodes.unsupportedProtocolVersion), undefined, 'such a client reads no MQTT 5.0')
})

t.test('who is let go', async t => {
  for (const reason of closeReasons) {
    const house = new House()
    const client = house.connect('a', level5)
    client.outbox.take()
    close(client.connection, reason)
    const code = codesOfEnds[reason]
    if (code === undefined) t.match(client.outbox.take(), [{ type: 'closed', reason }], reason)
    else t.match(client.outbox.take(), [{ type: 'DISCONNECT', reasonCode: code, reasonString: /^[a-z].{20}/ }, { type: 'closed' }], reason)
  }
  const { receivedMax } = limits
  setLimits({ receivedMax: 50 })
  t.teardown(() => setLimits({ receivedMax }))
  t.match(whyEnded(reasonCodes.receiveMaximumExceeded), /at most 50 messages/)
  t.match(whyEnded(reasonCodes.topicAliasInvalid), new RegExp(`to ${limits.topicAliasMax}$`))
})

t.test('what is refused', async t => {
  const answer = (packet: ClientPacket, options = {}): Reply | undefined => {
    const client = new House().connect('a', { ...level5, ...options })
    client.outbox.take()
    client.sendWithinTurn(packet)
    return client.outbox.take()[0] as Reply
  }
  const refused = publish('$x=1', { qos: 1, packetId: 7 })
  t.match(answer(refused), { type: 'PUBACK', packetId: 7, reasonCode: 0x87, reasonString: /belong to the broker/ })
  t.notOk('reasonString' in (answer(refused, { wantsProblemInformation: false }) as Reply), '[MQTT-3.1.2-29]')
  t.notOk('reasonString' in (answer(refused, { protocolLevel: 4 }) as Reply), 'nor is it told before MQTT 5.0')
  t.strictSame(
    answer(publish('a=1', { qos: 1, packetId: 7 })),
    { type: 'PUBACK', packetId: 7, reasonCode: 0x10 },
    'what is no refusal has no reason'
  )
  const filters = (...reasonCodes: number[]): Reply => explained({ type: 'SUBACK', packetId: 1, reasonCodes })
  t.match(filters(0, 0x97, 0x87), { reasonString: new RegExp(`at most ${limits.subscriptionsMax} sub`) }, 'that of the first one')
  t.notOk('reasonString' in filters(0, 1))
  t.match(explained({ type: 'PUBREL', packetId: 1, reasonCode: 0x92 }), { reasonString: /packet id/ })
  const others: Reply[] = [{ type: 'PINGRESP' }, { type: 'UNSUBACK', packetId: 1, reasonCodes: [0x11] }]
  for (const other of others) t.equal(explained(other), other)
})

t.test('no more is said than a line', async t => {
  const codes = Object.values(reasonCodes) as ReasonCode[]
  const types = ['PUBACK', 'PUBREL', 'SUBACK'] as const
  const answers = codes.flatMap(reasonCode =>
    types.map(type => explained({ type, packetId: 1, reasonCode, reasonCodes: [reasonCode] } as unknown as Reply))
  )
  const said = [
    ...codes.flatMap(code => [whyRefused(code), whyEnded(code)]),
    ...answers.map(reply => (reply as { reasonString?: string }).reasonString)
  ]
  for (const line of said) t.ok((line ?? '').length < 120, String(line))
})
