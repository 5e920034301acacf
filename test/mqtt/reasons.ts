/** What clients of MQTT 5.0 are told for humans: each code has its words, and they name the bound that holds. */

import t from 'tap'
import { limits, setLimits } from '../../src/limits.ts'
import { close } from '../../src/mqtt/ending.ts'
import { closeReasons, codesOfEnds } from '../../src/mqtt/outbox.ts'
import { type ReasonCode, reasonCodes } from '../../src/mqtt/packet.ts'
import { whyEnded, whyRefused } from '../../src/mqtt/reasons.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { connect, level5 } from '../fixtures/mqtt/packets.ts'

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

t.test('no more is said than a line', async t => {
  for (const code of Object.values(reasonCodes) as ReasonCode[])
    for (const said of [whyRefused(code), whyEnded(code)]) t.ok((said ?? '').length < 120, String(code))
})
