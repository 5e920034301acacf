/** The energies of the history as bills want them. */
import type { EnergySpan, ReadEnergies } from '../cost/pieces.ts'
import { limits } from '../limits.ts'
import type { HistoryRow } from '../sinks/archive.ts'
import type { Parts } from './parts.ts'

/**
 * Reads a sensor's quarters of an hour, and days where those are not kept any more: wherever a question begins, the same time costs the
 * same. Nothing is read of the time before the sensor was heard, or of the future, however much of them is asked for.
 */
export function energyReader(parts: Parts, place: string, channel?: 1 | 2 | 3): ReadEnergies {
  const { calendar, clock } = parts
  return function* read(fromMs, toMs) {
    const nowMs = clock.wallMs()
    const { archive } = parts.books
    const sinceMs = archive.sensors().find(sensor => sensor.place === place)?.sinceMs ?? nowMs
    const firstMs = Math.max(fromMs, calendar.startOf('day', sinceMs))
    const endMs = Math.min(toMs, nowMs + quarterMs)
    const quartersMs = Math.min(endMs, Math.max(firstMs, calendar.startOf('day', nowMs - limits.historyQuartersMs)))
    for (const [spanFromMs, spanToMs] of [
      [firstMs, quartersMs],
      [quartersMs, endMs]
    ] as const) {
      if (spanFromMs >= spanToMs) continue
      const question = { place, channel, fromMs: spanFromMs, toMs: spanToMs, step: '15m', calendar, nowMs } as const
      yield* energiesIn(archive.query(question)?.rows ?? [])
    }
  }
}

const quarterMs = 900_000

/** Whether a tariff prices what a sensor tells: litres of gas or water are no energy. */
export function isPriced({ books }: Parts, place: string): boolean {
  const medium = books.archive.sensors().find(sensor => sensor.place === place)?.medium
  return medium === undefined || medium === 'electricity'
}

function* energiesIn(rows: Iterable<HistoryRow>): Iterable<EnergySpan> {
  for (const row of rows) {
    const energy = energyIn(row)
    if (energy) yield energy
  }
}

/** What was drawn and what was fed in, where it is known: a row tells the difference of both, and the latter. */
export function energyIn({ startMs, endMs, energyWh, exportedWh, knownSeconds }: HistoryRow): EnergySpan | undefined {
  if (energyWh === null) return undefined
  const exported = exportedWh ?? 0
  return { fromMs: startMs, toMs: endMs, importedWh: Math.max(0, energyWh + exported), exportedWh: exported, knownSeconds }
}
