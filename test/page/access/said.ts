/** What the daemon's answers say of a login, and what has to be asked for. */
import t from 'tap'
import type { AccessAnswer } from '../../../src/api.ts'
import { askedFor, isLongEnough, type Need, readSaid } from '../../../src/page/access/said.ts'

t.test('what came of a login', async t => {
  t.same(readSaid(200, null, { a: 1 }), { kind: 'good', body: { a: 1 } })
  t.same(readSaid(204, null, undefined), { kind: 'good', body: undefined })
  t.same(readSaid(401, null, { error: 'no' }), { kind: 'wrong' })
  t.same(readSaid(409, null, { error: 'no' }), { kind: 'wrong' }, 'somebody else was first')
  t.same(readSaid(429, '32', undefined), { kind: 'wait', seconds: 32 })
  t.match(readSaid(429, null, undefined), { kind: 'wait', seconds: 5 }, 'a while, when nothing is told')
  t.same(readSaid(503, null, { error: 'busy' }), { kind: 'failed', why: 'busy' })
  t.same(readSaid(502, null, undefined), { kind: 'failed', why: 'HTTP 502' })
  t.same(readSaid(0, null, undefined), { kind: 'failed', why: '' }, 'nothing answered')
})

t.test('what has to be asked for', async t => {
  const answer = (password: AccessAnswer['password'], may: readonly Need[]): AccessAnswer => ({
    ...{ access: 'read', password, user: null },
    may: { see: may.includes('see'), change: may.includes('change'), publish: may.includes('publish') }
  })
  t.equal(askedFor(answer('none', ['see']), 'see'), undefined, 'nothing, of who may')
  for (const need of ['see', 'change', 'publish'] as const) t.equal(askedFor(answer('none', []), need), 'first')
  t.equal(askedFor(answer('set', ['see']), 'change'), 'owner')
  t.equal(askedFor(answer('set', ['see']), 'publish'), 'name')
  t.equal(askedFor(answer('set', []), 'see'), 'name')
  t.equal(askedFor(answer('unusable', ['see']), 'change'), 'unusable')
  t.equal(askedFor(answer('unusable', ['see']), 'publish'), 'name', 'a user may know another one')
})

t.test('characters are counted as a person counts them', async t => {
  t.equal(isLongEnough('ä1234567'), true)
  t.equal(isLongEnough('1234567'), false)
  t.equal(isLongEnough('🐌🐌🐌🐌'), false)
})
