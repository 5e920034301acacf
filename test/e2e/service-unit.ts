/** The service unit is one that systemd accepts, and what it starts is there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bundle, root, startBundle } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'

const verifier = 'systemd-analyze'
const unit = join(root, 'systemd/wattslug.service')
const there = existsSync(unit)
const text = there ? readFileSync(unit, 'utf8') : ''
const words = (/^ExecStart=(.*)/m.exec(text)?.[1] ?? '').split(' ')
const program = words.findIndex(word => /(^|\/)wattslug(\.cjs)?$/.test(word))
const missing = there ? false : 'there is no systemd/wattslug.service'
const unable = spawnSync(verifier, ['--version']).status === 0 ? missing : 'systemd-analyze is not here'

t.test('systemd-analyze verify has nothing to say', { skip: unable }, async t => {
  const copy = join(makeFolder(t), 'wattslug.service')
  // Nothing is installed where the tests run: Node and the program are those that run here.
  const [first = '', ...others] = words
  const here = existsSync(first) ? first : program === 0 ? bundle : process.execPath
  writeFileSync(copy, text.replace(/^ExecStart=.*/m, `ExecStart=${[here, ...others].join(' ')}`))
  const { status, stdout, stderr } = spawnSync(verifier, ['verify', '--man=no', '--recursive-errors=no', copy], {
    encoding: 'utf8'
  })
  t.equal(`${stdout}${stderr}`.trim(), '')
  t.equal(status, 0)
})

t.test('Node takes the switches that stand before the program', { skip: missing }, async t => {
  t.ok(program >= 0, `it starts ${words[program]}`)
  const switches = words.slice(1, Math.max(program, 1))
  t.match(await startBundle(t, ['--version'], { switches }).ended, { code: 0 }, switches.join(' '))
  t.equal(words[program + 1], 'run', 'and the program is told to run')
})
