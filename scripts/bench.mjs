/**
 * `npm run bench`: start-up, memory, throughput, latency and hardship beside mosquitto and aedes, as one table.
 * With arguments: only the themes they name; `--quick` measures for too short a time, to see whether all goes.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { bundleAedes, unitEnvironment, unitFlags } from './bench/brokers.mjs'
import { endChildrenWithBench } from './bench/children.mjs'
import { measureGarbage } from './bench/garbage.mjs'
import { measureCgroup, measureFrozen, measureStorm } from './bench/hardship.mjs'
import { measureHistory } from './bench/history.mjs'
import { measureLatency } from './bench/latency.mjs'
import { attempt } from './bench/measure.mjs'
import { measureMemory } from './bench/memory.mjs'
import { measurePage } from './bench/page.mjs'
import { measureStartup } from './bench/startup.mjs'
import { printTable, verdictOf } from './bench/table.mjs'
import { measureFanIn, measureFanOut } from './bench/throughput.mjs'
import { build } from './build.mjs'
import { capture, failure, main, root, say } from './command.mjs'
import { checkNode, installDebian, installPackages } from './setup.mjs'

const themes = {
  startup: measureStartup,
  memory: measureMemory,
  garbage: measureGarbage,
  cgroup: measureCgroup,
  frozen: measureFrozen,
  storm: measureStorm,
  fanout: measureFanOut,
  fanin: measureFanIn,
  latency: measureLatency,
  history: measureHistory,
  page: measurePage
}

await main(async () => {
  const quick = process.argv.includes('--quick')
  const wanted = process.argv.slice(2).filter(argument => argument !== '--quick')
  const unknown = wanted.find(name => !Object.hasOwn(themes, name))
  if (unknown !== undefined) throw failure(`no such theme: ${unknown}; allowed: ${Object.keys(themes).join(', ')}, --quick`)
  checkNode()
  await installPackages()
  await installDebian(['mosquitto'])
  await build()
  const scratch = mkdtempSync(join(tmpdir(), 'wattslug-bench-'))
  endChildrenWithBench(() => rmSync(scratch, { recursive: true, force: true }))
  const context = { scratch, quick, troubles: [] }
  await bundleAedes(scratch)
  await attempt('the broker alone', context, () => bundleAlone(scratch))
  await printMachine()
  const startedAt = performance.now()
  const sections = []
  for (const [name, measure] of Object.entries(themes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const themeAt = performance.now()
    sections.push(...[await measure(context)].flat())
    say(`${name}: ${((performance.now() - themeAt) / 1_000).toFixed(0)} s`)
  }
  printTable(sections)
  printNotes(sections, context)
  console.log(`\n${((performance.now() - startedAt) / 1_000).toFixed(0)} s in all; load average at the end ${loadavg()[0].toFixed(1)}`)
  process.exit(0)
})

function printNotes(sections, { quick, troubles }) {
  console.log(`\n${verdictOf(sections)}${quick ? ' — of a QUICK run: too short to tell' : ''}`)
  for (const note of [
    '',
    'A broker is its own limit where its core is all taken; where it is not, the load generator may be, as is said beside it. `null` is a server that',
    'reads, drops, answers and copies without knowing MQTT: so much the load generator, Node’s sockets and the kernel can do together.',
    ...sections.flatMap(({ notes }) => ['', ...notes]),
    ...(troubles.length > 0 ? ['', 'What could not be measured, or went wrong:', ...troubles] : [])
  ])
    console.log(note === '' ? '' : `  ${note}`)
}

async function bundleAlone(scratch) {
  const [{ bundleDaemon }, { writeFileSync }] = await Promise.all([import('./bundle.mjs'), import('node:fs')]) // not before all is installed
  writeFileSync(
    join(scratch, 'alone.cjs'),
    await bundleDaemon({ version: 'bench', page: [], entry: join(root, 'scripts/bench/alone.mjs') })
  )
  symlinkSync(join(root, 'dist/prebuilds'), join(scratch, 'prebuilds')) // the store's
}

async function printMachine() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/aedes/package.json'), 'utf8'))
  const [, mosquitto] =
    /version (\S+)/.exec((await capture('mosquitto', ['-h'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } })).output) ?? []
  const processors = cpus()
  const environment = Object.entries(unitEnvironment()).map(([name, value]) => `${name}=${value}`)
  say(`${processors.length} × ${processors[0].model.trim()}, ${(totalmem() / 1e9).toFixed(1)} GB, Linux ${release()}, ${process.arch}`)
  say(
    `Node ${process.versions.node} (wattslug with ${[...environment, ...unitFlags()].join(' ')}), mosquitto ${mosquitto}, aedes ${version}`
  )
  say(`load average at the start ${loadavg()[0].toFixed(1)}; everything stays on the loopback`)
}
