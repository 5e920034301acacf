/** Who holds a port: real processes on real terminals, and what only other machines have, in trees of files. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { holderOf } from '../../src/io/holders.ts'
import { makePair, whyNoTerminals } from '../fixtures/io/terminals.ts'
import { until } from '../fixtures/io/waiting.ts'

const noTerminals = whyNoTerminals()
const withTerminals = noTerminals === undefined ? {} : { skip: noTerminals }

/** A process, real or not, in a tree of its own. */
function plant(t: Test, process: { pid: number; name: string; terminal?: number; open?: string }): string {
  const root = t.testdir()
  const folder = join(root, 'proc', String(process.pid))
  mkdirSync(join(folder, 'fd'), { recursive: true })
  mkdirSync(join(root, 'run/lock'), { recursive: true })
  mkdirSync(join(root, 'sys/class/tty/console'), { recursive: true })
  writeFileSync(join(folder, 'comm'), `${process.name}\n`)
  writeFileSync(join(folder, 'stat'), `${process.pid} (${process.name}) S 1 7 7 ${process.terminal ?? 0} 7 0 0\n`)
  if (process.open !== undefined) symlinkSync(process.open, join(folder, 'fd/5'))
  symlinkSync('/dev/null', join(folder, 'fd/0'))
  return root
}

t.test('nobody', async t => {
  t.equal(holderOf(join(t.testdirName, 'gone')), undefined)
  t.equal(holderOf('/dev/full', t.testdir()), undefined, 'on a machine that hides everything')
  t.equal(holderOf('/dev/full', plant(t, { pid: 77, name: 'init' })), undefined)
})

t.test('a real process that has it open', withTerminals, async t => {
  const pair = await makePair(t)
  t.match(holderOf(pair.near), /^socat \(process \d+\)$/, 'socat has its terminals open itself')
})

t.test('a real process that has locked it, by whatever name', { skip: spawnSync('flock', ['-V']).status !== 0 && 'no flock' }, async t => {
  const file = join(t.testdir(), 'port')
  writeFileSync(file, '')
  symlinkSync('port', `${file}-by-id`)
  const child = spawn('flock', [file, 'sleep', '60'], { stdio: 'ignore', detached: true })
  t.teardown(() => process.kill(-(child.pid ?? 0)))
  await until(() => holderOf(file) !== undefined, 'locked')
  t.match(holderOf(`${file}-by-id`), /^(?:flock|sleep) \(process \d+\)$/)
})

t.test('a lock seen of another user, whose open files are hidden', async t => {
  const root = plant(t, { pid: 2_062, name: 'ser2net' })
  const { dev, ino } = statSync('/dev/full')
  const part = (value: number): string => value.toString(16).padStart(2, '0')
  const node = `${part(dev >> 8)}:${part(dev & 0xff)}:${ino}`
  writeFileSync(join(root, 'proc/locks'), `1: FLOCK  ADVISORY  WRITE 9 00:01:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 2062 ${node} 0 EOF\n`)
  t.equal(holderOf('/dev/full', root), 'ser2net (process 2062)')
  t.equal(holderOf('/dev/zero', root), undefined)
})

t.test('a lock file, for as long as its process lives', async t => {
  const root = plant(t, { pid: 99, name: 'minicom' })
  const lock = join(root, 'run/lock/LCK..full')
  for (const [text, holder] of [
    ['        99\n', 'minicom (process 99)'],
    ['99 minicom root', 'minicom (process 99)'],
    ['100\n', undefined],
    [`${process.pid}\n`, undefined],
    ['\x01\x02', undefined]
  ] as const) {
    writeFileSync(lock, text)
    t.equal(holderOf('/dev/full', root), holder, JSON.stringify(text))
  }
})

t.test('an open file of one that went by in the meantime, and its own process, are nobody', async t => {
  t.equal(holderOf('/dev/full', plant(t, { pid: 50, name: 'cat', open: '/dev/full' })), 'cat (process 50)')
  t.equal(holderOf('/dev/full', plant(t, { pid: process.pid, name: 'wattslug', open: '/dev/full' })), undefined)
})

t.test('a login on it', async t => {
  const { rdev } = statSync('/dev/full')
  t.equal(holderOf('/dev/full', plant(t, { pid: 612, name: 'agetty', terminal: rdev })), 'agetty (process 612)')
  t.equal(holderOf('/dev/full', plant(t, { pid: 612, name: 'a) b (c', terminal: rdev })), 'a) b (c (process 612)')
  t.equal(holderOf('/dev/zero', plant(t, { pid: 612, name: 'agetty', terminal: rdev })), undefined)
})

t.test("the kernel's console", async t => {
  const root = plant(t, { pid: 1, name: 'init' })
  writeFileSync(join(root, 'sys/class/tty/console/active'), 'tty0 full\n')
  const link = join(root, 'port')
  symlinkSync('/dev/full', link)
  t.equal(holderOf(link, root), 'the kernel, as its console')
  t.equal(holderOf(realpathSync('/dev/zero'), root), undefined)
})
