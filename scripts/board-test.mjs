/**
 * `npm run board-test`: the whole way of a user on emulated boards (x86_64 and armhf; Debian 13 and 12): Debian boots, apt installs the package, a
 * cable is plugged in, a phone shows watts; the cable is pulled, the daemon hangs, the power is cut. It takes an hour.
 *
 *     npm run board-test -- [--arch amd64|armhf] [--memory MB] [--suite trixie|bookworm]
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { failure, main, root, say } from './command.mjs'
import { checkNode, installDebian, installPackages } from './setup.mjs'

const debianPackages = ['mmdebstrap', 'arch-test', 'qemu-system-x86', 'qemu-system-arm', 'e2fsprogs', 'chromium']
const pictures = join(root, 'dist/board')
/** A whole minute is written to the store, and then some. */
const storedMs = 65_000
/** Fewer than a session keeps. */
const messagesMost = 90

/** A board, and what is done with it. */
class Trial {
  rows = []
  /** What is told of it in the end. */
  figures
  #name
  #machine
  #meter
  #kit
  /** The owner's client, outside of the board. */
  #client
  /** What was promised before the power was cut. */
  #acknowledged = []
  #energyBefore

  constructor(name, machine, meter, kit) {
    this.#name = name
    this.figures = { board: name }
    this.#machine = machine
    this.#meter = meter
    this.#kit = kit
  }

  /** The steps, in their order. Each throws when it is not as it should be, and may answer what it saw. */
  async run() {
    const { step } = this
    await step('boots', () => this.boot())
    await step('apt installs the package', () => this.install())
    await step('the password is set', () => this.setPassword())
    await step('nobody publishes without it', () => this.refuse())
    await step('the cable is plugged in, and the first reading comes', () => this.plugIn())
    await step('udev gives it a name', () => this.findName())
    await step('a phone shows it', () => this.look('live'))
    await step('it is found by name in the network', () => this.browse())
    await step('what it takes', () => this.measure())
    await step('settings are read again, and clients stay', () => this.reload())
    await step('the cable is pulled and plugged in again', () => this.replug())
    await step('plugging in starts a service that was stopped', () => this.wake())
    await step('a hung daemon is started anew by the watchdog', () => this.hang())
    await step('the power is cut in the midst of writing', () => this.cutPower())
    await step('boots again, the cable in', () => this.bootAgain())
    await step('finds what it kept', () => this.findKept())
    await step('a phone shows the minutes from before', () => this.look('after-power-cut'))
  }

  step = async (name, act) => {
    const sinceMs = Date.now()
    const told = (await act()) ?? ''
    say(`${this.#name}: ${name} (${seconds(Date.now() - sinceMs)})${told && `: ${told}`}`)
  }

