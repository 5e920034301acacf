/** Money: decimal text in and out, and nothing lost between. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  amountNear,
  approximate,
  millionthsOf,
  millionthsText,
  moneyText,
  parseMoney,
  percentDigits,
  percentOf,
  priceOf,
  roundMoney,
  sumMoney
} from '../../src/cost/money.ts'
import { holds } from '../fixtures/io/property.ts'

const money = (text: string): bigint => parseMoney(text) as bigint

t.test('decimal text', async t => {
  for (const text of ['0', '1', '0.5', '12.3456', '999999999.999999', '0.000001']) t.equal(moneyText(money(text)), text)
  t.equal(moneyText(money('007.50')), '7.5')
  for (const text of ['', '-1', '+1', '1.', '.5', '1,5', '1e3', ' 1', '1\n', '0.1234567', '1000000000', 'NaN', '1.2.3'])
    t.equal(parseMoney(text), undefined, JSON.stringify(text))
  t.equal(parseMoney('5.12345', percentDigits), undefined)
  t.equal(moneyText(-money('0.25')), '-0.25')
})

t.test('sums of what was told', async t => {
  t.equal(sumMoney([]), '0')
  t.equal(sumMoney(['0.1', '0.2']), '0.3')
  t.equal(sumMoney(['12', '-12.05']), '-0.05')
  t.equal(sumMoney(['-0.5', '0.25']), '-0.25')
  t.equal(sumMoney(Array.from({ length: 1000 }, () => '0.000001')), '0.001')
})

t.test('rounding is half away from zero, and only of what is told', async t => {
  const half = 5n * 10n ** 11n
  t.equal(moneyText(half), '0.000001')
  t.equal(moneyText(half - 1n), '0')
  t.equal(moneyText(-half), '-0.000001')
  t.equal(moneyText(1n - half), '0')
  t.equal(roundMoney(3n * half), 4n * half)
  t.equal(roundMoney(money('1.5')), money('1.5'))
})

t.test('prices, percentages', async t => {
  t.equal(moneyText(priceOf(money('0.2455'), 12_345_678)), '3.030864', '12.345678 kWh × 0.2455 = 3.030863949')
  t.equal(moneyText(percentOf(money('191.4'), money('5'))), '9.57')
  t.equal(moneyText(percentOf(money('100'), money('0.0001'))), '0.0001')
})

t.test('estimates', async t => {
  t.equal(approximate(money('12.5')), 12.5)
  t.equal(moneyText(amountNear(-0.1 - 0.2)), '-0.3')
})

t.test('sums of many parts are those of the whole', async t => {
  const price = fc.integer({ min: 0, max: 999_999_999 }).map(millionths => BigInt(millionths) * 10n ** 12n)
  const percent = fc.integer({ min: 0, max: 1_000_000 }).map(parts => BigInt(parts) * 10n ** 14n)
  holds(
    t,
    500,
    fc.property(price, percent, fc.array(fc.nat(), { maxLength: 50 }), (price, percent, energies) => {
      const whole = energies.reduce((sum, energy) => sum + energy, 0)
      const costs = energies.map(energy => priceOf(price, energy))
      const sum = costs.reduce((sum, cost) => sum + cost, 0n)
      assert.equal(sum, priceOf(price, whole))
      assert.equal(
        costs.reduce((sum, cost) => sum + percentOf(cost, percent), 0n),
        percentOf(sum, percent)
      )
      const text = moneyText(sum)
      assert.equal(money(text), roundMoney(sum))
    })
  )
})

t.test('millionths are numbers that tell the same', async t => {
  for (const text of ['0', '0.000001', '12.3456', '1000', '999999999.999999']) {
    const amount = money(text)
    t.equal(millionthsText(millionthsOf(amount)), text)
    t.equal(millionthsText(millionthsOf(-amount)), moneyText(-amount))
  }
  t.equal(millionthsOf(money('0.000001') / 2n), 1, 'half away from zero')
})
