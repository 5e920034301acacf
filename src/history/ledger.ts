/** The ledger: what was measured of each sensor and what was filled in, by the minute, for as long as the meter remembers days. */
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import { Hour, minutesPerHour } from './hour.ts'
import { type PowerPoint, trapezoidWh, wattsAt } from './integrate.ts'

/** What the ledger holds of a span. */
export interface Coverage {
  readonly measuredWh: number
  readonly backfilledWh: number
  /** Time in which energy was measured. */
  readonly coveredMs: number
  /** Time in which energy was neither measured nor filled in. */
  readonly missingMs: number
}

/** The minute that is not over yet: it stands beside the sensor's totals, and not in the ledger's records. */
export interface OpenMinute {
  /** In single precision. */
  readonly wattHours: number
  readonly coveredMs: number
}

/** Where a sensor is in time. */
interface Now {
  hour: Hour
  /** Since 1970. */
  minute: number
  wattHours: number
  coveredMs: number
}

export const minuteMs = 60_000
const dayMs = 86_400_000

/** The ledger of one meter. Only the hour in which a sensor is stands in memory, and what was changed until it is saved. */
export class Ledger {
  readonly #store: Store
  readonly #meter: string
  readonly #now = new Map<number, Now>()
  /** Records that were changed, by their keys. */
  readonly #changed = new Map<string, Hour>()

  constructor(store: Store, meter: string) {
    this.#store = store
    this.#meter = meter
  }

  /** Goes on in a minute that was open when the daemon stopped. */
  resume(sensor: number, atMs: number, { wattHours, coveredMs }: OpenMinute): void {
    if (!isClockSet(atMs)) return
    const minute = Math.floor(atMs / minuteMs)
    this.#now.set(sensor, { hour: this.#read(sensor, hourOf(minute)), minute, wattHours, coveredMs })
  }

  openMinute(sensor: number): OpenMinute {
    return this.#now.get(sensor) ?? { wattHours: 0, coveredMs: 0 }
  }

  /** The sensor has come to an instant, with nothing measured on the way there. */
  moveTo(sensor: number, atMs: number): void {
    if (isClockSet(atMs)) this.#enter(sensor, Math.floor(atMs / minuteMs))
    else {
      this.#leaveMinute(sensor)
      this.#now.delete(sensor)
    }
  }

  /** The sensor was measured from one instant to another, no further apart than a gap. */
  measure(sensor: number, from: PowerPoint, to: PowerPoint): void {
    let fromMs = from.atMs
    while (fromMs < to.atMs && isClockSet(from.atMs)) {
      const minute = Math.floor(fromMs / minuteMs)
      const toMs = Math.min(to.atMs, (minute + 1) * minuteMs)
      const now = this.#enter(sensor, minute)
      now.wattHours = Math.fround(now.wattHours + trapezoidWh(wattsAt(from, to, fromMs), wattsAt(from, to, toMs), toMs - fromMs))
      now.coveredMs = Math.min(minuteMs, now.coveredMs + toMs - fromMs)
      fromMs = toMs
    }
    this.moveTo(sensor, to.atMs)
  }

