/** The API's entry for the history of a sensor, in JSON and as a table in CSV. */
import { createHash } from 'node:crypto'
import type { HistoryAnswer, Step } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { millionthsText } from '../cost/money.ts'
import { Pricing } from '../cost/pricing.ts'
import { limits } from '../limits.ts'
import type { HistoryFound, HistoryRow } from '../sinks/archive.ts'
import { type Column, Columns, columns as columnNames, rounded } from './columns.ts'
import { type Asked, type Endpoint, endpoint } from './endpoint.ts'
import { energyIn, energyReader, isPriced } from './energies.ts'
import { gather } from './export.ts'
import { choice, type Instant, instant, type Parameter, place, type Values, whole } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal, type Reply } from './reply.ts'
import { hasTagged, type Request } from './request.ts'
import { tagOf } from './sending.ts'

export const csv = 'text/csv'

/** Shortest first. */
const steps = ['10s', '1m', '15m', '1h', '1d', '1mo'] as const satisfies readonly Step[]

const parameters = {
  sensor: place('The sensor; 0, the whole house, if none is named.'),
  channel: whole('One clamp of it; all if none is named.', 1, 3) as Parameter<1 | 2 | 3>,
  from: instant('The first instant; a day before `to` if none is named.'),
  to: instant('The instant before which the last span begins; now if none is named. A day means its beginning.'),
  step: choice(
    'The length of the spans; if none is named, the shortest with which all fit into an answer. Longer where the past is not kept so finely.',
    steps
  ),
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
      answer: asked => answer(parts, asked, isTable(asked))
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

function answer(parts: Parts, { values: question, request }: Asked<Question>, isTable: boolean): Reply {
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
    const allowed = `${limits.historyRowsMax}, as with ${wide}, or less time`
    throw new Refusal(400, `step: more than ${limits.historyRowsMax} spans; allowed: ${allowed}`, 'step')
  }
  const told = { ...found, sensor, channel: question.channel ?? null, nowMs, toMs, withCost: question.cost === '1' }
  return isTable ? tableOf(parts, told) : objectOf(parts, told, request)
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
  return (
    parts.books.archive
      .sensors()
      .map(({ place }) => place)
      .join(', ') || 'none yet'
  )
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

/** One pass over the spans: each goes into the columns and is priced, and is gone. */
function objectOf(parts: Parts, told: Told, request: Request): Reply {
  const { sensor, channel, step, nowMs, fromMs, toMs } = told
  const costOf = pricing(parts, told)
  const columns = Columns.take()
  for (const row of told.rows) columns.add(row, costOf ? costOf(row) : null)
  const { zone } = parts.calendar
  const head: Omit<HistoryAnswer, Column | 'cost'> = {
    ...{ sensor, channel, zone, step, nowMs, fromMs, toMs, sinceMs: sinceOf(parts, sensor) },
    ...(costOf && { currency: costOf.currency })
  }
  // What makes one answer another: while the last span still runs, its values do, and the time alone does not.
  const said = createHash('sha256').update([sensor, channel, zone, step, told.fromMs, toMs >= nowMs ? 0 : toMs, head.currency].join(';'))
  for (const bytes of columns.bytes()) said.update(bytes)
  const reply = jsonReply(head, { tagged: said.digest('base64url') })
  if (!hasTagged(request, tagOf(reply.tagged as string))) return { ...reply, body: piecesOf(head, columns, costOf !== undefined) }
  columns.giveBack()
  return reply
}

/** The pieces of an object, made as they are sent: as one text it were a large one, which is collected late, and many made the process grow. */
async function* piecesOf(head: object, columns: Columns, withCost: boolean): AsyncGenerator<string> {
  try {
    yield JSON.stringify(head).slice(0, -1)
    yield* columns.members()
    yield withCost ? `,"cost":${columns.costs()}}` : '}'
  } finally {
    columns.giveBack()
  }
}

async function* each(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces
}

/** Tells what each span costs in millionths, asked for one after the other. */
type CostOf = ((row: HistoryRow) => number | null) & { readonly currency: string }

/** Undefined when costs were not asked for, or cannot be known. */
function pricing(parts: Parts, told: Told): CostOf | undefined {
  const prices = told.withCost && isPriced(parts, told.sensor) ? parts.prices() : undefined
  if (!prices) return undefined
  const sum = new Pricing(prices)
  const { currency } = prices.tariff
  if (told.step === '10s' || told.step === '1m' || told.step === '15m') {
    const ofRow = (row: HistoryRow): number | null => {
      const energy = energyIn(row)
      if (energy) sum.add(energy)
      return sum.take()
    }
    return Object.assign(ofRow, { currency })
  }
  // Prices change within the longer spans: those are added up from quarters of an hour.
  const endMs = parts.calendar.nextStart(told.step === '1mo' ? 'month' : 'day', told.toMs - 1)
  const energies = energyReader(parts, told.sensor, told.channel ?? undefined)(told.fromMs, endMs)[Symbol.iterator]()
  let next = energies.next()
  const ofQuarters = ({ startMs, endMs }: HistoryRow): number | null => {
    for (; !next.done && next.value.fromMs < endMs; next = energies.next()) if (next.value.fromMs >= startMs) sum.add(next.value)
    return sum.take()
  }
  return Object.assign(ofQuarters, { currency })
}

const titles = ['energy_Wh', 'exported_Wh', 'backfilled_Wh', 'known_s', 'mean_W', 'min_W', 'max_W', 'temperature_C']

/** The columns with their units; times in UTC, and as the user's clock showed them, which is what a spreadsheet reads. */
function tableOf(parts: Parts, told: Told): Reply {
  const costOf = pricing(parts, told)
  const head = isPriced(parts, told.sensor) ? tableHead : tableHead.map(inLitres)
  const lines = gather(`${[...head, ...(costOf ? [`cost_${costOf.currency}`] : [])].join(',')}\r\n`)
  const pieces: string[] = []
  for (const row of told.rows) {
    const cost = costOf?.(row) ?? null
    const cells = [...cellsOf(row, parts.calendar), ...(costOf ? [cost === null ? '' : millionthsText(cost)] : [])]
    const piece = lines.add(`${cells.join(',')}\r\n`)
    if (piece !== undefined) pieces.push(piece)
  }
  const name = `wattslug-${told.sensor.replace('/', '-')}-${new Date(told.fromMs).toISOString().slice(0, 10)}.csv`
  return {
    type: `${csv}; charset=utf-8`,
    headers: { 'Cache-Control': 'no-cache', Vary: 'Accept', 'Content-Disposition': `attachment; filename="${name}"` },
    body: each([...pieces, lines.take()])
  }
}

/** The title of a column for a counter of gas or water. */
export function inLitres(title: string): string {
  return title.replace('energy', 'volume').replace('_Wh', '_l').replace('_W', '_l_per_h')
}

/** Names of the cells of a row, and the cells; what is not known is empty. */
export const tableHead = ['start', 'end', 'start_local', ...titles]

/** The cells of a row. */
export function cellsOf(row: HistoryRow, calendar: Calendar): readonly string[] {
  const end = new Date(row.endMs).toISOString()
  const local = new Date(calendar.wallMsAt(row.startMs)).toISOString().slice(0, 19).replace('T', ' ')
  const [, ...values] = columnNames.map(name => {
    const value = row[name]
    // V8 puts the text that String makes of a number among what is old, where it stays for long: many rows made the process grow.
    return value === null ? '' : JSON.stringify(rounded(value, name))
  })
  return [new Date(row.startMs).toISOString(), end, local, ...values]
}

function sinceOf(parts: Parts, sensor: string): number | null {
  return parts.books.archive.sensors().find(({ place }) => place === sensor)?.sinceMs ?? null
}
