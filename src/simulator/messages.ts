/** What the meter writes on its wire, as text; tags and widths are those of the real ones. */
import type { MeterClock } from './clock.ts'
import { energyText, type HistoryStore, type Page } from './history.ts'
import type { Cc128Plan, ClassicPlan } from './plan.ts'

/** What every message tells of the display. */
export interface Moment {
  readonly clock: MeterClock
  readonly atMs: number
  readonly celsius: number
}

/** Power of one transmitter; a channel that it does not have is left out. */
export function powerText(plan: Cc128Plan, moment: Moment, sensor: number, radioId: number, watts: readonly number[]): string {
  const channels = watts.map((value, index) => channel(index + 1, value)).join('')
  return `${liveHead(plan, moment, sensor, radioId)}<type>1</type>${channels}</msg>`
}

const typeOf = { electricity: 2, gas: 3, water: 4 } as const

/** State of a counter. */
export function impulsesText(
  plan: Cc128Plan,
  moment: Moment,
  sensor: { readonly number: number; readonly radioId: number; readonly measures: keyof typeof typeOf; readonly impulsesPerUnit: number },
  impulses: number
): string {
  const head = liveHead(plan, moment, sensor.number, sensor.radioId)
  return `${head}<type>${typeOf[sensor.measures]}</type><imp>${digits(impulses, 10)}</imp><ipu>${sensor.impulsesPerUnit}</ipu></msg>`
}

/** A page of a CC128's history; `sensors` says for each number of the wire where it stands in the store, if it does. */
export function historyText(
  plan: Cc128Plan,
  moment: Moment,
  store: HistoryStore,
  page: Page & { readonly scale: keyof typeof letters },
  sensors: readonly (number | undefined)[]
): string {
  const units = '<type>1</type><units>kwhr</units>'
  const data = sensors.map((sensor, number) => {
    let values = ''
    for (let age = page.firstAge; age >= page.lastAge; age -= 1) {
      const name = letters[page.scale] + digits(page.scale === 'hours' ? 2 * age + 4 : age + 1, 3)
      values += `<${name}>${energyText(page.scale, sensor === undefined ? 0 : store.kwh(page.scale, sensor, age))}</${name}>`
    }
    return `<data><sensor>${number}</sensor>${plan.history === 'oldest' ? units : ''}${values}</data>`
  })
  const dsw = plan.history === 'oldest' ? '' : `<dsw>${digits(daysSinceBirth(moment) + plan.dswAheadDays, 5)}</dsw>${units}`
  return `${head(plan, moment)}<hist>${dsw}${data.join('')}</hist></msg>`
}

const letters = { hours: 'h', days: 'd', blocks: 'm' } as const

/** A Classic's message. */
export function classicText(plan: ClassicPlan, moment: Moment, radioId: number, watts: readonly number[], history = ''): string {
  const [hours, minutes, seconds] = moment.clock.parts(moment.atMs)
  const date = `<date><dsb>${digits(daysSinceBirth(moment), 5)}</dsb><hr>${hours}</hr><min>${minutes}</min><sec>${seconds}</sec></date>`
  const source = `<src><name>CC02</name><id>${digits(radioId, 5)}</id><type>1</type><sver>${plan.version}</sver></src>`
  const channels = [0, 1, 2].map(index => channel(index + 1, watts[index] ?? 0)).join('')
  return `<msg>${date}${source}${channels}<tmpr>${decimal(moment.celsius)}</tmpr>${history}</msg>`
}

/** A Classic's history, to stand inside a message; `openKwh` is the energy of the two hours that are not over. */
export function classicHistoryText(store: HistoryStore, openKwh: number): string {
  const list = (letter: string, count: number, nameDigits: number, text: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => {
      const name = letter + digits(letter === 'h' ? 2 * index + 2 : index + 1, nameDigits)
      return `<${name}>${text(index)}</${name}>`
    }).join('')
  const whole = (scale: 'days' | 'blocks' | 'years', width: number) => (index: number) =>
    digits(index < store.kept(scale) ? store.kwh(scale, 0, index) : 0, width)
  const hour = (index: number): string => {
    const kwh = index === 0 ? openKwh : index <= store.kept('hours') ? store.kwh('hours', 0, index - 1) : 0
    return (Math.floor(kwh * 10) / 10).toFixed(1).padStart(5, '0')
  }
  const hours = `<hrs>${list('h', 13, 2, hour)}</hrs><days>${list('d', 31, 2, whole('days', 4))}</days>`
  return `<hist>${hours}<mths>${list('m', 12, 2, whole('blocks', 4))}</mths><yrs>${list('y', 4, 1, whole('years', 7))}</yrs></hist>`
}

function liveHead(plan: Cc128Plan, moment: Moment, sensor: number, radioId: number): string {
  const { celsius } = moment
  const inCelsius = plan.temperature === 'fahrenheit' ? '' : `<tmpr>${decimal(celsius)}</tmpr>`
  const inFahrenheit = plan.temperature === 'celsius' ? '' : `<tmprF>${decimal((celsius * 9) / 5 + 32)}</tmprF>`
  return `${head(plan, moment)}${inCelsius}${inFahrenheit}<sensor>${sensor}</sensor><id>${digits(radioId, 5)}</id>`
}

function head(plan: Cc128Plan, moment: Moment): string {
  const unitId = plan.unitId === undefined ? '' : `<uid>${plan.unitId}</uid>`
  const time = moment.clock.parts(moment.atMs).join(':')
  return `<msg><src>${plan.model}</src>${unitId}<dsb>${digits(daysSinceBirth(moment), 5)}</dsb><time>${time}</time>`
}

function daysSinceBirth({ clock }: Moment): number {
  return clock.midnights
}

function channel(number: number, watts: number): string {
  return `<ch${number}><watts>${digits(watts, 5)}</watts></ch${number}>`
}

/** The whole part of a number, in so many characters with its sign. */
function digits(value: number, width: number): string {
  const whole = Math.trunc(value)
  return whole < 0 ? `-${String(-whole).padStart(width - 1, '0')}` : String(whole).padStart(width, '0')
}

/** A temperature has four characters: one below 10° begins with a space. */
function decimal(value: number): string {
  return value
    .toFixed(1)
    .replace(/^-0\.0$/, '0.0')
    .padStart(4)
}
