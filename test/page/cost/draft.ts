/** A tariff as it is typed in. */
import t from 'tap'
import { readTariff } from '../../../src/cost/tariff.ts'
import { type Checked, check, type Draft, draftOf, looksHundredfold, newBand, newDraft, nextChange } from '../../../src/page/cost/draft.ts'
import { always, band, changed, tariffOf } from '../../fixtures/cost/tariffs.ts'

const faultsOf = (checked: Checked): object => (checked.kind === 'bad' ? Object.fromEntries(checked.faults) : {})
const flat = (): Draft => {
  const draft = newDraft('GBP', 'Electricity', '2026-11-22')
  Object.assign(draft.changes[0] ?? {}, { price: ' 0,2455 ', vat: '5' })
  return draft
}

t.test('one price', async t => {
  const tariff = tariffOf(changed('2026-11-22', [always('Electricity', '0.2455')], { vatPercent: '5' }))
  t.strictSame(check(flat()), { kind: 'good', tariff })
  t.strictSame(faultsOf(check(newDraft('GBP', 'Electricity', '2026-11-22'))), { 'changes[0].bands[0].pricePerKWh': 'number' })
})

t.test('what is set comes back as it was', async t => {
  const tariff = tariffOf(
    changed('2026-01-01', [
      band('Night', '0.1', '23:00', '06:00', [1, 5]),
      { ...always('Weekend', '0.2'), days: [6, 7] },
      always('Else', '0.3')
    ]),
    changed('2027-01-01', [always('Flat', '0.4')], { standingPerDay: '0.5', exportPerKWh: '0.1' })
  )
  const checked = check(draftOf(tariff))
  t.strictSame(checked, { kind: 'good', tariff })
  t.strictSame(readTariff(tariff), tariff, 'and the daemon takes it')
})

t.test('new prices go where their day is', async t => {
  const draft = flat()
  const [first] = draft.changes
  if (!first) return
  first.bands.push({ ...newBand('Night'), price: '.1' })
  draft.changes.push(nextChange(first, '2026-04-01'))
  const [, added] = draft.changes
  added?.bands[0]?.days.pop()
  t.match(check(draft), {
    kind: 'good',
    tariff: {
      changes: [
        { from: '2026-04-01', bands: [{ name: 'Night', pricePerKWh: '0.1', start: '23:00', end: '06:00', days: [1, 2, 3, 4, 5, 6] }, {}] },
        { from: '2026-11-22', bands: [{ days: undefined }, {}] }
      ]
    }
  })
  if (added) added.from = first.from
  t.strictSame(faultsOf(check(draft)), { 'changes[1].from': 'order' })
})

t.test('what is wrong has the daemon’s name for it', async t => {
  const draft = flat()
  Object.assign(draft.changes[0] ?? {}, {
    ...{ from: '', price: 'cheap', standing: '-1', vat: '101', exported: '0.1234567' },
    bands: [
      { name: ' ', price: '', start: '10:00', end: '', days: [] },
      { name: 'A', price: '1', start: '', end: '10:00', days: [1] },
      { name: 'B', price: '1', start: '10:00', end: '10:00', days: [1] },
      { name: 'C', price: '1', start: '?', end: '?', days: [1] },
      { name: 'D', price: '1', start: '10:00', end: '?', days: [1] }
    ]
  })
  t.strictSame(faultsOf(check(draft)), {
    'changes[0].bands[0].pricePerKWh': 'number',
    'changes[0].bands[0].name': 'name',
    'changes[0].bands[0].end': 'time',
    'changes[0].bands[0].days': 'weekday',
    'changes[0].bands[1].start': 'time',
    'changes[0].bands[2].end': 'sameTime',
    'changes[0].bands[3].start': 'time',
    'changes[0].bands[4].end': 'time',
    'changes[0].from': 'date',
    'changes[0].vatPercent': 'percent',
    'changes[0].standingPerDay': 'number',
    'changes[0].exportPerKWh': 'number',
    'changes[0].bands[5].pricePerKWh': 'number'
  })
})

t.test('prices in pence are noticed', async t => {
  t.ok(looksHundredfold('24,55', 'GBP'))
  t.notOk(looksHundredfold('0.2455', 'GBP'))
  t.notOk(looksHundredfold('24.55', 'JPY'))
  t.notOk(looksHundredfold('', 'GBP'))
})
