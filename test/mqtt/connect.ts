/** CONNECT and CONNACK: who is let in, and what is told of this server. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { publishRefusal } from '../../src/mqtt/access.ts'
import { connectRefusal, expiryMsOf, isLevel, keepAliveSecondsOf, welcome } from '../../src/mqtt/connect.ts'
import { type ConnackProperties, type Connect, type ReasonCode, reasonCodes, sessionNeverExpires } from '../../src/mqtt/packet.ts'
import { nothing, Rights } from '../../src/mqtt/rights.ts'
import { Session } from '../../src/mqtt/session.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { connect } from '../fixtures/mqtt/packets.ts'

const idMax = limits.clientIdCharactersMax

t.test('[MQTT-3.1.2-2] [3.1.1 MQTT-3.1.2-2] 3.1, 3.1.1 and 5.0 are spoken, and nothing else', async t => {
  for (const [level, isSpoken] of [
    [2, false],
    [3, true],
    [4, true],
    [5, true],
    [6, false],
    [131, false]
  ] as const) {
    t.equal(isLevel(level), isSpoken, `${level}`)
  }
})

t.test(
  '[MQTT-3.1.3-5] [MQTT-3.1.3-6] [MQTT-3.1.3-8] [3.1.1 MQTT-3.1.3-5] [3.1.1 MQTT-3.1.3-8] [3.1.1 MQTT-3.1.3-9] which client ids are refused',
  async t => {
    const invalid = reasonCodes.clientIdentifierNotValid
    const table: readonly [level: number, clientId: string, cleanStart: boolean, refusal: ReasonCode | undefined][] = [
      [3, '', true, invalid],
      [4, '', true, undefined],
      [4, '', false, invalid],
      [5, '', true, undefined],
      [5, '', false, undefined],
      [4, '0123456789aZ'.repeat(2).slice(0, 23), false, undefined],
      [4, 'c'.repeat(idMax), true, undefined],
      [5, 'c'.repeat(idMax + 1), true, invalid]
    ]
    for (const [protocolLevel, clientId, cleanStart, refusal] of table) {
      t.equal(connectRefusal(connect(clientId, { protocolLevel, cleanStart }), true), refusal, `${protocolLevel} ${clientId}`)
    }
  }
)

t.test('[MQTT-4.12.0-1] [MQTT-4.12.0-4] enhanced authentication is refused', async t => {
  const packet = connect('c', { protocolLevel: 5, authenticationMethod: 'SCRAM-SHA-256' })
  t.equal(connectRefusal(packet, true), reasonCodes.badAuthenticationMethod)
  t.equal(connectRefusal({ ...packet, authenticationMethod: '' }, true), reasonCodes.badAuthenticationMethod)
})

t.test('one client too many is told that the server is busy', async t => {
  t.equal(connectRefusal(connect('c'), false), reasonCodes.serverBusy)
})

t.test('how long a session outlives its connection', async t => {
  t.strictSame([0, 1, 60].map(expiryMsOf), [0, 1_000, 60_000])
  t.strictSame(
    [limits.sessionAwayMs / 1_000 + 1, sessionNeverExpires - 1, sessionNeverExpires].map(expiryMsOf),
    Array(3).fill(limits.sessionAwayMs)
  )
})

t.test('[MQTT-3.2.2-22] the keep-alive is the client’s, but for one of 5.0 that asks for more than there is', async t => {
  const max = limits.keepAliveSecondsMax
  const of = (protocolLevel: number, keepAliveSeconds: number): number =>
    keepAliveSecondsOf(connect('c', { protocolLevel, keepAliveSeconds }))
  t.strictSame([of(4, 0), of(4, 10), of(3, 65_535)], [0, 10, 65_535])
  t.strictSame([of(5, 0), of(5, 10), of(5, max), of(5, max + 1)], [max, 10, max, max])
})

/** What CONNACK tells of a session that lasts `expiryMs`. */
function told(options: Partial<Connect>, expiryMs: number, clientId = 'c', rights?: Rights): ConnackProperties {
  const packet = connect('c', { protocolLevel: 5, keepAliveSeconds: 10, ...options })
  const session = new Session(new House().broker, clientId, 0, expiryMs)
  session.rights = rights
  const reply = welcome(packet, session, true)
  t.match(reply, { type: 'CONNACK', sessionPresent: true, reasonCode: 0 })
  return (reply.type === 'CONNACK' && reply.properties) || {}
}

t.test('CONNACK tells what holds here, and nothing that the client said itself', async t => {
  t.strictSame(told({ sessionExpirySeconds: 60 }, 60_000), {
    sessionExpirySeconds: undefined,
    assignedClientId: undefined,
    serverKeepAliveSeconds: undefined,
    receiveMaximum: limits.receivedMax,
    packetBytesMax: limits.packetBytesMax,
    topicAliasMax: limits.topicAliasMax,
    responseInformation: undefined
  })
})

t.test('[MQTT-3.1.3-7] [MQTT-3.2.2-16] and what is not as the client asked for', async t => {
  t.equal(told({ sessionExpirySeconds: sessionNeverExpires }, limits.sessionAwayMs).sessionExpirySeconds, limits.sessionAwayMs / 1_000)
  t.equal(told({ sessionExpirySeconds: 60 }, 0).sessionExpirySeconds, 0)
  t.equal(told({ keepAliveSeconds: 0 }, 0).serverKeepAliveSeconds, limits.keepAliveSecondsMax)
  t.equal(told({ clientId: '' }, 0, 'random-1').assignedClientId, 'random-1')
})

t.test('[MQTT-3.1.2-28] response information is told to who asks for it, and is a topic that may be published to', async t => {
  const ask = { wantsResponseInformation: true }
  t.equal(told(ask, 0, 'c').responseInformation, 'response/c')
  t.equal(told({ ...ask, packetBytesMax: 100 }, 0, 'c').responseInformation, undefined, 'not to who takes no long packets')
  for (const clientId of ['+', 'a/#', 'a/'.repeat(128), '\u{10ffff}']) {
    const topic = told(ask, 0, clientId).responseInformation ?? ''
    t.equal(publishRefusal(topic), undefined, topic.slice(0, 20))
    t.match(topic, /^response\/./u)
  }
  t.not(told(ask, 0, '+').responseInformation, told(ask, 0, '#').responseInformation)
  t.equal(told(ask, 0, 'c', nothing).responseInformation, undefined, 'nor where no answer could be read')
  t.equal(told(ask, 0, 'c', new Rights([{ verb: 'read', filter: 'response/+' }], false)).responseInformation, 'response/c')
})
