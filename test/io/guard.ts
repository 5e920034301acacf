/** The guard: who may ask what, and how often one may guess. */
import { hostname } from 'node:os'
import t from 'tap'
import { Doorkeeper } from '../../src/io/doorkeeper.ts'
import type { Need } from '../../src/io/endpoint.ts'
import { Guard } from '../../src/io/guard.ts'
import { makeLog } from '../../src/io/log.ts'
import { type Origins, Pages } from '../../src/io/origins.ts'
import { type PasswordState, readPassword, writePassword } from '../../src/io/password.ts'
import { makeProxies } from '../../src/io/proxies.ts'
import { Refusal } from '../../src/io/reply.ts'
import type { Request } from '../../src/io/request.ts'
import { limits, setLimits } from '../../src/limits.ts'
import { TestClock } from '../fixtures/io/serving.ts'

const rounds = limits.passwordRounds
setLimits({ passwordRounds: 50 })
t.teardown(() => setLimits({ passwordRounds: rounds }))

const quiet = makeLog(
  () => undefined,
  false,
  () => 0
)
const state = t.testdir()
await writePassword(state, 'open: sesame')
const set = readPassword(state)

const basic = (password: string, user = 'anyone'): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const right = { authorization: basic('open: sesame') }
const wrong = { authorization: basic('wrong') }

function guard(
  password: PasswordState = set,
  trusted: readonly string[] = [],
  access: 'open' | 'read' | 'login' = 'open',
  need: Need = 'own',
  origins: Origins = ['https://friend.example']
) {
  const clock = new TestClock()
  const doorkeeper = new Doorkeeper({ password: () => password, clock, log: quiet })
  doorkeeper.prepare({ access, users: undefined, acl: undefined, root: 'meter' })()
  const proxies = makeProxies(trusted)
  const pages = new Pages(() => origins, proxies)
  const guard = new Guard({ doorkeeper, pages, password: () => password, proxies })
  const admit = async (headers: Readonly<Record<string, string>>, peer = '10.0.0.1', other = need): Promise<number> => {
    const all = new Map(Object.entries({ host: 'meter.local:8080', ...headers }))
    const request: Request = { method: 'PUT', path: '/', query: '', minor: 1, headers: all }
    try {
      await guard.admit(request, peer, other)
      return 200
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.status === 401) t.notMatch(error.headers['WWW-Authenticate'], /^basic/i, 'no browser asks by itself')
      return error.status
    }
  }
  return { admit, clock, guard, pages }
}

t.test('without a password: everybody but pages from elsewhere', async t => {
  const { admit } = guard({ kind: 'none' })
  const good = [
    {},
    { origin: 'http://meter.local:8080' },
    { origin: 'https://METER.local:8080', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' }
  ]
  for (const headers of good) t.equal(await admit(headers as Record<string, string>), 200, JSON.stringify(headers))
  const bad = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://meter.local' },
    { origin: 'http://meter.local:8080.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://meter.local:8080' }
  ]
  for (const headers of bad) t.equal(await admit(headers as Record<string, string>), 403, JSON.stringify(headers))
})

t.test('without one: only by names that no stranger owns', async t => {
  const { admit } = guard({ kind: 'none' }, ['10.9.9.9'])
  const own = ['localhost', 'meter', 'Meter.local.', 'meter.fritz.box', 'a.home.arpa', '192.168.1.2', '[::1]', '[fe80::1]', hostname()]
  for (const host of own.flatMap(name => [name, `${name}:8080`])) t.equal(await admit({ host, origin: `http://${host}` }), 200, host)
  const strange = ['evil.example', 'evil.example:8080', 'local.evil.example', '', '192.168.1.2.evil.example', '[evil.example]', 'a:b:c']
  for (const host of strange) t.equal(await admit({ host, origin: `http://${host}` }), 403, host)
  t.equal(await admit({ host: 'power.example' }, '::ffff:10.9.9.9'), 200, 'a proxy of ours knows our name')
  t.equal(await guard().admit({ ...right, host: 'power.example' }), 200, 'a password has no name')
})

t.test('where any page may read, a name that a stranger owns still changes nothing, and sets no password', async t => {
  const stranger = { host: 'evil.example', origin: 'http://evil.example' }
  const { admit, pages } = guard({ kind: 'none' }, [], 'open', 'own', 'any')
  t.strictSame([await admit(stranger, undefined, 'see'), await admit(stranger), await admit(stranger, undefined, 'claim')], [200, 403, 403])
  t.equal(pages.counters.all()['foreign-names'], 2)
})

t.test('with one: who has it, under any name', async t => {
  const { admit } = guard()
  t.equal(await admit(right), 200)
  t.equal(await admit({ authorization: basic('open: sesame', '') }), 200)
  t.equal(await admit({ ...right, origin: 'http://evil.example' }), 403, 'also then no page from elsewhere')
  for (const authorization of ['', 'Basic', 'Basic !', `Bearer ${right.authorization}`, 'Basic bm9jb2xvbg==', basic('open')]) {
    t.equal(await admit({ authorization }, authorization), 401, authorization)
  }
  t.equal(await admit({}), 401)
})

