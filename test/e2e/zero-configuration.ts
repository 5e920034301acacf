/** A meter is found without a word of settings, wherever it is plugged in, and whatever else is: each scenario has devices of its own. */
import { chmodSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStore } from '../../src/io/store.ts'
import { startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port, talk } from '../fixtures/e2e/port.ts'
import { makeDevices, makeFolder, noDevices, type Program, start } from '../fixtures/e2e/program.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

const everything = ['-t', 'currentcost/#', '-q', '1']
/** What a receiver of satellites says, without end. */
const gps = '$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n'

/** A whole house as one of two meters tells of it. */
const first = (watts: number): string => sensorMessage(0, watts, 20, 3_391)
const second = (watts: number): string => sensorMessage(0, watts, 20, 1_213)

/** The terminals that a process has open. */
function terminalsOf(program: Program): readonly string[] {
  const folder = `/proc/${program.pid}/fd`
  const targets = readdirSync(folder).map(name => {
    try {
      return readlinkSync(join(folder, name))
    } catch {
      return ''
    }
  })
  return targets.filter(target => target.startsWith('/dev/pts/'))
}

/** Not root, for root sees that socat holds the terminals that it makes. */
const user = 'nobody'

/** A folder into which that user may write. */
function makeState(t: Test): string {
  const folder = makeFolder(t)
  chmodSync(folder, 0o777)
  return folder
}

async function plug(port: Port): Promise<void> {
  await port.plug('666')
}

function startDoctor(t: Test, devices: string): Program {
  return startBundle(t, ['doctor', '--http-port', '0', '--state', makeState(t)], { devices, user })
}

t.jobs = 2
/** Anew for each: tap writes into it. */
const options = () => ({ buffered: true, skip: noDevices })

