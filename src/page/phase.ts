/** How the house's first meter is at an instant, in one word: what the chip in the header says. Pure. */

import { isHouse, isPower, knownOf } from './known.ts'
import type { State } from './model.ts'
import type { MeterState } from './payloads.ts'
import { meterIds } from './places.ts'

export type Phase = 'connecting' | 'live' | 'stale' | 'no-meter' | 'offline'

/** A lost link that comes back within this is not worth a word. */
const graceMs = 3_000
/** Until the host says otherwise. */
const staleMsAtFirst = 90_000

/** From when on a reading is too old to be called live. */
export function staleMsOf(state: State): number {
  return state.settings?.staleMs ?? staleMsAtFirst
}

/** Of the first meter; with its cause, if the bridge tells one. */
export function phaseNow(state: State, phoneMs: number): { readonly phase: Phase; readonly cause: MeterState | undefined } {
  const [id] = meterIds
  const known = knownOf(state, id, phoneMs + state.offsetMs, staleMsOf(state))
  const power = known.filter(isPower)
  const telling = power.some(isHouse) ? power.filter(isHouse) : power.length > 0 ? power : known
  const stale = telling.every(one => one.stale)
  return { phase: phaseOf(state, id, stale, known.length, phoneMs), cause: state.meters.get(id)?.state }
}

/** @param stale whether all that it said is too old; @param sensors how many it has spoken for */
export function phaseOf(state: State, meter: string, stale: boolean, sensors: number, phoneMs: number): Phase {
  const { link, meters } = state
  if (link.name === 'opening') return 'connecting'
  if (link.name === 'down' && (!link.wasUp || phoneMs - link.sinceMs > graceMs)) return 'offline'
  if (state.bridgeOffline) return 'offline'
  switch (meters.get(meter)?.state) {
    case 'absent':
    case 'denied':
    case 'busy':
    case 'unreadable':
    case 'failed':
      return 'no-meter'
    case 'silent':
      return 'stale'
    case 'connecting':
      return 'connecting'
    case 'live':
    case undefined:
      if (sensors === 0) return 'connecting'
      return stale ? 'stale' : 'live'
  }
}
