/** What was found of this machine and of wattslug on it, for the checkup to judge; `undefined` is what this user cannot learn. */
import type { AccessAnswer } from '../api.ts'

/** Everything that the checkup judges. */
export interface Facts {
  readonly nowMs: number
  readonly versions: VersionFacts
  readonly settings: SettingsFacts
  readonly service: ServiceFacts
  readonly daemon: DaemonFacts
  readonly ports: readonly PortFacts[]
  readonly memory: MemoryFacts
  readonly store: StoreFacts
  readonly clock: ClockFacts
  readonly certificates: readonly CertificateFacts[]
  readonly network: NetworkFacts
  readonly access: AccessFacts
}

export interface VersionFacts {
  readonly wattslug: string
  /** Of the daemon that runs. */
  readonly daemon: string | undefined
  readonly node: string
  readonly kernel: string
  readonly architecture: string
  readonly board: string | undefined
  /** Native parts that cannot be loaded here, and why. */
  readonly broken: readonly { readonly addon: string; readonly fault: string }[]
}

export interface SettingsFacts {
  readonly file: string | undefined
  /** Why the daemon would not start with it. */
  readonly fault: string | undefined
  /** What is to be known of it, such as names that have changed. */
  readonly notices: readonly string[]
  /** What is not as it comes, such as `mqtt-port = 1884`. */
  readonly changed: readonly string[]
}

export type ServiceFacts =
  | { readonly kind: 'no systemd' }
  | { readonly kind: 'not installed' }
  | {
      readonly kind: 'installed'
      /** As `systemctl is-active` says it. */
      readonly active: string
      /** As `systemctl is-enabled` says it. */
      readonly enabled: string
      readonly restarts: number
      readonly pid: number | undefined
      readonly sinceMs: number | undefined
    }

export type DaemonFacts =
  | { readonly kind: 'silent' }
  | { readonly kind: 'running'; readonly address: string; readonly upMs: number | undefined }

export interface PortFacts {
  readonly name: string
  readonly port: number
  /** The setting that chooses another. */
  readonly setting: string
  readonly state: { readonly kind: 'answers' | 'mute' | 'free' } | { readonly kind: 'held'; readonly holder: string | undefined }
}

export interface MemoryFacts {
  /** All of the daemon's, and what of it is nobody else's and on no disk. */
  readonly residentBytes: number | undefined
  readonly anonymousBytes: number | undefined
  /** Most that clients and meters can make it hold. */
  readonly heldBytesMax: number
  /** What the service may take, what it takes with the cache of its files, and how often it was ended for taking more. */
  readonly ceilingBytes: number | undefined
  readonly chargedBytes: number | undefined
  readonly kills: number | undefined
  readonly machineBytes: number
  readonly availableBytes: number
}

export interface StoreFacts {
  readonly folder: string
  readonly seen:
    | { readonly kind: 'missing' }
    /** This user may not look into it. */
    | { readonly kind: 'hidden' }
    | { readonly kind: 'seen'; readonly bytes: number; readonly writtenMs: number | undefined }
  readonly freeBytes: number | undefined
  /** What the daemon that runs tells of it. */
  readonly told: { readonly state: string; readonly message: string } | undefined
}

export interface ClockFacts {
  /** Not that of a board that starts in 1970. */
  readonly isSet: boolean
  /** Whether a time server sets it. */
  readonly isSynchronised: boolean | undefined
  readonly zone: string
}

export interface CertificateFacts {
  /** The file, or the port where it is shown. */
  readonly where: string
  readonly read:
    | { readonly kind: 'fault'; readonly fault: string }
    | { readonly kind: 'sound'; readonly names: string; readonly untilMs: number }
}

export interface NetworkFacts {
  /** The machine's name in the house, such as `meter.local`. */
  readonly name: string
  /** Whether somebody tells that name to the house. */
  readonly isAnnounced: boolean
  /** Of this machine, as they are seen in the house. */
  readonly addresses: readonly string[]
  /** Where the page is. */
  readonly pages: readonly string[]
}

export interface AccessFacts {
  readonly access: AccessAnswer['access']
  readonly password: AccessAnswer['password'] | undefined
  /** What is wrong with the files of users and of topic rules. */
  readonly faults: readonly string[]
}
