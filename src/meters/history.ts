/** Reads what a meter remembers: a CC128's messages of history, and the history inside a Classic's live messages. */

import { limits } from '../limits.ts'
import type { HistoryPage, HistoryValue } from '../reading.ts'
import { type Fields, type Range, ranges } from './fields.ts'

export type HistoryScale = HistoryValue['scale']
type SensorHistory = HistoryPage['sensors'][number]

/** What the letter of a name such as `h004` means, and the numbers that may follow it. */
const stores: Readonly<Record<string, { readonly scale: HistoryScale; readonly indexes: Range }>> = {
  h: { scale: 'hours', indexes: [2, 2 * limits.historyHoursMax + 2] },
  d: { scale: 'days', indexes: [1, limits.historyDaysMax] },
  m: { scale: 'blocks', indexes: [1, limits.historyBlocksMax] },
  y: { scale: 'years', indexes: [1, limits.historyYearsMax] }
}

/** `<hist>` with a `<data>` a sensor; `type` and `units` stand once, or in each `<data>` (spec: CC128 history message). */
export function readSensors(message: Fields): readonly SensorHistory[] {
  const history = message.part('hist')
  readMeaning(history)
  const sensors = history.parts('data').map(data => {
    readMeaning(data)
    return { sensor: data.integer('sensor', ranges.sensor), values: readValues(data) }
  })
  if (sensors.length === 0) history.reject('field-missing', 'data')
  if (new Set(sensors.map(({ sensor }) => sensor)).size < sensors.length) history.reject('field-repeated', 'data/sensor')
  return sensors
}

/** `<hist>` with a group for each scale, all of the one sensor that a Classic has (spec: Classic live message). */
export function readInline(message: Fields): readonly SensorHistory[] {
  const history = message.part('hist')
  const groups = ['hrs', 'days', 'mths', 'yrs'].filter(name => history.has(name))
  return [{ sensor: 0, values: groups.flatMap(name => readValues(history.part(name))) }]
}

/** Any meaning but energy of electricity is refused, for a value would be taken for kWh. */
function readMeaning(part: Fields): void {
  if (part.has('type')) part.integer('type', ranges.historyType)
  if (part.has('units')) part.word('units', /^ *(kwhr)$/)
}

/** Everything here that is named as a value; other elements are none of ours. */
function readValues(part: Fields): readonly HistoryValue[] {
  const spans = new Set<string>()
  return part.names.flatMap(name => {
    const [, letter = '', digits] = /^([a-z])(\d{1,3})$/.exec(name) ?? []
    const store = stores[letter]
    if (store === undefined) return []
    const { scale, indexes } = store
    const [lowest, highest] = indexes
    const index = Number(digits)
    if (index < lowest || index > highest || (scale === 'hours' && index % 2 > 0)) part.reject('value-out-of-range', name)
    // `h04` and `h004` are the same span.
    if (spans.has(`${letter}${index}`)) part.reject('field-repeated', name)
    spans.add(`${letter}${index}`)
    return [{ scale, index, kwh: part.decimal(name, ranges.kwh) }]
  })
}
