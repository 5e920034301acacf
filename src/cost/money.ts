/** Money as exact decimals: nothing is rounded while it is reckoned with, and what is told once, half away from zero. */
import type { Money } from '../api.ts'

/** A whole number of 10⁻¹⁸ of the currency's main unit: as fine as VAT on a price times an energy gets. */
export type Amount = bigint

/** Digits behind the point of prices, and of what is told; percentages have four, so that VAT is exact. */
const moneyDigits = 6
export const percentDigits = 4

const amountDigits = 18
const unit = 10n ** BigInt(amountDigits)
/** What is told: millionths. */
const told = 10n ** BigInt(amountDigits - moneyDigits)
const half = told / 2n

/** Reads decimal text such as `12.3456` with at most so many digits behind the point; nothing if it is none, negative, or a billion or more. */
export function parseMoney(text: string, digitsMax: number = moneyDigits): Amount | undefined {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > digitsMax) return undefined
  return BigInt(whole) * unit + BigInt(fraction.padEnd(amountDigits, '0'))
}

/** Rounds to what can be told, half away from zero, as bills do. */
export function roundMoney(amount: Amount): Amount {
  return millionthsIn(amount) * told
}

/** As a number that can be kept without garbage: the millionths that are told, exactly up to nine thousand million of the main unit. */
export function millionthsOf(amount: Amount): number {
  return Number(millionthsIn(amount))
}

/** Rounded decimal text, without zeros that say nothing. */
export function moneyText(amount: Amount): Money {
  return textOf(millionthsIn(amount))
}

/** The text of what `millionthsOf` told. */
export function millionthsText(millionths: number): Money {
  return textOf(BigInt(millionths))
}

function millionthsIn(amount: Amount): bigint {
  return (amount + (amount < 0n ? -half : half)) / told
}

function textOf(millionths: bigint): Money {
  const digits = (millionths < 0n ? -millionths : millionths).toString().padStart(moneyDigits + 1, '0')
  const fraction = digits.slice(-moneyDigits).replace(/0+$/, '')
  return `${millionths < 0n ? '-' : ''}${digits.slice(0, -moneyDigits)}${fraction === '' ? '' : `.${fraction}`}`
}

/** The sum of amounts as they are told, which may be negative: exact, however many. */
export function sumMoney(amounts: readonly Money[]): Money {
  const sum = amounts.reduce((sum, text) => {
    const amount = parseMoney(text.replace('-', '')) as Amount
    return sum + (text.startsWith('-') ? -amount : amount)
  }, 0n)
  return moneyText(sum)
}

/** What an energy costs at a price for a kWh. `milliWattHours` is a whole number: exact, since prices have six digits and a kWh a million mWh. */
export function priceOf(pricePerKWh: Amount, milliWattHours: number): Amount {
  return (pricePerKWh * BigInt(milliWattHours)) / 1_000_000n
}

/** So many per cent of an amount; exact, since amounts are of twelve digits and percentages of four. */
export function percentOf(amount: Amount, percent: Amount): Amount {
  return (amount * percent) / (100n * unit)
}

/** As a number, for what is only estimated or drawn. */
export function approximate(amount: Amount): number {
  return Number(amount) / 1e18
}

/** An estimate as an amount. */
export function amountNear(value: number): Amount {
  return BigInt(Math.round(value * 10 ** moneyDigits)) * told
}
