/** A year of readings of ten sensors: what it takes on the disk, what was written for it, and how fast and with how much memory the daemon tells of it. */
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { failure, root } from '../command.mjs'
import { startBroker, unitEnvironment } from './brokers.mjs'
import { start } from './children.mjs'
import { attempt } from './measure.mjs'
import { settled } from './memory.mjs'
import { sampled } from './proc.mjs'
import { atMost, decimals, medianOf, megabytes } from './table.mjs'

const zone = 'Europe/London'
const sensors = 10
const sampleMs = 20
const readingMs = 6_000
const grownMost = atMost(8_000, '8 MB')

const tariff = {
  currency: 'GBP',
  changes: ['2020-01-01', '2026-04-01'].map(from => ({
    ...{ from, vatPercent: '5', standingPerDay: '0.6097', exportPerKWh: '0.15' },
    bands: [
      { name: 'night', pricePerKWh: '0.0932', start: '23:30', end: '05:30' },
      { name: 'peak', pricePerKWh: '0.3411', start: '16:00', end: '19:00', days: [1, 2, 3, 4, 5] },
      { name: 'day', pricePerKWh: '0.2573' }
    ]
  }))
}

export const measureHistory = async context => {
  const days = context.quick ? 40 : 365
  const state = join(context.scratch, 'year')
  const loaded = await attempt('history, loading', context, () => load(state, days, context.scratch))
  const visited = loaded && (await attempt('history, asking', context, () => visit(state, loaded.views, context)))
  const row = (name, measured, pick, show, goal) => ({ name, values: { wattslug: measured ? pick(measured) : 'failed' }, show, goal })
  return {
    title: `History: ${days} days of ten sensors`,
    rows: [
      row('on the disk, MB', loaded, ({ diskBytes }) => diskBytes / 1_000, megabytes),
      row('and at most, MB', loaded, ({ diskBytesMax }) => diskBytesMax / 1_000, megabytes),
      row('bytes written a reading', loaded, ({ wroteBytes }) => wroteBytes, decimals(0), atMost(60, '60 B')),
      row('bytes a reading, in whole blocks of the disk', loaded, ({ blockBytes }) => blockBytes, decimals(0)),
      ...Object.keys(visited?.ms ?? {}).map(name => row(`${name}, ms`, visited, ({ ms }) => ms[name], decimals(1))),
      row('memory grows while the views are asked, MB', visited, ({ viewsKb }) => viewsKb, megabytes, grownMost),
      ...Object.keys(visited?.exports ?? {}).flatMap(name => [
        row(`${name}, MB`, visited, ({ exports }) => exports[name].bytes / 1_000, megabytes),
        row(`${name}, s`, visited, ({ exports }) => exports[name].seconds, decimals(1))
      ]),
      row('memory grows while they stream, MB', visited, ({ exportsKb }) => exportsKb, megabytes)
    ],
    notes: [
      'History: a reading each minute, and each 6 s in the last fortnight, of which the bytes are told: forced to the disk each minute, with all that',
      'LevelDB writes when it merges tables. Whole blocks are pages of 4 KB that became dirty; each forced write has one at least, however few sensors share it.',
      'The daemon is asked by HTTP what the page asks, with costs: of History a period and the one before it, the median of ten sensors. Memory is anon,',
      'above what the daemon had at rest, while the meter goes on; nothing waits for a collection between.'
    ]
  }
}

/** Puts the year where the daemon will find it. */
const load = async (state, days, scratch) => {
  const child = start(process.execPath, [await bundleYear(scratch), state, String(days), zone], unitEnvironment())
  let output = ''
  child.on('heard', chunk => (output += chunk))
  const code = await new Promise(resolve => child.on('close', resolve))
  if (code !== 0) throw failure(output || `the year ended with ${code}`)
  const path = join(state, 'store')
  const diskBytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
  return { ...JSON.parse(output.trimEnd().split('\n').at(-1)), diskBytes }
}

