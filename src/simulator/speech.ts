/** What the display says of a transmitter when it has heard it. */
import type { HistoryStore } from './history.ts'
import { classicHistoryText, classicText, impulsesText, type Moment, powerText } from './messages.ts'
import type { ClassicPlan, HousePlan, ImpulseSensorPlan, PowerSensorPlan } from './plan.ts'
import type { Random } from './random.ts'
import type { FaultKind, Meant } from './truth.ts'

/** What was meant, what is said instead, and why. */
export interface Said {
  readonly meant: Meant
  readonly text: string
  readonly faults: readonly FaultKind[]
}

/** What a Classic's message may tell besides: its memory, and the energy of the two hours that are not over, in kWh. */
export interface Memory {
  readonly store: HistoryStore
  readonly openKwh: number
  /** How many messages came before this one. */
  readonly spoken: number
}

const spikeWatts = [15_000, 32_767] as const
/** From here on a Classic sees ghosts. */
const ghostsFromWatts = 3_000
const ghostWatts = 144
/** What five digits of the wire can carry. */
const wattsMax = 32_767

export function sayPower(
  plan: HousePlan,
  sensor: PowerSensorPlan,
  moment: Moment,
  flowing: readonly number[],
  memory: Memory,
  chance: Random
): Said {
  const watts = flowing.map(value => Math.min(Math.max(value, -wattsMax), wattsMax))
  const text = (values: readonly number[]): string => {
    const { meter } = plan
    if (meter.family === 'cc128') return powerText(meter, moment, sensor.number, sensor.radioId, values)
    return classicText(meter, moment, sensor.radioId, values, historyOf(meter, memory))
  }
  const meant: Meant = { kind: 'power', sensor: sensor.number, measuredMs: moment.atMs, watts, text: text(watts) }
  if (chance.chance(sensor.spikes ?? 0)) {
    const spike = chance.whole(...spikeWatts)
    return { meant, text: text([spike, ...watts.slice(1)]), faults: ['spike'] }
  }
  const seesGhosts = plan.meter.family === 'classic' && plan.meter.ghosts144 && watts.length === 1 && (watts[0] as number) > ghostsFromWatts
  if (seesGhosts) return { meant, text: text([...watts, ghostWatts, ghostWatts]), faults: ['ghosts-144'] }
  return { meant, text: meant.text, faults: [] }
}

export function sayImpulses(plan: HousePlan, sensor: ImpulseSensorPlan, moment: Moment, impulses: number): Said {
  const { meter } = plan
  if (meter.family === 'classic') throw new RangeError('a Classic has no counters')
  const text = impulsesText(meter, moment, sensor, impulses)
  return { meant: { kind: 'impulses', sensor: sensor.number, measuredMs: moment.atMs, impulses, text }, text, faults: [] }
}

function historyOf(meter: ClassicPlan, { store, openKwh, spoken }: Memory): string {
  return meter.historyEvery > 0 && spoken % meter.historyEvery === 0 ? classicHistoryText(store, openKwh) : ''
}
