/** A year of a house with ten sensors in a store: `load PATH DAYS` puts it there as fast as it can, `ask PATH DAYS` looks at it as the page does. */
import { readFileSync } from 'node:fs'
import { Calendar } from '../../src/calendar.ts'
import { openStore } from '../../src/io/store.ts'
import { Accounts } from '../../src/sinks/accounts.ts'
import { Archive } from '../../src/sinks/archive.ts'
import { DerivedHistory } from '../../src/sinks/derived.ts'
import { Energy } from '../../src/sinks/energy.ts'

const [task, path, days] = process.argv.slice(2)
const [sensors, minuteMs, hourMs, dayMs] = [10, 60_000, 3_600_000, 86_400_000]
/** So many days at the end come at a meter's own pace, and are written as a board does it: forced to the disk each minute. */
const realDays = 2
const startMs = 1_735_689_600_000
const endMs = startMs + Number(days) * dayMs
const calendar = new Calendar('Europe/London')

const store = await openStore(path, () => undefined)
const encode = text => Buffer.from(text)
const accounts = new Accounts(
  meter => new Energy({ store, meter, calendar, topicOf: String, factorOf: () => 1, publish: () => undefined, encode })
)
accounts.start('')
const archive = new Archive(accounts, new DerivedHistory(store, calendar))
process.stdout.write(`${JSON.stringify(task === 'load' ? await load() : await ask())}\n`)
await store.close()

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
  }
  await new Promise(resolve => store.afterSync(resolve))
  const [before, loaded] = [written(), readings]
  for (let atMs = endMs - realDays * dayMs; atMs < endMs; atMs += minuteMs) {
    for (let ms = 0; ms < minuteMs; ms += 6_000)
      for (let sensor = 0; sensor < sensors; sensor++, readings++) hear(atMs + ms + 400 * sensor, sensor)
    await new Promise(resolve => store.afterSync(resolve))
  }
  accounts.save('')
  const after = written()
  const perReading = of => (after[of] - before[of]) / (readings - loaded)
  return { readings, wroteBytes: perReading('wchar'), blockBytes: perReading('write_bytes'), diskBytesMax: archive.diskBytesMax }
}

async function ask() {
  const views = {
    'day, 10 s': [1, '10s'],
    'day, 1 min': [1, '1m'],
    'week, 15 min': [7, '15m'],
    'month, days': [31, '1d'],
    'year, days': [365, '1d'],
    'year, months': [365, '1mo'],
    'all, months': [3_650, '1mo']
  }
  await new Promise(resolve => setTimeout(resolve, 500))
  const before = anon()
  let peak = before
  const ms = {}
  for (const [name, [length, step]] of Object.entries(views)) {
    const times = []
    for (let sensor = 0; sensor < sensors; sensor++) {
      const startedAt = performance.now()
      const found = archive.query({
        place: String(sensor),
        fromMs: Math.max(endMs - length * dayMs, startMs - dayMs),
        toMs: endMs,
        step,
        calendar,
        nowMs: endMs
      })
      for (const row of found.rows) if (row.energyWh < 0) throw new Error('energy was never fed in')
      times.push(performance.now() - startedAt)
      peak = Math.max(peak, anon())
    }
    ms[name] = times.sort((a, b) => a - b)[sensors >> 1]
  }
  const startedAt = performance.now()
  for (let sensor = 0; sensor < sensors; sensor++) {
    archive.today(String(sensor), endMs - 1, calendar)
    archive.usual(String(sensor), endMs - 1, calendar)
  }
  ms['now: today and usual day of ten'] = performance.now() - startedAt
  peak = Math.max(peak, anon())
  return { ms, grownKb: peak - before }
}

function written() {
  const text = readFileSync('/proc/self/io', 'utf8')
  return Object.fromEntries(text.split('\n').map(line => [line.split(':')[0], Number(line.split(':')[1])]))
}

function anon() {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}
