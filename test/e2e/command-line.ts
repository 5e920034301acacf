/** The command line as a user meets it: what it refuses and how, which setting wins, how it starts and how it ends. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { type Daemon, freePort, root, startBundle, startDaemon, whenUp } from '../fixtures/e2e/daemon.ts'
import { makeFolder } from '../fixtures/e2e/program.ts'
import { mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { until } from '../fixtures/e2e/wait.ts'

/** Stopping takes 2 s at most; a slow machine is given more, and less than who waits for a frozen client would take. */
const stopMs = 10_000

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs it to its end. */
async function run(t: Parameters<typeof startDaemon>[0], args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const program = startBundle(t, args, { env })
  const { code } = await program.ended
  return { code, out: program.out.join('\n'), errors: program.errors.join('\n') }
}

t.test('--help tells every setting, --version the version', async t => {
  const help = await run(t, ['--help'])
  t.equal(help.code, 0)
  for (const setting of ['source', 'baud', 'speed', 'host', 'mqtt-port', 'http-port', 'state', 'config'])
    t.match(help.out, `--${setting} `, setting)
  for (const command of ['run [settings]', 'doctor [settings]', 'record FILE [settings]'])
    t.match(help.out, `wattslug ${command} `, command)
  t.equal(help.errors, '')
  t.match(await run(t, ['--version']), { code: 0, out: /^wattslug \d+\.\d+\.\d+$/, errors: '' })
})

t.test('what the README, the manual and --help say to set can be set', async t => {
  const textOf = (name: string): string => readFileSync(join(root, name), 'utf8')
  const readme = textOf('README.md')
  const help = (await run(t, ['--help'])).out
  const rows = readme.split('\n').filter(line => line.startsWith('| `--'))
  for (const [, name, , usual] of help.matchAll(/^ {2}--([a-z-]+) [A-Z]+ (.*?)(?: \(default: ([^$)]+)\))?$/gm)) {
    if (usual === undefined) continue
    t.ok(
      rows.some(row => row.includes(`\`--${name}\``) && row.includes(`\`${usual}\``)),
      `the README has --${name} with ${usual}`
    )
  }
  const examples = [...readme.matchAll(/^```toml\n(.*?)^```/gms)].map(([, text]) => text)
  t.equal(examples.length, 3, 'sensors, the tariff, limits')
  const config = join(makeFolder(t), 'wattslug.toml')
  writeFileSync(config, examples.join('\n'))
  await startDaemon(t, { source: 'demo', more: ['--config', config] })
  const texts = [readme, help, textOf('scripts/package/wattslug.1').replaceAll('\\', '')]
  const bounds = texts.map(text => /\bclients-max=\d+/.exec(text)?.[0] ?? 'none')
  for (const bound of new Set(bounds)) await startDaemon(t, { source: 'demo', more: ['--limit', bound] })
  t.pass(`${config} and ${bounds.join(', ')} hold`)
})

