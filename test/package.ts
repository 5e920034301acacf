/** The packages: Debian's own judge finds no error, the same sources make the same bytes, and what they say of the program is so. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { helpText } from '../src/config.ts'

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
  mkdirSync(join(folder, 'root'))
  t.equal(run('dpkg-deb', '--extract', debs[0] as string, join(folder, 'root')).code, 0)

  t.test('the manual is well formed and tells every setting', { skip: lacks('man') }, async t => {
    const page = join(folder, 'root/usr/share/man/man1/wattslug.1.gz')
    const { output } = run('man', '--warnings=w', '-Tutf8', '-l', page)
    t.notMatch(output, /warning|error/i)
    const source = gunzipSync(readFileSync(page)).toString().replaceAll('\\-', '-')
    for (const [option] of helpText().matchAll(/^ {2}--[a-z-]+/gm)) t.ok(source.includes(`${option.trim()} `), option.trim())
  })

  t.test('the shells take what completes', async t => {
    for (const [shell, path] of [
      ['bash', 'usr/share/bash-completion/completions/wattslug'],
      ['zsh', 'usr/share/zsh/vendor-completions/_wattslug'],
      ['fish', 'usr/share/fish/vendor_completions.d/wattslug.fish']
    ] as const) {
      const file = join(folder, 'root', path)
      t.match(readFileSync(file, 'utf8'), /http-port/, `${shell} knows the settings`)
      if (!lacks(shell)) t.equal(run(shell, '-n', file).output, '', `${shell} can read it`)
    }
  })

  t.test('maintainer scripts are shell scripts', async t => {
    for (const name of ['postinst', 'prerm', 'postrm']) t.equal(run('sh', '-n', join('scripts/package', name)).output, '', name)
    t.equal(run('sh', '-n', 'scripts/install.sh').output, '')
  })

  t.test(
    'the archive installs into an image, and is removed again',
    { skip: process.getuid?.() !== 0 && 'only root installs' },
    async t => {
      const archive = paths.find(path => path.endsWith('.tar.gz')) as string
      const image = join(folder, 'image')
      mkdirSync(image)
      t.equal(run('tar', '-xzf', archive, '-C', folder).code, 0)
      const script = join(folder, basename(archive).replace('.tar.gz', ''), 'install.sh')
      const installed = run('env', `DESTDIR=${image}`, 'sh', script)
      t.equal(installed.code, 0, installed.output)
      t.match(run(join(image, 'usr/lib/wattslug/wattslug.cjs'), '--version').output, /^wattslug \d/)
      t.match(run('find', join(image, 'etc'), '-name', 'wattslug*').output, /wants\/wattslug\.service/)
      t.equal(run('env', `DESTDIR=${image}`, 'sh', script, '--remove').code, 0)
      t.match(
        run('find', image, '-name', '*wattslug*', '-not', '-type', 'd').output.trim().split('\n').length,
        2,
        'only what one may have changed is left'
      )
    }
  )
})
