/** The service unit, its example settings and its udev rule: systemd accepts them, and they say what the program says. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { budgetOf } from '../src/budget.ts'
import { ownOptions } from '../src/commands.ts'
import { type Config, ConfigError, helpText, readCommand } from '../src/config.ts'
import { limits } from '../src/limits.ts'

/** What the unit's comment counts for Node itself. */
const nodeBytes = 32 * 2 ** 20
const exposureMax = 1.5

const unit = readFileSync('systemd/wattslug.service', 'utf8')
const settings = (name: string): string[] => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '')

const run = (command: string, ...args: string[]): { readonly code: number; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { PATH: process.env['PATH'], SYSTEMD_COLORS: '0' } })
  return { code: status ?? 127, output: `${stdout ?? ''}${stderr ?? ''}` }
}

/** Why a tool cannot be asked, or false. */
const lacks = (command: string, ...args: string[]): string | false =>
  run(command, ...args).code !== 0 && `there is no ${command} ${args[0]}`
const noAnalyze = lacks('systemd-analyze', '--version')

/** The unit with the paths of an installation replaced by those of this checkout, since systemd looks whether the program is there. */
const unitHere = (folder: string): string => {
  const path = join(folder, 'wattslug.service')
  const here = unit.replaceAll('/usr/bin/node', process.execPath).replaceAll('/usr/lib/wattslug/', `${folder}/`)
  writeFileSync(join(folder, 'wattslug.cjs'), '')
  writeFileSync(path, here)
  return path
}

t.test('systemd accepts the unit and warns of nothing', { skip: noAnalyze }, async t => {
  const { code, output } = run('systemd-analyze', 'verify', '--man=no', unitHere(t.testdir()))
  t.equal(code, 0)
  // systemd before 253 does not know it, and does without it.
  t.equal(output.replace(/^.*Unknown key (?:name )?'OpenFile' in section .*\n/m, ''), '')
})

t.test('the unit exposes little', { skip: noAnalyze || lacks('systemd-analyze', 'security', '--help') }, async t => {
  const path = unitHere(t.testdir())
  const { output } = run('systemd-analyze', 'security', '--offline=true', '--no-pager', path)
  const exposure = Number(/exposure level for wattslug\.service: ([\d.]+)/.exec(output)?.[1])
  t.comment(`exposure ${exposure} of 10`)
  t.ok(exposure <= exposureMax, `at most ${exposureMax}: ${output}`)
})

t.test(
  'a Node that the service cannot run is refused, and nothing is installed',
  { skip: process.getuid?.() !== 0 && 'only root' },
  async t => {
    const folder = t.testdir({ 'a folder': { node: '#!/bin/sh\n' }, links: {} })
    const home = mkdtempSync(join(userInfo().homedir, 'wattslug-'))
    t.teardown(() => rmSync(home, { recursive: true, force: true }))
    writeFileSync(join(home, 'node'), '#!/bin/sh\n')
    for (const node of [join(folder, 'a folder/node'), join(home, 'node')]) chmodSync(node, 0o755)
    symlinkSync(join(home, 'node'), join(folder, 'links/node'))
    for (const place of [join(folder, 'a folder'), home, join(folder, 'links')]) {
      const env = ['env', `PATH=${place}:/usr/bin:/bin`, `DESTDIR=${join(folder, 'image')}`] as const
      t.match(run(...env, 'sh', 'scripts/install.sh'), { code: 1, output: /cannot be run by a service/ }, place)
    }
    t.notOk(existsSync(join(folder, 'image')))
  }
)

t.test('the unit runs the program as it is installed', async t => {
  const [start = ''] = settings('ExecStart')
  const args = start.split(' ')
  const script = args.indexOf('/usr/lib/wattslug/wattslug.cjs')
  const config = join(t.testdir(), 'wattslug.toml')
  writeFileSync(config, '')
  const told = args.slice(script + 1).map(arg => arg.replace('/etc/wattslug.toml', config))
  t.equal(args[0], '/usr/bin/node')
  t.equal(readCommand([...told, '--state', t.testdirName], {}).name, 'run')
  const flags = args.slice(1, script)
  t.equal(run(process.execPath, ...flags, '-e', '0').code, 0, `Node takes ${flags.join(' ')}`)
})

