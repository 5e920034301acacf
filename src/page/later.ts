/** The words of views that are loaded when they are wanted, in English: they come with the first of these. */

import type { CostWords } from './cost/words.ts'
import type { HistoryWords } from './history/words.ts'
import type { Strings } from './strings.ts'

export interface LaterStrings {
  readonly history: HistoryWords
  readonly cost: CostWords
}

/** Every word. */
export type AllStrings = Strings & LaterStrings

export const laterEnglish: LaterStrings = {
  history: {
    sensor: 'Sensor',
    period: 'Period',
    units: { day: 'Day', week: 'Week', month: 'Month', year: 'Year' },
    current: { day: 'Today', week: 'This week', month: 'This month', year: 'This year' },
    last: { day: 'Yesterday', week: 'Last week', month: 'Last month', year: 'Last year' },
    than: {
      last: { day: 'yesterday', week: 'last week', month: 'last month', year: 'last year' },
      before: { day: 'the day before', week: 'the week before', month: 'the month before', year: 'the year before' }
    },
    other: {
      last: { day: 'Yesterday', week: 'Last week', month: 'Last month', year: 'Last year' },
      before: { day: 'Day before', week: 'Week before', month: 'Month before', year: 'Year before' }
    },
    week: number => `Week ${number}`,
    previous: 'Earlier',
    next: 'Later',
    toToday: ': go to today',
    used: 'Used',
    exported: 'Exported',
    cost: 'Cost',
    mean: 'Average',
    peak: 'Highest',
    base: 'Base load',
    baseWhy: 'at night',
    range: 'Lowest to highest',
    backfilled: 'From the meter’s memory',
    backfilledPart: (amount, percent) => `${amount} (${percent}) comes from the meter’s own memory, in steps of hours or days.`,
    unknown: 'Not known',
    unknownPart: (duration, percent) => `${duration} (${percent}) is not known: it is left blank and counted nowhere.`,
    allKnown: 'Measured throughout.',
    duration: (days, hours, minutes) => {
      if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`
      return hours > 0 ? (minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`) : `${minutes} min`
    },
    same: other => `As much as ${other}`,
    compared: (percent, more, other) => `${percent} ${more ? 'more' : 'less'} than ${other}`,
    until: (text, point) => `${text}, each to ${point}`,
    pointOfMonth: (day, time) => `day ${day}, ${time}`,
    costOf: 'without standing charge',
    incomparable: other => `Too little is known to compare with ${other}`,
    now: 'now',
    temperature: 'Temperature',
    byDay: 'By day',
    asTable: 'As table',
    csv: 'Download as CSV',
    closer: 'Closer',
    further: 'Further away',
    time: 'Time',
    power: 'Power',
    energy: 'Energy',
    litre: 'l',
    noHistory: 'No history yet',
    noHistoryYet: 'It begins with the sensor’s first reading: the first minute is here as soon as it is over, the first day tomorrow.',
    nothing: 'Nothing is known of this time',
    nothingWhy: 'wattslug heard nothing from the meter, and the meter remembers nothing.',
    notBefore: date => `wattslug has known this sensor since ${date}.`,
    oldAt: time => `As it was at ${time}. Trying again.`,
    failed: 'The history can’t be shown',
    chart: (what, period, facts) => `${what}, ${period}. ${facts}`,
    keys: 'Left and right arrow: earlier and later. Plus and minus: closer and further away. Shift with an arrow: value by value.'
  },
  cost: {
    now: 'Costs now',
    earning: 'Earns now',
    perHour: 'an hour',
    price: price => `${price} a kWh`,
    until: (text, time) => `${text} until ${time}`,
    silent: 'Nothing new from the meter, so what this hour costs isn’t known.',
    periods: { day: 'Today', week: 'This week', month: 'This month', year: 'This year' },
    before: { day: 'Yesterday', week: 'Last week', month: 'Last month', year: 'Last year' },
    soFar: period => `${period} so far`,
    rate: (energy, price) => `${energy} at ${price}`,
    standing: 'Standing charge',
    vat: 'VAT',
    earned: energy => `Fed in, ${energy}`,
    total: 'Total',
    unknown: duration => `Nothing is known of ${duration}: what was used then isn’t in this bill.`,
    nothing: 'Nothing is known of this time.',
    since: date => `Since ${date}, when wattslug heard the meter first.`,
    bar: parts => `Energy by price: ${parts}`,
    forecast: month => `All of ${month}`,
    about: amount => `About ${amount}`,
    range: (low, high) => `Likely between ${low} and ${high}`,
    days: count => `Judged by ${count} days of the last weeks; what isn’t known is taken to be like them.`,
    soon: 'After three full days this shows what the month will come to.',
    oldAt: time => `As it was at ${time}. Trying again.`,
    failed: 'Cost can’t be shown',
    noReadings: 'No readings yet',
    noReadingsWhy: 'The meter hasn’t said anything that could cost money. This begins with its first reading.',
    edit: 'Tariff',
    form: {
      title: 'Tariff',
      why: 'Tell wattslug what you pay, and it shows what this hour, today and the month cost. Your last bill has the numbers.',
      currency: 'Currency',
      price: 'Price of a kWh',
      priceElse: 'Price otherwise',
      standing: 'Standing charge a day',
      vat: 'VAT, per cent',
      vatHint: 'On top of the prices here. Leave it empty when they include it.',
      exported: 'Paid for a kWh fed in',
      exportedHint: 'For solar panels; no VAT on it.',
      more: 'Night rates, solar, new prices',
      bands: 'Times with another price',
      bandsHint: 'Where two overlap, the first one counts.',
      band: number => `Time ${number} with another price`,
      addBand: 'Add a time',
      removeBand: name => `Remove ${name}`,
      name: 'Name',
      start: 'From',
      end: 'To',
      allDay: 'Without times it is all day.',
      days: 'Days',
      weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
      changes: 'New prices',
      change: 'Prices',
      from: 'These hold from',
      fromHint: 'The first prices hold for all time before, too.',
      since: date => `From ${date}`,
      addChange: 'Add new prices from a date',
      removeChange: 'Remove these prices',
      removeSure: 'Really remove?',
      save: 'Save',
      show: 'Show what it costs',
      remove: 'Remove the tariff',
      inFile: 'The tariff in the settings file holds now. To have none, remove it there.',
      flat: 'Electricity',
      night: 'Night',
      high: price => `That is ${price} for one kWh. Prices are usually a fraction of 1.`,
      faults: {
        number: 'A number such as 0.25',
        percent: 'A number from 0 to 100',
        name: 'A name',
        time: 'Both times, or neither',
        sameTime: 'Another time than the first',
        weekday: 'One day at least',
        date: 'A date',
        order: 'There are prices from this date already'
      }
    }
  }
}
