/** The figures below the chart, and the table that says the same as the chart, as texts. Pure. */
import type { Formats } from '../format.ts'
import type { Counted } from './choices.ts'
import type { Labels } from './labels.ts'
import type { Picture } from './picture.ts'
import { importedWh, isBackfilled, type Span } from './spans.ts'
import { isFedIn, type Totals } from './totals.ts'
import type { HistoryWords } from './words.ts'

export interface Figure {
  readonly label: string
  readonly value: string
  /** In small print. */
  readonly note: string
}

/** How amounts are written. */
export interface Writing {
  readonly words: HistoryWords
  readonly labels: Labels
  readonly formats: Formats
  readonly counted: Counted
  readonly currency: string | undefined
}

const hourMs = 3_600_000
/** What is not worth a word: less than this of a period's time, or of its energy. */
const unknownShareLeast = 0.005
const unknownSecondsLeast = 120
const backfilledShareLeast = 0.001

/** The amount that the period is about. */
export function headlineOf(
  totals: Totals,
  { labels, counted, words }: Writing
): { readonly label: string; readonly amount: string; readonly unit: string } {
  const fedIn = isFedIn(totals)
  const [amount = '–', unit = ''] =
    totals.importedWh === null ? [] : labels.amount(fedIn ? totals.exportedWh : totals.importedWh, counted).split('\u202f')
  return { label: fedIn ? words.exported : words.used, amount, unit }
}

export function figuresOf(totals: Totals, writing: Writing, days: boolean): readonly Figure[] {
  const { words, labels, formats, counted } = writing
  const figures: Figure[] = []
  const add = (label: string, value: string | null, note = '') => value !== null && figures.push({ label, value, note })
  if (totals.exportedWh > 0 && !isFedIn(totals)) add(words.exported, labels.amount(totals.exportedWh, counted))
  if (counted !== 'power') return figures
  add(words.mean, totals.meanWatts === null ? null : formats.powerText(totals.meanWatts))
  if (totals.peak) {
    const { fromMs, toMs, watts } = totals.peak
    const time = toMs - fromMs > hourMs ? [] : [labels.clock(fromMs)]
    add(words.peak, formats.powerText(watts), [...(days ? [labels.date(fromMs)] : []), ...time].join(', '))
  }
  add(words.base, totals.baseWatts === null ? null : formats.powerText(totals.baseWatts), words.baseWhy)
  return figures
}

/** What of a period comes from the meter's memory, and what is not known, in words. @param beganMs when the sensor was heard first, if that is within it */
export function knowledgeOf(totals: Totals, { words, labels, counted }: Writing, beganMs: number | undefined): readonly string[] {
  const { movedWh, backfilledWh, elapsedSeconds, knownSeconds } = totals
  if (totals.importedWh === null) return []
  const backfilled = movedWh > 0 ? backfilledWh / movedWh : 0
  const unknownSeconds = Math.max(0, elapsedSeconds - knownSeconds)
  const unknown = elapsedSeconds > 0 ? unknownSeconds / elapsedSeconds : 0
  const said = beganMs === undefined ? [] : [words.notBefore(labels.date(beganMs))]
  if (backfilled > backfilledShareLeast)
    said.push(words.backfilledPart(labels.amount(backfilledWh, counted), labels.percent(Math.min(1, backfilled))))
  if (unknown > unknownShareLeast && unknownSeconds >= unknownSecondsLeast)
    said.push(words.unknownPart(labels.duration(unknownSeconds), labels.percent(unknown)))
  return said.length > 0 ? said : [words.allKnown]
}

/** What one reads of a span: its value first, then what belongs to it. */
export function readingOf(
  span: Span,
  picture: Picture,
  writing: Writing
): { readonly value: string; readonly time: string; readonly more: string } {
  const { words, labels, formats, counted, currency } = writing
  const time = labels.span(span, picture.unit)
  const cost = currency === undefined || span.cost === null ? [] : [labels.money(span.cost, currency)]
  const memory = isBackfilled(span) ? [words.backfilled] : []
  if (picture.kind === 'power') {
    if (span.meanWatts === null) return { value: words.unknown, time, more: '' }
    const wide = span.minWatts !== null && span.maxWatts !== null && span.maxWatts - span.minWatts >= 1
    const least = wide ? [`${formats.powerText(span.minWatts as number)} – ${formats.powerText(span.maxWatts as number)}`] : []
    return { value: formats.powerText(span.meanWatts), time, more: [...cost, ...least, ...memory].join(' · ') }
  }
  const drawn = importedWh(span)
  if (drawn === null) return { value: words.unknown, time, more: '' }
  const exported = span.exportedWh > 0 ? [`${words.exported} ${labels.amount(span.exportedWh, counted)}`] : []
  const share = picture.unknown.find(({ fromMs }) => fromMs === span.fromMs)?.share
  const unknown = share === undefined ? [] : [`${words.unknown} ${labels.percent(share)}`]
  return { value: labels.amount(drawn, counted), time, more: [...cost, ...exported, ...memory, ...unknown].join(' · ') }
}

/** The chart's spans as rows, with a head. */
export function tableOf(
  picture: Picture,
  writing: Writing
): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const { words, labels, formats, counted, currency } = writing
  const power = picture.kind === 'power'
  const exports = picture.spans.some(({ exportedWh }) => exportedWh > 0)
  const head = [
    words.time,
    power ? words.power : words.energy,
    ...(power ? [words.range] : []),
    ...(!power && exports ? [words.exported] : []),
    ...(currency === undefined ? [] : [words.cost])
  ]
  const past = picture.spans.filter(({ fromMs, knownSeconds }) => knownSeconds > 0 || picture.nowMs === undefined || fromMs < picture.nowMs)
  const rows = past.map(span => {
    const { value, time } = readingOf(span, picture, writing)
    const { minWatts, maxWatts, exportedWh, energyWh, cost } = span
    return [
      time,
      isBackfilled(span) ? `${value} (${words.backfilled})` : value,
      ...(power ? [minWatts === null || maxWatts === null ? '' : `${formats.powerText(minWatts)} – ${formats.powerText(maxWatts)}`] : []),
      ...(!power && exports ? [energyWh === null ? '' : labels.amount(exportedWh, counted)] : []),
      ...(currency === undefined ? [] : [cost === null ? '' : labels.money(cost, currency)])
    ]
  })
  return { head, rows }
}
