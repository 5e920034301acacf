/** Rights: who may read and write which topic, against a model that knows no trick. */
import fc from 'fast-check'
import t from 'tap'
import { parseAcl, type Rule } from '../../src/mqtt/acl.ts'
import { anyone, makeRights, nothing, owner, Rights } from '../../src/mqtt/rights.ts'
import { holds } from '../fixtures/io/property.ts'

/** Matches level by level, as the standard tells it. */
function isLike(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  const [wanted, levels] = [filter.split('/'), topic.split('/')]
  const isRest = wanted.at(-1) === '#'
  const head = isRest ? wanted.slice(0, -1) : wanted
  if (isRest ? levels.length < head.length : levels.length !== head.length) return false
  return head.every((level, index) => level === '+' || level === levels[index])
}

const words = ['a', 'b', '', '$SYS']
const level = fc.constantFrom(...words)
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map(levels => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, isRest]) => (isRest ? [...levels, '#'] : levels).join('/'))
const anyFilter = fc.oneof(filter, fc.constant('#')).filter(any => any !== '')
const rules: fc.Arbitrary<readonly Rule[]> = fc.array(
  fc.record({ verb: fc.constantFrom('read', 'write', 'readwrite', 'deny'), filter: anyFilter }) as fc.Arbitrary<Rule>,
  { maxLength: 5 }
)
const topics = words.flatMap(a => [
  a,
  ...words.flatMap(b => [`${a}/${b}`, ...words.flatMap(c => [`${a}/${b}/${c}`, ...words.map(d => `${a}/${b}/${c}/${d}`)])])
])
const mayBy = (all: readonly Rule[], verb: 'read' | 'write', name: string): 'denied' | boolean => {
  const hit = all.filter(rule => isLike(rule.filter, name))
  if (hit.some(rule => rule.verb === 'deny')) return 'denied'
  return hit.some(rule => rule.verb === verb || rule.verb === 'readwrite')
}

t.test('what may be read and written is what the rules say, and what everyone may, but for what is denied', t => {
  holds(
    t,
    1_000,
    fc.property(rules, rules, topic, (own, others, name) => {
      const everyone = new Rights(others, false)
      const rights = new Rights(own, true, everyone)
      for (const verb of ['read', 'write'] as const) {
        const [mine, theirs] = [mayBy(own, verb, name), mayBy(others, verb, name)]
        const expected = mine === 'denied' ? false : mine || theirs === true
        if ((verb === 'read' ? rights.mayRead(name) : rights.mayWrite(name)) !== expected) return false
      }
      return rights.mayReadNow(name, 1) === rights.mayRead(name) && rights.mayReadNow('else', 1) === rights.mayRead(name)
    })
  )
  t.end()
})

t.test('a filter is refused only if it can match nothing that may be read; without denials, then always', t => {
  holds(
    t,
    1_000,
    fc.property(rules, rules, anyFilter, (own, others, wanted) => {
      const rights = new Rights(own, true, new Rights(others, false))
      const isReadable = topics.some(name => isLike(wanted, name) && rights.mayRead(name))
      const isTaken = rights.mayReadSome(wanted)
      const denies = [...own, ...others].some(({ verb }) => verb === 'deny')
      return isReadable ? isTaken : !isTaken || denies
    })
  )
  t.end()
})

t.test('who may do what in each mode', async t => {
  const acl = parseAcl('topic readwrite notes/#\nuser alice\ntopic write house/#\npattern read u/%u')
  const byMode = (mode: 'open' | 'read' | 'login', rules?: typeof acl) => makeRights({ mode, root: 'meter', acl: rules })
  t.equal(byMode('open', acl)(anyone, 'c'), undefined, 'all')
  t.equal(byMode('login')(anyone, 'c'), nothing)
  t.equal(byMode('read')('alice', 'c'), undefined, 'without rules a user may do everything')
  t.equal(byMode('login', acl)(owner, 'c'), undefined)
  const plain = byMode('read')(anyone, 'c') as Rights
  t.ok(plain.mayRead('meter/0/power'))
  t.notOk(plain.mayRead('notes/x'))
  t.notOk(plain.mayWriteSome)
  t.notOk(plain.mayShare)
  const ruled = byMode('login', acl)
  const alice = ruled('alice', 'c') as Rights
  for (const readable of ['meter/0/power', 'notes/x', 'u/alice']) t.ok(alice.mayRead(readable), readable)
  for (const hidden of ['house/x', 'u/bob', '$SYS/uptime']) t.notOk(alice.mayRead(hidden), hidden)
  t.ok(alice.mayWrite('house/x'))
  t.ok(alice.mayShare)
  t.ok((ruled('bob', 'c') as Rights).mayWriteSome, 'as everyone may')
  t.notOk((ruled('bob', 'c') as Rights).mayWrite('house/x'))
})

t.test('clients of a user share their rights, unless their ids matter', async t => {
  const one = makeRights({ mode: 'read', root: 'meter', acl: parseAcl('user alice\ntopic a') })
  t.equal(one('alice', 'c'), one('alice', 'd'))
  t.equal(one(anyone, 'c'), one(anyone, 'd'))
  const each = makeRights({ mode: 'read', root: 'meter', acl: parseAcl('pattern read c/%c\npattern deny meter/%c') })
  t.ok(each('alice', 'c')?.mayRead('c/c'))
  t.notOk(each('alice', 'c')?.mayRead('c/d'))
  t.notOk(each(anyone, 'c')?.mayRead('meter/c'))
  t.ok(each(anyone, 'c')?.mayRead('meter/d'))
})
