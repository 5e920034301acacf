/** Money by the hour, and today beside a usual day, reckoned by hand. */

import t from 'tap'
import type { NowAnswer, NowSensor } from '../../../src/api.ts'
import { costPerHourAt, isOfToday, isOld, todayOf } from '../../../src/page/now/today.ts'

const house: NowSensor = {
  sensor: '0',
  name: null,
  kind: 'power',
  medium: 'electricity',
  atMs: 0,
  stale: false,
  watts: 500,
  celsius: null,
  todayWh: 4_000,
  todayExportedWh: 0,
  usual: { days: 20, byNowWh: 5_000, dayWh: 10_000 }
}
const answer = (sensors: readonly NowSensor[], costPerHour: string | null = '0.15'): NowAnswer => ({
  nowMs: 0,
  zone: 'Europe/London',
  currency: 'GBP',
  costPerHour,
  sensors
})

t.test('money by the hour goes with the watts', async t => {
  t.equal(costPerHourAt(answer([house]), 1_000), 0.3)
  t.equal(costPerHourAt(answer([house], null), 1_000), undefined, 'without a tariff there is none')
  t.equal(costPerHourAt(answer([{ ...house, watts: 0 }], '0.0'), 1_000), undefined, 'from nothing no price can be told')
  t.equal(costPerHourAt(answer([{ ...house, watts: 0 }], '0.0'), 10), 0, 'but next to nothing costs as little')
  t.equal(costPerHourAt(answer([{ ...house, watts: null }]), 1_000), 0.15)
  t.equal(costPerHourAt(answer([house]), -1_000), undefined, 'what is fed in has another price')
  t.equal(costPerHourAt(answer([{ ...house, watts: 10 }], '0.003'), 3_000), undefined, 'an hour at 10 W is none at 3,000')
  t.equal(costPerHourAt(answer([]), 1_000), 0.15)
  const two = [1, 2].map(number => ({ ...house, sensor: String(number), watts: 250 }))
  t.equal(costPerHourAt(answer([...two, { ...house, sensor: 'meter2/0', watts: 9_000 }]), 1_000), 0.3, 'sensors are summed without a house')
})

t.test('today beside a usual day', async t => {
  const day = (todayWh: number | null, usual: NowSensor['usual'] = house.usual) => todayOf(answer([{ ...house, todayWh, usual }]))
  t.strictSame(day(4_000), {
    todayWh: 4_000,
    isNet: false,
    usual: { dayWh: 10_000, more: -0.19999999999999996, bar: { used: 0.4, byNow: 0.5, day: 1 } }
  })
  t.strictSame(day(12_500)?.usual?.bar, { used: 1, byNow: 0.4, day: 0.8 }, 'the bar holds what is longest')
  t.equal(day(5_200)?.usual?.more, 0, 'a little more is as usual')
  t.strictSame(day(4_000, null), { todayWh: 4_000, isNet: false, usual: undefined })
  t.equal(day(-300)?.usual, undefined, 'a house that feeds in has no bar')
  t.equal(day(100, { days: 3, byNowWh: 0, dayWh: 5_000 })?.usual, undefined)
  t.equal(day(null), undefined)
  t.equal(todayOf(answer([])), undefined)
  const two = [house, house].map((sensor, index) => ({ ...sensor, sensor: String(index + 1) }))
  t.equal(todayOf(answer(two))?.todayWh, 8_000, 'sensors are summed without a house')
  t.equal(todayOf(answer([...two, { ...house, sensor: '3', usual: null }]))?.usual, undefined, 'but each has to tell')
})

t.test('what was fed in makes it net', async t => {
  const net = (todayWh: number, todayExportedWh: number | null) => todayOf(answer([{ ...house, todayWh, todayExportedWh }]))?.isNet
  t.strictSame([net(4_000, 900), net(4_000, 0), net(4_000, null), net(-300, null)], [true, false, false, true])
})

t.test('an answer is of a day of the house', async t => {
  const at = (time: string, zone = 'America/New_York') => ({ ...answer([house]), zone, nowMs: Date.parse(time) })
  const isStill = (time: string, later: string, zone?: string) => isOfToday(at(time, zone), Date.parse(later))
  t.equal(isStill('2026-11-22T23:59:30Z', '2026-11-23T00:00:30Z'), true, 'whatever the clock of the phone shows')
  t.equal(isStill('2026-11-23T04:59:30Z', '2026-11-23T05:00:30Z'), false)
  t.equal(
    isStill('2026-11-22T12:00:00Z', '2026-11-24T12:00:00Z', 'Nowhere/Unheard'),
    false,
    'a zone that a browser does not know breaks nothing'
  )
})

t.test('an answer is old after three minutes, and at once when nothing comes from the meter', async t => {
  const told = answer([house])
  t.strictSame([isOld(told, true, 180_000), isOld(told, true, 180_001), isOld(told, false, 0)], [false, true, true])
})
