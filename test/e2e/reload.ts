/** Settings read again while the daemon runs (SIGHUP): what changes does so under the eyes of clients that stay connected. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { ask, tariff } from '../fixtures/e2e/api.ts'
import { bundle, type Daemon, startBundle, startDaemon, whenUp } from '../fixtures/e2e/daemon.ts'
import { bytesOf, sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder, start } from '../fixtures/e2e/program.ts'
import { mosquittoPub, mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

const lacks = (command: string, flag: string): string | false => spawnSync(command, [flag]).status !== 0 && `there is no ${command}`

/** A daemon with a settings file and a meter's port. */
async function startWith(t: Test, settings: string) {
  const [port, file] = [new Port(t), join(makeFolder(t), 'wattslug.toml')]
  await port.plug()
  writeFileSync(file, settings)
  const daemon = await startDaemon(t, { source: port.path, more: ['--config', file] })
  await daemon.untilSaid(/The port is open/)
  return {
    daemon,
    file,
    say: (sensor: number, watts: number) => port.write(bytesOf(sensorMessage(sensor, watts))),
    /** Answers what the log said of it. */
    async reload(next: string): Promise<string> {
      writeFileSync(file, next)
      const before = daemon.log.length
      return reload(daemon, before)
    }
  }
}

async function reload(daemon: Daemon, before: number): Promise<string> {
  daemon.program.signal('SIGHUP')
  await until('the settings to be read again', () => daemon.log.slice(before).some(line => /read again|stay as they were/.test(line)))
  await ask(`${daemon.page}api/settings`) // it answers once it has done all of it
  return daemon.log.slice(before).join('\n')
}

const tariffInEuros = { ...tariff, currency: 'EUR' }
const flat = (price: string): string => `[tariff]\ncurrency = "GBP"\nprice-per-kwh = ${price}\n`

t.test('names, scales, derived sensors and prices change, and clients stay connected', async t => {
  const { daemon, say, reload } = await startWith(t, `[sensor.0]\nname = "House"\n[derived.net]\nformula = "0 - 1"\n${flat('0.1')}`)
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  const page = await mqttJs(t, `${daemon.page.replace('http', 'ws')}mqtt`)
  let closed = 0
  page.client.on('close', () => closed++)
  await page.client.subscribeAsync('currentcost/#')
  await say(0, 500)
  await say(1, 200)
  await stock.until('currentcost/net/power', '300')
  t.match(JSON.parse(await stock.until('currentcost/0/state', /./)), { name: 'House', watts: 500 })

  const said = await reload(`[sensor.0]\nname = "Home"\nscale = 2\n[derived.sum]\nformula = "0 + 1"\n${flat('0.2')}`)
  t.match(
    said,
    /notice {2}the settings and the files that they name were read again: \[sensor\.N\], \[derived\.NAME\], \[tariff\] changed$/
  )
  await until('what is derived no longer to be taken back', () => page.last('currentcost/net/power') === '')
  await say(1, 200)
  await say(0, 600)
  await stock.until('currentcost/sum/power', '1400')
  await page.until('currentcost/sum/power', '1400')
  t.match(JSON.parse(await stock.until('currentcost/0/state', /./)), { name: 'Home', watts: 1_200, corrections: ['scale 2'] })
  const { json } = await ask(`${daemon.page}api/tariff`)
  t.match(json, { changes: [{ bands: [{ pricePerKWh: '0.2' }] }] })

  const late = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await late.until('currentcost/sum/power', '1400')
  t.strictSame(late.of('currentcost/net/state'), [], 'of what is derived no longer nothing is retained')
  t.equal(closed, 0)
  t.equal(page.client.connected, true)
  t.equal(stock.program.end, undefined)
  t.strictSame(stock.program.out.filter(line => /sending CONNECT/.test(line)).length, 1, 'it never had to connect again')
})

