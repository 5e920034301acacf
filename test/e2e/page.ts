/** The page on a phone: honest about what it knows, back by itself after sleep and restarts, small, and at home on every screen. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, cc128Message, channel, houseMessage, sensorMessage } from '../fixtures/e2e/meter.ts'
import { makeNetwork } from '../fixtures/e2e/network.ts'
import { openPhone, type Phone, startBrowser, takePhone } from '../fixtures/e2e/phone.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

type Test = Parameters<typeof startDaemon>[0]

/** 35 KB of files, and the heads of ten answers. */
const firstLoadBytesMost = 40 * 1024
const longBytes = 32_000
const browser = await startBrowser(t)
t.jobs = 3

interface House {
  readonly daemon: Daemon
  readonly port: Port
}

async function setUp(t: Test, name?: string): Promise<House> {
  const port = new Port(t, name)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path })
  await daemon.untilSaid(/The port is open/)
  return { daemon, port }
}

t.test('it is small, asks nobody but the daemon, and marks the simulated meter', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'demo' })
  const phone = await takePhone(t, browser)
  const tools = await phone.page.context().newCDPSession(phone.page)
  let bytes = 0
  tools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await tools.send('Network.enable')
  await phone.page.goto(daemon.page)
  await phone.until('live, and that the meter is simulated', ({ phase, watts, simulated }) => phase === 'live' && watts !== '' && simulated)
  t.equal(daemon.said(/SIMULATED/), 1, 'so does the log')
  await phone.page.waitForLoadState('networkidle')
  t.ok(bytes > 2_000 && bytes <= firstLoadBytesMost, `the first load is ${bytes} bytes, heads and all`)
  for (const address of phone.requests) t.equal(new URL(address).host, `127.0.0.1:${daemon.httpPort}`, address)
  t.ok(
    phone.requests.some(address => address.startsWith('ws:')),
    'readings come over WebSocket'
  )
  t.strictSame(phone.errors, [], 'no error in the console')
  await until('all sensors', () =>
    phone.page
      .locator('#cards > li')
      .count()
      .then(count => count >= 2)
  )
  await phone.screenshot('page-demo')
})

t.test('a daemon that goes away and comes back', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const phone = await openPhone(t, browser, daemon.page)
  await phone.until('connecting', ({ phase, watts }) => phase === 'connecting' && watts === '')
  await phone.screenshot('page-connecting')
  await port.write(bytesOf(houseMessage(1111)))
  await phone.untilLive(1111)
  t.match(await phone.page.title(), /^1111 W/, 'the power stands in the title')

  let current = daemon
  for (const [index, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
    await current.stop(signal)
    const offline = await phone.until('offline', ({ phase }) => phase === 'offline')
    t.ok(offline.stale, `${signal}: no number passes for the present`)
    t.match(offline.notice, /reach wattslug/, 'and it says why')
    t.notMatch(await phone.page.title(), /\d W/, 'nor does the title')
    await phone.screenshot(`page-offline-${signal.toLowerCase()}`)
    // The pseudo-terminal went when the daemon let go of it; a cable would still be there.
    await port.unplug()
    await port.plug()
    current = await startDaemon(t, { source: port.path, mqttPort: daemon.mqttPort, httpPort: daemon.httpPort })
    await current.untilSaid(/The port is open/)
    await port.write(bytesOf(houseMessage(2220 + index)))
    await phone.untilLive(2220 + index)
    t.pass(`${signal}: it is back by itself`)
  }
})

/** So long the page's own pings wait for their answer, so that they find out later than this that a connection is dead. */
const pingAnswerMs = 5_000

/** Notes in a page, by its own clock, the type of each packet that goes out. */
const noting = `{
  const { send } = WebSocket.prototype
  window.sent = []
  WebSocket.prototype.send = function (packet) {
    sent.push({ type: packet[0] >> 4, atMs: performance.now() })
    send.call(this, packet)
  }
}`
const packetTypes = { subscribe: 8, pingreq: 12 } as const

