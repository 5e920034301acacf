/** `npm run bench`: start-up, memory, throughput and latency beside mosquitto and aedes. With arguments: only the themes they name. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { bundleAedes, unitFlags } from './bench/brokers.mjs'
import { endChildrenWithBench } from './bench/children.mjs'
import { measureLatency } from './bench/latency.mjs'
import { measureMemory } from './bench/memory.mjs'
import { measureStartup } from './bench/startup.mjs'
import { printTable } from './bench/table.mjs'
import { measureThroughput } from './bench/throughput.mjs'
import { build } from './build.mjs'
import { capture, failure, main, root, say } from './command.mjs'
import { checkNode, installDebian, installPackages } from './setup.mjs'

const themes = { startup: measureStartup, memory: measureMemory, throughput: measureThroughput, latency: measureLatency }

await main(async () => {
  const wanted = process.argv.slice(2)
  const unknown = wanted.find(name => !Object.hasOwn(themes, name))
  if (unknown !== undefined) throw failure(`no such theme: ${unknown}; allowed: ${Object.keys(themes).join(', ')}`)
  checkNode()
  await installPackages()
  await installDebian(['mosquitto'])
  await build()
  const scratch = mkdtempSync(join(tmpdir(), 'wattslug-bench-'))
  endChildrenWithBench(() => rmSync(scratch, { recursive: true, force: true }))
  await bundleAedes(scratch)
  await printMachine()
  const startedAt = performance.now()
  for (const [name, measure] of Object.entries(themes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    for (const table of [await measure({ scratch })].flat()) printTable(table)
  }
  console.log(`\n${((performance.now() - startedAt) / 1_000).toFixed(0)} s in all; load average at the end ${loadavg()[0].toFixed(1)}`)
  process.exit(0)
})

async function printMachine() {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/aedes/package.json'), 'utf8'))
  const [, mosquitto] =
    /version (\S+)/.exec((await capture('mosquitto', ['-h'], { env: { PATH: `${process.env.PATH}:/usr/sbin` } })).output) ?? []
  const processors = cpus()
  say(`${processors.length} × ${processors[0].model.trim()}, ${(totalmem() / 1e9).toFixed(1)} GB, Linux ${release()}, ${process.arch}`)
  say(`Node ${process.versions.node} (wattslug with ${unitFlags().join(' ')}), mosquitto ${mosquitto}, aedes ${version}`)
  say(`load average at the start ${loadavg()[0].toFixed(1)}; everything stays on the loopback`)
}
