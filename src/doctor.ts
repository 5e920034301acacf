/** `wattslug doctor`: asks the daemon that runs here, or listens itself for a while, and says what is found. */
import { Calendar } from './calendar.ts'
import type { Config } from './config.ts'
import { gatherFacts } from './gather.ts'
import { askFor, findDaemon } from './io/ask.ts'
import type { Clock } from './io/clock.ts'
import { Meters } from './io/meters.ts'
import type { Source } from './io/source.ts'
import { limits } from './limits.ts'
import { diagnose, type Findings } from './meters/doctor.ts'
import type { MeterState } from './meters/watch.ts'
import { examine } from './operating/checkup.ts'
import type { SettingsFacts } from './operating/facts.ts'
import { nextSteps, tellFindings } from './operating/finding.ts'

const silentLog = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
const noStore = { get: () => undefined, put: () => true }

/** What the doctor is given. */
export interface Patient {
  readonly config: Config
  readonly settings: SettingsFacts
  /** Made when there is no daemon to ask. */
  readonly sources: () => readonly Source[]
  readonly version: string
  readonly clock: Clock
  readonly stopped: Promise<unknown>
}

/** Says what is found; 0 when all is well and readings arrive, 1 when they do not or something is in trouble. */
export async function consult(patient: Patient, say: (line: string) => void): Promise<number> {
  const { config, settings, sources, version, clock, stopped } = patient
  const daemon = await findDaemon(config)
  if (!daemon) say(`No wattslug answers on port ${config.httpPort}; listening to the meter for up to ${limits.doctorMs / 1000} s.`)
  const found = daemon ? await askFor<Findings>(daemon, '/api/meters') : await listen(sources(), new Calendar(config.zone), clock, stopped)
  const findings = examine(await gatherFacts(config, settings, daemon, version, clock.wallMs()))
  const meters = found ? diagnose(found) : unseen
  for (const line of [...tellFindings(findings), '', ...meters.lines, '']) say(line)
  const next = [...(meters.next === undefined ? [] : [meters.next]), ...nextSteps(findings)]
  if (next.length === 0) say('What to do next: nothing, readings arrive.')
  else for (const line of ['What to do next:', ...next.map(step => `  ${step}`)]) say(line)
  return meters.well && findings.every(({ level }) => level !== 'trouble') ? 0 : 1
}

/** A daemon that tells this user nothing of its meters. */
const unseen = {
  lines: ['What the meters say is not told to this user.'],
  well: true,
  next: 'Meters: sudo wattslug doctor tells more.'
}

/** Listens until there is nothing more to learn, or the time is over. */
async function listen(sources: readonly Source[], calendar: Calendar, clock: Clock, stopped: Promise<unknown>): Promise<Findings> {
  const owner = { reading() {}, history() {}, cycle() {}, status() {} }
  const meters = new Meters(sources, noStore, () => owner, clock, silentLog)
  meters.start()
  const isEnough = makePatience(sources.length === 0, clock)
  let timer: NodeJS.Timeout | undefined
  const listened = new Promise<void>(resolve => {
    timer = setInterval(() => {
      meters.tick()
      if (isEnough(meters.findings(calendar))) resolve()
    }, limits.tickMs)
  })
  await Promise.race([listened, stopped])
  clearInterval(timer)
  const findings = meters.findings(calendar)
  meters.stop()
  return findings
}

/** Every meter is read; none can be; or that is not known yet. */
type Outlook = 'read' | 'hopeless' | 'open'

/** Tells when it is enough: a meter that is read is heard for some time, so that its sensors show. */
function makePatience(isSearching: boolean, clock: Clock): (findings: Findings) => boolean {
  const startMs = clock.monotonicMs()
  const enoughMs = { read: limits.doctorHeardMs, hopeless: limits.doctorHopelessMs, open: limits.doctorMs }
  let outlook: Outlook = 'open'
  let sinceMs = startMs
  return findings => {
    const nowMs = clock.monotonicMs()
    const next = outlookOf(findings, isSearching)
    if (next !== outlook) sinceMs = nowMs
    outlook = next
    return nowMs - sinceMs >= enoughMs[outlook] || nowMs - startMs >= limits.doctorMs
  }
}

/** A search that has a port to listen to may yet find something there. */
function outlookOf({ ports, meters }: Findings, isSearching: boolean): Outlook {
  const states = meters.map(({ status }) => status.state)
  if (states.every(state => state === 'live')) return 'read'
  const isHopeless = (state: MeterState): boolean =>
    state === 'denied' || state === 'busy' || state === 'failed' || (state === 'absent' && (!isSearching || ports.length === 0))
  return states.every(isHopeless) ? 'hopeless' : 'open'
}
