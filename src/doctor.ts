/** `wattslug doctor`: asks the daemon that runs here, or listens itself for a while, and says what is found. */
import { get } from 'node:http'
import type { Config } from './config.ts'
import type { Clock } from './io/clock.ts'
import { Meters } from './io/meters.ts'
import type { Source } from './io/source.ts'
import { limits } from './limits.ts'
import { diagnose, type Findings } from './meters/doctor.ts'
import type { MeterState } from './meters/watch.ts'

const silentLog = { error() {}, warning() {}, notice() {}, info() {}, warnSeldom() {} }
const noStore = { get: () => undefined, put: () => true }

/** Prints the report; 0 when readings arrive, 1 when they do not. */
export async function consult(config: Config, sources: readonly Source[], clock: Clock, stopped: Promise<unknown>): Promise<number> {
  const running = await askDaemon(config)
  if (!running)
    process.stdout.write(`No wattslug answers on port ${config.httpPort}; listening to the meter for up to ${limits.doctorMs / 1000} s.\n`)
  const { lines, well } = diagnose(running ?? (await listen(sources, clock, stopped)))
  process.stdout.write(`${lines.join('\n')}\n`)
  return well ? 0 : 1
}

/** Listens until there is nothing more to learn, or the time is over. */
async function listen(sources: readonly Source[], clock: Clock, stopped: Promise<unknown>): Promise<Findings> {
  const owner = { reading() {}, history() {}, cycle() {}, status() {} }
  const meters = new Meters(sources, noStore, () => owner, clock, silentLog)
  meters.start()
  const isEnough = makePatience(sources.length === 0, clock)
  let timer: NodeJS.Timeout | undefined
  const listened = new Promise<void>(resolve => {
    timer = setInterval(() => {
      meters.tick()
      if (isEnough(meters.findings())) resolve()
    }, limits.tickMs)
  })
  await Promise.race([listened, stopped])
  clearInterval(timer)
  const findings = meters.findings()
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

/** What the daemon that runs on this machine knows; `undefined` when none answers. */
function askDaemon({ host, httpPort }: Config): Promise<Findings | undefined> {
  const hostname = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new Promise(resolve => {
    const request = get({ hostname, port: httpPort, path: '/api/meters', timeout: limits.doctorAskMs }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > limits.doctorAnswerBytesMax) request.destroy()
      })
      response.on('end', () => resolve(response.headers['x-wattslug'] === undefined ? undefined : read(text)))
      response.on('error', () => resolve(undefined))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(undefined))
  })
}

/** An answer that was cut short is none. */
function read(text: string): Findings | undefined {
  try {
    return JSON.parse(text) as Findings
  } catch {
    return undefined
  }
}