t.test('what is set on the page comes before the file, whatever the file says since', async t => {
  const { daemon, say, reload } = await startWith(t, `[sensor.0]\nname = "House"\n${flat('0.1')}`)
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  const price = async (): Promise<unknown> => (await ask(`${daemon.page}api/tariff`)).json['currency']
  t.equal((await ask(`${daemon.page}api/sensors/0`, 'PUT', { name: 'Ours' })).status, 200)
  t.equal((await ask(`${daemon.page}api/tariff`, 'PUT', tariffInEuros)).status, 200)
  await reload(`[sensor.0]\nname = "Home"\nscale = 2\n${flat('0.2')}`)
  await say(0, 500)
  t.match(JSON.parse(await stock.until('currentcost/0/state', /./)), { name: 'Ours', watts: 1_000 })
  t.equal(await price(), 'EUR')
  await ask(`${daemon.page}api/tariff`, 'DELETE')
  t.match((await ask(`${daemon.page}api/tariff`)).json, { currency: 'GBP', changes: [{ bands: [{ pricePerKWh: '0.2' }] }] })
})

t.test('wrong settings change nothing, and file, line and key are told', async t => {
  const { daemon, file, say, reload } = await startWith(t, '[sensor.0]\nname = "House"\n')
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  const wrong: readonly (readonly [toml: string, said: string])[] = [
    [
      '# a\n\n[sensor.0]\nname = "Home"\nscale = 200\n',
      'line 5: [sensor.0]: scale: impossible value: 200; allowed: a number from 0.01 to 100'
    ],
    ['root = "house"\nspeling = 1\n[sensor.0]\nname = "Home"', 'line 2: unknown setting: speling; allowed: source, '],
    ['[sensor.0]\nname = "Home"\n[limits]\nclients-max = 0', 'line 4: [limits]: clients-max: impossible value: 0; allowed: a whole number'],
    ['[sensor.0]\nname = "Home"\n[tariff]\ncurrency = "pounds"', 'line 4: [tariff]: currency: impossible value "pounds"'],
    ['[sensor.0]\nname = "Home"\n[derived.net]\nformula = "0 * 1"', 'line 4: [derived.net]: formula: impossible value'],
    ['[sensor.0]\nname = "Home"\nusers = "x', 'line 3, column ']
  ]
  for (const [toml, message] of wrong) {
    const said = await reload(toml)
    t.ok(said.includes(`error   the settings stay as they were: ${file}, ${message}`), said)
    t.equal(said.split('\n').length, 1, 'in one line')
  }
  await say(0, 500)
  t.match(JSON.parse(await stock.until('currentcost/0/state', /./)), { name: 'House', watts: 500 })
})

t.test('what needs a restart is named, each in one line, and the rest changes', async t => {
  const { daemon, say, reload } = await startWith(t, '')
  const said = await reload('baud = 9600\nroot = "house"\nzone = "Asia/Tokyo"\n[sensor.0]\nname = "Home"\n[limits]\nclients-max = 10')
  const lines = said.split('\n').map(line => line.replace(/^\S+ /, ''))
  const needs = ['baud', 'root', 'zone', '[limits]'].map(name => `warning ${name} changed too, but that needs a restart`)
  t.strictSame(lines, ['notice  the settings and the files that they name were read again: [sensor.N] changed', ...needs])
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#'])
  await say(0, 500)
  t.match(JSON.parse(await stock.until('currentcost/0/state', /./)), { name: 'Home' })
})

