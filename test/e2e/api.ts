/** The HTTP API as its users have it: everything that its own description promises, and what the meter said, to the watt-hour. */
import t from 'tap'
import { houses } from '../../src/simulator/houses.ts'
import { ask, chunks, dateOf, type Json, recordInto, tariff } from '../fixtures/e2e/api.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { energyWhOf, timedReadingsIn } from '../fixtures/e2e/recording.ts'
import { faultsOf } from '../fixtures/e2e/schema.ts'
import { until } from '../fixtures/e2e/wait.ts'

const recording = recordInto(t.testdir())

t.test('the description is true: every entry, parameter and answer of it', async t => {
  const daemon = await startDaemon(t, { source: `replay:${recording}`, more: ['--speed', '0', '--zone', 'UTC'] })
  await daemon.untilSaid(/The recording is at its end/)
  const at = (path: string): string => `${daemon.page}${path.replace(/^\//, '')}`
  t.equal((await ask(at('/api/tariff'), 'PUT', tariff)).status, 200)
  const api = (await ask(at('/api'))).json as { paths: Record<string, Record<string, Json>>; components: { schemas: Record<string, Json> } }
  t.match(api, { openapi: '3.1.0', info: { title: 'wattslug' } })
  const expected = ['/api/history', '/api/now', '/api/cost', '/api/export', '/health', '/metrics', '/api', '/api/device', '/api/restore']
  for (const path of expected) t.ok(api.paths[path], path)
  for (const [path, operations] of Object.entries(api.paths)) {
    const methods = Object.keys(operations).map(method => method.toUpperCase())
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'].filter(method => !methods.includes(method))) {
      const refused = await fetch(at(path.replace('{place}', '0')), { method })
      t.equal(refused.status, 405, `${method} ${path}`)
      t.match(refused.headers.get('allow'), methods[0])
    }
    const get = operations['get'] as {
      parameters: readonly { name: string }[]
      responses: Record<string, { content: Record<string, Json> }>
    }
    if (!get) continue
    const response = await fetch(at(path))
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? ''
    const described = get.responses[String(response.status)]?.content[type]
    t.ok(described, `GET ${path}: ${response.status} ${type}`)
    const schema = described?.['schema'] as Json | undefined
    const text = await response.text()
    if (schema) t.strictSame(faultsOf(JSON.parse(text), schema, api.components.schemas), [], `${path} answers what it says`)
    const unknown = await ask(`${at(path)}?colour=red`)
    t.match(unknown, { status: 400, json: { field: 'colour' } }, `${path} knows no colour`)
    for (const { name } of get.parameters) {
      const wrong = await ask(`${at(path)}?${name}=%F0%9F%90%8C`)
      t.match(wrong, { status: 400, json: { error: /allowed: /, field: name } }, `${path}?${name}`)
      t.strictSame(faultsOf(wrong.json, { $ref: 'ApiFault' }, api.components.schemas), [])
      t.equal((await ask(`${at(path)}?${name}=0&${name}=0`)).status, 400, 'not twice')
    }
  }
})

