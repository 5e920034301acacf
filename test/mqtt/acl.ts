/** Topic rules: what a file says, what is wrong with it, and what a pattern is for one client. */

import t from 'tap'
import { limits } from '../../src/limits.ts'
import { parseAcl, patternsFor, tellsClientsApart } from '../../src/mqtt/acl.ts'

t.test("mosquitto's form", async t => {
  const text = `# rules
topic read news/#\r

user alice
topic house/#
topic   deny house/a safe/+
  topic write x
user bob
user alice
topic readwrite topic
pattern read users/%u
pattern deny %c/%c`
  t.strictSame(parseAcl(text), {
    general: [{ verb: 'read', filter: 'news/#' }],
    users: new Map([
      [
        'alice',
        [
          { verb: 'readwrite', filter: 'house/#' },
          { verb: 'deny', filter: 'house/a safe/+' },
          { verb: 'write', filter: 'x' },
          { verb: 'readwrite', filter: 'topic' }
        ]
      ],
      ['bob', []]
    ]),
    patterns: [
      { verb: 'read', filter: 'users/%u' },
      { verb: 'deny', filter: '%c/%c' }
    ]
  })
  t.strictSame(parseAcl(''), { general: [], users: new Map(), patterns: [] })
  t.strictSame(parseAcl('topic read').general, [{ verb: 'readwrite', filter: 'read' }], 'a topic of that name')
})

t.test('what is wrong is told with its line', async t => {
  const table: readonly (readonly [text: string, fault: string])[] = [
    ['\nuser', 'line 2: user: name one, without a colon'],
    ['user a:b', 'line 1: user: name one, without a colon'],
    ['topic', 'line 1: topic: nothing is no topic filter'],
    ['topic raed house/#', 'line 1: topic: raed is unknown; allowed: read, write, readwrite, deny'],
    ['#\ntopic read a#', 'line 2: topic: a# is no topic filter'],
    ['topic read $share/g/a', 'line 1: topic: $share/g/a is no topic filter'],
    ['pattern %u#', 'line 1: pattern: %u# is no topic filter'],
    ['topics a', 'line 1: topics: unknown; allowed: user, topic, pattern'],
    ['topic a\n'.repeat(limits.accessRulesMax + 1), `line ${limits.accessRulesMax + 1}: too many rules; allowed: ${limits.accessRulesMax}`]
  ]
  for (const [text, message] of table) t.throws(() => parseAcl(text), { message }, text.slice(0, 30))
})

t.test('patterns take names, and no name makes one reach further', async t => {
  const acl = parseAcl('pattern read u/%u/c/%c\npattern write %c/#\npattern deny no/%c/#\npattern read plain/#')
  const filters = (user: string, clientId: string): readonly string[] =>
    patternsFor(acl, user, clientId).map(({ verb, filter }) => `${verb} ${filter}`)
  t.strictSame(filters('alice', 'one'), ['read u/alice/c/one', 'write one/#', 'deny no/one/#', 'read plain/#'])
  t.strictSame(filters('alice', '%u'), ['read u/alice/c/%u', 'write %u/#', 'deny no/%u/#', 'read plain/#'], 'nothing is put in twice')
  for (const wide of ['+', '#', 'a/b', 'a+', '/']) {
    t.strictSame(filters('alice', wide), [`deny no/${wide}/#`, 'read plain/#'], wide)
    t.strictSame(filters(wide, 'one'), ['write one/#', 'deny no/one/#', 'read plain/#'], wide)
  }
  t.strictSame(filters('alice', '$SYS'), ['read u/alice/c/$SYS', 'deny no/$SYS/#', 'read plain/#'], "nor into the server's own topics")
  t.strictSame(filters('', 'one'), ['deny no/one/#'], 'without a name nothing is allowed by one')
  t.strictSame(patternsFor(parseAcl('pattern read $SYS/%c'), 'alice', '$').length, 1)
})

t.test('whether clients of a user differ', async t => {
  t.ok(tellsClientsApart(parseAcl('pattern a/%c')))
  t.notOk(tellsClientsApart(parseAcl('pattern a/%u\ntopic %c')))
})
