/** A year of readings of ten sensors: what it takes on the disk, what was written for it, and how fast and with how much memory it is looked at. */
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { failure, root } from '../command.mjs'
import { unitEnvironment, unitFlags } from './brokers.mjs'
import { attempt } from './measure.mjs'
import { atMost, decimals, megabytes } from './table.mjs'

export const measureHistory = async context => {
  const days = context.quick ? 40 : 365
  const measured = await attempt('history', context, () => yearOf(context.scratch, days))
  const row = (name, pick, show, goal) => ({
    name,
    values: { wattslug: measured ? pick(measured) : 'failed' },
    show,
    ...(goal && { goal })
  })
  return {
    title: `History: ${days} days of ten sensors`,
    rows: [
      row('on the disk, MB', ({ diskBytes }) => diskBytes / 1_000, megabytes),
      row('and at most, MB', ({ diskBytesMax }) => diskBytesMax / 1_000, megabytes),
      row('bytes written a reading', ({ wroteBytes }) => wroteBytes, decimals(0), atMost(60, '60 B')),
      row('bytes a reading, in whole blocks of the disk', ({ blockBytes }) => blockBytes, decimals(0)),
      ...Object.keys(measured?.ms ?? {}).map(name => row(`${name}, ms`, ({ ms }) => ms[name], decimals(1))),
      row('memory grows while all of that is asked, MB', ({ grownKb }) => grownKb, megabytes, atMost(8_000, '8 MB'))
    ],
    notes: [
      'History: a reading each minute, and each 6 s in the last two days, of which the bytes are told: forced to the disk each minute, with all that',
      'LevelDB writes when it merges tables. Whole blocks are pages of 4 KB that became dirty; each forced write has one at least, however few sensors share it.'
    ]
  }
}

const yearOf = async (scratch, days) => {
  const program = await bundleYear(scratch)
  const path = join(scratch, 'year')
  const loaded = await run(program, ['load', path, days])
  const diskBytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
  return { ...loaded, ...(await run(program, ['ask', path, days])), diskBytes }
}

const bundleYear = async scratch => {
  const { build } = await import('esbuild') // not before all is installed
  const outfile = join(scratch, 'year.mjs')
  const packages = createRequire(join(root, 'package.json'))
  await build({
    ...{
      entryPoints: [join(root, 'scripts/bench/year.mjs')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent'
    },
    define: { __dirname: JSON.stringify(dirname(packages.resolve('classic-level'))) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" }
  })
  return outfile
}

/** Answers what the program told in its last line. Memory is of interest only where it is asked. */
const run = (program, args) =>
  new Promise((resolve, reject) => {
    const flags = args[0] === 'ask' ? unitFlags() : []
    const child = spawn(process.execPath, [...flags, program, ...args.map(String)], {
      env: { ...process.env, ...unitEnvironment() },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let [output, errors] = ['', '']
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (errors += chunk))
    child.on('close', code => (code === 0 ? resolve(JSON.parse(output)) : reject(failure(errors || `the year ended with ${code}`))))
  })
