/** Bills that were reckoned by hand, and what must be true of any. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Bill, PriceChange } from '../../src/api.ts'
import { Calendar } from '../../src/calendar.ts'
import { amountOf, billOf, costPerHour, tallyDays } from '../../src/cost/bill.ts'
import { moneyText, parseMoney } from '../../src/cost/money.ts'
import type { EnergySpan } from '../../src/cost/pieces.ts'
import { Prices } from '../../src/cost/prices.ts'
import { daysOf, type Load, quarterMs, quartersOf } from '../fixtures/cost/energies.ts'
import { always, band, changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'
import { holds } from '../fixtures/io/property.ts'

const londoners = new Calendar('Europe/London')
const kilowatt: Load = () => 1_000

interface Row {
  readonly title: string
  readonly zone?: string
  /** The user's days, as `YYYY-MM-DD`; the last is not in the bill. */
  readonly days: readonly [from: string, to: string]
  /** When it is now, if that is earlier. */
  readonly until?: string
  readonly changes: readonly PriceChange[]
  readonly load?: Load
  /** Of these days nothing is kept but their energy. */
  readonly wholeDays?: true
  readonly bands: readonly (readonly [name: string, kWh: number, cost: string])[]
  readonly standing?: string
  readonly earned?: string
  readonly vat?: string
  readonly total: string
  readonly unknownHours?: number
}

const atNoon =
  (at: Load, before: Load): Load =>
  atMs =>
    londoners.wallAt(atMs).hour >= 12 ? at(atMs) : before(atMs)

