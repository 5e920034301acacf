/** Readings and the meter's state as topics and payloads, just as the README lists them. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { Publisher } from '../../src/sinks/publish.ts'
import { bytesOf, textOf } from '../fixtures/mqtt/packets.ts'
import { impulses, power } from '../fixtures/mqtt/readings.ts'

/** A publisher, and what it published since asked last: payloads by topic, each retained and at QoS 1. */
function published(): { publisher: Publisher; take: () => [topic: string, payload: string][] } {
  let messages: [string, string][] = []
  const publisher = new Publisher({
    root: 'currentcost',
    publish: ({ topic, payload, qos, retain }) => {
      if (qos !== 1 || !retain) throw new Error(`${topic} is not retained at QoS 1`)
      messages.push([topic, textOf(payload)])
    },
    encode: bytesOf
  })
  return {
    publisher,
    take() {
      const taken = messages
      messages = []
      return taken
    }
  }
}

t.test('a power reading', async t => {
  const { publisher, take } = published()
  publisher.accept(power({ celsius: 20.3 }))
  t.strictSame(take(), [
    ['currentcost/0/availability', 'online'],
    [
      'currentcost/0/state',
      '{"time":"2026-11-22T09:43:42.977Z","sensor":0,"kind":"power","watts":350,"ch1Watts":350,"celsius":20.3,"model":"CC128-v1.29","radioId":3391,"meterTime":"09:43:42"}'
    ],
    ['currentcost/0/power', '350'],
    ['currentcost/0/temperature', '20.3']
  ])
})

t.test('three channels and no temperature', async t => {
  const { publisher, take } = published()
  const channels = ([1, 2, 3] as const).map(channel => ({ channel, watts: 1 - channel }))
  publisher.accept(power({ sensor: 9, watts: -3, channels }))
  t.strictSame(take(), [
    ['currentcost/9/availability', 'online'],
    [
      'currentcost/9/state',
      '{"time":"2026-11-22T09:43:42.977Z","sensor":9,"kind":"power","watts":-3,"ch1Watts":0,"ch2Watts":-1,"ch3Watts":-2,"model":"CC128-v1.29","radioId":3391,"meterTime":"09:43:42"}'
    ],
    ['currentcost/9/power', '-3']
  ])
})

t.test('a pulse counter', async t => {
  const { publisher, take } = published()
  publisher.accept(impulses({ sensor: 4, celsius: 0 }))
  t.strictSame(take(), [
    ['currentcost/4/availability', 'online'],
    [
      'currentcost/4/state',
      '{"time":"2026-11-22T09:43:42.977Z","sensor":4,"kind":"impulses","medium":"gas","impulses":123,"impulsesPerUnit":100,"celsius":0,"model":"CC128-v1.29","radioId":3391,"meterTime":"09:43:42"}'
    ],
    ['currentcost/4/temperature', '0']
  ])
})

t.test('a sensor that says nothing for so long is offline, once, until it is heard again', async t => {
  const { publisher, take } = published()
  const availabilities = (): [string, string][] => take().filter(([topic]) => topic.endsWith('/availability'))
  publisher.accept(power({ sensor: 1 }))
  publisher.tick(1_000)
  publisher.accept(power({ sensor: 2 }))
  publisher.accept(power({ sensor: 2 }))
  publisher.tick(11_000)
  t.strictSame(availabilities(), [
    ['currentcost/1/availability', 'online'],
    ['currentcost/2/availability', 'online']
  ])
  publisher.tick(999 + limits.staleMs)
  t.strictSame(take(), [])
  publisher.tick(1_000 + limits.staleMs)
  publisher.tick(2_000 + limits.staleMs)
  t.strictSame(take(), [['currentcost/1/availability', 'offline']])
  publisher.accept(power({ sensor: 1 }))
  t.strictSame(availabilities(), [['currentcost/1/availability', 'online']])
})

t.test('what was heard before time is first told was heard then, however long the clock has been running', async t => {
  const { publisher, take } = published()
  publisher.accept(power({ sensor: 1 }))
  take()
  publisher.tick(1_000 * limits.staleMs)
  t.strictSame(take(), [])
  publisher.tick(1_001 * limits.staleMs)
  t.strictSame(take(), [['currentcost/1/availability', 'offline']])
})

t.test('the daemon starts and stops', async t => {
  const { publisher, take } = published()
  publisher.start()
  t.strictSame(take(), [['currentcost/bridge/state', 'online']])
  publisher.accept(power({ sensor: 3 }))
  take()
  publisher.stop()
  t.strictSame(take(), [
    ['currentcost/3/availability', 'offline'],
    ['currentcost/bridge/state', 'offline']
  ])
})