t.test('a phone that slept, while its connection died without a word', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const network = await makeNetwork(t, daemon.httpPort)
  const phone = await takePhone(t, browser)
  await phone.page.addInitScript(noting)
  await phone.page.goto(`http://127.0.0.1:${network.port}/`)
  await port.write(bytesOf(houseMessage(300)))
  await phone.untilLive(300)
  const wakings = {
    visibilitychange: "document.dispatchEvent(new Event('visibilitychange'))",
    pageshow: "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
    online: "dispatchEvent(new Event('online'))"
  }
  for (const [index, [name, waking]] of Object.entries(wakings).entries()) {
    network.freeze()
    await port.write(bytesOf(houseMessage(301 + index)))
    const awake = `(() => { const [atMs, before] = [performance.now(), sent.length]; ${waking}; return { atMs, asked: sent.slice(before).map(({ type }) => type) } })()`
    const { atMs, asked } = (await phone.page.evaluate(awake)) as { readonly atMs: number; readonly asked: readonly number[] }
    t.strictSame(asked, [packetTypes.pingreq], `${name}: it asks at once whether the daemon is there`)
    const again = `sent.find(({ type, atMs }) => type === ${packetTypes.subscribe} && atMs > ${atMs})?.atMs`
    const backMs = await until('a new link', () => phone.page.evaluate(again) as Promise<number | undefined>)
    t.ok(backMs - atMs < pingAnswerMs, `${name}: it has a new link after ${Math.round(backMs - atMs)} ms`)
    await phone.untilLive(301 + index)
  }
  t.strictSame(phone.errors, [], 'no error in the console')
})

/** From a change of the world until the page is live again; where opening it takes long, three times as long as that. */
const backMs = 2_000

t.test(
  'back within two seconds: daemon stopped and continued, network gone and back, page frozen and thawed, daemon restarted',
  {
    buffered: true
  },
  async t => {
    const { daemon, port } = await setUp(t)
    const network = await makeNetwork(t, daemon.httpPort)
    await port.write(bytesOf(houseMessage(700)))
    const phone = await takePhone(t, browser)
    const beganMs = performance.now()
    await phone.page.goto(`http://127.0.0.1:${network.port}/`)
    await phone.untilLive(700)
    const backMsMost = Math.max(backMs, 3 * (performance.now() - beganMs))
    const tools = await phone.page.context().newCDPSession(phone.page)
    const isBack = async (watts: number, what: string) => {
      const startMs = performance.now()
      await phone.untilLive(watts)
      const tookMs = Math.round(performance.now() - startMs)
      t.ok(tookMs < backMsMost, `${what}: live again after ${tookMs} ms of at most ${Math.round(backMsMost)}`)
    }
    const isOffline = async (what: string) => {
      t.ok((await phone.until('offline', ({ phase }) => phase === 'offline')).stale, `${what}: no number passes for the present`)
    }
    const wakeUp = () => phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    daemon.program.signal('SIGSTOP')
    await isOffline('a daemon that hangs')
    daemon.program.signal('SIGCONT')
    await port.write(bytesOf(houseMessage(701)))
    await wakeUp()
    await isBack(701, 'a daemon that goes on')

    await phone.page.context().setOffline(true)
    await isOffline('without a network')
    await port.write(bytesOf(houseMessage(702)))
    network.bar(false)
    await phone.page.context().setOffline(false)
    await isBack(702, 'with a network')

    await tools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await port.write(bytesOf(houseMessage(703)))
    await tools.send('Page.setWebLifecycleState', { state: 'active' })
    await isBack(703, 'a page that was frozen')

    await daemon.stop('SIGKILL')
    await isOffline('a daemon that is gone')
    await port.unplug()
    await port.plug()
    const next = await startDaemon(t, { source: port.path, mqttPort: daemon.mqttPort, httpPort: daemon.httpPort })
    await next.untilSaid(/The port is open/)
    await port.write(bytesOf(houseMessage(704)))
    await wakeUp()
    await isBack(704, 'a daemon that was restarted, looked at again')
  }
)

t.test('in the background its title tells no power, for nobody renews it there', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const phone = await openPhone(t, browser, daemon.page)
  await port.write(bytesOf(houseMessage(640)))
  await phone.untilLive(640)
  const turn = (isHidden: boolean) =>
    phone.page.evaluate(
      `Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} }); document.dispatchEvent(new Event('visibilitychange'))`
    )
  await turn(true)
  t.equal(await phone.page.title(), 'wattslug')
  await port.write(bytesOf(houseMessage(641)))
  await turn(false)
  await phone.untilLive(641)
  t.match(await phone.page.title(), /^641 W/)
})

