/**
 * `npm run board-test`: the whole way of a user on emulated boards (x86_64 and armhf): Debian boots, apt installs the package, a
 * cable is plugged in, a phone shows watts; the cable is pulled, the daemon hangs, the power is cut. It takes a while.
 *
 *     npm run board-test -- [--arch amd64|armhf] [--memory MB]
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { failure, main, root, say } from './command.mjs'
import { checkNode, installDebian, installPackages } from './setup.mjs'

const debianPackages = ['mmdebstrap', 'qemu-system-x86', 'qemu-system-arm', 'e2fsprogs', 'chromium']
const pictures = join(root, 'dist/board')

/** What the meter says: power that goes up and down, so that old numbers can be told from new ones. */
const makeMeter = () => {
  let count = 0
  return () => {
    const watts = 1_000 + (count++ % 60) * 10
    const time = new Date().toISOString().slice(11, 19)
    return `<msg><src>CC128-v1.31</src><dsb>00786</dsb><time>${time}</time><tmpr>21.3</tmpr><sensor>0</sensor><id>01234</id><type>1</type><ch1><watts>${String(watts).padStart(5, '0')}</watts></ch1></msg>\r\n`
  }
}

/** An MQTT client outside, which keeps on trying: an emulated board may be busy for minutes. */
const connectTo = async (mqtt, machine, options = {}) => {
  const client = mqtt.connect(`mqtt://127.0.0.1:${machine.mqttPort}`, { connectTimeout: 60_000, reconnectPeriod: 2_000, ...options })
  client.heard = new Map()
  client.on('error', () => undefined).on('message', (topic, payload) => client.heard.set(topic, payload.toString()))
  await machine.until('MQTT from outside', () => client.connected)
  return client
}

const seconds = ms => `${(ms / 1000).toFixed(0)} s`

