/** Takes away what is too old: seconds and minutes for good, quarters once they are added to their days. */
import type { Calendar } from '../calendar.ts'
import { limits } from '../limits.ts'
import type { Entry, Store } from '../memory/store.ts'
import { RowReader, Rows } from './rows.ts'
import { blocksPrefix, dayMs, days, hourMs, keyOfHour, quarters, readBlockKey, seconds, type Tier, yearKey } from './tiers.ts'

/** One walk through the blocks, oldest first. */
interface Walk {
  readonly nowMs: number
  /** The first hour of each tier that is too old. */
  readonly firstHour: Map<Tier, number>
  /** Whether something is left for the next walk. */
  isLeft: boolean
}

/** A walk takes away no more of a tier than gathers between two, so that an hour with a wrong clock costs no more either. */
export class Pruner {
  readonly #store: Store
  readonly #meter: string
  readonly #calendar: Calendar
  readonly #isHeld: (key: string) => boolean
  #phase: 'idle' | 'walking' = 'idle'
  #walkedMs = Number.NEGATIVE_INFINITY
  #everyMs = dayMs

  /** @param isHeld whether a block stands in memory: then it is not old, whatever the clock says */
  constructor(store: Store, meter: string, calendar: Calendar, isHeld: (key: string) => boolean) {
    this.#store = store
    this.#meter = meter
    this.#calendar = calendar
    this.#isHeld = isHeld
  }

  /** To be called each hour or so. */
  prune(nowMs: number): void {
    if (this.#phase === 'walking' || Math.abs(nowMs - this.#walkedMs) < this.#everyMs) return
    this.#phase = 'walking'
    this.#walkedMs = nowMs
    this.#walk({ nowMs, firstHour: new Map(), isLeft: false }, '')
  }

  #walk(walk: Walk, after: string): void {
    this.#store.entries(
      blocksPrefix,
      limits.historyEntriesMax,
      entries => {
        for (const entry of entries) this.#take(entry, walk)
        const last = entries.at(-1)
        const isLast = last === undefined || entries.length < limits.historyEntriesMax || last.key >= keyOfHour(youngestHour(walk.nowMs))
        if (!isLast && this.#store.state === 'open') return this.#walk(walk, last.key)
        this.#phase = 'idle'
        this.#everyMs = walk.isLeft ? hourMs : dayMs
      },
      after
    )
  }

  #take({ key, value }: Entry, walk: Walk): void {
    const found = readBlockKey(key, this.#meter)
    if (found?.tier === undefined) return
    const { tier, hour, series } = found
    const ageMs = walk.nowMs - hour * hourMs - tier.blockMs
    if (ageMs < tier.keepMs || this.#isHeld(key)) return
    const first = walk.firstHour.get(tier) ?? hour
    walk.firstHour.set(tier, first)
    if (walk.nowMs - first * hourMs - tier.blockMs < tier.keepMs + tier.slackMs) return
    if ((hour - first) * hourMs >= tier.slackMs) walk.isLeft = true
    else if (!this.#isReady || (tier === quarters && !this.#addToDays(series, (hour * hourMs) / tier.slotMs, value))) walk.isLeft = true
    else this.#store.delete(key)
  }

  /** Whether the store surely takes what a block becomes, and that it goes. */
  get #isReady(): boolean {
    return this.#store.state === 'open' && this.#store.waitingBytes < limits.storePendingBytesMax / 2
  }

  /** Adds a block of quarters to their days, written with its end or not at all: a year that cannot be read is not begun anew. */
  #addToDays(series: string, firstSlot: number, block: Uint8Array): boolean {
    const years = new Map<string, Rows>()
    const reader = new RowReader(quarters.slotMs, block)
    for (let row = reader.next(); row; row = reader.next()) {
      const { year, month, day } = this.#calendar.wallAt((firstSlot + row.slot) * quarters.slotMs)
      const key = yearKey(year, series)
      const rows = years.get(key) ?? new Rows(days.slotMs, this.#store.get(key))
      rows.add({ ...row, slot: (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / dayMs })
      years.set(key, rows)
    }
    return this.#isReady && [...years].every(([key, rows]) => this.#store.put(key, rows.encode()))
  }
}

/** Of everything later, nothing is too old. */
function youngestHour(nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - seconds.keepMs) / hourMs))
}
