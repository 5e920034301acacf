/** `npm run package`: makes Debian packages of dist/, one for each architecture, and an archive for boards without Debian. The same commit makes the same bytes. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build as bundle } from 'esbuild'
import { build } from './build.mjs'
import { failure, main, root, say } from './command.mjs'
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

/** The table of settings, from the program's own source. */
const readSettings = async () => {
  const { outputFiles } = await bundle({
    entryPoints: [join(root, 'src/settings.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent'
  })
  const { settings } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
  return Object.entries(settings)
}

const roff = text => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^\./gm, '\\&.')

const manPage = (settings, seconds) => {
  const option = ([name, { argument, help, default: usual, allowed }]) =>
    `.TP\n.BI ${roff(`--${name}`)} " ${roff(argument)}"\n${roff(help)}${usual ? ` (default: ${roff(usual)})` : ''}.\nAllowed: ${roff(allowed)}.`
  return read('wattslug.1')
    .replace('@DATE@', new Date(seconds * 1000).toISOString().slice(0, 10))
    .replace('@VERSION@', version)
    .replace('@OPTIONS@', () => settings.map(option).join('\n'))
}

const commands = {
  run: 'read the meter and serve it',
  doctor: 'say what is found, and what to do next',
  record: 'write down what the meter says',
  passwd: 'set the password that changes need'
}
const quoted = text => text.replaceAll("'", "'\\''")

/** Completions for the shells, by the path at which each looks for them. */
const completions = settings => {
  const options = [
    ...settings.map(([name, { help }]) => [name, help]),
    ['limit', 'another bound, as NAME=N'],
    ['config', 'a file of settings']
  ]
  const names = [...options.map(([name]) => `--${name}`), '--help', '--version'].join(' ')
  const bash = `# Completes wattslug's commands and settings.
_wattslug() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    --config | --state | record) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --source) mapfile -t COMPREPLY < <(compgen -W "auto demo $(echo /dev/ttyUSB* /dev/ttyACM* /dev/wattslug-meter*)" -- "$word") ;;
    --baud) mapfile -t COMPREPLY < <(compgen -W "57600 9600 2400" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "${Object.keys(commands).join(' ')} ${names}" -- "$word") ;;
  esac
}
complete -o default -F _wattslug wattslug
`
  const zsh = `#compdef wattslug
# Completes wattslug's commands and settings.
_arguments \\
  '1:command:((${Object.entries(commands)
    .map(([name, told]) => `${name}\\:"${told}"`)
    .join(' ')}))' \\
${options.map(([name, help]) => `  '--${name}=[${quoted(help).replaceAll(/[[\]:]/g, found => `\\${found}`)}]:value:_files'`).join(' \\\n')} \\
  '--help[say what there is]' '--version[say which version this is]' '*:file:_files'
`
  const fish = [
    "# Completes wattslug's commands and settings.",
    ...Object.entries(commands).map(([name, told]) => `complete -c wattslug -n __fish_use_subcommand -a ${name} -d '${told}'`),
    ...options.map(([name, help]) => `complete -c wattslug -l ${name} -r -d '${help.replaceAll("'", "\\'")}'`),
    "complete -c wattslug -l help -d 'say what there is'",
    "complete -c wattslug -l version -d 'say which version this is'",
    ''
  ].join('\n')
  return {
    'usr/share/bash-completion/completions/wattslug': bash,
    'usr/share/zsh/vendor-completions/_wattslug': zsh,
    'usr/share/fish/vendor_completions.d/wattslug.fish': fish
  }
}

/** Puts everything of an installation into a folder, but what belongs to one packaging system. */
const install = (folder, addonsWanted, settings, seconds) => {
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
    ['README.md', 'usr/share/doc/wattslug/README.md'],
    ['LICENSE', 'usr/share/doc/wattslug/LICENSE']
  ])
    put(to, readFileSync(join(root, from)))
  put('usr/share/man/man1/wattslug.1.gz', gzipSync(manPage(settings, seconds), { level: 9 }))
  for (const [path, text] of Object.entries(completions(settings))) put(path, text)
}

const sizeOf = path => {
  const stat = statSync(path)
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : stat.size
}

/** What is shipped and whose it is: in Debian's form for machines, and for people. */
const copyright = () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = Object.entries(packages).filter(
    ([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional
  )
  const licences = [...new Set(shipped.map(([, { license }]) => license))]
  if (licences.some(licence => !/^(MIT|ISC|BSD-[23]-Clause|0BSD|Apache-2\.0)$/.test(licence)))
    throw failure(`unknown licence among ${licences}`)
  const head = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: wattslug\n'
  const own = `\nFiles: *\nCopyright: the wattslug developers\nLicense: MIT\n ${readFileSync(join(root, 'LICENSE'), 'utf8').trim().replaceAll('\n\n', '\n.\n').replaceAll('\n', '\n ')}\n`
  const others = shipped.map(([path, { version: of, license }]) => ` ${path.replace(/^.*node_modules\//, '')} ${of}: ${license}`)
  return `${head}Comment: The program contains these packages:\n${others.join('\n')}\n${own}`
}

const control = (architecture, folder) => `Package: wattslug
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(sizeOf(folder) / 1024)}
Depends: nodejs (>= 20.19), libc6, libstdc++6
Recommends: avahi-daemon
Section: net
Priority: optional
Description: CurrentCost electricity meter over MQTT and on the phone
 wattslug reads a CurrentCost electricity meter (Classic, CC128, EnviR) from a
 serial port, publishes it into an MQTT broker of its own, over TCP and over
 WebSocket, keeps its history and what it cost, and serves a page for the phone.
`

/** Makes one Debian package and answers its path. */
const makeDeb = (architecture, settings, seconds) => {
  const folder = join(out, architecture)
  rmSync(folder, { recursive: true, force: true })
  install(folder, name => name.startsWith(`${architectures[architecture]}/`) && !name.includes('musl'), settings, seconds) // Debian has glibc
  const put = (path, content, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
    chmodSync(join(folder, path), mode)
  }
  rmSync(join(folder, 'usr/share/doc/wattslug/LICENSE')) // it stands in the copyright file
  put('usr/share/doc/wattslug/copyright', copyright())
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
const makeArchive = (settings, seconds) => {
  const name = `wattslug-${version}`
  const folder = join(out, name)
  rmSync(folder, { recursive: true, force: true })
  install(join(folder, 'root'), () => true, settings, seconds)
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
  const [settings, seconds] = [await readSettings(), madeAt()]
  const made = [...Object.keys(architectures).map(architecture => makeDeb(architecture, settings, seconds)), makeArchive(settings, seconds)]
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
