/** The meter's own clock: a time of day without a date, set by hand, and a count of the midnights that it has ticked past. */

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

export class MeterClock {
  /** How far it is ahead of the host's clock. */
  #aheadMs: number
  #midnights: number
  #frozenMs: number | undefined

  constructor(aheadMs: number, midnights: number) {
    this.#aheadMs = aheadMs
    this.#midnights = midnights
  }

  /** How far it is ahead of the host's clock (UTC). */
  get aheadMs(): number {
    return this.#aheadMs
  }

  /** Midnights since the wipe. */
  get midnights(): number {
    return this.#midnights
  }

  /** Somebody sets it, or it loses time: it then is so much further ahead. */
  set(byMs: number): void {
    this.#aheadMs += byMs
  }

  /** Stops at this time; `go` lets it go on. */
  stop(atMs: number): void {
    this.#frozenMs = atMs
  }

  go(): void {
    this.#frozenMs = undefined
  }

  /** It has ticked past midnight. */
  countMidnight(): void {
    this.#midnights += 1
  }

  /** The hour that it shows, 0 to 23. */
  hour(atMs: number): number {
    return Math.floor(this.#timeOfDayMs(atMs) / hourMs)
  }

  /** `HH`, `MM` and `SS`. */
  parts(atMs: number): readonly [hours: string, minutes: string, seconds: string] {
    const seconds = Math.floor(this.#timeOfDayMs(this.#frozenMs ?? atMs) / 1000)
    return [twoDigits(seconds / 3600), twoDigits((seconds / 60) % 60), twoDigits(seconds % 60)]
  }

  /** When it shows a full hour next, after this time. */
  nextHourMs(atMs: number): number {
    return atMs + hourMs - (this.#timeOfDayMs(atMs) % hourMs)
  }

  #timeOfDayMs(atMs: number): number {
    return (((atMs + this.#aheadMs) % dayMs) + dayMs) % dayMs
  }
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
