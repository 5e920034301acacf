/** Whose history one may look at: the house, its sensors, their channels, and what is reckoned from them. Pure. */
import type { NowAnswer } from '../../api.ts'
import { derivedOf, type Known, knownOf, labelOf } from '../known.ts'
import type { State } from '../model.ts'
import { fullNameOf } from '../phrases.ts'
import { meterIds, placeOf, sensorsMax } from '../places.ts'
import type { Strings } from '../strings.ts'

/** What a history counts; of power it tells watts too. */
export type Counted = 'power' | 'electricity' | 'gas' | 'water'

export interface Choice {
  readonly sensor: string
  readonly channel: 1 | 2 | 3 | null
  readonly name: string
  readonly counted: Counted
}

const places = meterIds.flatMap(meter => Array.from({ length: sensorsMax }, (_, sensor) => placeOf(meter, sensor)))

/** All, the house first; those that have not spoken yet as well, if the daemon knows of them: they stand where they will. */
export function choicesOf(state: State, nowMs: number, told: NowAnswer['sensors'], strings: Strings): readonly Choice[] {
  const known = [...meterIds.flatMap(meter => knownOf(state, meter, nowMs, 0)), ...derivedOf(state, nowMs, 0)]
  const heard = known.flatMap(one => choicesOfOne(one, strings))
  const silent = told.filter(({ sensor }) => !known.some(({ place }) => place === sensor))
  const unheard = silent.map(({ sensor, name, kind, medium }): Choice => {
    const label = labelOf(state, sensor)
    return {
      sensor,
      channel: null,
      name: fullNameOf({ ...label, name: name ?? label.name }, strings),
      counted: kind === 'impulses' ? medium : 'power'
    }
  })
  return [...heard, ...unheard].sort((one, other) => rankOf(one) - rankOf(other))
}

/** The one that was looked at last, or the first. */
export function chosen(choices: readonly Choice[], key: string | undefined): Choice | undefined {
  return choices.find(choice => keyOf(choice) === key) ?? choices[0]
}

/** Such as `0` or `meter2/0:1`. */
export function keyOf({ sensor, channel }: Pick<Choice, 'sensor' | 'channel'>): string {
  return channel === null ? sensor : `${sensor}:${channel}`
}

function choicesOfOne({ place, label, measurement }: Known, strings: Strings): readonly Choice[] {
  const name = fullNameOf(label, strings)
  const counted = measurement.kind !== 'impulses' ? 'power' : measurement.medium
  const whole: Choice = { sensor: place, channel: null, name, counted }
  if (measurement.kind !== 'power' || measurement.channels.length < 2) return [whole]
  const channels = measurement.channels.map(({ channel }) => ({
    ...whole,
    channel: channel as 1 | 2 | 3,
    name: `${name} · ${strings.channel(channel)}`
  }))
  return [whole, ...channels]
}

/** Derived ones come last. */
function rankOf({ sensor }: Choice): number {
  const rank = places.indexOf(sensor)
  return rank < 0 ? places.length : rank
}