t.test('a file that cannot be used lets nobody in', async t => {
  t.equal(await guard({ kind: 'unusable', message: 'it is broken' }).admit(right), 500)
})

t.test('who guesses must wait, longer each time; others need not', async t => {
  const { admit, clock } = guard()
  for (let tries = 0; tries < limits.passwordTriesMax; tries++) t.equal(await admit(wrong), 401)
  t.equal(await admit(right), 429, 'even with the right one')
  t.equal(await admit(right, '10.0.0.2'), 200, 'another address')
  clock.nowMs += limits.passwordWaitMs
  t.equal(await admit(wrong), 401)
  clock.nowMs += limits.passwordWaitMs
  t.equal(await admit(right), 429, 'twice as long')
  clock.nowMs += limits.passwordWaitMs
  t.equal(await admit(right), 200)
  t.equal(await admit(wrong), 401, 'that is forgotten then')
  for (let tries = 0; tries < 40; tries++) {
    clock.nowMs += limits.passwordWaitMsMax
    t.equal(await admit(wrong), 401, 'it is never longer than the bound')
  }
})

t.test('addresses are told apart behind a proxy, and a network of IPv6 is one', async t => {
  const { admit } = guard(set, ['10.9.9.9'])
  for (let tries = 0; tries < limits.passwordTriesMax; tries++) await admit({ ...wrong, 'x-forwarded-for': '1.2.3.4' }, '10.9.9.9')
  t.equal(await admit({ ...right, 'x-forwarded-for': '1.2.3.4' }, '10.9.9.9'), 429)
  t.equal(await admit({ ...right, 'x-forwarded-for': '1.2.3.5' }, '10.9.9.9'), 200)
  for (let tries = 0; tries < limits.passwordTriesMax; tries++) await admit(wrong, `2001:db8:1:2::${tries}`)
  t.equal(await admit(right, '2001:db8:1:2:aaaa:bbbb:cccc:dddd'), 429)
  t.equal(await admit(right, '2001:db8:1:3::1'), 200)
  for (let tries = 0; tries < limits.passwordTriesMax; tries++) await admit(wrong, '::1')
  t.equal(await admit(right, '0:0:0:0:9::'), 429)
})

t.test('few are hashed at once, and few wait for that; the same password is hashed once', async t => {
  const { admit } = guard()
  const askings = limits.passwordsMax + limits.passwordsWaitingMax
  const guesses = Array.from({ length: askings + 5 }, (_, index) => admit({ authorization: basic(`guess ${index}`) }, `10.0.1.${index}`))
  t.strictSame((await Promise.all(guesses)).sort(), [...Array(askings).fill(401), ...Array(5).fill(503)])
  t.strictSame(await Promise.all(Array.from({ length: askings }, () => admit(right))), Array(askings).fill(200))
  t.strictSame(await Promise.all(Array.from({ length: 30 }, () => admit(right))), Array(30).fill(200), 'then it is remembered')
})

t.test('many guesses at once are as many tries', async t => {
  const { admit } = guard()
  const guesses = await Promise.all(Array.from({ length: 10 }, (_, index) => admit({ authorization: basic(`guess ${index}`) })))
  t.equal(guesses.filter(code => code === 401).length, limits.passwordTriesMax)
  t.equal(guesses.filter(code => code === 429).length, 10 - limits.passwordTriesMax)
})

t.test('to see: anyone from a page of ours or of a friend, by a name that no stranger owns; with login, who has a name', async t => {
  const { admit } = guard(set, [], 'read', 'see')
  t.equal(await admit({}), 200)
  t.equal(await admit({ origin: 'https://friend.example', 'sec-fetch-site': 'cross-site' }), 200)
  t.equal(await admit({ origin: 'https://evil.example' }), 403)
  t.equal(await admit({ host: 'evil.example' }), 403)
  t.equal(await admit({ host: 'friend.example' }), 200)
  t.equal(await admit({ host: 'evil.example', ...right }), 200, 'a password has no name')
  t.equal(await admit(wrong), 401, 'who says a name is held to it')
  const login = guard(set, [], 'login', 'see')
  t.equal(await login.admit({}), 401)
  t.equal(await login.admit({}, '10.0.0.1', 'always'), 200)
  t.equal(await login.admit(right), 200)
  t.match(login.guard.counters.all(), { 'requests-unauthorized': 1 })
})

t.test('before a password is set, read and login let nobody change anything but set it', async t => {
  for (const access of ['read', 'login'] as const) {
    const { admit, guard: kept } = guard({ kind: 'none' }, [], access)
    t.equal(await admit({}), 403)
    t.equal(kept.counters.get('requests-forbidden'), 1)
    t.equal(await admit({}, '10.0.0.1', 'claim'), 200)
    t.equal(await admit({ host: 'evil.example' }, '10.0.0.1', 'claim'), 403)
    t.equal(await admit({ origin: 'https://friend.example' }, '10.0.0.1', 'claim'), 403, 'a friend may read, no more')
    t.equal(await admit(right), 401)
  }
  const { admit } = guard(set, [], 'read', 'claim')
  t.equal(await admit({}), 401)
  t.equal(await admit(right), 200)
})
