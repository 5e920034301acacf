/** Bills: the user's days one by one, and any run of them added up. */
import type { Bill, Money } from '../api.ts'
import { type Amount, moneyText, percentOf, priceOf, roundMoney } from './money.ts'
import { Cutter, type ReadEnergies } from './pieces.ts'
import type { Prices, Rates } from './prices.ts'

/** One of the user's days, or what has been of today; it has one price change, since those begin with a day. */
export interface Day {
  readonly startMs: number
  readonly endMs: number
  readonly rates: Rates
  /** Thousandths of a Wh, whole, for each band. */
  readonly importedMilliWh: number[]
  exportedMilliWh: number
  knownSeconds: number
}

/** Days that have the same prices, added up. */
interface Sum {
  readonly rates: Rates
  readonly importedMilliWh: readonly number[]
  readonly exportedMilliWh: number
  readonly days: number
}

/**
 * The days from that of `fromMs` to the one before or at `toMs`, with their energy.
 * @param rates the prices to take instead of those that held at the time
 */
export function tallyDays(prices: Prices, fromMs: number, toMs: number, readEnergies: ReadEnergies, rates?: Rates): readonly Day[] {
  const days = emptyDays(prices, fromMs, toMs, rates)
  const [first] = days
  if (first === undefined) return days
  const cutter = new Cutter(prices, rates)
  let index = 0
  for (const span of readEnergies(first.startMs, toMs)) {
    cutter.cut(span, piece => {
      while (index < days.length - 1 && (days[index] as Day).endMs <= piece.atMs) index++
      const day = days[index] as Day
      day.importedMilliWh[piece.band] = (day.importedMilliWh[piece.band] as number) + piece.importedMilliWh
      day.exportedMilliWh += piece.exportedMilliWh
      day.knownSeconds += piece.knownSeconds
    })
  }
  return days
}

/**
 * What days cost until `toMs`, rounded line by line to millionths: the total is exactly the sum of the lines that are told. The standing
 * charge is for the day and not for its hours, so that it is due in full for today; VAT is on energy and standing charge.
 */
export function billOf(days: readonly Day[], fromMs: number, toMs: number): Bill {
  const sums = sumsOf(days)
  const lines = linesOf(sums)
  const standing = roundMoney(sums.reduce((sum, { rates, days }) => sum + rates.standingPerDay * BigInt(days), 0n))
  const earned = roundMoney(sums.reduce((sum, each) => sum + earnedIn(each), 0n))
  const vat = roundMoney(sums.reduce((sum, each) => sum + percentOf(chargedIn(each), each.rates.vatPercent), 0n))
  const energy = lines.reduce((sum, { cost }) => sum + roundMoney(cost), 0n)
  const startMs = days[0]?.startMs ?? fromMs
  const knownSeconds = days.reduce((sum, day) => sum + day.knownSeconds, 0)
  return {
    fromMs: startMs,
    toMs,
    importedWh: lines.reduce((sum, { milliWh }) => sum + milliWh, 0) / 1_000,
    exportedWh: sums.reduce((sum, { exportedMilliWh }) => sum + exportedMilliWh, 0) / 1_000,
    unknownSeconds: Math.max(0, Math.round((toMs - startMs) / 1_000 - knownSeconds)),
    bands: lines.map(({ name, price, milliWh, cost }) => ({
      ...{ name, energyWh: milliWh / 1_000, pricePerKWh: moneyText(price), cost: moneyText(cost) }
    })),
    standing: moneyText(standing),
    earned: moneyText(earned),
    vat: moneyText(vat),
    total: moneyText(energy + standing + vat - earned)
  }
}

/** What days cost with all that belongs to it, exactly. */
export function amountOf(days: readonly Day[]): Amount {
  return sumsOf(days).reduce((sum, each) => sum + withVat(chargedIn(each), each.rates) - earnedIn(each), 0n)
}

/** With the VAT of a price change on top of it. */
export function withVat(amount: Amount, { vatPercent }: Rates): Amount {
  return amount + percentOf(amount, vatPercent)
}

/** What an hour of so many watts costs at an instant, with VAT and without standing charge; fed in, it earns and the answer is negative. */
export function costPerHour(prices: Prices, atMs: number, watts: number): Money {
  const { rates, band } = prices.priceAt(atMs)
  const milliWh = Math.round(Math.abs(watts) * 1_000)
  return moneyText(watts < 0 ? -priceOf(rates.exportPerKWh, milliWh) : withVat(priceOf(band.pricePerKWh, milliWh), rates))
}

function emptyDays(prices: Prices, fromMs: number, toMs: number, rates: Rates | undefined): Day[] {
  const { calendar } = prices
  const days: Day[] = []
  for (let startMs = calendar.startOf('day', fromMs); startMs < toMs; ) {
    const endMs = calendar.nextStart('day', startMs)
    const held = rates ?? prices.ratesAt(startMs)
    days.push({ startMs, endMs, rates: held, importedMilliWh: held.bands.map(() => 0), exportedMilliWh: 0, knownSeconds: 0 })
    startMs = endMs
  }
  return days
}

function sumsOf(days: readonly Day[]): readonly Sum[] {
  const sumOf = (rates: Rates, days: readonly Day[]): Sum => ({
    rates,
    importedMilliWh: rates.bands.map((_, band) => days.reduce((sum, day) => sum + (day.importedMilliWh[band] as number), 0)),
    exportedMilliWh: days.reduce((sum, day) => sum + day.exportedMilliWh, 0),
    days: days.length
  })
  const distinct = [...new Set(days.map(({ rates }) => rates))]
  return distinct.map(rates =>
    sumOf(
      rates,
      days.filter(day => day.rates === rates)
    )
  )
}

/** One line for each name and price, in the order of the tariff. */
function linesOf(sums: readonly Sum[]): readonly Line[] {
  const lines = new Map<string, Line>()
  for (const { rates, importedMilliWh } of sums) {
    for (const [band, { name, pricePerKWh: price }] of rates.bands.entries()) {
      const key = `${price} ${name}`
      const milliWh = (lines.get(key)?.milliWh ?? 0) + (importedMilliWh[band] as number)
      lines.set(key, { name, price, milliWh, cost: priceOf(price, milliWh) })
    }
  }
  return [...lines.values()]
}

interface Line {
  readonly name: string
  readonly price: Amount
  readonly milliWh: number
  readonly cost: Amount
}

/** Energy and standing charge, without VAT. */
function chargedIn({ rates, importedMilliWh, days }: Sum): Amount {
  const standing = rates.standingPerDay * BigInt(days)
  return rates.bands.reduce((sum, { pricePerKWh }, band) => sum + priceOf(pricePerKWh, importedMilliWh[band] as number), standing)
}

function earnedIn({ rates, exportedMilliWh }: Sum): Amount {
  return priceOf(rates.exportPerKWh, exportedMilliWh)
}
