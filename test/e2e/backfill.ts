/** Hours in which nobody listened are filled from the meter's own memory: what was measured and what was filled add up to what was true. */
import { join } from 'node:path'
import t from 'tap'
import { Ledger } from '../../src/history/ledger.ts'
import { openStore } from '../../src/io/store.ts'
import { houses } from '../../src/simulator/houses.ts'
import { SimulatedMeter } from '../../src/simulator/meter.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { type Chunk, energyWhOf, timedReadingsIn, writeRecording } from '../fixtures/e2e/recording.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { utc } from '../fixtures/history/readings.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const startMs = Date.UTC(2026, 2, 3)
const toMs = startMs + 24.5 * hourMs
/** Nobody listens to live messages in these hours; history goes on. */
const [deafMs, hearingMs] = [startMs + 10.2 * hourMs, startMs + 14.2 * hourMs]
/** The meter's spans that hold those hours, and what it tells of each: kWh with three decimals. */
const spans = { fromMs: startMs + 9 * hourMs, toMs: startMs + 15 * hourMs, count: 3, resolutionWh: 1 }

/** A house without loss, whose meter is older than the recording. */
const plan = {
  ...houses.solar,
  loads: { ...houses.solar.loads },
  sensors: [{ ...houses.single.sensors[0], loss: 0, dropOutsADay: 0 }],
  pastDays: 40
}
const meter = new SimulatedMeter(plan, 5, startMs)
const all: Chunk[] = []
for (let event = meter.next(); event.atMs < toMs; event = meter.next()) if (event.kind === 'bytes') all.push(event)
const isHistory = ({ bytes }: Chunk): boolean => Buffer.from(bytes).includes('<hist>')
const heard = all.filter(chunk => chunk.atMs < deafMs || chunk.atMs >= hearingMs || isHistory(chunk))

t.test('four hours without a live message are repaired to within the resolution of the meter', async t => {
  const recording = join(t.testdir(), 'day.txt')
  writeRecording(recording, startMs, heard)
  const state = makeFolder(t)
  // Slow enough for a subscriber to hear of each cycle.
  const daemon = await startDaemon(t, { source: `replay:${recording}`, state, more: ['--speed', '5000'] })
  const topics = ['currentcost/0/energy/state', 'currentcost/bridge/meter/history']
  const stock = await mosquittoSub(t, daemon.mqttPort, [...topics.flatMap(topic => ['-t', topic]), '-q', '1'])
  await daemon.untilSaid(/The recording is at its end/)
  const readings = timedReadingsIn(heard)
  const [first, last] = [readings[0]?.atMs ?? 0, readings.at(-1)?.atMs ?? 0]
  const measuredKWh = Math.floor(energyWhOf(readings)) / 1000
  const told = JSON.parse(await stock.until('currentcost/0/energy/state', new RegExp(`"measuredKWh":${measuredKWh},`)))
  const { totalKWh, backfilledKWh } = told
  t.pass(`${measuredKWh} kWh were measured, as the readings say`)
  t.ok(Math.abs(totalKWh - measuredKWh - backfilledKWh) < 0.0015, `and ${backfilledKWh} kWh filled: the two are told apart`)
  const truthWh = meter.truth.energyWh(0, first, last)
  const missedWh = meter.truth.energyWh(0, deafMs, hearingMs)
  t.ok(
    Math.abs(totalKWh * 1000 - truthWh) < 0.005 * truthWh,
    `${totalKWh} kWh in all, ${truthWh.toFixed(1)} Wh in truth; ${missedWh.toFixed(1)} Wh were missed`
  )

  const cycles = stock.of('currentcost/bridge/meter/history').map(text => JSON.parse(text))
  const filledWh = cycles.reduce((sum, { filledWh }) => sum + (filledWh['0'] ?? 0), 0)
  t.ok(cycles.length >= 6, `${cycles.length} cycles were told of, the last: ${JSON.stringify(cycles.at(-1))}`)
  t.ok(Math.abs(filledWh - backfilledKWh * 1000) <= spans.count, 'they say what they filled')
  t.match(cycles.at(-1), { summary: /^two hours: \d+ of \d+/, notFilled: { 'before-first-reading': Number } }, 'and what not, and why')

  await daemon.stop()
  const store = await openStore(join(state, 'replay'), () => undefined)
  t.teardown(() => store.close())
  const { measuredWh, backfilledWh, missingMs } = new Ledger(store, '', utc).query(0, spans.fromMs, spans.toMs)
  const spansWh = meter.truth.energyWh(0, spans.fromMs, spans.toMs)
  t.ok(
    Math.abs(measuredWh + backfilledWh - spansWh) <= spans.count * spans.resolutionWh,
    `in the meter's own spans ${measuredWh.toFixed(1)} + ${backfilledWh.toFixed(1)} Wh, in truth ${spansWh.toFixed(1)}`
  )
  t.equal(missingMs, 0, 'nothing is missing there')
})
