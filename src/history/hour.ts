/** One hour of a sensor, by minutes: what was measured, what was filled in, and for how many seconds of each. */

const version = 1
const headBytes = 3
const slotBytes = 5
export const minutesPerHour = 60

/**
 *     byte 0  version
 *          1  M: minutes 0 … M−1 of what was measured; later ones hold nothing
 *          2  F: the same of what was filled in
 *          3  M × [ Wh, float32 | seconds ]
 *             F × [ Wh, float32 | seconds ]
 */
export class Hour {
  readonly #measured = new Minutes()
  readonly #filled = new Minutes()

  /** Takes a record; one that cannot be read is an hour without anything. */
  static decode(bytes: Uint8Array | undefined): Hour {
    const hour = new Hour()
    const [read, measuredCount = 0, filledCount = 0] = bytes ?? []
    if (bytes === undefined || read !== version || bytes.length !== headBytes + slotBytes * (measuredCount + filledCount)) return hour
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    hour.#measured.read(view, headBytes, measuredCount)
    hour.#filled.read(view, headBytes + slotBytes * measuredCount, filledCount)
    return hour
  }

  encode(): Uint8Array {
    const [measuredCount, filledCount] = [this.#measured.count(), this.#filled.count()]
    const bytes = new Uint8Array(headBytes + slotBytes * (measuredCount + filledCount))
    bytes.set([version, measuredCount, filledCount])
    const view = new DataView(bytes.buffer)
    this.#measured.write(view, headBytes, measuredCount)
    this.#filled.write(view, headBytes + slotBytes * measuredCount, filledCount)
    return bytes
  }

  /** Adds what was measured in a minute. */
  measure(minute: number, wattHours: number, seconds: number): void {
    this.#measured.add(minute, wattHours, seconds)
  }

  /** Adds what was filled into a minute. */
  fill(minute: number, wattHours: number, seconds: number): void {
    this.#filled.add(minute, wattHours, seconds)
  }

  measuredWh(minute: number): number {
    return this.#measured.wattHours[minute] ?? 0
  }

  filledWh(minute: number): number {
    return this.#filled.wattHours[minute] ?? 0
  }

  measuredSeconds(minute: number): number {
    return this.#measured.seconds[minute] ?? 0
  }

  filledSeconds(minute: number): number {
    return this.#filled.seconds[minute] ?? 0
  }
}

/** Energy and seconds for each minute of an hour. */
class Minutes {
  readonly wattHours = new Float32Array(minutesPerHour)
  readonly seconds = new Uint8Array(minutesPerHour)

  add(minute: number, wattHours: number, seconds: number): void {
    this.wattHours[minute] = (this.wattHours[minute] as number) + wattHours
    this.seconds[minute] = Math.min(60, (this.seconds[minute] as number) + seconds)
  }

  /** Minutes up to the last that holds something. */
  count(): number {
    return this.seconds.findLastIndex((seconds, minute) => seconds > 0 || (this.wattHours[minute] as number) > 0) + 1
  }

  read(view: DataView, offset: number, count: number): void {
    for (let minute = 0; minute < count; minute++) {
      this.wattHours[minute] = view.getFloat32(offset + slotBytes * minute)
      this.seconds[minute] = view.getUint8(offset + slotBytes * minute + 4)
    }
  }

  write(view: DataView, offset: number, count: number): void {
    for (let minute = 0; minute < count; minute++) {
      view.setFloat32(offset + slotBytes * minute, this.wattHours[minute] as number)
      view.setUint8(offset + slotBytes * minute + 4, this.seconds[minute] as number)
    }
  }
}
