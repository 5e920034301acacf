/** What one sensor has used since it was first heard: durable, and it never goes down. */
import type { ImpulseReading, PowerReading, Reading } from '../reading.ts'
import { countImpulses, type ImpulseStep, impulsePointOf } from './impulses.ts'
import { type ByChannel, integrate, type PowerPoint, type PowerStep, pointOf } from './integrate.ts'
import { isClockSet, type Ledger } from './ledger.ts'
import {
  decodeImpulses,
  decodePast,
  decodePower,
  encodeImpulses,
  encodePast,
  encodePower,
  type ImpulseRecord,
  type PastRecord
} from './records.ts'

type Medium = ImpulseReading['medium']
const media: readonly Medium[] = ['electricity', 'gas', 'water']

/** What became of a reading; `first` is one that there is nothing to compare with. */
export type Accounted = 'first' | PowerStep['kind'] | ImpulseStep['kind']

/** Energy of a sensor that tells power. */
export interface PowerTotals {
  readonly measuredWh: number
  readonly backfilledWh: number
  readonly channelsWh: ByChannel
  /** Which channels ever spoke, as bits from 1. */
  readonly channelBits: number
  /** Undefined as long as the clock was never set. */
  readonly sinceMs: number | undefined
  readonly last: PowerPoint
}

/** Totals of what a sensor told last, and when that was. */
export type LastTotals =
  | { readonly kind: 'power'; readonly atMs: number; readonly power: PowerTotals }
  | {
      readonly kind: 'impulses'
      readonly atMs: number
      readonly medium: Medium
      /** kWh of electricity, m³ of gas or water. */
      readonly units: number
      readonly sinceMs: number | undefined
    }

/** Totals of one sensor, which also tells the ledger what lies between two of its readings. */
export class Totals {
  readonly #ledger: Ledger
  readonly #sensor: number
  /** What the keys of this sensor end with. */
  readonly #name: string
  #power: Omit<PowerTotals, 'sinceMs' | 'backfilledWh'> | undefined
  #past: PastRecord
  readonly #impulses = new Map<Medium, ImpulseRecord>()
  readonly #changed = new Set<'power' | 'past' | Medium>()

