/** How a CC128 recites its history: in a burst of short pages after every odd hour, or all of it at once when the user asks. */
import type { HistoryStore, Page } from './history.ts'
import { historyText, type Moment } from './messages.ts'
import type { HousePlan } from './plan.ts'
import type { Span } from './random.ts'
import type { Meant } from './truth.ts'

const scales = ['hours', 'days', 'blocks'] as const
type Cc128Page = Page & { readonly scale: (typeof scales)[number] }

/** Values of a sensor in one page: the longest page of a dump has 9,444 bytes. */
const valuesMax = { burst: { hours: 4, days: 4, blocks: 4 }, dump: { hours: 50, days: 40, blocks: 40 } } as const
/** The wire tells of the sensors 0 to 9, whether they are there or not. */
const sensorsTold = 10

/** A burst sends a page so often. */
export const burstGapMs = 10_000
/** What lies between the pages of a dump. */
export const dumpGapMs = 40
/** How far the clock is behind after a dump. */
export const behindMs: Span = [19_000, 53_000]

export class Recital {
  readonly #plan: HousePlan
  readonly #store: HistoryStore
  readonly #sensors: readonly (number | undefined)[]
  #kind: 'burst' | 'dump' | undefined
  #pages: readonly Cc128Page[] = []
  #told = 0

  constructor(plan: HousePlan, store: HistoryStore) {
    this.#plan = plan
    this.#store = store
    this.#sensors = Array.from({ length: sensorsTold }, (_, number) => {
      const index = plan.sensors.findIndex(sensor => sensor.number === number && sensor.measures === 'watts')
      return index < 0 ? undefined : index
    })
  }

  get kind(): 'burst' | 'dump' | undefined {
    return this.#kind
  }

  /** Begins anew; answers whether there is anything to tell. */
  begin(kind: 'burst' | 'dump'): boolean {
    const { meter } = this.#plan
    if (meter.family === 'classic' || meter.history === 'none') return false
    this.#pages = scales.flatMap(scale => this.#store.pages(scale, valuesMax[kind][scale]).map(page => ({ ...page, scale })))
    this.#told = 0
    this.#kind = this.#pages.length > 0 ? kind : undefined
    return this.#kind !== undefined
  }

  /** The next page; none when all is told. */
  next(moment: Moment): Meant | undefined {
    const { meter } = this.#plan
    const page = this.#pages[this.#told]
    this.#told += 1
    if (page === undefined || meter.family === 'classic') return undefined
    return { kind: 'history', scale: page.scale, text: historyText(meter, moment, this.#store, page, this.#sensors) }
  }

  end(): void {
    this.#kind = undefined
  }
}
