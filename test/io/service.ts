/** What systemd tells of the service, read. */
import t from 'tap'
import { readUnit } from '../../src/io/service.ts'

const bootMs = 1_700_000_000_000

t.test('a service that runs', async t => {
  const told =
    'LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=3\nMainPID=812\nActiveEnterTimestampMonotonic=12000000\n'
  t.strictSame(readUnit(told, bootMs), {
    kind: 'installed',
    active: 'active',
    enabled: 'enabled',
    restarts: 3,
    pid: 812,
    sinceMs: bootMs + 12_000
  })
})

t.test('one that does not', async t => {
  const told = 'LoadState=loaded\nActiveState=failed\nUnitFileState=\nNRestarts=0\nMainPID=0\nActiveEnterTimestampMonotonic=12000000\n'
  const pid = undefined
  t.strictSame(readUnit(told, bootMs), {
    kind: 'installed',
    active: 'failed',
    enabled: 'not enabled',
    restarts: 0,
    pid,
    sinceMs: undefined
  })
  t.match(readUnit('LoadState=loaded\n', bootMs), { active: 'unknown', sinceMs: undefined })
})

t.test('one that is not there', async t => {
  t.strictSame(readUnit('LoadState=not-found\nActiveState=inactive\n', bootMs), { kind: 'not installed' })
  t.strictSame(readUnit('', bootMs), { kind: 'not installed' })
})
