/** Houses that are ready to be simulated, by name. */
import { dayMs, hourMs } from './clock.ts'
import type { Cc128Plan, HousePlan, LoadPlan, PowerSensorPlan } from './plan.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs

const fridge: LoadPlan = {
  kind: 'switched',
  onWatts: 88,
  onMs: [11 * minuteMs, 17 * minuteMs],
  offMs: [22 * minuteMs, 38 * minuteMs],
  usedByPeople: false,
  first: { on: true, lastsMs: [2 * minuteMs, 9 * minuteMs] }
}

/** Soon after the start somebody wants tea. */
const kettle: LoadPlan = {
  kind: 'switched',
  onWatts: 2150,
  onMs: [80 * secondMs, 200 * secondMs],
  offMs: [6 * minuteMs, 25 * minuteMs],
  usedByPeople: true,
  first: { on: false, lastsMs: [15 * secondMs, 45 * secondMs] }
}

const heater: LoadPlan = {
  kind: 'switched',
  onWatts: 1480,
  onMs: [3 * minuteMs, 12 * minuteMs],
  offMs: [8 * minuteMs, 30 * minuteMs],
  usedByPeople: false
}

const washing: LoadPlan = {
  kind: 'programme',
  everyMs: 1.5 * dayMs,
  steps: [
    [60, 4 * minuteMs],
    [2050, 14 * minuteMs],
    [190, 25 * minuteMs],
    [90, 12 * minuteMs],
    [480, 7 * minuteMs]
  ]
}

const boiler: LoadPlan = {
  kind: 'switched',
  onWatts: 1900, // litres of gas an hour
  onMs: [5 * minuteMs, 20 * minuteMs],
  offMs: [10 * minuteMs, 60 * minuteMs],
  usedByPeople: true
}

const tap: LoadPlan = {
  kind: 'switched',
  onWatts: 420, // litres of water an hour
  onMs: [20 * secondMs, 6 * minuteMs],
  offMs: [10 * minuteMs, 70 * minuteMs],
  usedByPeople: true
}

const rest: LoadPlan = { kind: 'rest', standbyWatts: 120, awakeWatts: 540 }
const sun: LoadPlan = { kind: 'sun', peakWatts: 3400 }
const household = { rest, fridge, kettle, washing, heater } as const
const names = Object.keys(household)

const envi: Cc128Plan = { family: 'cc128', model: 'CC128-v1.29', temperature: 'celsius', history: 'usual', dswAheadDays: 2 }
const house: PowerSensorPlan = { measures: 'watts', number: 0, radioId: 3391, channels: [names] }

/** A sensor of one load. */
function plug(number: number, radioId: number, load: string): PowerSensorPlan {
  return { measures: 'watts', number, radioId, channels: [[load]] }
}

const demo = {
  meter: { ...envi, history: 'none' },
  loads: { rest, fridge, kettle },
  sensors: [{ ...house, channels: [['rest', 'fridge', 'kettle']] }, plug(1, 1713, 'fridge'), plug(2, 2840, 'kettle')],
  pastDays: 500
} as const satisfies HousePlan

/** Whole house, one transmitter, the usual 6 % of radio loss. */
const single = { meter: envi, loads: household, sensors: [{ ...house, loss: 0.06, dropOutsADay: 0.5 }] } as const satisfies HousePlan

/** Four transmitters, of which the whole house's is heard least. */
const appliances = {
  meter: { ...envi, model: 'CC128-v1.31' },
  loads: household,
  sensors: [
    { ...house, loss: 0.68, dropOutsADay: 1 },
    { ...plug(1, 1713, 'fridge'), loss: 0.12, dropOutsADay: 0.5 },
    { ...plug(2, 2840, 'kettle'), loss: 0.18, dropOutsADay: 0.5 },
    { ...plug(3, 902, 'heater'), loss: 0.25, dropOutsADay: 0.5 }
  ]
} as const satisfies HousePlan

const threePhase = {
  meter: { ...envi, model: 'CC128-v0.11', dswAheadDays: 1 },
  loads: { ...household, workshop: { kind: 'rest', standbyWatts: 300, awakeWatts: 2600 }, kitchen: rest },
  sensors: [{ ...house, channels: [names, ['workshop'], ['kitchen']], loss: 0.06 }]
} as const satisfies HousePlan