t.test('what cannot be is refused with its name, its value and what is allowed', async t => {
  const folder = makeFolder(t)
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const refusals: readonly (readonly [name: string, args: readonly string[], env: NodeJS.ProcessEnv, said: RegExp])[] = [
    [
      'no command',
      [],
      {},
      /no command given; allowed: run, doctor, status, record FILE, passwd, backup FILE, restore FILE\. See wattslug --help/
    ],
    ['an unknown command', ['walk'], {}, /unknown command: walk; allowed: run/],
    ['a recording without a file', ['record'], {}, /record: name the file, such as: wattslug record meter\.txt/],
    ['a doctor with a patient', ['doctor', 'me'], {}, /doctor: too much stands behind it; allowed: doctor\. See wattslug --help$/],
    ['a password on the command line', ['passwd', 'secret'], {}, /^wattslug: passwd: too much stands behind it; allowed: passwd\./],
    ['two files', ['backup', 'a', 'b'], {}, /backup: too much stands behind it; allowed: backup FILE\./],
    ['a speed that is none', ['run', '--speed', 'fast'], {}, /--speed: impossible value: "fast"; allowed: a number from 0 to 1000000/],
    [
      'a sensor in the file that no meter has',
      ['run', '--config', file('sensor.toml', '[sensor.10]\nscale = 2\n')],
      {},
      /sensor\.toml, line 1: \[sensor\.10\]: no such sensor; allowed: 0 to 9/
    ],
    [
      'a formula that is none',
      ['run', '--config', file('derived.toml', '[derived.net]\nformula = "0 * 1"\n')],
      {},
      /derived\.toml, line 2: \[derived\.net\]: formula: impossible value: "0 \* 1"; allowed: sensors with \+ or -/
    ],
    ['an unknown setting', ['run', '--colour', 'red'], {}, /'--colour'/],
    [
      'an unknown setting in the environment',
      ['run'],
      { WATTSLUG_COLOUR: 'red' },
      /WATTSLUG_COLOUR: unknown setting; allowed: .*WATTSLUG_SOURCE/
    ],
    [
      'an unknown setting in the file',
      ['run', '--config', file('unknown.toml', 'colour = "red"')],
      {},
      /unknown\.toml, line 1: unknown setting: colour; allowed: .*mqtt-port/
    ],
    ['a port that is none', ['run', '--mqtt-port', '65536'], {}, /--mqtt-port: impossible value: "65536"; allowed: 0 to 65535/],
    ['a port in the environment', ['run'], { WATTSLUG_HTTP_PORT: '-1' }, /WATTSLUG_HTTP_PORT: impossible value: "-1"; allowed: 0 to 65535/],
    [
      'a port in the file',
      ['run', '--config', file('port.toml', 'http-port = 1.5')],
      {},
      /port\.toml, line 1: http-port: impossible value: "1.5"; allowed: 0 to 65535/
    ],
    [
      'a source that is none',
      ['run', '--source', 'COM3'],
      {},
      /--source: impossible value: "COM3"; allowed: auto, a device path, tcp:\/\/host:port, replay:FILE or demo; or several of a kind/
    ],
    [
      'one of several sources that is none',
      ['run', '--source', '/dev/ttyUSB0,COM3'],
      {},
      /--source: impossible value: "\/dev\/ttyUSB0,COM3"/
    ],
    ['a remote source without a port', ['run', '--source', 'tcp://board'], {}, /--source: impossible value: "tcp:\/\/board"/],
    ['a setting without its value', ['run', '--source'], {}, /'--source/],
    [
      'a state folder that cannot be',
      ['run', '--state', '/dev/null/here'],
      {},
      /--state: impossible value: "\/dev\/null\/here"; allowed: a folder/
    ],
    ['a file that is not there', ['run', '--config', join(folder, 'nowhere.toml')], {}, /nowhere\.toml: it cannot be read/],
    [
      'a file that is no TOML',
      ['run', '--config', file('broken.toml', 'host = "a"\nroot = currentcost\n')],
      {},
      /broken\.toml, line 2, column \d+: /
    ]
  ]
  for (const [name, args, env, said] of refusals) {
    const { code, out, errors } = await run(t, args, env)
    t.equal(code, 2, `${name}: exit code 2`)
    t.match(errors, said, `${name}: the message`)
    t.equal(errors.split('\n').length, 1, `${name}: in one line`)
    t.equal(out, '', `${name}: nothing else`)
  }
})

t.test('the command line wins, then the environment, then the file, then the default', async t => {
  const folder = makeFolder(t)
  const config = join(folder, 'wattslug.toml')
  writeFileSync(config, 'root = "from/file"\nsource = "demo"\nhost = "127.0.0.1"\nmqtt-port = 0\nhttp-port = 0\n')
  const rootOf = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const daemon = await whenUp(startBundle(t, ['run', '--state', folder, ...args], { env }))
    const settings = (await (await fetch(`${daemon.page}settings.json`)).json()) as { root: string }
    t.equal((await daemon.stop()).code, 0)
    return settings.root
  }
  const fromLine = ['--source', 'demo', '--host', '127.0.0.1', '--mqtt-port', '0', '--http-port', '0']
  t.equal(await rootOf(fromLine), 'currentcost', 'the default')
  t.equal(await rootOf(['--config', config]), 'from/file', 'the file')
  t.equal(await rootOf([], { WATTSLUG_CONFIG: config }), 'from/file', 'a file that the environment names')
  t.equal(await rootOf(['--config', config], { WATTSLUG_ROOT: 'from/environment' }), 'from/environment', 'the environment')
  t.equal(await rootOf(['--config', config, '--root', 'from/line'], { WATTSLUG_ROOT: 'from/environment' }), 'from/line', 'the command line')
  t.equal(await rootOf(['--config', config, '--root=from/line']), 'from/line', 'with an equals sign too')
})

