/** Questions: spans of the user's days whatever their clocks do, from the finest tier that reaches, and days that outlive all tiers. */
import t from 'tap'
import type { Step } from '../../src/api.ts'
import { Calendar } from '../../src/calendar.ts'
import { Ledger } from '../../src/history/ledger.ts'
import { ask, energyOf, type HistoryRow, stepFrom } from '../../src/history/question.ts'
import type { Series } from '../../src/history/series.ts'
import { keyOfHour } from '../../src/history/tiers.ts'
import { limits } from '../../src/limits.ts'
import { dayMs, hourMs, minuteMs, startMs, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

/** A ledger in which a steady power was measured for a span. */
function steadyLedger(fromMs: number, toMs: number, watts: number, celsius?: number): { ledger: Ledger; series: Series } {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  for (let atMs = fromMs; atMs < toMs; atMs += minuteMs)
    ledger.measure(0, 'all', { atMs, watts }, { atMs: Math.min(toMs, atMs + minuteMs), watts }, celsius)
  return { ledger, series: ledger.known()[0]?.series as Series }
}

const rowsOf = (
  series: Series | undefined,
  step: Step,
  fromMs: number,
  toMs: number,
  calendar = utc,
  nowMs = toMs,
  hasPower = true
): HistoryRow[] => [...ask(series, { step, fromMs, toMs, calendar, nowMs }, hasPower).rows]

/** Thousandths of a Wh. */
const sumOf = (rows: readonly HistoryRow[]): number => rows.reduce((milli, { energyWh }) => milli + Math.round(1_000 * (energyWh ?? 0)), 0)

t.test('days are the days of the user, with 23 to 25 hours', async t => {
  // The day on which clocks change, in the middle of three.
  const table = [
    ['Europe/London', '2026-03-28T00:00Z', [24, 23, 24]],
    ['Europe/London', '2026-10-23T23:00Z', [24, 25, 24]],
    ['America/New_York', '2026-03-07T05:00Z', [24, 23, 24]],
    ['America/New_York', '2026-10-31T04:00Z', [24, 25, 24]],
    ['Australia/Lord_Howe', '2026-10-02T13:30Z', [24, 23.5, 24]],
    ['Australia/Lord_Howe', '2026-04-03T13:00Z', [24, 24.5, 24]],
    ['Asia/Kathmandu', '2026-04-03T18:15Z', [24, 24, 24]]
  ] as const
  for (const [zone, first, hours] of table) {
    const calendar = new Calendar(zone)
    const fromMs = Date.parse(first)
    const toMs = fromMs + hours.reduce((sum, each) => sum + each * hourMs, 0)
    t.equal(calendar.startOf('day', fromMs), fromMs, `${zone}: ${first} is midnight`)
    const { series } = steadyLedger(fromMs, toMs, 1_000)
    const days = rowsOf(series, '1d', fromMs, toMs, calendar)
    t.strictSame(
      days.map(({ energyWh, knownSeconds }) => [Math.round(energyWh ?? 0), knownSeconds]),
      hours.map(each => [each * 1_000, each * 3_600]),
      `${zone}: each day has the energy of its hours`
    )
    const byHour = rowsOf(series, '1h', fromMs, toMs, calendar)
    t.equal(byHour.length, Math.ceil(hours[0]) + Math.ceil(hours[1]) + Math.ceil(hours[2]))
    t.equal(sumOf(byHour), sumOf(days))
    t.strictSame(rowsOf(series, '1d', fromMs + 5 * hourMs, toMs, calendar)[0], days[0], 'a span is told as a whole')
    t.equal(sumOf(rowsOf(series, '1mo', fromMs, toMs, calendar)), sumOf(days))
  }
})

t.test('each step tells the same energy, and what is not known is null', async t => {
  const { series, ledger } = steadyLedger(startMs, startMs + 2 * hourMs, 600, 21.5)
  ledger.fill(0, startMs + 2 * hourMs, startMs + 3 * hourMs, 300)
  for (const [step, count] of [
    ['10s', 1_440],
    ['1m', 240],
    ['15m', 16],
    ['1h', 4],
    ['1d', 1],
    ['1mo', 1]
  ] as const) {
    const found = ask(series, { step, fromMs: startMs + 1, toMs: startMs + 4 * hourMs, calendar: utc, nowMs: startMs + 4 * hourMs })
    const rows = [...found.rows]
    t.strictSame([found.step, found.count, rows.length], [step, count, count])
    t.equal(sumOf(rows), 1_500_000, step)
  }
  const [first, , third, last] = rowsOf(series, '1h', startMs, startMs + 4 * hourMs)
  t.strictSame(first, {
    ...{ startMs, endMs: startMs + hourMs, energyWh: 600, exportedWh: 0, backfilledWh: 0, knownSeconds: 3_600 },
    ...{ meanWatts: 600, minWatts: 600, maxWatts: 600, celsius: 21.5 }
  })
  t.match(third, { energyWh: 300, backfilledWh: 300, knownSeconds: 3_600, meanWatts: 300, minWatts: null, maxWatts: null, celsius: null })
  t.match(last, { energyWh: null, exportedWh: null, backfilledWh: null, knownSeconds: 0, meanWatts: null })
  t.match(rowsOf(series, '1h', startMs, startMs + hourMs, utc, startMs, false), [
    { energyWh: 600, meanWatts: null, minWatts: null, maxWatts: null }
  ])
  t.match(rowsOf(undefined, '1d', startMs, startMs + dayMs), [{ energyWh: null, knownSeconds: 0 }], 'a series that is not there')
  t.strictSame(rowsOf(series, '1m', startMs, startMs), [])
})

t.test('what is fed in is told apart', async t => {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  ledger.measure(0, 'all', { atMs: startMs, watts: -600 }, { atMs: startMs + minuteMs, watts: -600 })
  ledger.measure(0, 'all', { atMs: startMs + minuteMs, watts: 1_200 }, { atMs: startMs + 2 * minuteMs, watts: 1_200 })
  const [row] = rowsOf(ledger.known()[0]?.series, '15m', startMs, startMs + minuteMs)
  t.match(row, { energyWh: 10, exportedWh: 10, meanWatts: 300, minWatts: -600, maxWatts: 1_200, knownSeconds: 120 })
})

t.test('a step that does not reach back gives way to one that does', async t => {
  const nowMs = startMs
  t.strictSame(
    (['10s', '1m', '15m', '1h', '1d', '1mo'] as const).map(step =>
      [1, 3, 100, 800].map(days => stepFrom(step, nowMs - days * dayMs, nowMs))
    ),
    [
      ['10s', '1m', '15m', '1d'],
      ['1m', '1m', '15m', '1d'],
      ['15m', '15m', '15m', '1d'],
      ['1h', '1h', '1h', '1d'],
      ['1d', '1d', '1d', '1d'],
      ['1mo', '1mo', '1mo', '1mo']
    ]
  )
  t.equal(ask(undefined, { step: '10s', fromMs: startMs - 9 * dayMs, toMs: startMs, calendar: utc, nowMs }).step, '1m')
  const { count } = ask(undefined, { step: '10s', fromMs: startMs - dayMs, toMs: startMs, calendar: utc, nowMs })
  t.equal(count, Math.min(8_640, limits.historyRowsMax + 1), 'nobody counts further than anybody takes')
})

t.test('days outlive the quarters that they are made of, in the zone of the user', async t => {
  const store = new MemoryStore()
  const calendar = new Calendar('America/New_York')
  const ledger = new Ledger(store, 'm', calendar)
  const measureHours = (fromMs: number, hours: number): void => {
    for (let atMs = fromMs; atMs < fromMs + hours * hourMs; atMs += minuteMs)
      ledger.measure(0, 'all', { atMs, watts: -1_000 }, { atMs: atMs + minuteMs, watts: -1_000 }, 20)
    ledger.save()
    for (let turns = 0; turns < 30; turns++) store.turn()
  }
  // Ten days, then an hour each month until these are too old, and each day until all of them are gone.
  const firstMs = Date.parse('2023-12-27T05:00Z')
  for (let day = 0; day < 10; day++) measureHours(firstMs + day * dayMs, 24)
  const before = rowsOf(ledger.known()[0]?.series, '1d', firstMs, firstMs + 10 * dayMs, calendar)
  for (let month = 1; month < 28; month++) measureHours(firstMs + month * 30 * dayMs, 1)
  const quarters: string[] = []
  store.entries('0/', 1e6, entries => quarters.push(...entries.map(({ key }) => key)))
  store.turn()
  t.ok((quarters[0] ?? '') > keyOfHour(Math.floor(firstMs / hourMs) + 240), 'the first ones are gone')
  const nowMs = firstMs + 900 * dayMs
  const again = new Ledger(store.reopen(), 'm', calendar)
  const after = rowsOf(again.known()[0]?.series, '1d', firstMs, firstMs + 10 * dayMs, calendar, nowMs)
  t.strictSame(after, before, 'and the days are as they were')
  const months = rowsOf(again.known()[0]?.series, '1mo', firstMs, firstMs + 10 * dayMs, calendar, nowMs)
  t.strictSame(
    months.map(({ exportedWh }) => Math.round(exportedWh ?? 0)),
    [5 * 24_000, 5 * 24_000 + 1_000],
    'January has an hour that is kept in quarters still'
  )
})

t.test('energy of a span counts quarters by their part', async t => {
  const { series } = steadyLedger(startMs, startMs + hourMs, 1_000)
  t.strictSame(energyOf(series, startMs, startMs + hourMs), { milli: 1_000_000, exported: 0, knownMs: hourMs })
  t.strictSame(energyOf(series, startMs + 3 * minuteMs, startMs + 33 * minuteMs), { milli: 500_000, exported: 0, knownMs: 30 * minuteMs })
})
