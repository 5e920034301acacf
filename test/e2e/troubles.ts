/** What can be wrong with a meter's port is said once, in plain words, in the log and on the page. */
import { chmodSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage } from '../fixtures/e2e/meter.ts'
import { openPhone, startBrowser } from '../fixtures/e2e/phone.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { aWhile } from '../fixtures/e2e/wait.ts'

/** By then a port that cannot be opened was tried again more than once. */
const retriedMs = 3_500
const browser = await startBrowser(t)

/** The page and the retained topic say the same as the log, and the log says it once, however often the port is tried again. */
async function saidOnce(
  t: Parameters<typeof startDaemon>[0],
  daemon: Daemon,
  name: string,
  state: string,
  chip: string,
  what: RegExp
): Promise<void> {
  await daemon.untilSaid(what)
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await stock.until('currentcost/bridge/meter', what)
  t.match(JSON.parse(stock.last('currentcost/bridge/meter') ?? ''), { state }, `bridge/meter says ${state}`)
  const phone = await openPhone(t, browser, daemon.page)
  const shown = await phone.until(name, ({ phase, notice }) => phase === 'no-meter' && what.test(notice))
  t.equal(shown.chip, chip, 'the page says it in two words')
  t.equal(shown.watts, '', 'and shows no number')
  await aWhile(retriedMs)
  t.equal(daemon.said(what), 1, 'the log says it once')
  t.equal(stock.of('currentcost/bridge/meter').length, 1, 'the topic too')
  t.notOk(daemon.program.end, 'the daemon lives')
  t.strictSame(phone.errors, [], 'no error in the console')
  await phone.screenshot(`trouble-${name.replaceAll(' ', '-')}`)
}

t.jobs = 2

t.test('a wrong line speed', { buffered: true }, async t => {
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path })
  await daemon.untilSaid(/The port is open/)
  let babbling = true
  t.teardown(() => {
    babbling = false
  })
  const babble = async (): Promise<void> => {
    for (let seed = 1; babbling; seed++) {
      await port.write(noise(seed, 40))
      await aWhile(250)
    }
  }
  void babble()
  await saidOnce(
    t,
    daemon,
    'unreadable',
    'unreadable',
    'Unreadable',
    /the line speed is most likely not 57600. Try --baud 9600, then --baud 2400/
  )
  babbling = false
  t.equal(daemon.said(/rejected/), 0, 'noise is not told byte by byte')

  const phone = await openPhone(t, browser, daemon.page)
  await port.write(bytesOf(houseMessage(432)))
  await phone.untilLive(432)
  t.pass('the first message that can be read ends it')
})

t.test('no such device', { buffered: true }, async t => {
  const path = join(makeFolder(t), 'ttyUSB7')
  const daemon = await startDaemon(t, { source: path })
  await saidOnce(t, daemon, 'no such device', 'absent', 'No meter', /No such device: \S+ttyUSB7\. Plug in the meter's cable/)
})

t.test('permission denied', { buffered: true }, async t => {
  const isRoot = userInfo().uid === 0
  const port = new Port(t)
  await port.plug(isRoot ? '600' : '000')
  const state = join(makeFolder(t), 'state')
  mkdirSync(state)
  chmodSync(state, 0o777)
  const daemon = await startDaemon(t, { source: port.path, state, ...(isRoot ? { user: 'nobody' } : {}) })
  await saidOnce(t, daemon, 'permission denied', 'denied', 'No access', /Permission denied: \S+\. Add the user .* group dialout/)
})

t.test('a port that another program holds', { buffered: true }, async t => {
  const port = new Port(t)
  await port.plug()
  const first = await startDaemon(t, { source: port.path })
  await first.untilSaid(/The port is open/)
  const second = await startDaemon(t, { source: port.path })
  await saidOnce(t, second, 'port busy', 'busy', 'Port busy', /is held by another program/)
  await port.write(bytesOf(houseMessage(321)))
  await first.untilSaid(/live\. Readings arrive/)
  t.pass('the first one still reads it')
})

t.test('something that is no serial port', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: '/dev/null' })
  await saidOnce(t, daemon, 'no serial port', 'failed', 'Port failed', /\/dev\/null cannot be opened: .*Is it a serial port\?/)
})

t.test('a remote head that nobody runs', { buffered: true }, async t => {
  const daemon = await startDaemon(t, { source: 'tcp://127.0.0.1:9' })
  await saidOnce(
    t,
    daemon,
    'no remote head',
    'absent',
    'No meter',
    /No connection to tcp:\/\/127\.0\.0\.1:9 \(.*Start ser2net or socat there/
  )
})

/** Bytes such as a line at the wrong speed gives; the same seed gives the same. */
function noise(seed: number, bytes: number): Buffer {
  let state = seed * 7919
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 16) & 0xff
    })
  )
}