  async boot() {
    await this.#machine.start()
    this.figures.boot = seconds(Date.now() - this.#machine.startedMs)
  }

  async install() {
    await this.#shell('apt-get update -q')
    const output = await this.#shell('DEBIAN_FRONTEND=noninteractive apt-get install -q -y /srv/wattslug.deb', 1_800_000)
    await this.#machine.until('the service', async () => (await this.#property('ActiveState')) === 'active')
    const [, address] = /wattslug: the page is at (\S+)/.exec(output) ?? []
    if (!address?.startsWith('http://10.0.2.15/')) throw failure(`apt said nothing of the page’s address:\n${output}`)
    const installed = /^The following NEW packages will be installed:\n((?: .*\n)+)/m.exec(output)?.[1].trim().replaceAll(/\s+/g, ' ')
    const versions = await this.#shell('systemctl --version | head -n 1; node --version')
    return `${address}; ${installed}; ${versions.replaceAll('\n', ', Node ')}`
  }

  async setPassword() {
    await this.#shell(`echo ${this.#kit.password} | wattslug passwd`)
    this.#client = await this.#connect()
    await this.#client.subscribeAsync('currentcost/#')
  }

  async refuse() {
    const stranger = await this.#connect({ username: undefined, password: undefined })
    await stranger.publishAsync('strange', 'from a stranger', { qos: 1, retain: true })
    await stranger.endAsync()
    await this.#client.subscribeAsync('strange/#')
    await this.#client.publishAsync('strange/end', 'from the owner', { qos: 1 })
    await this.#machine.until('what the owner publishes', () => this.#client.heard.has('strange/end'))
    if (this.#client.heard.has('strange')) throw failure('a stranger published')
  }

  async plugIn() {
    const sinceMs = Date.now()
    await this.#machine.plug(this.#meter)
    const { watts } = JSON.parse(await this.#hear(this.#client))
    this.figures['first reading'] = seconds(Date.now() - sinceMs)
    return `${watts} W`
  }

  async findName() {
    const target = await this.#shell('readlink -f /dev/wattslug-meter0')
    if (target !== '/dev/ttyUSB0') throw failure(`/dev/wattslug-meter0 leads to ${target}`)
    const wants = await this.#shell('udevadm info --query=property --property=SYSTEMD_WANTS --value /dev/ttyUSB0')
    if (wants !== 'wattslug.service') throw failure(`plugging it in starts ${wants}`)
    return `/dev/wattslug-meter0 leads to ${target}`
  }

  async browse() {
    await this.#shell('DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends avahi-utils', 900_000)
    const found = await this.#machine.until('the service in the network', async () => {
      const { output } = await this.#machine.shell(
        'avahi-browse --resolve --parsable --terminate _http._tcp; avahi-resolve -4 -n slug.local'
      )
      return /^=;eth0;IPv4;.*;slug\.local;10\.0\.2\.15;80;/m.test(output) && /^slug\.local\s+10\.0\.2\.15$/m.test(output)
    })
    return found && 'http://slug.local/'
  }

