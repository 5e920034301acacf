/** Money and times as the user writes them, and the currency that is likely theirs. */
import t from 'tap'
import { currencyFor, listCurrencies } from '../../../src/page/cost/currencies.ts'
import { costFormats } from '../../../src/page/cost/format.ts'

const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ')

t.test('money', async t => {
  const british = costFormats('en-GB', 'GBP', 'Europe/London')
  t.equal(british.money('12.3456'), '£12.35')
  t.equal(british.money('-0.3'), '−£0.30')
  t.equal(british.money('-0.001'), '£0.00')
  t.equal(british.money('1294.5', 1_000), '£1,295')
  t.equal(british.money('994.5', 1_000), '£994.50')
  t.equal(british.price('0.2455'), '£0.2455')
  t.equal(british.price('0.2'), '£0.20')
  t.equal(plain(costFormats('de-DE', 'EUR', 'Europe/Berlin').money('1234.5')), '1.234,50 €')
  t.equal(plain(costFormats('ja-JP', 'JPY', 'Asia/Tokyo').price('31.4159')), '￥31.42')
})

t.test('times are those of the house', async t => {
  const { time, moment, date, month } = costFormats('en-GB', 'GBP', 'Pacific/Auckland')
  const nowMs = Date.parse('2026-11-30T11:30Z')
  t.strictSame([time(nowMs), date(nowMs), month(nowMs)], ['00:30', '1 Dec 2026', 'December'])
  t.equal(moment(nowMs + 3_600_000, nowMs), '01:30')
  t.equal(moment(nowMs + 24 * 3_600_000, nowMs), 'Wed 00:30')
})

t.test('currencies', async t => {
  const rows = { 'en-GB': 'GBP', en: 'USD', 'de-CH': 'CHF', de: 'EUR', 'fr-CA': 'CAD', 'sv-SE': 'SEK', 'fi-FI': 'EUR', pl: 'PLN' }
  for (const [locale, currency] of Object.entries(rows)) t.equal(currencyFor(locale), currency, locale)
  t.match(
    listCurrencies('en-GB', 'GBP').find(({ code }) => code === 'GBP'),
    { name: 'British Pound' }
  )
  t.ok(
    listCurrencies('en-GB', 'XBT').some(({ code }) => code === 'XBT'),
    'one that is not known is offered while it is set'
  )
})
