/** `npm run package`: makes Debian packages of dist/, one for each architecture, and an archive for boards without Debian. The same commit makes the same bytes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'esbuild'
import { build } from './build.mjs'
import { failure, main, root, say } from './command.mjs'
import { completions } from './package/completions.mjs'
import { copyright } from './package/copyright.mjs'
import { checkNode, installPackages } from './setup.mjs'

const dist = join(root, 'dist')
const parts = join(root, 'scripts/package')
const out = join(root, 'dist/packages')
const mebibyte = 1024 * 1024
const bytesMax = 3 * mebibyte

/** Debian's architectures, and which addons they can load. */
const architectures = { amd64: 'linux-x64', arm64: 'linux-arm64', armhf: 'linux-arm' }
const addonFolders = ['prebuilds', 'prebuilds/classic-level/prebuilds']

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const maintainer = 'The wattslug developers <wattslug@localhost>'

/** Seconds since 1970 of the last commit: the date of everything in a package. */
const madeAt = () => {
  const told = process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  return Number(told)
}

const read = name => readFileSync(join(parts, name), 'utf8')

/** The tables of settings and commands, from the program's own source. */
const readTables = async () => {
  const contents = `export { settings } from './src/settings.ts'
export { commands, operandOf, ownOptions, usageOf } from './src/commands.ts'`
  const { outputFiles } = await bundle({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent'
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

const roff = text => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^\./gm, '\\&.')

const manPage = ({ settings, commands, operandOf }, seconds) => {
  const command = ({ name }) => `.B wattslug ${name}\n.RI ${operandOf(name) ? 'FILE " ' : '"'}[ settings ]"`
  const option = ([name, { argument, help, default: usual, allowed }]) =>
    `.TP\n.BI ${roff(`--${name}`)} " ${roff(argument)}"\n${roff(help)}${usual ? ` (default: ${roff(usual)})` : ''}.\nAllowed: ${roff(allowed)}.`
  return read('wattslug.1')
    .replace('@DATE@', new Date(seconds * 1000).toISOString().slice(0, 10))
    .replace('@VERSION@', version)
    .replace('@COMMANDS@', () => commands.map(command).join('\n.br\n'))
    .replace('@OPTIONS@', () => Object.entries(settings).map(option).join('\n'))
}

/** Puts everything of an installation into a folder, but what belongs to one packaging system. */
const install = (folder, addonsWanted, tables, seconds) => {
  const put = (path, content, mode = 0o644) => {
    const to = join(folder, path)
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, content)
    chmodSync(to, mode)
  }
  const program = readFileSync(join(dist, 'wattslug.cjs'), 'utf8').replace(/^#!.*\n/, '#!/usr/bin/node\n')
  put('usr/lib/wattslug/wattslug.cjs', program, 0o755)
  for (const addons of addonFolders)
    for (const name of readdirSync(join(dist, addons), { recursive: true }).filter(
      name => /^linux-\w+\/.*\.node$/.test(name) && addonsWanted(name)
    ))
      put(join('usr/lib/wattslug', addons, name), readFileSync(join(dist, addons, name)))
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  symlinkSync('../lib/wattslug/wattslug.cjs', join(folder, 'usr/bin/wattslug'))
  for (const [from, to] of [
    ['systemd/wattslug.service', 'usr/lib/systemd/system/wattslug.service'],
    ['systemd/wattslug.socket', 'usr/lib/systemd/system/wattslug.socket'],
    ['systemd/99-wattslug.rules', 'usr/lib/udev/rules.d/99-wattslug.rules'],
    ['systemd/wattslug.toml', 'etc/wattslug.toml'],
    ['scripts/package/avahi.service', 'etc/avahi/services/wattslug.service'],
    ['README.md', 'usr/share/doc/wattslug/README.md']
  ])
    put(to, readFileSync(join(root, from)))
  put('usr/share/doc/wattslug/copyright', copyright(version))
  put('usr/share/man/man1/wattslug.1.gz', gzipSync(manPage(tables, seconds), { level: 9 }))
  for (const [path, text] of Object.entries(completions(tables))) put(path, text)
}

const sizeOf = path => {
  const stat = statSync(path)
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.size
}

const control = (architecture, folder) => `Package: wattslug
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(sizeOf(folder) / 1024)}
Depends: nodejs (>= 20.19), libc6, libstdc++6
Recommends: avahi-daemon, openssl
Section: net
Priority: optional
Description: CurrentCost electricity meter over MQTT and on the phone
 wattslug reads a CurrentCost electricity meter (Classic, CC128, EnviR) from a
 serial port, publishes it into an MQTT broker of its own, over TCP and over
 WebSocket, keeps its history and what it cost, and serves a page for the phone.
`

/** Makes one Debian package and answers its path. */
const makeDeb = (architecture, tables, seconds) => {
  const folder = join(out, architecture)
  rmSync(folder, { recursive: true, force: true })
  install(folder, name => name.startsWith(`${architectures[architecture]}/`) && !name.includes('musl'), tables, seconds) // Debian has glibc
  const put = (path, content, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
    chmodSync(join(folder, path), mode)
  }
  const changes = `wattslug (${version}) stable; urgency=medium\n\n  * See README.md.\n\n -- ${maintainer}  ${new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')}\n`
  put('usr/share/doc/wattslug/changelog.gz', gzipSync(changes, { level: 9 }))
  const overrides = `# The project has no mail address. The addons come ready-made from their packages.
wattslug: bogus-mail-host *
wattslug: bogus-mail-host-in-debian-changelog *
${['unstripped-binary-or-object', 'hardening-no-fortify-functions', 'hardening-no-bindnow', 'hardening-no-relro'].map(tag => `wattslug: ${tag} *\n`).join('')}`
  put('usr/share/lintian/overrides/wattslug', overrides)
  const text = control(architecture, folder)
  put('DEBIAN/control', text)
  put('DEBIAN/conffiles', '/etc/avahi/services/wattslug.service\n/etc/wattslug.toml\n')
  for (const name of ['postinst', 'prerm', 'postrm']) put(`DEBIAN/${name}`, read(name), 0o755)
  const deb = join(out, `wattslug_${version}_${architecture}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', folder, deb], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(seconds) }
  })
  rmSync(folder, { recursive: true })
  return deb
}

/** Makes the archive for boards without Debian, with the script that installs it. */
const makeArchive = (tables, seconds) => {
  const name = `wattslug-${version}`
  const folder = join(out, name)
  rmSync(folder, { recursive: true, force: true })
  install(join(folder, 'root'), () => true, tables, seconds)
  cpSync(join(root, 'scripts/install.sh'), join(folder, 'install.sh'))
  const archive = join(out, `${name}.tar.gz`)
  const tar = ['--sort=name', `--mtime=@${seconds}`, '--owner=0', '--group=0', '--numeric-owner', '-C', out, '-cf', '-', name]
  writeFileSync(archive, gzipSync(execFileSync('tar', tar, { maxBuffer: 64 * mebibyte }), { level: 9 }))
  rmSync(folder, { recursive: true })
  return archive
}

/** Makes all of them. Answers their paths. */
export const makePackages = async () => {
  await build()
  mkdirSync(out, { recursive: true })
  const [tables, seconds] = [await readTables(), madeAt()]
  const made = [...Object.keys(architectures).map(architecture => makeDeb(architecture, tables, seconds)), makeArchive(tables, seconds)]
  for (const path of made) {
    const { size } = statSync(path)
    if (size > bytesMax) throw failure(`${path} has ${size} bytes, more than ${bytesMax}`)
    say(`${path.slice(root.length)}: ${(size / mebibyte).toFixed(2)} MiB`)
  }
  return made
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    checkNode()
    await installPackages()
    await makePackages()
  })
}
