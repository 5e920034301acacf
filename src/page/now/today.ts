/** What the daemon's answer about now comes to on the screen: money by the hour, and today beside a usual day. Pure. */

import type { NowAnswer } from '../../api.ts'

/** Today's energy of the house, and how it stands to a usual day. */
export interface Today {
  readonly todayWh: number
  /** Whether something was fed in today, and taken off. */
  readonly isNet: boolean
  readonly usual: Usual | undefined
}

interface Usual {
  /** In full. */
  readonly dayWh: number
  /** How much more than usual was used by now: 0.1 is a tenth more, −0.1 a tenth less. */
  readonly more: number
  /** Of the bar's length, 0 to 1 each: what was used, where a usual day is by now, and where it ends. */
  readonly bar: { readonly used: number; readonly byNow: number; readonly day: number }
}

/** An answer that is older says when it was. */
const freshMs = 180_000
/** Below this the money of an hour says too little of a kWh's price. */
const tellingWatts = 20
/** Share of energy within which a day is as usual. */
const sameShare = 0.05
const houseSensor = '0'

/** Money by the hour at these watts, by the price that the daemon reckoned with; undefined when that cannot be told. */
export function costPerHourAt(answer: NowAnswer, watts: number): number | undefined {
  if (answer.costPerHour === null) return undefined
  const told = Number(answer.costPerHour)
  const then = wattsOf(answer)
  if (then === undefined) return told
  if (Math.abs(then) >= tellingWatts && then * watts >= 0) return (told / then) * watts
  return Math.abs(then) < tellingWatts && Math.abs(watts) < tellingWatts ? told : undefined
}

/** Whether it was given on this day of the house. */
export function isOfToday({ nowMs: thenMs, zone }: NowAnswer, nowMs: number): boolean {
  const days = daysIn(zone)
  return days.format(thenMs) === days.format(nowMs)
}

/** Whether it tells of then rather than of now: with what is heard from the meter, it ages. */
export function isOld(answer: NowAnswer, isLive: boolean, nowMs: number): boolean {
  return !isLive || nowMs - answer.nowMs > freshMs
}

export function todayOf(answer: NowAnswer): Today | undefined {
  const house = houseOf(answer)
  const known = house.flatMap(({ todayWh }) => (todayWh === null ? [] : [todayWh]))
  if (known.length === 0 || known.length < house.length) return undefined
  const todayWh = sumOf(known)
  const usual = house.flatMap(sensor => sensor.usual ?? [])
  return {
    todayWh,
    isNet: house.some(({ todayExportedWh }) => (todayExportedWh ?? 0) > 0) || todayWh < 0,
    usual: usual.length < house.length ? undefined : usualOf(todayWh, sumOf(usual.map(by => by.byNowWh)), sumOf(usual.map(by => by.dayWh)))
  }
}

/** A house that feeds in more than it draws has no bar to fill. */
function usualOf(todayWh: number, byNowWh: number, dayWh: number): Usual | undefined {
  if (todayWh < 0 || byNowWh <= 0 || dayWh <= 0) return undefined
  const more = todayWh / byNowWh - 1
  const most = Math.max(todayWh, dayWh, byNowWh)
  return {
    dayWh,
    more: Math.abs(more) <= sameShare ? 0 : more,
    bar: { used: todayWh / most, byNow: byNowWh / most, day: dayWh / most }
  }
}

/** Of one house: to make one takes long, and it is wanted with each frame. */
let days: { readonly zone: string; readonly format: Intl.DateTimeFormat } | undefined

function daysIn(zone: string): Intl.DateTimeFormat {
  if (days?.zone !== zone) days = { zone, format: makeDays(zone) }
  return days.format
}

/** A browser that does not know the zone takes its own. */
function makeDays(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    return new Intl.DateTimeFormat('en')
  }
}

/** The whole-house sensor of the first meter, or all its sensors of power. */
function houseOf({ sensors }: NowAnswer): NowAnswer['sensors'] {
  const house = sensors.filter(({ sensor, kind }) => sensor === houseSensor && kind === 'power')
  return house.length > 0 ? house : sensors.filter(({ sensor, kind }) => kind === 'power' && !sensor.includes('/'))
}

function wattsOf(answer: NowAnswer): number | undefined {
  const watts = houseOf(answer).map(sensor => sensor.watts ?? Number.NaN)
  const all = sumOf(watts)
  return watts.length === 0 || Number.isNaN(all) ? undefined : all
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
