/** What is shipped: one readable file that needs nothing but Node and the addon's prebuilds beside it. */
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { bundle, root, startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage } from '../fixtures/e2e/meter.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'

/** What ws takes if it is there, and does without. */
const accelerators = ['bufferutil', 'utf-8-validate']

t.test('the bundle and its prebuilds alone, in an empty folder, read a serial port', async t => {
  const folder = makeFolder(t)
  const copy = join(folder, 'wattslug.cjs')
  cpSync(bundle, copy)
  cpSync(join(root, 'dist/prebuilds'), join(folder, 'prebuilds'), { recursive: true })
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path, bundle: copy, cwd: folder })
  await daemon.untilSaid(/The port is open/)
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await port.write(bytesOf(houseMessage(987)))
  await stock.until('currentcost/0/power', '987')
  t.pass('987 W came')
  t.equal((await fetch(daemon.page)).status, 200, 'the page is inside it')
  t.equal((await daemon.stop()).code, 0)
})

t.test('where no prebuild fits, everything but a serial port works', async t => {
  const folder = join(makeFolder(t), 'alone')
  mkdirSync(folder)
  const copy = join(folder, 'wattslug.cjs')
  cpSync(bundle, copy)
  const simulated = await startDaemon(t, { source: 'demo', bundle: copy, cwd: folder })
  await simulated.untilSaid(/live\. Readings arrive/)
  t.pass('the simulated meter')
  const port = new Port(t)
  await port.plug()
  const serial = await startDaemon(t, { source: port.path, bundle: copy, cwd: folder })
  await serial.untilSaid(/failed\. \S+ cannot be opened/)
  t.notOk(serial.program.end, 'and a serial port says why not')
})

t.test('it asks for nothing but what Node brings', async t => {
  const code = readFileSync(bundle, 'utf8')
  const asked = new Set([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? ''))
  t.strictSame(
    [...asked].filter(name => !isBuiltin(name) && !accelerators.includes(name)),
    []
  )
})

t.test('it can be read', async t => {
  const code = readFileSync(bundle, 'utf8')
  const lines = code.split('\n')
  for (const name of [/\bFramer = class\b|\bclass Framer\b/, /\bfunction readCommand\(/]) t.ok(name.test(code), `names are kept: ${name}`)
  const long = lines.filter(line => line.length > 300).length
  t.ok(long / lines.length < 0.01, `${long} of ${lines.length} lines are long`)
})

t.test('it can be started by its name', async t => {
  t.match(readFileSync(bundle, 'utf8').split('\n')[0], /^#!.*\bnode\b/)
  t.ok(existsSync(bundle))
  const program = startBundle(t, ['--version'])
  t.match(await program.ended, { code: 0 })
})