t.test('opened while the daemon is away, it shows what it knew and from when', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const phone = await takePhone(t, browser, { serviceWorkers: 'allow' })
  await phone.page.goto(daemon.page)
  await port.write(bytesOf(houseMessage(799) + sensorMessage(4, 44)))
  await phone.untilLive(799)
  await phone.page.evaluate('navigator.serviceWorker.ready.then(() => true)')
  daemon.program.signal('SIGSTOP')
  await phone.page.reload()
  const hanging = await phone.until('offline while the daemon hangs', ({ phase, watts }) => phase === 'offline' && watts !== '')
  t.match(hanging, { watts: '799', stale: true, age: /^As of \d?\d:\d\d, offline$/ })
  daemon.program.signal('SIGCONT')
  await port.write(bytesOf(houseMessage(800)))
  await phone.untilLive(800)
  await daemon.stop('SIGKILL')
  await phone.page.reload()
  const shown = await phone.until('offline', ({ phase, watts }) => phase === 'offline' && watts !== '')
  t.match(shown, { watts: '800', stale: true, chip: 'Offline', age: /^As of \d?\d:\d\d, offline$/, notice: /reach wattslug/ })
  t.notMatch(await phone.page.title(), /\d W/)
  await phone.screenshot('page-remembered')
  const proxy = createServer((_, response) => response.writeHead(502).end('Bad Gateway')).listen(daemon.httpPort)
  await once(proxy, 'listening')
  await phone.page.reload()
  await phone.until('offline, whatever a proxy says', ({ phase, watts }) => phase === 'offline' && watts !== '')
  proxy.closeAllConnections()
  await new Promise(resolve => proxy.close(resolve))
  await port.unplug()
  await port.plug()
  const state = { mqttPort: daemon.mqttPort, httpPort: daemon.httpPort }
  const next = await startDaemon(t, { source: port.path, ...state })
  await next.untilSaid(/The port is open/)
  await port.write(bytesOf(houseMessage(801)))
  await phone.untilLive(801)
  await until('what is not said again to go', () =>
    phone.page
      .locator('#cards > li')
      .count()
      .then(count => count === 0)
  )
})

t.test('a phone whose clock is set while it looks on', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'demo' })
  const phone = await openPhone(t, browser, daemon.page)
  await phone.until('live', ({ phase, watts }) => phase === 'live' && watts !== '')
  const told = () => phone.requests.filter(address => address.endsWith('/settings.json')).length
  const before = told()
  await phone.page.evaluate('(now => { Date.now = () => now.call(Date) + 3_600_000 })(Date.now)')
  await until('the daemon to be asked for its clock', () => told() > before)
  await phone.until('live, and no hour old', ({ phase, age }) => phase === 'live' && /just now|\d s ago/.test(age))
})

t.test('a connection that dies without a word while the phone is awake', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const network = await makeNetwork(t, daemon.httpPort)
  const phone = await openPhone(t, browser, `http://127.0.0.1:${network.port}/`)
  await port.write(bytesOf(houseMessage(400)))
  await phone.untilLive(400)
  network.bar(true)
  network.freeze()
  t.ok((await phone.until('offline', ({ phase }) => phase === 'offline')).stale, 'the page finds out by itself')
  network.bar(false)
  await port.write(bytesOf(houseMessage(401)))
  await phone.untilLive(401)
  t.pass('and is back by itself')
})

t.test('a message as long as the broker lets through, below the meter’s topics, ends no link', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'demo', more: ['--access', 'open'] })
  const phone = await takePhone(t, browser)
  const frameBytes: number[] = []
  let sockets = 0
  phone.page.on('websocket', socket => {
    sockets += 1
    socket.on('framereceived', ({ payload }) => frameBytes.push(payload.length))
  })
  await phone.page.goto(daemon.page)
  await phone.until('live', ({ phase }) => phase === 'live')
  const talker = await connectAsync(`mqtt://127.0.0.1:${daemon.mqttPort}`)
  t.teardown(() => talker.end(true))
  await talker.publishAsync('currentcost/9/state', 'x'.repeat(longBytes), { qos: 1 })
  await until('what was said after it', () => {
    const at = frameBytes.findIndex(bytes => bytes > longBytes)
    return at >= 0 && at < frameBytes.length - 1
  })
  t.equal(sockets, 1)
})

t.test('a page that was opened before the daemon was reachable is no dead end', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const phone = await takePhone(t, browser)
  let failing = true
  await phone.page.route('**/{settings.json,api/recent}', route => (failing ? route.abort() : route.continue()))
  await phone.page.goto(daemon.page)
  await port.write(bytesOf(houseMessage(500)))
  await phone.until('connecting', ({ phase, watts }) => phase === 'connecting' && watts === '')
  failing = false
  await phone.untilLive(500)
  t.pass('it asks again until it is answered')
})

