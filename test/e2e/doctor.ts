/** The doctor: asks the daemon that runs here, or listens himself, and says in plain words what he found and what to do next. */
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { sensorMessage } from '../fixtures/e2e/meter.ts'
import { Port, talk } from '../fixtures/e2e/port.ts'
import { makeFolder, type ProgramOptions } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

/** He listens for 40 s at most. */
const patienceMs = 100_000

interface Visit {
  readonly code: number | null
  readonly told: string
  readonly tookMs: number
}

async function visit(t: Test, args: readonly string[], options: ProgramOptions = {}): Promise<Visit> {
  const state = makeFolder(t)
  chmodSync(state, 0o777)
  const startMs = performance.now()
  const doctor = startBundle(t, ['doctor', '--host', '127.0.0.1', '--mqtt-port', '0', '--state', state, ...args], options)
  const { code } = await until('the doctor to end', () => doctor.end, patienceMs)
  t.strictSame(doctor.errors, [], 'he logs nothing')
  return { code, told: doctor.out.join('\n'), tookMs: performance.now() - startMs }
}

/** A port with a meter that speaks of two sensors. */
async function makeMeter(t: Test): Promise<Port> {
  const port = new Port(t)
  await port.plug()
  talk(t, port, sensorMessage(0, 400) + sensorMessage(3, 50), 1_000)
  return port
}

t.jobs = 2

t.test('a daemon that runs is asked, and tells what it knows', { buffered: true }, async t => {
  const port = await makeMeter(t)
  const daemon = await startDaemon(t, { source: port.path })
  await daemon.untilSaid(/live\. Readings arrive/)
  const { code, told } = await visit(t, ['--http-port', String(daemon.httpPort)])
  t.equal(code, 0)
  t.notMatch(told, 'listening to the meter', 'without listening himself')
  t.match(told, `Meter at ${port.path}, 57600 baud:\n  live: Readings arrive.\n`)
  t.match(told, /\n {2}\d+ bytes heard of a CC128-v1\.29\n {2}sensor 0: [\d.]+ messages a minute, .*\n {2}sensor 3: /)
  t.match(told, /\n {2}last fault: none\n {2}its clock: /)
  t.notMatch(told, /^trouble/m)

  await port.unplug()
  await daemon.untilSaid(/absent\. No such device/)
  const after = await visit(t, ['--http-port', String(daemon.httpPort)])
  t.equal(after.code, 1, 'no readings, no 0')
  t.match(after.told, `What to do next:\n  No such device: ${port.path}. Plug in the meter's cable`)
})

t.test('without a daemon he listens, no longer than it takes', { buffered: true }, async t => {
  const port = await makeMeter(t)
  const { code, told, tookMs } = await visit(t, ['--http-port', '0', '--source', port.path])
  t.equal(code, 0)
  t.match(told, /^No wattslug answers on port 0; listening to the meter for up to 40 s\.\n/)
  t.match(told, /sensor 0: [\d.]+ messages a minute/)
  t.match(told, /sensor 3: [\d.]+ messages a minute/)
  t.match(told, /\nWhat to do next:\n {2}Daemon: start it/)
  t.comment(`after ${Math.round(tookMs / 1000)} s`)
})

t.test('what answers there but is no wattslug is not taken for one', { buffered: true }, async t => {
  const other = createServer((request, response) => {
    if (request.url === '/api/meters') response.setHeader('X-Wattslug', '1')
    response.end('{"ports": [')
  })
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  const { code, told } = await visit(t, ['--http-port', String(port), '--source', join(makeFolder(t), 'ttyUSB7')])
  t.equal(code, 1)
  t.match(told, `No wattslug answers on port ${port}`)
})

t.test('no such port, and something that is no port', { buffered: true }, async t => {
  const path = join(makeFolder(t), 'ttyUSB7')
  const absent = await visit(t, ['--http-port', '0', '--source', path])
  t.equal(absent.code, 1)
  t.match(absent.told, `absent: No such device: ${path}. Plug in the meter's cable, or name its port with --source.`)
  t.match(absent.told, /\n {2}0 bytes heard\n/)
  const failed = await visit(t, ['--http-port', '0', '--source', '/dev/null'])
  t.equal(failed.code, 1)
  t.match(failed.told, /What to do next:\n {2}\/dev\/null cannot be opened: .*Is it a serial port\?$/m)
  const nobody = await visit(t, ['--http-port', '0', '--source', 'tcp://127.0.0.1:9'])
  t.equal(nobody.code, 1)
  t.match(nobody.told, /What to do next:\n {2}No connection to tcp:\/\/127\.0\.0\.1:9 .*Start ser2net or socat there/)
})

t.test('a port that this user may not open', { buffered: true }, async t => {
  const isRoot = userInfo().uid === 0
  const port = new Port(t)
  await port.plug(isRoot ? '600' : '000')
  const { code, told } = await visit(t, ['--http-port', '0', '--source', port.path], isRoot ? { user: 'nobody' } : {})
  t.equal(code, 1)
  t.match(told, /What to do next:\n {2}Permission denied: \S+\. Add the user .* group dialout/)
})

t.test('a port that another program holds', { buffered: true }, async t => {
  const port = await makeMeter(t)
  const daemon = await startDaemon(t, { source: port.path })
  await daemon.untilSaid(/live\. Readings arrive/)
  const { code, told } = await visit(t, ['--http-port', '0', '--source', port.path])
  t.equal(code, 1)
  t.match(told, `What to do next:\n  ${port.path} is held by another program`)
  t.match((await visit(t, ['--http-port', String(daemon.httpPort)])).code, 0, 'the daemon reads on')
})

t.test('another device than a meter', { buffered: true }, async t => {
  const port = new Port(t)
  await port.plug()
  talk(t, port, '$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n', 200)
  const { code, told } = await visit(t, ['--http-port', '0', '--source', port.path])
  t.equal(code, 1)
  t.match(told, /unreadable: Bytes come, but no message: the line speed is most likely not 57600\. Try --baud 9600/)
})

t.test('a meter that says nothing', { buffered: true }, async t => {
  const port = new Port(t)
  await port.plug()
  const { code, told } = await visit(t, ['--http-port', '0', '--source', port.path])
  t.equal(code, 1)
  t.match(
    told,
    /What to do next:\n {2}The port is open; waiting for .* check the cable at the meter's side, and that its display is on\.$/m
  )
  t.match(told, /\n {2}0 bytes heard\n/)
})