const rows: readonly Row[] = [
  {
    title: 'flat: 24 h × 1 kW × 0.25 = 6',
    ...{ days: ['2026-06-01', '2026-06-02'], changes: [changed('2026-01-01', [always('Flat', '0.25')])] },
    ...{ bands: [['Flat', 24, '6']], total: '6' }
  },
  {
    title: 'standing and VAT of 5 %: (24 × 0.25 + 0.60) × 1.05 = 6.6 + 0.33',
    ...{ days: ['2026-06-01', '2026-06-02'] },
    changes: [changed('2026-01-01', [always('Flat', '0.25')], { standingPerDay: '0.60', vatPercent: '5' })],
    ...{ bands: [['Flat', 24, '6']], standing: '0.6', vat: '0.33', total: '6.93' }
  },
  {
    title: 'Economy 7 with edges on half hours: 7 h × 0.10 + 17 h × 0.30 = 0.7 + 5.1',
    ...{ days: ['2026-06-01', '2026-06-02'], changes: [changed('2026-01-01', economy7)] },
    bands: [
      ['Night', 7, '0.7'],
      ['Day', 17, '5.1']
    ],
    total: '5.8'
  },
  {
    title: 'Economy 7 when summer time begins: the clock has no 1:00 to 2:00, so 6 h × 0.10 + 17 h × 0.30 = 0.6 + 5.1',
    ...{ days: ['2026-03-29', '2026-03-30'], changes: [changed('2026-01-01', economy7)] },
    bands: [
      ['Night', 6, '0.6'],
      ['Day', 17, '5.1']
    ],
    total: '5.7'
  },
  {
    title: 'Economy 7 when it ends: the clock has 1:00 to 2:00 twice, so 8 h × 0.10 + 17 h × 0.30 = 0.8 + 5.1, and one standing charge',
    ...{ days: ['2026-10-25', '2026-10-26'], changes: [changed('2026-01-01', economy7, { standingPerDay: '0.5' })] },
    bands: [
      ['Night', 8, '0.8'],
      ['Day', 17, '5.1']
    ],
    ...{ standing: '0.5', total: '6.4' }
  },
  {
    title: 'a weekend: 5 × 24 h × 0.30 + 2 × 24 h × 0.15 = 36 + 7.2',
    ...{ days: ['2026-06-01', '2026-06-08'] },
    changes: [changed('2026-01-01', [{ ...always('Weekend', '0.15'), days: [6, 7] }, always('Week', '0.30')])],
    bands: [
      ['Weekend', 48, '7.2'],
      ['Week', 120, '36']
    ],
    total: '43.2'
  },
  {
    title: 'nights of Friday and Saturday from 22:00 to 6:00: (2 + 6 + 2 + 6) h × 0.05 + 152 h × 0.20 = 0.8 + 30.4',
    ...{ days: ['2026-06-01', '2026-06-08'] },
    changes: [changed('2026-01-01', [band('Party', '0.05', '22:00', '06:00', [5, 6]), always('Else', '0.20')])],
    bands: [
      ['Party', 16, '0.8'],
      ['Else', 152, '30.4']
    ],
    total: '31.2'
  },
  {
    title: 'export and VAT of 20 %: 12 h × 0.5 kW × 0.25 = 1.5; 0.5 a day; 20 % of 2.0 = 0.4; 12 h × 2 kW × 0.15 = 3.6 earned; −1.2 in all',
    ...{ days: ['2026-06-01', '2026-06-02'] },
    changes: [changed('2026-01-01', [always('Flat', '0.25')], { standingPerDay: '0.5', vatPercent: '20', exportPerKWh: '0.15' })],
    load: atNoon(
      () => -2_000,
      () => 500
    ),
    ...{ bands: [['Flat', 6, '1.5']], standing: '0.5', vat: '0.4', earned: '3.6', total: '-1.2' }
  },
  {
    title: 'a price that changes mid-month: 15 × (24 × 0.20 + 0.40) × 1.05 = 78 + 3.9; 15 × (24 × 0.30 + 0.50) = 115.5 without VAT',
    ...{ days: ['2026-06-01', '2026-07-01'] },
    changes: [
      changed('2026-01-01', [always('Flat', '0.20')], { standingPerDay: '0.40', vatPercent: '5' }),
      changed('2026-06-16', [always('Flat', '0.30')], { standingPerDay: '0.50' })
    ],
    bands: [
      ['Flat', 360, '72'],
      ['Flat', 360, '108']
    ],
    ...{ standing: '13.5', vat: '3.9', total: '197.4' }
  },
  {
    title: 'the first price holds for what was before it: 2 × 24 × 0.20; and bands that stay are one line',
    ...{ days: ['2026-05-31', '2026-06-02'] },
    changes: [changed('2026-06-01', [always('Flat', '0.20')]), changed('2026-06-02', [always('Flat', '0.90')])],
    ...{ bands: [['Flat', 48, '9.6']], total: '9.6' }
  },
  {
    title: 'the same price with another standing charge is one line: 48 × 0.20 = 9.6; 0.1 + 0.2 = 0.3',
    ...{ days: ['2026-06-01', '2026-06-03'] },
    changes: [
      changed('2026-06-01', [always('Flat', '0.20')], { standingPerDay: '0.1' }),
      changed('2026-06-02', [always('Flat', '0.20')], { standingPerDay: '0.2' })
    ],
    ...{ bands: [['Flat', 48, '9.6']], standing: '0.3', total: '9.9' }
  },
  {
    title: 'a leap February: 29 × 24 × 0.25 = 174; 29 × 0.60 = 17.4; 5 % of 191.4 = 9.57',
    ...{ days: ['2024-02-01', '2024-03-01'] },
    changes: [changed('2024-01-01', [always('Flat', '0.25')], { standingPerDay: '0.60', vatPercent: '5' })],
    ...{ bands: [['Flat', 696, '174']], standing: '17.4', vat: '9.57', total: '200.97' }
  },
  {
    title: 'edges that are not on quarters: 16:20 to 19:05 is 2.75 h × 0.50 = 1.375; 21.25 h × 0.20 = 4.25',
    ...{ days: ['2026-06-01', '2026-06-02'] },
    changes: [changed('2026-01-01', [band('Peak', '0.50', '16:20', '19:05'), always('Else', '0.20')])],
    bands: [
      ['Peak', 2.75, '1.375'],
      ['Else', 21.25, '4.25']
    ],
    total: '5.625'
  },
  {
    title:
      'days of which no quarters are kept, by the share of hours: 46 kWh + 48 kWh; 6/23 × 46 = 12 and 7/24 × 48 = 14 at 0.10; 68 at 0.30',
    ...{ days: ['2026-03-29', '2026-03-31'], wholeDays: true, load: () => 2_000 },
    changes: [changed('2026-01-01', economy7)],
    bands: [
      ['Night', 26, '2.6'],
      ['Day', 68, '20.4']
    ],
    total: '23'
  },
  {
    title: 'three bands in New York, in the week with 169 hours: 5 × 5 h × 0.40 = 10; (7 × 8 + 1) h × 0.10 = 5.7; 87 h × 0.20 = 17.4',
    ...{ zone: 'America/New_York', days: ['2026-10-26', '2026-11-02'] },
    changes: [
      changed('2026-01-01', [
        band('Peak', '0.40', '14:00', '19:00', [1, 2, 3, 4, 5]),
        band('Night', '0.10', '23:00', '07:00'),
        always('Shoulder', '0.20')
      ])
    ],
    bands: [
      ['Peak', 25, '10'],
      ['Night', 57, '5.7'],
      ['Shoulder', 87, '17.4']
    ],
    total: '33.1'
  },
  {
    title: 'half an hour less on Lord Howe Island: 23.5 h × 0.20 = 4.7',
    ...{ zone: 'Australia/Lord_Howe', days: ['2026-10-04', '2026-10-05'], changes: [changed('2026-01-01', [always('Flat', '0.20')])] },
    ...{ bands: [['Flat', 23.5, '4.7']], total: '4.7' }
  },
  {
    title: 'today so far: 10 h × 0.25 = 2.5 and all of its standing charge',
    ...{ days: ['2026-06-01', '2026-06-02'], until: '2026-06-01T09:00Z' },
    changes: [changed('2026-01-01', [always('Flat', '0.25')], { standingPerDay: '0.6' })],
    ...{ bands: [['Flat', 10, '2.5']], standing: '0.6', total: '3.1' }
  },
  {
    title: 'six hours of which nothing is known: 18 h × 0.25 = 4.5',
    ...{ days: ['2026-06-01', '2026-06-02'], changes: [changed('2026-01-01', [always('Flat', '0.25')])] },
    load: atMs => (londoners.wallAt(atMs).hour < 6 ? null : 1_000),
    ...{ bands: [['Flat', 18, '4.5']], total: '4.5', unknownHours: 6 }
  },
  {
    title: 'money without cents: 24 × 2500 = 60000; 8 % = 4800',
    ...{ days: ['2026-06-01', '2026-06-02'], changes: [changed('2026-01-01', [always('Flat', '2500')], { vatPercent: '8' })] },
    ...{ bands: [['Flat', 24, '60000']], vat: '4800', total: '64800' }
  },
  {
    title: 'rounded half up, once: 0.012 kWh × 0.333333 = 0.003999996 is 0.004; 5 % of the exact is 0.0001999998, is 0.0002',
    ...{ days: ['2026-06-01', '2026-06-02'], load: () => 0.5 },
    changes: [changed('2026-01-01', [always('Flat', '0.333333')], { vatPercent: '5' })],
    ...{ bands: [['Flat', 0.012, '0.004']], vat: '0.0002', total: '0.0042' }
  }
]

