/** What is said of a sensor in small print: its name, its corrections, its formula and its energy. Pure. */

import type { Formats } from './format.ts'
import type { Label, Term } from './known.ts'
import type { Energy } from './payloads.ts'
import type { Strings } from './strings.ts'

/** What was done to the numbers at the top; without a label, to the whole house. */
export interface Corrected {
  readonly label: Label | undefined
  readonly words: readonly string[]
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufefc]/
/** Less than this does not show in the total's digits. */
const backfilledLeast = 0.005
/** The source's name when the daemon looks for meters by itself. */
export const searching = 'auto'

/** A name that is written from right to left is set apart, or what stands around it would change places. */
export function nameOf({ name, medium, meter, sensor }: Label, strings: Strings): string {
  if (name !== '') return rightToLeft.test(name) ? `\u2068${name}\u2069` : name
  if (medium !== undefined) return strings.medium[medium]
  if (sensor > 0) return strings.sensor(sensor)
  return meter > 1 ? strings.mainSensor : strings.wholeHouse
}

/** As it is called among those of all meters. */
export function fullNameOf(label: Label, strings: Strings): string {
  const name = nameOf(label, strings)
  return label.meter > 1 && label.name === '' ? strings.ofMeter(name, label.meter) : name
}

/** Such as `Whole house − Solar`. */
export function formulaOf(terms: readonly Term[], strings: Strings): string {
  return terms
    .map(({ sign, label }) => {
      const full = fullNameOf(label, strings)
      return sign === '' ? full : `${sign}\u00a0${full}` // a sign stays with what follows it
    })
    .join(' ')
}

/** Such as `Corrected: scale 1.02`; empty if nothing was. */
export function correctionsOf(corrected: readonly Corrected[], strings: Strings): string {
  const all = corrected.map(({ label, words }) => (label ? `${nameOf(label, strings)}: ` : '') + words.map(strings.told).join(', '))
  return all.length > 0 ? strings.corrected(all.join('; ')) : ''
}

/** Such as `12.4 kWh since 22 Nov, of which 1.2 kWh from the meter’s memory`; empty if nothing is known. */
export function energyTextOf(energy: Energy | undefined, nowMs: number, strings: Strings, formats: Formats): string {
  if (!energy) return ''
  const { total, unit, backfilled, sinceMs } = energy
  const text = formats.energy(total, strings.unit[unit])
  const whole = sinceMs === undefined ? text : strings.since(text, formats.since(sinceMs, nowMs))
  return backfilled < backfilledLeast ? whole : `${whole}, ${strings.fromMemory(formats.energy(backfilled, strings.unit[unit]))}`
}

/** The meter's model and its port, as far as they are known. */
export function originOf({ model, source }: { readonly model: string; readonly source: string }, strings: Strings): string {
  if (source === searching) return model === '' ? '' : `${model} · ${strings.foundByItself}`
  return [model, source].filter(part => part !== '').join(' · ')
}
