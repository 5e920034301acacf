/** One series: what one sensor, or one clamp of it, did over time, in every tier. Only the blocks that time is in stand in memory. */
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import { Horizon } from './horizon.ts'
import { emptyRow, type Row, RowReader, Rows } from './rows.ts'
import { blockKey, days, hourMs, seconds, type Tier, tiers, yearKey } from './tiers.ts'

/**
 * A block in memory.
 * - `stored`: the store has it as it is
 * - `changed`: it has grown since
 * - `part`: the store might not have been readable when it was opened, so that there may be more of it
 */
interface Live {
  readonly rows: Rows
  phase: 'stored' | 'changed' | 'part'
}

export class Series {
  /** `meter/sensor/channel` */
  readonly name: string
  /** Blocks that were forgotten because the store took nothing for too long. */
  forgotten = 0
  /** How often something was put before what had been added last: what was reckoned of the past holds as long as this stays. */
  rewrites = 0
  readonly #store: Store
  readonly #horizon: Horizon
  readonly #live = new Map<string, Live>()
  /** Where time is in each tier, for most of what comes belongs there. */
  readonly #current = new Map<Tier, { block: number; live: Live; key: string }>()
  /** The latest block of each tier that there has been: what is behind it is new, whether the store can be read or not. */
  readonly #latest = new Map<Tier, number>()
  readonly #scratch = emptyRow(0)
  #lastSlot = 0

  /** @param horizon behind which nothing of a run before is stored */
  constructor(store: Store, name: string, horizon = new Horizon(store)) {
    this.#store = store
    this.#horizon = horizon
    this.name = name
  }

  /** The slot of what was added last, but for what the last run had stored. */
  get lastSlot(): number {
    return this.#lastSlot
  }

  /** Adds what was measured in a slot of ten seconds, counted since 1970. */
  add(row: Readonly<Row>): void {
    if (row.slot < this.#lastSlot) this.rewrites++
    this.#lastSlot = row.slot
    for (const tier of tiers) this.#addTo(tier, row, Math.floor((row.slot * seconds.slotMs) / tier.slotMs))
  }

  /** Adds rows to one tier, in order and all of one block; their slots are counted since 1970. */
  addAll(tier: Tier, rows: readonly Row[]): void {
    const slots = tier.blockMs / tier.slotMs
    const [first] = rows
    if (first === undefined) return
    this.rewrites++
    const block = Math.floor(first.slot / slots)
    const latest = this.#latest.get(tier)
    if (latest !== undefined) this.#latest.set(tier, Math.max(block, latest))
    const live = this.#open(tier, block, false)
    live.rows.addAll(rows.map(row => ({ ...row, slot: row.slot - block * slots })))
    if (live.phase === 'stored') live.phase = 'changed'
  }

  /** The rows of a span in one tier, oldest first, each with its slot counted since 1970 and good until the next one. */
  *read(tier: Tier, fromMs: number, toMs: number): Generator<Readonly<Row>, void> {
    const slots = tier.blockMs / tier.slotMs
    const [first, end] = [Math.floor(fromMs / tier.slotMs), Math.ceil(toMs / tier.slotMs)]
    for (let block = Math.floor(first / slots); block * slots < end; block++) {
      const reader = this.#reader(tier.slotMs, blockKey(tier, block, this.name), block * slots)
      for (let row = reader?.next(); row; row = reader?.next()) if (row.slot >= first && row.slot < end) yield row
    }
  }

  /** The days of a year that are kept in none of the tiers any more. */
  readYear(year: number): RowReader | undefined {
    return this.#reader(days.slotMs, yearKey(year, this.name), 0)
  }

  /** Puts what was changed into the store. What it does not take stays here, as long as there is room. */
  put(): void {
    const current = new Set([...this.#current.values()].map(({ key }) => key))
    for (const [key, live] of this.#live) {
      if (live.phase === 'part' && this.#store.state === 'open') this.#complete(key, live)
      if (live.phase === 'changed' && this.#store.put(key, live.rows.encode())) live.phase = 'stored'
      if (live.phase === 'stored' && !current.has(key)) this.#live.delete(key)
    }
    for (const key of this.#live.keys()) {
      if (this.#live.size <= limits.historyBlocksHeldMax) break
      if (current.has(key)) continue
      this.#live.delete(key)
      this.forgotten++
    }
  }

  /** Whether a block is in memory: then it is not too old, whatever its key says. */
  holds(key: string): boolean {
    return this.#live.has(key)
  }

  #addTo(tier: Tier, row: Readonly<Row>, slot: number): void {
    const slots = tier.blockMs / tier.slotMs
    const block = Math.floor(slot / slots)
    let current = this.#current.get(tier)
    if (current?.block !== block) {
      const key = blockKey(tier, block, this.name)
      const latest = this.#latest.get(tier)
      current = { block, key, live: this.#open(tier, block, latest !== undefined && block > latest) }
      this.#current.set(tier, current)
      this.#latest.set(tier, Math.max(block, latest ?? block))
    }
    Object.assign(this.#scratch, row)
    this.#scratch.slot = slot - block * slots
    current.live.rows.add(this.#scratch)
    if (current.live.phase === 'stored') current.live.phase = 'changed'
  }

  /** @param isNew whether this run has put nothing there, nor behind it */
  #open(tier: Tier, block: number, isNew: boolean): Live {
    const key = blockKey(tier, block, this.name)
    let live = this.#live.get(key)
    if (live === undefined) {
      const isBehind = isNew && (block * tier.blockMs) / hourMs > this.#horizon.hour
      const record = isBehind ? undefined : this.#store.get(key)
      live = { rows: new Rows(tier.slotMs, record), phase: isNew || record || this.#store.state === 'open' ? 'stored' : 'part' }
      this.#live.set(key, live)
    }
    return live
  }

  /** The store can be read again: what it has of the block stays, and what came since is added to it. */
  #complete(key: string, live: Live): void {
    const record = this.#store.get(key)
    if (record) live.rows.addRecord(record)
    live.phase = 'changed'
  }

  #reader(slotMs: number, key: string, first: number): RowReader | undefined {
    const live = this.#live.get(key)
    if (live) return live.rows.read(first)
    const record = this.#store.get(key)
    return record && new RowReader(slotMs, record, first)
  }
}
