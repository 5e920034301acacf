/** The tariff in force: that of the file, or what was set since, whatever the file says meanwhile. */
import t from 'tap'
import type { TariffTold } from '../../src/api.ts'
import { Calendar } from '../../src/calendar.ts'
import { Tariffs } from '../../src/io/tariffs.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const rest = { from: '2020-01-01', vatPercent: '5', standingPerDay: '0.6', exportPerKWh: '0.15' }
const flat = (currency: string): TariffTold => ({ currency, changes: [{ ...rest, bands: [{ name: 'Flat', pricePerKWh: '0.3' }] }] })
const calendar = new Calendar('UTC')
const currencyOf = (tariffs: Tariffs): string | undefined => tariffs.prices?.tariff.currency

t.test('the file may say something else while it runs', async t => {
  const tariffs = new Tariffs(new MemoryStore(), calendar, undefined)
  tariffs.load()
  t.equal(currencyOf(tariffs), undefined)
  tariffs.takeFile(flat('GBP'))
  t.equal(currencyOf(tariffs), 'GBP')
  tariffs.takeFile(undefined)
  t.equal(currencyOf(tariffs), undefined)
})

t.test('what was set since comes before the file, until it is taken back', async t => {
  const store = new MemoryStore()
  const tariffs = new Tariffs(store, calendar, flat('GBP'))
  tariffs.change(flat('EUR'))
  tariffs.takeFile(flat('USD'))
  t.equal(currencyOf(tariffs), 'EUR')
  const later = new Tariffs(store, calendar, flat('USD'))
  t.equal(currencyOf(later), 'USD', 'before the store is read')
  later.load()
  t.equal(currencyOf(later), 'EUR')
  later.takeBack()
  t.equal(currencyOf(later), 'USD')
})

t.test('what makes no sense in the store counts for nothing', async t => {
  for (const kept of ['{"currency":"pounds"}', '{']) {
    const store = new MemoryStore()
    store.put('c/tariff', Buffer.from(kept))
    const tariffs = new Tariffs(store, calendar, flat('GBP'))
    tariffs.load()
    t.equal(currencyOf(tariffs), 'GBP', kept)
  }
})