t.test('numbers that have grown old are marked', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t)
  const phone = await takePhone(t, browser)
  // The host's bound is 90 s.
  await phone.page.route('**/settings.json', async route => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...((await response.json()) as object), staleMs: 8_000 } })
  })
  await phone.page.goto(daemon.page)
  await phone.until('connecting', ({ phase }) => phase === 'connecting')
  await port.write(bytesOf(houseMessage(600)))
  await phone.untilLive(600)
  const old = await phone.until('stale', ({ phase }) => phase === 'stale')
  t.ok(old.stale)
  t.match(old, { watts: '600', chip: 'Silent', age: /^Last reading \d+ s ago/, notice: /Nothing new from the meter/ })
  await phone.screenshot('page-stale')
  await port.write(bytesOf(houseMessage(601)))
  await phone.untilLive(601)
  t.pass('and the next reading is live')
})

/** What the user may ask for in the file. */
const wishes = `
[sensor.0]
name = "Farmhouse"
scale = 1.02
temperature-offset = -1.5
[sensor.1]
name = "Solar"
spike-filter = true
[sensor."meter2/0"]
name = "Annex"
scale = 0.5
[derived.net]
formula = "0 - 1"
`

t.test('two meters, with names, corrections and a sum', { buffered: true }, async t => {
  const [first, second] = [new Port(t, 'first'), new Port(t, 'second')]
  await Promise.all([first.plug(), second.plug()])
  const file = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(file, wishes)
  const daemon = await startDaemon(t, { source: `${first.path},${second.path}`, more: ['--config', file] })
  await daemon.untilSaid(/The port is open/, 2)
  const phone = await openPhone(t, browser, daemon.page)
  const shows = (what: RegExp | string) =>
    until(`the page to show ${what}`, async () => {
      const text = ((await phone.page.evaluate('document.querySelector("main").innerText')) as string).replaceAll(/\s+/g, ' ')
      return text.match(what) !== null
    })
  await second.write(bytesOf(houseMessage(500)))
  await first.write(bytesOf(houseMessage(1000) + sensorMessage(1, 3000) + sensorMessage(2, 70) + sensorMessage(5, 0)))
  await phone.untilLive(1020)
  t.equal((await phone.shown()).temperature, '19.9\u202f°C', 'the temperature is corrected as well')
  await shows(/^Farmhouse 1020 ?W .*Corrected: scale 1.02, temperature -1.5 0.00 kWh since \d/)
  await shows(/Sensors Solar 3000 ?W Corrected: spike filter .*Sensor 2 70 ?W .*Sensor 5 0 ?W .*Net −1980 ?W Reckoned: Farmhouse − Solar/)
  await shows(/Meter 2 CC128-v1.29 · \S+ Annex 250 ?W Corrected: scale 0.5/)
  await fits(t, phone, 'two meters')
  await second.unplug()
  await shows(/Meter 2 No meter No such device: /)
  const shown = await phone.shown()
  t.match(shown, { phase: 'live', stale: false, watts: '1020' }, 'which the first one has no part in')
  t.equal(await phone.page.locator('#further .card[data-stale]').count(), 1, 'its last number is marked')
  await fits(t, phone, 'one of two meters')
  t.strictSame(phone.errors, [], 'no error in the console')
})

/** A house that fills a screen: three channels, nine more sensors, long numbers, export, counters. */
const crowded = [
  cc128Message(
    `<tmpr>-12.5</tmpr><sensor>0</sensor><id>02000</id><type>1</type>${channel(1, 32_767)}${channel(2, 32_767)}${channel(3, 32_767)}`
  ),
  ...Array.from({ length: 6 }, (_, index) => sensorMessage(index + 1, [0, 7, 88, 2150, -3500, 32_767][index] ?? 0)),
  cc128Message(`<tmpr>20.0</tmpr><sensor>7</sensor><id>02007</id><type>1</type>${channel(1, 1200)}${channel(2, -32_767)}${channel(3, 3)}`),
  cc128Message('<tmpr>20.0</tmpr><sensor>8</sensor><id>02008</id><type>2</type><imp>0012345678</imp><ipu>1000</ipu>'),
  cc128Message('<tmpr>20.0</tmpr><sensor>9</sensor><id>02009</id><type>3</type><imp>0089466000</imp><ipu>1000</ipu>')
].join('')

/** As Linux names the meter's cable. */
const cable = 'usb-Prolific_Technology_Inc._USB-Serial_Controller-if00-port0'

