/** The ledger of one meter: what was measured of each sensor and what was filled in, slot by slot, in every tier. */
import type { Calendar } from '../calendar.ts'
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import type { ImpulseReading } from '../reading.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { Horizon } from './horizon.ts'
import { type PowerPoint, trapezoidWh } from './integrate.ts'
import { Journal } from './journal.ts'
import { Pruner } from './pruner.ts'
import { emptyRow, type Row } from './rows.ts'
import { Series } from './series.ts'
import { spread } from './spread.ts'
import { hourMs, minutes, seconds } from './tiers.ts'

export const minuteMs = minutes.slotMs

/** What the ledger holds of a span. */
export interface Coverage {
  /** What was drawn; what was fed in is not taken off. */
  readonly measuredWh: number
  readonly backfilledWh: number
  /** Time in which energy was measured. */
  readonly coveredMs: number
  /** Time in which energy was neither measured nor filled in. */
  readonly missingMs: number
}

/** What a series is of: all clamps, one of them, what a counter counts, or what is derived. */
export type Part = 'all' | 1 | 2 | 3 | ImpulseReading['medium'] | 'derived'

const letters: Readonly<Record<Part, string>> = { all: '0', 1: '1', 2: '2', 3: '3', electricity: 'e', gas: 'g', water: 'w', derived: 'd' }
const parts: readonly Part[] = ['all', 1, 2, 3, 'electricity', 'gas', 'water', 'derived']

/** A series, since when it goes, and what of a thousandth of a Wh is still to be added to it, in parts. */
interface Account {
  readonly series: Series
  sinceMs: number
  net: number
  exported: number
}

/** Parts of a thousandth of a Wh: whole numbers, so that a restart changes nothing. */
const partsPerMilli = 4_096

/** A series that has rows. */
export interface Known {
  readonly sensor: string
  readonly part: Part
  readonly sinceMs: number
  readonly series: Series
}

export class Ledger {
  readonly journal: Journal
  readonly #store: Store
  readonly #meter: string
  readonly #horizon: Horizon
  readonly #accounts = new Map<string, Account>()
  readonly #pruner: Pruner
  readonly #row = emptyRow(0)
  #nowMs = 0
  /** The hour of the last checkpoint. */
  #hour: number | undefined

  /** Goes on from what is stored, which must be readable now. @param calendar by which days are kept that are too old for anything else */
  constructor(store: Store, meter: string, calendar: Calendar) {
    this.#store = store
    this.#meter = meter
    this.#horizon = new Horizon(store)
    this.journal = new Journal(store, meter)
    this.#pruner = new Pruner(store, meter, calendar, key => [...this.#accounts.values()].some(({ series }) => series.holds(key)))
    const told = new ByteReader(this.journal.told)
    while (!told.isAtEnd) {
      const account = this.#open(told.text(), told.number())
      account.net = told.signed()
      account.exported = told.signed()
    }
    this.journal.replay((name, rest, row) => {
      const atMs = row.slot * seconds.slotMs
      const account = this.#open(name, atMs)
      account.net = rest[0]
      account.exported = rest[1]
      account.series.add(row)
      this.#nowMs = atMs
    })
  }

