/** The settings: every option from every place, which place wins, and the message for what is impossible. */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, ConfigError, helpText, readCommand } from '../src/config.ts'
import { settings } from '../src/settings.ts'

type Environment = Record<string, string | undefined>

/** Where state goes when a test does not care. */
const home = t.testdir()
const someState: Environment = { XDG_STATE_HOME: home }

function configOf(args: readonly string[], environment: Environment = {}): Config {
  const command = readCommand(['run', ...args], { ...someState, ...environment })
  if (command.name !== 'run') throw new Error('it does not run')
  return command.config
}

function messageOf(args: readonly string[], environment: Environment = {}): string {
  try {
    readCommand(args, { ...someState, ...environment })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'no error'
}

let files = 0

function fileOf(text: string): string {
  const path = join(home, `file${++files}.toml`)
  writeFileSync(path, text)
  return path
}

const variableOf = (name: string): string => `WATTSLUG_${name.toUpperCase().replaceAll('-', '_')}`

interface Row {
  readonly name: string
  readonly field: keyof Config
  readonly usual: unknown
  readonly allowed: string
  readonly good: readonly (readonly [text: string, value: unknown])[]
  readonly bad: readonly string[]
}

const ports: Pick<Row, 'allowed' | 'good' | 'bad'> = {
  allowed: '0 to 65535',
  good: [
    ['0', 0],
    ['1', 1],
    ['65535', 65_535],
    ['01883', 1_883]
  ],
  bad: ['', '-1', '65536', '100000', '1.5', '1e3', '0x50', 'http', ' 80', '80 ']
}

const rows: readonly Row[] = [
  {
    name: 'source',
    field: 'sources',
    usual: [],
    allowed: 'auto, a device path, tcp://host:port, replay:FILE or demo; or several of a kind with commas between',
    good: [
      ['auto', []],
      ['demo', [{ kind: 'demo' }]],
      ['/dev/serial/by-id/usb-Prolific-if00', [{ kind: 'serial', path: '/dev/serial/by-id/usb-Prolific-if00' }]],
      ['tcp://meter.lan:2001', [{ kind: 'remote', host: 'meter.lan', port: 2_001 }]],
      ['tcp://192.168.1.5:65535/', [{ kind: 'remote', host: '192.168.1.5', port: 65_535 }]],
      ['TCP://Meter:1', [{ kind: 'remote', host: 'Meter', port: 1 }]],
      ['tcp://[fe80::1]:2001', [{ kind: 'remote', host: 'fe80::1', port: 2_001 }]],
      ['replay:a file.txt', [{ kind: 'replay', path: 'a file.txt' }]],
      [
        '/dev/ttyUSB1, tcp://h:1',
        [
          { kind: 'serial', path: '/dev/ttyUSB1' },
          { kind: 'remote', host: 'h', port: 1 }
        ]
      ]
    ],
    bad: [
      ...['', 'Demo', 'ttyUSB0', './dev', 'tcp://', 'tcp://host', 'tcp://host:0', 'tcp://host:65536', 'tcp://:1', 'tcp://a/b:1'],
      ...[
        'tcp://fe80::1:2001',
        'http://host:1',
        'tcp://host:1/x',
        'replay:',
        'auto,demo',
        'demo,',
        ',',
        'demo,demo',
        '/dev/ttyUSB1,replay:x',
        '/a,/b,/c,/d,/e'
      ]
    ]
  },
  {
    name: 'baud',
    field: 'baud',
    usual: 57_600,
    allowed: '57600, 9600 or 2400',
    good: [
      ['57600', 57_600],
      ['9600', 9_600],
      ['2400', 2_400]
    ],
    bad: ['', '0', '115200', '57600.0', '57,600', 'fast']
  },
  {
    name: 'host',
    field: 'host',
    usual: '0.0.0.0',
    allowed: 'an address of this machine, or its name',
    good: [
      ['127.0.0.1', '127.0.0.1'],
      ['::', '::'],
      ['fe80::1', 'fe80::1'],
      ['meter.lan', 'meter.lan']
    ],
    bad: ['', 'a b', 'http://meter', '*', '[::1]']
  },
  {
    name: 'speed',
    field: 'speed',
    usual: 1,
    allowed: 'a number from 0 to 1000000',
    good: [
      ['0', 0],
      ['60', 60],
      ['0.5', 0.5],
      ['1000000', 1_000_000]
    ],
    bad: ['', '-1', '1000001', '1000000.1', '.5', '1.', '1e3', 'fast', 'Infinity', 'NaN']
  },
  { name: 'mqtt-port', field: 'mqttPort', usual: 1_883, ...ports },
  { name: 'http-port', field: 'httpPort', usual: 8_080, ...ports },
  { name: 'mqtts-port', field: 'mqttsPort', usual: 8_883, ...ports },
  { name: 'https-port', field: 'httpsPort', usual: 8_443, ...ports },
  {
    name: 'proxies',
    field: 'proxies',
    usual: [],
    allowed: 'none, or addresses and networks with commas between, such as 127.0.0.1,10.0.0.0/8',
    good: [
      ['none', []],
      ['127.0.0.1', ['127.0.0.1']],
      ['10.0.0.0/8, ::1,fd00::/8', ['10.0.0.0/8', '::1', 'fd00::/8']]
    ],
    bad: ['', 'proxy.lan', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0', '127.0.0.1,', 'none,127.0.0.1', '127.0.0.1 10.0.0.1']
  },
  {
    name: 'zone',
    field: 'zone',
    usual: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    allowed: "local, or a time zone's name, such as Europe/London",
    good: [
      ['Europe/London', 'Europe/London'],
      ['europe/berlin', 'Europe/Berlin'],
      ['UTC', 'UTC'],
      ['local', new Intl.DateTimeFormat().resolvedOptions().timeZone]
    ],
    bad: ['', 'London', 'Europe/Nowhere', 'Europe/London ', 'GMT+25']
  },
  {
    name: 'root',
    field: 'root',
    usual: 'currentcost',
    allowed: 'a topic of up to 200 characters without wildcards that does not begin with $',
    good: [
      ['house', 'house'],
      ['house/cellar', 'house/cellar'],
      ['x'.repeat(200), 'x'.repeat(200)],
      ['Zähler', 'Zähler']
    ],
    bad: ['', '$SYS', '/house', 'house/', 'a/+/b', '#', 'a\0b', 'a/'.repeat(80).slice(0, -1), 'x'.repeat(201)]
  }
]

const jsonOf = (text: string): string => JSON.stringify(text)

for (const { name, field, usual, allowed, good, bad } of rows) {
  const variable = variableOf(name)

  t.test(`${name}: what it may be, from each place`, async t => {
    t.strictSame(configOf([])[field], usual, 'by itself')
    for (const [text, value] of good) {
      t.strictSame(configOf([`--${name}=${text}`])[field], value, `--${name}=${text}`)
      t.strictSame(configOf([], { [variable]: text })[field], value, `${variable}=${text}`)
      t.strictSame(configOf(['--config', fileOf(`${name} = ${jsonOf(text)}`)])[field], value, `${name} = ${jsonOf(text)}`)
      if (/^\d+$/.test(text) && !/^0\d/.test(text)) {
        t.strictSame(configOf(['--config', fileOf(`${name} = ${text}`)])[field], value, `${name} = ${text}`)
      }
    }
  })

  t.test(`${name}: what it may not be, from each place`, async t => {
    for (const text of bad) {
      const complaint = `impossible value: ${jsonOf(text)}; allowed: ${allowed}`
      t.equal(messageOf(['run', `--${name}=${text}`]), `--${name}: ${complaint}`)
      t.equal(messageOf(['run'], { [variable]: text }), `${variable}: ${complaint}`)
      const file = fileOf(`${name} = ${jsonOf(text).replaceAll('\\u0000', '\\u0000')}`)
      t.equal(messageOf(['run', '--config', file]), `${file}, line 1: ${name}: ${complaint}`)
    }
    const values: readonly (readonly [toml: string, shown: string])[] = [
      ['true', 'true'],
      ['-0.5', '-0.5'],
      ['["a", "+"]', 'a,+'],
      ['{ a = 1 }', '{"a":1}']
    ]
    for (const [toml, shown] of values) {
      const file = fileOf(`${name} = ${toml}`)
      const message = messageOf(['run', '--config', file])
      if (message !== 'no error') t.equal(message, `${file}, line 1: ${name}: impossible value: ${jsonOf(shown)}; allowed: ${allowed}`)
      else t.ok(name === 'host' || name === 'root', `${name} may be ${toml}`)
    }
  })

  t.test(`${name}: the command line wins, then the environment, then the file`, async t => {
    const [first, second, third] = [good[0], good[1], good[2]].map(pair => pair ?? ['', undefined])
    const file = fileOf(`${name} = ${jsonOf(third?.[0] ?? '')}`)
    t.strictSame(configOf(['--config', file])[field], third?.[1])
    t.strictSame(configOf([], { WATTSLUG_CONFIG: file })[field], third?.[1], 'the file may be named in the environment')
    t.strictSame(configOf(['--config', file], { [variable]: second?.[0] })[field], second?.[1])
    t.strictSame(configOf(['--config', file, `--${name}`, String(first?.[0])], { [variable]: second?.[0] })[field], first?.[1])
    t.strictSame(
      configOf([`--${name}`, String(first?.[0])], { [variable]: 'impossible +' })[field],
      first?.[1],
      'what loses is not looked at'
    )
  })
}

t.test('TLS: none, a certificate of our own, or one of files, which are both named then', async t => {
  const files = ['--tls-cert', '/a.crt', '--tls-key', '/a.key']
  t.strictSame(configOf([]).tls, { kind: 'none' })
  t.strictSame(configOf(['--tls', 'self-signed']).tls, { kind: 'self-signed' })
  t.strictSame(configOf(['--tls', 'files', ...files]).tls, { kind: 'files', cert: '/a.crt', key: '/a.key' })
  const [withoutKey, unused] = [fileOf('tls = "files"\ntls-cert = "/a.crt"'), fileOf('\ntls-key = "/a.key"')]
  const cases: readonly (readonly [args: readonly string[], message: string])[] = [
    [['--tls', 'on'], '--tls: impossible value: "on"; allowed: none, self-signed or files'],
    [['--tls-cert='], '--tls-cert: impossible value: ""; allowed: none, or a file in PEM'],
    [['--tls', 'files'], '--tls: files needs tls-cert and tls-key'],
    [['--tls', 'files', ...files.slice(2)], '--tls: files needs tls-cert and tls-key'],
    [['--config', withoutKey], `${withoutKey}, line 1: tls: files needs tls-cert and tls-key`],
    [files, '--tls-cert: is of use only with tls = files, but tls is none'],
    [['--config', unused, '--tls', 'self-signed'], `${unused}, line 2: tls-key: is of use only with tls = files, but tls is self-signed`]
  ]
  for (const [args, message] of cases) t.equal(messageOf(['run', ...args]), message)
})

t.test('state: a folder that is made when it is not there', async t => {
  const wanted = join(home, 'a', 'b')
  t.equal(configOf(['--state', wanted]).state, wanted)
  t.equal(statSync(wanted).mode & 0o777, 0o750)
  t.equal(configOf([`--state=${wanted}`]).state, wanted, 'or is there')
  t.equal(configOf([], { WATTSLUG_STATE: wanted }).state, wanted)
  t.equal(configOf(['--config', fileOf(`state = ${jsonOf(wanted)}`)]).state, wanted)
  for (const impossible of ['/proc/wattslug', join(fileOf(''), 'below-a-file')])
    t.match(messageOf(['run', '--state', impossible]), /^--state: impossible value: .*; allowed: a folder that this user can make/)
})

t.test('state: where it is by itself', async t => {
  const state = (environment: Environment): string => {
    const command = readCommand(['run'], environment)
    return command.name === 'run' ? command.config.state : ''
  }
  t.equal(state({ XDG_STATE_HOME: home }), join(home, 'wattslug'))
  const given = join(home, 'systemd')
  t.equal(state({ STATE_DIRECTORY: given, XDG_STATE_HOME: home }), given)
  t.equal(state({ STATE_DIRECTORY: `${given}:${home}` }), given, 'the first of several')
  t.equal(state({ STATE_DIRECTORY: '', XDG_STATE_HOME: home }), join(home, 'wattslug'))
})

t.test('state: a folder that cannot be', async t => {
  const file = fileOf('')
  for (const path of [file, join(file, 'below'), '']) {
    const complaint = `impossible value: ${jsonOf(path)}; allowed: a folder that this user can make and write to`
    t.equal(messageOf(['run', `--state=${path}`]), `--state: ${complaint}`)
    t.equal(messageOf(['run'], { WATTSLUG_STATE: path }), `WATTSLUG_STATE: ${complaint}`)
  }
  t.match(
    messageOf(['run'], { XDG_STATE_HOME: file }),
    /^--state: impossible value: .*; allowed: a folder that this user can make and write to$/
  )
})

t.test('state: a folder that may not be written to', { skip: process.getuid?.() === 0 ? 'root may write everywhere' : false }, async t => {
  const path = join(home, 'readonly')
  mkdirSync(path)
  chmodSync(path, 0o500)
  t.match(messageOf(['run', '--state', path]), /^--state: impossible value/)
})

t.test('unknown settings, from each place', async t => {
  const names = Object.keys(settings)
  t.equal(messageOf(['run', '--sauce', 'x']), "Unknown option '--sauce'. See wattslug --help")
  t.equal(messageOf(['run', '-x']), "Unknown option '-x'. See wattslug --help")
  const variables = ['config', ...names].map(variableOf).join(', ')
  t.equal(messageOf(['run'], { WATTSLUG_SAUCE: 'x' }), `WATTSLUG_SAUCE: unknown setting; allowed: ${variables}`)
  t.equal(messageOf(['run'], { WATTSLUG_mqtt_port: '1' }), `WATTSLUG_mqtt_port: unknown setting; allowed: ${variables}`)
  t.equal(messageOf(['run'], { OTHER_SAUCE: 'x' }), 'no error', 'what is not ours is not looked at')
  for (const [text, key] of [
    ['sauce = 1', 'sauce'],
    ['mqtt_port = 1', 'mqtt_port'],
    ['[mqtt]\nport = 1', 'mqtt'],
    ['__proto__ = 1', '__proto__'],
    ['config = "x"', 'config']
  ] as const) {
    const file = fileOf(text)
    t.equal(
      messageOf(['run', '--config', file]),
      `${file}, line 1: unknown setting: ${key}; allowed: ${names.join(', ')}, [limits], [tariff], [sensor.N], [derived.NAME]`
    )
  }
})

t.test('options without a value', async t => {
  t.equal(messageOf(['run', '--baud']), "Option '--baud <value>' argument missing. See wattslug --help")
  t.equal(messageOf(['run', '--speed', '-1']), "Option '--speed' argument is ambiguous. See wattslug --help")
  t.equal(messageOf(['run', '--help=yes']), "Option '-h, --help' does not take an argument. See wattslug --help")
})

t.test('a file that is no TOML: where, and what', async t => {
  const cases: readonly (readonly [text: string, line: number, column: number])[] = [
    ['mqtt-port = ', 1, 13],
    ['# comment\nbaud = 9600\nhost = "open\n', 3, 13],
    ['baud = 9600\nbaud = 2400\n', 2, 1]
  ]
  for (const [text, line, column] of cases) {
    const file = fileOf(text)
    const message = messageOf(['run', '--config', file])
    t.ok(message.startsWith(`${file}, line ${line}, column ${column}: `), message)
    t.notMatch(message, /\n/, 'in one line')
  }
})

t.test('a file that cannot be read', async t => {
  const file = join(home, 'none.toml')
  for (const message of [messageOf(['run', '--config', file]), messageOf(['run'], { WATTSLUG_CONFIG: file })]) {
    t.match(message, file)
    t.match(message, /it cannot be read \(ENOENT: no such file or directory, open '.+'\); allowed: a TOML file$/)
  }
  t.match(messageOf(['run', '--config', home]), /it cannot be read \(EISDIR/)
})

t.test('an empty file says nothing', async t => {
  t.strictSame(configOf(['--config', fileOf('# nothing\n')]), configOf([]))
})

t.test('commands', async t => {
  t.strictSame(readCommand(['--help'], {}), { name: 'help' })
  t.strictSame(readCommand(['-h'], {}), { name: 'help' })
  t.strictSame(readCommand(['run', '--help', '--baud', 'impossible'], { WATTSLUG_SAUCE: 'x' }), { name: 'help' }, 'help comes first')
  t.strictSame(readCommand(['--version'], {}), { name: 'version' })
  t.match(
    messageOf([]),
    /^no command given; allowed: run, doctor, status, record FILE, passwd, backup FILE, restore FILE\. See wattslug --help$/
  )
  t.match(messageOf(['walk']), /^unknown command: walk; allowed: run.*\. See wattslug --help$/)
  t.equal(messageOf(['run', 'away']), 'run: too much stands behind it; allowed: run. See wattslug --help')
})

t.test('several meters, as a list in the file', async t => {
  const file = fileOf('source = ["/dev/ttyUSB0", "tcp://attic:2001"]')
  t.strictSame(configOf(['--config', file]).sources, [
    { kind: 'serial', path: '/dev/ttyUSB0' },
    { kind: 'remote', host: 'attic', port: 2_001 }
  ])
})

t.test('the other commands take the same settings', async t => {
  t.match(readCommand(['doctor', '--baud', '9600'], someState), { name: 'doctor', config: { baud: 9_600 } })
  t.match(readCommand(['passwd', '--baud', '9600'], someState), { name: 'passwd', config: { baud: 9_600 } })
  t.match(readCommand(['record', 'meter.txt', '--baud', '2400'], someState), { name: 'record', file: 'meter.txt', config: { baud: 2_400 } })
  t.equal(messageOf(['record']), 'record: name the file, such as: wattslug record meter.txt')
  t.match(messageOf(['doctor', 'x']), /^doctor: too much stands behind it; allowed: doctor\./)
  t.match(messageOf(['record', 'a', 'b']), /^record: too much stands behind it; allowed: record FILE\./)
  t.match(messageOf(['doctor', '--baud', '1']), /^--baud: impossible value: "1"/)
})

t.test('what looks after a daemon', async t => {
  const at = ['--password-file', 'pw']
  t.match(readCommand(['backup', 'house.ndjson', ...at], someState), { name: 'backup', file: 'house.ndjson', passwordFile: 'pw' })
  t.match(readCommand(['restore', 'house.ndjson'], someState), { name: 'restore', file: 'house.ndjson', passwordFile: undefined })
  t.match(readCommand(['status', ...at], someState), { name: 'status', fault: undefined, passwordFile: 'pw' })
  t.match(readCommand(['status', '--config', '/none.toml'], someState), { fault: /^\/none\.toml: it cannot be read/ })
  t.match(readCommand(['doctor', '--report', 'r.txt'], someState), { name: 'doctor', report: 'r.txt' })
  t.equal(messageOf(['backup']), 'backup: name the file, such as: wattslug backup house.ndjson')
  t.equal(messageOf(['run', '--report', 'r.txt']), '--report: allowed: with doctor')
  t.equal(messageOf(['doctor', ...at]), '--password-file: allowed: with status, backup, restore')
})

t.test('the doctor works with wrong settings too, and tells what is changed', async t => {
  const settingsOf = (args: readonly string[], environment: Environment = {}): unknown => {
    const command = readCommand(['doctor', ...args], { ...someState, ...environment })
    return command.name === 'doctor' && command.settings
  }
  const file = fileOf(
    'mqtt-port = 1884\nzone = "local"\n[limits]\nclients-max = 90\n[sensor.0]\nname = "House"\n[derived.net]\nformula = "0 - 1"\n'
  )
  t.strictSame(settingsOf(['--config', file, '--baud', '9600', '--limit', 'inflight-max=60'], { WATTSLUG_ROOT: 'house' }), {
    ...{ file, fault: undefined, notices: [] },
    changed: ['baud = 9600', 'mqtt-port = 1884', 'root = house', 'clients-max = 90', 'inflight-max = 60', '[sensor.N]', '[derived.NAME]']
  })
  t.strictSame(settingsOf([]), { file: undefined, fault: undefined, notices: [], changed: [] })
  const wrong = fileOf('mqtt-port = 99999\n')
  t.match(settingsOf(['--config', wrong]), { file: wrong, fault: /impossible value: "99999"/, changed: [] })
  t.match(settingsOf(['--config', join(home, 'gone.toml')]), { fault: /gone\.toml/ })
  t.match(settingsOf([], { WATTSLUG_SAUCE: 'x' }), { file: undefined, fault: /WATTSLUG_SAUCE: unknown setting/ })
  t.match(messageOf(['doctor', '--config', wrong, '--mqtt-port', 'x']), /^--mqtt-port: impossible value/, 'the command line is to be right')
})

t.test('whoever only looks makes no state folder', async t => {
  const state = join(home, 'never')
  t.match(readCommand(['status', '--state', state], someState), { config: { state } })
  t.notOk(statSync(state, { throwIfNoEntry: false }))
})

t.test('what is to be corrected comes from the file', async t => {
  t.strictSame(configOf([]).corrections, new Map())
  t.strictSame(configOf([]).derivations, [])
  const file = fileOf('[sensor.nonsense]\nx = 1\n')
  t.match(messageOf(['run', '--config', file]), file, 'a mistake there names the file too')
})

t.test('the tariff comes from the file', async t => {
  t.equal(configOf([]).tariff, undefined)
  const file = fileOf('[tariff]\ncurrency = "GBP"\nprice-per-kwh = 0.25\n')
  t.match(configOf(['--config', file]).tariff, { currency: 'GBP', changes: [{ bands: [{ pricePerKWh: '0.25' }] }] })
  const wrong = fileOf('[tariff]\nprice-per-kwh = 0.25\n')
  t.match(messageOf(['run', '--config', wrong]), `${wrong}, line 1: [tariff]: currency: missing`)
})

t.test('bounds come from the file and the command line, which wins', async t => {
  const file = fileOf('[limits]\nclients-max = 50\ndrain-ms = 30000\n')
  t.strictSame(configOf([]).limits, {})
  t.strictSame(configOf(['--config', file]).limits, { clientsMax: 50, drainMs: 30_000 })
  const args = ['--config', file, '--limit', 'clients-max=60', '--limit=connect-ms=5000']
  t.strictSame(configOf(args).limits, { clientsMax: 60, drainMs: 30_000, connectMs: 5_000 })
})

t.test('bounds that cannot be: where, and what is allowed', async t => {
  const fileWith = (text: string): { readonly file: string; readonly message: string } => {
    const file = fileOf(text)
    return { file, message: messageOf(['run', '--config', file]) }
  }
  const high = fileWith('[limits]\nclients-max = 5000')
  t.equal(high.message, `${high.file}, line 2: [limits]: clients-max: impossible value: 5000; allowed: a whole number from 1 to 4000`)
  const unknown = fileWith('[limits]\nclients = 5')
  t.ok(unknown.message.startsWith(`${unknown.file}, line 2: [limits]: unknown limit: clients; allowed: clients-max, `), unknown.message)
  for (const text of ['limits = 5', 'limits = []']) {
    const none = fileWith(text)
    t.equal(none.message, `${none.file}, line 1: limits: allowed: a table, [limits]`)
  }
  t.match(messageOf(['run', '--limit', 'clients-max']), /^--limit: clients-max: impossible value: ""; allowed: a whole number/)
  t.match(messageOf(['run', '--limit', 'clients-max=many']), /^--limit: clients-max: impossible value: "many"; allowed: a whole number/)
  t.match(messageOf(['run', '--limit', 'x=1=2']), /^--limit: unknown limit: x; allowed: clients-max, /)
  t.match(messageOf(['run', '--limit', 'clients-max=105']), /^--limit: clients-max: limits: .*sessions-max must be at least clients-max$/)
})

t.test('the help lists every option with its default', async t => {
  const help = helpText()
  for (const { name, usual } of rows) {
    const line = help.split('\n').find(each => each.startsWith(`  --${name} `))
    t.ok(line, `--${name}`)
    const shown = name === 'source' ? 'auto' : name === 'proxies' ? 'none' : name === 'zone' ? 'local' : String(usual)
    t.match(line, `(default: ${shown})`)
  }
  for (const more of ['--state', '--limit', '--config', '--help', '--version', variableOf('mqtt-port')]) t.match(help, more)
})

t.test('what comes out is frozen', async t => {
  const config = configOf([])
  t.ok(Object.isFrozen(config))
  t.throws(() => {
    ;(config as { baud: number }).baud = 1
  }, TypeError)
})
