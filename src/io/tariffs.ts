/** The tariff in force: that of the settings file, or the one set since, which is kept in the store. */
import type { TariffTold } from '../api.ts'
import type { Calendar } from '../calendar.ts'
import { Prices } from '../cost/prices.ts'
import { readTariff, TariffError } from '../cost/tariff.ts'
import type { Store } from '../memory/store.ts'
import { Refusal } from './reply.ts'

const key = 'c/tariff'

/** Knows the tariff. */
export class Tariffs {
  readonly #store: Store
  readonly #calendar: Calendar
  #fromFile: Prices | undefined
  #changed: Prices | undefined

  constructor(store: Store, calendar: Calendar, fromFile: TariffTold | undefined) {
    this.#store = store
    this.#calendar = calendar
    this.takeFile(fromFile)
  }

  /** Undefined when none is set. */
  get prices(): Prices | undefined {
    return this.#changed ?? this.#fromFile
  }

  /** The file says something else now. */
  takeFile(tariff: TariffTold | undefined): void {
    this.#fromFile = tariff && new Prices(tariff, this.#calendar)
  }

  /** Takes what is in the store; what makes no sense there counts for nothing. */
  load(): void {
    const bytes = this.#store.get(key)
    this.#changed = undefined
    if (!bytes) return
    try {
      this.#changed = new Prices(readTariff(JSON.parse(Buffer.from(bytes).toString())), this.#calendar)
    } catch (error) {
      if (!(error instanceof TariffError || error instanceof SyntaxError)) throw error
    }
  }

  /** Sets another one. @throws Refusal */
  change(value: unknown): void {
    const prices = new Prices(read(value), this.#calendar)
    if (!this.#store.put(key, Buffer.from(JSON.stringify(prices.tariff)))) throw new Refusal(503, 'too much waits to be written')
    this.#changed = prices
  }

  /** Only that of the settings file counts again. @throws Refusal */
  takeBack(): void {
    if (!this.#store.delete(key)) throw new Refusal(503, 'too much waits to be written')
    this.#changed = undefined
  }
}

function read(value: unknown): TariffTold {
  try {
    return readTariff(value)
  } catch (error) {
    throw error instanceof TariffError ? new Refusal(400, error.message, error.field) : error
  }
}
