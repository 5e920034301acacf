/** A meter at another machine's serial port: the same bytes over TCP, from a head that goes away and comes back. */
import t from 'tap'
import { freePort, startDaemon } from '../fixtures/e2e/daemon.ts'
import { Head } from '../fixtures/e2e/head.ts'
import { bytesOf, houseMessage, readingsIn, streams } from '../fixtures/e2e/meter.ts'
import { play } from '../fixtures/e2e/port.ts'
import { start } from '../fixtures/e2e/program.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

t.test('every reading from a remote head arrives, in order', async t => {
  const head = new Head(t, await freePort())
  await head.come()
  const daemon = await startDaemon(t, { source: head.source })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await head.untilConnected()
  const { name, bytes } = streams()[0] ?? { name: '', bytes: bytesOf('') }
  const expected = readingsIn(bytes).map(({ watts }) => watts)
  t.ok(expected.length > 10, `${name} holds ${expected.length} readings`)
  await play(head, bytes)
  await until('all readings', () => stock.of('currentcost/0/power').length >= expected.length)
  t.strictSame(stock.of('currentcost/0/power').map(Number), expected)
  t.match(JSON.parse(stock.last('currentcost/bridge/meter') ?? ''), { state: 'live', source: head.source, simulated: false })
})

t.test('a head that is not there yet, goes away, breaks off and comes back needs no restart', async t => {
  const head = new Head(t, await freePort())
  const daemon = await startDaemon(t, { source: head.source })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await stock.until('currentcost/bridge/meter', /"absent".*No connection to tcp:.*ser2net or socat/)
  t.pass('its absence is told with what to do')

  for (const [index, rudely] of [false, true, false, true].entries()) {
    const watts = 500 + index
    await head.come()
    await head.untilConnected()
    await head.write(bytesOf(houseMessage(watts)))
    await stock.until('currentcost/0/power', String(watts))
    await stock.until('currentcost/bridge/meter', /"live"/)
    await head.write(bytesOf(houseMessage(9999).slice(0, 120)))
    await head.goAway(rudely)
    await stock.until('currentcost/bridge/meter', /"absent"/)
    t.pass(`it was back with ${watts} W, and away again`)
  }
  t.notOk(stock.of('currentcost/0/power').includes('9999'), 'half a message is none, whatever follows it')
  t.equal(daemon.said(/ is up/), 1)
  t.equal(daemon.said(/absent\. No connection to/), 5, 'each absence was said once')
})

t.test('socat on another board will do as a head', async t => {
  const port = await freePort()
  const board = start(t, 'socat', ['-u', 'STDIN', `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`])
  const daemon = await startDaemon(t, { source: `tcp://127.0.0.1:${port}` })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await board.write(bytesOf(houseMessage(777)))
  await stock.until('currentcost/0/power', '777')
  t.pass('777 W came')
})
