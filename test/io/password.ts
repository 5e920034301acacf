/** The password: its file, as mosquitto's own programs write and read it, and how it is asked for. */
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkPassword, passwordFile, readPassword, writePassword } from '../../src/io/password.ts'
import { limits, setLimits } from '../../src/limits.ts'

const rounds = limits.passwordRounds
setLimits({ passwordRounds: 100 })
t.teardown(() => setLimits({ passwordRounds: rounds }))

t.test('written, read and checked', async t => {
  const state = t.testdir()
  t.strictSame(readPassword(state), { kind: 'none' })
  for (const password of ['öffne dich', 'a', 'x'.repeat(limits.passwordBytesMax), 'with:colon $7$']) {
    await writePassword(state, password)
    const read = readPassword(state)
    if (read.kind !== 'set') throw new Error('it is not set')
    t.ok(await checkPassword(password, read.hash), password.slice(0, 20))
    for (const other of ['', `${password} `, password.toUpperCase().repeat(2), 'x'.repeat(100_000)])
      t.notOk(await checkPassword(other, read.hash))
  }
  t.equal(statSync(passwordFile(state)).mode & 0o777, 0o600)
  t.match(readFileSync(passwordFile(state), 'utf8'), /^\$7\$100\$[\w+/]{16}\$[\w+/]{86}==\n$/)
})

t.test('a file that others could read before is theirs no longer', async t => {
  const state = t.testdir({ password: '', 'password.unfinished': 'x' })
  chmodSync(join(state, 'password.unfinished'), 0o666)
  await writePassword(state, 'new')
  t.equal(statSync(passwordFile(state)).mode & 0o777, 0o600)
})

t.test('what may not be a password', async t => {
  await t.rejects(writePassword(t.testdir(), ''), /allowed: 1 to 256 bytes/)
  await t.rejects(writePassword(t.testdir(), 'ö'.repeat(129)), /allowed/)
})

t.test('a file that holds none lets nobody change anything', async t => {
  for (const text of [
    '',
    'secret',
    '$7$0$c2FsdA==$aGFzaA==',
    '$6$salt$hash',
    '$7$999999999$c2FsdA==$aGFzaA==',
    `$7$1$c2FsdA==$${'A'.repeat(84)}==`
  ]) {
    t.match(readPassword(t.testdir({ password: text })), { kind: 'unusable', message: /holds no password/ }, text)
  }
  t.match(readPassword(t.testdir({ password: {} })), { kind: 'unusable', message: /cannot be read/ }, 'a folder')
})

t.test(
  "mosquitto's own hash is taken",
  { skip: spawnSync('mosquitto_passwd', ['--help']).error ? 'there is no mosquitto_passwd' : false },
  async t => {
    const state = t.testdir({ list: '' })
    t.equal(spawnSync('mosquitto_passwd', ['-b', join(state, 'list'), 'anyone', 'öffne dich']).status, 0)
    writeFileSync(passwordFile(state), readFileSync(join(state, 'list'), 'utf8').replace('anyone:', ''))
    const read = readPassword(state)
    t.ok(read.kind === 'set' && (await checkPassword('öffne dich', read.hash)))
    t.notOk(read.kind === 'set' && (await checkPassword('oeffne dich', read.hash)))
  }
)
