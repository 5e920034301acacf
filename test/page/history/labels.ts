/** What the History view says: names of periods, comparisons, money, pictures and figures, in the daemon’s zone. */
import t from 'tap'
import { Calendar } from '../../../src/calendar.ts'
import { formatsFor } from '../../../src/page/format.ts'
import { german } from '../../../src/page/german.ts'
import { figuresOf, headlineOf, knowledgeOf, readingOf, tableOf } from '../../../src/page/history/figures.ts'
import { labelsFor, localeOf, weekNumber } from '../../../src/page/history/labels.ts'
import { periodAfter, periodAt } from '../../../src/page/history/periods.ts'
import { pictureOf, type Seen } from '../../../src/page/history/picture.ts'
import { spansOf } from '../../../src/page/history/spans.ts'
import { totalsOf } from '../../../src/page/history/totals.ts'
import { laterEnglish } from '../../../src/page/later.ts'
import { english } from '../../../src/page/strings.ts'
import { HistoryHouse } from '../../fixtures/page/history-house.ts'

const zone = 'Europe/London'
const calendar = new Calendar(zone)
const formats = formatsFor('en-GB', english)
const words = laterEnglish.history
const labels = labelsFor('en-GB', calendar, words, formats)
const nowMs = Date.UTC(2026, 10, 22, 15, 37)
const spaced = (text: string) => text.replaceAll(/\s/g, ' ')

t.test('periods', async t => {
  const table: [unit: 'day' | 'week' | 'month' | 'year', ago: number, name: string, date: string][] = [
    ['day', 0, 'Today', '22 November 2026'],
    ['day', -1, 'Yesterday', '21 November 2026'],
    ['day', -2, 'Friday', '20 November 2026'],
    ['week', 0, 'This week', '16 – 22 Nov 2026'],
    ['week', -1, 'Last week', '9 – 15 Nov 2026'],
    ['week', -2, 'Week 45', '2 – 8 Nov 2026'],
    ['month', -1, 'October', 'October 2026'],
    ['year', 0, 'This year', '2026'],
    ['year', -1, '2025', '2025']
  ]
  for (const [unit, ago, name, date] of table) {
    const told = labels.period(periodAfter(calendar, periodAt(calendar, unit, nowMs), ago), nowMs)
    t.strictSame([told.name, spaced(told.date).replace(/ ?– ?/, ' – ')], [name, date], `${unit} ${ago}`)
  }
  t.equal(weekNumber(calendar, Date.UTC(2026, 11, 28)), 53, '2026 has 53 weeks')
  t.equal(weekNumber(calendar, Date.UTC(2024, 11, 30)), 1, 'the last days of 2024 are in the first week of 2025')
})

t.test('comparisons, money and time', async t => {
  const thursday = Date.UTC(2026, 10, 19, 14)
  const say = (percent: number, untilMs: number | null, unit: 'day' | 'week' | 'month' | 'year', running = true) =>
    labels.comparison({ kind: 'known', percent, untilMs }, unit, running)
  t.equal(say(-12, thursday, 'week'), '12% less than last week, each to Thursday 14:00')
  t.equal(say(3, thursday, 'month'), '3% more than last month, each to day 19, 14:00')
  t.equal(say(0, null, 'day', false), 'As much as the day before')
  t.equal(say(5, Date.UTC(2026, 10, 22), 'year'), '5% more than last year, each to 21 Nov', 'a day that is over')
  t.match(labels.comparison({ kind: 'unknown' }, 'day', true), /^Too little is known/)
  const deutsch = labelsFor('de-DE', calendar, german.history, formatsFor('de-DE', german))
  t.equal(
    spaced(deutsch.comparison({ kind: 'known', percent: 38, untilMs: thursday }, 'month', true)),
    '38 % mehr als letzten Monat, je bis zum 19., 14:00'
  )
  t.strictSame([labels.money('12.345', 'GBP'), labels.money('0.0123', 'GBP'), labels.money('-1.5', 'GBP')], ['£12.35', '£0.012', '−£1.50'])
  t.strictSame([labels.duration(119_000), labels.duration(7_200), labels.duration(90)], ['1 d 9 h', '2 h', '2 min'])
  t.strictSame(
    [0.004, 0.5].map(share => spaced(labels.percent(share))),
    ['< 1%', '50%']
  )
  t.strictSame([labels.amount(420, 'water'), labels.amount(1_420, 'gas'), labels.amount(1_420, 'power')].map(spaced), [
    '420 l',
    '1.42 m³',
    '1.42 kWh'
  ])
  t.equal(labels.scale([0, 250], 'water').measure, 'l')
  t.equal(labels.scale([0, 2_500], 'gas').measure, 'm³')
  t.strictSame([localeOf('en', 'en-AU'), localeOf('de', 'en-AU')], ['en-AU', 'de'])
})

const house = new HistoryHouse({ nowMs, days: 40, zone, pricePerKWh: 0.25 })

