/** What the user wants corrected, from the file to the subscriber: each value says what was done to it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, cc128Message, channel, sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'

const settings = `
[sensor.0]
name = "House"
scale = 1.1
temperature-offset = -1.5

[sensor.1]
name = "Sun"

[sensor.2]
spike-filter = true

[sensor.3]
fix-144 = true

[derived.net]
name = "From the grid"
formula = "0 - 1"
`

/** A sensor with three clamps. */
function threeChannels(sensor: number, watts: readonly [number, number, number]): string {
  const channels = watts.map((value, index) => channel(index + 1, value)).join('')
  return cc128Message(`<tmpr>21.4</tmpr><sensor>${sensor}</sensor><id>02003</id><type>1</type>${channels}`)
}

t.test('names, scales, offsets, filters and derived sensors reach a stock subscriber', async t => {
  const port = new Port(t)
  await port.plug()
  const config = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(config, settings)
  const daemon = await startDaemon(t, { source: port.path, more: ['--config', config] })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await daemon.untilSaid(/The port is open/)
  const say = (text: string): Promise<void> => port.write(bytesOf(text))
  const stateOf = async (sensor: string): Promise<Record<string, unknown>> =>
    JSON.parse(await stock.until(`currentcost/${sensor}/state`, /./))

  await say(sensorMessage(0, 1_000, 21.4))
  await stock.until('currentcost/0/power', '1100')
  await stock.until('currentcost/0/temperature', '19.9')
  const house = { name: 'House', watts: 1_100, ch1Watts: 1_100, celsius: 19.9, corrections: ['scale 1.1', 'temperature -1.5'] }
  t.match(await stateOf('0'), house, 'scaled, with its name, and saying so')
  t.strictSame(stock.of('currentcost/net/power'), [], 'nothing is derived from half of what it needs')

  await say(sensorMessage(1, 300))
  await stock.until('currentcost/net/power', '800')
  t.match(await stateOf('net'), { sensor: 'net', name: 'From the grid', kind: 'derived', watts: 800, formula: '0 - 1' })
  await stock.until('currentcost/net/availability', 'online')
  const sun = await stateOf('1')
  t.match(sun, { name: 'Sun', watts: 300 })
  t.notOk('corrections' in sun, 'a name alone corrects nothing')
  await say(sensorMessage(1, 1_500))
  await stock.until('currentcost/net/power', '-400')
  t.pass('what is given away is below zero')

  for (const watts of [200, 210, 25_000, 205, 3_000, 3_010]) await say(sensorMessage(2, watts))
  await stock.until('currentcost/2/power', '3010')
  t.strictSame(stock.of('currentcost/2/power'), ['200', '210', '205', '3000', '3010'], 'a spike is gone, what lasts is not')
  t.match(await stateOf('2'), { corrections: ['spike filter'] })

  await say(threeChannels(3, [3_100, 144, 144]))
  await stock.until('currentcost/3/power', '3100')
  const fixed = await stateOf('3')
  t.match(fixed, { watts: 3_100, ch1Watts: 3_100, corrections: ['fix 144'] })
  t.notOk('ch2Watts' in fixed, 'the ghosts are gone')
  await say(threeChannels(3, [3_100, 144, 150]))
  await stock.until('currentcost/3/power', '3394')
  t.pass('clamps that tell anything else are believed')

  await say(sensorMessage(4, 50))
  await stock.until('currentcost/4/power', '50')
  const plain = await stateOf('4')
  t.notOk('name' in plain || 'corrections' in plain, 'and a sensor of which the file says nothing is as the meter says')
})

t.test('the corrected watts are what energy and the page are made of', async t => {
  const port = new Port(t)
  await port.plug()
  const config = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(config, settings)
  const daemon = await startDaemon(t, { source: port.path, more: ['--config', config] })
  await daemon.untilSaid(/The port is open/)
  await port.write(bytesOf(sensorMessage(0, 1_000)))
  await daemon.untilSaid(/live\. Readings arrive/)
  const { sensors } = (await (await fetch(`${daemon.page}api/recent`)).json()) as { sensors: { sensor: string; points: number[][] }[] }
  t.match(sensors, [{ sensor: '0', points: [[Number, 1_100]] }])
})