t.test('who may publish changes for those that are connected', async t => {
  const file = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(file, 'access = "open"')
  const args = [
    '--source',
    'demo',
    '--host',
    '127.0.0.1',
    '--mqtt-port',
    '0',
    '--http-port',
    '0',
    '--state',
    makeFolder(t),
    '--config',
    file
  ]
  const daemon = await whenUp(startBundle(t, ['run', ...args]))
  const listener = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/mine', '-q', '1'])
  const publisher = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  await publisher.client.publishAsync('currentcost/mine', '1', { qos: 1 })
  await listener.until('currentcost/mine', '1')
  writeFileSync(file, 'access = "read"')
  t.match(await reload(daemon, daemon.log.length), /read again: access changed/)
  await publisher.client.publishAsync('currentcost/mine', '2', { qos: 1 }).catch(() => undefined)
  writeFileSync(file, 'access = "open"')
  await reload(daemon, daemon.log.length)
  await mosquittoPub(t, daemon.mqttPort, ['-t', 'currentcost/mine', '-m', '3', '-q', '1'])
  await listener.until('currentcost/mine', '3')
  t.strictSame(listener.of('currentcost/mine'), ['1', '3'])
})

t.test('a proxy that is trusted since tells who a client is', async t => {
  const { daemon, reload } = await startWith(t, '')
  /** Says what is no MQTT, each time something else, for the log says each kind once an hour. */
  const babble = async (bytes: number[]): Promise<void> => {
    const socket = new WebSocket(`${daemon.page.replace('http', 'ws')}mqtt`, 'mqtt', { headers: { 'X-Forwarded-For': '203.0.113.9' } })
    socket.on('open', () => socket.send(Buffer.from(bytes)))
    await new Promise(resolve => socket.on('close', resolve))
  }
  await babble([0x16, 0x03, 0x01, 0x00, 0xc5])
  await daemon.untilSaid(/client at 127\.0\.0\.1: malformed/)
  await reload('proxies = "127.0.0.1"')
  await babble([0x10, 0xff, 0xff, 0xff, 0xff, 0xff])
  await daemon.untilSaid(/client at 203\.0\.113\.9: malformed/)
})

t.test('systemd is told that settings are read again, and that it is done', { skip: lacks('systemd-notify', '--version') }, async t => {
  const [folder, file] = [makeFolder(t), join(makeFolder(t), 'wattslug.toml')]
  const [socket, heard] = [join(folder, 'notify'), join(folder, 'heard')]
  start(t, 'socat', ['-u', `UNIX-RECV:${socket}`, `CREATE:${heard}`])
  const told = (): string => (existsSync(heard) ? readFileSync(heard, 'utf8') : '')
  await until('the socket', () => existsSync(socket))
  writeFileSync(file, '')
  const args = ['--source', 'demo', '--host', '127.0.0.1', '--mqtt-port', '0', '--http-port', '0', '--state', folder, '--config', file]
  const env = { NOTIFY_SOCKET: socket, PATH: process.env['PATH'] }
  const daemon = await whenUp(startBundle(t, ['run', ...args], { env }))
  await until('READY', () => told().includes('READY=1'))
  for (const settings of ['[sensor.0]\nscale = 2', 'wrong = 1']) {
    const before = told().length
    writeFileSync(file, settings)
    await reload(daemon, daemon.log.length)
    await until('RELOADING and READY', () => /RELOADING=1\nMONOTONIC_USEC=\d+[\s\S]*READY=1/.test(told().slice(before)))
  }
  t.equal(daemon.program.end, undefined, 'well or not, it goes on')
})

t.test('where a terminal is closed the daemon ends as other programs do', { skip: lacks('script', '--version') }, async t => {
  const args = `run --source demo --host 127.0.0.1 --mqtt-port 0 --http-port 0 --state ${makeFolder(t)}`
  const terminal = start(t, 'script', ['-qefc', `echo pid=$$; exec ${process.execPath} ${bundle} ${args}`, '/dev/null'])
  const pid = await until('its number', () => Number(/pid=(\d+)/.exec(terminal.out.join('\n'))?.[1]) || undefined)
  await until('the daemon to be up', () => terminal.out.some(line => line.includes('page at http')))
  t.ok(existsSync(`/proc/${pid}`))
  await terminal.kill()
  await until('its end', () => !existsSync(`/proc/${pid}`))
})