function seenOf(unit: 'day' | 'week' | 'month' | 'year', ago: number): Seen & { currency: string | undefined } {
  const period = periodAfter(calendar, periodAt(calendar, unit, nowMs), ago)
  const step = { day: '1m', week: '1h', month: '1h', year: '1d' }[unit]
  const answer = house.answer(new URL(`http://house/?sensor=0&from=${period.fromMs}&to=${period.toMs}&step=${step}&cost=1`))
  if (!answer) throw new Error('no such sensor')
  return {
    ...{ period, window: period, spans: spansOf(answer), fine: [], before: undefined, counted: 'power', byDay: false, beforeShown: false },
    ...{ fedIn: false, sinceMs: answer.sinceMs, nowMs, askedMs: nowMs, widthPx: 328, currency: answer.currency }
  }
}

t.test('what has only begun, or was not asked for yet, is not unknown', async t => {
  const midnightMs = periodAt(calendar, 'day', nowMs).fromMs
  const lastUnknown = (askedMs: number) =>
    pictureOf({ ...seenOf('month', 0), spans: [], askedMs }, calendar, labels, formats).unknown.at(-1)?.toMs
  t.equal(lastUnknown(midnightMs + 90_000), midnightMs, 'a day of a minute')
  t.equal(lastUnknown(midnightMs + 120_000), midnightMs + 86_400_000, 'but one of two')
})

t.test('a day is power, anything longer is columns', async t => {
  const today = pictureOf(seenOf('day', 0), calendar, labels, formats)
  t.match(today, { kind: 'power', unit: undefined, nowMs })
  t.equal(today.spans.length, 96, 'quarters of an hour, on a phone')
  t.ok(
    today.spans.filter(({ fromMs }) => fromMs > nowMs).every(({ meanWatts }) => meanWatts === null),
    'nothing of the future'
  )
  const yesterday = pictureOf(seenOf('day', -1), calendar, labels, formats)
  t.strictSame(
    yesterday.unknown.map(({ fromMs, toMs }) => [fromMs, toMs].map(labels.clock)),
    [['13:00', '16:00']],
    'what is not known'
  )
  t.ok(
    yesterday.spans.filter(({ fromMs }) => labels.clock(fromMs).startsWith('14:')).every(({ meanWatts }) => meanWatts === null),
    'is not drawn'
  )
  t.match(pictureOf(seenOf('month', 0), calendar, labels, formats), { kind: 'columns', unit: 'day', measure: 'kWh', spans: { length: 30 } })
  t.match(pictureOf(seenOf('year', 0), calendar, labels, formats), { unit: 'month', spans: { length: 12 } })
  t.match(pictureOf({ ...seenOf('year', 0), byDay: true }, calendar, labels, formats), { unit: 'day', spans: { length: 365 } })
  t.match(pictureOf({ ...seenOf('day', 0), counted: 'water' }, calendar, labels, formats), {
    kind: 'columns',
    unit: undefined,
    spans: { length: 24 }
  })
})

t.test('what is not known has no scale', async t => {
  const seen = seenOf('day', 0)
  const nothing = { ...seen, spans: seen.spans.map(span => ({ ...span, knownSeconds: 0, energyWh: null, meanWatts: null })) }
  const textOf = (shown: Seen) => pictureOf(shown, calendar, labels, formats).lines.some(({ text }) => text !== '')
  t.notOk(textOf(nothing))
  t.ok(textOf(seen))
  const before = { period: seen.period, spans: seen.spans }
  t.ok(textOf({ ...nothing, before, beforeShown: true }), 'but for the period before, where that is shown')
})

t.test('figures, words and the table', async t => {
  const seen = seenOf('month', 0)
  const totals = totalsOf(calendar, seen.spans, seen.period, seen.sinceMs, nowMs)
  const writing = { words, labels, formats, counted: 'power', currency: seen.currency } as const
  t.match(headlineOf(totals, writing), { label: 'Used', amount: /^\d+$/, unit: 'kWh' })
  t.strictSame(
    figuresOf(totals, writing, true).map(({ label }) => label),
    ['Exported', 'Average', 'Highest', 'Base load']
  )
  const known = [/comes from the meter’s own memory/, /is not known/]
  t.match(knowledgeOf(totals, writing, undefined), known)
  t.match(knowledgeOf(totals, writing, Date.UTC(2026, 10, 3)), [/known this sensor since 3 Nov\.$/, ...known])
  const picture = pictureOf(seen, calendar, labels, formats)
  const { head, rows } = tableOf(picture, writing)
  t.strictSame(head, ['Time', 'Energy', 'Exported', 'Cost'])
  t.equal(rows.length, 30)
  t.equal(rows[1]?.[1], 'Not known', 'the second of November')
  t.match(rows[10]?.[1], /kWh \(From the meter’s memory\)$/)
  const reading = picture.spans[20] && readingOf(picture.spans[20], picture, writing)
  t.match(reading, { time: /^Sat,? 21 Nov$/, more: /£\d.* · Exported .* · Not known 1[23]%/ })
})
