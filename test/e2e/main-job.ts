/** The main job: what a meter says at a serial port is read by a stock subscriber, by MQTT.js over WebSocket, and on a phone. */
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage, readingsIn, streams, totalOf } from '../fixtures/e2e/meter.ts'
import { openPhone, type Phone, powerText, startBrowser } from '../fixtures/e2e/phone.ts'
import { Port, play } from '../fixtures/e2e/port.ts'
import { type MosquittoSub, type MqttJs, mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

const isOpen = /The port is open/
const browser = await startBrowser(t)

for (const { name, bytes } of streams()) {
  t.test(`every reading of ${name} arrives, in order, in three places`, async t => {
    const { port, stock, webSocket, phone } = await setUp(t)
    const expected = readingsIn(bytes)
    t.ok(expected.length > 10, `it holds ${expected.length} readings`)
    await play(port, bytes)

    for (const sensor of new Set(expected.map(reading => reading.sensor))) {
      const own = expected.filter(reading => reading.sensor === sensor)
      for (const [who, notes] of [
        ['mosquitto_sub', stock],
        ['MQTT.js', webSocket]
      ] as const) {
        await until(`${who} to have all of sensor ${sensor}`, () =>
          ['state', 'power', 'temperature'].every(topic => notes.of(`currentcost/${sensor}/${topic}`).length >= own.length)
        )
        t.strictSame(
          notes.of(`currentcost/${sensor}/power`).map(Number),
          own.map(({ watts }) => watts),
          `${who} has each power of sensor ${sensor}`
        )
        t.strictSame(
          notes.of(`currentcost/${sensor}/temperature`).map(Number),
          own.map(({ celsius }) => celsius),
          `${who} has each temperature`
        )
        t.equal(notes.last(`currentcost/${sensor}/availability`), 'online', `${who} knows that sensor ${sensor} is there`)
        const state = JSON.parse(notes.last(`currentcost/${sensor}/state`) ?? '') as Record<string, unknown>
        t.match(
          state,
          { sensor, kind: 'power', ...own.at(-1), model: /^CC128-v\d/, time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
          'its state says it all'
        )
      }
    }
    t.equal(stock.last('currentcost/bridge/state'), 'online')
    t.match(JSON.parse(stock.last('currentcost/bridge/meter') ?? ''), { state: 'live', source: port.path, simulated: false })

    const shown = await phone.untilLive(totalOf(expected))
    t.equal(`${shown.watts} ${shown.unit}`, powerText(totalOf(expected)), 'the phone shows the last total')
    const firstSensor = Math.min(...expected.map(({ sensor }) => sensor))
    const { celsius } = expected.findLast(({ sensor }) => sensor === firstSensor) ?? { celsius: 0 }
    t.equal(shown.temperature, `${celsius.toFixed(1)}\u202f°C`, 'and the temperature, always of the same sensor')
    t.notOk(shown.simulated, 'as no simulation')
    t.strictSame(phone.errors, [], 'without an error in its console')
    await phone.screenshot(`main-job-${name.replaceAll(/\W+/g, '-')}`)
  })
}

t.test('a cable that is pulled out and plugged in again is told, survived, and read again without a restart', async t => {
  const { daemon, port, stock, webSocket, phone } = await setUp(t)
  await port.write(bytesOf(houseMessage(1234)))
  await everywhere(1234)

  await port.unplug()
  await daemon.untilSaid(/connecting\. \S+ was closed/)
  await daemon.untilSaid(/warning .*absent\. No such device/)
  await stock.until('currentcost/bridge/meter', /"absent".*No such device/)
  await webSocket.until('currentcost/bridge/meter', /"absent".*No such device/)
  const shown = await phone.until('no meter', ({ phase }) => phase === 'no-meter')
  t.match(shown.notice, /No meter found.*No such device/s, 'the phone says what is wrong')
  t.ok(shown.notice.includes(port.path), 'and where')
  t.ok(shown.stale, 'and does not pass the last number off as the present')
  await phone.screenshot('main-job-unplugged')
  t.equal(stock.last('currentcost/bridge/state'), 'online', 'the daemon lives')

  await port.plug()
  await daemon.untilSaid(isOpen, 2)
  await port.write(bytesOf(houseMessage(2345)))
  await everywhere(2345)
  t.equal(daemon.said(/ is up/), 1, 'it was not restarted')
  t.equal(daemon.said(/No such device/), 1, 'and said but once what was wrong')
  t.strictSame(phone.errors, [], 'no error in the console')

  async function everywhere(watts: number): Promise<void> {
    await stock.until('currentcost/0/power', String(watts))
    await webSocket.until('currentcost/0/power', String(watts))
    await phone.untilLive(watts)
    t.pass(`${watts} W in all three places`)
  }
})

interface House {
  readonly daemon: Daemon
  readonly port: Port
  readonly stock: MosquittoSub
  readonly webSocket: MqttJs
  readonly phone: Phone
}

/** A daemon on a port with a cable in it, and everybody who listens. */
async function setUp(t: Parameters<typeof startDaemon>[0]): Promise<House> {
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  const webSocket = await mqttJs(t, `ws://127.0.0.1:${daemon.httpPort}/mqtt`)
  await webSocket.client.subscribeAsync('currentcost/#', { qos: 1 })
  const phone = await openPhone(t, browser, daemon.page)
  await phone.until('that it waits for the meter', ({ phase, notice }) => phase === 'connecting' && /port is open/.test(notice))
  await daemon.untilSaid(isOpen)
  return { daemon, port, stock, webSocket, phone }
}
