/** What a machine tells of itself: this one, and others in trees of files. */
import { chmodSync, mkdirSync, utimesSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readAddresses, readClock, readMemory, readName, readStore, readVersions } from '../../src/io/machine.ts'

t.test('a board in its group', async t => {
  const root = t.testdir({
    proc: {
      'device-tree': { model: 'Raspberry Pi 3 Model B\0' },
      meminfo: 'MemTotal: 900000 kB\nMemAvailable:   500000 kB\n',
      812: { status: 'VmRSS:\t   51000 kB\nRssAnon:\t   14000 kB\n', cgroup: '0::/system.slice/wattslug.service\n' }
    },
    sys: {
      fs: {
        cgroup: {
          'system.slice': {
            'wattslug.service': {
              'memory.max': '111149056\n',
              'memory.current': '60000000\n',
              'memory.events': 'low 0\noom 3\noom_kill 2\noom_group_kill 0\n'
            }
          }
        }
      }
    }
  })
  t.equal((await readVersions('1.2.3', '1.2.2', root)).board, 'Raspberry Pi 3 Model B')
  t.match(readMemory(812, 7, 77e6, root), {
    ...{ residentBytes: 51_000 * 1_024, anonymousBytes: 14_000 * 1_024, heldBytesMax: 77e6 },
    ...{ ceilingBytes: 111_149_056, chargedBytes: 60_000_000, kills: 2, availableBytes: 500_000 * 1_024 }
  })
})

t.test('a machine that hides all it can', async t => {
  const root = t.testdir({ proc: { 9: { cgroup: '0::/\n' } } })
  const hidden = { anonymousBytes: undefined, ceilingBytes: undefined, chargedBytes: undefined, kills: undefined }
  t.match(readMemory(9, 7, 77e6, root), { residentBytes: 7, ...hidden })
  t.match(readMemory(undefined, undefined, 77e6, root), { residentBytes: undefined, ...hidden })
  t.ok(readMemory(undefined, undefined, 77e6, root).availableBytes > 0)
})

t.test('a group without a ceiling', async t => {
  const root = t.testdir({
    proc: { 9: { cgroup: '0::/user.slice\n' } },
    sys: { fs: { cgroup: { 'user.slice': { 'memory.max': 'max\n' } } } }
  })
  t.match(readMemory(9, 7, 77e6, root), { ceilingBytes: undefined, kills: undefined })
})

t.test('this machine', async t => {
  const { node, board, broken } = await readVersions('1.2.3', undefined, t.testdir())
  t.strictSame([node, board, broken], [process.version, undefined, []], 'its addons load')
  t.match(readMemory(process.pid, undefined, 77e6), { residentBytes: Number, anonymousBytes: Number })
  t.match(readName().name, /^[^.]+\.local$/)
  for (const address of readAddresses()) t.notMatch(address, /^(?:127\.|::1$|fe80)/)
  t.match(await readClock(Date.UTC(1970, 0, 2), 'UTC'), { isSet: false, zone: 'UTC' })
  t.match(await readClock(Date.UTC(2026, 0, 2), 'UTC'), { isSet: true })
})

t.test('the state folder', async t => {
  const folder = t.testdir({ store: { 'a.ldb': '12345', LOCK: '' }, password: '123' })
  for (const name of ['store/a.ldb', 'store/LOCK', 'password']) utimesSync(join(folder, name), 1_000, name === 'password' ? 2_000 : 1_000)
  const told = { state: 'open', message: 'well' }
  const { freeBytes, ...rest } = await readStore(folder, told)
  t.strictSame(rest, { folder, seen: { kind: 'seen', bytes: 8, writtenMs: 2_000_000 }, told })
  t.ok((freeBytes as number) > 0)
  t.match(await readStore(join(folder, 'gone'), undefined), { seen: { kind: 'missing' }, freeBytes: undefined, told: undefined })
  t.match((await readStore(t.testdir(), undefined)).seen, { kind: 'seen', bytes: 0, writtenMs: undefined })
})

t.test('a state folder that this user may not look into', { skip: userInfo().uid === 0 && 'root may look everywhere' }, async t => {
  const folder = join(t.testdir(), 'private')
  mkdirSync(folder)
  chmodSync(folder, 0)
  t.match((await readStore(folder, undefined)).seen, { kind: 'hidden' })
})
