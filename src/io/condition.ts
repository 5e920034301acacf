/** How the whole daemon is: what the doctor would say of it, worst first, and whether something needs a person. */
import type { DeviceAnswer, HealthAnswer } from '../api.ts'
import { limits } from '../limits.ts'
import type { MeterFinding } from '../meters/doctor.ts'
import type { MeterState } from '../meters/watch.ts'
import type { Parts } from './parts.ts'

/** One thing that was found. */
type Finding = DeviceAnswer['findings'][number]

/** What of a meter waits for nobody: it is read, or is being opened. */
const unattended: readonly MeterState[] = ['live', 'connecting']
/** Radio loses some messages of every sensor; more than that is worth a walk. */
const lossMin = 0.25
const levels = ['bad', 'note', 'good'] as const

/** All findings, worst first. */
export function findingsOf(parts: Parts): readonly Finding[] {
  const found = [
    ...parts.findings().meters.flatMap(ofMeter),
    ofStore(parts),
    ...ofClock(parts),
    ...ofCertificate(parts),
    ...ofPassword(parts),
    ...ofPool(parts)
  ]
  return levels.flatMap(level => found.filter(finding => finding.level === level))
}

/** Whether something needs a person, for programs that watch over others. */
export function healthOf(parts: Parts): HealthAnswer {
  const { meters } = parts.findings()
  const needs = [...meters.flatMap(ofMeter), ofStore(parts), ...ofClock(parts), ...ofCertificate(parts)]
    .filter(({ level }) => level === 'bad')
    .map(({ text }) => text)
  return {
    status: needs.length > 0 ? 'bad' : 'good',
    needs,
    meters: Object.fromEntries(parts.told.map(({ id }, index) => [id, meters[index]?.status.state ?? 'connecting'])),
    store: parts.store.state,
    clock: isClockSet(parts) ? 'set' : 'unset'
  }
}

function ofMeter({ name, status, health, clock }: MeterFinding): readonly Finding[] {
  const isWell = unattended.includes(status.state)
  const level = status.state === 'live' ? 'good' : isWell ? 'note' : 'bad'
  const lost = health.sensors.filter(({ lossRate }) => (lossRate ?? 0) >= lossMin)
  const aheadMinutes = 'unknown' in clock ? 0 : Math.round(clock.aheadMs / 60_000)
  return [
    { level, text: `${name}: ${status.message}` },
    ...lost.map(({ sensor, lossRate = 0 }): Finding => {
      return {
        level: 'note',
        text: `Sensor ${sensor}: radio loses ${Math.round(lossRate * 100)} % of its messages. Bring the display nearer.`
      }
    }),
    ...(Math.abs(aheadMinutes) < 2 ? [] : [clockFinding(name, aheadMinutes)])
  ]
}

function clockFinding(name: string, aheadMinutes: number): Finding {
  const by = `${Math.abs(aheadMinutes)} min ${aheadMinutes > 0 ? 'ahead of' : 'behind'}`
  return { level: 'note', text: `${name}: the meter's own clock is ${by} this machine's. Its history is placed right all the same.` }
}

function ofStore({ storeStatus }: Parts): Finding {
  const { isBad, message } = storeStatus()
  return { level: isBad ? 'bad' : 'good', text: `The store: ${message}` }
}

/** A board without a battery starts in 1970, and may have no network for a while. */
function ofClock(parts: Parts): readonly Finding[] {
  if (isClockSet(parts)) return []
  const level = parts.clock.monotonicMs() < limits.clockPatienceMs ? 'note' : 'bad'
  return [{ level, text: "This machine's clock is not set: history begins once it is. A time server needs the network." }]
}

function isClockSet({ clock }: Parts): boolean {
  return clock.wallMs() >= limits.energyClockMsMin
}

/** Clients refuse one that has ended, and without one there is no TLS at all. */
function ofCertificate({ certificate }: Parts): readonly Finding[] {
  const told = certificate()
  return told ? [{ level: told.state === 'ending' ? 'note' : told.state, text: `TLS: ${told.message}.` }] : []
}

function ofPassword({ password, doorkeeper }: Parts): readonly Finding[] {
  const state = password()
  if (state.kind === 'set') return [{ level: 'good', text: 'Changes need the password.' }]
  if (state.kind === 'unusable') return [{ level: 'bad', text: `The password: ${state.message}` }]
  const text =
    doorkeeper.mode === 'open'
      ? 'Whoever is in this network can change settings: wattslug passwd sets a password.'
      : `Nothing can be changed${doorkeeper.hasAccounts ? '' : ' or published'} before a password is set: by the page, or by wattslug passwd.`
  return [{ level: 'note', text }]
}

function ofPool({ clients: { pool } }: Parts): readonly Finding[] {
  if (pool.refusals === 0) return []
  return [{ level: 'note', text: `The pool of memory for clients was empty ${pool.refusals} times: some were closed or missed messages.` }]
}