const instant = (calendar: Calendar, day: string): number => calendar.instantOf(Date.parse(day))

t.test('bills that were reckoned by hand', async t => {
  for (const { title, zone, days, until, changes, load = kilowatt, wholeDays, bands, total, ...rest } of rows) {
    const calendar = new Calendar(zone ?? 'Europe/London')
    const prices = new Prices(tariffOf(...changes), calendar)
    const fromMs = instant(calendar, days[0])
    const toMs = until === undefined ? instant(calendar, days[1]) : Date.parse(until)
    const bill = billOf(tallyDays(prices, fromMs, toMs, wholeDays ? daysOf(load, calendar) : quartersOf(load)), fromMs, toMs)
    const { standing = '0', earned = '0', vat = '0', unknownHours = 0 } = rest
    t.strictSame(
      bill.bands.map(({ name, energyWh, cost }) => [name, energyWh / 1_000, cost]),
      bands,
      title
    )
    const told = { standing: bill.standing, earned: bill.earned, vat: bill.vat, total: bill.total, unknown: bill.unknownSeconds }
    t.strictSame(told, { standing, earned, vat, total, unknown: unknownHours * 3_600 })
    t.strictSame([bill.fromMs, bill.toMs], [fromMs, toMs])
  }
})

t.test('a bill of no days costs nothing, and nothing of it is known', async t => {
  const [fromMs, toMs] = [Date.parse('2026-06-01T23:00Z'), Date.parse('2026-06-02T23:00Z')]
  const bill: Bill = billOf([], fromMs, toMs)
  t.match(bill, { fromMs, toMs, importedWh: 0, unknownSeconds: 86_400, bands: [], standing: '0', total: '0' })
  const prices = new Prices(tariffOf(changed('2026-01-01', economy7)), londoners)
  t.strictSame(tallyDays(prices, fromMs, fromMs, quartersOf(kilowatt)), [])
})

t.test('a bill begins with the first day that there is', async t => {
  const prices = new Prices(tariffOf(changed('2026-01-01', economy7)), londoners)
  const [fromMs, toMs] = [Date.parse('2026-06-03T10:00Z'), Date.parse('2026-06-04T23:00Z')]
  const bill = billOf(tallyDays(prices, fromMs, toMs, quartersOf(kilowatt)), Date.parse('2026-05-31T23:00Z'), toMs)
  t.equal(bill.fromMs, Date.parse('2026-06-02T23:00Z'))
})

