/** The history of every sensor of the house, by its place: what the HTTP API and the page ask. */
import type { NowSensor, Step } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import type { Known, Part } from '../history/ledger.ts'
import { ask, energyOf, type HistoryFound, type HistoryRow } from '../history/question.ts'
import type { Series } from '../history/series.ts'
import { dayMs, diskBytesMax, quarters } from '../history/tiers.ts'
import type { ImpulseReading } from '../reading.ts'
import type { Accounts } from './accounts.ts'
import type { DerivedHistory } from './derived.ts'

export type { HistoryFound, HistoryRow }

/** What is asked. */
export interface HistoryQuestion {
  /** Place below the root of the topics, such as `0`, `meter2/1`, or the name of a derived sensor. */
  readonly place: string
  /** One clamp of it; undefined for all. */
  readonly channel?: 1 | 2 | 3 | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly step: Step
  readonly calendar: Calendar
  readonly nowMs: number
}

/** A sensor that was ever heard. */
export interface HistorySensor {
  readonly place: string
  readonly kind: NowSensor['kind']
  /** What a counter counts; undefined for power. */
  readonly medium: ImpulseReading['medium'] | undefined
  /** Clamps that have a history of their own: none where there is only one. */
  readonly channels: readonly (1 | 2 | 3)[]
  /** When it was heard first under a clock that was set. */
  readonly sinceMs: number
}

/** What the known days of the last four weeks came to, in thousandths: it holds for a day, if nothing is put into the past. */
interface Usual {
  readonly todayMs: number
  readonly rewrites: number
  readonly days: number
  /** All of those days together, by the quarter of an hour on the wall clock. */
  readonly quarters: Float64Array
}

const mainParts = ['derived', 'all', 'electricity', 'gas', 'water'] as const
const weekMs = 7 * dayMs
const usualDaysMin = 3
/** Clocks that are put back over midnight make a day of 25 hours on the wall, too. */
const dayQuartersMax = 100
/** A day is known if no more of it is missing. */
const knownMin = 0.9

export class Archive {
  readonly #accounts: Accounts
  readonly #derived: DerivedHistory
  readonly #usual = new Map<Series, Usual>()

  constructor(accounts: Accounts, derived: DerivedHistory) {
    this.#accounts = accounts
    this.#derived = derived
  }

