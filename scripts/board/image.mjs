/** Disk images of small boards: Debian with a kernel and systemd, and what apt may want as packages beside it, so that the board needs no network. */
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, failure, root, say, tail } from '../command.mjs'

const folder = join(root, 'dist/board')
/** One archive is enough of a Debian for a test; that of updates is now and then in the midst of a change. */
const archive = 'http://deb.debian.org/debian'
const imageBytes = 2 * 1024 ** 3
/** On the card too, as Raspberry Pi OS has it: dpkg cannot unpack Node in 128 MB without. The service may not use it. */
const swapBytes = 256 * 1024 ** 2
/** What the package depends on and recommends beside Node, and what looks for services in the network. */
const beside = ['openssl', 'avahi-daemon', 'avahi-utils']

/** The releases of Debian, by the packages of their own that bring Node. Debian 12 has one that is too old: Node comes from elsewhere there. */
const suites = { trixie: ['nodejs'], bookworm: [] }
/** The oldest that will do. */
const nodeFromElsewhere = '20.19.0'

/** What differs from one architecture to another. */
export const boards = {
  amd64: { kernel: 'linux-image-amd64', console: 'ttyS0' },
  armhf: { kernel: 'linux-image-armmp', console: 'ttyAMA0' }
}

const run = async (command, args, options) => {
  const { code, output } = await capture(command, args, options)
  if (code !== 0) throw failure(`${command} ${args.slice(0, 3).join(' ')} … failed:\n${tail(output)}`)
  return output
}

/** Files of the system that make it small, quick and easy to watch. */
const files = ({ console }) => ({
  'etc/fstab': 'LABEL=slug / ext4 defaults,noatime,errors=remount-ro 0 1\nLABEL=swap none swap sw 0 0\n',
  'etc/hostname': 'slug\n',
  'etc/hosts': '127.0.0.1 localhost slug\n',
  'etc/apt/sources.list': 'deb [trusted=yes] file:/srv/packages ./\n',
  'etc/systemd/system/network-of-the-board.service': `[Unit]
Wants=sys-subsystem-net-devices-eth0.device
After=sys-subsystem-net-devices-eth0.device
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2"
[Install]
WantedBy=multi-user.target
`,
  [`etc/systemd/system/serial-getty@${console}.service.d/login.conf`]: `[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 - $TERM
`
})

/** Makes the root of a board, unless it was made before; takes minutes. Answers its folder. */
const makeRoot = async (arch, suite) => {
  const board = boards[arch]
  const path = join(folder, `root-${suite}-${arch}`)
  const stamp = `${path}.made`
  const recipe = createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === recipe) return path
  say(`making the root of a board (${suite}, ${arch}), which takes some minutes`)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const own = join(folder, `files-${suite}-${arch}`)
  rmSync(own, { recursive: true, force: true })
  for (const [name, text] of Object.entries(files(board))) {
    mkdirSync(join(own, name, '..'), { recursive: true })
    writeFileSync(join(own, name), text)
  }
  const small = 'printf "MODULES=list\\nCOMPRESS=gzip\\nRESUME=none\\n" > $1/etc/initramfs-tools/conf.d/small'
  const modules = 'printf "virtio_pci\\nvirtio_mmio\\nvirtio_blk\\next4\\ncrc32c_generic\\nvirtio_net\\n" > $1/etc/initramfs-tools/modules'
  const hooks = [
    `chroot $1 apt-get install -y --no-install-recommends --download-only ${[...beside, ...suites[suite]].join(' ')}`,
    'mkdir -p $1/srv/packages && mv $1/var/cache/apt/archives/*.deb $1/srv/packages/',
    `rm -rf $1/etc/apt/sources.list.d/* $1/var/lib/apt/lists/* && cp -r ${own}/. $1/`,
    'chroot $1 passwd -d root',
    'chroot $1 systemctl enable network-of-the-board.service',
    'chroot $1 systemctl mask systemd-networkd.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer dpkg-db-backup.timer fstrim.timer',
    'touch $1/etc/.updated $1/var/.updated'
  ]
  await run('mmdebstrap', [
    '--mode=root',
    '--variant=minbase',
    '--skip=cleanup/apt',
    `--architectures=${arch}`,
    `--include=systemd,systemd-sysv,udev,kmod,iproute2,procps,initramfs-tools,zstd,${board.kernel}`,
    '--aptopt=Acquire::Languages "none"',
    ...['man', 'doc', 'locale'].map(name => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    `--essential-hook=mkdir -p $1/etc/initramfs-tools/conf.d; ${small}; ${modules}`,
    ...hooks.map(hook => `--customize-hook=${hook}`),
    suite,
    path,
    `deb ${archive} ${suite} main`
  ])
  if (suites[suite].length === 0) await packNode(arch, join(path, 'srv/packages'))
  await indexPackages(join(path, 'srv/packages'))
  writeFileSync(stamp, recipe)
  return path
}

