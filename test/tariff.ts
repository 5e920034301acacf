/** The tariff in the file: what it may say, and the message for what it may not. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { TariffTold } from '../src/api.ts'
import { readToml } from '../src/io/toml.ts'
import { readTariffSettings } from '../src/tariff.ts'

const file = join(t.testdir(), 'wattslug.toml')

/** As the program reads it. */
function tariffOf(toml: string): TariffTold | undefined {
  writeFileSync(file, toml)
  const { table, at } = readToml(file)
  return readTariffSettings((...keys) => at(...keys).replace(file, 'wattslug.toml'), table['tariff'])
}

function messageOf(toml: string): string {
  try {
    tariffOf(toml)
    return 'no error'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('nothing said, none set', async t => {
  t.equal(tariffOf(''), undefined)
})

t.test('one price', async t => {
  const flat = {
    from: '1970-01-01',
    vatPercent: '0',
    standingPerDay: '0',
    exportPerKWh: '0',
    bands: [{ name: 'Flat', pricePerKWh: '0.2455' }]
  }
  t.strictSame(tariffOf('[tariff]\ncurrency = "GBP"\nprice-per-kwh = 0.2455'), { currency: 'GBP', changes: [flat] })
  t.strictSame(
    tariffOf('[tariff]\ncurrency = "GBP"\nprice-per-kwh = "0.2455"\nvat-percent = 5\nstanding-per-day = 0.6\nexport-per-kwh = 0.15'),
    { currency: 'GBP', changes: [{ ...flat, vatPercent: '5', standingPerDay: '0.6', exportPerKWh: '0.15' }] }
  )
})

t.test('bands and dated changes', async t => {
  const tariff = tariffOf(`
    [tariff]
    currency = "EUR"
    [[tariff.changes]]
    from = 2025-01-01
    price-per-kwh = 0.3
    [[tariff.changes]]
    from = "2026-01-01"
    vat-percent = 19
    price-per-kwh = 0.35
    [[tariff.changes.bands]]
    name = "Night"
    price-per-kwh = 0.2
    start = "22:00"
    end = "06:00"
    days = [5, 6]
  `)
  t.match(tariff, {
    currency: 'EUR',
    changes: [
      { from: '2025-01-01', bands: [{ name: 'Flat', pricePerKWh: '0.3' }] },
      {
        ...{ from: '2026-01-01', vatPercent: '19' },
        bands: [
          { name: 'Night', pricePerKWh: '0.2', start: '22:00', end: '06:00', days: [5, 6] },
          { name: 'Rest', pricePerKWh: '0.35' }
        ]
      }
    ]
  })
})

t.test('what may not be said', async t => {
  const rows: readonly (readonly [toml: string, said: string | RegExp])[] = [
    ['tariff = 5', 'wattslug.toml, line 1: tariff: allowed: a table, [tariff]'],
    ['[[tariff]]', 'wattslug.toml, line 1: tariff: allowed: a table, [tariff]'],
    ['[tariff]\nprice-per-kwh = 1', /^wattslug\.toml, line 1: \[tariff\]: currency: missing; allowed: a currency/],
    ['[tariff]\ncurrency = "GBP"', /^wattslug\.toml, line 1: \[tariff\]: bands: impossible value \[\]; allowed: a list of 1 to 48/],
    ['[tariff]\ncurrency = "GBP"\nprice-per-kwh = -1', /^wattslug\.toml, line 3: \[tariff\]: price-per-kwh: impossible value "-1"/],
    ['[tariff]\ncurrency = "GBP"\nprice-per-kwh = 1\nvat-percent = 200', /\[tariff\]: vat-percent: impossible value "200"/],
    ['[tariff]\ncurrency = "GBP"\nprice-per-kwh = 1\nbands = 7', /bands: impossible value "7"/],
    ['[tariff]\ncurrency = "GBP"\nprice-per-kwh = 1\nstart = 07:30:00', /start: unknown; allowed: from, vat-percent/],
    ['[tariff]\ncurrency = "GBP"\nchanges = 7', /changes: impossible value "7"/],
    ['[tariff]\ncurrency = "GBP"\nchanges = [7]', /changes\[0\]: not an object/],
    [
      '[tariff]\ncurrency = "GBP"\nvat-percent = 5\n[[tariff.changes]]\nprice-per-kwh = 1',
      /line 3: \[tariff\]: vat-percent: unknown; allowed: currency, changes/
    ],
    [
      '[tariff]\ncurrency = "GBP"\nprice-per-kwh = "x"\n[[tariff.bands]]\nname = "Night"\nprice-per-kwh = 0.1\nstart = "00:00"\nend = "07:00"',
      /line 3: \[tariff\]: price-per-kwh: impossible value "x"/
    ],
    [
      '[tariff]\ncurrency = "GBP"\n\n[[tariff.changes]]\nprice-per-kwh = 1\n[[tariff.changes]]\nfrom = 2026-01-01\nprice-per-kwh = 1\n[[tariff.changes.bands]]\nname = "Night"\nprice-per-kwh = -2',
      /line 11: \[tariff\]: changes\[1\]\.bands\[0\]\.price-per-kwh: impossible value "-2"/
    ]
  ]
  for (const [toml, said] of rows) t.match(messageOf(toml), said)
})

t.test('the example in the file that comes with the program is a tariff', async t => {
  const example = readFileSync('systemd/wattslug.toml', 'utf8')
  const [, lines = ''] = /(# {2}\[tariff\]\n(?:# {2}.*\n)+)/.exec(example) ?? []
  t.match(tariffOf(lines.replaceAll(/^#/gm, '')), { currency: 'GBP', changes: [{ bands: [{ name: 'Night' }, { name: 'Rest' }] }] })
})
