/** The statements about PINGREQ, DISCONNECT, AUTH, and errors: 3.1.1 and 5.0, sections 3.12 to 3.15, 4.8, 4.12 and 4.13. */
import t from 'tap'
import { limits, setLimits } from '../../src/limits.ts'
import { connectTcp } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'
import { bytesIn } from '../fixtures/standard/notation.ts'
import { endedAtOnce, endedBy, playScenes, type Scene } from '../fixtures/standard/play.ts'

const goodbyes: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.12.4-1] [MQTT-3.12.4-1] PINGREQ is answered with PINGRESP',
    play: `
      a connects
      a > c000
      a < d000
      a > c000 c000
      a < d000 d000`
  },
  {
    title: '[3.1.1 MQTT-3.14.1-1] [MQTT-3.14.1-1] DISCONNECT with flags ends the connection, and is no goodbye',
    play: `
      w connects
      w subscribes "will" 00
      a > 10{"MQTT" LEVEL 06 003c ~ "a" ~ "will" <'bye'>}
      a < WELCOME
      a > e1 00
      a < (e0{81 00}) told
      w < 30{"will" ~ 'bye'}`
  },
  {
    title: '[MQTT-3.14.4-3] DISCONNECT with 0x00 drops the will, with 0x04 and with an error it does not',
    play: `
      w connects
      w subscribes "will/+" 00
      a > 10{"MQTT" 05 06 003c 00 "a" 00 "will/a" <'a'>}
      a < WELCOME
      a > e0{00}
      a < closed
      b > 10{"MQTT" 05 06 003c 00 "b" 00 "will/b" <'b'>}
      b < WELCOME
      b > e0{04}
      b < closed
      w < 30{"will/b" 00 'b'}
      c > 10{"MQTT" 05 06 003c 00 "c" 00 "will/c" <'c'>}
      c < WELCOME
      c > e0{80 {1f "no" 26 "k" "v"}}
      c < closed
      w < 30{"will/c" 00 'c'}
      d > 10{"MQTT" 05 06 003c 00 "d" 00 "will/d" <'d'>}
      d < WELCOME
      d > e0{00 00}
      d < closed`
  },
  {
    title: '[MQTT-3.14.0-1] who has had no CONNACK is sent no DISCONNECT',
    play: endedAtOnce('e000', 'PING', '10{"MQTT" 05 03 003c 00 "a"}', 'f0{18 {15 "m"}}', '30 ffffff 7f')
  },
  {
    title: '[MQTT-3.14.2-1] a DISCONNECT has a code of the table: one that only a server may send is an error',
    play: endedBy('82', 'e0{8e}', 'e0{8b 00}', 'e0{01}', 'e0{ff}')
  },
  {
    title: '[MQTT-3.14.2-1] a second CONNECT is an error whatever its protocol: only CONNACK may name the version as the cause',
    play: endedBy('82', '10{"MQTX" 05 02 003c 00 "x"}', '10{"MQTT" 07 02 003c 00 "x"}', '10{"MQIsdp" 05 02 003c 00 "x"}')
  },
  {
    title:
      '[MQTT-3.14.2-2] [MQTT-3.14.4-1] [MQTT-3.14.4-2] the DISCONNECT of the server has a code, its cause for humans, and nothing else; it is the last packet',
    play: `
      a > 10{"MQTT" 05 00 0001 {11 ffffffff} "a"}
      a < 20{00 00 {11 ${(limits.sessionAwayMs / 1_000).toString(16).padStart(8, '0')} BOUNDS}}
      a subscribes "t" 01
      a > 30{"" {23 0003}} PING 32{"t" 0001 00 'x'}
      a < e0{82 00} told
      b > 10{"MQTT" 05 00 0001 {11 00000e10} "b"}
      b < WELCOME
      b subscribes "t" 01
      pass 1501
      b < e0{8d 00} told`
  },
  {
    title: '[MQTT-3.14.4-1] what a client sends behind DISCONNECT is not acted on',
    play: `
      w connects
      w subscribes "t" 00
      a connects
      a > e000 30{"t" 00 'x'}
      a < closed`
  }
]

