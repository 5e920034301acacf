/** Accounts for energy, sensor by sensor, and publishes the totals as retained messages once they are stored. */

import type { Calendar } from '../calendar.ts'
import { Filler, type FillOutcome, type PlacedSpan } from '../history/fill.ts'
import { type Coverage, type Known, Ledger } from '../history/ledger.ts'
import { type Accounted, type LastTotals, Totals } from '../history/totals.ts'
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Store } from '../memory/store.ts'
import type { Message } from '../mqtt/packet.ts'
import type { Reading } from '../reading.ts'
import type { Sink } from './sink.ts'

/** What the accountant has to know of the world. */
export interface EnergyOptions {
  readonly store: Store
  /** The meter's id in the store's keys; empty for the first one. */
  readonly meter: string
  /** The first levels of a sensor's topics. */
  readonly topicOf: (sensor: number) => string
  /** By how much the sensor's readings were scaled, and so its history must be; 1 if they were not. */
  readonly factorOf: (sensor: number) => number
  /** By which days are kept. */
  readonly calendar: Calendar
  readonly publish: (message: Message) => void
  /** Text to UTF-8. */
  readonly encode: (text: string) => Uint8Array
}

/** What may be wrong with a sensor's readings, as far as energy is concerned. */
const energyFaults = ['gap', 'set-back', 'out-of-order', 'doubted', 'restarted'] as const satisfies readonly Accounted[]

/** What is published of a sensor: its kWh, unless it counts gas or water, and its state without the time. */
interface Told {
  readonly atMs: number
  readonly kwh: string | undefined
  readonly state: Readonly<Record<string, unknown>>
}

/** A sensor, and what has become of telling of it. */
interface Account {
  readonly totals: Totals
  /** Whether the store has yet to take something that is to be told. */
  isUntold: boolean
  /** Whether something is to be told once the store has written it. */
  phase: 'told' | 'storing'
  /** What was put into the store while that was so. */
  next: Told | undefined
  /** What was told last, as text. */
  said: string
}

/** What is accounted with once the store can be read. */
interface Books {
  readonly ledger: Ledger
  readonly filler: Filler
  readonly accounts: Map<number, Account>
}

/** The energy of one meter's sensors. Until it is started, readings pass it by: what was stored before must be known first. */
export class Energy implements Sink {
  readonly counters = new Counters(energyFaults)
  readonly #options: EnergyOptions
  #books: Books | undefined
  #nowMs = 0
  /** Counts by `energyWriteMs`. */
  #turn = -1

  constructor(options: EnergyOptions) {
    this.#options = options
  }

