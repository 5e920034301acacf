/** The key: who can read it, what is taken for one, and when it goes away. */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isSecret, type Key, makeSecret, readKey, removeKey, writeKey } from '../../src/io/key.ts'

const key: Key = { pid: process.pid, httpPort: 8080, mqttPort: 1883, secret: makeSecret() }

t.test('a secret is itself only, and no two are the same', async t => {
  t.ok(isSecret(key.secret, key.secret))
  for (const said of ['', key.secret.slice(1), `${key.secret} `, makeSecret()]) t.notOk(isSecret(said, key.secret))
  t.match(key.secret, /^[\w-]{43}$/)
})

t.test('it is written whole, for its own user only, and read again', async t => {
  const state = t.testdir({ key: 'old', 'key.unfinished': 'of a daemon that was killed' })
  writeKey(state, key)
  t.strictSame(readKey(state), key)
  t.equal(statSync(join(state, 'key')).mode & 0o777, 0o600)
  t.strictSame(readdirSync(state), ['key'])
  removeKey(state, { ...key, secret: makeSecret() })
  t.ok(readKey(state), "another daemon's is left")
  removeKey(state, key)
  t.strictSame(readdirSync(state), [])
  removeKey(state, key)
})

t.test(
  'a folder that cannot be changed any more keeps it, and nobody is stopped by that',
  { skip: process.getuid?.() !== 0 && 'only root' },
  async t => {
    const state = t.testdir()
    writeKey(state, key)
    chownSync(join(state, 'key'), 65_534, 65_534)
    process.seteuid?.(65_534) // nobody
    try {
      t.ok(readKey(state))
      t.doesNotThrow(() => removeKey(state, key))
    } finally {
      process.seteuid?.(0)
    }
    t.ok(readKey(state))
  }
)

t.test('what is no key, or leads nowhere', async t => {
  const gone = spawnSync('true').pid
  const kept = JSON.stringify(key)
  const contents = [
    '',
    '{',
    'null',
    '{}',
    kept.replace(String(key.pid), String(gone)),
    kept.replace('8080', '"8080"'),
    kept.replace(/"secret":"/, '"secret":["')
  ]
  for (const text of contents) t.equal(readKey(t.testdir({ key: text })), undefined, text)
  t.equal(readKey(join(t.testdir(), 'gone')), undefined)
  t.ok(readKey(t.testdir({ key: kept.replace(String(key.pid), '1') })), 'a process of another user lives too')
})

t.test('root is not led elsewhere', async t => {
  const state = t.testdir()
  writeFileSync(join(state, 'elsewhere'), JSON.stringify(key))
  symlinkSync('elsewhere', join(state, 'key'))
  t.equal(readKey(state), undefined)
  writeKey(state, key)
  t.match(readFileSync(join(state, 'elsewhere'), 'utf8'), key.secret, 'nor to write there')
  t.ok(readKey(state))
  rmSync(join(state, 'key'))
  mkdirSync(join(state, 'key'))
  t.equal(readKey(state), undefined)
  t.throws(() => writeKey(state, key), { code: 'EISDIR' })
})