  async measure() {
    const pid = await this.#property('MainPID')
    const output = await this.#shell(`grep -hE '^(Rss|Anonymous|MemAvailable)' /proc/${pid}/smaps_rollup /proc/meminfo`)
    const megabytes = name => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(output)?.[1]) / 1024).toFixed(1)
    this.figures['resident MB'] = megabytes('Rss')
    this.figures['anonymous MB'] = megabytes('Anonymous')
    this.figures['left on the board MB'] = megabytes('MemAvailable')
    return `${await this.#shell('systemctl status wattslug.service | grep Status:')}; ${output.replaceAll(/\s+/g, ' ')}`
  }

  async reload() {
    const pid = await this.#property('MainPID')
    let isDropped = false
    this.#client.once('close', () => (isDropped = true))
    const set = async (access, status) => {
      await this.#shell(`sed -i 's/^#*access = .*/access = "${access}"/' /etc/wattslug.toml && systemctl reload wattslug.service`)
      const now = `http://127.0.0.1:${this.#machine.pagePort}/api/now`
      await this.#machine.until(`access = ${access}`, () =>
        fetch(now).then(
          answer => answer.status === status,
          () => false
        )
      )
    }
    await set('login', 401)
    await set('read', 200)
    await this.#hear(this.#client)
    if (isDropped || pid !== (await this.#property('MainPID'))) throw failure('it was not the same daemon')
  }

  async replug() {
    await this.#unplug()
    await this.#machine.plug(this.#meter)
    await this.#hear(this.#client)
  }

  async wake() {
    await this.#shell('systemctl stop wattslug.service')
    await this.#machine.unplug()
    const state = await this.#property('ActiveState')
    if (state !== 'inactive') throw failure(`it is ${state}`)
    await this.#machine.plug(this.#meter)
    await this.#hear(this.#client)
    return this.#shell('journalctl -u wattslug.service --boot --output=cat | grep -c Started').then(count => `started ${count} times`)
  }

  async hang() {
    const before = Number(await this.#property('NRestarts'))
    await this.#shell(`kill -STOP ${await this.#property('MainPID')}`)
    await this.#machine.until('the watchdog', async () => Number(await this.#property('NRestarts')) > before, 900_000)
    await this.#hear(this.#client)
    return this.#shell('journalctl -u wattslug.service --boot --output=cat | grep -i watchdog | head -n 1')
  }

  /** One client is away for whom messages are kept; another publishes them until the power goes. */
  async cutPower() {
    const away = await this.#connect({ clientId: 'away', clean: false })
    await away.subscribeAsync('kept/#', { qos: 1 })
    await away.endAsync()
    await sleep(storedMs)
    this.#energyBefore = Number(this.#client.heard.get('currentcost/0/energy'))
    let sent = 0
    const publishing = setInterval(() => {
      const topic = `kept/${sent++}`
      if (sent > messagesMost) return
      this.#client.publish(topic, 'still here', { qos: 1, retain: true }, error => error ?? this.#acknowledged.push(topic))
    }, 50)
    await this.#machine.until('messages to be acknowledged', () => this.#acknowledged.length >= 20)
    await this.#machine.cut()
    clearInterval(publishing)
    this.#client.end(true)
    return `${sent} messages sent, ${this.#acknowledged.length} acknowledged; ${this.#energyBefore} kWh told`
  }

  async bootAgain() {
    await this.#machine.switchOn()
    await this.#machine.plug(this.#meter)
    this.#client = await this.#connect()
    await this.#client.subscribeAsync(['currentcost/#', 'kept/#'])
    await this.#machine.until('a new reading', () => {
      const told = this.#client.heard.get('currentcost/0/state')
      return told && Date.parse(JSON.parse(told).time) > this.#machine.startedMs
    })
    this.figures['reading after power on'] = seconds(Date.now() - this.#machine.startedMs)
    await this.#machine.untilUp()
  }

  async findKept() {
    const again = await this.#connect({ clientId: 'away', clean: false })
    const lost = client => this.#acknowledged.filter(topic => client.heard.get(topic) !== 'still here')
    await this.#machine.until('what was kept for who was away', () => lost(again).length === 0)
    await this.#machine.until('the retained messages', () => lost(this.#client).length === 0)
    again.end(true)
    const energy = Number(this.#client.heard.get('currentcost/0/energy'))
    if (!(energy >= this.#energyBefore)) throw failure(`${this.#energyBefore} kWh were told before, now it is ${energy}`)
    const answer = await fetch(`http://127.0.0.1:${this.#machine.pagePort}/api/history?sensor=0&step=1m`)
    const { fromMs, energyWh } = await answer.json()
    const known = energyWh.filter((value, minute) => value !== null && fromMs + minute * 60_000 < this.#machine.startedMs - 60_000).length
    if (known === 0) throw failure('the history is lost')
    const { length } = this.#acknowledged
    return `${length} of ${length} queued, ${length} of ${length} retained, ${known} minutes of history, ${energy} kWh`
  }

  /** Opens the page at a phone's size, and takes a picture of it. */
  async look(name) {
    const browser = await this.#kit.chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
      await this.#machine.until('the page', () =>
        page.goto(`http://127.0.0.1:${this.#machine.pagePort}/`, { timeout: 120_000 }).then(
          () => true,
          () => false
        )
      )
      await page.waitForSelector('body[data-phase=live]', { timeout: 300_000 })
      await page.screenshot({ path: join(pictures, `${this.#name.replaceAll(' ', '-')}-${name}.png`) })
      return (await page.textContent('#power')).replaceAll(/\s+/g, ' ').trim()
    } finally {
      await browser.close()
    }
  }

  /** What the board is doing, for who must find out what went wrong. */
  async explain() {
    const { output } = await this.#machine.shell(
      'journalctl --boot --no-pager --lines=40; systemctl status wattslug --no-pager; free -m',
      120_000
    )
    return output
  }

  async #unplug() {
    await this.#machine.unplug()
    await this.#machine.until('its name to go', async () => (await this.#machine.shell('ls /dev/wattslug-meter*')).code !== 0)
    await this.#machine.until('the meter to be missed', () =>
      /"state":"(?!live)/.test(this.#client.heard.get('currentcost/bridge/meter') ?? '')
    )
  }

  /** An MQTT client outside, which keeps on trying: an emulated board may be busy for minutes. */
  async #connect(options = {}) {
    const { mqtt, password } = this.#kit
    const patience = { connectTimeout: 60_000, reconnectPeriod: 2_000, keepalive: 120 }
    const client = mqtt.connect(`mqtt://127.0.0.1:${this.#machine.mqttPort}`, { username: 'board', password, ...patience, ...options })
    client.heard = new Map()
    client.on('error', () => undefined).on('message', (topic, payload) => client.heard.set(topic, payload.toString()))
    await this.#machine.until('MQTT from outside', () => client.connected)
    return client
  }

  /** Waits for a reading that was not there before. */
  #hear(client) {
    const since = client.heard.get('currentcost/0/state')
    return this.#machine.until('a new reading', () => {
      const told = client.heard.get('currentcost/0/state')
      return told !== since && told
    })
  }

  async #property(name) {
    return this.#shell(`systemctl show wattslug.service --property=${name} --value`)
  }

  async #shell(command, withinMs) {
    const { code, output } = await this.#machine.shell(command, withinMs)
    if (code !== 0) throw failure(`on the board ${command} ended with ${code}:\n${output}`)
    return output
  }
}

