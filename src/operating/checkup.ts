/** The checkup: judges what was found of this machine and of wattslug on it, in plain words, with what to do next. */
import { describeBytes, describeMs } from './amounts.ts'
import { checkDoors } from './checkup-doors.ts'
import type { ClockFacts, DaemonFacts, Facts, MemoryFacts, ServiceFacts, SettingsFacts, StoreFacts, VersionFacts } from './facts.ts'
import type { Finding } from './finding.ts'

/** Below this a disk will soon be full, and a machine have no memory for anything else. */
const freeBytesMin = 32e6
const availableBytesMin = 16e6
/** Above this share of its ceiling the daemon will soon be ended. */
const ceilingShareMax = 0.9

/** Judges everything. */
export function examine(facts: Facts): readonly Finding[] {
  const { settings, service, daemon, memory, store, clock, versions } = facts
  return [
    ...ofVersions(versions),
    ...ofSettings(settings),
    ...ofService(service, facts.nowMs),
    ofDaemon(daemon, service),
    ...ofMemory(memory),
    ...ofStore(store, facts.nowMs),
    ofClock(clock),
    ...checkDoors(facts)
  ]
}

function ofVersions({ wattslug, daemon, node, kernel, architecture, board, broken }: VersionFacts): readonly Finding[] {
  const about = 'Version'
  const where = `Node ${node}, Linux ${kernel} on ${architecture}${board === undefined ? '' : `, ${board}`}`
  const older: Finding = {
    ...{ level: 'note', about, text: `the daemon that runs is ${daemon}, and this is ${wattslug}.` },
    next: 'systemctl restart wattslug'
  }
  return [
    { level: 'well', about, text: `wattslug ${wattslug}, ${where}.` },
    ...(daemon === undefined || daemon === wattslug ? [] : [older]),
    ...broken.map(({ addon, fault }): Finding => {
      const next = 'install the package that was made for this architecture.'
      return { level: 'trouble', about, text: `the addon for ${addon} cannot be loaded (${fault}).`, next }
    })
  ]
}

function ofSettings({ file, fault, notices, changed }: SettingsFacts): readonly Finding[] {
  const about = 'Settings'
  if (fault !== undefined) return [{ level: 'trouble', about, text: fault, next: 'mend that: until then the daemon does not start.' }]
  const place = file === undefined ? 'no file' : `${file} is sound`
  return [
    { level: 'well', about, text: `${place}; ${changed.length === 0 ? 'all are as they come' : `changed: ${changed.join(', ')}`}.` },
    ...notices.map((text): Finding => ({ level: 'note', about, text }))
  ]
}

function ofService(service: ServiceFacts, nowMs: number): readonly Finding[] {
  const about = 'Service'
  if (service.kind === 'no systemd') return []
  if (service.kind === 'not installed') return [{ level: 'note', about, text: 'systemd knows no wattslug.service.' }]
  const { active, enabled, restarts, sinceMs } = service
  const text = `${active}${sinceMs === undefined ? '' : ` for ${describeMs(nowMs - sinceMs)}`}.`
  const findings: Finding[] = [ofActive(active, text)]
  if (enabled !== 'enabled')
    findings.push({ level: 'note', about, text: `${enabled}: it does not start with the machine.`, next: 'sudo systemctl enable wattslug' })
  if (restarts > 0) {
    const times = restarts === 1 ? 'once' : `${restarts} times`
    const next = 'journalctl -u wattslug -p warning tells why.'
    findings.push({ level: 'note', about, text: `systemd has started it anew ${times}.`, next })
  }
  return findings
}

function ofActive(active: string, text: string): Finding {
  if (active === 'active' || active === 'activating') return { level: active === 'active' ? 'well' : 'note', about: 'Service', text }
  const next = 'sudo systemctl start wattslug; journalctl -u wattslug -n 50 tells why it stopped.'
  return { level: 'trouble', about: 'Service', text, next }
}

function ofDaemon(daemon: DaemonFacts, service: ServiceFacts): Finding {
  const about = 'Daemon'
  if (daemon.kind === 'running') {
    const since = daemon.upMs === undefined ? '' : `, up for ${describeMs(daemon.upMs)}`
    return { level: 'well', about, text: `answers at ${daemon.address}${since}.` }
  }
  if (service.kind === 'installed' && service.active === 'active') {
    const next = 'sudo wattslug doctor looks where this user may not; journalctl -u wattslug -n 50 tells what it does.'
    return { level: 'trouble', about, text: 'the service is active, but no wattslug answers.', next }
  }
  return { level: 'note', about, text: 'no wattslug runs here.', next: 'start it: systemctl start wattslug, or wattslug run.' }
}

