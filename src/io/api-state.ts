/** The API's entries for this instant: what each sensor says, how the device is, and what programs that watch over others want. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { DeviceAnswer, NowAnswer, NowSensor, RecentAnswer, SettingsAnswer } from '../api.ts'
import { costPerHour } from '../cost/bill.ts'
import { limits } from '../limits.ts'
import type { Who } from '../mqtt/access.ts'
import type { Archive } from '../sinks/archive.ts'
import { findingsOf, healthOf } from './condition.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { metricsOf } from './metrics.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply } from './reply.ts'

/** Makes the entries. */
export function stateEndpoints(parts: Parts): readonly Endpoint[] {
  const { version, root, clock, calendar, recent } = parts
  const get = (path: string, about: string, schema: string | undefined, make: (who: Who) => unknown | Promise<unknown>): Endpoint =>
    endpoint({
      method: 'GET',
      path,
      about,
      parameters: {},
      answers: { [json]: schema },
      answer: async ({ who }) => jsonReply(await make(who))
    })
  return [
    {
      ...get('/settings.json', 'What the page has to know before anything else.', 'SettingsAnswer', (): SettingsAnswer => {
        return { version, root, nowMs: clock.wallMs(), staleMs: limits.staleMs, zone: calendar.zone }
      }),
      need: 'always'
    },
    get('/api/now', 'What each sensor says at this instant, and today against a usual day.', 'NowAnswer', () => nowAnswer(parts)),
    get('/api/recent', "The last minutes of each sensor's power.", 'RecentAnswer', (): RecentAnswer => {
      return { nowMs: clock.wallMs(), sensors: recent.sensors() }
    }),
    get('/api/device', 'How the device is: meters, sensors, memory, store; and for who may change it, its log.', 'DeviceAnswer', who =>
      deviceAnswer(parts, who)
    ),
    get('/api/meters', 'What the doctor judges: ports and meters.', undefined, () => parts.findings()),
    endpoint({
      method: 'GET',
      path: '/health',
      need: 'always',
      about: 'Whether something needs a person, for programs that watch over others.',
      parameters: {},
      answers: { [json]: 'HealthAnswer' },
      statuses: { 503: 'Something needs a person.' },
      answer() {
        const health = healthOf(parts)
        return jsonReply(health, { status: health.status === 'good' ? 200 : 503, headers: { 'Cache-Control': 'no-store' } })
      }
    }),
    endpoint({
      method: 'GET',
      path: '/metrics',
      about: 'Power, energy, and the counters of the daemon, for Prometheus.',
      parameters: {},
      answers: { 'text/plain': undefined },
      answer: () => ({ type: 'text/plain; version=0.0.4; charset=utf-8', headers: { 'Cache-Control': 'no-store' }, body: metricsOf(parts) })
    })
  ]
}

/** Takes a turn for each sensor whose usual day has to be reckoned, so that the first answer of a day keeps nobody waiting. */
async function nowAnswer(parts: Parts): Promise<NowAnswer> {
  const { clock, calendar, latest, prices } = parts
  const [archive, known, nowMs] = [parts.books.archive, prices(), clock.wallMs()]
  const heard = latest.sensors()
  for (const { sensor } of heard) {
    if (archive.isUsualKnown(sensor, nowMs, calendar)) continue
    archive.usual(sensor, nowMs, calendar)
    await turn()
  }
  const house = heard.find(({ sensor }) => sensor === '0')
  const watts = house && !house.stale && house.report.kind === 'power' ? house.report.watts : undefined
  return {
    nowMs,
    zone: calendar.zone,
    currency: known?.tariff.currency ?? null,
    costPerHour: known && watts !== undefined ? costPerHour(known, nowMs, watts) : null,
    sensors: heard.map(({ sensor, report, stale }) => ({
      sensor,
      name: report.name ?? null,
      kind: report.kind,
      medium: report.kind === 'impulses' ? report.medium : 'electricity',
      atMs: report.atMs,
      stale,
      watts: report.kind === 'impulses' ? null : report.watts,
      celsius: report.kind === 'derived' ? null : (report.celsius ?? null),
      ...todayOf(archive.today(sensor, nowMs, calendar)),
      usual: archive.usual(sensor, nowMs, calendar)
    }))
  }
}

function todayOf(today: ReturnType<Archive['today']>): Pick<NowSensor, 'todayWh' | 'todayExportedWh'> {
  return { todayWh: today?.netWh ?? null, todayExportedWh: today?.exportedWh ?? null }
}

function deviceAnswer(parts: Parts, who: Who): DeviceAnswer {
  const { version, clock, calendar, latest, clients, store, tail, told, corrections } = parts
  const { pool, broker } = clients
  const meters = parts.findings().meters
  return {
    version,
    nowMs: clock.wallMs(),
    upSeconds: Math.floor(clock.monotonicMs() / 1_000),
    zone: calendar.zone,
    password: parts.password().kind !== 'none',
    meters: told.map(({ id, source, simulated }, index) => {
      const { state, message } = meters[index]?.status ?? { state: 'connecting', message: '' }
      return { id, source: meters[index]?.name ?? source, state, message, simulated }
    }),
    sensors: latest.sensors().map(({ sensor, report }) => ({
      sensor,
      kind: report.kind,
      model: report.kind === 'derived' ? null : report.model,
      radioId: report.kind === 'derived' ? null : report.radioId,
      atMs: report.atMs,
      settings: corrections.of(sensor)
    })),
    findings: findingsOf(parts),
    memory: {
      residentBytes: process.memoryUsage.rss(),
      heldBytesMax: parts.heldBytes,
      pool: { slabs: pool.count, free: pool.free, freeLeast: pool.lowest, slabBytes: limits.slabBytes }
    },
    store: {
      state: store.state,
      diskBytes: folderBytes(parts.path),
      diskBytesMax: parts.books.archive.diskBytesMax,
      waitingBytes: store.waitingBytes,
      message: parts.storeStatus().message
    },
    clients: { connected: broker.clients, max: limits.clientsMax, sessions: broker.sessions, retained: broker.retained.count },
    faults: faultsOf(parts),
    log: parts.doorkeeper.mayChange(who) ? tail.lines : []
  }
}

/** What went wrong since the start, by kind; what is only counted, such as messages and clients that went away, is none. */
function faultsOf({ faults, clients }: Parts): Readonly<Record<string, number>> {
  const ofBroker = Object.entries(clients.broker.counters.all()).filter(([name]) =>
    /dropped|refused|too-large|unsaved|slowed|^closed-(?!(?:client|server|lost)$)/.test(name)
  )
  const all = [...Object.entries(faults()), ...ofBroker, ...Object.entries(clients.counters.all())]
  return Object.fromEntries(all.filter(([name, count]) => count > 0 && !/^(?:history-)?messages$/.test(name)))
}

/** Files may come and go while they are counted. */
function folderBytes(path: string): number {
  try {
    return readdirSync(path).reduce((sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  } catch {
    return 0
  }
}
