/** What the service unit starts is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundle, freePort, root, startBundle } from '../fixtures/e2e/daemon.ts'
import { makeFolder, start } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'

const unit = join(root, 'systemd/wattslug.service')
const there = existsSync(unit)
const text = there ? readFileSync(unit, 'utf8') : ''
const words = (/^ExecStart=(.*)/m.exec(text)?.[1] ?? '').split(' ')
const program = words.findIndex(word => /(^|\/)wattslug(\.cjs)?$/.test(word))
const missing = there ? false : 'there is no systemd/wattslug.service'

t.test('Node takes the switches that stand before the program', { skip: missing }, async t => {
  t.ok(program >= 0, `it starts ${words[program]}`)
  const switches = words.slice(1, Math.max(program, 1))
  t.match(await startBundle(t, ['--version'], { switches }).ended, { code: 0 }, switches.join(' '))
  t.equal(words[program + 1], 'run', 'and the program is told to run')
})

const activate = 'systemd-socket-activate'
const noActivate = spawnSync(activate, ['--version']).status !== 0 && `there is no ${activate}`

t.test('the page is at every socket that systemd opens for it', { skip: noActivate }, async t => {
  const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const ports = ['--host', '127.0.0.1', '--mqtt-port', '0', '--http-port', '0']
  const daemon = [process.execPath, bundle, 'run', '--source', 'demo', ...ports, '--state', makeFolder(t)]
  const running = start(t, activate, [...addresses.flatMap(address => ['--listen', address]), '--fdname=http:http', ...daemon])
  await until('sockets', () => running.errors.filter(line => line.startsWith('Listening')).length === addresses.length)
  // The first who asks has it started.
  for (const address of addresses) t.equal((await fetch(`http://${address}/health`, { signal: AbortSignal.timeout(30_000) })).status, 200)
})
