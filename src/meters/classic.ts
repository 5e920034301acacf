/** The Classic, which names itself CC02: one whole-house sensor with three channels, history inline in some live messages. */

import { childrenNamed, type Element } from './elements.ts'
import { Fields, type Range, ranges } from './fields.ts'
import { readInline } from './history.ts'
import { outcomeOf, readPower, readTemperature } from './live.ts'
import type { Meter, Outcome } from './meter.ts'

/** A Classic knows only watts. */
const typeRange: Range = [1, 1]
/** Real ones send ids beyond the 12 bits of the CC128 family, such as 12345. */
const radioIdRange: Range = [0, 65_535]

/** `<msg><date>…</date><src><name/><id/><type/><sver/></src><ch1>…` (spec: Classic live message). */
export const classic: Meter = {
  name: 'Classic',
  bauds: [9600, 2400],

  reads(message: Element): boolean {
    return childrenNamed(message, 'date').length > 0
  },

  /** History at fault rejects the live value beside it: what flipped a bit in one may have flipped one in the other. */
  read(message: Element, atMs: number): Outcome {
    const fields = new Fields(message)
    fields.integer('src/type', typeRange)
    const header = {
      atMs,
      model: `${fields.word('src/name', /^ *(CC\d{1,3})$/)}-v${fields.word('src/sver', /^ *(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)$/)}`,
      meterTime: readTime(fields),
      daysSinceBirth: fields.integer('date/dsb', ranges.daysSinceBirth)
    }
    const reading = {
      kind: 'power',
      ...header,
      sensor: 0,
      radioId: fields.integer('src/id', radioIdRange),
      ...readTemperature(fields),
      ...readPower(fields)
    } as const
    return outcomeOf(fields, [reading], fields.has('hist') ? { ...header, sensors: readInline(fields) } : undefined)
  }
}

function readTime(fields: Fields): string {
  const parts = [
    fields.integer('date/hr', ranges.hour),
    fields.integer('date/min', ranges.minute),
    fields.integer('date/sec', ranges.second)
  ]
  return parts.map(part => String(part).padStart(2, '0')).join(':')
}
