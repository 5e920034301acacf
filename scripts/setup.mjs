/** Brings in what a checkout lacks: npm packages, and Debian packages for the tests. Quick when nothing is missing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, failure, root, say, tail } from './command.mjs'

const nodeOldest = [20, 19]

/** By which program, or by which file of a library, a package for the tests is known to be there; by a program of its own name otherwise. */
const proofOf = {
  'default-jre-headless': 'java',
  e2fsprogs: 'mkfs.ext4',
  'golang-github-eclipse-paho.mqtt.golang-dev': '/usr/share/gocode/src/github.com/eclipse/paho.mqtt.golang/client.go',
  'golang-go': 'go',
  'libmqtt-client-java': '/usr/share/java/mqtt-client.jar',
  'man-db': 'man',
  'mosquitto-clients': 'mosquitto_pub',
  'paho.mqtt.c-examples': 'paho_c_sub',
  'python3-paho-mqtt': '/usr/lib/python3/dist-packages/paho/mqtt/client.py',
  'qemu-system-x86': 'qemu-system-x86_64'
}

/** Ends with a clear sentence where Node is too old to run the rest. */
export const checkNode = () => {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > nodeOldest[0] || (major === nodeOldest[0] && minor >= nodeOldest[1])) return
  throw failure(`Node ${nodeOldest.join('.')} or newer is needed, this is ${process.versions.node}. Get it from https://nodejs.org`)
}

/** Installs the packages of package-lock.json unless they are there already. */
export const installPackages = async () => {
  if (packagesComplete()) return
  say('installing npm packages')
  // What an interrupted installation left behind looks complete to npm, so it goes first; this also is what `npm ci` does.
  // Not `npm ci` itself: npm 11 refuses a lock file that leaves out optional packages of other platforms.
  rmSync(join(root, 'node_modules'), { recursive: true, force: true })
  // No install script is needed: esbuild's program and serialport's addon come ready-made inside packages.
  // `npm test --silent` would make this npm silent too, about its errors.
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund']
  const { code, output } = await capture('npm', [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    ...quiet
  ])
  if (code !== 0) throw failure(`npm install failed:\n${tail(output)}`)
  if (!packagesComplete()) throw failure(`npm did not install what package-lock.json names:\n${tail(output)}`)
}

/** Installs those of the Debian packages that are missing. */
export const installDebian = async names => {
  const missing = names.filter(name => !isThere(proofOf[name] ?? name))
  if (missing.length === 0) return
  const wanted = `apt-get install --no-install-recommends ${missing.join(' ')}`
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const allowed = asRoot.length === 0 || (onPath('sudo') && (await capture('sudo', ['-n', 'true'])).code === 0)
  if (!onPath('apt-get') || !allowed) {
    throw failure(`the tests need ${missing.join(', ')}. Install them as root, on Debian with:\n  ${wanted}`)
  }
  say(`installing Debian packages: ${missing.join(' ')}`)
  const idle = idlePrograms()
  try {
    const settings = ['DPkg::Lock::Timeout=300', `DPkg::Path=${idle}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`]
    const aptGet = ['apt-get', '-q', '-y', ...settings.flatMap(setting => ['-o', setting])]
    const [command, ...before] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', ...aptGet]
    await capture(command, [...before, 'update']) // without fresh lists the installation may still succeed, and tells if not
    const { code, output } = await capture(command, [...before, 'install', '--no-install-recommends', ...missing])
    if (code !== 0) throw failure(`${wanted} failed:\n${tail(output)}`)
  } finally {
    rmSync(idle, { recursive: true, force: true })
  }
}

/**
 * A folder of programs that do nothing, to stand before Debian's own while packages are installed: the tests need mosquitto's
 * program, and a service that holds port 1883 from now on and after each boot would be a poor thank-you.
 */
const idlePrograms = () => {
  const folder = mkdtempSync(join(root, 'node_modules', '.idle-'))
  for (const name of ['invoke-rc.d', 'update-rc.d', 'deb-systemd-invoke', 'deb-systemd-helper']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  }
  return folder
}

/** Whether npm finished, and installed the versions that package-lock.json names. */
const packagesComplete = () => {
  const installed = packagesOf('node_modules/.package-lock.json')
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { version, optional }]) =>
      path === '' || optional === true || (installed[path]?.version === version && existsSync(join(root, path, 'package.json')))
  )
}

const packagesOf = name => {
  const path = join(root, name)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

const isThere = proof => (proof.startsWith('/') ? existsSync(proof) : onPath(proof))

const onPath = program => `${process.env.PATH}:/usr/sbin:/sbin`.split(':').some(folder => existsSync(join(folder, program)))
