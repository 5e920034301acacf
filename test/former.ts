/** Files of earlier versions: what was called otherwise goes on working, and is told. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCommand } from '../src/config.ts'
import { type Former, formerLimits, formerSettings, modernize } from '../src/former.ts'
import { settings } from '../src/settings.ts'

const formers: readonly Former[] = [
  { was: 'port', now: 'mqtt-port' },
  { was: 'size', values: [5, 6], now: 'width' },
  { was: 'colour' },
  { was: 'depth', values: [7] }
]

function modern(table: Readonly<Record<string, unknown>>): { entries: unknown; told: string[] } {
  const told: string[] = []
  const entries = modernize(table, formers, (written, what) => told.push(`${written} ${what}`))
  return { entries: entries.map(({ key, value, written }) => [key, value, written]), told }
}

t.test('what is written as it should be is left alone', async t => {
  t.strictSame(modern({ 'mqtt-port': 1, size: 4, depth: 8 }), {
    entries: [
      ['mqtt-port', 1, 'mqtt-port'],
      ['size', 4, 'size'],
      ['depth', 8, 'depth']
    ],
    told: []
  })
})

t.test('a former name counts as the new one; a value of its time counts for nothing', async t => {
  t.strictSame(modern({ port: 1884, size: 5, colour: 'red', depth: 7 }), {
    entries: [
      ['mqtt-port', 1884, 'port'],
      ['width', 5, 'size']
    ],
    told: [
      'port is called mqtt-port now: change the line',
      'size is called width now: change the line',
      'colour is of an earlier version and counts no longer: take the line away',
      'depth is of an earlier version and counts no longer: take the line away'
    ]
  })
})

t.test('where both names stand the new one counts', async t => {
  t.strictSame(modern({ port: 1884, 'mqtt-port': 1 }), {
    entries: [['mqtt-port', 1, 'mqtt-port']],
    told: ['port is of an earlier version and counts no longer: take the line away']
  })
})

t.test('the tables lead to settings that there are, and hide none', async t => {
  for (const { was, now, values } of formerSettings) {
    t.ok(now === undefined || now in settings, `${was} leads to ${now}`)
    t.ok(values || !(was in settings), `${was} is no setting`)
  }
  for (const { was, values } of formerLimits) t.ok(values, `${was} is meant by its values`)
})

t.test('the first example file with all of its lines in force still starts the daemon, with a notice', async t => {
  const home = t.testdir()
  const file = join(home, 'wattslug.toml')
  const old = ['source = "auto"', 'baud = 57600', 'host = "0.0.0.0"', 'mqtt-port = 1883', '[limits]', 'held-bytes-max = 75497472']
  writeFileSync(file, old.join('\n'))
  const command = readCommand(['run', '--config', file, '--state', home], {})
  t.match(command, {
    name: 'run',
    config: {
      limits: {},
      notices: [`${file}, line 6: [limits]: held-bytes-max is of an earlier version and counts no longer: take the line away`]
    }
  })
  writeFileSync(file, '[limits]\nheld-bytes-max = 60000000')
  t.throws(
    () => readCommand(['run', '--config', file, '--state', home], {}),
    { message: /^.*, line 2: \[limits\]: held-bytes-max: limits: what clients and meters can make/ },
    'a sum that somebody chose and that is too small now is told: only they can know'
  )
})
