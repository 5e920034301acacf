/** The API's entry for the history of a sensor, in JSON and as a table in CSV. */
import type { HistoryAnswer, Step } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { costsOf } from '../cost/bill.ts'
import { limits } from '../limits.ts'
import type { HistoryFound, HistoryRow } from '../sinks/archive.ts'
import { type Asked, type Endpoint, endpoint } from './endpoint.ts'
import { energiesIn, energyReader } from './energies.ts'
import { choice, type Instant, instant, type Parameter, place, type Values, whole } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal, type Reply } from './reply.ts'

export const csv = 'text/csv'

/** Shortest first. */
const steps = ['10s', '1m', '15m', '1h', '1d', '1mo'] as const satisfies readonly Step[]

const parameters = {
  sensor: place('The sensor; 0, the whole house, if none is named.'),
  channel: whole('One clamp of it; all if none is named.', 1, 3) as Parameter<1 | 2 | 3>,
  from: instant('The first instant; a day before `to` if none is named.'),
  to: instant('The instant before which the last span begins; now if none is named. A day means its beginning.'),
  step: choice('The length of the spans; if none is named, the shortest with which all fit into an answer.', steps),
  cost: choice('Whether the cost of each span is told too, when a tariff is set.', ['0', '1'])
}
type Question = Values<typeof parameters>

const dayMs = 86_400_000

/** Makes the entries. */
export function historyEndpoints(parts: Parts): readonly Endpoint[] {
  const entry = (path: string, answers: Endpoint['answers'], isTable: (asked: Asked<Question>) => boolean): Endpoint =>
    endpoint({
      method: 'GET',
      path,
      about: 'What a sensor said in a span of time: energy, power and temperature.',
      parameters,
      answers,
      answer: asked => answer(parts, asked.values, isTable(asked))
    })
  return [
    entry('/api/history', { [json]: 'HistoryAnswer', [csv]: undefined }, ({ request }) => prefersTable(request.headers.get('accept'))),
    entry('/api/history.csv', { [csv]: undefined }, () => true)
  ]
}

/** Whether a table is named in `Accept`, and JSON is not named before it. */
function prefersTable(accept = ''): boolean {
  const named = accept.split(',').map(each => each.split(';', 1)[0]?.trim().toLowerCase())
  const [table, object] = [named.indexOf(csv), named.indexOf(json)]
  return table >= 0 && (object < 0 || table < object)
}

function answer(parts: Parts, question: Question, isTable: boolean): Reply {
  const { calendar } = parts
  const sensor = question.sensor ?? '0'
  const nowMs = parts.clock.wallMs()
  const toMs = question.to === undefined ? nowMs : msOf(question.to, calendar)
  const fromMs = question.from === undefined ? toMs - dayMs : msOf(question.from, calendar)
  if (fromMs >= toMs) throw new Refusal(400, 'from: not before to; allowed: an earlier instant', 'from')
  const ask = (step: Step): HistoryFound => {
    const found = parts.books.archive.query({ place: sensor, channel: question.channel, fromMs, toMs, step, calendar, nowMs })
    if (!found) throw new Refusal(404, `sensor: ${sensor} was never heard; allowed: ${known(parts)}`, 'sensor')
    return found
  }
  const found = question.step === undefined ? fitting(ask) : ask(question.step)
  if (found.count > limits.historyRowsMax) {
    const wide = fitting(ask).step
    throw new Refusal(
      400,
      `step: ${found.count} spans are too many; allowed: ${limits.historyRowsMax}, as with ${wide}, or less time`,
      'step'
    )
  }
  const told = { ...found, sensor, channel: question.channel ?? null, nowMs, toMs, withCost: question.cost === '1' }
  return isTable ? tableOf(parts, told) : objectOf(parts, told)
}

/** The finest step with which all fits into an answer; that of months always does. */
function fitting(ask: (step: Step) => HistoryFound): HistoryFound {
  for (const step of steps) {
    const found = ask(step)
    if (found.count <= limits.historyRowsMax) return found
  }
  throw new Refusal(400, 'from: too early; allowed: less time', 'from')
}

function known(parts: Parts): string {
  return parts.books.archive
    .sensors()
    .map(({ place }) => place)
    .join(', ')
}

/** A day begins when it does for the user. */
function msOf(instant: Instant, calendar: Calendar): number {
  return 'ms' in instant ? instant.ms : calendar.instantOf(Date.UTC(instant.year, instant.month - 1, instant.day))
}

interface Told extends HistoryFound {
  readonly sensor: string
  readonly channel: 1 | 2 | 3 | null
  readonly nowMs: number
  readonly toMs: number
  readonly withCost: boolean
}

