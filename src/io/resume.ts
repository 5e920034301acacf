/** Goes on from what the store holds, as soon as it can be read; before that, puts into it what an export brought. */
import type { RestoreAnswer } from '../api.ts'
import { limits } from '../limits.ts'
import type { Store } from '../memory/store.ts'
import { describeCount } from '../operating/amounts.ts'
import type { Body } from './body.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { Refusal } from './reply.ts'
import type { ExportTold, Restorer } from './restore.ts'

/** What goes on from the store. */
export interface Rest {
  /** Whose days it goes by. */
  readonly zone: string
  /** Lets go of it: it will be another one. */
  close(): void
  /** Reads what is in it now. */
  open(): void
}

/** Opens the rest when the store is whole: not while it fails, and never on half of a restore. */
export class Resumption {
  readonly #store: Pick<Store, 'state'>
  readonly #restorer: Restorer
  readonly #rest: Rest
  readonly #clock: Clock
  readonly #log: Log
  #phase: 'unread' | 'reading' | 'read' = 'unread'
  #retryMs = 0

  constructor(store: Pick<Store, 'state'>, restorer: Restorer, rest: Rest, clock: Clock, log: Log) {
    this.#store = store
    this.#restorer = restorer
    this.#rest = rest
    this.#clock = clock
    this.#log = log
  }

  /** Takes an export back. @throws Refusal */
  async restore(body: Body): Promise<RestoreAnswer> {
    const told = await this.#restorer.receive(body)
    const failed = await this.#read()
    if (this.#restorer.isDue) throw new Refusal(503, 'it is whole and sound, and will be applied as soon as the store can be written')
    if (failed) throw new Refusal(507, `it was damaged on the disk: ${failed.message}`)
    return this.#answerOf(told)
  }

  /** To be called at the start, and each second or so. */
  async tick(): Promise<void> {
    if (this.#clock.monotonicMs() >= this.#retryMs && (this.#phase === 'unread' || this.#restorer.isDue)) await this.#read()
  }

  /** Answers why a restore was given up, if one was. */
  async #read(): Promise<Error | undefined> {
    if (this.#store.state !== 'open' || this.#phase === 'reading') return undefined
    this.#phase = 'reading'
    this.#rest.close()
    const outcome = await this.#restorer.apply().catch((error: Error) => error)
    const failed = outcome instanceof Error ? outcome : undefined
    if (this.#restorer.isDue) {
      if (failed) this.#log.warnSeldom(`the restore is not done yet: ${failed.message}; it is begun anew until it is`, 'restore')
      this.#phase = 'unread'
      this.#retryMs = this.#clock.monotonicMs() + limits.storeRetryMs
    } else {
      if (outcome instanceof Error) this.#log.error(`the restore was given up: ${outcome.message}`)
      else if (outcome) this.#tell(this.#answerOf(outcome))
      this.#rest.open()
      this.#phase = 'read'
    }
    return failed
  }

  #tell({ records, otherZone }: RestoreAnswer): void {
    const count = describeCount(records, 'record')
    this.#log.notice(`a backup was restored in the place of all that was kept: ${count}${otherZone ? `. ${adviseOn(otherZone)}` : ''}`)
  }

  #answerOf({ records, zone }: ExportTold): RestoreAnswer {
    return zone === undefined || zone === this.#rest.zone ? { records } : { records, otherZone: zone }
  }
}

/** What to do about records of another zone. */
export function adviseOn(zone: string): string {
  return `Their days are those of ${zone}: set zone to that, and start wattslug again`
}
