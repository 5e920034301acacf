/** How connections end, phase by phase. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { close, closeLate, violation } from '../../src/mqtt/ending.ts'
import { reasonCodes } from '../../src/mqtt/packet.ts'
import { House } from '../fixtures/mqtt/house.ts'
import { level5 } from '../fixtures/mqtt/packets.ts'

t.test('a client of 5.0 that was let in is told why; others, and those that were not, are not', async t => {
  const house = new House()
  const [modern, old, stranger] = [house.connect('a', level5), house.connect('b'), house.accept()]
  for (const client of [modern, old, stranger]) client.lines()
  violation(modern.connection)
  violation(old.connection)
  violation(stranger.connection)
  t.strictSame(modern.lines(), ['DISCONNECT 130', 'closed protocol'])
  t.strictSame([old.lines(), stranger.lines()], [['closed protocol'], ['closed protocol']])
  t.equal(house.count('closed-protocol'), 3)
  t.equal(house.broker.clients, 0)
  const other = house.connect('c', level5)
  other.lines()
  close(other.connection, 'client')
  t.strictSame(other.lines(), ['closed client'], 'an end in good order has no code')
  const revoked = house.connect('d', level5)
  revoked.lines()
  close(revoked.connection, 'revoked')
  t.strictSame(revoked.lines(), [`DISCONNECT ${reasonCodes.notAuthorized}`, 'closed revoked'])
})

t.test('a CONNECT has so long, and no longer', async t => {
  const house = new House()
  const client = house.accept()
  const opening = { name: 'opening', sinceMs: house.nowMs } as const
  house.nowMs += limits.connectMs
  closeLate(client.connection, opening)
  t.strictSame(client.lines(), [])
  house.nowMs++
  closeLate(client.connection, opening)
  t.strictSame(client.lines(), ['closed connect-timeout'])
})