/** Makes a package of the program that Node's makers publish, as one gets it from elsewhere. */
const packNode = async (arch, into) => {
  const from = `node-linux-${{ amd64: 'x64', armhf: 'armv7l' }[arch]}`
  const unpacked = join(folder, 'nodejs')
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(join(unpacked, 'DEBIAN'), { recursive: true })
  mkdirSync(join(unpacked, 'usr/bin'), { recursive: true })
  await run('npm', ['pack', '--loglevel=error', `--pack-destination=${unpacked}`, `${from}@${nodeFromElsewhere}`])
  const archived = join(unpacked, `${from}-${nodeFromElsewhere}.tgz`)
  await run('tar', ['--extract', '--strip-components=1', `--directory=${join(unpacked, 'usr')}`, `--file=${archived}`, 'package/bin/node'])
  rmSync(archived)
  chmodSync(join(unpacked, 'usr/bin/node'), 0o755)
  const fields = [
    `Version: ${nodeFromElsewhere}`,
    `Architecture: ${arch}`,
    'Maintainer: the board test <nobody@localhost>',
    'Depends: libc6, libstdc++6'
  ]
  writeFileSync(join(unpacked, 'DEBIAN/control'), `Package: nodejs\n${fields.join('\n')}\nDescription: Node from elsewhere\n`)
  await run('dpkg-deb', ['--build', '--root-owner-group', unpacked, into])
}

/** Writes the list by which apt finds packages in a folder. */
const indexPackages = async path => {
  const entries = []
  for (const name of readdirSync(path).filter(name => name.endsWith('.deb'))) {
    const deb = join(path, name)
    const fields = await run('dpkg-deb', ['--field', deb])
    const sum = createHash('sha256').update(readFileSync(deb)).digest('hex')
    entries.push(`${fields.trimEnd()}\nFilename: ./${name}\nSize: ${statSync(deb).size}\nSHA256: ${sum}\n`)
  }
  writeFileSync(join(path, 'Packages'), entries.join('\n'))
}

/** Makes the disks for one run, with a package in /srv. Answers the paths of images, kernel and initial ramdisk. */
export const makeDisks = async (arch, suite, deb) => {
  const path = await withForeign(arch, () => makeRoot(arch, suite))
  cpSync(deb, join(path, 'srv/wattslug.deb'))
  const [image, swap] = [
    [`${arch}.img`, imageBytes],
    [`${arch}-swap.img`, swapBytes]
  ].map(([name, bytes]) => {
    writeFileSync(join(folder, name), '')
    truncateSync(join(folder, name), bytes)
    return join(folder, name)
  })
  await run('mkfs.ext4', ['-q', '-F', '-L', 'slug', '-E', 'lazy_itable_init=1,discard', '-d', path, image])
  await run('mkswap', ['-L', 'swap', swap])
  const boot = readdirSync(join(path, 'boot'))
  const of = prefix =>
    join(
      path,
      'boot',
      boot.find(name => name.startsWith(prefix))
    )
  return { image, swap, kernel: of('vmlinuz-'), ramdisk: of('initrd.img-') }
}

/** Lets programs of another architecture run here while something is made, as Debian's own package would for good. */
const withForeign = async (arch, make) => {
  const machine = { amd64: 'x64', armhf: 'arm' }[arch]
  const registry = '/proc/sys/fs/binfmt_misc'
  const name = 'qemu-arm' // by which mmdebstrap knows it
  if (machine === process.arch || existsSync(`${registry}/${name}`)) return make()
  const program = await findForeign()
  if (!existsSync(`${registry}/register`)) await run('mount', ['-t', 'binfmt_misc', 'binfmt_misc', registry])
  const [magic, mask] = [
    '\\x7fELF\\x01\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x28\\x00',
    '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff'
  ]
  writeFileSync(`${registry}/register`, `:${name}:M::${magic}:${mask}:${program}:F`)
  try {
    return await make()
  } finally {
    writeFileSync(`${registry}/${name}`, '-1')
  }
}

/** A program that runs those of ARM, and needs no libraries for it; not installed, for that would let them run here for good. */
const findForeign = async () => {
  const unpacked = join(folder, 'qemu-user')
  const find = () => ['qemu-arm-static', 'qemu-arm'].map(name => join(unpacked, 'usr/bin', name)).find(path => existsSync(path))
  // Debian 12 has it in the first of them, 13 in the second.
  for (const name of ['qemu-user-static', 'qemu-user']) {
    if (find()) break
    mkdirSync(unpacked, { recursive: true })
    await run('apt-get', ['download', '-q', name], { cwd: unpacked })
    const deb = readdirSync(unpacked).find(file => file.startsWith(`${name}_`))
    await run('dpkg-deb', ['--extract', join(unpacked, deb), unpacked])
    rmSync(join(unpacked, deb))
  }
  return find()
}
