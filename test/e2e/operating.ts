/** Looking after a daemon that runs: its state on one screen, a backup and its way back, the doctor's whole round, and a file for whoever helps. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ask } from '../fixtures/e2e/api.ts'
import { inZone } from '../fixtures/e2e/backup.ts'
import { bundle, type Daemon, startBundle, startDaemon } from '../fixtures/e2e/daemon.ts'
import { makeFolder, noDevices, type ProgramOptions, start } from '../fixtures/e2e/program.ts'
import { until } from '../fixtures/e2e/wait.ts'
import { makePair } from '../fixtures/io/tls.ts'

/** Listening takes up to 40 s. */
const patienceMs = 100_000
const notRoot = userInfo().uid === 0 ? false : 'only root can be another user'
const asNobody: ProgramOptions = { user: 'nobody', cwd: '/' }
const secret = 'correct horse battery staple'

interface Told {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

async function run(t: Test, args: readonly string[], options: ProgramOptions = {}, typed?: string): Promise<Told> {
  const program = startBundle(t, args, options)
  if (typed !== undefined) await program.write(Buffer.from(typed))
  const { code } = await until(`${args[0]} to end`, () => program.end, patienceMs)
  return { code, out: program.out.join('\n'), errors: program.errors.join('\n') }
}

/** A daemon with a simulated meter, in a state folder that only its own user can look into. */
async function startHouse(
  t: Test,
  more: readonly string[] = ['--access', 'read']
): Promise<{ daemon: Daemon; state: string; at: readonly string[] }> {
  const state = join(makeFolder(t), 'state')
  mkdirSync(state, { mode: 0o700 })
  const daemon = await startDaemon(t, { source: 'demo', state, more })
  await daemon.untilSaid(/live\. Readings arrive/)
  return { daemon, state, at: ['--state', state, '--host', '127.0.0.1', '--http-port', String(daemon.httpPort), '--mqtt-port', '0'] }
}

t.jobs = 2

t.test('status: one screen, and an exit code that tells', { buffered: true }, async t => {
  const { daemon, state } = await startHouse(t)
  const { code, out } = await run(t, ['status', '--state', state])
  t.equal(code, 0)
  t.match(
    out,
    /^wattslug \d\S* at http:\/\/127\.0\.0\.1:\d+\/, up since 20\d\d-\d\d-\d\d .* UTC \(\d+ s\)\nall is well\nthe meter is SIMULATED: .*\n\nsensor 0 +-?\d+ W {2}\d+ s ago +today (?:-|[\d.]+ kWh)\n/
  )
  t.match(out, /\nclients {2}0 of at most 100; .*\nmemory .*\nstore {4}open, /)

  await daemon.stop()
  const after = await run(t, ['status', '--state', state, '--http-port', String(daemon.httpPort)])
  t.equal(after.code, 3)
  t.match(after.out, /^No wattslug answers here\. Start it first \(/)
  const lost = await run(t, ['status', '--state', state, '--config', join(state, 'none.toml')])
  t.match(lost.errors, /^wattslug: \S+none\.toml: it cannot be read/, 'it may be elsewhere, as settings that are wrong would say')

  const bad = await startDaemon(t, { source: join(state, 'ttyUSB7'), state })
  await bad.untilSaid(/absent\. No such device/)
  const needy = await run(t, ['status', '--state', state])
  t.equal(needy.code, 1)
  t.match(needy.out, /\n! \S+ttyUSB7: No such device/)
  t.match(needy.out, 'No sensor was heard yet.')
})

t.test('who may see nothing is not told', { buffered: true, skip: notRoot }, async t => {
  const { state, at } = await startHouse(t, ['--access', 'login'])
  const { code, out } = await run(t, ['status', ...at], asNobody)
  t.equal(code, 0, 'health is for everybody')
  t.match(out, 'What it measures is not told to this user')
  t.match((await run(t, ['status', '--state', state])).out, /sensor 0 /, 'root is')
  const doctor = await run(t, ['doctor', ...at, '--access', 'login'], asNobody)
  t.match(doctor.out, 'What the meters say is not told to this user.')
  t.match(doctor.out, `this user may not look into ${state}`)
  t.match(doctor.out, /Access: whoever wants to see readings has to log in/)
  t.equal(doctor.code, 0)
})

t.test('the key is for root and the daemon itself, and for as long as it runs', { buffered: true }, async t => {
  const { daemon, state } = await startHouse(t)
  const file = join(state, 'key')
  t.equal(statSync(file).mode & 0o777, 0o600)
  const key = (JSON.parse(readFileSync(file, 'utf8')) as { secret: string }).secret
  const basic = (password: string): Record<string, string> => ({
    Authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
  })
  const put = (password: string): Promise<{ status: number }> =>
    ask(`${daemon.page}api/sensors/0`, 'PUT', { name: 'House' }, basic(password))
  t.equal((await put(key)).status, 200)
  t.not((await put(`${key}x`)).status, 200)
  t.not((await put('')).status, 200)
  t.notMatch(daemon.log.join('\n'), key)

  daemon.program.signal('SIGKILL')
  await daemon.program.ended
  t.ok(existsSync(file))
  t.equal((await run(t, ['status', '--state', state])).code, 3, 'one that is left over leads nowhere')
  const again = await startDaemon(t, { source: 'demo', state })
  t.notMatch(readFileSync(file, 'utf8'), key, 'each has its own')
  await again.stop()
  t.notOk(existsSync(file))
})

t.test('backup and restore while it runs, by its own user without a password', { buffered: true }, async t => {
  const { daemon, state } = await startHouse(t)
  const folder = makeFolder(t)
  const file = join(folder, 'house.ndjson')
  const backup = await run(t, ['backup', file, '--state', state])
  t.strictSame([backup.code, backup.errors], [0, ''])
  t.match(backup.out, /^\d+ records are in \S+\.$/)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(folder), ['house.ndjson'], 'nothing unfinished is left')
  const [, records = ''] = /"records":(\d+)/.exec(readFileSync(file, 'utf8')) ?? []

  const restored = await run(t, ['restore', file, '--state', state])
  t.strictSame([restored.code, restored.out], [0, `${records} records were taken back from ${file}.`])
  await daemon.untilSaid(new RegExp(`notice +a backup was restored in the place of all that was kept: ${records} records$`))

  writeFileSync(file, inZone(readFileSync(file, 'utf8'), 'Asia/Tokyo'))
  const moved = await run(t, ['restore', file, '--state', state])
  t.match(moved.out, /taken back from .*\nTheir days are those of Asia\/Tokyo: set zone to that, and start wattslug again\.$/)

  const shown = await run(t, ['backup', '-', '--state', state])
  t.equal(shown.code, 0)
  t.match(shown.out, /^\{"wattslug":"export"[\s\S]*\n\{"records":\d+,"sha256":"[\da-f]{64}"\}$/)

  const cut = join(folder, 'cut.ndjson')
  writeFileSync(cut, readFileSync(file).subarray(0, -20))
  const refused = await run(t, ['restore', cut, '--state', state])
  t.equal(refused.code, 1)
  t.match(refused.errors, /^wattslug: \S+cut\.ndjson, line \d+: .*\. Nothing was changed$/)
  t.equal((await run(t, ['status', '--state', state])).code, 0, 'nothing was changed')

  const nowhere = await run(t, ['backup', join(folder, 'gone/house.ndjson'), '--state', state])
  t.equal(nowhere.code, 1)
  t.match(nowhere.errors, /^wattslug: \S+gone\/house\.ndjson was not written: there is no such folder$/)
  const pipe = join(folder, 'pipe')
  t.equal(spawnSync('mkfifo', [pipe]).status, 0)
  for (const command of ['backup', 'restore']) {
    const device = await run(t, [command, pipe, '--state', state])
    t.equal(device.code, 1)
    t.match(device.errors, `${pipe} is no file`)
    t.ok(statSync(pipe).isFIFO(), 'and it is left as it is')
  }
  const missing = await run(t, ['restore', join(folder, 'gone.ndjson'), '--state', state])
  t.strictSame([missing.code, missing.errors], [1, `wattslug: ${join(folder, 'gone.ndjson')}: there is no such file`])
  const silent = await run(t, ['backup', file, '--state', folder, '--http-port', '0'])
  t.equal(silent.code, 1)
  t.match(silent.errors, /^wattslug: no wattslug answers here\. Start it first/)
})

/** What answers as a daemon does, and gives away half of a backup. @param next what it does then */
async function startHalf(t: Test, next: (response: ServerResponse) => void): Promise<readonly string[]> {
  const server = createServer((request, response) => {
    response.setHeader('X-Wattslug', '1')
    if (request.url !== '/api/export') response.end('{"may": {"change": true}}')
    else response.write('{"wattslug":"export"', () => next(response))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close().closeAllConnections())
  const password = join(makeFolder(t), 'password')
  writeFileSync(password, secret)
  const { port } = server.address() as AddressInfo
  return ['--host', '127.0.0.1', '--http-port', String(port), '--state', makeFolder(t), '--password-file', password]
}

t.test('a backup that is broken off leaves nothing behind', { buffered: true }, async t => {
  const folder = makeFolder(t)
  const file = join(folder, 'house.ndjson')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const at = await startHalf(t, () => undefined)
    const program = startBundle(t, ['backup', file, ...at])
    await until('it to be under way', () => existsSync(`${file}.unfinished`) && statSync(`${file}.unfinished`).size > 0)
    program.signal(signal)
    t.equal((await program.ended).code, 1)
    t.strictSame([program.errors, readdirSync(folder)], [[`wattslug: ${file} was not written: ${signal}`], []])
  }
  const cut = await run(t, ['backup', file, ...(await startHalf(t, response => response.destroy()))])
  t.strictSame([cut.code, cut.errors, readdirSync(folder)], [1, `wattslug: ${file} was not written: the daemon broke off`, []])
  const short = await run(t, ['backup', file, ...(await startHalf(t, response => response.end()))])
  t.strictSame([short.code, readdirSync(folder)], [1, []])
  t.match(short.errors, /was not written: line 1: /)
})

t.test('others need the password', { buffered: true, skip: notRoot }, async t => {
  const { state, at } = await startHouse(t)
  const folder = makeFolder(t)
  chmodSync(folder, 0o777)
  const passwordFile = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o644 })
    return join(folder, name)
  }
  const [right, wrong] = [passwordFile('right', `${secret}\r\nnot this\n`), passwordFile('wrong', 'password')]
  const none = await run(t, ['backup', '-', ...at], asNobody)
  t.strictSame([none.code, none.out], [1, ''])
  t.match(none.errors, 'there is no password yet')

