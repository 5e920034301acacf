/** The configuration read again: what takes effect, what is said of the rest, and that a wrong one changes nothing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, readCommand } from '../src/config.ts'
import { makeLog } from '../src/io/log.ts'
import { makeReloader, type Part } from '../src/reload.ts'

const home = t.testdir()
const file = join(home, 'wattslug.toml')

function configOf(toml: string): Config {
  writeFileSync(file, toml)
  const command = readCommand(['run', '--config', file, '--state', home], {})
  if (command.name !== 'run') throw new Error('it does not run')
  return command.config
}

/** A daemon of one part, and what was done and said since asked last. */
function start(toml: string, part: Part = () => () => undefined) {
  let said: string[] = []
  const log = makeLog(
    line => said.push(line.trimEnd()),
    true,
    () => 0
  )
  const tell = (what: string) => () => said.push(what)
  const supervisor = { aliveMs: 0, status: tell('status'), alive: tell('alive'), stopping: tell('stopping') }
  const reload = makeReloader(configOf(toml), [part], { ...supervisor, reloading: tell('reloading'), ready: tell('ready') }, log)
  return (next: string): string[] => {
    said = []
    reload(() => configOf(next))
    return said
  }
}

const again = '<5>the settings and the files that they name were read again:'

t.test('what can change does, and the supervisor is told', async t => {
  const taken: Config[] = []
  const reload = start('', next => () => taken.push(next))
  t.strictSame(reload('[sensor.0]\nname = "House"'), ['reloading', `${again} [sensor.N] changed`, 'ready'])
  t.equal(taken[0]?.corrections.get('0')?.name, 'House')
  t.strictSame(reload('[sensor.0]\nname = "House"'), ['reloading', `${again} none of the settings changed`, 'ready'])
  t.equal(taken.length, 2, 'the files that they name may have changed all the same')
  const more =
    'proxies = "10.0.0.1"\naccess = "open"\norigins = "any"\n[tariff]\ncurrency = "GBP"\nprice-per-kwh = 1\n[derived.net]\nformula = "0 - 1"'
  t.equal(reload(more)[1], `${again} proxies, access, origins, [sensor.N], [derived.NAME], [tariff] changed`)
})

t.test('what cannot is named, each in one line, until it is as it was', async t => {
  const reload = start('mqtt-port = 1884')
  const needs = (name: string): string => `<4>${name} changed too, but that needs a restart`
  const next = 'baud = 9600\nroot = "house"\n[limits]\nclients-max = 50\n[sensor.1]\nscale = 2'
  t.strictSame(reload(next).slice(1, -1), [`${again} [sensor.N] changed`, ...['baud', 'mqtt-port', 'root', '[limits]'].map(needs)])
  t.strictSame(reload(next).slice(1, -1), [
    `${again} none of the settings changed`,
    ...['baud', 'mqtt-port', 'root', '[limits]'].map(needs)
  ])
  t.strictSame(reload('mqtt-port = 1884').slice(1, -1), [`${again} [sensor.N] changed`])
})

t.test('from one certificate to another goes at once, but not from none', async t => {
  const files = (name: string): string => `tls = "files"\ntls-cert = "/${name}.crt"\ntls-key = "/${name}.key"`
  const reload = start(files('a'))
  t.equal(reload(files('b'))[1], `${again} tls, tls-cert, tls-key changed`)
  t.equal(reload('tls = "self-signed"')[1], `${again} tls, tls-cert, tls-key changed`)
  t.equal(reload('')[2], '<4>tls, tls-cert, tls-key changed too, but that needs a restart')
})

t.test('a wrong one changes nothing', async t => {
  const taken: string[] = []
  const reload = start('', next => {
    taken.push('prepared')
    if (next.baud === 9600) throw new Error('/etc/users, line 3: no such thing')
    return () => taken.push('applied')
  })
  const stay = '<3>the settings stay as they were:'
  const [, said = ''] = reload('mqtt-port = 1\nbaud = 9601')
  t.equal(said, `${stay} ${file}, line 2: baud: impossible value: "9601"; allowed: 57600, 9600 or 2400`)
  t.strictSame(taken, [])
  t.strictSame(reload('access = "open"\nbaud = 9600'), ['reloading', `${stay} /etc/users, line 3: no such thing`, 'ready'])
  t.strictSame(taken, ['prepared'])
  t.equal(reload('access = "open"')[1], `${again} access changed`, 'it was not in force')
})

t.test('what the file has of earlier versions is told again', async t => {
  const said = start('')('[limits]\nheld-bytes-max = 75497472')
  t.match(said[2], /^<5>.*line 2: \[limits\]: held-bytes-max is of an earlier version/)
})

t.test('a daemon that is to change but cannot is a bug, and is not hidden', async t => {
  const reload = start('', () => () => {
    throw new TypeError('bug')
  })
  t.throws(() => reload(''), TypeError)
})
