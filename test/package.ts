/** The packages: Debian's own judge finds no error, the same sources make the same bytes, and what they say of the program is so. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { commands } from '../src/commands.ts'
import { helpText } from '../src/config.ts'
import { makeDebian, runIn, startIn } from './fixtures/debian.ts'
import { whenUp } from './fixtures/e2e/daemon.ts'

// Making a Debian brings a hundred packages.
t.setTimeout(600_000)

const run = (command: string, ...args: string[]): { readonly code: number; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  return { code: status ?? 127, output: `${stdout ?? ''}${stderr ?? ''}` }
}
const lacks = (command: string): string | false => run(command, '--version').code !== 0 && `there is no ${command}`

const make = (): readonly string[] => {
  const { code, output } = run(process.execPath, 'scripts/package.mjs')
  if (code !== 0) throw new Error(output)
  return [...output.matchAll(/dist\/packages\/\S+(?=:)/g)].map(([path]) => path)
}
const digest = (path: string): string => `${basename(path)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`

t.test('packages', { skip: lacks('dpkg-deb') }, async t => {
  t.setTimeout(600_000)
  const paths = make()
  const debs = paths.filter(path => path.endsWith('.deb'))
  const first = paths.map(digest)

  t.test('there is one for each architecture, and an archive', async t => {
    t.match(paths.map(path => basename(path)).join(' '), /^\S+_amd64\.deb \S+_arm64\.deb \S+_armhf\.deb \S+\.tar\.gz$/)
  })

  t.test('the same sources make the same bytes', async t => t.strictSame(make().map(digest), first))

  t.test('lintian finds no error', { skip: lacks('lintian') }, async t => {
    const { output } = run('lintian', '--fail-on', 'none', '--allow-root', ...debs)
    t.notMatch(output, /^[EW]:/m)
  })

  const folder = t.testdir()
  const options = [...helpText().matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option as string)
  mkdirSync(join(folder, 'root'))
  t.equal(run('dpkg-deb', '--extract', debs[0] as string, join(folder, 'root')).code, 0)

  t.test('the manual is well formed and tells every command and setting', { skip: lacks('man') }, async t => {
    const page = join(folder, 'root/usr/share/man/man1/wattslug.1.gz')
    const { output } = run('man', '--warnings=w', '-Tutf8', '-l', page)
    t.notMatch(output, /warning|error/i)
    const source = gunzipSync(readFileSync(page)).toString().replaceAll('\\-', '-')
    for (const option of options) t.match(source, new RegExp(`^\\.BI ${option} `, 'm'), option)
    for (const { name } of commands) t.match(source, new RegExp(`^\\.BI? ${name}( " FILE")?$`, 'm'), name)
  })

  t.test('the shells take what completes', async t => {
    for (const [shell, path] of [
      ['bash', 'usr/share/bash-completion/completions/wattslug'],
      ['zsh', 'usr/share/zsh/vendor-completions/_wattslug'],
      ['fish', 'usr/share/fish/vendor_completions.d/wattslug.fish']
    ] as const) {
      const file = join(folder, 'root', path)
      const text = readFileSync(file, 'utf8')
      const unknown = [...options.map(option => option.slice(2)), ...commands.map(({ name }) => name)].filter(word => !text.includes(word))
      t.strictSame(unknown, [], `${shell} knows the commands and settings`)
      if (!lacks(shell)) t.equal(run(shell, '-n', file).output, '', `${shell} can read it`)
    }
  })

  t.test('it names each package that is in it, and what its owners want to be said', async t => {
    const told = readFileSync(join(folder, 'root/usr/share/doc/wattslug/copyright'), 'utf8')
    const program = readFileSync(join(folder, 'root/usr/lib/wattslug/wattslug.cjs'), 'utf8')
    const bundled = [...program.matchAll(/^\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name]) => name as string)
    t.ok(new Set(bundled).size > 10, 'there are some')
    for (const name of new Set([...bundled, 'uplot']))
      t.match(told, new RegExp(`^  ${name} [0-9.]+: (MIT|ISC|BSD-[23]-Clause)$`, 'm'), name)
    for (const owner of ['Einar Otto Stangvik', 'The LevelDB Authors', 'Leon Sorokin']) t.ok(told.includes(owner), owner)
  })

  t.test('maintainer scripts are shell scripts', async t => {
    for (const name of ['postinst', 'prerm', 'postrm']) t.equal(run('sh', '-n', join('scripts/package', name)).output, '', name)
    t.equal(run('sh', '-n', 'scripts/install.sh').output, '')
  })

  t.test('in a bare Debian', async t => {
    t.setTimeout(600_000)
    const made = makeDebian(t)
    if ('fault' in made) return void t.plan(0, made.fault)
    const tree = made.folder
    const inside = (...[command, ...args]: [string, ...string[]]): string => {
      const { code, output } = runIn(tree, command, ...args)
      t.equal(code, 0, `${command} ${args.join(' ')}: ${output}`)
      return output
    }
    const leftovers = (): readonly string[] =>
      inside('find', '/etc', '/usr', '/var/lib', '-xdev', '-name', '*wattslug*', '-not', '-path', '/var/lib/dpkg/*')
        .split('\n')
        .filter(Boolean)
    const units = ['/usr/lib/systemd/system/wattslug.service', '/usr/lib/systemd/system/wattslug.socket']

    await t.test('the package is installed, upgraded, removed and purged', async t => {
      const deb = debs.find(path => path.endsWith(`_${run('dpkg', '--print-architecture').output.trim()}.deb`)) as string
      cpSync(deb, join(tree, 'srv/wattslug.deb'))
      inside('dpkg', '--install', '/srv/wattslug.deb')
      t.equal(inside('systemctl', 'is-enabled', 'wattslug.service', 'wattslug.socket'), 'enabled\nenabled\n')
      writeFileSync(join(tree, 'etc/wattslug.toml'), 'root = "house"\n')
      mkdirSync(join(tree, 'var/lib/private/wattslug/store'), { recursive: true })
      inside('dpkg', '--install', '/srv/wattslug.deb')
      t.equal(readFileSync(join(tree, 'etc/wattslug.toml'), 'utf8'), 'root = "house"\n', 'settings stay')
      inside('dpkg', '--remove', 'wattslug')
      t.ok(existsSync(join(tree, 'var/lib/private/wattslug/store')), 'what was measured stays')
      t.notOk(existsSync(join(tree, 'usr/lib/wattslug')))
      inside('dpkg', '--purge', 'wattslug')
      t.strictSame(leftovers(), [], 'nothing is left')
    })

    await t.test('the archive installs itself where there is a Node', async t => {
      const archive = paths.find(path => path.endsWith('.tar.gz')) as string
      t.equal(run('tar', '-xzf', archive, '-C', join(tree, 'srv')).code, 0)
      const script = join('/srv', basename(archive).replace('.tar.gz', ''), 'install.sh')
      mkdirSync(join(tree, 'opt/node'))
      renameSync(join(tree, 'usr/bin/node'), join(tree, 'opt/node/node'))
      t.match(runIn(tree, 'sh', script), { code: 1, output: /there is no node: install Node 20.19/ })
      inside('env', 'PATH=/opt/node:/usr/sbin:/usr/bin:/sbin:/bin', 'sh', script)
      t.match(inside('wattslug', '--version'), /^wattslug \d/, 'a Node that stands elsewhere is found')
      renameSync(join(tree, 'opt/node/node'), join(tree, 'usr/bin/node'))
      t.match(inside('sh', script), /it starts at the next boot/, 'the same is an upgrade')
      t.equal(inside('systemctl', 'is-enabled', 'wattslug.service', 'wattslug.socket'), 'enabled\nenabled\n')
    })

    await t.test('its systemd and udev have nothing to say against it', async t => {
      t.equal(inside('systemd-analyze', 'verify', '--man=no', ...units), '')
      inside('udevadm', 'verify', '/usr/lib/udev/rules.d/99-wattslug.rules')
      const exposure = Number(
        /exposure level for wattslug\.service: ([\d.]+)/.exec(
          inside('systemd-analyze', 'security', '--offline=true', '--no-pager', units[0] as string)
        )?.[1]
      )
      t.ok(exposure <= 1.5, `exposure ${exposure}`)
    })

    await t.test('its Node runs the program, addons and all', async t => {
      const ports = ['--mqtt-port', '0', '--http-port', '0', '--host', '127.0.0.1']
      const daemon = await whenUp(startIn(t, tree, 'wattslug', 'run', '--source', 'demo', '--state', '/srv/state', ...ports))
      await daemon.untilSaid(/meter demo: live/)
      t.equal((await fetch(daemon.page)).status, 200)
      t.match(await daemon.stop(), { code: 0 })
    })

    await t.test('the archive takes itself away again', async t => {
      const script = join('/srv', readdirSync(join(tree, 'srv')).find(name => /^wattslug-\d/.test(name)) as string, 'install.sh')
      inside('sh', script, '--remove')
      t.strictSame(
        [...leftovers()].sort(),
        ['/etc/avahi/services/wattslug.service', '/etc/wattslug.toml'],
        'only what one may have changed is left'
      )
    })
  })
})

t.test('nothing is known against what it runs with', async t => {
  const { output } = run('npm', 'audit', '--omit=dev', '--json')
  const answer = JSON.parse(/^\{[\s\S]*^\}/m.exec(output)?.[0] ?? '{}')
  if (answer.metadata === undefined) return void t.plan(0, `npm cannot ask: ${answer.message ?? output.trim().split('\n').at(-1)}`)
  t.equal(answer.metadata.vulnerabilities.total, 0, JSON.stringify(answer.vulnerabilities))
})
