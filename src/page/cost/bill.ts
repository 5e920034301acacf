/** A bill on the screen: its bar of bands, its lines, and what is not in it. */
import type { Bill } from '../../api.ts'
import type { Context } from '../context.ts'
import { make } from '../elements.ts'
import type { CostFormats } from './format.ts'
import { isUnknown, type Part, partsOf, unknownOf } from './present.ts'

/** @param title the period, such as `Today` @param since the day on which it begins, if that is later than the period does */
export function makeBill(
  { strings, formats }: Context,
  costs: CostFormats,
  title: string,
  bill: Bill,
  since: string
): readonly HTMLElement[] {
  const { cost } = strings
  const heading = make('h2', '', title)
  if (isUnknown(bill)) return [heading, make('p', 'note', cost.nothing)]
  const energy = (wattHours: number): string => formats.energy(wattHours / 1_000, 'kWh')
  const parts = partsOf(bill)
  const rows = make('dl', 'rows')
  const add = (label: string, detail: string, amount: string, part?: Part): void => {
    const row = make('div', 'row')
    const [term, name] = [make('dt'), make('span', 'label', label)]
    if (part && parts.length > 1) name.prepend(swatch(part))
    term.append(name, make('span', 'detail', detail))
    row.append(term, make('dd', '', amount))
    rows.append(row)
  }
  for (const band of bill.bands) {
    if (band.energyWh === 0 && bill.bands.length > 1) continue
    const part = parts[bill.bands.filter(({ energyWh }) => energyWh > 0).indexOf(band)]
    add(band.name, cost.rate(energy(band.energyWh), costs.price(band.pricePerKWh)), costs.money(band.cost), part)
  }
  if (Number(bill.standing) !== 0) add(cost.standing, '', costs.money(bill.standing))
  if (Number(bill.vat) !== 0) add(cost.vat, '', costs.money(bill.vat))
  if (bill.exportedWh > 0) add(cost.earned(energy(bill.exportedWh)), '', costs.money(-Number(bill.earned)))
  const total = make('div', 'row sum')
  total.append(make('dt', '', cost.total), make('dd', '', costs.money(bill.total)))
  rows.append(total)
  const made = [heading, ...(parts.length > 1 ? [makeBar(parts, formats, cost.bar)] : []), rows]
  const unknown = unknownOf(bill)
  if (unknown) made.push(make('p', 'note', cost.unknown(strings.history.duration(unknown.days, unknown.hours, unknown.minutes))))
  if (since !== '') made.push(make('p', 'note', cost.since(since)))
  return made
}

function makeBar(parts: readonly Part[], formats: Context['formats'], say: (parts: string) => string): HTMLElement {
  const bar = make('div', 'bands')
  bar.setAttribute('role', 'img')
  bar.setAttribute('aria-label', say(parts.map(({ name, share }) => `${name} ${formats.percent(share)}`).join(', ')))
  for (const part of parts) {
    const piece = make('i')
    piece.style.flexGrow = String(part.share)
    piece.style.background = colourOf(part)
    bar.append(piece)
  }
  return bar
}

function swatch(part: Part): HTMLElement {
  const sign = make('i', 'swatch')
  sign.style.background = colourOf(part)
  return sign
}

/** From the colour of little to that of much. */
function colourOf({ dearness }: Part): string {
  if (dearness <= 0.5) return `color-mix(in oklch, var(--mid) ${200 * dearness}%, var(--low))`
  return `color-mix(in oklch, var(--high) ${200 * dearness - 100}%, var(--mid))`
}