function objectOf(parts: Parts, told: Told): Reply {
  const rows = [...told.rows]
  const sinceMs = sinceOf(parts, told.sensor)
  const list = <K extends keyof HistoryRow>(key: K): HistoryRow[K][] => rows.map(row => rounded(row[key], key))
  const history: HistoryAnswer = {
    sensor: told.sensor,
    channel: told.channel,
    zone: parts.calendar.zone,
    step: told.step,
    nowMs: told.nowMs,
    fromMs: told.fromMs,
    toMs: told.toMs,
    sinceMs,
    startMs: list('startMs'),
    energyWh: list('energyWh'),
    exportedWh: list('exportedWh'),
    backfilledWh: list('backfilledWh'),
    knownSeconds: list('knownSeconds'),
    meanWatts: list('meanWatts'),
    minWatts: list('minWatts'),
    maxWatts: list('maxWatts'),
    celsius: list('celsius'),
    ...costOf(parts, told, rows)
  }
  return jsonReply(history, { tagged: sayingOf(history, told.toMs >= told.nowMs) })
}

/** What makes one answer another: while the last span still runs, its values do, and the time alone does not. */
function sayingOf({ startMs, energyWh, backfilledWh, knownSeconds, cost, ...rest }: HistoryAnswer, isOpen: boolean): string {
  const { step, sensor, channel, zone, currency, toMs } = rest
  return [
    step,
    sensor,
    channel,
    zone,
    currency,
    isOpen ? 0 : toMs,
    startMs[0],
    startMs.length,
    energyWh,
    backfilledWh,
    knownSeconds,
    cost
  ].join(';')
}

/** Costs and their currency, when they were asked for and can be known. */
function costOf(parts: Parts, told: Told, rows: readonly HistoryRow[]): Pick<HistoryAnswer, 'cost' | 'currency'> {
  const prices = told.withCost ? parts.prices() : undefined
  if (!prices) return {}
  const endMs = rows.at(-1)?.endMs ?? told.toMs
  const startMs = rows.map(row => row.startMs)
  // Prices change within the longer spans: those are added up from quarters of an hour.
  const isFine = told.step === '10s' || told.step === '1m' || told.step === '15m'
  const energies = isFine ? energiesIn(rows) : energyReader(parts, told.sensor, told.channel ?? undefined)(told.fromMs, endMs)
  return { cost: costsOf(prices, startMs, endMs, energies), currency: prices.tariff.currency }
}

/** The columns, with their units; times in UTC. */
const columns = ['energyWh', 'exportedWh', 'backfilledWh', 'knownSeconds', 'meanWatts', 'minWatts', 'maxWatts', 'celsius'] as const
const titles = ['energy_Wh', 'exported_Wh', 'backfilled_Wh', 'known_s', 'mean_W', 'min_W', 'max_W', 'temperature_C']

function tableOf(parts: Parts, told: Told): Reply {
  const rows = [...told.rows]
  const { cost, currency } = costOf(parts, told, rows)
  const head = ['start', 'end', ...titles, ...(currency === undefined ? [] : [`cost_${currency}`])].join(',')
  const lines = rows.map((row, index) => [...cellsOf(row), ...(cost ? [cost[index] ?? ''] : [])].join(','))
  const name = `wattslug-${told.sensor.replace('/', '-')}-${new Date(told.fromMs).toISOString().slice(0, 10)}.csv`
  return {
    type: `${csv}; charset=utf-8`,
    headers: { 'Cache-Control': 'no-cache', Vary: 'Accept', 'Content-Disposition': `attachment; filename="${name}"` },
    body: `${[head, ...lines].join('\r\n')}\r\n`
  }
}

/** Names of the cells of a row, and the cells; what is not known is empty. */
export const tableHead = ['start', 'end', ...titles]

/** The cells of a row. */
export function cellsOf(row: HistoryRow): readonly string[] {
  const times = [row.startMs, row.endMs].map(ms => new Date(ms).toISOString())
  return [...times, ...columns.map(key => String(rounded(row[key], key) ?? ''))]
}

/** Energy to thousandths, power to whole watts where it is a mean, temperature to tenths: more is not known. */
function rounded<T extends number | null>(value: T, key: keyof HistoryRow): T {
  if (value === null) return value
  const digits = key.endsWith('Wh') ? 1_000 : key === 'celsius' || key === 'meanWatts' ? 10 : 1
  return (Math.round(value * digits) / digits) as T
}

function sinceOf(parts: Parts, sensor: string): number | null {
  return parts.books.archive.sensors().find(({ place }) => place === sensor)?.sinceMs ?? null
}
