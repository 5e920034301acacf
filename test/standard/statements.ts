/** The table of the standard's statements and the tests that prove them: none is without a test, and no test names one that there is not. */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'

/** Where a title stands, as `file: title`. */
type Proofs = Map<string, string[]>

/** `[MQTT-3.1.2-24]` is a statement of 5.0, `[3.1.1 MQTT-3.1.2-24]` one of 3.1.1. */
const named = /\[(3\.1\.1 )?(MQTT-\d+(?:\.\d+)+-\d+)\]/g

/** The statements, as `3.1.1 MQTT-1.5.3-1`, with whose duty each is. */
const readStatements = (): ReadonlyMap<string, string> => {
  const lines = readFileSync('test/fixtures/standard/statements.tsv', 'utf8').trim().split('\n').slice(1)
  return new Map(
    lines.map(line => {
      const [version = '', id = '', duty = ''] = line.split('\t')
      return [`${version} ${id}`, duty]
    })
  )
}

const textsOf = (source: ts.SourceFile): string[] => {
  const texts: string[] = []
  const look = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) texts.push(node.text)
    ts.forEachChild(node, look)
  }
  look(source)
  return texts
}

/** Which texts name which statements; comments do not count. */
const findProofs = (path: string, text: string, proofs: Proofs): void => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  for (const title of textsOf(source)) {
    for (const [, version = '5.0 ', id] of title.matchAll(named)) {
      const statement = version + id
      const told = title.replace(named, '').replace(/\s+/g, ' ').trim()
      proofs.set(statement, [...(proofs.get(statement) ?? []), told === '' ? path : `${path}: ${told}`])
    }
  }
}

t.test('each statement has a test that proves it', async t => {
  const statements = readStatements()
  const proofs: Proofs = new Map()
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map(path => posix.join('test', path.replaceAll('\\', '/')))
  for (const path of files.filter(path => path.endsWith('.ts') && path !== 'test/standard/statements.ts').sort()) {
    findProofs(path, readFileSync(path, 'utf8'), proofs)
  }
  t.equal(statements.size, 362)
  t.strictSame(
    [...statements.keys()].filter(statement => !proofs.has(statement)),
    [],
    'statements without a test'
  )
  const unknown = [...proofs].filter(([statement]) => !statements.has(statement))
  t.strictSame(
    unknown.flatMap(([statement, titles]) => titles.map(title => `${statement} in ${title}`)),
    [],
    'tests of statements that there are not'
  )
  for (const [statement, duty] of statements) t.comment(`${statement} (${duty}) → ${(proofs.get(statement) ?? ['no test']).join(' · ')}`)
})

t.test('titles are found, and comments are not', async t => {
  const proofs: Proofs = new Map()
  const text = [
    '// [MQTT-1.1.1-1]',
    "t.test('a [MQTT-1.1.1-2] thing [3.1.1 MQTT-1.1.1-3]', `$" + '{x} [MQTT-1.1.1-4]`)',
    'const row = { title: `[MQTT-1.1.1-5] all $' + '{y}` }'
  ].join('\n')
  findProofs('a.ts', text, proofs)
  t.strictSame(
    proofs,
    new Map([
      ['5.0 MQTT-1.1.1-2', ['a.ts: a thing']],
      ['3.1.1 MQTT-1.1.1-3', ['a.ts: a thing']],
      ['5.0 MQTT-1.1.1-5', ['a.ts: all']]
    ])
  )
})
