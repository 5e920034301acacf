/** Sums of money as decimal text: exact, however many. Pure. */
import type { Money } from '../../api.ts'

/** The sum, with as many decimals as the longest of them. */
export function sumMoney(amounts: readonly Money[]): Money {
  const decimals = Math.max(0, ...amounts.map(amount => amount.split('.')[1]?.length ?? 0))
  const sum = amounts.reduce((whole, amount) => {
    const [units = '', rest = ''] = amount.split('.')
    return whole + BigInt(units + rest.padEnd(decimals, '0'))
  }, 0n)
  const digits = String(sum < 0n ? -sum : sum).padStart(decimals + 1, '0')
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return sum < 0n ? `-${text}` : text
}