const sizes = [
  { width: 360, height: 640 },
  { width: 390, height: 844 },
  { width: 430, height: 932 },
  { width: 320, height: 568 },
  { width: 844, height: 390 },
  { width: 1280, height: 800 }
] as const

t.test('every screen holds it without scrolling sideways, by day and by night', { buffered: true }, async t => {
  const { daemon, port } = await setUp(t, cable)
  const phone = await openPhone(t, browser, daemon.page, { colorScheme: 'light' })
  await phone.until('connecting', ({ phase, notice }) => phase === 'connecting' && notice !== '')
  await fits(t, phone, 'connecting')
  await port.write(bytesOf(crowded))
  await phone.untilLive(98_301)
  await until('all sensors', () =>
    phone.page
      .locator('#cards > li')
      .count()
      .then(count => count === 10)
  )
  await fits(t, phone, 'crowded')

  const [light, dark] = [await brightness(phone, 'light'), await brightness(phone, 'dark')]
  t.ok(light > 180 && dark < 70, `light has a brightness of ${light}, dark of ${dark}`)
  await phone.page.setViewportSize({ width: 390, height: 844 })
  await phone.screenshot('page-crowded-dark')

  await port.write(bytesOf(cc128Message(`<tmpr>18.0</tmpr><sensor>0</sensor><id>02000</id><type>1</type>${channel(1, -32_767)}`)))
  await phone.untilLive(-32_767)
  await fits(t, phone, 'export')
  await port.unplug()
  await phone.until('no meter', ({ phase }) => phase === 'no-meter')
  await fits(t, phone, 'no meter')
  await phone.screenshot('page-no-meter-dark')
  t.strictSame(phone.errors, [], 'no error in the console')
})

async function fits(t: Test, phone: Phone, what: string): Promise<void> {
  for (const size of sizes) {
    await phone.page.setViewportSize(size)
    const sideways = (await phone.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')) as number
    t.equal(sideways, 0, `${what}: ${size.width}×${size.height}`)
    t.strictSame(await phone.page.evaluate(cutOff), [], `${what}: nothing is cut off at ${size.width}×${size.height}`)
    t.strictSame(await phone.page.evaluate(holes), [], `${what}: no row of cards has a hole at ${size.width}×${size.height}`)
    if (size.width !== 360 && what !== 'crowded') continue
    await phone.page.waitForTimeout(400) // the trace is painted anew
    await phone.screenshot(`page-${what.replaceAll(' ', '-')}-${size.width}x${size.height}`)
  }
}

/** The names of what stands out over the edge of the screen or of its card. */
const cutOff = `[...document.querySelectorAll('header, main, footer, main *, nav, nav *')]
  .filter(element => element.checkVisibility() && !element.closest('.spoken, canvas, .bar, .plot, svg'))
  .filter(element => {
    const { left, right } = element.getBoundingClientRect()
    const range = document.createRange()
    range.selectNodeContents(element)
    const card = element.closest('.card')?.getBoundingClientRect()
    const inside = range.getBoundingClientRect()
    const edge = element.id === 'power' ? document.documentElement.clientWidth - 19 : card && element.matches('.value, .note, h3') ? card.right : Infinity
    return left < -1 || right > document.documentElement.clientWidth + 1 || inside.right > edge || (card && inside.bottom > card.bottom)
  })
  .map(element => element.id || element.className || element.tagName)`

/** The names of cards that stand in a row which they do not fill. */
const holes = `[...document.querySelectorAll('.cards')].flatMap(list => {
  const { right } = list.getBoundingClientRect()
  const cards = [...list.children].map(element => ({ name: element.innerText, box: element.getBoundingClientRect() }))
  return cards
    .filter(({ box }) => box.right < right - 1 && !cards.some(other => other.box.top === box.top && other.box.left > box.left))
    .map(({ name }) => name)
})`

/** Of the page's ground, 0 to 255. */
async function brightness(phone: Phone, colorScheme: 'light' | 'dark'): Promise<number> {
  await phone.page.emulateMedia({ colorScheme })
  const colours = (await phone.page.evaluate(
    '[document.body, document.documentElement].map(element => getComputedStyle(element).backgroundColor)'
  )) as readonly string[]
  const painted = colours.find(colour => !/, 0\)$|transparent/.test(colour)) ?? ''
  const [red = 0, green = 0, blue = 0] = (painted.match(/[\d.]+/g) ?? []).map(Number)
  return Math.round((red + green + blue) / 3)
}