/** Energies of any kind in the quarters of two days with a change of clocks and of price between them. */
const [beginMs, endMs] = [Date.parse('2026-03-28T00:00Z'), Date.parse('2026-03-29T23:00Z')]
const anyWh = fc.double({ min: 0, max: 30_000, noNaN: true })
const anySpans = fc.array(fc.tuple(anyWh, anyWh, fc.integer({ min: 0, max: 900 })), { minLength: 188, maxLength: 188 }).map(rows =>
  rows.map(([importedWh, exportedWh, knownSeconds], index): EnergySpan => {
    const fromMs = beginMs + index * quarterMs
    return { fromMs, toMs: fromMs + quarterMs, importedWh, exportedWh, knownSeconds }
  })
)
const anyPrice = fc.integer({ min: 0, max: 9_999_999 }).map(millionths => moneyText(BigInt(millionths) * 10n ** 12n))
const anyClock = fc.integer({ min: 0, max: 1_439 }).map(minute => new Date(minute * 60_000).toISOString().slice(11, 16))
const anyBands = fc
  .array(fc.tuple(anyPrice, anyClock, anyClock), { maxLength: 4 })
  .map(bands => [
    ...bands.filter(([, start, end]) => start !== end).map(([price, start, end], index) => band(`Band ${index}`, price, start, end)),
    always('Else', '0.123457')
  ])
const anyPrices = fc
  .tuple(anyBands, anyBands, anyPrice, anyPrice)
  .map(
    ([before, after, standingPerDay, exportPerKWh]) =>
      new Prices(
        tariffOf(
          changed('2026-01-01', before, { standingPerDay, exportPerKWh, vatPercent: '5.25' }),
          changed('2026-03-29', after, { standingPerDay, exportPerKWh, vatPercent: '19' })
        ),
        londoners
      )
  )
const readOf =
  (spans: readonly EnergySpan[]) =>
  (fromMs: number, toMs: number): readonly EnergySpan[] =>
    spans.filter(span => span.fromMs >= fromMs && span.fromMs < toMs)
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + Math.round(number * 1_000), 0)

t.test('the bands have all of the energy, and the lines all of the money', async t => {
  holds(
    t,
    150,
    fc.property(anySpans, anyPrices, (spans, prices) => {
      const bill = billOf(tallyDays(prices, beginMs, endMs, readOf(spans)), beginMs, endMs)
      assert.equal(Math.round(bill.importedWh * 1_000), sumOf(spans.map(({ importedWh }) => importedWh)))
      assert.equal(Math.round(bill.exportedWh * 1_000), sumOf(spans.map(({ exportedWh }) => exportedWh)))
      assert.equal(sumOf(bill.bands.map(({ energyWh }) => energyWh)), sumOf([bill.importedWh]))
      const lines = [...bill.bands.map(({ cost }) => cost), bill.standing, bill.vat].map(text => parseMoney(text) as bigint)
      const total = lines.reduce((sum, line) => sum + line, 0n) - (parseMoney(bill.earned) as bigint)
      assert.equal(bill.total, moneyText(total))
    })
  )
})

t.test('a span costs what its parts cost, wherever it is cut, without rest', async t => {
  holds(
    t,
    150,
    fc.property(anySpans, anyPrices, fc.nat({ max: 188 }), (spans, prices, cut) => {
      const read = readOf(spans)
      const whole = tallyDays(prices, beginMs, endMs, read)
      assert.equal(
        amountOf(whole),
        whole.reduce((sum, day) => sum + amountOf([day]), 0n)
      )
      const half = [spans.slice(0, cut), spans.slice(cut)].map(part => amountOf(tallyDays(prices, beginMs, endMs, readOf(part))))
      const idle = amountOf(tallyDays(prices, beginMs, endMs, () => []))
      assert.equal((half[0] as bigint) + (half[1] as bigint) - idle, amountOf(whole))
    })
  )
})

t.test('an hour at this instant', async t => {
  const prices = new Prices(
    tariffOf(changed('2026-01-01', economy7, { vatPercent: '5', standingPerDay: '9', exportPerKWh: '0.15' })),
    londoners
  )
  // 1.5 kW × 0.10 × 1.05
  t.equal(costPerHour(prices, Date.parse('2026-06-01T00:00Z'), 1_500), '0.1575')
  // 1.5 kW × 0.30 × 1.05
  t.equal(costPerHour(prices, Date.parse('2026-06-01T10:00Z'), 1_500), '0.4725')
  // 2 kW × 0.15, without VAT
  t.equal(costPerHour(prices, Date.parse('2026-06-01T10:00Z'), -2_000), '-0.3')
  t.equal(costPerHour(prices, Date.parse('2026-06-01T10:00Z'), 0), '0')
})