  /** What is known of a span, whose ends are rounded to whole minutes. */
  query(sensor: number, fromMs: number, toMs: number): Coverage {
    let [measuredWh, backfilledWh, coveredMs, missingMs] = [0, 0, 0, 0]
    this.#visit(sensor, fromMs, toMs, (hour, slot, open) => {
      measuredWh += hour.measuredWh(slot) + open.wattHours
      backfilledWh += hour.filledWh(slot)
      coveredMs += Math.min(minuteMs, hour.measuredSeconds(slot) * 1000 + open.coveredMs)
      missingMs += missingSeconds(hour, slot, open) * 1000
    })
    return { measuredWh, backfilledWh, coveredMs, missingMs }
  }

  /** Spreads energy evenly over the seconds of a span in which there is none yet, and takes them for filled. */
  fill(sensor: number, fromMs: number, toMs: number, wattHours: number): void {
    const { missingMs } = this.query(sensor, fromMs, toMs)
    const wattHoursPerSecond = (wattHours * 1000) / missingMs
    this.#visit(sensor, fromMs, toMs, (hour, slot, open) => {
      const seconds = missingSeconds(hour, slot, open)
      if (seconds > 0) hour.fill(slot, wattHoursPerSecond * seconds, seconds)
      return seconds > 0
    })
  }

  /** Puts what was changed into the store: in the same turn as the totals, so that both are written or neither. */
  save(): void {
    for (const [key, hour] of this.#changed) this.#store.put(key, hour.encode())
    this.#changed.clear()
  }

  /** The first instant that the ledger holds when it is `nowMs`. */
  oldestMs(nowMs: number): number {
    return nowMs - limits.ledgerDaysMax * dayMs
  }

  /** Visits the minutes of a span; an hour of which a visit answers true was changed. */
  #visit(sensor: number, fromMs: number, toMs: number, visit: (hour: Hour, slot: number, open: OpenMinute) => unknown): void {
    const [first, end] = [Math.round(fromMs / minuteMs), Math.round(toMs / minuteMs)]
    const now = this.#now.get(sensor)
    for (let at = hourOf(first); at * minutesPerHour < end; at++) {
      const hour = now && hourOf(now.minute) === at ? now.hour : this.#read(sensor, at)
      let isChanged = false
      for (let minute = Math.max(first, at * minutesPerHour); minute < Math.min(end, (at + 1) * minutesPerHour); minute++) {
        const open = now?.minute === minute ? now : closed
        if (visit(hour, minute % minutesPerHour, open) === true) isChanged = true
      }
      if (isChanged) this.#changed.set(this.#key(sensor, at), hour)
    }
  }

  #enter(sensor: number, minute: number): Now {
    const now = this.#now.get(sensor)
    if (now?.minute === minute) return now
    this.#leaveMinute(sensor)
    const isSameHour = now !== undefined && hourOf(now.minute) === hourOf(minute)
    if (!isSameHour) this.#prune(sensor, minute * minuteMs)
    const next = { hour: isSameHour ? now.hour : this.#read(sensor, hourOf(minute)), minute, wattHours: 0, coveredMs: 0 }
    this.#now.set(sensor, next)
    return next
  }

  #leaveMinute(sensor: number): void {
    const now = this.#now.get(sensor)
    if (now === undefined || now.coveredMs === 0) return
    now.hour.measure(now.minute % minutesPerHour, now.wattHours, Math.round(now.coveredMs / 1000))
    this.#changed.set(this.#key(sensor, hourOf(now.minute)), now.hour)
  }

  /** A few of the oldest records go each hour. */
  #prune(sensor: number, nowMs: number): void {
    const oldest = this.#key(sensor, hourOf(Math.floor(this.oldestMs(nowMs) / minuteMs)))
    this.#store.entries(this.#prefix(sensor), limits.ledgerPruneMax, entries => {
      for (const { key } of entries) if (key < oldest) this.#store.delete(key)
    })
  }

  #read(sensor: number, hour: number): Hour {
    const key = this.#key(sensor, hour)
    return this.#changed.get(key) ?? Hour.decode(this.#store.get(key))
  }

  #prefix(sensor: number): string {
    return `m/${this.#meter}/${sensor}/`
  }

  #key(sensor: number, hour: number): string {
    return this.#prefix(sensor) + String(hour).padStart(7, '0')
  }
}

const closed: OpenMinute = { wattHours: 0, coveredMs: 0 }

/** Whether a time can be one of the host's clock once that was set. */
export function isClockSet(atMs: number): boolean {
  return atMs >= limits.energyClockMsMin
}

function hourOf(minute: number): number {
  return Math.floor(minute / minutesPerHour)
}

function missingSeconds(hour: Hour, slot: number, open: OpenMinute): number {
  return Math.max(0, 60 - hour.measuredSeconds(slot) - hour.filledSeconds(slot) - Math.round(open.coveredMs / 1000))
}
