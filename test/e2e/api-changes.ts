/** What may be changed by the HTTP API: sensors, the tariff, everything from a backup; and the password for that. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, dateOf, type Json, post, recordInto, tariff } from '../fixtures/e2e/api.ts'
import { startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

const recording = recordInto(t.testdir())

t.test('what is changed of a sensor holds at once and after a restart, and can be taken back', async t => {
  const state = makeFolder(t)
  const file = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(file, '[sensor.0]\nname = "House"\nscale = 1.1\n')
  const run = () => startDaemon(t, { source: 'demo', state, more: ['--config', file] })
  const first = await run()
  const address = `${first.page}api/sensors/0`
  const settings = async (page: string): Promise<unknown> =>
    ((await ask(`${page}api/device`)).json['sensors'] as readonly Json[]).find(({ sensor }) => sensor === '0')?.['settings']
  const named = (page: string, name: string): Promise<unknown> =>
    until(`it to be called ${name}`, async () => {
      const sensors = (await ask(`${page}api/now`)).json['sensors'] as readonly Json[]
      return sensors.some(sensor => sensor['name'] === name)
    })
  await named(first.page, 'House')
  t.match(await ask(address, 'PUT', { name: 'Haus', spikeFilter: false }), { status: 200, json: { sensor: '0' } })
  await named(first.page, 'Haus')
  t.strictSame(await settings(first.page), { name: 'Haus', scale: 1.1, spikeFilter: false })
  for (const [change, field] of [
    [{ scale: 0 }, 'scale'],
    [{ name: '' }, 'name'],
    [{ colour: 1 }, 'colour'],
    [{ fix144: 'yes' }, 'fix144']
  ] as const) {
    t.match(await ask(address, 'PUT', change), { status: 400, json: { field, error: /allowed: / } })
  }
  for (const body of [[], 'x', 1, null]) t.equal((await ask(address, 'PUT', body)).status, 400, JSON.stringify(body))
  t.equal((await ask(`${first.page}api/sensors/net`, 'PUT', {})).status, 404)
  await first.program.kill()
  const second = await run()
  await named(second.page, 'Haus')
  t.equal((await ask(`${second.page}api/sensors/0`, 'PUT', { name: null })).status, 200)
  t.strictSame(await settings(second.page), { name: 'House', scale: 1.1, spikeFilter: false })
  t.equal((await ask(`${second.page}api/sensors/0`, 'DELETE')).status, 200)
  t.strictSame(await settings(second.page), { name: 'House', scale: 1.1 })
})

t.test('the tariff: set, kept, refused by field, and taken back', async t => {
  const state = makeFolder(t)
  const first = await startDaemon(t, { source: 'demo', state })
  t.strictSame(await ask(`${first.page}api/tariff`), { status: 200, json: null })
  t.strictSame((await ask(`${first.page}api/tariff`, 'PUT', tariff)).json, tariff)
  const { json: fault, status } = await ask(`${first.page}api/tariff`, 'PUT', { ...tariff, currency: 'pounds' })
  t.match({ fault, status }, { status: 400, fault: { field: 'currency', error: /allowed: / } })
  await first.program.kill()
  const second = await startDaemon(t, { source: 'demo', state })
  t.strictSame((await ask(`${second.page}api/tariff`)).json, tariff)
  t.match((await ask(`${second.page}api/cost`)).json, { tariff, today: { total: /^\d/ } })
  t.strictSame((await ask(`${second.page}api/tariff`, 'DELETE')).json, null)
})

t.test('with a password changes need it, and looking does not', async t => {
  const state = makeFolder(t)
  const passwd = startBundle(t, ['passwd', '--state', state])
  await passwd.write(Buffer.from('öffne dich\n'))
  t.match(await passwd.ended, { code: 0 })
  const daemon = await startDaemon(t, { source: 'demo', state })
  const basic = (password: string): Record<string, string> => ({
    Authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
  })
  const address = `${daemon.page}api/sensors/0`
  t.equal((await ask(address, 'PUT', { name: 'x' })).status, 401)
  t.equal((await ask(address, 'PUT', { name: 'x' }, basic('wrong'))).status, 401)
  t.equal((await ask(address, 'PUT', { name: 'x' }, basic('öffne dich'))).status, 200)
  t.equal((await ask(address, 'PUT', { name: 'y' }, { ...basic('öffne dich'), Origin: 'http://evil.example' })).status, 403)
  t.equal((await post(`${daemon.page}api/restore`, 'x')).status, 401)
  for (const path of ['api/now', 'api/device', 'health']) t.equal((await ask(`${daemon.page}${path}`)).status, 200, path)
  t.match((await ask(`${daemon.page}api/device`)).json, { password: true })
})

t.test('a backup brings everything back, into a daemon that runs', async t => {
  const source = await startDaemon(t, { source: `replay:${recording}`, more: ['--speed', '0', '--zone', 'UTC'] })
  await source.untilSaid(/The recording is at its end/)
  await ask(`${source.page}api/sensors/1`, 'PUT', { name: 'Washing machine' })
  await ask(`${source.page}api/tariff`, 'PUT', tariff)
  const backup = Buffer.from(await (await fetch(`${source.page}api/export`)).arrayBuffer())
  const asked = `api/history?sensor=0&from=${dateOf(0)}&to=${dateOf(1)}&step=15m`
  const { json: before } = await ask(`${source.page}${asked}`)
  const table = (await (await fetch(`${source.page}api/export?format=csv`)).text()).trimEnd().split('\r\n')
  const known = (before['energyWh'] as readonly unknown[]).filter(wh => wh !== null).length
  t.equal(table.filter(line => line.startsWith('0,')).length, known, 'and a table of all quarters')

  const state = makeFolder(t)
  const target = await startDaemon(t, { source: 'demo', state, more: ['--zone', 'UTC'] })
  t.match(await post(`${target.page}api/restore`, backup.subarray(0, backup.length - 10)), { status: 400, json: { error: /^line \d+: / } })
  t.equal((await ask(`${target.page}api/tariff`)).json, null, 'nothing was changed')
  t.match(await post(`${target.page}api/restore`, backup), {
    status: 200,
    json: { records: backup.toString().trim().split('\n').length - 2 }
  })
  const same = async (page: string): Promise<void> => {
    const { json: after } = await ask(`${page}${asked}`)
    t.strictSame(after['energyWh'], before['energyWh'])
    t.strictSame((await ask(`${page}api/tariff`)).json, tariff)
  }
  await same(target.page)
  await until('its name', async () => JSON.stringify((await ask(`${target.page}api/now`)).json).includes('Washing machine'))
  await target.program.kill()
  await same((await startDaemon(t, { source: 'demo', state, more: ['--zone', 'UTC'] })).page)
})
