/** Energy adds up: exactly what the readings say, through every end and beginning of the daemon, and in a store for each kind of source. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { houses } from '../../src/simulator/houses.ts'
import { SimulatedMeter } from '../../src/simulator/meter.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { cc128Message, channel } from '../fixtures/e2e/meter.ts'
import { Port, talk } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { type Chunk, energyWhOf, timedReadingsIn, writeRecording } from '../fixtures/e2e/recording.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 2, 3, 6)
const everything = ['-t', 'currentcost/#', '-q', '1']

/** Four transmitters, some of which are heard badly, for some hours. */
const meter = new SimulatedMeter(houses.appliances, 11, startMs)
const chunks: Chunk[] = []
for (let event = meter.next(); event.atMs < startMs + 5 * hourMs; event = meter.next()) if (event.kind === 'bytes') chunks.push(event)
const recording = join(t.testdir(), 'house.txt')
writeRecording(recording, startMs, chunks)

const kwh = (wattHours: number): number => Math.floor(wattHours) / 1000

t.test('the energy of a recording is that of its readings, to the watt-hour', async t => {
  const daemon = await startDaemon(t, { source: `replay:${recording}`, more: ['--speed', '0'] })
  await daemon.untilSaid(/The recording is at its end/)
  const stock = await mosquittoSub(t, daemon.mqttPort, everything)
  const readings = timedReadingsIn(chunks)
  for (const sensor of [0, 1, 2, 3]) {
    const own = readings.filter(reading => reading.sensor === sensor)
    const expected = kwh(energyWhOf(own))
    t.ok(own.length > 500 && expected > 0, `sensor ${sensor}: ${own.length} readings, ${expected} kWh`)
    const state = JSON.parse(await stock.until(`currentcost/${sensor}/energy/state`, new RegExp(`"measuredKWh":${expected}[,}]`)))
    const since = new Date(own[0]?.atMs ?? 0).toISOString()
    t.has(state, { ch1KWh: expected, since }, 'since its first reading, in the time of the recording')
    t.equal(Number(await stock.until(`currentcost/${sensor}/energy`, /./)), state.totalKWh)
  }
})

/** As much as three clamps can measure: 25 Wh a second, so that energy shows soon. */
const loud = cc128Message(
  `<tmpr>20.0</tmpr><sensor>0</sensor><id>03391</id><type>1</type>${[1, 2, 3].map(at => channel(at, 30_000)).join('')}`
)

t.test('totals only grow, whichever way the daemon ends, and each kind of source has its own', async t => {
  const [state, port] = [makeFolder(t), new Port(t)]
  await port.plug()
  talk(t, port, loud, 200)
  let highest = 0
  let endMs = 0
  /** Lets it run for some readings and ends it; answers what it knew at its start. */
  const run = async (signal: NodeJS.Signals): Promise<number> => {
    const daemon = await startDaemon(t, { source: port.path, state })
    const stock = await mosquittoSub(t, daemon.mqttPort, everything)
    const first = Number(await stock.until('currentcost/0/energy', /./))
    await until('some readings', () => stock.of('currentcost/0/power').length > 10)
    endMs = Date.parse(JSON.parse(stock.last('currentcost/0/state') ?? '').time)
    await daemon.stop(signal)
    const told = stock.of('currentcost/0/energy').map(Number)
    t.ok(
      told.every((value, index) => value >= (told[index - 1] ?? highest)),
      `from ${told[0]} to ${told.at(-1)} kWh, never down from ${highest}, until ${signal}`
    )
    highest = told.at(-1) ?? 0
    return first
  }
  t.ok((await run('SIGTERM')) < 0.2, 'next to nothing yet') // more than nothing when a minute ends at once
  let known = 0
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGKILL', 'SIGTERM'] as const) known = await run(signal)
  t.ok(known > 0, `${known} kWh`)
  const last = await startDaemon(t, { source: port.path, state })
  const listener = await mosquittoSub(t, last.mqttPort, everything)
  const { totalKWh, time, since } = JSON.parse(await listener.until('currentcost/0/energy/state', /./))
  await last.stop()
  const seconds = (Date.parse(time) - Date.parse(since)) / 1000
  t.ok(Date.parse(time) >= endMs, 'the last reading before a good end is accounted for')
  t.ok(Math.abs(totalKWh * 1000 - seconds * 25) <= 1, `${totalKWh} kWh are 90 kW for ${seconds} s: what a kill cost was bridged`)
  highest = totalKWh

  const demo = await startDaemon(t, { source: 'demo', state })
  const stock = await mosquittoSub(t, demo.mqttPort, everything)
  const begun = Number(await stock.until('currentcost/0/energy', /./))
  await demo.stop()
  t.ok(begun < highest / 4, `the simulated meter begins anew, with ${begun} kWh`)

  for (const round of ['once', 'twice']) {
    const replay = await startDaemon(t, { source: `replay:${recording}`, state, more: ['--speed', '0'] })
    await replay.untilSaid(/The recording is at its end/)
    const whole = kwh(energyWhOf(timedReadingsIn(chunks).filter(({ sensor }) => sensor === 1)))
    const heard = await mosquittoSub(t, replay.mqttPort, everything)
    await heard.until('currentcost/1/energy', whole.toFixed(3))
    await replay.stop()
    t.pass(`a recording that is played ${round} counts once`)
  }
  t.ok((await run('SIGTERM')) >= totalKWh, 'and what was measured goes on from where it was')
  t.strictSame(
    ['store', 'demo', 'replay'].map(name => existsSync(join(state, name))),
    [true, true, true],
    'three stores'
  )
})
