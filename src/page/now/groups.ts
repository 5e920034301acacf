/** The cards of the sensors, in a group for each meter; derived sensors stand with the first one's. Pure. */

import { isHouse, type Known, type Label, type Term } from '../known.ts'
import type { Channel, Energy, Medium, Point } from '../payloads.ts'

export type Card = {
  readonly place: string
  readonly label: Label
  readonly ageMs: number
  readonly stale: boolean
  readonly corrections: readonly string[]
  /** Left out where the total tells it. */
  readonly energy: Energy | undefined
} & (
  | { readonly kind: 'channels'; readonly channels: readonly Channel[] }
  | { readonly kind: 'power'; readonly watts: number; readonly channels: readonly Channel[]; readonly points: readonly Point[] }
  | { readonly kind: 'derived'; readonly watts: number; readonly terms: readonly Term[]; readonly points: readonly Point[] }
  | { readonly kind: 'impulses'; readonly medium: Medium; readonly units: number }
)

/** A card for each sensor of the first meter, except for a whole house on one clamp, which the total shows already. */
export function cardsOfFirst(known: readonly Known[]): readonly Card[] {
  return known.flatMap(one => {
    if (!isHouse(one)) return cardOf(one)
    const { channels } = one.measurement
    return channels.length < 2 ? [] : { ...commonOf(one), energy: undefined, kind: 'channels' as const, channels }
  })
}

/** @param terms of a derived sensor */
export function cardOf(known: Known, terms: readonly Term[] = []): Card {
  const { measurement, points } = known
  const common = commonOf(known)
  switch (measurement.kind) {
    case 'power': {
      const { kind, watts, channels } = measurement
      return { ...common, kind, watts, channels: channels.length < 2 ? [] : channels, points }
    }
    case 'derived':
      return { ...common, kind: 'derived', watts: measurement.watts, terms, points }
    case 'impulses': {
      const { kind, medium, impulses, impulsesPerUnit } = measurement
      return { ...common, kind, medium, units: impulses / impulsesPerUnit }
    }
  }
}

function commonOf({ place, label, ageMs, stale, corrections, energy }: Known): Omit<Card, 'kind'> {
  return { place, label, ageMs, stale, corrections, energy }
}