  /** All series of the meter's sensors. */
  known(): readonly Known[] {
    return [...this.#accounts].map(([name, { series, sinceMs }]) => {
      const [, sensor = '', letter] = name.split('/')
      return { sensor, part: parts.find(part => letters[part] === letter) as Part, sinceMs, series }
    })
  }

  /** When a sensor's power was first measured. */
  sinceMs(sensor: number): number | undefined {
    return this.#accounts.get(this.#nameOf(sensor, 'all'))?.sinceMs
  }

  /** Blocks that were lost because the store took nothing for too long. */
  get forgotten(): number {
    let sum = 0
    for (const { series } of this.#accounts.values()) sum += series.forgotten
    return sum
  }

  /** A sensor of power was heard, and nothing is known of the time before. */
  hear(sensor: number, atMs: number): void {
    if (!isClockSet(atMs)) return
    this.#open(this.#nameOf(sensor, 'all'), atMs)
    this.#nowMs = atMs
  }

  /** Power went evenly from one value to the other, no longer than a gap. */
  measure(sensor: number | string, part: Part, from: Level, to: Level, celsius?: number): void {
    if (!isClockSet(from.atMs) || from.atMs >= to.atMs) return
    const account = this.#open(this.#nameOf(sensor, part), from.atMs)
    const wattsAt = (atMs: number): number => from.watts + ((to.watts - from.watts) * (atMs - from.atMs)) / (to.atMs - from.atMs)
    for (let fromMs = from.atMs, before = from.watts; fromMs < to.atMs; ) {
      const toMs = Math.min(to.atMs, nextSlotMs(fromMs))
      const watts = toMs === to.atMs ? to.watts : wattsAt(toMs)
      const wattHours = ((before + watts) / 2) * ((toMs - fromMs) / hourMs)
      account.net += partsOf(1000 * wattHours)
      account.exported += partsOf(1000 * (trapezoidWh(before, watts, toMs - fromMs) - wattHours))
      this.#add(account, fromMs, toMs, before, watts, celsius)
      fromMs = toMs
      before = watts
    }
    this.#nowMs = to.atMs
  }

  /** A counter has counted units, kWh or m³, evenly since it was read last. */
  count(sensor: number, medium: ImpulseReading['medium'], sinceMs: number, toMs: number, units: number, celsius?: number): void {
    if (!isClockSet(toMs)) return
    const ms = toMs - sinceMs
    const fromMs = ms > 0 && ms <= limits.impulseSpreadMsMax && isClockSet(sinceMs) ? sinceMs : toMs - minuteMs
    const account = this.#open(this.#nameOf(sensor, medium), fromMs)
    this.#nowMs = toMs
    if (toMs - fromMs > limits.energyGapMsMax) {
      account.net += partsOf(units * 1e6)
      spread(account.series, { fromMs, toMs, milli: take(account, 'net'), kind: 'measured' }, this.#nowMs)
      this.journal.bypass()
      return
    }
    const watts = (units * 1000 * hourMs) / (toMs - fromMs)
    for (let atMs = fromMs; atMs < toMs; ) {
      const nextMs = Math.min(toMs, nextSlotMs(atMs))
      account.net += partsOf((units * 1e6 * (nextMs - atMs)) / (toMs - fromMs))
      this.#add(account, atMs, nextMs, watts, watts, celsius)
      atMs = nextMs
    }
  }

  /** Whether what was read of the store can be relied on; while it cannot, nothing may look like a gap. */
  get isReadable(): boolean {
    return this.#store.state === 'open'
  }

  /** What is known of the power of a span, whose ends are rounded to whole minutes. */
  query(sensor: number, fromMs: number, toMs: number): Coverage {
    const [first, end] = [Math.round(fromMs / minuteMs) * minuteMs, Math.round(toMs / minuteMs) * minuteMs]
    let [measured, filled, coveredMs, knownMs] = [0, 0, 0, 0]
    const series = this.#accounts.get(this.#nameOf(sensor, 'all'))?.series
    for (const row of series?.read(minutes, first, end) ?? []) {
      measured += row.net + row.exported
      filled += row.filled
      coveredMs += row.coveredMs
      knownMs += Math.min(minuteMs, row.coveredMs + row.filledMs)
    }
    const missingMs = Math.max(0, end - first) - knownMs
    return { measuredWh: measured / 1000, backfilledWh: filled / 1000, coveredMs, missingMs }
  }

  /** Spreads energy evenly over the time of a span in which there is none yet, and takes it for filled. Answers how much that was. */
  fill(sensor: number, fromMs: number, toMs: number, wattHours: number): void {
    const account = this.#open(this.#nameOf(sensor, 'all'), fromMs)
    spread(account.series, { fromMs, toMs, milli: Math.round(1000 * wattHours), kind: 'filled' }, this.#nowMs)
    this.journal.bypass()
  }

  /** Puts what was changed into the store, with the small records of the journal: all of it or nothing. Answers whether it was taken. */
  save(): boolean {
    const isTaken = this.journal.save()
    const hour = Math.floor(this.#nowMs / hourMs)
    this.#hour ??= hour
    const isDue = this.journal.isCheckpointDue || hour !== this.#hour
    return (isDue && this.#checkpoint(hour)) || isTaken
  }

  /** The first instant of which minutes are kept when it is `nowMs`. */
  oldestMs(nowMs: number): number {
    return nowMs - limits.historyMinutesMs
  }

  #checkpoint(hour: number): boolean {
    const told = new ByteWriter()
    for (const [name, { sinceMs, net, exported }] of this.#accounts) {
      told.text(name)
      told.number(sinceMs)
      told.signed(net)
      told.signed(exported)
    }
    if (!this.journal.checkpoint(told.take())) return false
    this.#hour = hour
    for (const { series } of this.#accounts.values()) series.put()
    this.#horizon.look(hour)
    this.#pruner.prune(this.#nowMs)
    return true
  }

  /** Adds whole thousandths of what was gathered to a slot; what is left over goes with the next one. */
  #add(account: Account, fromMs: number, toMs: number, before: number, after: number, celsius: number | undefined): void {
    const row: Row = this.#row
    row.slot = Math.floor(fromMs / seconds.slotMs)
    row.net = take(account, 'net')
    row.exported = take(account, 'exported')
    row.coveredMs = toMs - fromMs
    row.min = Math.round(Math.min(before, after))
    row.max = Math.round(Math.max(before, after))
    row.deciCelsius = celsius === undefined ? undefined : Math.round(celsius * 10)
    account.series.add(row)
    this.journal.note(account.series.name, [account.net, account.exported], row)
  }

  #open(name: string, sinceMs: number): Account {
    let account = this.#accounts.get(name)
    if (account === undefined) {
      account = { series: new Series(this.#store, name, this.#horizon), sinceMs, net: 0, exported: 0 }
      this.#accounts.set(name, account)
    }
    if (sinceMs < account.sinceMs) account.sinceMs = sinceMs
    return account
  }

  #nameOf(sensor: number | string, part: Part): string {
    return `${this.#meter}/${sensor}/${letters[part]}`
  }
}

/** Power at an instant. */
type Level = Pick<PowerPoint, 'atMs' | 'watts'>

/** Whether a time can be one of the host's clock once that was set. */
export function isClockSet(atMs: number): boolean {
  return atMs >= limits.energyClockMsMin
}

function nextSlotMs(atMs: number): number {
  return (Math.floor(atMs / seconds.slotMs) + 1) * seconds.slotMs
}

function partsOf(milli: number): number {
  return Math.round(milli * partsPerMilli)
}

/** Takes the whole thousandths of what has gathered. */
function take(account: Account, of: 'net' | 'exported'): number {
  const milli = Math.round(account[of] / partsPerMilli) + 0
  account[of] -= milli * partsPerMilli
  return milli
}
