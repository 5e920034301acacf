/** What a meter remembers of the energy of its sensors: rings of two-hour spans, of days from 23:00 to 23:00, and of 30-day blocks. */

export type Scale = 'hours' | 'days' | 'blocks' | 'years'

/** Some values of one scale that go into one message, oldest first; the store reads them. */
export interface Page {
  readonly scale: Scale
  /** How many values younger than the page's first there are, and than its last. */
  readonly firstAge: number
  readonly lastAge: number
}

/** How many values of each scale a model keeps. */
export type Capacities = Readonly<Record<Scale, number>>

export const cc128Capacities: Capacities = { hours: 372, days: 90, blocks: 84, years: 0 }
/** A Classic keeps whole two-hour spans besides the current one. */
export const classicCapacities: Capacities = { hours: 12, days: 31, blocks: 12, years: 4 }

/** A ring of the values of all sensors; one value a sensor stands in each slot. */
interface Ring {
  readonly slots: readonly Float64Array[]
  /** Values so far; the next one goes to this slot, counted around. */
  count: number
}

const scales = ['hours', 'days', 'blocks', 'years'] as const
/** Two-hour spans end at odd hours, days at 23:00; a block has 30 days, a Classic's year 365. */
const dayEndsHour = 23
const blockDays = 30
const yearDays = 365
/** An hour of a kilowatt. */
export const wattMsPerKwh = 3_600_000_000

export class HistoryStore {
  readonly #rings: Readonly<Record<Scale, Ring>>
  /** What has gone by of the day, the block and the year that are not over. */
  readonly #open: Readonly<Record<Scale, Float64Array>>

  constructor(capacities: Capacities, sensors: number) {
    const perScale = <T>(make: (scale: Scale) => T): Record<Scale, T> => ({
      hours: make('hours'),
      days: make('days'),
      blocks: make('blocks'),
      years: make('years')
    })
    this.#rings = perScale(scale => ({ slots: Array.from({ length: capacities[scale] }, () => new Float64Array(sensors)), count: 0 }))
    this.#open = perScale(() => new Float64Array(sensors))
  }

  /** An odd hour has struck: takes the energy of each sensor since the one before, in watts times ms. */
  roll(hour: number, energies: readonly number[]): void {
    for (const scale of scales) {
      for (const [sensor, energy] of energies.entries()) this.#open[scale][sensor] = (this.#open[scale][sensor] as number) + energy
    }
    this.#push('hours')
    if (hour !== dayEndsHour) return
    this.#push('days')
    if (this.#rings.days.count % blockDays === 0) this.#push('blocks')
    if (this.#rings.days.count % yearDays === 0) this.#push('years')
  }

  /** How many values of a scale there are. */
  kept(scale: Scale): number {
    return Math.min(this.#rings[scale].count, this.#rings[scale].slots.length)
  }

  /** Energy in kWh of the value that is so old: the youngest has the age 0. */
  kwh(scale: Scale, sensor: number, age: number): number {
    const { slots, count } = this.#rings[scale]
    return (slots[(count - 1 - age) % slots.length]?.[sensor] ?? 0) / wattMsPerKwh
  }

  /**
   * Everything of a scale, oldest first, in pages of so many values. The meter reads its ring as it stands in memory: where that
   * ends and begins anew, a page is short.
   */
  pages(scale: Scale, valuesMax: number): readonly Page[] {
    const kept = this.kept(scale)
    const { slots, count } = this.#rings[scale]
    const pages: Page[] = []
    for (let age = kept - 1; age >= 0; ) {
      const slot = (count - 1 - age) % slots.length
      const values = Math.min(valuesMax, age + 1, slots.length - slot)
      pages.push({ scale, firstAge: age, lastAge: age - values + 1 })
      age -= values
    }
    return pages
  }

  #push(scale: Scale): void {
    const ring = this.#rings[scale]
    const open = this.#open[scale]
    if (ring.slots.length > 0) ring.slots[ring.count % ring.slots.length]?.set(open)
    ring.count += 1
    open.fill(0)
  }
}

/** What one step of a value on a CC128's wire is worth, in kWh. */
export const resolutionKwh = { hours: 0.001, days: 1 / 128, blocks: 0.25 } as const

/** Energy as a CC128 writes it: cut off to its resolution, at most seven characters; a block is 14 bits wide and wraps. */
export function energyText(scale: 'hours' | 'days' | 'blocks', kwh: number): string {
  const step = resolutionKwh[scale]
  const steps = Math.trunc(kwh / step + Math.sign(kwh) * 1e-9)
  const value = scale === 'blocks' ? wrap(steps * step, 4096) : scale === 'hours' ? steps / 1000 : steps * step
  const cut = Math.trunc(value * 1000 + Math.sign(value) * 1e-6) / 1000
  const decimals = [3, 2, 1].find(digits => cut.toFixed(digits).length <= 7) ?? 0
  return cut.toFixed(decimals).replace(/^-(0\.000)$/, '$1')
}

/** Brings a value into the range from minus half of the width up to half of it. */
function wrap(value: number, width: number): number {
  return value - width * Math.floor(value / width + 0.5)
}