function ofMemory(memory: MemoryFacts): readonly Finding[] {
  const { residentBytes, anonymousBytes, ceilingBytes, kills, machineBytes, availableBytes } = memory
  const about = 'Memory'
  const machine = `${describeBytes(availableBytes)} of the machine's ${describeBytes(machineBytes)} are available`
  const isNearCeiling = (anonymousBytes ?? 0) > ceilingShareMax * (ceilingBytes ?? Number.POSITIVE_INFINITY)
  const more = 'raise MemoryMax (systemctl edit wattslug), or lower bounds under [limits].'
  return [
    ...(residentBytes === undefined ? [] : [{ level: 'well', about, text: `${tellDaemon(memory, residentBytes)}.` } as const]),
    ...(isNearCeiling ? [{ level: 'trouble', about, text: 'the daemon is close to its ceiling.', next: more } as const] : []),
    ...(kills === undefined || kills === 0
      ? []
      : [
          {
            level: 'note',
            about,
            text: `it was ended ${kills === 1 ? 'once' : `${kills} times`} for taking more than its ceiling.`,
            next: more
          } as const
        ]),
    availableBytes < availableBytesMin
      ? { level: 'note', about, text: `only ${machine}.`, next: 'stop what else runs here.' }
      : { level: 'well', about, text: `${machine}.` }
  ]
}

function tellDaemon({ anonymousBytes, heldBytesMax, ceilingBytes, chargedBytes }: MemoryFacts, residentBytes: number): string {
  const own = anonymousBytes === undefined ? '' : `, ${describeBytes(anonymousBytes)} of it its own`
  const charged = chargedBytes === undefined ? '' : `, of which it is charged ${describeBytes(chargedBytes)} with its files' cache`
  const ceiling = ceilingBytes === undefined ? '' : `; its ceiling is ${describeBytes(ceilingBytes)}${charged}`
  return `the daemon has ${describeBytes(residentBytes)}${own}; clients and meters add at most ${describeBytes(heldBytesMax)}${ceiling}`
}

function ofStore({ folder, seen, freeBytes, told }: StoreFacts, nowMs: number): readonly Finding[] {
  const about = 'Store'
  const findings: Finding[] = []
  if (told !== undefined) {
    const isOpen = told.state === 'open'
    const next = { next: 'look at the disk: nothing new is kept until it can be written.' }
    findings.push({ level: isOpen ? 'well' : 'trouble', about, text: `${told.state}: ${told.message}.`, ...(isOpen ? {} : next) })
  }
  if (seen.kind === 'hidden')
    findings.push({ level: 'note', about, text: `this user may not look into ${folder}.`, next: 'sudo wattslug doctor tells more.' })
  else if (seen.kind === 'missing') findings.push({ level: 'note', about, text: `there is nothing in ${folder} yet.` })
  else {
    const written = seen.writtenMs === undefined ? '' : `, last written ${describeMs(Math.max(0, nowMs - seen.writtenMs))} ago`
    findings.push({ level: 'well', about, text: `${describeBytes(seen.bytes)} in ${folder}${written}.` })
  }
  if (freeBytes !== undefined) findings.push(ofDisk(freeBytes))
  return findings
}

function ofDisk(freeBytes: number): Finding {
  const text = `${describeBytes(freeBytes)} are free on its disk.`
  if (freeBytes >= freeBytesMin) return { level: 'well', about: 'Store', text }
  return { level: 'trouble', about: 'Store', text: `only ${text}`, next: 'make room: history is kept as long as there is some.' }
}

function ofClock({ isSet, isSynchronised, zone }: ClockFacts): Finding {
  const about = 'Clock'
  const next = 'a time server needs the network: sudo timedatectl set-ntp true'
  if (!isSet) return { level: 'trouble', about, text: 'it is not set, and history begins once it is.', next }
  if (isSynchronised === false) return { level: 'note', about, text: `set, but by no time server; the zone is ${zone}.`, next }
  return { level: 'well', about, text: `set${isSynchronised ? ' by a time server' : ''}; the zone is ${zone}.` }
}