t.test('history: the energy of the readings, in JSON and in CSV', async t => {
  const daemon = await startDaemon(t, { source: `replay:${recording}`, more: ['--speed', '0', '--zone', 'UTC'] })
  await daemon.untilSaid(/The recording is at its end/)
  const history = `${daemon.page}api/history`
  for (const sensor of [0, 1]) {
    const expected = energyWhOf(timedReadingsIn(chunks).filter(reading => reading.sensor === sensor))
    for (const step of ['1m', '15m', '1h', '1d', '1mo']) {
      const { json } = await ask(`${history}?sensor=${sensor}&from=${dateOf(0)}&to=${dateOf(1)}&step=${step}`)
      const sumOf = (list: string): number => (json[list] as readonly (number | null)[]).reduce<number>((sum, wh) => sum + (wh ?? 0), 0)
      const sum = sumOf('energyWh') - sumOf('backfilledWh')
      t.ok(Math.abs(sum - expected) < 1, `sensor ${sensor} by ${step}: ${sum} Wh of ${expected}`)
    }
  }
  const asked = `from=${dateOf(0)}T06:00Z&to=${dateOf(0)}T11:00Z&step=15m`
  const { json } = await ask(`${history}?${asked}`)
  const starts = json['startMs'] as readonly number[]
  t.equal(starts.length, 20)
  for (const [address, accept] of [
    [`${history}.csv?${asked}`, '*/*'],
    [`${history}?${asked}`, 'text/csv']
  ] as const) {
    const response = await fetch(address, { headers: { Accept: accept } })
    t.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8')
    const [head, ...lines] = (await response.text()).trimEnd().split('\r\n')
    t.equal(head, 'start,end,start_local,energy_Wh,exported_Wh,backfilled_Wh,known_s,mean_W,min_W,max_W,temperature_C')
    t.strictSame(
      lines.map(line => Date.parse(line.split(',')[0] ?? '')),
      starts
    )
    t.strictSame(
      lines.map(line => line.split(',')[3]),
      (json['energyWh'] as readonly unknown[]).map(wh => String(wh ?? ''))
    )
  }
  t.match(await ask(`${history}?from=${dateOf(0)}&to=${dateOf(2)}&step=1m`), {
    status: 400,
    json: { field: 'step', error: /^step: more than 1500 spans; allowed: 1500, as with 15m/ }
  })
  t.match(await ask(`${history}?from=${dateOf(0)}&to=${dateOf(2)}`), { status: 200, json: { step: '15m' } }, 'what fits is taken by itself')
  t.match(await ask(`${history}?from=${dateOf(2)}&to=${dateOf(0)}`), { status: 400, json: { field: 'from' } })
  t.match(await ask(`${history}?sensor=9`), { status: 404, json: { field: 'sensor', error: /allowed: 0, 1, 2, 3/ } })
  const tag = (await fetch(`${history}?${asked}`)).headers.get('etag') ?? ''
  t.equal((await fetch(`${history}?${asked}`, { headers: { 'If-None-Match': tag } })).status, 304)
  await ask(`${daemon.page}api/tariff`, 'PUT', tariff)
  const { json: cost } = await ask(`${history}?from=${dateOf(0)}&to=${dateOf(1)}&step=1h&cost=1`)
  const wh = (cost['energyWh'] as readonly (number | null)[])[8] ?? 0
  t.equal(cost['currency'], 'GBP')
  t.ok(Math.abs(Number((cost['cost'] as readonly string[])[8]) - (wh / 1000) * 0.3 * 1.05) < 1e-5, 'eight in the morning is day')
  t.ok(
    Math.abs(Number((cost['cost'] as readonly string[])[6]) - (((cost['energyWh'] as readonly number[])[6] ?? 0) / 1000) * 0.1 * 1.05) <
      1e-5,
    'six is night'
  )
})

t.test('what gas and water cost is not told: the tariff is of electricity', async t => {
  const daemon = await startDaemon(t, {
    source: `replay:${recordInto(t.testdir(), houses.counters)}`,
    more: ['--speed', '0', '--zone', 'UTC']
  })
  await daemon.untilSaid(/The recording is at its end/)
  await ask(`${daemon.page}api/tariff`, 'PUT', tariff)
  const span = `from=${dateOf(0)}&to=${dateOf(1)}&step=1d&cost=1`
  const tellsEnergy = ({ measures }: { readonly measures: string }): boolean => ['watts', 'electricity'].includes(measures)
  const priced = houses.counters.sensors
    .filter(tellsEnergy)
    .map(({ number }) => number)
    .join(', ')
  for (const { number, measures } of houses.counters.sensors) {
    const isPriced = tellsEnergy({ measures })
    const { json: history } = await ask(`${daemon.page}api/history?sensor=${number}&${span}`)
    t.ok((history['energyWh'] as readonly number[])[0], `${measures} was counted`)
    t.strictSame([history['currency'], 'cost' in history], isPriced ? ['GBP', true] : [undefined, false], measures)
    const table = await (await fetch(`${daemon.page}api/history.csv?sensor=${number}&${span}`)).text()
    t.equal(table.includes('cost_GBP'), isPriced)
    t.match(table.split('\r\n')[0], isPriced ? ',energy_Wh,' : ',volume_l,exported_l,backfilled_l,known_s,mean_l_per_h,')
    const medium = measures === 'watts' ? 'electricity' : measures
    const { json: current } = await ask(`${daemon.page}api/now`)
    t.match(
      (current['sensors'] as readonly object[]).find(each => 'sensor' in each && each.sensor === String(number)),
      { medium }
    )
    const refused = { status: 404, json: { field: 'sensor', error: `sensor: ${number} counts no electricity; allowed: ${priced}` } }
    t.match(await ask(`${daemon.page}api/cost?sensor=${number}`), isPriced ? { status: 200 } : refused)
  }
  const unknown = { status: 404, json: { field: 'sensor', error: `sensor: net was never heard; allowed: ${priced}` } }
  t.match(await ask(`${daemon.page}api/cost?sensor=net`), unknown)
})

