/** Events: which of them are packets of the client. */

import t from 'tap'
import { isPacket } from '../../src/mqtt/phase.ts'
import { connect, disconnect, puback } from '../fixtures/mqtt/packets.ts'

t.test('what a client sends is told from what happens to its connection', async t => {
  for (const packet of [connect('c'), puback(1), disconnect(), { type: 'PINGREQ' } as const]) t.ok(isPacket(packet), packet.type)
  const others = [{ type: 'malformed', reasonCode: 0x81 }, { type: 'drained' }, { type: 'tick' }, { type: 'end', reason: 'lost' }] as const
  for (const event of others) t.notOk(isPacket(event), event.type)
})
