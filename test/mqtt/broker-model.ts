/** The broker beside a model of it: whatever a few clients do, legal or not, each session gets what it must. */

import fc from 'fast-check'
import t from 'tap'
import { limits } from '../../src/limits.ts'
import type { QoS } from '../../src/mqtt/packet.ts'
import type { Event } from '../../src/mqtt/phase.ts'
import { type Act, Model } from '../fixtures/mqtt/model.ts'
import { connect, disconnect, puback, pubcomp, pubrec, pubrel, subscribe } from '../fixtures/mqtt/packets.ts'

const who = fc.constantFrom('x', 'y', 'z')
const topic = fc.constantFrom('a', 'b', 'a/b', 'b/a', 'a/b/c', '$s/a')
const filter = fc.constantFrom('#', '+', 'a', 'a/b', 'a/#', 'a/+', '+/b', '+/+', '$s/#', 'will/+')
const qos = fc.constantFrom<QoS>(0, 1, 2)
const rarely = fc.integer({ min: 0, max: 9 }).map(n => n === 0)
/** Mostly one message, at times more than a queue takes. */
const times = fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(15, limits.inflightMax, 60) })
const day = 24 * 3_600_000

const ends: readonly Event[] = [disconnect(), { type: 'end', reason: 'lost' }, { type: 'malformed', reasonCode: 0x81 }, connect('z')]
const strays: readonly Event[] = [
  ...[puback, pubrec, pubrel, pubcomp].map(packet => packet(60_000)),
  ...([subscribe(1, { 'a#': 1 }), { type: 'PINGREQ' }, { type: 'tick' }, { type: 'drained' }] as const)
]

const act: fc.Arbitrary<Act> = fc.oneof(
  ...weighed(3, fc.record({ name: fc.constant('connect' as const), who, clean: fc.boolean() })),
  ...weighed(1, fc.record({ name: fc.constant('leave' as const), who, event: fc.constantFrom(...ends) })),
  ...weighed(3, fc.record({ name: fc.constant('subscribe' as const), who, filter, qos })),
  ...weighed(1, fc.record({ name: fc.constant('unsubscribe' as const), who, filter })),
  ...weighed(6, fc.record({ name: fc.constant('publish' as const), who, topic, qos, retain: fc.boolean(), empty: rarely, times })),
  ...weighed(3, fc.record({ name: fc.constant('acknowledge' as const), who, count: fc.integer({ min: 1, max: 30 }) })),
  ...weighed(2, fc.record({ name: fc.constant('drain' as const), who, room: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY) })),
  ...weighed(1, fc.record({ name: fc.constant('stray' as const), who, event: fc.constantFrom(...strays) })),
  ...weighed(1, fc.record({ name: fc.constant('sleep' as const), who, ms: fc.constantFrom(0, day, 3 * day, limits.sessionAwayMs + 1) }))
)

function weighed<T>(weight: number, arbitrary: fc.Arbitrary<T>): [fc.WeightedArbitrary<T>] {
  return [{ weight, arbitrary }]
}

t.test('[MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.4.0-1] [MQTT-4.5.0-1] [MQTT-4.6.0-6] each session gets what it must', async () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), acts => {
      const model = new Model()
      for (const act of acts) model.run(act)
      model.settle()
    }),
    { numRuns: 500 }
  )
})
