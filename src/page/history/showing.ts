/** Shows what is known of a period, or says why nothing is. */
import type { Calendar } from '../../calendar.ts'
import { setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import { showLegend, showTable, showTotals } from './around.ts'
import type { Choice } from './choices.ts'
import type { Writing } from './figures.ts'
import type { Labels } from './labels.ts'
import type { Layout } from './layout.ts'
import { pathOf } from './loading.ts'
import { type Period, type Range, units } from './periods.ts'
import { type Picture, pictureOf } from './picture.ts'
import type { Settings } from './settings.ts'
import type { Stage } from './stage.ts'
import type { Content, Subject } from './subject.ts'
import { compare, isFedIn, type Totals, totalsOf } from './totals.ts'
import type { HistoryWords } from './words.ts'
import { isWhole, stepOf } from './zoom.ts'

/** All that is seen at an instant. */
export interface Sight {
  readonly words: HistoryWords
  readonly formats: Formats
  readonly calendar: Calendar
  readonly labels: Labels
  readonly settings: Settings
  readonly choice: Choice
  readonly period: Period
  readonly window: Range
  readonly content: Content
  readonly before: Subject['before']
  readonly fine: Subject['fine']
  readonly canGo: { readonly previous: boolean; readonly next: boolean }
  readonly nowMs: number
}

/** A sensor that was heard first no longer ago has no history yet. */
const youngMs = 120_000

/** Answers what the chart shows. */
export function showSight(layout: Layout, stage: Stage, sight: Sight): Picture {
  const { words, settings, period, content, before } = sight
  const totals = totalsIn(sight)
  const writing = writingOf(sight)
  const running = sight.nowMs < period.toMs
  layout.root.toggleAttribute('data-nothing', false)
  showHead(layout, sight, running)
  showNotice(layout, sight)
  const sinceMs = (content.kind === 'known' && content.answer.sinceMs) || 0
  if (content.kind === 'known') showTotals(layout, totals, writing, period.unit !== 'day', sinceMs > period.fromMs ? sinceMs : undefined)
  else for (const part of [layout.totalLabel, layout.amount, layout.unit]) setText(part, '')
  const money = writing.currency !== undefined && totals.cost !== null ? sight.labels.money(totals.cost, writing.currency) : ''
  setText(layout.cost, money)
  layout.money.hidden = money === ''
  const told =
    before && content.kind === 'known' ? compare(sight.calendar, { period, spans: content.spans }, before, askedMsOf(sight)) : undefined
  setText(layout.compared, told ? sight.labels.comparison(told, period.unit, running) : '')
  const picture = pictureIn(sight, isFedIn(totals), stage.chart.widthPx)
  showToggles(layout, picture, sight, running)
  const label = labelOf(layout, sight)
  const { previous, next } = sight.canGo
  stage.show({ picture, period, writing, canGo: { previous, next }, shown: settings.shown, label })
  layout.plot.setAttribute('aria-label', label)
  const other = before && settings.shown.before ? words.other[running ? 'last' : 'before'][period.unit] : undefined
  showLegend(layout, picture, writing, other, settings.shown.warmth)
  layout.table.hidden = !settings.shown.table
  if (settings.shown.table) showTable(layout, picture, writing, label)
  return picture
}

function pictureIn(sight: Sight, fedIn: boolean, widthPx: number): Picture {
  const { content, window, fine, settings } = sight
  const known = content.kind === 'known' ? content : undefined
  const isFine = window.fromMs >= fine.fromMs && window.toMs <= fine.toMs && !isWhole(window, sight.period)
  const seen = {
    ...{ period: sight.period, window, spans: known?.spans ?? [], fine: isFine ? fine.spans : [], before: sight.before },
    ...{
      counted: sight.choice.counted,
      byDay: settings.shown.byDay,
      beforeShown: settings.shown.before,
      fedIn,
      nowMs: sight.nowMs,
      askedMs: askedMsOf(sight),
      widthPx: Math.max(widthPx, 1)
    },
    sinceMs: known?.answer.sinceMs ?? null
  }
  return pictureOf(seen, sight.calendar, sight.labels, sight.formats)
}

function totalsIn(sight: Sight): Totals {
  const { calendar, content, period } = sight
  const known = content.kind === 'known' ? content : undefined
  return totalsOf(calendar, known?.spans ?? [], period, known?.answer.sinceMs ?? null, askedMsOf(sight))
}

/** What came later than the answer is not in it; that does not make it unknown. */
function askedMsOf({ content, nowMs }: Sight): number {
  return content.kind === 'known' ? Math.min(content.atMs, nowMs) : nowMs
}

function writingOf({ words, labels, formats, choice, content }: Sight): Writing {
  return { words, labels, formats, counted: choice.counted, currency: content.kind === 'known' ? content.answer.currency : undefined }
}

function showHead(layout: Layout, { labels, period, window, canGo, nowMs }: Sight, running: boolean): void {
  const { name, date } = labels.period(period, nowMs)
  const zoomed = !isWhole(window, period)
  setText(layout.nameText, name)
  setText(layout.dateText, zoomed ? `${labels.date(period.fromMs)}, ${labels.clock(window.fromMs)}–${labels.clock(window.toMs)}` : date)
  layout.previous.disabled = !canGo.previous && (!zoomed || window.fromMs <= period.fromMs)
  layout.next.disabled = running && (!zoomed || window.toMs >= period.toMs)
  for (const [index, button] of layout.unitButtons.entries()) button.setAttribute('aria-pressed', String(units[index] === period.unit))
}

function showToggles({ toggles, closer, further, csv }: Layout, picture: Picture, sight: Sight, running: boolean): void {
  const { period, window, settings, words, choice, before } = sight
  for (const [name, button] of Object.entries(toggles))
    button.setAttribute('aria-pressed', String(settings.shown[name as keyof Settings['shown']]))
  setText(toggles.before, words.other[running ? 'last' : 'before'][period.unit])
  toggles.before.hidden = before === undefined
  toggles.warmth.hidden = picture.warmth === undefined
  toggles.byDay.hidden = period.unit !== 'year'
  const zoomed = !isWhole(window, period)
  further.disabled = period.unit === 'year' && !zoomed
  closer.disabled = period.unit === 'day' && picture.kind === 'columns'
  csv.setAttribute('href', pathOf({ ...(zoomed ? window : period), choice, step: stepOf(period.unit) }, '.csv'))
}

/** The chart in words. */
function labelOf(layout: Layout, { words, choice, content }: Sight): string {
  const period = `${layout.nameText.textContent}, ${layout.dateText.textContent}`
  if (content.kind !== 'known') return words.chart(choice.name, period, '')
  const amount = `${layout.totalLabel.textContent} ${layout.amount.textContent} ${layout.unit.textContent}`
  const facts = [`${amount} ${layout.cost.textContent}`.trim(), layout.compared.textContent].filter(text => text !== '')
  return words.chart(choice.name, period, facts.join('. '))
}

/** Until the daemon has told its zone, and of whom there is a history. */
export function showNothing(layout: Layout, words: HistoryWords, content: Content): void {
  layout.root.toggleAttribute('data-nothing', true)
  if (content.kind === 'failed') say(layout, words.failed, content.message)
  else say(layout, words.noHistory, words.noHistoryYet)
}

function showNotice(layout: Layout, { words, labels, content, period, nowMs }: Sight): void {
  const known = content.kind === 'known' ? content : undefined
  layout.plot.setAttribute('data-content', content.kind)
  layout.old.hidden = known?.old !== true
  if (known?.old) setText(layout.old, words.oldAt(labels.clock(known.atMs)))
  const sinceMs = known?.answer.sinceMs ?? null
  if (content.kind === 'failed') say(layout, words.failed, content.message)
  else if (content.kind === 'unheard') say(layout, words.noHistory, words.noHistoryYet)
  else if (!known || known.spans.some(({ knownSeconds }) => knownSeconds > 0)) say(layout, '', '')
  else if (sinceMs === null || nowMs - sinceMs < youngMs) say(layout, words.noHistory, words.noHistoryYet)
  else if (known.atMs - period.fromMs < youngMs)
    say(layout, '', '') // it has only begun
  else say(layout, words.nothing, period.toMs <= sinceMs ? words.notBefore(labels.date(sinceMs)) : words.nothingWhy)
}

/** In the middle of the chart. */
function say({ plot, noticeTitle, noticeText }: Layout, title: string, text: string): void {
  plot.toggleAttribute('data-empty', title !== '')
  setText(noticeTitle, title)
  setText(noticeText, text)
}