const seconds = ms => `${(ms / 1000).toFixed(0)} s`

/** Takes one board through everything. Answers its row of the table. */
const tryBoard = async (arch, memory, suite, deb) => {
  const [{ makeDisks }, { Machine }, { default: mqtt }, { chromium }, { default: simulator }] = await Promise.all([
    import('./board/image.mjs'),
    import('./board/machine.mjs'),
    import('mqtt'),
    import('playwright-core'),
    import('../dist/fake-meter.cjs')
  ])
  const machine = new Machine(arch, memory, await makeDisks(arch, suite, deb))
  const meter = new simulator.SimulatedMeter({ ...simulator.houses.demo, zoneMs: 0, keepsTruth: false }, 1, Date.now())
  const trial = new Trial(`${suite} ${arch} ${memory} MB`, machine, meter, {
    mqtt,
    chromium,
    password: 'a slug in a box'.replaceAll(' ', '-')
  })
  try {
    await trial.run()
    return trial.figures
  } catch (error) {
    say(await trial.explain().catch(() => 'the board does not answer'))
    throw error
  } finally {
    await machine.dispose()
  }
}

const boardTest = async () => {
  checkNode()
  if (process.getuid?.() !== 0) throw failure('making a board’s disk needs root: run sudo npm run board-test')
  const { values } = parseArgs({ options: { arch: { type: 'string' }, memory: { type: 'string' }, suite: { type: 'string' } } })
  await installPackages()
  await installDebian(debianPackages)
  const { makePackages } = await import('./package.mjs')
  const packages = await makePackages()
  mkdirSync(pictures, { recursive: true })
  const boards = [
    { arch: 'amd64', memory: 128, suite: 'trixie' },
    { arch: 'amd64', memory: 128, suite: 'bookworm' },
    { arch: 'armhf', memory: 128, suite: 'trixie' },
    { arch: 'armhf', memory: 96, suite: 'trixie' }
  ].filter(board => Object.entries(values).every(([key, value]) => String(board[key]) === value))
  if (boards.length === 0) throw failure('there is no such board')
  const rows = []
  try {
    for (const { arch, memory, suite } of boards) {
      const deb = packages.find(path => path.endsWith(`_${arch}.deb`))
      rows.push(await tryBoard(arch, memory, suite, deb))
    }
  } finally {
    console.table(rows)
  }
  say(`${rows.length} boards are well; pictures are in dist/board`)
}

await main(boardTest)
process.exit() // clients that were cut off may still be trying
