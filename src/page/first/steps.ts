/** How far one is on the way to the first reading, as far as the daemon sees it. Pure. */

import type { Findings } from '../../meters/doctor.ts'
import type { MeterState } from '../payloads.ts'
import { searching } from '../phrases.ts'

/** A step is taken, is the next one, is still to come, or does not go on by itself. */
type Mark = 'done' | 'now' | 'later' | 'trouble'

/** What is seen of a step so far. */
export type Seen =
  | { readonly kind: 'no-port' | 'quiet' | 'heard' | 'silent' | 'unreadable' | 'nothing-yet' }
  | { readonly kind: 'port'; readonly path: string; readonly adapter: string }
  | { readonly kind: 'denied'; readonly path: string }
  | { readonly kind: 'busy'; readonly path: string; readonly holder: string }

export interface Step {
  readonly mark: Mark
  readonly seen: Seen
}

/** The cable is plugged in, the display speaks, the first reading is there. */
export type Steps = readonly [plug: Step, listen: Step, reading: Step]

/** The first meter as the bridge tells of it. */
interface Told {
  readonly cause: MeterState | undefined
  readonly source: string
  readonly message: string
}

/** States of a port that is open. */
const open: readonly (MeterState | undefined)[] = ['connecting', 'silent', 'unreadable', 'live']

/** @param findings undefined when the daemon does not tell more than the bridge does */
export function stepsOf(told: Told, findings: Findings | undefined): Steps {
  const plug = plugOf(told, findings?.ports ?? [])
  const listen = plug.mark === 'done' ? listenOf(told, findings?.meters[0]?.health.bytes ?? 0) : later
  return [plug, listen, listen.seen.kind === 'heard' ? { mark: 'now', seen: { kind: 'nothing-yet' } } : later]
}

const later: Step = { mark: 'later', seen: { kind: 'nothing-yet' } }

function plugOf({ cause, source }: Told, ports: Findings['ports']): Step {
  const isSearching = source === searching
  const ours = ports.filter(({ path }) => isSearching || path === source)
  const free = ours.find(({ allowed, holder }) => allowed && holder === undefined)
  const path = isSearching ? '' : source
  if (open.includes(cause) || (cause === 'absent' && free))
    return { mark: 'done', seen: { kind: 'port', path: free?.path ?? path, adapter: free?.adapter ?? '' } }
  if (cause === 'denied') return { mark: 'trouble', seen: { kind: 'denied', path: ours.find(({ allowed }) => !allowed)?.path ?? path } }
  if (cause !== 'busy') return { mark: 'now', seen: { kind: 'no-port' } }
  const held = ours.find(({ holder }) => holder !== undefined)
  return { mark: 'trouble', seen: { kind: 'busy', path: held?.path ?? path, holder: held?.holder ?? '' } }
}

/** A search tells in its message alone whether anything was heard. */
function listenOf({ cause, message }: Told, bytes: number): Step {
  if (cause === 'silent' || cause === 'unreadable') return { mark: 'trouble', seen: { kind: cause } }
  return { mark: 'now', seen: { kind: bytes > 0 || /: no message yet\./.test(message) ? 'heard' : 'quiet' } }
}
