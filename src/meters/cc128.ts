/** The CC128 family, sold as CC128, Envi and EnviR: sensors 0 to 9, power or impulses, history in messages of its own. */

import type { Reading } from '../reading.ts'
import { childrenNamed, type Element } from './elements.ts'
import { Fields, ranges } from './fields.ts'
import { readSensors } from './history.ts'
import { outcomeOf, readPower, readTemperature } from './live.ts'
import type { Meter, Outcome } from './meter.ts'

/** Impulses per unit when the message does not say (spec: `ipu`). */
const impulsesPerUnitDefault = 1000

/** `<msg><src>CC128-v…</src><dsb/><time/>` then a live value or `<hist>` (spec: CC128 / EnviR live message). */
export const cc128: Meter = {
  name: 'CC128',
  bauds: [57_600],

  reads(message: Element): boolean {
    return childrenNamed(message, 'src').some(source => source.text.trimStart().startsWith('CC128-'))
  },

  read(message: Element, atMs: number): Outcome {
    const fields = new Fields(message)
    const header = {
      atMs,
      model: `CC128-v${fields.word('src', /^ *CC128-v(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)$/)}`,
      meterTime: fields.timeOfDay('time'),
      daysSinceBirth: fields.integer('dsb', ranges.daysSinceBirth)
    }
    if (fields.has('hist')) return outcomeOf(fields, [], { ...header, sensors: readSensors(fields) })
    return outcomeOf(fields, [readLive(fields, header)])
  }
}

/** What live messages and history begin with. */
type Header = Pick<Reading, 'atMs' | 'model' | 'meterTime' | 'daysSinceBirth'>

function readLive(fields: Fields, header: Header): Reading {
  const origin = {
    ...header,
    sensor: fields.integer('sensor', ranges.sensor),
    radioId: fields.integer('id', ranges.radioId),
    ...readTemperature(fields)
  }
  const medium = mediumOf(fields.integer('type', ranges.type))
  if (medium === undefined) return { kind: 'power', ...origin, ...readPower(fields) }
  const impulses = fields.integer('imp', ranges.impulses)
  const impulsesPerUnit = fields.has('ipu') ? fields.integer('ipu', ranges.impulsesPerUnit) : impulsesPerUnitDefault
  return { kind: 'impulses', ...origin, medium, impulses, impulsesPerUnit }
}

/** What a sensor of this type counts; type 1 measures watts and counts nothing (spec: `type`). */
function mediumOf(type: number): 'electricity' | 'gas' | 'water' | undefined {
  return ([undefined, 'electricity', 'gas', 'water'] as const)[type - 1]
}
