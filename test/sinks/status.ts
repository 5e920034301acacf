/** The daemon's own state: all of it at first, then what has changed, not too often. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { Message } from '../../src/mqtt/packet.ts'
import { Status } from '../../src/sinks/status.ts'

t.test('rows become retained topics under $SYS/broker', async t => {
  const published: Message[] = []
  const rows = { version: '1', 'clients/connected': 0 }
  const status = new Status(
    message => published.push(message),
    text => new TextEncoder().encode(text),
    () => rows
  )
  const take = (): string[] => published.splice(0).map(({ topic, payload }) => `${topic}=${new TextDecoder().decode(payload)}`)

  status.tick(5_000)
  t.ok(published.every(({ retain, qos }) => retain && qos === 0))
  t.strictSame(take(), ['$SYS/broker/version=1', '$SYS/broker/clients/connected=0'])
  rows['clients/connected'] = 2
  status.tick(5_000 + limits.statusMs - 1)
  t.strictSame(take(), [], 'not yet')
  status.tick(5_000 + limits.statusMs)
  t.strictSame(take(), ['$SYS/broker/clients/connected=2'], 'what has changed')
})
