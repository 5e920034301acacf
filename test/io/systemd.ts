/** What systemd gives is found by name, and what it is told arrives: over its descriptor, and by its own program. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findSystem } from '../../src/io/systemd.ts'
import { until } from '../fixtures/e2e/wait.ts'

const pid = process.pid
const lacks = (command: string, flag: string): string | false => spawnSync(command, [flag]).status !== 0 && `there is no ${command}`

t.test('the sockets of the page are found by their name, if they are given to this process', async t => {
  const given = { LISTEN_PID: String(pid), LISTEN_FDS: '4', LISTEN_FDNAMES: 'other:http:http' }
  t.strictSame(findSystem(given, pid).pageDescriptors, [4, 5])
  t.strictSame(findSystem(given, pid + 1).pageDescriptors, [])
  t.strictSame(findSystem({}, pid).pageDescriptors, [])
  t.strictSame(findSystem({ ...given, LISTEN_FDS: 'many' }, pid).pageDescriptors, [])
})

t.test('it tells over the descriptor that systemd opened, and the same status once', async t => {
  const path = join(t.testdir(), 'told')
  const descriptor = openSync(path, 'w')
  t.teardown(() => closeSync(descriptor))
  const names = [...Array(descriptor - 3).fill('other'), 'notify']
  const { supervisor } = findSystem(
    { LISTEN_PID: String(pid), LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':'), WATCHDOG_USEC: '60000000' },
    pid
  )
  supervisor.ready()
  supervisor.status('live:\n230 W')
  supervisor.status('live:\n230 W')
  supervisor.alive()
  supervisor.reloading()
  supervisor.ready()
  supervisor.stopping()
  const told = readFileSync(path, 'utf8')
  t.match(told, /^READY=1STATUS=live: 230 WWATCHDOG=1RELOADING=1\nMONOTONIC_USEC=\d+READY=1STOPPING=1$/)
  const [uptimeSeconds = ''] = readFileSync('/proc/uptime', 'utf8').split(' ')
  const reloadedSeconds = Number(/USEC=(\d+)READY/.exec(told)?.[1]) / 1e6
  t.ok(reloadedSeconds > 0 && reloadedSeconds <= Number(uptimeSeconds) + 1, 'by the clock that systemd uses')
  t.equal(supervisor.aliveMs, 20_000)
})

t.test('a descriptor that takes nothing stops nothing', async () => {
  const descriptor = openSync('/dev/full', 'w')
  const names = [...Array(descriptor - 3).fill('other'), 'notify']
  const { supervisor } = findSystem({ LISTEN_PID: String(pid), LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':') }, pid)
  supervisor.ready()
  closeSync(descriptor)
  supervisor.alive()
})

t.test('without systemd nothing is told, and another process is watched, not this', async t => {
  const { supervisor } = findSystem({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(pid + 1) }, pid)
  supervisor.ready()
  t.equal(supervisor.aliveMs, 0)
})

t.test('an older systemd is told by its own program', { skip: lacks('systemd-notify', '--version') || lacks('socat', '-V') }, async t => {
  const folder = t.testdir()
  const path = join(folder, 'notify')
  let told = ''
  const socket: ChildProcess = spawn('socat', ['-u', `UNIX-RECV:${path}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] })
  socket.stdout?.setEncoding('utf8').on('data', text => {
    told += text
  })
  t.teardown(() => socket.kill())
  await until('the socket', () => existsSync(path))
  process.env['NOTIFY_SOCKET'] = path
  t.teardown(() => delete process.env['NOTIFY_SOCKET'])
  const { supervisor } = findSystem({ NOTIFY_SOCKET: path }, pid)
  supervisor.ready()
  for (let watts = 0; watts < 50; watts++) supervisor.status(`live: ${watts} W`)
  await until('the last status', () => told.includes('live: 49 W'))
  supervisor.reloading()
  await until('the reload', () => told.includes('USEC'))
  t.match(told, /RELOADING=1\nMONOTONIC_USEC=\d+/, 'in one message')
  t.match(told, /READY=1/)
  t.notMatch(told, /live: 20 W/, 'what is out of date is not told')
})
