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

/** Reads decimal text such as `12.3456` with at most so many digits behind the point; nothing if it is none, negative, or a billion or more. */
export function parseMoney(text: string, digitsMax: number = moneyDigits): Amount | undefined {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > digitsMax) return undefined
  return BigInt(whole) * unit + BigInt(fraction.padEnd(amountDigits, '0'))
}

/** Rounds to what can be told, half away from zero, as bills do. */
export function roundMoney(amount: Amount): Amount {
  const half = amount < 0n ? -told / 2n : told / 2n
  return ((amount + half) / told) * told
}

/** Rounded decimal text, without zeros that say nothing. */
export function moneyText(amount: Amount): Money {
  const rounded = roundMoney(amount)
  const digits = (rounded < 0n ? -rounded : rounded).toString().padStart(amountDigits + 1, '0')
  const fraction = digits.slice(-amountDigits).replace(/0+$/, '')
  return `${rounded < 0n ? '-' : ''}${digits.slice(0, -amountDigits)}${fraction === '' ? '' : `.${fraction}`}`
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