t.test('serial ports are allowed by number: a driver that is not loaded yet has no name', async t => {
  t.ok(settings('DeviceAllow').length > 0)
  for (const allowed of settings('DeviceAllow')) t.match(allowed, /^char-\d+ rw$/)
})

t.test('the memory that the unit allows is what the program may hold, and Node beside it', async t => {
  const [allowed = ''] = settings('MemoryMax')
  const allowedBytes = Number(/^(\d+)M$/.exec(allowed)?.[1]) * 2 ** 20
  t.comment(`${allowed} allowed, ${(budgetOf(limits).heldBytes / 2 ** 20).toFixed(1)} MiB may be held`)
  t.ok(allowedBytes >= limits.heldBytesMax + nodeBytes, 'it is not killed for what its own bounds allow')
})

t.test('the example names every setting and every bound, with its default', async t => {
  const folder = t.testdir()
  const example = readFileSync('systemd/wattslug.toml', 'utf8')
  const lines: readonly string[] = example.match(/^#(\[limits\]|[a-z-]+ = .*)$/gm) ?? []
  const file = join(folder, 'wattslug.toml')
  const configOf = (...args: readonly string[]): Config => {
    const command = readCommand(['run', '--state', join(folder, 'state'), ...args], {})
    if (command.name !== 'run') throw new Error('it does not run')
    return command.config
  }
  writeFileSync(file, lines.map(line => line.slice(1)).join('\n'))
  mkdirSync(join(folder, 'state'))

  const changed = configOf('--config', file)
  t.strictSame({ ...changed, limits: {} }, configOf(), 'without the # nothing changes')
  t.strictSame({ ...limits, ...changed.limits }, limits, 'of the bounds neither')
  const named = lines.map(line => line.slice(1).split(' = ')[0])
  const known = [...helpText().matchAll(/^ {2}--([a-z-]+) /gm)]
    .map(([, name]) => name)
    .filter(name => !['config', 'limit', ...Object.keys(ownOptions)].includes(name ?? ''))
  const bounds = listBounds(() => configOf('--limit', 'nonsense=1'))
  t.strictSame([...named].sort(), [...known, '[limits]', ...bounds].sort(), 'it has those that the program knows')
  t.equal(example.replaceAll(/^#.*$/gm, '').trim(), '', 'as it is installed it sets nothing')
  t.ok(lines.includes(`#state = "/var/lib/${settings('StateDirectory')[0]}"`), "the state's folder is the unit's")
})

/** The names that the message for an unknown bound has. */
function listBounds(act: () => unknown): readonly string[] {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replace(/.*allowed: /, '').split(', ')
  }
  return []
}

t.test('udev accepts the rule', { skip: lacks('udevadm', 'verify', '--help') }, async t => {
  const { code, output } = run('udevadm', 'verify', '--resolve-names=never', 'systemd/99-wattslug.rules')
  t.equal(code, 0, output)
})

t.test("the rule knows CurrentCost's cable and FTDI's", async t => {
  const rule = readFileSync('systemd/99-wattslug.rules', 'utf8')
  for (const [vendor, product] of [
    ['067b', '2303'],
    ['0403', '6001']
  ]) {
    t.ok(rule.includes(`ATTRS{idVendor}=="${vendor}", ATTRS{idProduct}=="${product}"`), `${vendor}:${product}`)
  }
  t.match(rule, 'TAG+="systemd", ENV{SYSTEMD_WANTS}+="wattslug.service"', 'plugging it in starts the service')
  t.match(rule, 'SYMLINK+="wattslug-meter%n"')
})
