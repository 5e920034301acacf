/** The user's calendar: what a clock on the wall of their time zone shows, and when its days, weeks, months and years begin. */

/** Spans of the calendar; a week begins on Monday. */
export type Unit = 'day' | 'week' | 'month' | 'year'

/** A date and a time of day as a clock on the wall shows them. */
export interface WallTime {
  readonly year: number
  /** 1 to 12 */
  readonly month: number
  /** 1 to 31 */
  readonly day: number
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly minute: number
}

/** A span in which clocks may be changed once; with its ends alike they are not. */
interface Block {
  /** When they are changed; the block's end if they are not. */
  readonly changeMs: number
  readonly beforeMs: number
  readonly afterMs: number
}

const secondMs = 1_000
const dayMs = 86_400_000
/** No zone changes its clocks twice in so short a time: the shortest summer time on record took 12 days. */
const blockMs = 8 * dayMs
/** Blocks that are remembered, 22 years of them; it stands here and not with the bounds because the page loads this file and not those. */
const blocksMax = 1_024

/**
 * The calendar of one time zone. Wall clock readings are also told as `wallMs`: the instant at which a clock in Greenwich would read
 * the same. To ask the system of a zone is slow, so that it is asked once for eight days; keep one calendar for a zone.
 */
export class Calendar {
  /** Such as `Europe/London`. */
  readonly zone: string
  readonly #askOffsetMs: (atMs: number) => number
  readonly #blocks = new Map<number, Block>()
  #lastIndex = Number.NaN
  #last: Block = { changeMs: 0, beforeMs: 0, afterMs: 0 }

  /**
   * @param askOffsetMs by how much clocks of the zone are ahead of UTC at a whole second; without it Intl is asked
   * @throws RangeError for a zone that Intl does not know
   */
  constructor(zone: string, askOffsetMs: (atMs: number) => number = offsetsByIntl(zone)) {
    this.zone = zone
    this.#askOffsetMs = askOffsetMs
  }

  /** By how much the wall clock is ahead of UTC. */
  offsetMsAt(atMs: number): number {
    const { changeMs, beforeMs, afterMs } = this.#blockAt(atMs)
    return atMs < changeMs ? beforeMs : afterMs
  }

  /** Until when, at least, the offset of an instant holds: it is later, and never past the next change of the clocks. */
  steadyUntilMs(atMs: number): number {
    const { changeMs } = this.#blockAt(atMs)
    return atMs < changeMs ? changeMs : (Math.floor(atMs / blockMs) + 1) * blockMs
  }

  /** What the wall clock shows, as if it were UTC. */
  wallMsAt(atMs: number): number {
    return atMs + this.offsetMsAt(atMs)
  }

  /** What the wall clock shows. */
  wallAt(atMs: number): WallTime {
    const wall = new Date(this.wallMsAt(atMs))
    return {
      year: wall.getUTCFullYear(),
      month: wall.getUTCMonth() + 1,
      day: wall.getUTCDate(),
      weekday: weekdayOf(wall),
      hour: wall.getUTCHours(),
      minute: wall.getUTCMinutes()
    }
  }

  /**
   * The first instant at which the wall clock reads so, where `Date.UTC(2026, 2, 29, 1, 30)` makes `wallMs` of a reading; if clocks
   * jump over that reading, the instant at which they jump.
   */
  instantOf(wallMs: number): number {
    const [beforeMs, afterMs] = [this.offsetMsAt(wallMs - dayMs), this.offsetMsAt(wallMs + dayMs)]
    const [early, late] = [wallMs - Math.max(beforeMs, afterMs), wallMs - Math.min(beforeMs, afterMs)]
    if (this.wallMsAt(early) === wallMs) return early
    if (this.wallMsAt(late) === wallMs) return late
    let atMs = early
    while (this.wallMsAt(atMs) < wallMs) atMs = this.steadyUntilMs(atMs)
    return atMs
  }

  /** When the day, week, month or year of an instant began. */
  startOf(unit: Unit, atMs: number): number {
    const wallMs = this.wallMsAt(atMs)
    const next = this.#startAfter(unit, wallMs, 1)
    // Clocks that are put back over midnight do not begin the day anew.
    return next <= atMs ? next : this.#startAfter(unit, wallMs, 0)
  }

  /** When the next one begins. */
  nextStart(unit: Unit, atMs: number): number {
    const wallMs = this.wallMsAt(atMs)
    const next = this.#startAfter(unit, wallMs, 1)
    return next <= atMs ? this.#startAfter(unit, wallMs, 2) : next
  }

  /** When the one before began. */
  previousStart(unit: Unit, atMs: number): number {
    return this.startOf(unit, this.startOf(unit, atMs) - 1)
  }

  /** The beginning of the unit that is so many after that of a wall clock's reading. */
  #startAfter(unit: Unit, wallMs: number, count: number): number {
    const wall = new Date(wallMs)
    const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()]
    if (unit === 'year') return this.instantOf(Date.UTC(year + count, 0, 1))
    if (unit === 'month') return this.instantOf(Date.UTC(year, month + count, 1))
    if (unit === 'week') return this.instantOf(Date.UTC(year, month, day + 1 - weekdayOf(wall) + 7 * count))
    return this.instantOf(Date.UTC(year, month, day + count))
  }

  #blockAt(atMs: number): Block {
    const index = Math.floor(atMs / blockMs)
    if (index === this.#lastIndex) return this.#last
    let block = this.#blocks.get(index)
    if (block === undefined) {
      block = this.#lookUp(index * blockMs, (index + 1) * blockMs)
      if (this.#blocks.size >= blocksMax) this.#blocks.clear()
      this.#blocks.set(index, block)
    }
    this.#lastIndex = index
    this.#last = block
    return block
  }

  #lookUp(fromMs: number, toMs: number): Block {
    const [beforeMs, afterMs] = [this.#askOffsetMs(fromMs), this.#askOffsetMs(toMs)]
    if (beforeMs === afterMs) return { changeMs: toMs, beforeMs, afterMs }
    let [before, after] = [fromMs, toMs]
    while (after - before > secondMs) {
      const middle = Math.floor((before + after) / 2 / secondMs) * secondMs
      if (this.#askOffsetMs(middle) === beforeMs) before = middle
      else after = middle
    }
    return { changeMs: after, beforeMs, afterMs }
  }
}

function offsetsByIntl(zone: string): (atMs: number) => number {
  const clock = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }
  })
  return atMs => {
    const numbers = clock.format(atMs).match(/\d+/g) as string[]
    const [month, day, year, hour, minute, second] = numbers.map(Number) as [number, number, number, number, number, number]
    return Date.UTC(year, month - 1, day, hour, minute, second) - atMs
  }
}

function weekdayOf(wall: Date): number {
  return wall.getUTCDay() || 7
}
