/** `npm test`: checks types, style, dead code and the build, then runs the tests. With arguments: only the tests they name. */
import { join } from 'node:path'
import { build } from './build.mjs'
import { capture, main, root } from './command.mjs'
import { checkNode, installDebian, installPackages } from './setup.mjs'
import { runTap } from './tap.mjs'

/** What the scenarios talk to, what stock clients in other languages need, a font as wide as phones', and what judges the packages and tries them in a bare Debian. */
const debianPackages = [
  ...['chromium', 'mosquitto', 'mosquitto-clients', 'paho.mqtt.c-examples', 'python3-paho-mqtt', 'socat', 'strace'],
  ...['default-jre-headless', 'ecj', 'libmqtt-client-java'],
  ...['golang-go', 'golang-github-eclipse-paho.mqtt.golang-dev'],
  ...['fonts-liberation', 'lintian', 'man-db', 'mmdebstrap']
]

const tsc = 'typescript/bin/tsc'

/** Each is a program of a package, run by Node. */
const checks = [
  { name: 'types of the daemon and the tests', command: [tsc] },
  { name: 'types of the page', command: [tsc, '-p', 'src/page'] },
  { name: 'ranks 0 to 3 are pure', command: [tsc, '-p', 'tsconfig.pure.json'] },
  { name: 'style', command: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--diagnostic-level=warn'] },
  { name: 'no dead code', command: ['knip/bin/knip.js', '--no-progress', '--treat-config-hints-as-errors'] }
]

/** Answers how many of the checks failed; two run at a time. */
const runChecks = async () => {
  const waiting = [...checks]
  let failed = 0
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { code, output } = await capture(process.execPath, [join(root, 'node_modules', check.command[0]), ...check.command.slice(1)])
      console.log(code === 0 ? `ok ${check.name}` : `not ok ${check.name}\n${output.trimEnd()}`)
      if (code !== 0) failed += 1
    }
  }
  await Promise.all([work(), work()])
  return failed
}

const tryBuild = async () => {
  try {
    await build()
    return 0
  } catch (error) {
    console.log(`not ok build\n${error.message}`)
    return 1
  }
}

/** Answers what passed and failed in all. */
const test = async args => {
  checkNode()
  await installPackages()
  await installDebian(debianPackages)
  const failedBefore = (args.length === 0 ? await runChecks() : 0) + (await tryBuild())
  // A few test files cannot cover everything.
  const { passed, failed } = await runTap(args.length === 0 ? [] : ['--disable-coverage', ...args])
  return { passed, failed: failed + failedBefore }
}

await main(async () => {
  let counts = { passed: 0, failed: 1 }
  try {
    counts = await test(process.argv.slice(2))
  } finally {
    process.on('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed`))
  }
  return counts.failed === 0 ? 0 : 1
})
