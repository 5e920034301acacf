/** The settings file as TOML: on which line each key stands, however it is written. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Keys, readToml } from '../../src/io/toml.ts'

const file = join(t.testdir(), 'a.toml')

const text = `# a file
one = 1

two = """
three = 2
[four]
"""
list = [
  5, # six = 1
  7
]
inner.deep."a.b" = 1
inline = { x = 1, y = [{ z = 2 }] }
[table]   # with a word
key = 'a'\r
  other = 2

[table."in quotes"]
key = 3
[[rows]]
a = 1
[[rows]]
  b = 2
  [[rows.cells]]
  c = 3
  [[rows.cells]]
  c = 4`

const places: readonly (readonly [keys: Keys, line: number | undefined])[] = [
  [['one'], 2],
  [['two'], 4],
  [['list'], 8],
  [['list', 1], 8],
  [['inner'], 12],
  [['inner', 'deep', 'a.b'], 12],
  [['inline', 'y', 0, 'z'], 13],
  [['table'], 14],
  [['table', 'key'], 15],
  [['table', 'other'], 16],
  [['table', 'in quotes'], 18],
  [['table', 'in quotes', 'key'], 19],
  [['rows'], 20],
  [['rows', 0, 'a'], 21],
  [['rows', 1], 22],
  [['rows', '1', 'b'], 23],
  [['rows', 1, 'cells', 1, 'c'], 27],
  [['rows', 1, 'cells', 2, 'c'], 24],
  [['table', 'missing'], 14],
  [['table', 'key', 'deeper'], 15],
  [['three'], undefined],
  [['toString'], undefined],
  [[], undefined]
]

t.test('each key has its line; what is missing has that of what would hold it', async t => {
  writeFileSync(file, text)
  const { at } = readToml(file)
  for (const [keys, line] of places) t.equal(at(...keys), line === undefined ? file : `${file}, line ${line}`, keys.join(' › '))
})
