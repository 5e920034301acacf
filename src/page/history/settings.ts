/** What the view remembers of how it was looked at last. Pure. */
import type { Unit } from '../../calendar.ts'
import { units } from './periods.ts'

export interface Settings {
  readonly unit: Unit
  /** Such as `0` or `meter2/0:1`. */
  readonly choice: string | undefined
  readonly shown: { readonly before: boolean; readonly warmth: boolean; readonly byDay: boolean; readonly table: boolean }
}

/** As text such as `week 0 before`. */
export function settingsText({ unit, choice, shown }: Settings): string {
  return [unit, choice ?? '', ...Object.entries(shown).flatMap(([key, value]) => (value ? [key] : []))].join(' ')
}

/** Anything that is no such text is what one sees at first. */
export function readSettings(text: string): Settings {
  const [unit, choice = '', ...on] = text.split(' ')
  return {
    unit: units.find(known => known === unit) ?? 'day',
    choice: choice === '' ? undefined : choice,
    shown: { before: on.includes('before'), warmth: on.includes('warmth'), byDay: on.includes('byDay'), table: on.includes('table') }
  }
}
