/** What systemd tells of the service. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { uptime } from 'node:os'
import { limits } from '../limits.ts'
import type { ServiceFacts } from '../operating/facts.ts'

const unit = 'wattslug.service'
const asked = ['LoadState', 'ActiveState', 'UnitFileState', 'NRestarts', 'MainPID', 'ActiveEnterTimestampMonotonic']

/** Looks how it is. */
export async function readService(nowMs: number): Promise<ServiceFacts> {
  if (!isSystemdHere()) return { kind: 'no systemd' }
  const told = await run('systemctl', ['show', unit, ...asked.map(name => `--property=${name}`)])
  return told === undefined ? { kind: 'no systemd' } : readUnit(told, nowMs - uptime() * 1_000)
}

/** Reads what `systemctl show` says. @param bootMs when the machine was started */
export function readUnit(told: string, bootMs: number): ServiceFacts {
  const rows = new Map(told.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  if (rows.get('LoadState') !== 'loaded') return { kind: 'not installed' }
  const enteredMicroseconds = Number(rows.get('ActiveEnterTimestampMonotonic'))
  const active = rows.get('ActiveState') ?? 'unknown'
  return {
    ...{ kind: 'installed', active, enabled: rows.get('UnitFileState') || 'not enabled', restarts: Number(rows.get('NRestarts')) || 0 },
    pid: Number(rows.get('MainPID')) || undefined,
    sinceMs: active === 'active' && enteredMicroseconds > 0 ? bootMs + enteredMicroseconds / 1_000 : undefined
  }
}

/** Whether the service runs, or systemd listens for it. */
export async function isActive(kind: 'service' | 'socket'): Promise<boolean> {
  return isSystemdHere() && (await run('systemctl', ['is-active', `wattslug.${kind}`]))?.trim() === 'active'
}

/** Whether a time server sets this machine's clock, as far as systemd knows. */
export async function isClockSynchronised(): Promise<boolean | undefined> {
  if (!isSystemdHere()) return undefined
  const told = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  return told === undefined ? undefined : told.trim() === 'yes'
}

/** The last lines of the journal; what it says when this user may not read it is one of them. */
export async function readJournal(lines: number): Promise<string | undefined> {
  if (!isSystemdHere()) return undefined
  return run('journalctl', ['--unit', unit, '--lines', String(lines), '--no-pager', '--output', 'short-iso'])
}

function isSystemdHere(): boolean {
  return existsSync('/run/systemd/system')
}

/** What a program says, whatever it answers; `undefined` when it cannot be run, or takes too long. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  const options = { timeout: limits.doctorAskMs, maxBuffer: limits.doctorAnswerBytesMax, env: { ...process.env, LC_ALL: 'C' } }
  return new Promise(resolve => {
    execFile(program, args, options, (error, out) => resolve(error && typeof error.code !== 'number' ? undefined : out))
  })
}
