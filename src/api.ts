/** What the HTTP API answers, shared by the server that makes it and the page that reads it: times in ms since 1970, energy in Wh, money as text. */

/** The lengths of a history's spans; `1d` and `1mo` are the user's days and months, with 23 to 25 hours and 28 to 31 days. */
export type Step = '10s' | '1m' | '15m' | '1h' | '1d' | '1mo'

/** Decimal text in the currency's main unit, such as `12.3456`: never a floating-point number. */
export type Money = string

/** `GET /api/history`: one entry of each list is one span; `null` is what is not known. */
export interface HistoryAnswer {
  /** Place below the root of the topics, such as `0` or `meter2/1`. */
  readonly sensor: string
  /** One clamp of it, or all. */
  readonly channel: 1 | 2 | 3 | null
  readonly zone: string
  readonly step: Step
  readonly nowMs: number
  readonly fromMs: number
  readonly toMs: number
  /** When the sensor was heard first. */
  readonly sinceMs: number | null
  readonly startMs: readonly number[]
  /** Net energy: what was drawn less what was fed in; litres of a gas or water meter. */
  readonly energyWh: readonly (number | null)[]
  /** How much of that was fed in, 0 or more. */
  readonly exportedWh: readonly (number | null)[]
  /** How much of that was filled in from the meter's own history. */
  readonly backfilledWh: readonly (number | null)[]
  /** For how many seconds of the span energy is known, measured or filled in. */
  readonly knownSeconds: readonly number[]
  readonly meanWatts: readonly (number | null)[]
  readonly minWatts: readonly (number | null)[]
  readonly maxWatts: readonly (number | null)[]
  readonly celsius: readonly (number | null)[]
  /** Without standing charge; there when a tariff is set and `cost` was asked for, but not of gas or water. */
  readonly cost?: readonly (Money | null)[]
  readonly currency?: string
}

/** One sensor in `GET /api/now`. */
export interface NowSensor {
  readonly sensor: string
  readonly name: string | null
  readonly kind: 'power' | 'impulses' | 'derived'
  readonly medium: 'electricity' | 'gas' | 'water'
  readonly atMs: number
  /** Whether that is too long ago to be called live. */
  readonly stale: boolean
  readonly watts: number | null
  readonly celsius: number | null
  /** Since the user's midnight; litres of gas or water. */
  readonly todayWh: number | null
  /** How much of that was fed in, 0 or more; `todayWh` has it taken off. */
  readonly todayExportedWh: number | null
  /** What a usual day comes to: mean of the days of the last four weeks that are known; null until there are three. */
  readonly usual: { readonly days: number; readonly byNowWh: number; readonly dayWh: number } | null
}

/** `GET /api/now` */
export interface NowAnswer {
  readonly nowMs: number
  readonly zone: string
  readonly currency: string | null
  /** What the house costs in an hour at this instant; negative while it earns. */
  readonly costPerHour: Money | null
  readonly sensors: readonly NowSensor[]
}

/** What a span of time costs; each line is rounded half up to a millionth, and the total is exactly their sum. */
export interface Bill {
  /** Not before the day on which the sensor was heard first, unless all of the span is. */
  readonly fromMs: number
  readonly toMs: number
  readonly importedWh: number
  readonly exportedWh: number
  /** Time of the span, until now, of which no energy is known. */
  readonly unknownSeconds: number
  readonly bands: readonly { readonly name: string; readonly energyWh: number; readonly pricePerKWh: Money; readonly cost: Money }[]
  /** By the day; for today all of it. */
  readonly standing: Money
  /** What exported energy earned, 0 or more: taken off. */
  readonly earned: Money
  readonly vat: Money
  readonly total: Money
}

/** `GET /api/cost`; a `null` tariff means that none is set, and then nothing else is known of money. */
export interface CostAnswer {
  readonly sensor: string
  readonly zone: string
  readonly nowMs: number
  readonly tariff: TariffTold | null
  /** VAT is in the price of a kWh; a price that holds for more than a week is told to hold for eight days. */
  readonly now: {
    readonly costPerHour: Money | null
    readonly band: string
    readonly pricePerKWh: Money
    readonly exportPerKWh: Money
    readonly untilMs: number
  } | null
  /** So far, each. */
  readonly today: Bill | null
  readonly week: Bill | null
  readonly month: Bill | null
  readonly year: Bill | null
  /** The whole of the one before, each. */
  readonly before: { readonly day: Bill; readonly week: Bill; readonly month: Bill } | null
  /** What this month will come to; `days` is how many known days it rests on. */
  readonly forecast: { readonly month: Money; readonly low: Money; readonly high: Money; readonly days: number } | null
}

/** A price that holds from a day on, in the user's zone. */
export interface PriceChange {
  /** `YYYY-MM-DD` */
  readonly from: string
  /** VAT is not in any price here: it comes on top, in per cent, such as `5`. */
  readonly vatPercent: Money
  readonly standingPerDay: Money
  /** What a kWh fed in earns; VAT does not come on top of it. */
  readonly exportPerKWh: Money
  /** The first that fits holds; the last fits always. */
  readonly bands: readonly PriceBand[]
}