const bundleYear = async scratch => {
  const { build } = await import('esbuild') // not before all is installed
  const outfile = join(scratch, 'year.mjs')
  const packages = createRequire(join(root, 'package.json'))
  await build({
    ...{
      entryPoints: [join(root, 'scripts/bench/year.mjs')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent'
    },
    define: { __dirname: JSON.stringify(dirname(packages.resolve('classic-level'))) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" }
  })
  return outfile
}

/** The daemon with that year: asked as the page does, and then for all that it has. */
const visit = async (folder, views, context) => {
  const meter = await startMeter()
  const { port } = meter.address()
  let broker
  try {
    broker = await startBroker('wattslug', { ...context, folder, zone, source: `tcp://127.0.0.1:${port}` })
    const page = `http://127.0.0.1:${broker.ports.ws}/`
    await setTariff(page)
    const idle = await settled(broker.pid, context)
    const grown = async work => {
      const { peak, result } = await sampled(broker.pid, work, sampleMs)
      return { result, kb: (peak - idle) * 1.024 }
    }
    const asked = await grown(askViews(page, views))
    const exported = await grown(exportAll(page))
    return { ms: asked.result, viewsKb: asked.kb, exports: exported.result, exportsKb: exported.kb }
  } finally {
    await broker?.stop()
    meter.close()
  }
}

/** A remote serial head with the ten sensors: of what was never heard since the start, nothing is told of now. */
const startMeter = async () => {
  const message = sensor =>
    `<msg><src>CC128-v1.31</src><dsb>00009</dsb><time>${new Date().toTimeString().slice(0, 8)}</time><tmpr>20.0</tmpr>` +
    `<sensor>${sensor}</sensor><id>${String(77 + sensor).padStart(5, '0')}</id><type>1</type><ch1><watts>00292</watts></ch1></msg>\r\n`
  const meter = createServer(socket => {
    const speak = () => socket.write(Array.from({ length: sensors }, (_, sensor) => message(sensor)).join(''))
    const timer = setInterval(speak, readingMs)
    socket.on('error', () => undefined).on('close', () => clearInterval(timer))
    speak()
  })
  await new Promise(resolve => meter.listen(0, '127.0.0.1', resolve))
  return meter
}

const setTariff = async page => {
  const response = await fetch(`${page}api/tariff`, {
    method: 'PUT',
    body: JSON.stringify(tariff),
    headers: { 'Content-Type': 'application/json' }
  })
  if (!response.ok) throw failure(`the tariff: ${await response.text()}`)
}

/** Answers how many ms each took. */
const askViews = async (page, views) => {
  const ms = {}
  const ask = async (path, isWhole) => {
    const startedAt = performance.now()
    const response = await fetch(page + path)
    const text = await response.text()
    const tookMs = performance.now() - startedAt
    if (!response.ok || !isWhole(JSON.parse(text))) throw failure(`${path}: ${response.status} ${text.slice(0, 100)}`)
    return tookMs
  }
  const now = () => ask('api/now', told => told.sensors.length === sensors && told.sensors.every(({ usual }) => usual !== null))
  const cost = () => ask('api/cost', ({ before }) => before.month.importedWh > 0)
  ms['Now, the first of a day'] = await now()
  for (const [view, ofSensors] of Object.entries(views)) {
    const series = []
    for (const paths of ofSensors) {
      let sum = 0
      for (const path of paths) sum += await ask(path, ({ startMs, cost }) => cost?.length === startMs.length)
      series.push(sum)
    }
    ms[`History, ${view}`] = medianOf(series)
  }
  ms['Now, again'] = await now()
  ms['Cost, the first of a run'] = await cost()
  ms['Cost, again'] = await cost()
  ms['Device'] = await ask('api/device', told => told.sensors.length === sensors)
  return ms
}

/** Reads what the Device view offers to take away, as fast as it comes. */
const exportAll = async page => {
  const read = async path => {
    const startedAt = performance.now()
    const response = await fetch(page + path)
    let bytes = 0
    for await (const chunk of response.body) bytes += chunk.length
    if (!response.ok) throw failure(`${path}: ${response.status}`)
    return { bytes, seconds: (performance.now() - startedAt) / 1_000 }
  }
  return { 'export, a backup': await read('api/export'), 'export, a table': await read('api/export?format=csv') }
}
