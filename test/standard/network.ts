/** The statements about what MQTT is carried by: TCP and WebSocket, 3.1.1 and 5.0, sections 4.2 and 6. */
import t from 'tap'
import { clientFrame, readFrames } from '../fixtures/io/frames.ts'
import { connectTcp } from '../fixtures/io/peers.ts'
import { serve } from '../fixtures/io/serving.ts'
import { connectRaw, upgradeHead, upgradeRaw } from '../fixtures/io/upgrade.ts'
import { until } from '../fixtures/io/waiting.ts'
import { bytesIn, type Version } from '../fixtures/standard/notation.ts'

const versions: readonly Version[] = ['3.1.1', '5.0']

/** What a client says, and what it must be answered: a message to itself that is longer than one read, and an end in good order. */
const said = `10{"MQTT" LEVEL 02 003c ~ "a"} 82{0001 ~ "t" 01} 32{"t" 0001 ~ 'x'*20000} PING`
const answered = `WELCOME 90{0001 ~ 01} 32{"t" 0001 ~ 'x'*20000} 40020001 PONG`

t.test('[MQTT-4.2-1] TCP brings every byte in its order, whatever pieces it comes in', async t => {
  for (const version of versions) {
    const served = await serve(t)
    const peer = await connectTcp(t, served.mqttPort)
    const bytes = bytesIn(version, said)
    for (const from of [0, 1, 2, 20, 1_000]) peer.send(bytes.subarray(from, { 0: 1, 1: 2, 2: 20, 20: 1_000 }[from]))
    const expected = bytesIn(version, answered)
    await until(() => Buffer.concat(peer.chunks).length >= expected.length, 'all answers')
    t.ok(Buffer.concat(peer.chunks).equals(expected), version)
  }
})

t.test(
  '[3.1.1 MQTT-6.0.0-2] [MQTT-6.0.0-2] [MQTT-4.2-1] over WebSocket frames are not taken for packets: one byte each, all at once, in fragments',
  async t => {
    for (const version of versions) {
      const bytes = bytesIn(version, said)
      const pieces = {
        single: [...bytes.subarray(0, 60)].map(byte => clientFrame(Buffer.of(byte))).concat(clientFrame(bytes.subarray(60))),
        together: [clientFrame(bytes)],
        fragments: [
          clientFrame(bytes.subarray(0, 7), 2, false),
          clientFrame(bytes.subarray(7, 9_000), 0, false),
          clientFrame(bytes.subarray(9_000), 0)
        ]
      }
      for (const [way, frames] of Object.entries(pieces)) {
        const served = await serve(t)
        const raw = await upgradeRaw(t, served.httpPort)
        for (const frame of frames) raw.socket.write(frame)
        const expected = bytesIn(version, answered)
        const payload = (): Buffer => Buffer.concat(readFrames(raw.frames()).frames.map(({ payload }) => payload))
        await until(() => payload().length >= expected.length, 'all answers')
        t.ok(payload().equals(expected), `${version}, ${way}`)
        t.ok(
          readFrames(raw.frames()).frames.every(({ opcode, fin }) => opcode === 2 && fin),
          'in binary frames'
        )
      }
    }
  }
)

t.test('[3.1.1 MQTT-6.0.0-1] [MQTT-6.0.0-1] a text frame closes the WebSocket, and what is in it is not acted on', async t => {
  for (const version of versions) {
    const served = await serve(t)
    const raw = await upgradeRaw(t, served.httpPort, clientFrame(bytesIn(version, '10{"MQTT" LEVEL 02 003c ~ "a"} 82{0001 ~ "t" 00}')))
    await until(() => readFrames(raw.frames()).frames.length > 1, 'SUBACK')
    raw.socket.write(clientFrame(bytesIn(version, '31{"t" ~ \'x\'}'), 1))
    await until(() => raw.isEnded, 'closed')
    t.match(readFrames(raw.frames()).frames.at(-1), { opcode: 8, payload: Buffer.of(1003 >> 8, 1003 & 0xff) }, version)
    t.equal(served.broker.retained.count, 0)
  }
})

t.test(
  '[3.1.1 MQTT-6.0.0-3] [3.1.1 MQTT-6.0.0-4] [MQTT-6.0.0-3] [MQTT-6.0.0-4] who offers the subprotocol mqtt is answered it, and who offers nothing of ours is refused',
  async t => {
    const served = await serve(t)
    for (const offered of ['mqtt', 'soap, mqtt', 'mqttv3.1, mqtt']) {
      const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt', { 'Sec-WebSocket-Protocol': offered }))
      await until(() => raw.text().includes('\r\n\r\n'), 'an answer')
      t.match(raw.text(), /^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Protocol: mqtt\r\n/, offered)
    }
    for (const offered of [undefined, '', 'soap']) {
      const raw = await connectRaw(t, served.httpPort, upgradeHead('/mqtt', { 'Sec-WebSocket-Protocol': offered }))
      await until(() => raw.isEnded, 'refused')
      t.match(raw.text(), /^HTTP\/1\.1 400 /, String(offered))
    }
  }
)
