/** `STATE DAYS ZONE` puts a year of a house with ten sensors into the store of a state folder, as fast as it can, and tells what the page asks of it. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Calendar } from '../../src/calendar.ts'
import { openStore } from '../../src/io/store.ts'
import { pathOf } from '../../src/page/history/loading.ts'
import { periodAfter, periodAt, units } from '../../src/page/history/periods.ts'
import { fineRangeOf, stepOf } from '../../src/page/history/zoom.ts'
import { Accounts } from '../../src/sinks/accounts.ts'
import { Archive } from '../../src/sinks/archive.ts'
import { DerivedHistory } from '../../src/sinks/derived.ts'
import { Energy } from '../../src/sinks/energy.ts'

const [state, days, zone] = process.argv.slice(2)
const [sensors, minuteMs, hourMs, dayMs] = [10, 60_000, 3_600_000, 86_400_000]
/**
 * So many days at the end come at a meter's own pace, and are written as a board does it: forced to the disk each minute. LevelDB merges
 * a table with more or fewer of the others by chance, and takes away what is too old once a day: in two days that tells nothing.
 */
const realDays = 14
/** Before these, what is too old is taken away as often as on a board and tables are merged, for which such haste leaves no time. */
const calmDays = 60
const calmMs = 2
const stillMs = 3_000
const endMs = Math.floor(Date.now() / minuteMs) * minuteMs
const startMs = endMs - Number(days) * dayMs
const calendar = new Calendar(zone)

mkdirSync(state)
const store = await openStore(join(state, 'store'), () => undefined)
let looking = 0
const entries = store.entries.bind(store)
store.entries = (prefix, countMax, done, after) => {
  looking++
  entries(prefix, countMax, found => [done(found), looking--], after)
}
const encode = text => Buffer.from(text)
const accounts = new Accounts(
  meter => new Energy({ store, meter, calendar, topicOf: String, factorOf: () => 1, publish: () => undefined, encode })
)
accounts.start('')
const archive = new Archive(accounts, new DerivedHistory(store, calendar))
const loaded = await load()
await store.close()
process.stdout.write(`${JSON.stringify({ ...loaded, views: viewsOf() })}\n`)

async function load() {
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const watts = Array.from({ length: sensors }, () => 200)
  const hear = (atMs, sensor) => {
    if (random() < 0.02) watts[sensor] = 30 + Math.floor(random() ** 3 * 3_000)
    const told = Math.max(0, watts[sensor] + Math.floor(random() * 30) - 15)
    const celsius = Math.round(200 + 15 * Math.sin(atMs / 1.4e7)) / 10
    const origin = { model: 'CC128-v1.31', radioId: 77 + sensor, meterTime: '00:00:00', daysSinceBirth: 9, celsius }
    accounts.accept({ ...origin, kind: 'power', atMs, sensor, watts: told, channels: [{ channel: 1, watts: told }] })
  }
  let readings = 0
  for (let atMs = startMs; atMs < endMs - realDays * dayMs; atMs += minuteMs) {
    for (let sensor = 0; sensor < sensors; sensor++, readings++) hear(atMs + 600 * sensor, sensor)
    // An hour waits in memory and is written at once: what is written again and again is written once.
    if (atMs % hourMs === 0) await new Promise(resolve => store.afterWrite(resolve))
    const isCalm = endMs - atMs < (realDays + calmDays) * dayMs
    while (isCalm && atMs % hourMs === 0 && looking > 0) await sleep(calmMs)
  }
  await new Promise(resolve => store.afterSync(resolve))
  for (let last; last !== written().wchar; await sleep(stillMs)) last = written().wchar
  const [before, loaded] = [written(), readings]
  for (let atMs = endMs - realDays * dayMs; atMs < endMs; atMs += minuteMs) {
    for (let ms = 0; ms < minuteMs; ms += 6_000)
      for (let sensor = 0; sensor < sensors; sensor++, readings++) hear(atMs + ms + 400 * sensor, sensor)
    await new Promise(resolve => store.afterSync(resolve))
    while (looking > 0) await sleep(calmMs)
  }
  accounts.save('')
  const after = written()
  const perReading = of => (after[of] - before[of]) / (readings - loaded)
  return { readings, wroteBytes: perReading('wchar'), blockBytes: perReading('write_bytes'), diskBytesMax: archive.diskBytesMax }
}

/** What the page's History asks of each sensor: a period and then the one before, if there was one; and the last hours, looked at closely. */
function viewsOf() {
  const ofSensors = rangesOf => Array.from({ length: sensors }, (_, sensor) => rangesOf.map(range => pathFor(sensor, range)))
  const pathFor = (sensor, range) => pathOf({ ...range, choice: { sensor: String(sensor), channel: null } })
  const whole = unit => {
    const period = periodAt(calendar, unit, endMs)
    const asked = [period, periodAfter(calendar, period, -1)].filter(({ toMs }) => toMs > startMs)
    return ofSensors(asked.map(range => ({ ...range, step: stepOf(unit) })))
  }
  const hours = fineRangeOf({ fromMs: endMs - 3 * hourMs, toMs: endMs }, endMs)
  return { ...Object.fromEntries(units.map(unit => [`a ${unit}`, whole(unit)])), '3 hours closely': ofSensors([{ ...hours, step: '10s' }]) }
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function written() {
  const text = readFileSync('/proc/self/io', 'utf8')
  return Object.fromEntries(text.split('\n').map(line => [line.split(':')[0], Number(line.split(':')[1])]))
}
