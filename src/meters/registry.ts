/** Remembers which meter is which: by its radio ids first, for two cables of one make look the same and change places. */
import { limits } from '../limits.ts'

/** What is remembered of a meter. */
export interface KnownMeter {
  /** Empty for the first meter, whose topics have no level for it; `meter2` and so on for others. */
  readonly id: string
  /** The port and speed at which it was met last. */
  readonly port: string
  readonly baud: number
  /** `sensor/radioId` of the transmitters heard, the latest last. */
  readonly radios: readonly string[]
}

/** The meters of a house. */
export class Registry {
  #known: readonly KnownMeter[]

  /** @param remembered what `known` gave at an earlier run */
  constructor(remembered: readonly KnownMeter[] = []) {
    this.#known = remembered.slice(0, limits.metersMax)
  }

  get known(): readonly KnownMeter[] {
    return this.#known
  }

  /** The speed to try first at a port. */
  baudAt(port: string): number | undefined {
    return this.#known.find(meter => meter.port === port)?.baud
  }

  /**
   * Says which meter has been met: one that shares a transmitter, at this port rather than at another, for two meters may hear the
   * same one; else the one that was at this port; else the only one known, if no other port may have it; else a new one.
   * @param present ids of the meters that are being read, which it therefore is not
   * @param isAlone whether no other port is being tried
   * @returns its id, or `undefined` when there are too many meters
   */
  identify(port: string, radio: string, present: ReadonlySet<string>, isAlone: boolean): string | undefined {
    const away = this.#known.filter(meter => !present.has(meter.id))
    const hearing = away.filter(meter => meter.radios.includes(radio))
    const isHere = (meter: KnownMeter): boolean => meter.port === port
    const only = isAlone && this.#known.length === 1 ? away[0] : undefined
    const met = hearing.find(isHere) ?? hearing[0] ?? away.find(isHere) ?? only
    return met?.id ?? ids.find(id => !this.#known.some(meter => meter.id === id))
  }

  /** Remembers where a meter is and what it hears; true when that is news. */
  learn(id: string, port: string, baud: number, radio: string): boolean {
    const before = this.#known.find(meter => meter.id === id)
    const radios = before?.radios ?? []
    const isNews = before?.port !== port || before.baud !== baud || !radios.includes(radio)
    if (!isNews && radios.at(-1) === radio) return false
    // The one heard last stands last, so that what a flipped bit made up goes before what is heard again and again.
    const after = { id, port, baud, radios: [...radios.filter(other => other !== radio), radio].slice(-limits.radiosMax) }
    this.#known = before ? this.#known.map(meter => (meter === before ? after : meter)) : [...this.#known, after]
    return isNews
  }
}

const ids: readonly string[] = Array.from({ length: limits.metersMax }, (_, index) => (index === 0 ? '' : `meter${index + 1}`))