t.test('a port that is taken, or an address of another machine, ends it with code 1 and what to do', async t => {
  const port = await freePort()
  const other = createServer()
  await new Promise<void>(resolve => other.listen(port, '127.0.0.1', resolve))
  t.teardown(() => other.close())
  const args = (more: readonly string[]): readonly string[] => [
    'run',
    '--source',
    'demo',
    '--host',
    '127.0.0.1',
    '--state',
    makeFolder(t),
    ...more
  ]
  const taken = `port ${port} is taken by another program.*choose another with`
  t.match(await run(t, args(['--mqtt-port', String(port), '--http-port', '0'])), { code: 1, errors: new RegExp(`${taken} --mqtt-port`) })
  t.match(await run(t, args(['--mqtt-port', '0', '--http-port', String(port)])), { code: 1, errors: new RegExp(`${taken} --http-port`) })
  const elsewhere = await run(t, [
    'run',
    '--source',
    'demo',
    '--host',
    '192.0.2.1',
    '--mqtt-port',
    '0',
    '--http-port',
    '0',
    '--state',
    makeFolder(t)
  ])
  t.match(elsewhere, { code: 1, errors: /192\.0\.2\.1 is no address of this machine/ })
})

t.test('a port that was asked for is the one that is bound, and 0 takes a free one', async t => {
  const [mqttPort, httpPort] = [await freePort(), await freePort()]
  const asked = await startDaemon(t, { source: 'demo', mqttPort, httpPort })
  t.strictSame([asked.mqttPort, asked.httpPort], [mqttPort, httpPort])
  const free = await startDaemon(t, { source: 'demo' })
  t.ok(free.mqttPort > 0 && free.httpPort > 0 && free.mqttPort !== free.httpPort, `${free.mqttPort} and ${free.httpPort}`)
  t.equal((await fetch(free.page)).status, 200)
})

t.test('without a word of where the meter is, it looks for one; several are read at once', async t => {
  const searching = await startDaemon(t, {})
  await searching.untilSaid(/meter auto: connecting\. Opening auto/)
  t.equal(searching.said(/Opening auto/), 1, 'auto is the default')
  await ends(t, searching, 'SIGTERM')
  const several = await startDaemon(t, { source: '/dev/not-there,/dev/does-not-exist' })
  const stock = await mosquittoSub(t, several.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await stock.until('currentcost/bridge/meter', /"absent".*"source":"\/dev\/not-there"/)
  await stock.until('currentcost/bridge/meter2', /"absent".*"source":"\/dev\/does-not-exist"/)
  t.pass('the first has no name in topics, the second is meter2')
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} ends it within 2 s and with code 0, whoever is connected`, async t => {
    const daemon = await startDaemon(t, { source: 'demo' })
    const subscription = ['-t', 'currentcost/#', '-q', '1']
    const stock = await mosquittoSub(t, daemon.mqttPort, subscription)
    const frozen = await mosquittoSub(t, daemon.mqttPort, subscription)
    const webSocket = await mqttJs(t, `ws://127.0.0.1:${daemon.httpPort}/mqtt`)
    await webSocket.client.subscribeAsync('currentcost/#', { qos: 1 })
    await stock.until('currentcost/bridge/state', 'online')
    await webSocket.until('currentcost/bridge/state', 'online')
    await stock.until('currentcost/0/availability', 'online')
    frozen.program.signal('SIGSTOP')

    await ends(t, daemon, signal)
    await stock.until('currentcost/bridge/state', 'offline')
    await webSocket.until('currentcost/bridge/state', 'offline')
    await stock.until('currentcost/0/availability', 'offline')
    t.pass('and subscribers know that it went')
    t.equal(daemon.said(/error/), 0, 'no error in the log')
  })
}

t.test('it ends as soon when there is no meter, or nobody at the other end', async t => {
  for (const source of ['/dev/does-not-exist', 'tcp://127.0.0.1:9']) {
    const daemon = await startDaemon(t, { source })
    await daemon.untilSaid(/absent/)
    await ends(t, daemon, 'SIGTERM')
  }
})

async function ends(t: Parameters<typeof startDaemon>[0], daemon: Daemon, signal: NodeJS.Signals): Promise<void> {
  const startMs = performance.now()
  daemon.program.signal(signal)
  const end = await until('the daemon to end', () => daemon.program.end)
  const tookMs = performance.now() - startMs
  t.strictSame(end, { code: 0, signal: null }, 'code 0')
  t.ok(tookMs < stopMs, `after ${Math.round(tookMs)} ms`)
}