  t.equal((await run(t, ['passwd', '--state', state], {}, `${secret}\n`)).code, 0)
  const unasked = await run(t, ['backup', '-', ...at], asNobody)
  t.strictSame([unasked.code, unasked.out], [1, ''])
  t.match(unasked.errors, 'this needs the password')
  const mistaken = await run(t, ['backup', '-', ...at, '--password-file', wrong], asNobody)
  t.strictSame([mistaken.code, mistaken.out], [1, ''])
  t.match(mistaken.errors, `the daemon does not take the password in ${wrong}`)
  const unknown = await run(t, ['status', ...at, '--password-file', wrong], asNobody)
  t.strictSame([unknown.code, unknown.out], [1, ''], 'which is not to say that no daemon runs')
  t.match(unknown.errors, `the daemon does not take the password in ${wrong}`)
  const folderAsFile = await run(t, ['status', ...at, '--password-file', folder], asNobody)
  t.strictSame([folderAsFile.code, folderAsFile.errors], [1, `wattslug: --password-file ${folder}: this is a folder, and no file`])
  const setter = await run(t, ['passwd', '--state', state], asNobody)
  t.strictSame(
    [setter.code, setter.errors],
    [2, `wattslug: --state: impossible value: "${state}"; allowed: a folder that this user can make and write to`]
  )
  const file = join(folder, 'mine.ndjson')
  t.equal((await run(t, ['backup', file, ...at, '--password-file', right], asNobody)).code, 0)
  t.equal((await run(t, ['restore', file, ...at, '--password-file', right], asNobody)).code, 0)
})

