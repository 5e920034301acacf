/** Who connects how often: bursts that a home makes pass, faster ones do not, and nobody suffers for another. */
import { connect } from 'node:net'
import t from 'tap'
import { Callers } from '../../src/io/callers.ts'
import { makeProxies } from '../../src/io/proxies.ts'
import { makeTcpServer } from '../../src/io/tcp.ts'
import { limits, setLimits } from '../../src/limits.ts'
import { listenOnFree, TestClock } from '../fixtures/io/serving.ts'
import { until } from '../fixtures/io/waiting.ts'

function make(proxies: readonly string[] = []) {
  const clock = new TestClock()
  const lines: string[] = []
  const log = { ...silent, warnSeldom: (text: string) => void lines.push(text) }
  return { callers: new Callers(makeProxies(proxies), clock, log), clock, lines }
}

const silent = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }

const connectsOf = (callers: Callers, address: string, times: number): number =>
  Array.from({ length: times }, () => callers.mayConnect(address)).filter(Boolean).length

t.test('a burst passes, what is past it does not, and time heals', async t => {
  const { callers, clock, lines } = make()
  t.equal(connectsOf(callers, '192.168.1.7', limits.connectsOfOneMax + 50), limits.connectsOfOneMax)
  t.equal(callers.counters.get('connects-too-often'), 50)
  t.match(lines[0], /^192\.168\.1\.7 opens connections too often/)
  t.equal(connectsOf(callers, '192.168.1.8', 100), 100, 'another one does not suffer')
  clock.nowMs += 2_000
  t.equal(connectsOf(callers, '192.168.1.7', 500), 2_000 / limits.connectsOfOneMs)
  clock.nowMs += 3_600_000
  t.equal(connectsOf(callers, '192.168.1.7', 500), limits.connectsOfOneMax)
})

t.test('one address is one, however it is written, and a network of IPv6 too', async t => {
  const { callers } = make()
  t.equal(connectsOf(callers, '::ffff:192.168.1.7', limits.connectsOfOneMax), limits.connectsOfOneMax)
  t.notOk(callers.mayConnect('192.168.1.7'))
  t.ok(callers.mayConnect('::ffff:192.168.1.9'))
  t.equal(connectsOf(callers, '2001:db8:1:2::1', limits.connectsOfOneMax), limits.connectsOfOneMax)
  t.notOk(callers.mayConnect('2001:db8:1:2:ffff::2'))
  t.ok(callers.mayConnect('2001:db8:1:3::1'))
})

t.test('this machine and trusted proxies are not counted', async t => {
  const { callers } = make(['10.0.0.0/8'])
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.1.2.3'])
    t.equal(connectsOf(callers, address, 5_000), 5_000, address)
})

t.test('the table is bounded, and the one heard longest ago is forgotten', async t => {
  const { callers } = make()
  connectsOf(callers, '192.168.1.7', limits.connectsOfOneMax)
  for (let index = 0; index < limits.callersMax - 1; index++) callers.mayConnect(`10.${index >> 8}.${index & 255}.1`)
  t.notOk(callers.mayConnect('192.168.1.7'), 'it is remembered still')
  for (let index = 0; index < limits.callersMax; index++) callers.mayConnect(`11.${index >> 8}.${index & 255}.1`)
  t.ok(callers.mayConnect('192.168.1.7'))
})

t.test('those that say nothing are counted by address', async t => {
  const { callers, lines } = make(['10.0.0.1'])
  const silentOnes = [...Array.from({ length: 3 }, () => ({ peer: '192.168.1.7' })), { peer: '192.168.1.8' }, { peer: '10.0.0.1' }]
  t.ok(callers.mayBeSilent('192.168.1.7', silentOnes, 4))
  t.notOk(callers.mayBeSilent('192.168.1.7', silentOnes, 3))
  t.ok(callers.mayBeSilent('192.168.1.8', silentOnes, 3))
  t.ok(callers.mayBeSilent('10.0.0.1', silentOnes, 1))
  t.equal(callers.counters.get('connects-too-silent'), 1)
  t.match(lines[0], /says nothing/)
})

t.test('who comes too often is cut off at the door', async t => {
  const { callers } = make()
  setLimits({ connectsOfOneMax: 2 })
  t.teardown(() => setLimits({ connectsOfOneMax: 300 }))
  const peers: string[] = []
  const elsewhere: typeof callers.passage =
    enter =>
    // who is on this machine is not counted, so the test's connections say that they are not
    socket =>
      callers.passage(enter)(Object.defineProperty(socket, 'remoteAddress', { value: '192.168.1.7' }))
  const server = makeTcpServer(link => peers.push(link.peer), elsewhere)
  t.teardown(() => server.close())
  const port = await listenOnFree(server)
  let closes = 0
  for (let index = 0; index < 5; index++) {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('close', () => closes++)
  }
  await until(() => closes === 3, 'three are cut off')
  t.strictSame(peers, ['192.168.1.7', '192.168.1.7'])
})
