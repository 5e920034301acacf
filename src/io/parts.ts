/** The parts of the daemon that the HTTP API tells of. */
import type { Calendar } from '../calendar.ts'
import type { Prices } from '../cost/prices.ts'
import type { Findings } from '../meters/doctor.ts'
import type { Latest } from '../sinks/latest.ts'
import type { MeterTold } from '../sinks/publish.ts'
import type { Recent } from '../sinks/recent.ts'
import type { Books } from './books.ts'
import type { Clients } from './clients.ts'
import type { Clock } from './clock.ts'
import type { Corrections } from './corrections.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { LogTail } from './log.ts'
import type { PasswordState } from './password.ts'
import type { CertificateTold } from './renewal.ts'
import type { DiskStore, StoreStatus } from './store.ts'

/** What is asked of the world when a request comes. */
export interface Parts {
  readonly version: string
  /** First levels of every topic. */
  readonly root: string
  readonly clock: Clock
  readonly calendar: Calendar
  readonly latest: Latest
  readonly recent: Recent
  readonly books: Books
  readonly clients: Clients
  readonly store: DiskStore
  readonly storeStatus: () => StoreStatus
  /** Folder of the store. */
  readonly path: string
  readonly corrections: Corrections
  readonly tail: LogTail
  /** The meters in the order of their findings. */
  readonly told: readonly MeterTold[]
  readonly findings: () => Findings
  /** Faults by kind, of meters and readings. */
  readonly faults: () => Readonly<Record<string, number>>
  /** How the certificate is, if there is TLS. */
  readonly certificate: () => CertificateTold | undefined
  /** Who was cut off at the doors, by what for. */
  readonly refusals: () => Readonly<Record<string, number>>
  readonly password: () => PasswordState
  readonly doorkeeper: Doorkeeper
  /** Folder for what must outlive a restart. */
  readonly state: string
  /** Undefined when no tariff is set. */
  readonly prices: () => Prices | undefined
  /** Most that clients and meters can make the process hold. */
  readonly heldBytes: number
}
