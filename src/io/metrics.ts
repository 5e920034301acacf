/** The daemon in numbers, in Prometheus' text format 0.0.4. */
import { placeOf, type Report } from '../reading.ts'
import type { Clock } from './clock.ts'
import type { Parts } from './parts.ts'

type Labels = Readonly<Record<string, string>>

/** A family of samples. */
interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly samples: readonly (readonly [labels: Labels, value: number])[]
}

/** All families as text. */
export function metricsOf(parts: Parts): string {
  return [...sensorFamilies(parts), ...brokerFamilies(parts), ...processFamilies(parts), certificateFamily(parts)]
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join('')
}

/** What is stale is left out: Prometheus then knows that nothing is known. */
function sensorFamilies({ latest, books }: Parts): readonly Family[] {
  const live = latest.sensors().filter(({ stale }) => !stale)
  const watts = live.flatMap(({ report }) => (report.kind === 'impulses' ? [] : [[labelsOf(report), report.watts] as const]))
  const celsius = live.flatMap(({ report }) =>
    report.kind === 'derived' || report.celsius === undefined ? [] : [[labelsOf(report), report.celsius] as const]
  )
  const energy = [...books.totalsWh].map(([sensor, wattHours]) => [{ sensor }, wattHours] as const)
  const volumes = [...books.volumes].map(([sensor, { medium, cubicMetres }]) => [{ sensor, medium }, cubicMetres] as const)
  return [
    { name: 'wattslug_power_watts', type: 'gauge', help: 'Power of a sensor that was heard lately.', samples: watts },
    { name: 'wattslug_temperature_celsius', type: 'gauge', help: 'Temperature at the display.', samples: celsius },
    { name: 'wattslug_energy_watthours_total', type: 'counter', help: 'Energy of a sensor since it was first heard.', samples: energy },
    {
      name: 'wattslug_volume_cubic_meters_total',
      type: 'counter',
      help: 'Gas or water counted since it was first heard.',
      samples: volumes
    }
  ]
}

function brokerFamilies({ clients, refusals }: Parts): readonly Family[] {
  const { broker, counters, pool } = clients
  const counts = { ...broker.counters.all(), ...counters.all(), ...refusals() }
  return [
    single('wattslug_clients', 'Clients connected.', broker.clients),
    single('wattslug_sessions', 'Sessions kept.', broker.sessions),
    single('wattslug_retained_messages', 'Topics with a retained message.', broker.retained.count),
    single('wattslug_retained_bytes', 'Bytes of them.', broker.retained.bytes),
    single('wattslug_pool_slabs', 'Slabs of the pool.', pool.count),
    single('wattslug_pool_free_slabs', 'Slabs that nobody holds.', pool.free),
    {
      name: 'wattslug_broker_events_total',
      type: 'counter',
      help: 'What the broker and its connections counted, by kind.',
      samples: Object.entries(counts).map(([kind, count]) => [{ kind }, count])
    }
  ]
}

function processFamilies({ store, faults, told, findings, clock, version }: Parts): readonly Family[] {
  const states = findings().meters.map(({ status }) => status.state)
  return [
    {
      name: 'wattslug_meter_live',
      type: 'gauge',
      help: 'Whether readings of a meter arrive.',
      samples: told.map(({ id }, index) => [{ meter: id === '' ? 'meter1' : id }, states[index] === 'live' ? 1 : 0])
    },
    {
      name: 'wattslug_faults_total',
      type: 'counter',
      help: 'What was wrong with what meters said, by kind.',
      samples: Object.entries(faults()).map(([kind, count]) => [{ kind }, count])
    },
    single('wattslug_store_open', 'Whether the store can be written.', store.state === 'open' ? 1 : 0),
    single('wattslug_store_waiting_bytes', 'What waits to be written.', store.waitingBytes),
    { ...single('wattslug_store_refusals_total', 'Changes for which there was no room.', store.refusals), type: 'counter' },
    { name: 'wattslug_info', type: 'gauge', help: 'Always 1; its label tells the version.', samples: [[{ version }, 1]] },
    single('process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss()),
    single('process_start_time_seconds', 'When it was started, in seconds since 1970.', startSeconds(clock)),
    { ...single('process_cpu_seconds_total', 'Time that it ran on a processor.', cpuSeconds()), type: 'counter' }
  ]
}

function certificateFamily({ certificate }: Parts): Family {
  const toMs = certificate()?.toMs
  const samples = toMs === undefined ? [] : [[{}, toMs / 1_000] as const]
  return {
    name: 'wattslug_certificate_end_seconds',
    type: 'gauge',
    help: 'When the certificate of TLS ends, in seconds since 1970.',
    samples
  }
}

function single(name: string, help: string, value: number): Family {
  return { name, type: 'gauge', help, samples: [[{}, value]] }
}

let startedSeconds = 0

/** The same at each scrape, or it would look like a new start; another only after the clock was set. */
function startSeconds(clock: Clock): number {
  const seconds = (clock.wallMs() - clock.monotonicMs()) / 1_000
  if (Math.abs(seconds - startedSeconds) > 1) startedSeconds = Math.round(seconds)
  return startedSeconds
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function labelsOf(report: Report): Labels {
  return { sensor: placeOf(report), ...(report.name === undefined ? {} : { name: report.name }) }
}

function textOf({ name, type, help, samples }: Family): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}
