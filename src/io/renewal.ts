/** The certificate in force: looks for a newer one, tells what is wrong with it, and keeps the old one until another can be used. */
import { limits } from '../limits.ts'
import { type Certificate, CertificateError } from './certificate.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** How it is. */
export interface CertificateTold {
  readonly state: 'good' | 'ending' | 'bad'
  readonly message: string
  /** When the one in force ends; undefined when there is none. */
  readonly toMs: number | undefined
}

const priorities = { good: 'info', ending: 'warning', bad: 'error' } as const

const dayMs = 24 * 3_600_000

/** Finds certificates and puts them into force. */
export class Renewal {
  readonly #find: (nowMs: number) => Promise<Certificate>
  readonly #use: (certificate: Certificate) => void
  readonly #clock: Clock
  readonly #log: Log
  #inForce: Certificate | undefined
  #looking: Promise<void> | undefined
  #told: Pick<CertificateTold, 'state' | 'message'> = { state: 'bad', message: '' }

  /** @param find may throw a CertificateError @param use puts one into force; may throw what OpenSSL says of it */
  constructor(find: (nowMs: number) => Promise<Certificate>, use: (certificate: Certificate) => void, clock: Clock, log: Log) {
    this.#find = find
    this.#use = use
    this.#clock = clock
    this.#log = log
  }

  /** What there is now. */
  get told(): CertificateTold {
    return { ...this.#told, toMs: this.#inForce?.toMs }
  }

  /** Looks whether there is another one; what changes is said once. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const nowMs = this.#clock.wallMs()
    try {
      const found = await this.#find(nowMs)
      if (found.cert !== this.#inForce?.cert || found.key !== this.#inForce.key) this.#take(found, nowMs)
      this.#judge(found, nowMs)
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      const rest = this.#inForce ? `; the one until ${dateOf(this.#inForce.toMs)} stays in force` : '; there is no TLS until that is mended'
      this.#tell('bad', `certificate: ${error.message}${rest}`)
    }
  }

  /** @throws CertificateError */
  #take(found: Certificate, nowMs: number): void {
    const { toMs } = found
    if (toMs <= nowMs && this.#inForce && this.#inForce.toMs > toMs) throw new CertificateError(`the new one ended on ${dateOf(toMs)}`)
    try {
      this.#use(found)
    } catch (error) {
      throw new CertificateError((error as Error).message)
    }
    this.#inForce = found
  }

  /** Dates do not keep it from being used: the clock may be wrong, and a client may not care. */
  #judge({ names, fromMs, toMs }: Certificate, nowMs: number): void {
    const forWhom = `certificate for ${names}`
    if (nowMs < limits.energyClockMsMin) this.#tell('good', `${forWhom} is in force; whether it is good is known once the clock is set`)
    else if (nowMs >= toMs) this.#tell('bad', `${forWhom} ended on ${dateOf(toMs)}: clients refuse it`)
    else if (nowMs < fromMs) this.#tell('bad', `${forWhom} is not good before ${dateOf(fromMs)}: clients refuse it`)
    else if (toMs - nowMs < limits.certificateEndingMs)
      this.#tell(
        'ending',
        `${forWhom} ends on ${dateOf(toMs)}, in less than ${limits.certificateEndingMs / dayMs} days, and was not renewed`
      )
    else this.#tell('good', `${forWhom} is in force until ${dateOf(toMs)}`)
  }

  #tell(state: CertificateTold['state'], message: string): void {
    if (message === this.#told.message) return
    this.#told = { state, message }
    this.#log[priorities[state]](message)
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
