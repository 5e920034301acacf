/** A tariff while it is written: text as the user types it, until it makes a tariff. Pure. */
import type { PriceBand, PriceChange, TariffTold } from '../../api.ts'
import { parseMoney, percentDigits } from '../../cost/money.ts'
import type { Fault } from './words.ts'

export interface BandDraft {
  name: string
  price: string
  /** Both empty: all day. */
  start: string
  end: string
  /** 1 is Monday. */
  days: number[]
}

export interface ChangeDraft {
  from: string
  /** Outside of all bands. */
  price: string
  name: string
  standing: string
  vat: string
  exported: string
  bands: BandDraft[]
}

export interface Draft {
  currency: string
  changes: ChangeDraft[]
}

/** A tariff, or what is wrong by field: those have the names that the daemon gives them, such as `changes[0].bands[1].start`. */
export type Checked =
  | { readonly kind: 'good'; readonly tariff: TariffTold }
  | { readonly kind: 'bad'; readonly faults: ReadonlyMap<string, Fault> }

const everyDay = [1, 2, 3, 4, 5, 6, 7]

/** An empty one. @param name of the price outside of bands @param from the first day, `YYYY-MM-DD` */
export function newDraft(currency: string, name: string, from: string): Draft {
  return { currency, changes: [{ from, price: '', name, standing: '', vat: '', exported: '', bands: [] }] }
}

export function draftOf({ currency, changes }: TariffTold): Draft {
  return { currency, changes: changes.map(changeDraft) }
}

/** Cheap hours, as most have them. */
export function newBand(name: string): BandDraft {
  return { name, price: '', start: '23:00', end: '06:00', days: [...everyDay] }
}

/** The prices so far, from another day on. */
export function nextChange(change: ChangeDraft, from: string): ChangeDraft {
  return { ...change, from, bands: change.bands.map(band => ({ ...band, days: [...band.days] })) }
}

/** Takes what was typed, with the comma that some write; what was left empty is nothing, but for the price of a kWh. */
export function check({ currency, changes }: Draft): Checked {
  const faults = new Map<string, Fault>()
  const sorted = [...changes].sort((a, b) => (a.from < b.from ? -1 : 1))
  if (new Set(changes.map(({ from }) => from)).size < changes.length)
    faults.set(`changes[${changes.findIndex(({ from }, index) => changes.findIndex(other => other.from === from) < index)}].from`, 'order')
  const tariff = { currency, changes: sorted.map(change => checkChange(`changes[${changes.indexOf(change)}]`, change, faults)) }
  return faults.size === 0 ? { kind: 'good', tariff } : { kind: 'bad', faults }
}

/** Whether a price of a kWh looks as if it were in a hundredth of the currency. */
export function looksHundredfold(price: string, currency: string): boolean {
  return ['GBP', 'EUR', 'USD', 'CHF', 'AUD', 'NZD', 'CAD'].includes(currency) && Number(decimal(price)) >= 3
}

function changeDraft({ from, bands, vatPercent, standingPerDay, exportPerKWh }: PriceChange): ChangeDraft {
  const last = bands.at(-1)
  return {
    ...{ from, price: last?.pricePerKWh ?? '', name: last?.name ?? '' },
    ...{ standing: emptied(standingPerDay), vat: emptied(vatPercent), exported: emptied(exportPerKWh) },
    bands: bands.slice(0, -1).map(({ name, pricePerKWh, start = '', end = '', days = everyDay }) => ({
      ...{ name, price: pricePerKWh, start, end, days: [...days] }
    }))
  }
}

function emptied(text: string): string {
  return text === '0' ? '' : text
}

function checkChange(place: string, change: ChangeDraft, faults: Map<string, Fault>): PriceChange {
  const take = (field: string, text: string, fault: Fault, fits: (text: string) => boolean): string => {
    if (!fits(text)) faults.set(`${place}.${field}`, fault)
    return text
  }
  const isPrice = (text: string): boolean => parseMoney(text) !== undefined
  const isPercent = (text: string): boolean => parseMoney(text, percentDigits) !== undefined && Number(text) <= 100
  const bands = change.bands.map((band, index) => checkBand(`${place}.bands[${index}]`, band, faults))
  const last = `bands[${bands.length}].pricePerKWh`
  return {
    from: take('from', change.from, 'date', text => /^\d{4}-\d\d-\d\d$/.test(text)),
    vatPercent: take('vatPercent', decimal(change.vat) || '0', 'percent', isPercent),
    standingPerDay: take('standingPerDay', decimal(change.standing) || '0', 'number', isPrice),
    exportPerKWh: take('exportPerKWh', decimal(change.exported) || '0', 'number', isPrice),
    bands: [...bands, { name: change.name, pricePerKWh: take(last, decimal(change.price), 'number', isPrice) }]
  }
}

function checkBand(place: string, { name, price, start, end, days }: BandDraft, faults: Map<string, Fault>): PriceBand {
  const pricePerKWh = decimal(price)
  if (parseMoney(pricePerKWh) === undefined) faults.set(`${place}.pricePerKWh`, 'number')
  if (name.trim() === '') faults.set(`${place}.name`, 'name')
  const missing = [start, end].findIndex(text => !isTime(text))
  if (missing >= 0 && start + end !== '') faults.set(`${place}.${missing === 0 ? 'start' : 'end'}`, 'time')
  else if (start !== '' && start === end) faults.set(`${place}.end`, 'sameTime')
  if (days.length === 0) faults.set(`${place}.days`, 'weekday')
  return {
    ...{ name: name.trim(), pricePerKWh },
    ...(start !== '' && { start, end }),
    ...(days.length < everyDay.length && { days: [...days].sort() })
  }
}

function isTime(text: string): boolean {
  return /^\d\d:\d\d$/.test(text)
}

/** As the daemon takes it. */
function decimal(text: string): string {
  const trimmed = text.trim().replace(',', '.')
  return trimmed.startsWith('.') ? `0${trimmed}` : trimmed
}