const meter = { id: '', source: '/dev/ttyUSB0', simulated: false }
const meter2 = { id: 'meter2', source: 'demo', simulated: true }
const atMs = Date.UTC(2026, 10, 22, 9, 43, 36, 927)

t.test("a meter's state", async t => {
  const { publisher, take } = published()
  publisher.status(meter, { state: 'live', message: 'Readings arrive.' }, atMs)
  publisher.status(meter2, { state: 'silent', message: 'It is silent.' }, atMs)
  t.strictSame(take(), [
    [
      'currentcost/bridge/meter',
      '{"time":"2026-11-22T09:43:36.927Z","state":"live","source":"/dev/ttyUSB0","simulated":false,"message":"Readings arrive."}'
    ],
    [
      'currentcost/bridge/meter2',
      '{"time":"2026-11-22T09:43:36.927Z","state":"silent","source":"demo","simulated":true,"message":"It is silent."}'
    ]
  ])
})

t.test("a meter's history", async t => {
  const { publisher, take } = published()
  publisher.history(meter, { pages: 32 }, atMs)
  publisher.history(meter2, {}, atMs)
  t.strictSame(take(), [
    ['currentcost/bridge/meter/history', '{"time":"2026-11-22T09:43:36.927Z","pages":32}'],
    ['currentcost/bridge/meter2/history', '{"time":"2026-11-22T09:43:36.927Z"}']
  ])
})

t.test('another meter, a name, corrections', async t => {
  const { publisher, take } = published()
  publisher.accept(power({ meter: 'meter2', name: 'Attic', corrections: ['scale 1.02'] }))
  t.strictSame(take(), [
    ['currentcost/meter2/0/availability', 'online'],
    [
      'currentcost/meter2/0/state',
      '{"time":"2026-11-22T09:43:42.977Z","sensor":0,"name":"Attic","kind":"power","watts":350,"ch1Watts":350,"model":"CC128-v1.29","radioId":3391,"meterTime":"09:43:42","corrections":["scale 1.02"]}'
    ],
    ['currentcost/meter2/0/power', '350']
  ])
})

t.test('an impulse counter of another meter with a name, and its availability by place', async t => {
  const { publisher, take } = published()
  publisher.accept(impulses({ meter: 'meter2', sensor: 3, name: 'Gas' }))
  t.match(take(), [
    ['currentcost/meter2/3/availability', 'online'],
    ['currentcost/meter2/3/state', /"sensor":3,"name":"Gas","kind":"impulses"/]
  ])
  publisher.accept(power({ sensor: 3 }))
  t.strictSame(take()[0], ['currentcost/3/availability', 'online'], 'sensors of the same number are told apart')
  publisher.tick(0)
  publisher.tick(limits.staleMs)
  t.strictSame(take(), [
    ['currentcost/meter2/3/availability', 'offline'],
    ['currentcost/3/availability', 'offline']
  ])
})

t.test('a derived sensor', async t => {
  const { publisher, take } = published()
  publisher.accept({ kind: 'derived', atMs, sensor: 'used', watts: 12, formula: '0 - 1' })
  t.strictSame(take(), [
    ['currentcost/used/availability', 'online'],
    ['currentcost/used/state', '{"time":"2026-11-22T09:43:36.927Z","sensor":"used","kind":"derived","watts":12,"formula":"0 - 1"}'],
    ['currentcost/used/power', '12']
  ])
})

t.test("the meter's faults, when they change", async t => {
  const { publisher, take } = published()
  publisher.faults({})
  publisher.faults({})
  publisher.faults({ 'value-invalid': 2 })
  publisher.faults({ 'value-invalid': 2 })
  t.strictSame(take(), [
    ['currentcost/bridge/faults', '{}'],
    ['currentcost/bridge/faults', '{"value-invalid":2}']
  ])
})

t.test('what was published of a derived sensor that is no more is taken back', async t => {
  const { publisher, take } = published()
  publisher.accept({ kind: 'derived', sensor: 'net', atMs: 0, watts: 4, formula: '0 - 1' })
  take()
  publisher.forget('net')
  t.strictSame(take(), [
    ['currentcost/net/state', ''],
    ['currentcost/net/power', ''],
    ['currentcost/net/availability', '']
  ])
  publisher.tick(0)
  publisher.tick(10 * limits.staleMs)
  publisher.stop()
  t.strictSame(take(), [['currentcost/bridge/state', 'offline']], 'and nothing is said of it again')
})