/** Takes one board through everything. Answers the rows of its table. */
const tryBoard = async (arch, memory, deb) => {
  const [{ makeDisk }, { Machine }, { default: mqtt }, { chromium }] = await Promise.all([
    import('./board/image.mjs'),
    import('./board/machine.mjs'),
    import('mqtt'),
    import('playwright-core')
  ])
  const rows = []
  const step = async (name, act) => {
    const sinceMs = Date.now()
    const told = await act()
    rows.push({ board: `${arch} ${memory} MB`, step: name, took: seconds(Date.now() - sinceMs), told: told ?? '' })
    say(`${arch} ${memory} MB: ${name}${told ? `: ${told}` : ''} (${seconds(Date.now() - sinceMs)})`)
  }
  const machine = new Machine(arch, memory, await makeDisk(arch, deb))
  const meter = makeMeter()
  const property = async name =>
    (await machine.shell(`systemctl show wattslug.service --property=${name} --value`)).output.split('\n').at(-1)
  const heardAnew = (client, what) => {
    client.heard.delete('currentcost/0/state')
    return machine.until(what, () => client.heard.get('currentcost/0/state'))
  }
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  const look = async name => {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true })
    try {
      await machine.until('the page', () =>
        page.goto(`http://127.0.0.1:${machine.pagePort}/`, { timeout: 120_000 }).then(
          () => true,
          () => false
        )
      )
      await page.waitForSelector('body[data-phase=live]', { timeout: 240_000 })
      await page.screenshot({ path: join(pictures, `${arch}-${name}.png`) })
      return (await page.textContent('#power')).replaceAll(/\s+/g, ' ').trim()
    } finally {
      await page.close()
    }
  }

  try {
    await step('boots', () => machine.start())
    await step('apt installs the package', async () => {
      await machine.shell('apt-get update')
      const { code, output } = await machine.shell('apt-get install -y --no-install-recommends /srv/wattslug.deb', 900_000)
      if (code !== 0) throw failure(`apt failed:\n${output}`)
      return /wattslug: (the page is .*)/.exec(output)?.[1]
    })
    await step('the service is up', async () => {
      await machine.until('the service', async () => (await property('ActiveState')) === 'active')
      return `systemd ${(await machine.shell('systemctl --version')).output.split(/\s+/)[1]}`
    })
    const client = await connectTo(mqtt, machine)
    await client.subscribeAsync(['currentcost/#', 'kept/#'])
    await step('first reading after plugging in', async () => {
      await machine.plug(meter)
      return JSON.parse(await heardAnew(client, 'a reading')).watts + ' W'
    })
    await step('a phone shows it', () => look('live'))
    await step('memory', async () => {
      const pid = await property('MainPID')
      const { output } = await machine.shell(`grep -E '^(Rss|Anonymous)' /proc/${pid}/smaps_rollup`)
      const of = name => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(output)?.[1]) / 1024).toFixed(1)
      return `${of('Rss')} MB resident, ${of('Anonymous')} MB of it anonymous`
    })
    await step('what systemctl shows', async () => (await machine.shell('systemctl status wattslug.service | grep Status')).output)
    await step('unplugged and plugged in again', async () => {
      await machine.unplug()
      await machine.until('the meter to be missed', () => /"state":"(?!live)/.test(client.heard.get('currentcost/bridge/meter') ?? ''))
      await machine.plug(meter)
      await heardAnew(client, 'a reading')
    })
    await step('a hung daemon is started anew by the watchdog', async () => {
      const before = Number(await property('NRestarts'))
      await machine.shell(`kill -STOP ${await property('MainPID')}`)
      await machine.until('the watchdog', async () => Number(await property('NRestarts')) > before, 600_000)
      await machine.until('MQTT from outside', () => client.connected)
      await heardAnew(client, 'a reading')
    })
    await step('the power is cut in the midst of writing', async () => {
      const kept = await connectTo(mqtt, machine, { clientId: 'kept', clean: false })
      await kept.subscribeAsync('kept/queue', { qos: 1 })
      await kept.endAsync()
      await client.publishAsync('kept/retained', 'still here', { qos: 1, retain: true })
      await client.publishAsync('kept/queue', 'for you', { qos: 1 })
      await sleep(65_000) // history is written each minute
      for (let count = 0; count < 20; count++) client.publish('kept/flood', String(count), { qos: 1, retain: true })
      await sleep(200)
      await machine.cut()
      await client.endAsync(true)
    })
    await step('boots again', () => machine.start())
    await step('finds what it kept', async () => {
      const again = await connectTo(mqtt, machine, { clientId: 'kept', clean: false })
      await machine.until('the queued message', () => again.heard.get('kept/queue') === 'for you')
      await again.subscribeAsync('kept/retained')
      await machine.until('the retained message', () => again.heard.get('kept/retained') === 'still here')
      const answer = await fetch(`http://127.0.0.1:${machine.pagePort}/api/history?sensor=0&step=1m`)
      const { energyWh } = await answer.json()
      const known = energyWh.filter(value => value !== null).length
      if (known === 0) throw failure('the history is lost')
      await machine.plug(meter)
      await again.subscribeAsync('currentcost/#')
      await heardAnew(again, 'a reading')
      await again.endAsync(true)
      return `history of ${known} minutes, retained message, queued message`
    })
  } finally {
    await browser.close()
    await machine.dispose()
  }
  return rows
}

const boardTest = async () => {
  checkNode()
  if (process.getuid?.() !== 0) throw failure('making a board’s disk needs root: run sudo npm run board-test')
  const { values } = parseArgs({ options: { arch: { type: 'string' }, memory: { type: 'string' } } })
  await installPackages()
  await installDebian(debianPackages)
  const { makePackages } = await import('./package.mjs')
  const packages = await makePackages()
  mkdirSync(pictures, { recursive: true })
  const tries = [
    ['amd64', 128],
    ['armhf', 128],
    ['armhf', 96]
  ].filter(([arch]) => values.arch === undefined || arch === values.arch)
  const rows = []
  for (const [arch, memory] of tries) {
    const deb = packages.find(path => path.endsWith(`_${arch}.deb`))
    rows.push(...(await tryBoard(arch, values.memory ? Number(values.memory) : memory, deb)))
    if (values.memory) break
  }
  console.table(rows)
  say('all boards are well')
}

await main(boardTest)