/** The oldest firmware that is known, a few days after its wipe. */
const oldest = {
  meter: { ...envi, model: 'CC128-v0.09', history: 'oldest', dswAheadDays: 1 },
  loads: household,
  sensors: [house],
  pastDays: 3
} as const satisfies HousePlan

/** Two legs of 110 V, and a display that speaks Fahrenheit only. */
const american = {
  meter: { ...envi, model: 'CC128-v1.42', temperature: 'fahrenheit' },
  loads: household,
  sensors: [
    {
      ...house,
      channels: [
        ['rest', 'kettle'],
        ['fridge', 'washing', 'heater']
      ],
      loss: 0.06
    }
  ]
} as const satisfies HousePlan

/** Solar cells: a sensor of their own, and export at noon. */
const solar = {
  meter: { ...envi, model: 'CC128-v1.44' },
  loads: { ...household, sun },
  sensors: [{ ...house, channels: [[...names, 'sun']] }, plug(1, 1209, 'sun')]
} as const satisfies HousePlan

/** Counters: an OptiSmart as two sensors, gas and water. */
const counters = {
  meter: { ...envi, model: 'CC128-v1.48.03', temperature: 'both', unitId: '161A582015AA09B' },
  loads: { ...household, boiler, tap },
  sensors: [
    { measures: 'electricity', number: 0, radioId: 1039, loads: names, impulsesPerUnit: 1000, firstCount: 14_768 },
    { ...house, number: 1, radioId: 1039 },
    { measures: 'gas', number: 2, radioId: 2077, loads: ['boiler'], impulsesPerUnit: 100 },
    { measures: 'water', number: 3, radioId: 3118, loads: ['tap'], impulsesPerUnit: 1000, firstCount: 2 ** 32 - 500 }
  ]
} as const satisfies HousePlan

/** The Classic of the second generation: one clamp, history inside some messages, and ghosts above 3 kW. */
const classic = {
  meter: { family: 'classic', version: '1.06', baud: 9600, historyEvery: 20, ghosts144: true },
  loads: household,
  sensors: [{ ...house, radioId: 12_345, loss: 0.06 }],
  pastDays: 40
} as const satisfies HousePlan

/** The Classic of the first generation: slower, and no history. */
const classicFirst = {
  ...classic,
  meter: { family: 'classic', version: '1.02', baud: 2400, historyEvery: 0, ghosts144: false }
} as const satisfies HousePlan

/** All that a CC128 can have, and all that can go wrong with it. */
const everything = {
  meter: envi,
  loads: { ...household, sun, boiler, tap },
  sensors: [
    { ...house, channels: [[...names, 'sun']], loss: 0.4, dropOutsADay: 1, spikes: 0.0005 },
    { ...plug(1, 1713, 'fridge'), loss: 0.12, dropOutsADay: 0.5, spikes: 0.0005 },
    { ...plug(2, 2840, 'kettle'), loss: 0.18, dropOutsADay: 0.5 },
    { ...plug(3, 1209, 'sun'), loss: 0.25, dropOutsADay: 0.5 },
    { measures: 'gas', number: 7, radioId: 2077, loads: ['boiler'], impulsesPerUnit: 100, loss: 0.06 },
    { measures: 'electricity', number: 8, radioId: 1039, loads: names, impulsesPerUnit: 1000, firstCount: 2 ** 32 - 5_000, loss: 0.06 },
    { ...house, number: 9, radioId: 1039, loss: 0.06 }
  ],
  clockOffMs: -3 * hourMs - 7 * minuteMs,
  pastDays: 100,
  clockSet: { everyMs: 6 * dayMs, byMs: [-4 * hourMs, 4 * hourMs] },
  dumpEveryMs: 2 * dayMs,
  faults: { bitsFlipped: 0.002, cutShort: 0.001, bytesMissing: 0.001, garbage: 0.001, hangUp: 0.0003 }
} as const satisfies HousePlan

export const houses = {
  demo,
  single,
  appliances,
  threePhase,
  oldest,
  american,
  solar,
  counters,
  classic,
  classicFirst,
  everything
} as const satisfies Record<string, HousePlan>