  /** Most that the history of the sensors that are known takes on the disk, with what LevelDB keeps beside it. */
  get diskBytesMax(): number {
    return diskBytesMax([...this.#known()].length)
  }

  /** Every sensor that has a history, in the order of places. */
  sensors(): readonly HistorySensor[] {
    const places = new Map<string, Map<Part, Known>>()
    for (const [place, known] of this.#known()) places.set(place, (places.get(place) ?? new Map<Part, Known>()).set(known.part, known))
    return [...places.keys()].sort().map(place => sensorOf(place, places.get(place) as ReadonlyMap<Part, Known>))
  }

  /** Undefined for a place that was never heard. */
  query({ place, channel, ...question }: HistoryQuestion): HistoryFound | undefined {
    const sensor = this.#sensor(place)
    if (sensor === undefined) return undefined
    const part = channel === undefined || (sensor.channels.length === 0 && channel === 1) ? mainPartOf(sensor) : channel
    return ask(this.#series(place, part), question, sensor.medium === undefined || sensor.medium === 'electricity')
  }

  /** Energy since the user's midnight, and how much of it was fed in, in Wh; undefined if none is known. */
  today(place: string, nowMs: number, calendar: Calendar): { readonly netWh: number; readonly exportedWh: number } | undefined {
    const series = this.#main(place)
    if (series === undefined) return undefined
    const { milli, exported, knownMs } = energyOf(series, calendar.startOf('day', nowMs), nextQuarterMs(nowMs))
    return knownMs > 0 ? { netWh: milli / 1000, exportedWh: exported / 1000 } : undefined
  }

  /** How often something was put into a sensor's past. */
  rewrites(place: string): number {
    return this.#main(place)?.rewrites ?? 0
  }

  /** Whether asking for a usual day would take long: the first time in a day it does. */
  isUsualKnown(place: string, nowMs: number, calendar: Calendar): boolean {
    const series = this.#main(place)
    return series === undefined || this.#knownUsual(series, calendar.startOf('day', nowMs)) !== undefined
  }

  /** Mean of the known days of the last four weeks: the whole day, and until this time of day. */
  usual(place: string, nowMs: number, calendar: Calendar): NowSensor['usual'] {
    const series = this.#main(place)
    if (series === undefined) return null
    const todayMs = calendar.startOf('day', nowMs)
    const known = this.#knownUsual(series, todayMs) ?? usualOf(series, todayMs, calendar)
    this.#usual.set(series, known)
    if (known.days < usualDaysMin) return null
    const passed = wallQuarters(todayMs, nowMs, calendar)
    let [byNow, day] = [0, 0]
    for (const [quarter, milli] of known.quarters.entries()) {
      day += milli
      byNow += milli * Math.min(1, Math.max(0, passed - quarter))
    }
    return { days: known.days, byNowWh: byNow / known.days / 1000, dayWh: day / known.days / 1000 }
  }

  #knownUsual(series: Series, todayMs: number): Usual | undefined {
    const known = this.#usual.get(series)
    return known?.todayMs === todayMs && known.rewrites === series.rewrites ? known : undefined
  }

  #sensor(place: string): HistorySensor | undefined {
    return this.sensors().find(sensor => sensor.place === place)
  }

  #main(place: string): Series | undefined {
    const sensor = this.#sensor(place)
    return sensor && this.#series(place, mainPartOf(sensor))
  }

  #series(place: string, part: Part): Series | undefined {
    for (const [at, { series, part: found }] of this.#known()) if (at === place && found === part) return series
    return undefined
  }

  *#known(): Generator<readonly [place: string, known: Known]> {
    for (const [meter, known] of this.#accounts.known()) yield [meter === '' ? known.sensor : `${meter}/${known.sensor}`, known]
    for (const known of this.#derived.known()) yield [known.sensor, known]
  }
}

/** A number that was paired anew, with another kind of sensor, is what it was heard as last. */
function sensorOf(place: string, parts: ReadonlyMap<Part, Known>): HistorySensor {
  const lastSlot = (part: Part): number => parts.get(part)?.series.lastSlot ?? -1
  const main = mainParts.reduce((best, part) => (lastSlot(part) > lastSlot(best) ? part : best))
  const kind = main === 'derived' ? main : main === 'all' ? 'power' : 'impulses'
  const medium = main === 'derived' || main === 'all' ? undefined : main
  const channels = kind === 'power' ? ([1, 2, 3] as const).filter(channel => parts.has(channel)) : []
  return { place, kind, medium, channels, sinceMs: Math.min(...[...parts.values()].map(({ sinceMs }) => sinceMs)) }
}

function mainPartOf({ kind, medium }: HistorySensor): Part {
  return medium ?? (kind === 'derived' ? 'derived' : 'all')
}

function usualOf(series: Series, todayMs: number, calendar: Calendar): Usual {
  const sums = new Float64Array(dayQuartersMax)
  const ofDay = new Float64Array(dayQuartersMax)
  let days = 0
  for (let fromMs = calendar.startOf('day', todayMs - 4 * weekMs + dayMs / 2); fromMs < todayMs; ) {
    const toMs = calendar.nextStart('day', fromMs)
    ofDay.fill(0)
    let knownMs = 0
    for (const { slot, net, filled, coveredMs, filledMs } of series.read(quarters, fromMs, toMs)) {
      const quarter = Math.floor(wallQuarters(fromMs, Math.max(fromMs, slot * quarters.slotMs), calendar))
      ofDay[quarter] = (ofDay[quarter] as number) + net + filled
      knownMs += Math.min(quarters.slotMs, coveredMs + filledMs)
    }
    if (knownMs >= knownMin * (toMs - fromMs)) {
      days++
      for (const [quarter, milli] of ofDay.entries()) sums[quarter] = (sums[quarter] as number) + milli
    }
    fromMs = toMs
  }
  return { todayMs, rewrites: series.rewrites, days, quarters: sums }
}

/** How many quarters of an hour the wall clock is past where it was at the beginning of the day. */
function wallQuarters(midnightMs: number, atMs: number, calendar: Calendar): number {
  return (calendar.wallMsAt(atMs) - calendar.wallMsAt(midnightMs)) / quarters.slotMs
}

function nextQuarterMs(atMs: number): number {
  return (Math.floor(atMs / quarters.slotMs) + 1) * quarters.slotMs
}
