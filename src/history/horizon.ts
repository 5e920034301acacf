/** From which hour on the store holds no blocks of a run before: what begins there is new, and need not be looked for. */
import type { Entry, Store } from '../memory/store.ts'
import { blocksPrefix, keyOfHour } from './tiers.ts'

/**
 * LevelDB counts what is looked for and not found against the tables that were asked, and merges them anew for it: a block is
 * begun in each hour, of each sensor and clamp.
 */
export class Horizon {
  /** Blocks of later hours were not there when they were looked for, and only this run can have put them. */
  hour = Number.POSITIVE_INFINITY
  readonly #store: Store
  #isAsked = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Looks once whether there are blocks of later hours than this, the present one: a clock that was wrong leaves such. */
  look(hour: number): void {
    if (this.#isAsked || this.#store.state !== 'open') return
    this.#isAsked = true
    const found = ({ length }: readonly Entry[]): void => {
      if (length === 0 && this.#store.state === 'open') this.hour = hour
    }
    this.#store.entries(blocksPrefix, 1, found, `${keyOfHour(hour)}~`)
  }
}
