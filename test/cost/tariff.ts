/** Tariffs from outside: good ones are taken as they are, and of bad ones the field is named. */
import t from 'tap'
import { readTariff, TariffError } from '../../src/cost/tariff.ts'
import { limits } from '../../src/limits.ts'
import { always, band, changed, economy7, tariffOf } from '../fixtures/cost/tariffs.ts'

t.test('good ones', async t => {
  const flat = tariffOf(changed('2026-04-01', [always('Flat', '0.2455')], { vatPercent: '5', standingPerDay: '0.6' }))
  const rich = tariffOf(
    changed('2024-02-29', economy7),
    changed('2026-04-01', [
      band('Peak', '0.4', '16:00', '19:00', [1, 2, 3, 4, 5]),
      { ...always('Weekend', '0.1'), days: [6, 7] },
      always('Else', '0.2')
    ])
  )
  for (const tariff of [flat, rich]) t.strictSame(readTariff(JSON.parse(JSON.stringify(tariff))), tariff)
  t.strictSame(
    readTariff({ ...flat, changes: [{ ...flat.changes[0], bands: [{ ...always('Flat', '1'), start: undefined }] }] }).currency,
    'GBP'
  )
})

const good = changed('2026-04-01', economy7)
const withChange = (change: object): unknown => ({ currency: 'GBP', changes: [{ ...good, ...change }] })
const withBand = (band: object): unknown => withChange({ bands: [{ ...economy7[0], ...band }, economy7[1]] })
const many = (count: number): unknown[] => Array.from({ length: count }, () => economy7[1])

/** What comes, the field that is named, and what is said. */
const rows: readonly (readonly [value: unknown, field: string, said: RegExp])[] = [
  [null, '', /^the tariff: not an object; allowed: one with currency, changes$/],
  [[], '', /not an object/],
  ['GBP', '', /not an object/],
  [{}, 'currency', /^currency: missing; allowed: a currency of three capital letters/],
  [{ currency: 'pounds', changes: [good] }, 'currency', /impossible value "pounds"/],
  [{ currency: 7, changes: [good] }, 'currency', /impossible value 7/],
  [{ currency: 'GBP', changes: [good], colour: 'green' }, 'colour', /^colour: unknown; allowed: currency, changes$/],
  [{ currency: 'GBP', changes: {} }, 'changes', /allowed: a list of 1 to 40 price changes/],
  [{ currency: 'GBP', changes: [] }, 'changes', /a list of 1 to 40/],
  [{ currency: 'GBP', changes: Array.from({ length: limits.tariffChangesMax + 1 }, () => good) }, 'changes', /…; allowed: a list/],
  [{ currency: 'GBP', changes: ['2026'] }, 'changes[0]', /^changes\[0\]: not an object/],
  [{ currency: 'GBP', changes: [good, good] }, 'changes[1].from', /not after the change before it/],
  [withChange({ from: '2026-02-30' }), 'changes[0].from', /impossible value "2026-02-30"; allowed: a day such as/],
  [withChange({ from: '2026-13-01' }), 'changes[0].from', /a day such as/],
  [withChange({ from: '1492-10-12' }), 'changes[0].from', /a day such as/],
  [withChange({ from: 20260401 }), 'changes[0].from', /a day such as/],
  [withChange({ vatPercent: '101' }), 'changes[0].vatPercent', /"0" to "100" with up to 4 digits/],
  [withChange({ vatPercent: '5.12345' }), 'changes[0].vatPercent', /up to 4 digits/],
  [withChange({ vatPercent: 5 }), 'changes[0].vatPercent', /decimal text/],
  [withChange({ standingPerDay: '-1' }), 'changes[0].standingPerDay', /decimal text/],
  [withChange({ standingPerDay: 0.5 }), 'changes[0].standingPerDay', /impossible value 0\.5; allowed: decimal text/],
  [withChange({ exportPerKWh: '0.1234567' }), 'changes[0].exportPerKWh', /up to 6 digits/],
  [withChange({ exportPerKWh: undefined }), 'changes[0].exportPerKWh', /missing/],
  [withChange({ bands: many(limits.tariffBandsMax + 1) }), 'changes[0].bands', /1 to 48 price bands/],
  [withChange({ bands: [economy7[1], economy7[0]] }), 'changes[0].bands[1]', /the last band does not fit always/],
  [withChange({ bands: [{ ...always('Weekend', '1'), days: [6, 7] }] }), 'changes[0].bands[0]', /does not fit always/],
  [withBand({ name: ' ' }), 'changes[0].bands[0].name', /a text of 1 to 40 characters/],
  [withBand({ name: 'x'.repeat(41) }), 'changes[0].bands[0].name', /1 to 40/],
  [withBand({ name: 1 }), 'changes[0].bands[0].name', /1 to 40/],
  [withBand({ pricePerKWh: '' }), 'changes[0].bands[0].pricePerKWh', /decimal text/],
  [withBand({ start: '24:00' }), 'changes[0].bands[0].start', /"00:00" to "23:59"/],
  [withBand({ end: 730 }), 'changes[0].bands[0].end', /"00:00" to "23:59"/],
  [withBand({ end: undefined }), 'changes[0].bands[0].end', /missing/],
  [withBand({ start: undefined }), 'changes[0].bands[0].start', /missing/],
  [withBand({ end: '00:30' }), 'changes[0].bands[0].end', /the same as start/],
  [withBand({ days: [] }), 'changes[0].bands[0].days', /a list of days without doubles/],
  [withBand({ days: [1, 1] }), 'changes[0].bands[0].days', /without doubles/],
  [withBand({ days: [0] }), 'changes[0].bands[0].days', /from 1 for Monday/],
  [withBand({ days: 'weekend' }), 'changes[0].bands[0].days', /a list of days/],
  [withBand({ toString: 1 }), 'changes[0].bands[0].toString', /unknown/]
]

t.test('bad ones', async t => {
  for (const [value, field, said] of rows) {
    try {
      readTariff(value)
      t.fail(`taken: ${JSON.stringify(value)}`)
    } catch (error) {
      t.ok(error instanceof TariffError)
      t.match(error, { field, message: said })
    }
  }
})
