/** How clients come in: at once, after a while, or not. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { connect as enterBy, isRefused } from '../../src/mqtt/entering.ts'
import type { Opening } from '../../src/mqtt/phase.ts'
import { type Client, House } from '../fixtures/mqtt/house.ts'
import { bytesOf, connect, kept, level5, will } from '../fixtures/mqtt/packets.ts'
import { Porter } from '../fixtures/mqtt/porter.ts'

function open(): { house: House; porter: Porter } {
  const porter = new Porter({}, ['alice'])
  return { house: new House(undefined, 'killed', porter), porter }
}

function ask(house: House, options: Parameters<typeof connect>[1]): { client: Client; lines: string[] } {
  const client = house.accept()
  enterBy(client.connection, client.connection.phase as Opening, connect('c', options))
  return { client, lines: client.lines() }
}

t.test('who is known is let in at once, and who is refused is told why', async t => {
  const { house } = open()
  t.strictSame(ask(house, kept).lines, ['CONNACK 0'])
  t.strictSame(ask(house, kept).lines, ['CONNACK 0 present'])
  t.strictSame(ask(house, { ...kept, protocolLevel: 3 }).lines, ['CONNACK 0'], 'MQTT 3.1 has no word for it')
  t.strictSame(ask(house, { protocolLevel: 9 }).lines, ['CONNACK 132', 'closed refused'])
  t.strictSame(ask(house, { authenticationMethod: 'x', ...level5 }).lines, ['CONNACK 140', 'closed refused'])
  t.strictSame(ask(house, { user: 'wrong' }).lines, ['CONNACK 134', 'closed refused'])
  t.strictSame(ask(house, { user: 'hasty' }).lines, ['CONNACK 159', 'closed refused'])
  t.strictSame(ask(house, { will: will('a=x') }).lines, ['CONNACK 135', 'closed refused'])
  t.equal(house.count('connect-unauthorized'), 1)
  t.equal(house.count('connect-hasty'), 1)
  t.equal(house.count('connect-forbidden'), 1)
})

t.test('what is refused anyhow is not asked about', async t => {
  const { house, porter } = open()
  const client = house.accept()
  t.ok(isRefused(client.connection, connect('x'.repeat(limits.clientIdCharactersMax + 1)), false))
  t.notOk(isRefused(house.accept().connection, connect('x'), false))
  ask(house, { protocolLevel: 2, user: 'slow' })
  t.equal(porter.asked.length, 0)
})

t.test('who has to wait is held, and what is kept of its CONNECT is a copy without the password', async t => {
  const { house, porter } = open()
  const payload = bytesOf('gone')
  const last = { ...will('a=x'), payload }
  const { client, lines } = ask(house, { ...level5, user: 'slow', password: bytesOf('secret'), will: last, keepAliveSeconds: 10 })
  t.strictSame(lines, [])
  t.ok(client.outbox.isHeld)
  const { phase } = client.connection
  if (phase.name !== 'checking') throw new Error(phase.name)
  t.equal(phase.packet.password, undefined)
  t.not(phase.packet.will?.payload, payload)
  porter.answer(porter.who('alice'))
  t.strictSame(client.lines(), ['CONNACK 0'])
  t.notOk(client.outbox.isHeld)
  t.equal(client.connection.session?.user, 'alice')
})

t.test('when all places are taken, who has a name takes that of the last stranger, and a name that nobody knows does not', async t => {
  const { house, porter } = open()
  const strangers = Array.from({ length: limits.clientsMax }, (_, index) => {
    const client = house.accept()
    enterBy(client.connection, client.connection.phase as Opening, connect(`stranger ${index}`))
    return client
  })
  t.strictSame(strangers.at(-1)?.lines(), ['CONNACK 0'])
  const unknown = ask(house, { user: 'slow' })
  porter.answer(porter.who(''))
  t.strictSame(unknown.client.lines(), ['CONNACK 137', 'closed refused'])
  t.strictSame(ask(house, { user: 'alice' }).lines, ['CONNACK 0'])
  t.strictSame(strangers.at(-1)?.lines(), ['closed too-many'])
})