t.test('on a terminal the password is asked for', { buffered: true, skip: notRoot }, async t => {
  const { state, at } = await startHouse(t)
  t.equal((await run(t, ['passwd', '--state', state], {}, `${secret}\n`)).code, 0)
  const folder = makeFolder(t)
  chmodSync(folder, 0o777)
  const file = join(folder, 'mine.ndjson')
  const command = [process.execPath, bundle, 'backup', file, ...at].join(' ')
  const terminal = start(t, 'script', ['--quiet', '--return', '--command', command, '/dev/null'], asNobody)
  await terminal.write(Buffer.from(`${secret}\r`))
  const { code } = await until('the backup to end', () => terminal.end, patienceMs)
  t.equal(code, 0)
  t.match(terminal.out.join('\n'), /Password: [\s\S]*\d+ records are in /)
  t.ok(existsSync(file))
})

/** The address of a server that stands where the daemon wants to. */
async function occupy(t: Test): Promise<number> {
  const server: Server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('the doctor looks at the machine too', { buffered: true }, async t => {
  const { daemon, state, at } = await startHouse(t, ['--access', 'read', '--zone', 'Asia/Tokyo'])
  const { code, out } = await run(t, ['doctor', ...at])
  t.equal(code, 0)
  t.match(out, '; the zone is Asia/Tokyo.\n', 'that of the daemon')
  t.match(out, /^well {5}Version: wattslug \d\S*, Node v\d+\S*, Linux \S+ on \w+/)
  t.match(out, `\nwell     Daemon: answers at ${daemon.page}, up for `)
  t.match(out, /\nwell {5}Memory: the daemon has [\d.]+ MB, [\d.]+ MB of it its own; clients and meters add at most [\d.]+ MB/)
  t.match(out, `\nwell     Store: open: what must outlive a restart is in ${state}/demo.\n`)
  t.match(out, /\nwell {5}Store: [\d.]+ kB in \S+, last written \d+ s ago\.\n/)
  t.match(out, `\nwell     Port ${daemon.httpPort}: answers as the page.\nwell     Port ${daemon.mqttPort}: answers as MQTT.\n`)
  t.match(out, /\nnote {5}Access: .* nobody may change anything until there is a password\.\n/)
  t.match(out, /\nWhat to do next:\n(?: {2}.*\n)* {2}Access: set one on the page/)
})

t.test('he finds who holds a port, and wrong settings', { buffered: true }, async t => {
  const folder = makeFolder(t)
  const file = join(folder, 'wattslug.toml')
  writeFileSync(file, 'mqtt-prot = 1884\n')
  const users = join(folder, 'users')
  writeFileSync(users, `anna:${secret}\n`)
  const port = await occupy(t)
  const where = [
    '--state',
    folder,
    '--host',
    '127.0.0.1',
    '--source',
    join(folder, 'ttyUSB7'),
    '--http-port',
    '0',
    '--mqtt-port',
    String(port)
  ]
  const { code, out } = await run(t, ['doctor', ...where, '--config', file, '--users', users])
  t.equal(code, 1)
  t.match(out, `\ntrouble  Port ${port}: held by `)
  t.match(out, `(process ${process.pid}).\n`)
  t.match(out, new RegExp(`\\ntrouble {2}Settings: ${file}, line 1: .*mqtt-prot`))
  t.match(
    out,
    /What to do next:\n {2}No such device: .*\n {2}Settings: mend that.*\n {2}Port \d+: stop that program, or choose another port for MQTT with mqtt-port\./
  )
  t.match(out, `\ntrouble  Access: ${users}: line 1: `)
  t.notMatch(out, secret)
  t.equal((await run(t, ['doctor', ...where, '--baud', '1'])).code, 2, 'the command line must be right')
})

t.test('what this user may not read is no fault of it', { buffered: true, skip: notRoot }, async t => {
  const folder = makeFolder(t)
  const { cert, key } = makePair(folder)
  const users = join(folder, 'users')
  writeFileSync(users, 'no hash\n')
  for (const file of [users, key]) chmodSync(file, 0o600)
  const ports = ['--http-port', '0', '--mqtt-port', '0', '--mqtts-port', '0', '--https-port', '0']
  const files = ['--users', users, '--tls', 'files', '--tls-cert', cert, '--tls-key', key]
  const args = ['doctor', '--state', folder, '--source', join(folder, 'ttyUSB7'), ...ports, ...files]
  t.notMatch((await run(t, args, asNobody)).out, /trouble {2}(?:Access|Certificate)/)
  t.match((await run(t, args)).out, `trouble  Access: ${users}: line 1: `, 'root may')
})

t.test('a file for whoever helps holds nothing secret', { buffered: true }, async t => {
  const folder = makeFolder(t)
  const users = join(folder, 'users')
  const hash = '$7$101$dGhlc2FsdGlzZmFsdA==$'.concat(Buffer.alloc(64, 7).toString('base64'))
  writeFileSync(users, `# the family\nannabella:${hash}\n`, { mode: 0o600 })
  const config = join(folder, 'wattslug.toml')
  writeFileSync(config, `users = "${users}"\norigins = "https://house.example"\n[sensor.0]\nname = "Annabella's flat"\n`)
  const { state, at } = await startHouse(t, ['--access', 'read', '--config', config])
  t.equal((await run(t, ['passwd', '--state', state], {}, `${secret}\n`)).code, 0)

  const file = join(folder, 'report.txt')
  const { code, out } = await run(t, ['doctor', '--report', file, ...at, '--config', config])
  t.equal(code, 0)
  t.equal(out, `${file} is written. Read it before you give it away.`)
  t.equal(statSync(file).mode & 0o777, 0o600)
  const report = readFileSync(file, 'utf8')
  for (const section of ['Doctor', '/health', '/api/device', '/api/meters', '/metrics', 'Journal']) t.match(report, `\n== ${section}\n`)
  t.match(report, '"upSeconds": ')
  t.match(report, 'wattslug_power_watts{sensor="0"} ')
  const { secret: key } = JSON.parse(readFileSync(join(state, 'key'), 'utf8')) as { secret: string }
  const kept = readFileSync(join(state, 'password'), 'utf8').trim()
  for (const planted of [secret, key, kept, hash, hash.slice(-40), 'annabella', 'house.example'])
    t.notMatch(report.toLowerCase(), planted.toLowerCase())
  t.notMatch(report, new RegExp(`(?<![\\w-])${hostname()}(?![\\w-])`))

  t.match(await run(t, ['doctor', '--report', join(folder, 'gone/report.txt'), ...at]), {
    code: 1,
    errors: /^wattslug: \S+report\.txt: there is no such folder$/
  })
  const again = await run(t, ['doctor', '--report', file, ...at])
  t.equal(again.code, 1)
  t.match(again.errors, 'nothing is overwritten')
  t.equal(readFileSync(file, 'utf8'), report, 'nothing is overwritten')
  t.match((await run(t, ['doctor', '--report', '-', ...at])).out, '== Doctor')
})

/** Programs that say what systemd's would of a service that was started anew twice; the journal has what must not be told. */
const systemd = {
  systemctl:
    'case $1 in is-active) echo active;; *) printf "LoadState=loaded\\nActiveState=active\\nUnitFileState=enabled\\nNRestarts=2\\nMainPID=1\\nActiveEnterTimestampMonotonic=1\\n";; esac',
  timedatectl: 'echo yes',
  journalctl: `echo 'wattslug[812]: from 203.0.113.9: a wrong user name or password; password=hunter2'; echo "$@"`
}

t.test('where there is systemd it is asked', { buffered: true, skip: noDevices }, async t => {
  const { at } = await startHouse(t)
  const folder = makeFolder(t)
  for (const [name, text] of Object.entries(systemd)) writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  // A view of the files of its own, in which systemd runs.
  const within = 'mount -t tmpfs none /run; mkdir -p /run/systemd/system; PATH="$0:$PATH"; exec "$@"'
  const doctor = start(t, 'unshare', [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-ec',
    within,
    folder,
    process.execPath,
    bundle,
    'doctor',
    '--report',
    '-',
    ...at
  ])
  const { code } = await until('the doctor to end', () => doctor.end, patienceMs)
  const report = doctor.out.join('\n')
  t.equal(code, 0, doctor.errors.join('\n'))
  t.match(report, /\nwell {5}Service: active for \d.*\.\nnote {5}Service: systemd has started it anew 2 times\.\n/)
  t.match(report, /\nwell {5}Clock: set by a time server;/)
  t.match(report, '\n== Journal\nwattslug[812]: from [address]: a wrong user name or password;')
  t.match(report, 'password=[secret]')
  t.notMatch(report, /203\.0\.113\.9|hunter2/)
  t.match(report, /\n--unit wattslug\.service --lines 200 --no-pager /)
})

t.test('what is left of a restore is taken back while the daemon serves already, however long that takes', async t => {
  const state = makeFolder(t)
  const due = join(state, 'demo.restore')
  t.equal(spawnSync('mkfifo', [due]).status, 0, 'a file that comes slowly')
  const daemon = await startDaemon(t, { source: 'demo', state })
  await daemon.untilSaid(/meter demo: live/)
  t.equal((await fetch(`${daemon.page}health`)).status, 200)
  t.equal((await fetch(`${daemon.page}api/history?sensor=0`)).status, 503, 'history waits for it')
  writeFileSync(due, 'nothing of ours\n')
  await daemon.untilSaid(/the restore was given up: line 1/)
  await until('history', async () => (await fetch(`${daemon.page}api/history?sensor=0`)).status !== 503)
  t.match(await daemon.stop(), { code: 0 })
})
