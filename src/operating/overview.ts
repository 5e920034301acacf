/** The overview: how the daemon is that runs, on one screen. */
import type { CostAnswer, DeviceAnswer, HealthAnswer, NowAnswer, NowSensor } from '../api.ts'
import { describeBytes, describeCount, describeMs, describeTime } from './amounts.ts'

/** What it answered; undefined is what this user is not told. */
export interface Told {
  readonly address: string
  readonly health: HealthAnswer
  readonly now: NowAnswer | undefined
  readonly device: DeviceAnswer | undefined
  readonly cost: CostAnswer | undefined
}

/** The lines of the screen. */
export function overview({ address, health, now, device, cost }: Told): readonly string[] {
  return [
    ...(device ? ofDevice(device, address) : [`wattslug at ${address}`]),
    ...(health.status === 'good' ? ['all is well'] : health.needs.map(need => `! ${need}`)),
    ...(device?.meters.some(({ simulated }) => simulated) ? ['the meter is SIMULATED: what is shown is no real house'] : []),
    '',
    ...(now ? ofNow(now, cost) : ['What it measures is not told to this user: sudo wattslug status, or --password-file.']),
    ...(device ? ['', ...ofParts(device)] : [])
  ]
}

function ofDevice({ version, nowMs, upSeconds }: DeviceAnswer, address: string): readonly string[] {
  const upMs = upSeconds * 1_000
  return [`wattslug ${version} at ${address}, up since ${describeTime(nowMs - upMs)} (${describeMs(upMs)})`]
}

function ofNow({ nowMs, sensors, costPerHour, currency }: NowAnswer, cost: CostAnswer | undefined): readonly string[] {
  if (sensors.length === 0) return ['No sensor was heard yet.']
  const rows = sensors.map(sensor => [
    sensor.name === null ? `sensor ${sensor.sensor}` : `${sensor.name} (${sensor.sensor})`,
    sensor.watts === null ? '-' : `${sensor.watts} W`,
    `${describeMs(Math.max(0, nowMs - sensor.atMs))} ago${sensor.stale ? ', stale' : ''}`,
    `today ${todayOf(sensor)}`
  ])
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => (row[column] as string).length)))
  const money = [
    ...(costPerHour === null ? [] : [`${hundredths(Number(costPerHour))} ${currency} an hour`]),
    ...(cost?.today ? [`today ${hundredths(Number(cost.today.total))} ${currency}`] : [])
  ]
  return [
    ...rows.map(([name = '', watts = '', age = '', energy = '']) =>
      [name.padEnd(widths[0] as number), watts.padStart(widths[1] as number), age.padEnd(widths[2] as number), energy].join('  ')
    ),
    ...(money.length === 0 ? [] : [money.join(', ')])
  ]
}

function todayOf({ medium, todayWh }: NowSensor): string {
  if (todayWh === null) return '-'
  return `${hundredths(todayWh / 1_000)} ${medium === 'electricity' ? 'kWh' : 'm³'}`
}

/** Rounded, and nothing is never negative. */
function hundredths(value: number): string {
  return (Math.round(value * 100) / 100).toFixed(2)
}

function ofParts({ clients, memory, store }: DeviceAnswer): readonly string[] {
  const { connected, max, sessions, retained } = clients
  return [
    `clients  ${connected} of at most ${max}; ${describeCount(sessions, 'session')}, ${describeCount(retained, 'retained message')}`,
    `memory   ${describeBytes(memory.residentBytes)} resident; clients and meters add at most ${describeBytes(memory.heldBytesMax)}`,
    `store    ${store.state}, ${describeBytes(store.diskBytes)} of about ${describeBytes(store.diskBytesMax)} that it will take`
  ]
}
