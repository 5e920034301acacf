/** The energies of the history as bills want them. */
import type { EnergySpan, ReadEnergies } from '../cost/pieces.ts'
import type { HistoryRow } from '../sinks/archive.ts'
import type { Parts } from './parts.ts'

/** Reads a sensor's quarters of an hour, or days where those are not kept any more. */
export function energyReader(parts: Parts, place: string, channel?: 1 | 2 | 3): ReadEnergies {
  const { calendar, clock } = parts
  return (fromMs, toMs) => {
    const question = { place, channel, fromMs, toMs, step: '15m', calendar, nowMs: clock.wallMs() } as const
    return energiesIn(parts.books.archive.query(question)?.rows ?? [])
  }
}

/** What was drawn and what was fed in: a row tells the difference of both, and the latter. */
export function* energiesIn(rows: Iterable<HistoryRow>): Iterable<EnergySpan> {
  for (const { startMs, endMs, energyWh, exportedWh, knownSeconds } of rows) {
    if (energyWh === null) continue
    const exported = exportedWh ?? 0
    yield { fromMs: startMs, toMs: endMs, importedWh: Math.max(0, energyWh + exported), exportedWh: exported, knownSeconds }
  }
}