const authentication: readonly Scene[] = [
  {
    title: '[MQTT-3.15.2-1] AUTH has a code of the table, or it is an error',
    play: endedBy('82', 'f0{42 {15 "m"}}', 'f0{00 {15 "m"}}', 'f000')
  },
  {
    title: '[MQTT-4.12.0-2] [MQTT-4.12.0-5] [MQTT-4.12.0-6] no method is supported: the server sends no AUTH, and names no method',
    play: `
      a > 10{"MQTT" 05 02 003c {15 "m" 16 <00>} "a"}
      a < 20{00 8c 00} told
      b > 10{"MQTT" 05 02 003c 00 "b"}
      b < 20{00 00 {BOUNDS}}`
  },
  {
    title:
      '[MQTT-4.12.0-7] [MQTT-4.12.1-1] [MQTT-4.12.1-2] AUTH of a client that named no method ends its connection, whatever method it names then',
    play: endedBy('82', 'f0{18 {15 "m"}}', 'f0{19 {15 "m" 16 <00ff>}}', 'f0{19 {15 "other"}}')
  }
]

const errors: readonly Scene[] = [
  {
    title:
      '[3.1.1 MQTT-4.8.0-1] [MQTT-4.13.1-1] [MQTT-4.13.2-1] whatever is malformed or forbidden ends the connection, with its code where the version has one',
    play: [
      endedBy('81', '30{00}', '32{"t"}'),
      endedBy('82', '0000', 'f000', '20020000', '90{0001 00}', 'b0020001', 'd000'),
      endedBy('8f', '82{0001 ~ "a#" 00}'),
      endedBy('90', '30{"#" ~}'),
      endedBy('95', '3080808001')
    ].join('\n')
  }
]

await playScenes(t, [...goodbyes, ...authentication, ...errors])

t.test('[3.1.1 MQTT-4.8.0-2] a packet for which there is no room ends its connection, and no other', async t => {
  const served = await serve(t)
  const [calm, greedy] = [await connectTcp(t, served.mqttPort), await connectTcp(t, served.mqttPort)]
  for (const [index, peer] of [calm, greedy].entries()) peer.send(bytesIn('3.1.1', `10{"MQTT" 04 02 003c "${index}"}`))
  await until(() => calm.chunks.length > 0 && greedy.chunks.length > 0, 'CONNACK')
  const taken: number[] = []
  while (served.pool.free > 1) taken.push(served.pool.take())
  greedy.send(bytesIn('3.1.1', '30{"t" \'x\'*20000}').subarray(0, 19_000))
  await until(() => greedy.isClosed, 'closed')
  t.equal(served.clients.counters.get('pool-empty'), 1)
  for (const slab of taken) served.pool.release(slab)
  calm.send(bytesIn('3.1.1', 'PING'))
  await until(() => calm.chunks.length > 1, 'PINGRESP')
  t.notOk(calm.isClosed)
})

t.test('[MQTT-3.1.4-2] [MQTT-3.2.2-8] [3.1.1 MQTT-3.2.2-5] one client too many is refused with a code of the table', async t => {
  const { clientsMax } = limits
  setLimits({ clientsMax: 1 })
  t.teardown(() => setLimits({ clientsMax }))
  const served = await serve(t)
  const first = await connectTcp(t, served.mqttPort)
  first.send(bytesIn('3.1.1', '10{"MQTT" LEVEL 02 003c ~ "a"}'))
  await until(() => first.chunks.length > 0, 'CONNACK')
  for (const [version, answer] of [
    ['3.1.1', '20020003'],
    ['5.0', '20{00 89 {1f "there is no room for one more client now: try again later"}}']
  ] as const) {
    const peer = await connectTcp(t, served.mqttPort)
    peer.send(bytesIn(version, '10{"MQTT" LEVEL 02 003c ~ "b"}'))
    await until(() => peer.isClosed, 'closed')
    t.strictSame(Buffer.concat(peer.chunks), bytesIn(version, answer))
  }
})
