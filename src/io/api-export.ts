/** The API's entries that give everything away in a file, and take it back. */
import { setImmediate as turn } from 'node:timers/promises'
import type { RestoreAnswer } from '../api.ts'
import { limits } from '../limits.ts'
import type { HistoryRow, HistorySensor } from '../sinks/archive.ts'
import { cellsOf, csv, inLitres, tableHead } from './api-history.ts'
import type { Body } from './body.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { isPriced } from './energies.ts'
import { exportLines, gather } from './export.ts'
import { untilKept } from './kept.ts'
import { choice } from './parameters.ts'
import type { Parts } from './parts.ts'
import { json, jsonReply, Refusal } from './reply.ts'

const ndjson = 'application/x-ndjson'

/** Makes the entries. @param restore takes an export back */
export function exportEndpoints(parts: Parts, restore: (body: Body) => Promise<RestoreAnswer>): readonly Endpoint[] {
  let exporting = 0
  /** Counts while it is being sent. */
  async function* counted(pieces: AsyncIterable<string>): AsyncGenerator<string> {
    if (exporting >= limits.exportsMax) throw new Error('export: too many at once')
    exporting++
    try {
      yield* pieces
    } finally {
      exporting--
    }
  }
  return [
    endpoint({
      method: 'GET',
      path: '/api/export',
      need: 'own',
      about:
        'History, energy, the tariff and what is set of sensors, without what the broker keeps; or all quarters of an hour as a table.',
      parameters: { format: choice('`ndjson`, which can be taken back, if none is named.', ['ndjson', 'csv']) },
      answers: { [ndjson]: undefined, [csv]: undefined },
      async answer({ values: { format = 'ndjson' } }) {
        if (exporting >= limits.exportsMax) throw new Refusal(503, 'too many exports at once', undefined, { 'Retry-After': '60' })
        const name = `wattslug-${new Date(parts.clock.wallMs()).toISOString().slice(0, 10)}.${format}`
        const headers = { 'Cache-Control': 'no-store', 'Content-Disposition': `attachment; filename="${name}"` }
        if (format === 'csv') return { type: `${csv}; charset=utf-8`, headers, body: counted(quarters(parts)) }
        return { type: ndjson, headers, body: counted(await records(parts)) }
      }
    }),
    endpoint({
      method: 'POST',
      path: '/api/restore',
      about: 'Takes back an export, in the place of all that is kept; nothing is changed if the file is not whole and sound.',
      parameters: {},
      content: { type: ndjson, bytesMax: limits.restoreBytesMax, withinMs: limits.transferMs },
      answers: { [json]: 'RestoreAnswer' },
      answer: async ({ body }) => jsonReply(await restore(body))
    })
  ]
}

/** What waits is written first, so that it is in the file. */
async function records({ store, books, version, clock, calendar }: Parts): Promise<AsyncIterable<string>> {
  books.save()
  await untilKept(store, 'the store cannot be written now')
  const { level } = store
  if (!level) throw new Refusal(503, 'the store cannot be read now')
  return exportLines(level, { wattslug: 'export', format: 1, version, atMs: clock.wallMs(), zone: calendar.zone })
}

/** Years of which nothing is known make no piece, and must not keep everybody waiting either. */
const rowsPerTurn = 500

/** Which columns tell of energy: gas and water have columns of their own behind all, so that each column has one unit. */
const isOfEnergy = tableHead.map(title => /_Wh?$/.test(title))

/** A table of every sensor, one behind the other; spans of which nothing is known are left out. */
async function* quarters(parts: Parts): AsyncGenerator<string> {
  const sensors = parts.books.archive.sensors()
  const withLitres = !sensors.every(({ place }) => isPriced(parts, place))
  const litres = withLitres ? tableHead.filter((_, index) => isOfEnergy[index]).map(inLitres) : []
  const lines = gather(`${['sensor', ...tableHead, ...litres].join(',')}\r\n`)
  let rows = 0
  for (const sensor of sensors) {
    const isEnergy = isPriced(parts, sensor.place)
    for (const row of quartersOf(parts, sensor)) {
      if (++rows % rowsPerTurn === 0) await turn()
      if (row.knownSeconds === 0 && row.energyWh === null) continue
      const cells = cellsOf(row, parts.calendar)
      const first = isEnergy ? cells : cells.map((cell, index) => (isOfEnergy[index] ? '' : cell))
      const rest = isEnergy ? litres.map(() => '') : cells.filter((_, index) => isOfEnergy[index])
      const piece = lines.add(`${[sensor.place, ...first, ...rest].join(',')}\r\n`)
      if (piece !== undefined) yield piece
    }
  }
  yield lines.take()
}

/** As far back as quarters are kept. */
function quartersOf({ books, calendar, clock }: Parts, { place, sinceMs }: HistorySensor): Iterable<HistoryRow> {
  const toMs = clock.wallMs()
  const fromMs = Math.max(sinceMs, toMs - limits.historyQuartersMs)
  return books.archive.query({ place, fromMs, toMs, step: '15m', calendar, nowMs: toMs })?.rows ?? []
}
