/** Runs the tests under tap: a line for each file that passed, all that matters of those that failed, and tap's own totals. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './command.mjs'

/** Given here and not in package.json: with settings there, tap 21 overlooks `tsconfig`, whose `rootDir` its compiler asks for. */
const settings = [
  '--reporter=tap',
  '--include=test/**/*.ts',
  '--coverage-map=scripts/coverage-map.mjs',
  '--tsconfig=tsconfig.pure.json',
  '--jobs=2',
  '--timeout=600'
]

const point = /^( *)(not )?ok \d+(?: - (.*?))?(?: # time=([\d.]+)ms)?$/
const subtest = /^( *)# Subtest: /
const totals = /^# \{ total: \d+(?:, pass: (\d+))?(?:, fail: (\d+))?/

/** What tap tells of a test file that failed and nobody wants to read. */
const noise = /^(?:TAP version|\d+\.\.\d+|# time=| {2}(?:---|\.\.\.|(?:stdio|cwd|externalID|command|args|jobId):.*)$| {4}- |\s*$)/

/** Answers how many assertions passed and failed, by tap's own count, and says why if more than an assertion is wrong. */
export const runTap = async args => {
  const command = [join(root, 'node_modules/tap/dist/esm/run.mjs'), ...settings, ...args]
  // A tap around this one must not take it for one of its test files.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^TAP(_|$)/.test(name)))
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise(resolve => child.on('close', resolve))
  let counts
  let file // the lines of the test file that is being told of, if one is
  for await (const line of createInterface({ input: child.stdout })) {
    const sum = totals.exec(line)
    const [, indent, not, name, ms] = point.exec(line) ?? []
    if (sum !== null) counts = { passed: Number(sum[1] ?? 0), failed: Number(sum[2] ?? 0) }
    else if (indent === '') {
      console.log(`  ${not ?? ''}ok ${name} (${Math.round(Number(ms ?? 0))} ms)`)
      for (const told of (not === undefined ? comments : failures)(file ?? [])) console.log(`  ${told}`)
      file = undefined
    } else if (subtest.exec(line)?.[1] === '') file = []
    else if (file !== undefined) file.push(line)
    else if (!noise.test(line)) console.log(`  ${line}`)
  }
  return judge(await ended, counts)
}

/** What a file that passed has to tell: the tables of what was seen. */
const comments = lines => lines.filter(line => /^ {4}# (?!Subtest: |time=|\{ total: )/.test(line))

/** A file's lines without what passed: each failure stands under the names of the tests that it is in. */
const failures = lines => {
  const told = []
  let names = []
  let failedAt = 0 // how deep the last failure stands: a failed point further out only sums it up
  let skipTo // the line that ends what is not worth telling
  for (const [at, line] of lines.entries()) {
    const [, indent, not] = point.exec(line) ?? []
    if (skipTo !== undefined) skipTo = line === skipTo ? undefined : skipTo
    else if (subtest.test(line)) names.push(line)
    else if (indent !== undefined && (not === undefined || indent.length < failedAt)) {
      names = names.filter(name => subtest.exec(name)[1].length < indent.length)
      if (not === undefined) continue
      if (lines[at + 1] === `${indent}  ---`) skipTo = `${indent}  ...`
      failedAt = indent.length
    } else if (!/^\s*(?:\d+\.\.\d+.*|# time=.*)?$/.test(line)) {
      told.push(...names, line)
      names = []
      failedAt = indent?.length ?? failedAt
    }
  }
  return told
}

/** Adds what tap's count does not show: a crash, an empty run, a file that is not covered. */
const judge = (code, counts = { passed: 0, failed: 0 }) => {
  if (counts.failed > 0) return counts
  if (counts.passed === 0) console.log(`not ok: tap ran no test (exit code ${code})`)
  else if (code !== 0) console.log('not ok: all assertions hold, but ranks 0 to 3 are not covered in full: see the table above')
  else return counts
  return { ...counts, failed: 1 }
}
