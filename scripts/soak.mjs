/** `npm run soak -- --minutes 60`: mixed load against the built daemon; tells whether its memory is flat, no descriptor leaked and nothing was lost. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unitEnvironment, unitFlags } from './bench/brokers.mjs'
import { endChildrenWithBench, isRunning, start, stop } from './bench/children.mjs'
import { cpuSecondsOf } from './bench/proc.mjs'
import { build } from './build.mjs'
import { failure, main, root, say } from './command.mjs'
import { checkNode, installPackages } from './setup.mjs'
import { Crowd } from './soak/crowd.mjs'
import { Inside, inspectorFlag } from './soak/inside.mjs'
import { descriptorsOf, Watch } from './soak/watch.mjs'

const minuteMs = 60_000
/** What comes before is warming up (soak/watch.mjs), and a shorter run tells nothing of a slope. */
const warmMinutes = 30
/** How the slope is told, so that one sees it end. */
const stepMinutes = 15
/**
 * What is held must grow by less than that, in KB a minute, with all that chance may hide. Each minute has 6,000 messages, 130,000 deliveries and
 * 100 connections: of no message may an object be left, of no connection 200 bytes.
 */
const slopeMost = 20
/** LevelDB opens and closes files as it goes, 74 at most. */
const filesMost = 74

await main(async () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw failure(`--minutes wants a number, not ${values.minutes}`)
  checkNode()
  await installPackages()
  await build()
  const scratch = mkdtempSync(join(tmpdir(), 'wattslug-soak-'))
  endChildrenWithBench(() => rmSync(scratch, { recursive: true, force: true }))
  const daemon = await startDaemon(scratch)
  say(`Node ${process.versions.node} with ${unitFlags().join(' ')}; process ${daemon.child.pid}; load average ${loadavg()[0].toFixed(1)}`)
  const isWell = await soak(daemon, minutes)
  await stop(daemon.child)
  process.exit(isWell ? 0 : 1)
})

/** Runs a copy of dist/, so that a build meanwhile does not disturb it. */
async function startDaemon(scratch) {
  cpSync(join(root, 'dist'), join(scratch, 'dist'), { recursive: true })
  mkdirSync(join(scratch, 'state'))
  const ports = { tcp: await freePort(), ws: await freePort() }
  const settings = ['--source', 'demo', '--host', '127.0.0.1', '--state', join(scratch, 'state'), '--access', 'open']
  const where = ['--mqtt-port', String(ports.tcp), '--http-port', String(ports.ws)]
  const child = start(
    process.execPath,
    [...unitFlags(), inspectorFlag, join(scratch, 'dist/wattslug.cjs'), 'run', ...settings, ...where],
    unitEnvironment()
  )
  for (let tries = 0; !/page at/.test(child.told); tries++) {
    if (tries > 200 || !isRunning(child)) throw failure(`the daemon did not start:\n${child.told}`)
    await sleep(50)
  }
  return { child, ports }
}

async function soak({ child, ports }, minutes) {
  const inside = await Inside.of(child)
  await sleep(5_000)
  const before = descriptorsOf(child.pid)
  const crowd = new Crowd(ports)
  await crowd.start()
  const watch = new Watch(child.pid, inside)
  const startMs = performance.now()
  let spent = cpuOf(child.pid)
  for (let minute = 1; minute <= minutes; minute++) {
    await sleep(startMs + minute * minuteMs - performance.now())
    if (!isRunning(child)) throw failure(`the daemon ended in minute ${minute}:\n${child.told}`)
    const cpu = cpuOf(child.pid)
    printMinute(
      minute,
      await watch.minute(),
      crowd,
      cpu.map((seconds, at) => ((seconds - spent[at]) / 60) * 100)
    )
    spent = cpu
  }
  watch.stop()
  const sums = await crowd.finish()
  await sleep(15_000) // what lingers is cut off
  const after = descriptorsOf(child.pid)
  return judge({ crowd, sums, before, after, watch, minutes })
}

function printMinute(minute, { floor, top, compiled, rss, sockets, files, others }, crowd, [daemonCpu, ownCpu]) {
  const { told, messages, problems } = crowd
  const { lost, twice, taken } = crowd.sums()
  const count = name => told.get(name) ?? '?'
  console.log(
    `${String(minute).padStart(3)} min · anon ${kilobytes(floor)} to ${kilobytes(top)}, compiled ${kilobytes(compiled)}, RSS ${kilobytes(rss)} · ` +
      `sockets ${sockets}, files ${files}, other descriptors ${others} · CPU ${daemonCpu.toFixed(1)} %, own ${ownCpu.toFixed(1)} % · ` +
      `clients ${count('clients/connected')}, sessions ${count('sessions')}, retained ${count('retained/count')} · ` +
      `published ${messages}, taken ${taken}, dropped ${count('count/deliveries-dropped')}, too slow ${count('count/closed-too-slow')}, ` +
      `taken over ${count('count/closed-taken-over')}, slowed ${count('count/publishers-slowed')} · slabs free ${count('pool/free')} · ` +
      `lost ${lost}, twice ${twice}, problems ${problems.length}`
  )
}

/** Prints what came of it; answers whether all is well. */
function judge({ crowd, sums, before, after, watch, minutes }) {
  const { held } = watch.slopes(warmMinutes)
  const verdicts = [
    ['anon memory is flat, but for what V8 compiles', minutes < 2 * warmMinutes ? undefined : held.most < slopeMost],
    ['no descriptor leaked', after.sockets === before.sockets && after.others === before.others && after.files - before.files <= filesMost],
    ['nothing was lost or came twice', sums.lost === 0 && sums.twice === 0],
    ['nobody was closed who behaved well', crowd.problems.length === 0],
    ['the page was served', sums.requests > 0 && sums.requestsFailed === 0]
  ]
  console.log('\ncounters of the broker that are not 0:')
  for (const [name, value] of [...crowd.told].sort())
    if (/^(?:count|faults|pool|store)\//.test(name) && value !== '0') console.log(`  ${name} ${value}`)
  console.log(`published ${crowd.messages}, put off ${crowd.putOff}, refused ${crowd.refused}; ${JSON.stringify(sums)}`)
  for (const problem of crowd.problems.slice(0, 20)) console.log(`problem: ${problem}`)
  console.log('growth of anon memory, and between what it is likely to be; and without what V8 has compiled:')
  for (let from = 0; from < minutes; from += stepMinutes)
    console.log(`  from minute ${from}: ${textOf(watch.slopes(from, from + stepMinutes))}`)
  console.log(`  from minute ${warmMinutes} to the end: ${textOf(watch.slopes(warmMinutes))}`)
  console.log(`descriptors before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`)
  for (const [what, isSo] of verdicts) console.log(`${isSo === undefined ? 'not judged' : isSo ? 'yes' : 'NO'}: ${what}`)
  return verdicts.every(([, isSo]) => isSo !== false)
}

function cpuOf(pid) {
  return [pid, process.pid].map(cpuSecondsOf)
}

function textOf({ all, held }) {
  return [all, held].map(({ slope, least, most }) => `${slope.toFixed(1)} KB/min (${least.toFixed(1)} to ${most.toFixed(1)})`).join('; ')
}

function kilobytes(value) {
  return `${Math.round(value)} KB`
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