t.test('gas and water are litres in the table of everything, and cubic metres to Prometheus', async t => {
  const source = `replay:${recordInto(t.testdir(), houses.counters)}`
  const daemon = await startDaemon(t, { source, more: ['--speed', '0', '--zone', 'Asia/Tokyo'] })
  await daemon.untilSaid(/The recording is at its end/)
  const [head = [], ...rows] = (await (await fetch(`${daemon.page}api/export?format=csv`)).text())
    .trimEnd()
    .split('\r\n')
    .map(line => line.split(','))
  t.match(head.join(), /^sensor,start,end,start_local,energy_Wh,.*,temperature_C,volume_l,exported_l,backfilled_l,mean_l_per_h,/)
  const told = async (): Promise<string> => (await fetch(`${daemon.page}metrics`)).text()
  for (const { number, measures } of houses.counters.sensors) {
    const isEnergy = measures === 'watts' || measures === 'electricity'
    const ofSensor = rows.filter(([sensor]) => sensor === String(number))
    const sumOf = (title: string): number => ofSensor.reduce((sum, cells) => sum + Number(cells[head.indexOf(title)]), 0)
    t.ok(sumOf(isEnergy ? 'energy_Wh' : 'volume_l') > 0, measures)
    t.equal(sumOf(isEnergy ? 'volume_l' : 'energy_Wh'), 0)
    t.ok(ofSensor.every(cells => cells.length === head.length))
    const sample = isEnergy ? `wattslug_energy_watthours_total{sensor="${number}"} ` : `{sensor="${number}",medium="${measures}"} `
    await until(sample, async () => (await told()).includes(`\n${isEnergy ? '' : 'wattslug_volume_cubic_meters_total'}${sample}`))
  }
  const [, start = '', , local = ''] = rows[0] ?? []
  t.equal(Date.parse(`${local}+09:00`), Date.parse(start), "the user's clock, as a spreadsheet reads it")
})

/** A line of Prometheus' text format 0.0.4. */
const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/

t.test('metrics are as Prometheus reads them', async t => {
  const daemon = await startDaemon(t, { source: 'demo' })
  await ask(`${daemon.page}api/sensors/0`, 'PUT', { name: 'A "house" \\ of mine' })
  const metrics = async (): Promise<string> => (await fetch(`${daemon.page}metrics`)).text()
  await until('its name', async () => (await metrics()).includes('house'))
  const response = await fetch(`${daemon.page}metrics`)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  t.ok(text.endsWith('\n'))
  const types = new Map<string, string>()
  const seen = new Set<string>()
  for (const line of text.trimEnd().split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge)$/.exec(line) ?? []
    if (name !== '') t.notOk(types.has(name), `${name} is told of once`)
    if (name !== '') types.set(name, type)
    if (line.startsWith('#')) continue
    const [whole, metric = '', labels = ''] = sample.exec(line) ?? []
    if (whole === undefined) t.fail(line)
    t.ok(types.has(metric), `${metric} has a type`)
    t.equal(types.get(metric) === 'counter', metric.endsWith('_total'), `${metric}: a counter is called so`)
    t.notOk(seen.has(`${metric}{${labels}}`), line)
    seen.add(`${metric}{${labels}}`)
  }
  const started = /^process_start_time_seconds \d+$/m
  t.equal(started.exec(text)?.[0], started.exec(await metrics())?.[0], 'it was started once')
  t.match(text, 'wattslug_power_watts{sensor="0",name="A \\"house\\" \\\\ of mine"} ')
  for (const name of ['wattslug_energy_watthours_total', 'wattslug_clients', 'process_resident_memory_bytes']) t.ok(types.has(name), name)
})

t.test('health says when something needs a person', async t => {
  const well = await startDaemon(t, { source: 'demo' })
  await until('readings', async () => {
    const { meters, store } = (await ask(`${well.page}health`)).json
    return Object.values(meters as Json).includes('live') && store === 'open'
  })
  t.match(await ask(`${well.page}health`), { status: 200, json: { status: 'good', needs: [], store: 'open', clock: 'set' } })
  const ill = await startDaemon(t, { source: '/dev/no-such-port' })
  await ill.untilSaid(/absent/)
  t.match(await ask(`${ill.page}health`), { status: 503, json: { status: 'bad', needs: [/no-such-port/], meters: { '': 'absent' } } })
  t.match(await ask(`${ill.page}api/history`), { status: 404, json: { error: 'sensor: 0 was never heard; allowed: none yet' } })
  t.match((await ask(`${ill.page}api/device`)).json, { findings: [{ level: 'bad', text: /no-such-port/ }], log: [{}] })
})