t.test('a meter that is plugged in later is found, remembered, and found again under another name', options(), async t => {
  const [devices, state] = [makeDevices(t), makeState(t)]
  const daemon = await startDaemon(t, { devices, user, state })
  await daemon.untilSaid(/absent\. No meter found yet\. There is no serial port\. Plug in the meter's cable, or name its port/)
  const stock = await mosquittoSub(t, daemon.mqttPort, everything)
  await stock.until('currentcost/bridge/meter', /"absent".*"source":"auto"/)

  const here = new Port(t, 'ttyUSB90', devices)
  await plug(here)
  await daemon.untilSaid(/\/dev\/ttyUSB90 is listened to: nothing heard yet/)
  t.pass('it says what it does before the meter has spoken')
  talk(t, here, first(1_234))
  await stock.until('currentcost/0/power', '1234')
  await stock.until('currentcost/bridge/meter', /"live"/)
  await daemon.untilSaid(/meter \/dev\/ttyUSB90: live/)

  await here.unplug()
  await stock.until('currentcost/bridge/meter', /"absent".*There is no serial port/)
  const there = new Port(t, 'ttyUSB91', devices)
  await plug(there)
  talk(t, there, first(2_345))
  await stock.until('currentcost/0/power', '2345')
  await daemon.untilSaid(/meter \/dev\/ttyUSB91: live/)
  t.equal(daemon.said(/ is up/), 1, 'without a restart')

  await daemon.stop()
  const store = await openStore(join(state, 'store'), () => undefined)
  const known = JSON.parse(Buffer.from(store.get('meters') ?? '').toString())
  await store.close()
  t.strictSame(known, [{ id: '', port: '/dev/ttyUSB91', baud: 57_600, radios: ['0/3391'] }], 'it is remembered in the state folder')
})

t.test('the name that lasts is the one that is told', options(), async t => {
  const devices = makeDevices(t)
  mkdirSync(join(devices, 'serial/by-id'), { recursive: true })
  const port = new Port(t, 'serial/by-id/usb-Prolific_Technology_Inc-if00-port0', devices)
  await plug(port)
  talk(t, port, first(456))
  const daemon = await startDaemon(t, { devices, user, state: makeState(t) })
  await daemon.untilSaid(/meter \/dev\/serial\/by-id\/usb-Prolific_Technology_Inc-if00-port0: live/)
  t.pass('it is read there')
})

t.test('a port that another process holds is left alone and named, and read once it is free', options(), async t => {
  const devices = makeDevices(t)
  const port = new Port(t, 'ttyUSB90', devices)
  await plug(port)
  const holder = start(t, 'sh', ['-c', `exec sleep 600 <${port.path}`], { user })
  await until('sleep to hold the port', () => terminalsOf(holder).length > 0)
  const daemon = await startDaemon(t, { devices, user, state: makeState(t) })
  const held = new RegExp(`busy\\. No meter found yet\\. /dev/ttyUSB90 is held by sleep \\(process ${holder.pid}\\)\\.`)
  await daemon.untilSaid(held)
  const stock = await mosquittoSub(t, daemon.mqttPort, everything)
  talk(t, port, first(500))
  await aWhile(4_000)
  t.strictSame(stock.of('currentcost/0/power'), [], 'nothing was read')
  t.strictSame(terminalsOf(daemon.program), [], 'and nothing opened')
  t.equal(daemon.said(held), 1, 'said once')

  const doctor = startDoctor(t, devices)
  t.equal((await doctor.ended).code, 1, 'the doctor finds no readings')
  const told = doctor.out.join('\n')
  t.match(told, `/dev/ttyUSB90: held by sleep (process ${holder.pid})`, 'and names who holds the port')
  t.match(told, /What to do next:\s+No meter found yet\. \/dev\/ttyUSB90 is held by sleep/)

  await holder.kill()
  await stock.until('currentcost/0/power', '500')
  t.pass('then it is read')
})

t.test('a port on which something else speaks is left alone, and the meter beside it read', options(), async t => {
  const devices = makeDevices(t)
  const stranger = new Port(t, 'ttyACM90', devices)
  await plug(stranger)
  talk(t, stranger, gps, 100)
  const daemon = await startDaemon(t, { devices, user, state: makeState(t) })
  await daemon.untilSaid(/\/dev\/ttyACM90 speaks something else than a CurrentCost meter\./)
  await until('its port to be closed', () => terminalsOf(daemon.program).length === 0)

  const doctor = startDoctor(t, devices)
  const port = new Port(t, 'ttyUSB90', devices)
  await until('the doctor to end', () => doctor.end, 90_000)
  t.match(doctor, { end: { code: 1 } }, 'the doctor finds no readings')
  t.match(doctor.out.join('\n'), /What to do next:\s+.*\/dev\/ttyACM90 speaks something else/, 'and says why')

  await plug(port)
  talk(t, port, first(678))
  const stock = await mosquittoSub(t, daemon.mqttPort, everything)
  await stock.until('currentcost/0/power', '678')
  t.equal(terminalsOf(daemon.program).length, 1, 'only the meter is open')
})

t.test('two meters at once: each keeps its topics, also when their cables change places', options(), async t => {
  const [devices, state] = [makeDevices(t), makeState(t)]
  const [one, two] = [new Port(t, 'ttyUSB90', devices), new Port(t, 'ttyUSB91', devices)]
  const before = await startDaemon(t, { devices, user, state })
  const stock = await mosquittoSub(t, before.mqttPort, everything)
  await plug(one)
  const sayOne = talk(t, one, first(1_000))
  await stock.until('currentcost/0/power', '1000')
  await plug(two)
  const sayTwo = talk(t, two, second(2_000))
  await stock.until('currentcost/meter2/0/power', '2000')
  await stock.until('currentcost/bridge/meter2', /"live"/)
  // What is heard first at the next start is another transmitter than the one by which each meter was met.
  sayOne(sensorMessage(1, 11, 20, 77))
  sayTwo(sensorMessage(1, 22, 20, 88))
  await stock.until('currentcost/1/power', '11')
  await stock.until('currentcost/meter2/1/power', '22')
  await before.stop()

  for (const port of [one, two]) await port.unplug()
  for (const port of [one, two]) await plug(port)
  sayOne(sensorMessage(1, 23, 20, 88))
  sayTwo(sensorMessage(1, 12, 20, 77))
  const after = await startDaemon(t, { devices, user, state })
  const again = await mosquittoSub(t, after.mqttPort, everything)
  await again.until('currentcost/1/power', '12')
  await again.until('currentcost/meter2/1/power', '23')
  await after.untilSaid(/meter \/dev\/ttyUSB91: live/)
  t.strictSame([...new Set(again.of('currentcost/1/power'))], ['12'], 'the first meter is the first')
  t.strictSame([...new Set(again.of('currentcost/meter2/1/power'))], ['23'], 'and the second the second')
})

t.test('the doctor without a port says so, and with a meter that all is well', options(), async t => {
  const devices = makeDevices(t)
  const none = startDoctor(t, devices)
  t.equal((await none.ended).code, 1)
  t.match(none.out.join('\n'), /Serial ports of this machine:\n {2}none\n/)
  t.match(none.out.join('\n'), /What to do next:\s+No meter found yet\. There is no serial port\. Plug in the meter's cable/)

  const port = new Port(t, 'ttyUSB90', devices)
  await plug(port)
  talk(t, port, first(900))
  const well = startDoctor(t, devices)
  t.equal((await until('the doctor to end', () => well.end, 90_000)).code, 0)
  const told = well.out.join('\n')
  t.match(told, /Meter at \/dev\/ttyUSB90, 57600 baud:\n {2}live: Readings arrive\./)
  t.match(told, /What to do next:\n {2}Daemon: start it/)
})
