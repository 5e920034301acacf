/** Spreads energy over a span, minute by minute, in every tier that reaches there. */
import { limits } from '../limits.ts'
import { emptyRow, type Row } from './rows.ts'
import type { Series } from './series.ts'
import { hourMs, minutes, quarters, seconds, type Tier } from './tiers.ts'

/** What is to be spread: what was measured goes over all the time, what is filled in only where nothing is known. */
export interface Share {
  readonly fromMs: number
  readonly toMs: number
  /** Thousandths of a Wh, or of a litre. */
  readonly milli: number
  readonly kind: 'measured' | 'filled'
}

const minutesPerHour = hourMs / minutes.slotMs

export function spread(series: Series, share: Share, nowMs: number): void {
  const { fromMs, toMs, milli, kind } = share
  let sumMs = 0
  for (let hour = Math.floor(fromMs / hourMs); hour * hourMs < toMs; hour++) for (const ms of roomOf(series, share, hour)) sumMs += ms
  let [doneMs, done] = [0, 0]
  for (let hour = Math.floor(fromMs / hourMs); hour * hourMs < toMs; hour++) {
    const rows: Row[] = []
    for (const [minute, ms] of roomOf(series, share, hour).entries()) {
      if (ms === 0) continue
      doneMs += ms
      const upTo = Math.round((milli * doneMs) / sumMs)
      rows.push(rowOf(hour * minutesPerHour + minute, upTo - done, ms, kind))
      done = upTo
    }
    if ((hour + 1) * hourMs > nowMs - limits.historySecondsMs) series.addAll(seconds, secondsOf(series, hour, rows, kind))
    series.addAll(minutes, rows)
    series.addAll(
      quarters,
      rows.map(row => ({ ...row, slot: Math.floor((row.slot * minutes.slotMs) / quarters.slotMs) }))
    )
  }
}

/** How many ms of each minute of an hour there is room in. */
function roomOf(series: Series, { fromMs, toMs, kind }: Share, hour: number): readonly number[] {
  const room = kind === 'filled' ? unknownOf(series, minutes, hour) : Array<number>(minutesPerHour).fill(minutes.slotMs)
  return room.map((ms, minute) => {
    const startMs = hour * hourMs + minute * minutes.slotMs
    return Math.max(0, Math.min(ms, Math.min(toMs, startMs + minutes.slotMs) - Math.max(fromMs, startMs)))
  })
}

/** How many ms of each slot of an hour nothing is known of. */
function unknownOf(series: Series, tier: Tier, hour: number): number[] {
  const first = (hour * hourMs) / tier.slotMs
  const unknown = Array<number>(hourMs / tier.slotMs).fill(tier.slotMs)
  for (const { slot, coveredMs, filledMs } of series.read(tier, hour * hourMs, (hour + 1) * hourMs))
    unknown[slot - first] = Math.max(0, tier.slotMs - coveredMs - filledMs)
  return unknown
}

/** The same in slots of ten seconds: where nothing is known, or over all the minute. */
function secondsOf(series: Series, hour: number, rows: readonly Row[], kind: Share['kind']): readonly Row[] {
  const unknown = unknownOf(series, seconds, hour)
  const perMinute = minutes.slotMs / seconds.slotMs
  return rows.flatMap(row => {
    const first = row.slot * perMinute
    const at = first % unknown.length
    const free = unknown.slice(at, at + perMinute)
    const room = free.some(ms => ms > 0) ? free : free.fill(seconds.slotMs)
    const sumMs = room.reduce((sum, ms) => sum + ms, 0)
    let [doneMs, done] = [0, 0]
    return room.flatMap((ms, place) => {
      if (ms === 0) return []
      doneMs += ms
      const upTo = Math.round(((row.net + row.filled) * doneMs) / sumMs)
      const part = rowOf(first + place, upTo - done, ms, kind)
      done = upTo
      return [part]
    })
  })
}

function rowOf(slot: number, milli: number, ms: number, kind: Share['kind']): Row {
  if (kind === 'filled') return { ...emptyRow(slot), filled: milli, filledMs: ms }
  const watts = Math.round((milli * 3_600) / ms)
  return { ...emptyRow(slot), net: milli, coveredMs: ms, min: watts, max: watts }
}