/** A price at some hours of some days of the week. */
export interface PriceBand {
  readonly name: string
  readonly pricePerKWh: Money
  /** `HH:MM`, wall time; a band that ends before it starts goes over midnight. Both missing: all day. */
  readonly start?: string
  readonly end?: string
  /** 1 is Monday; missing: each day. A band over midnight belongs to the day on which it starts. */
  readonly days?: readonly number[]
}

/** `GET` and `PUT /api/tariff` */
export interface TariffTold {
  /** ISO 4217, such as `GBP`. */
  readonly currency: string
  /** Oldest first. */
  readonly changes: readonly PriceChange[]
}

/** What may be set of a sensor. */
export interface SensorChange {
  readonly name?: string
  readonly scale?: number
  readonly temperatureOffset?: number
  readonly spikeFilter?: boolean
  readonly fix144?: boolean
}

/** `PUT /api/sensors/<place>`: fields that are left out stay as they are; `null` goes back to what the settings file says. */
export interface SensorPut {
  readonly name?: string | null
  readonly scale?: number | null
  readonly temperatureOffset?: number | null
  readonly spikeFilter?: boolean | null
  readonly fix144?: boolean | null
}

/** `GET /api/device` */
export interface DeviceAnswer {
  readonly version: string
  readonly nowMs: number
  readonly upSeconds: number
  readonly zone: string
  /** Whether changes need a password. */
  readonly password: boolean
  readonly meters: readonly {
    readonly id: string
    readonly source: string
    readonly state: string
    readonly message: string
    readonly simulated: boolean
  }[]
  readonly sensors: readonly {
    readonly sensor: string
    readonly kind: 'power' | 'impulses' | 'derived'
    readonly model: string | null
    readonly radioId: number | null
    readonly atMs: number
    readonly settings: SensorChange
  }[]
  /** What the doctor would say, worst first. */
  readonly findings: readonly { readonly level: 'good' | 'note' | 'bad'; readonly text: string }[]
  readonly memory: {
    readonly residentBytes: number
    readonly heldBytesMax: number
    readonly pool: { readonly slabs: number; readonly free: number; readonly freeLeast: number; readonly slabBytes: number }
  }
  readonly store: {
    readonly state: string
    readonly diskBytes: number
    readonly diskBytesMax: number
    readonly waitingBytes: number
    readonly message: string
  }
  readonly clients: { readonly connected: number; readonly max: number; readonly sessions: number; readonly retained: number }
  /** Counted since the start, by kind; only what is not 0. */
  readonly faults: Readonly<Record<string, number>>
  /** The last lines of the log, oldest first. */
  readonly log: readonly { readonly atMs: number; readonly level: 'info' | 'warning' | 'error'; readonly text: string }[]
}

/** `GET /health`: its status is 200, or 503 when something needs a person. */
export interface HealthAnswer {
  readonly status: 'good' | 'bad'
  /** What needs a person, in words; empty while all is well. */
  readonly needs: readonly string[]
  /** States of the meters, such as `live`, by their ids; the first one has no name. */
  readonly meters: Readonly<Record<string, string>>
  readonly store: string
  /** `unset` is the clock of a board that starts in 1970 and has not heard from a time server yet. */
  readonly clock: 'set' | 'unset'
}

/** `GET /settings.json`: what the page has to know before anything else. */
export interface SettingsAnswer {
  readonly version: string
  /** First level of every topic. */
  readonly root: string
  readonly nowMs: number
  readonly staleMs: number
  readonly zone: string
}

/** `GET /api/access`: who asks, as its Authorization says, and what that may be and do here. */
export interface AccessAnswer {
  /** `open`: anyone may do anything; `read`: anyone may see readings; `login`: to see them needs a name too. */
  readonly access: 'open' | 'read' | 'login'
  /** The owner's. While there is `none`, `PUT /api/password` sets the first one. */
  readonly password: 'none' | 'set' | 'unusable'
  /** The user's name; null without one, and for the owner `owner`. */
  readonly user: string | null
  readonly may: { readonly see: boolean; readonly change: boolean; readonly publish: boolean }
}

/** `PUT /api/password` */
export interface PasswordPut {
  readonly password: string
}

/** `GET /api/recent`: the last minutes of each sensor's power. */
export interface RecentAnswer {
  readonly nowMs: number
  /** Points are `[ms since 1970, watts]`, oldest first. */
  readonly sensors: readonly { readonly sensor: string; readonly points: readonly (readonly [number, number])[] }[]
}

/** Answer to a change of a sensor: what is in force now. */
export interface SensorAnswer {
  readonly sensor: string
  readonly settings: SensorChange
}

/** `POST /api/restore` */
export interface RestoreAnswer {
  readonly records: number
  /** Whose days they are, if that is another zone than the daemon's. */
  readonly otherZone?: string
}

/** What every answer with a status of 400 or more says. */
export interface ApiFault {
  /** For humans: what is wrong and what is allowed. */
  readonly error: string
  /** The parameter or field. */
  readonly field?: string
}
