/** The doorkeeper and its files: who somebody is, as mosquitto's own programs write it down. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Doorkeeper } from '../../src/io/doorkeeper.ts'
import { makeLog } from '../../src/io/log.ts'
import type { PasswordState } from '../../src/io/password.ts'
import { readAcl, readUsers } from '../../src/io/users.ts'
import { limits } from '../../src/limits.ts'
import type { Verdict } from '../../src/mqtt/access.ts'
import { TestClock } from '../fixtures/io/serving.ts'
import { connect } from '../fixtures/mqtt/packets.ts'

const unavailable = spawnSync('mosquitto_passwd', ['--help']).error ? 'there is no mosquitto_passwd' : false
const salt = Buffer.from('salt')
const old = (password: string): string =>
  `$6$${salt.toString('base64')}$${createHash('sha512').update(password).update(salt).digest('base64')}`

/** A doorkeeper, its users' file, and what it logs. */
function open(folder: string, text = `alice:${old('wonderland')}\nbob:${old('builder')}\n`) {
  const users = join(folder, 'users')
  writeFileSync(users, text)
  const lines: string[] = []
  const clock = new TestClock()
  let password: PasswordState = { kind: 'none' }
  const keeper = new Doorkeeper({
    password: () => password,
    clock,
    log: makeLog(
      line => lines.push(line),
      false,
      () => clock.wallMs()
    )
  })
  const load = (access: 'open' | 'read' | 'login' = 'read', acl?: string): void => keeper.prepare({ access, users, acl, root: 'meter' })()
  load()
  const identify = async (user?: string, said?: string): Promise<Verdict> => {
    const packet = connect('c', { user, password: said === undefined ? undefined : Buffer.from(said) })
    return new Promise(resolve => {
      const verdict = keeper.identify(packet, '10.0.0.1', resolve)
      if (verdict !== 'later') resolve(verdict)
    })
  }
  const setPassword = (state: PasswordState): void => {
    password = state
  }
  return { keeper, users, lines, clock, load, identify, setPassword }
}

t.test("mosquitto_passwd's files are read as they are", { skip: unavailable }, async t => {
  const folder = t.testdir()
  const file = join(folder, 'written')
  spawnSync('mosquitto_passwd', ['-c', '-b', file, 'älice', 'öffne dich'])
  spawnSync('mosquitto_passwd', ['-b', file, 'bob', 'builder'])
  const { identify } = open(folder, `# of the house\n\n${readFileSync(file, 'utf8')}old:${old('x')}\n`)
  t.match(await identify('älice', 'öffne dich'), { user: 'älice', proof: /^\$7\$/ })
  t.match(await identify('bob', 'builder'), { user: 'bob' })
  t.match(await identify('old', 'x'), { user: 'old', proof: /^\$6\$/ })
  t.equal(await identify('bob', 'öffne dich'), 0x86)
})