  constructor(ledger: Ledger, meter: string, sensor: number) {
    this.#ledger = ledger
    this.#sensor = sensor
    this.#name = `${meter}/${sensor}`
    const { journal } = ledger
    this.#power = decodePower(journal.get(`p/${this.#name}`))
    this.#past = decodePast(journal.get(`b/${this.#name}`)) ?? { sinceMs: 0, backfilledWh: 0, undatedWh: 0 }
    for (const medium of media) {
      const impulses = decodeImpulses(journal.get(this.#impulseKey(medium)))
      if (impulses) this.#impulses.set(medium, impulses)
    }
  }

  get power(): PowerTotals | undefined {
    const { sinceMs, backfilledWh } = this.#past
    return this.#power && { ...this.#power, backfilledWh, sinceMs: sinceMs || undefined }
  }

  /** All energy that the sensor ever told of, whichever way. */
  get wattHours(): number {
    return (this.#power?.measuredWh ?? 0) + this.#past.backfilledWh + (this.#impulses.get('electricity')?.units ?? 0) * 1000
  }

  /** What the sensor told last has come to this; undefined if it never told anything. */
  get last(): LastTotals | undefined {
    const { power } = this
    const all: LastTotals[] = power ? [{ kind: 'power', atMs: power.last.atMs, power }] : []
    for (const [medium, { base, units, sinceMs }] of this.#impulses)
      all.push({ kind: 'impulses', atMs: base.atMs, medium, units, sinceMs: sinceMs || undefined })
    return all.sort((a, b) => b.atMs - a.atMs)[0]
  }

  account(reading: Reading): Accounted {
    return reading.kind === 'power' ? this.#accountPower(reading) : this.#accountImpulses(reading)
  }

  /** Puts what was changed into the ledger's journal; answers whether anything was. */
  save(): boolean {
    const isChanged = this.#changed.size > 0
    const { journal } = this.#ledger
    if (this.#changed.has('power') && this.#power) journal.put(`p/${this.#name}`, encodePower(this.#power))
    if (this.#changed.has('past')) journal.put(`b/${this.#name}`, encodePast(this.#past))
    for (const [medium, record] of this.#impulses)
      if (this.#changed.has(medium)) journal.put(this.#impulseKey(medium), encodeImpulses(record))
    this.#changed.clear()
    return isChanged
  }

  /** Energy was filled into the ledger, which knows nothing of the time before the clock was set: what was counted then is not counted twice. */
  backfill(wattHours: number): void {
    const { backfilledWh, undatedWh } = this.#past
    const countedWh = Math.min(undatedWh, wattHours)
    this.#setPast({ backfilledWh: backfilledWh + wattHours - countedWh, undatedWh: undatedWh - countedWh })
  }

  #accountPower(reading: PowerReading): Accounted {
    const next = pointOf(reading)
    const channelBits = reading.channels.reduce((bits, { channel }) => bits | (1 << (channel - 1)), this.#power?.channelBits ?? 0)
    const { last, measuredWh, channelsWh } = this.#power ?? { last: undefined, measuredWh: 0, channelsWh: [0, 0, 0] as const }
    const step = last && integrate(last, next)
    if (step?.kind === 'out-of-order') return step.kind
    if (last && step?.kind === 'measured') {
      const [ch1, ch2, ch3] = step.channelsWattHours
      const sums = [channelsWh[0] + ch1, channelsWh[1] + ch2, channelsWh[2] + ch3] as const
      this.#power = { last: next, channelBits, measuredWh: measuredWh + step.wattHours, channelsWh: sums }
      this.#measure(last, next, channelBits, reading.celsius)
      const { sinceMs, undatedWh } = this.#past
      if (sinceMs > 0 && !isClockSet(next.atMs)) this.#setPast({ undatedWh: undatedWh + step.wattHours })
    } else {
      this.#power = { last: next, channelBits, measuredWh, channelsWh }
      this.#ledger.hear(this.#sensor, next.atMs)
    }
    const { sinceMs } = this.#past
    if (isClockSet(next.atMs) && (sinceMs === 0 || next.atMs < sinceMs)) this.#setPast({ sinceMs: next.atMs })
    this.#changed.add('power')
    return step?.kind ?? 'first'
  }

  /** The only clamp of a sensor has no history of its own: it would be the same. */
  #measure(from: PowerPoint, to: PowerPoint, channelBits: number, celsius: number | undefined): void {
    this.#ledger.measure(this.#sensor, 'all', from, to, celsius)
    if ((channelBits & (channelBits - 1)) === 0) return
    for (const [index, watts] of to.channelsWatts.entries()) {
      if ((channelBits & (1 << index)) === 0) continue
      const before = { atMs: from.atMs, watts: from.channelsWatts[index as 0 | 1 | 2] }
      this.#ledger.measure(this.#sensor, (index + 1) as 1 | 2 | 3, before, { atMs: to.atMs, watts }, celsius)
    }
  }

  #accountImpulses(reading: ImpulseReading): Accounted {
    const next = impulsePointOf(reading)
    const record = this.#impulses.get(reading.medium)
    const step = record && countImpulses(record, next)
    const { base, doubted } = step?.state ?? { base: next, doubted: undefined }
    const sinceMs = record?.sinceMs || (isClockSet(next.atMs) ? next.atMs : 0)
    this.#impulses.set(reading.medium, { base, doubted, sinceMs, units: (record?.units ?? 0) + (step?.units ?? 0) })
    if (record && (step?.kind === 'counted' || step?.kind === 'restarted'))
      this.#ledger.count(this.#sensor, reading.medium, record.base.atMs, next.atMs, step.units, reading.celsius)
    this.#changed.add(reading.medium)
    return step?.kind ?? 'first'
  }

  #setPast(changes: Partial<PastRecord>): void {
    this.#past = { ...this.#past, ...changes }
    this.#changed.add('past')
  }

  #impulseKey(medium: Medium): string {
    return `i/${this.#name}/${medium}`
  }
}