  /** The store is open: goes on from what is in it, and publishes that. Does nothing when it was started before. */
  start(): void {
    const { store, meter, calendar } = this.#options
    if (this.#books !== undefined || store.state !== 'open') return
    const ledger = new Ledger(store, meter, calendar)
    const books = { ledger, filler: new Filler(ledger), accounts: new Map<number, Account>() }
    for (let sensor = 0; sensor < limits.sensorsMax; sensor++) this.#accountOf(books, sensor)
    if (!isOpen(store)) return // it failed while it was read
    this.#books = books
    for (const [sensor, account] of books.accounts) this.#tell(sensor, account)
  }

  accept(reading: Reading): void {
    if (this.#books === undefined) return
    const accounted = this.#accountOf(this.#books, reading.sensor).totals.account(reading)
    for (const fault of energyFaults) if (fault === accounted) this.counters.count(fault)
    if (accounted !== 'out-of-order') this.#nowMs = reading.atMs
    const turn = Math.floor(reading.atMs / limits.energyWriteMs)
    if (turn !== this.#turn) this.save()
    this.#turn = turn
  }

  /** Puts all that was accounted for into the store, and publishes it once that is written: done once a minute, and to be done at the end. */
  save(): void {
    if (this.#books === undefined) return
    const { ledger, accounts } = this.#books
    for (const account of accounts.values()) if (account.totals.save()) account.isUntold = true
    if (!ledger.save()) return
    for (const [sensor, account] of accounts) {
      if (account.isUntold) this.#tell(sensor, account)
      account.isUntold = false
    }
  }

  /** Fills what is missing in a span of the meter's history, and says what became of it. Finer scales are best offered first. */
  fill(span: PlacedSpan): FillOutcome {
    if (this.#books === undefined || !isOpen(this.#options.store)) return { kind: 'refused', why: 'store-fails' }
    const { ledger, filler, accounts } = this.#books
    const account = accounts.get(span.sensor)
    const power = account?.totals.power
    if (account === undefined || power === undefined) return { kind: 'refused', why: 'before-first-reading' }
    const times = { sinceMs: ledger.sinceMs(span.sensor), lastMs: power.last.atMs, nowMs: this.#nowMs }
    const outcome = filler.fill(span, this.#options.factorOf(span.sensor), times)
    if (outcome.kind === 'filled') {
      account.totals.backfill(outcome.wattHours)
      this.save()
    }
    return outcome
  }

  /** What is known of a sensor's energy in a span of time. */
  query(sensor: number, fromMs: number, toMs: number): Coverage {
    return this.#books?.ledger.query(sensor, fromMs, toMs) ?? { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: toMs - fromMs }
  }

  /** Every series that has a history. */
  known(): readonly Known[] {
    return this.#books?.ledger.known() ?? []
  }

  #accountOf({ ledger, accounts }: Books, sensor: number): Account {
    let account = accounts.get(sensor)
    if (account === undefined) {
      account = { totals: new Totals(ledger, this.#options.meter, sensor), isUntold: false, phase: 'told', next: undefined, said: '' }
      accounts.set(sensor, account)
    }
    return account
  }

  /** What is published is never more than what is stored: it is taken down as it is put there, and told once it is written. */
  #tell(sensor: number, account: Account): void {
    const { last, wattHours } = account.totals
    if (last === undefined) return
    const told = toldOf(last, wattHours)
    if (account.phase === 'told') this.#tellOnceStored(sensor, account, told)
    else account.next = told
  }

  #tellOnceStored(sensor: number, account: Account, { atMs, kwh, state }: Told): void {
    const said = JSON.stringify([kwh, state])
    if (said === account.said) return
    account.said = said
    account.phase = 'storing'
    this.#options.store.afterWrite(() => {
      account.phase = 'told'
      if (kwh !== undefined) this.#publish(sensor, 'energy', kwh)
      this.#publish(sensor, 'energy/state', JSON.stringify({ time: isoTime(atMs), ...state }))
      const { next } = account
      account.next = undefined
      if (next) this.#tellOnceStored(sensor, account, next)
    })
  }

  #publish(sensor: number, topic: string, text: string): void {
    const { topicOf, publish, encode } = this.#options
    publish({ topic: `${topicOf(sensor)}/${topic}`, payload: encode(text), qos: 1, retain: true })
  }
}

function isOpen({ state }: Store): boolean {
  return state === 'open'
}

/** `wattHours` is all energy of the sensor, whichever way it told of it. */
function toldOf(last: LastTotals, wattHours: number): Told {
  const { atMs } = last
  const kwh = thousandths(wattHours).toFixed(3)
  if (last.kind === 'impulses') {
    const { medium, units, sinceMs } = last
    const isElectricity = medium === 'electricity'
    const state = { medium, totalUnits: thousandths(units * 1000), unit: isElectricity ? 'kWh' : 'm3', ...since(sinceMs) }
    return { atMs, kwh: isElectricity ? kwh : undefined, state }
  }
  const { measuredWh, backfilledWh, channelsWh, channelBits, sinceMs } = last.power
  const sums = { totalKWh: thousandths(wattHours), measuredKWh: thousandths(measuredWh), backfilledKWh: thousandths(backfilledWh) }
  const channels = channelsWh.flatMap((channelWh, index) =>
    channelBits & (1 << index) ? [[`ch${index + 1}KWh`, thousandths(channelWh)]] : []
  )
  return { atMs, kwh, state: { ...sums, ...Object.fromEntries(channels), ...since(sinceMs) } }
}

/** Thousands of something, cut after the third decimal: never more than there is. */
function thousandths(value: number): number {
  return Math.floor(value) / 1000
}

function since(sinceMs: number | undefined): { since?: string } {
  return sinceMs === undefined ? {} : { since: isoTime(sinceMs) }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}