t.test('what is wrong with a file is told with its line, and without a password that stands there', async t => {
  const file = join(t.testdir(), 'users')
  const table: readonly (readonly [text: string | Buffer, fault: RegExp])[] = [
    ['\nsecret\n', /users: line 2: a name of 1 to 128 characters, a colon and a hash are wanted$/],
    [':x', /line 1: a name/],
    [`${'a'.repeat(limits.userNameCharactersMax + 1)}:x`, /line 1: a name/],
    ['alice:secret', /line 1: alice: no hash of mosquitto_passwd's with \$7\$ or \$6\$$/],
    ['alice:$argon2id$v=19$x', /line 1: alice: no hash/],
    [`alice:${old('x')}\nalice:${old('y')}`, /line 2: alice: stands here twice/],
    [Array.from({ length: limits.usersMax + 1 }, (_, n) => `${n}:${old('x')}`).join('\n'), /(?:too many users|longer than)/],
    ['#'.repeat(limits.accessFileBytesMax + 1), /users: longer than 32768 bytes/],
    [Buffer.of(0x61, 0xff), /users: this is no UTF-8$/]
  ]
  for (const [text, fault] of table) {
    writeFileSync(file, text)
    t.throws(() => readUsers(file), { message: fault }, String(fault))
  }
  writeFileSync(file, 'topic a#')
  t.throws(() => readAcl(file), { message: /users: line 1: topic: a# is no topic filter/ })
})

t.test('a file that cannot be read is told with its setting and what to do', async t => {
  const folder = t.testdir()
  const nowhere = join(folder, 'nowhere')
  t.throws(() => readUsers(nowhere), {
    message: `users: ${nowhere}: there is no such file; make it with: mosquitto_passwd -c ${nowhere} NAME`
  })
  t.throws(() => readAcl(nowhere), { message: `acl: ${nowhere}: there is no such file; write it, or leave acl out of the settings` })
  t.throws(() => readUsers(folder), { message: /^users: .*: this is a folder, and no file; allowed: a file that mosquitto_passwd wrote/ })
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  t.throws(
    () => readAcl(pipe),
    { message: /^acl: .*pipe: this is no plain file; allowed: a file of topic rules/ },
    'and nobody waits for it'
  )
})

t.test('a faulty file leaves everything as it was', async t => {
  const { keeper, users, load, identify } = open(t.testdir())
  writeFileSync(users, 'alice\n')
  t.throws(() => load('open'))
  t.equal(keeper.mode, 'read')
  t.match(await identify('alice', 'wonderland'), { user: 'alice' })
})

t.test('who is behind a CONNECT: nobody, a user, the owner, or none of them', async t => {
  const { keeper, load, identify, setPassword, lines } = open(t.testdir())
  t.strictSame(await identify(), { user: '', proof: '' })
  t.equal(await identify('mallory', 'wonderland'), 0x86)
  t.equal(await identify('alice'), 0x86)
  setPassword({ kind: 'unusable', message: 'broken' })
  t.equal(await identify('mallory', 'x'), 0x88)
  setPassword({ kind: 'set', hash: { text: 'h', rounds: 1, salt, hash: Buffer.alloc(64) } })
  t.equal(await identify('mallory', 'x'.repeat(1_000)), 0x86, 'too long')
  t.equal(await identify('mallory', 'x'), 0x86)
  t.match(await identify('any', keeper.secret), { user: ':', proof: 'key' })
  load('login')
  t.equal(await identify(), 0x87)
  load('open')
  t.strictSame(await identify(), { user: '', proof: '' })
  t.strictSame(await identify('alice', 'wrong'), { user: '', proof: 'unasked' }, 'where everyone may do everything')
  t.notMatch(lines.join('\n'), /mallory|wonderland|alice/, 'the log tells neither names nor passwords')
})

t.test('a right password is hashed once, then it is known at once; a wrong one never is', async t => {
  const { keeper, identify } = open(t.testdir())
  const ask = (password: string): Verdict | 'later' =>
    keeper.identify(connect('c', { user: 'alice', password: Buffer.from(password) }), '10.0.0.9', () => undefined)
  t.equal(ask('wonderland'), 'later')
  await identify('alice', 'wonderland')
  t.match(ask('wonderland'), { user: 'alice' })
  t.equal(ask('Wonderland'), 'later')
})

t.test('who has come in may stay while that is so', async t => {
  const { keeper, users, load, identify, setPassword } = open(t.testdir())
  const [nobody, alice] = [await identify(), await identify('alice', 'wonderland')] as const
  if (typeof nobody === 'number' || typeof alice === 'number') throw new Error('they are not let in')
  t.ok(keeper.holds(nobody) && keeper.holds(alice))
  load('login')
  t.notOk(keeper.holds(nobody))
  t.ok(keeper.holds(alice))
  writeFileSync(users, `alice:${old('another')}\n`)
  load('read')
  t.notOk(keeper.holds(alice))
  t.ok(keeper.knows('alice'))
  t.notOk(keeper.knows('bob'))
  t.notOk(keeper.rightsOf('bob', 'c')?.mayRead('meter/0/power'), 'who is gone may do nothing')
  load('open')
  t.ok(keeper.holds(alice) && keeper.knows('bob'))
  const unasked = await identify('alice', 'x')
  load('read')
  t.notOk(typeof unasked === 'number' || keeper.holds(unasked), 'who was not asked has to come again')
  setPassword({ kind: 'set', hash: { text: 'h', rounds: 1, salt, hash: Buffer.alloc(64) } })
  t.ok(keeper.holds({ user: ':', proof: 'h' }))
  t.notOk(keeper.holds({ user: ':', proof: 'i' }))
  t.ok(keeper.mayChange({ user: ':', proof: 'h' }))
  t.notOk(keeper.mayChange(nobody))
})

t.test('one account that is guessed at keeps no other out, and tries under other names shorten no wait', async t => {
  const { identify, clock } = open(t.testdir())
  for (let guess = 0; guess < limits.passwordTriesMax; guess++) t.equal(await identify('alice', `guess ${guess}`), 0x86)
  t.equal(await identify('alice', 'wonderland'), 0x9f)
  t.match(await identify('bob', 'builder'), { user: 'bob' })
  for (let other = 0; other < limits.strangersToldMax + 5; other++) await identify(`other ${other}`, 'x')
  t.equal(await identify('alice', 'wonderland'), 0x9f)
  clock.nowMs += limits.passwordWaitMsMax
  t.match(await identify('alice', 'wonderland'), { user: 'alice' })
})

t.test('a file that may not be read is told as it is', { skip: process.getuid?.() === 0 ? 'root may read all' : false }, async t => {
  const file = join(t.testdir({ users: '' }), 'users')
  chmodSync(file, 0)
  t.throws(() => readUsers(file), { message: /EACCES/ })
})
