/** What the service unit starts is there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root, startBundle } from '../fixtures/e2e/daemon.ts'

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
