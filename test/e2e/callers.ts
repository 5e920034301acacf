/** Addresses that open connections too fast, or many that say nothing: each in a network of its own, since who is on this machine may do so. */
import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { limits } from '../../src/limits.ts'
import { bundle, type Daemon, whenUp } from '../fixtures/e2e/daemon.ts'
import { makeFolder, start } from '../fixtures/e2e/program.ts'

const skip = spawnSync('unshare', ['--net', 'true']).status === 0 ? false : 'only root can set up a network'

const addresses = ['192.168.77.7', '192.168.77.8', '127.0.0.1'] as const

/** A daemon in a network of its own, in which this machine has those addresses. */
async function startAlone(t: Test, ...settings: readonly string[]): Promise<Daemon> {
  const setUp = 'ip link set lo up; ip addr add 192.168.77.7/24 dev lo; ip addr add 192.168.77.8/24 dev lo; exec "$@"'
  const run = [process.execPath, bundle, 'run', '--source', 'demo', '--state', makeFolder(t), '--mqtt-port', '1883', '--http-port', '8080']
  return await whenUp(start(t, 'unshare', ['--net', 'sh', '-ec', setUp, 'sh', ...run, '--access', 'open', ...settings]))
}

/** Runs a piece of a program in that network; answers what it prints. */
async function within(t: Test, { program }: Daemon, code: string): Promise<string> {
  const common = `const net = require('node:net')
const connectPacket = Buffer.from('101000044d5154540402003c000474657374', 'hex')
const opened = (port, from, first) => new Promise(resolve => {
  const socket = net.connect({ port, host: from, localAddress: from })
  socket.on('error', () => undefined)
  socket.on('close', () => resolve('cut off'))
  socket.on('data', () => resolve('answered'))
  socket.write(first)
})`
  const other = start(t, 'nsenter', [
    `--net=/proc/${program.pid}/ns/net`,
    process.execPath,
    '-e',
    `${common};(async () => {${code}})().then(() => process.exit())`
  ])
  await other.ended
  return [...other.out, ...other.errors].join('\n')
}

t.test('who connects too often is cut off on every port, and nobody else is', { skip }, async t => {
  const daemon = await startAlone(t, '--limit', 'connects-of-one-max=40')
  const said = await within(
    t,
    daemon,
    `const counts = { answered: 0, 'cut off': 0 }
const startMs = performance.now()
for (let index = 0; index < 120 || (counts['cut off'] < 40 && index < 2000); index++) counts[await opened(1883, '${addresses[0]}', connectPacket)]++
const tookMs = performance.now() - startMs
const page = await opened(8080, '${addresses[0]}', 'GET / HTTP/1.0\\r\\n\\r\\n')
const others = []
for (let index = 0; index < 120; index++) others.push(await opened(1883, '${addresses[2]}', connectPacket))
others.push(await opened(1883, '${addresses[1]}', connectPacket), await opened(8080, '${addresses[1]}', 'GET / HTTP/1.0\\r\\n\\r\\n'))
console.log(JSON.stringify({ ...counts, tookMs, page, others: [...new Set(others)] }))`
  )
  const { answered, tookMs, others } = JSON.parse(said) as { answered: number; tookMs: number; others: readonly string[] }
  t.ok(answered >= 40 && answered <= 41 + tookMs / limits.connectsOfOneMs, said)
  t.strictSame(others, ['answered'])
  t.equal(daemon.said(/warning 192\.168\.77\.7 opens connections too often; those past the bound are cut off/), 1, 'it is said once')
  const metrics = await within(t, daemon, `console.log(await (await fetch('http://127.0.0.1:8080/metrics')).text())`)
  t.match(metrics, /kind="connects-too-often"\} [4-9]\d/)
})

t.test('who connects often and says nothing does not keep others out', { skip }, async t => {
  const daemon = await startAlone(t)
  const said = await within(
    t,
    daemon,
    `let cut = 0
for (let index = 0; index < 200; index++) {
  for (const port of [1883, 8080]) {
    const socket = net.connect({ port, host: '${addresses[0]}', localAddress: '${addresses[0]}' })
    socket.on('error', () => undefined)
    socket.on('close', () => cut++)
    socket.write('')
  }
}
while (cut < 300) await new Promise(resolve => setTimeout(resolve, 10))
const others = [await opened(1883, '${addresses[1]}', connectPacket), await opened(8080, '${addresses[1]}', 'GET / HTTP/1.0\\r\\n\\r\\n')]
console.log(JSON.stringify(others))`
  )
  t.equal(said, '["answered","answered"]')
  t.equal(daemon.said(/warning 192\.168\.77\.7 opens many connections and says nothing/), 1)
})
