/** A simulated meter: a house, its transmitters, the display with its clock and its memory, and a wire that is not always clean. */
import { hourMs, MeterClock } from './clock.ts'
import { cc128Capacities, classicCapacities, HistoryStore, wattMsPerKwh } from './history.ts'
import { House } from './house.ts'
import { activityAt, hourOf, wander } from './loads.ts'
import type { Moment } from './messages.ts'
import { rememberPast } from './past.ts'
import type { HousePlan, ImpulseSensorPlan, PowerSensorPlan } from './plan.ts'
import { Radio } from './radio.ts'
import { Random } from './random.ts'
import { behindMs, burstGapMs, dumpGapMs, Recital } from './recital.ts'
import { type Said, sayImpulses, sayPower } from './speech.ts'
import { type FaultKind, type Meant, Truth } from './truth.ts'
import { carry, lineOf } from './wire.ts'

/** What comes next at the port, and when, in ms since 1970. */
export type SimulatedEvent =
  | {
      readonly kind: 'bytes'
      readonly atMs: number
      readonly bytes: Uint8Array
      /** What the bytes are when nothing has spoilt them, and all that has. */
      readonly meant: Meant
      readonly faults: readonly FaultKind[]
    }
  /** The port goes away, and comes back after so long; what the meter says meanwhile is lost. */
  | { readonly kind: 'hang-up'; readonly atMs: number; readonly awayMs: number }

interface Transmitter {
  readonly plan: PowerSensorPlan | ImpulseSensorPlan
  /** Where it stands in the plan. */
  readonly index: number
  readonly radio: Radio
  /** Where its counter began, and when that was, as energy. */
  firstCount: number
  firstWattMs: number
  /** Energy until the last odd hour. */
  rolledWattMs: number
  spoken: number
}

/** Something that is due at a time, or never. It may answer what comes of it at the port. */
interface Task {
  dueMs: number
  readonly run: (atMs: number) => SimulatedEvent | undefined
}

const never = Number.POSITIVE_INFINITY
const minuteMs = 60_000
/** The transmitters start this far apart, so that life shows at once. */
const firstGapMs = 250
/** How long a cable stays out. */
const awayMs = [1_000, 8_000] as const
/** So near to the full hour a dump has to wait, for a clock that falls behind would strike twice. */
const dumpMarginMs = 120_000
/** A byte takes ten bits on the line. */
const bitsPerByte = 10
const countWidth = 2 ** 32

/** The same plan, seed and start give the same bytes at the same times. Time is simulated: it goes as fast as one asks. */
export class SimulatedMeter {
  readonly truth: Truth
  readonly #plan: HousePlan
  readonly #baud: number
  readonly #house: House
  readonly #store: HistoryStore
  readonly #clock: MeterClock
  readonly #recital: Recital
  readonly #chance: Random
  readonly #wire: Random
  readonly #transmitters: readonly Transmitter[]
  readonly #hour: Task = { dueMs: never, run: atMs => this.#strike(atMs) }
  readonly #page: Task = { dueMs: never, run: atMs => this.#recite(atMs) }
  readonly #dump: Task = { dueMs: never, run: atMs => this.#beginDump(atMs) }
  readonly #setting: Task = { dueMs: never, run: atMs => this.#setByUser(atMs) }
  readonly #tasks: readonly Task[]
  /** What came of the last step besides its bytes. */
  #waiting: SimulatedEvent | undefined
  #nowMs: number
  /** The line is taken, and the port is gone, until then. */
  #busyUntilMs: number
  #awayUntilMs: number
  #warmth = 0
  #isStrayDue = false

  constructor(plan: HousePlan, seed: number, startMs: number) {
    const random = new Random(seed)
    this.#plan = plan
    this.#baud = plan.meter.family === 'cc128' ? 57_600 : plan.meter.baud
    this.#nowMs = this.#busyUntilMs = this.#awayUntilMs = startMs
    this.#house = new House(plan, random.fork(), startMs)
    this.truth = new Truth(plan, this.#house)
    this.#chance = random.fork()
    this.#wire = random.fork()
    this.#clock = new MeterClock((plan.zoneMs ?? 0) + (plan.clockOffMs ?? 0), plan.pastDays ?? 0)
    this.#store = new HistoryStore(plan.meter.family === 'cc128' ? cc128Capacities : classicCapacities, plan.sensors.length)
    rememberPast(this.#store, plan, this.#clock, random.fork(), startMs)
    this.#recital = new Recital(plan, this.#store)
    this.#transmitters = plan.sensors.map((sensor, index) => ({
      plan: sensor,
      index,
      radio: new Radio(random.fork(), startMs, sensor.loss ?? 0, sensor.dropOutsADay ?? 0),
      firstCount: sensor.measures === 'watts' ? 0 : (sensor.firstCount ?? 0),
      firstWattMs: 0,
      rolledWattMs: 0,
      spoken: 0
    }))
    this.#tasks = [this.#hour, this.#page, this.#dump, this.#setting, ...this.#transmitters.map(each => this.#makeSpeaker(each, startMs))]
    this.#hour.dueMs = this.#clock.nextHourMs(startMs)
    this.#dump.dueMs = startMs + this.#waitMs(plan.dumpEveryMs)
    this.#setting.dueMs = startMs + this.#waitMs(plan.clockSet?.everyMs)
  }

  /** What comes next at the port, at `nowMs` or after it: what was due before that was said to nobody. */
  next(nowMs = Number.NEGATIVE_INFINITY): SimulatedEvent {
    for (;;) {
      const event = this.#waiting ?? this.#step()
      this.#waiting = event === this.#waiting ? undefined : this.#waiting
      if (event !== undefined && event.atMs >= nowMs) return event
    }
  }

  /** How far the meter's clock is ahead of the host's (UTC). */
  get clockAheadMs(): number {
    return this.#clock.aheadMs
  }

  /** The user sets the meter's clock, so far ahead of what it shows. */
  setClock(byMs: number): void {
    this.#clock.set(byMs)
    this.#hour.dueMs = this.#clock.nextHourMs(this.#nowMs)
    this.truth.blame({ kind: 'clock-set', atMs: this.#nowMs, ms: byMs })
  }

  /** The user asks for all of the history; it comes as soon as the full hour is far enough away. */
  askForHistory(): void {
    this.#dump.dueMs = this.#nowMs
  }

  /** A counter is paired again, and begins at 0. */
  pairAnew(sensor: number): void {
    for (const transmitter of this.#transmitters) {
      if (transmitter.plan.number !== sensor) continue
      transmitter.firstCount = 0
      transmitter.firstWattMs = this.#house.energyWattMs(transmitter.index)
      this.truth.blame({ kind: 'paired-anew', atMs: this.#nowMs, sensor })
    }
  }

  #step(): SimulatedEvent | undefined {
    let task = this.#hour
    for (const other of this.#tasks) if (other.dueMs < task.dueMs) task = other
    this.#nowMs = task.dueMs
    this.#house.advance(this.#nowMs)
    return task.run(this.#nowMs)
  }

  #makeSpeaker(transmitter: Transmitter, startMs: number): Task {
    const task: Task = {
      dueMs: startMs + transmitter.index * firstGapMs,
      run: atMs => {
        task.dueMs = atMs + transmitter.radio.waitMs()
        return this.#hear(transmitter, atMs)
      }
    }
    return task
  }

  /** The meter's clock shows a full hour. */
  #strike(atMs: number): undefined {
    this.#hour.dueMs = atMs + hourMs
    const hour = this.#clock.hour(atMs)
    if (hour === 0) this.#clock.countMidnight()
    if (hour % 2 === 0) return
    const energies = this.#transmitters.map(transmitter => {
      const beforeWattMs = transmitter.rolledWattMs
      transmitter.rolledWattMs = this.#house.energyWattMs(transmitter.index)
      return transmitter.rolledWattMs - beforeWattMs
    })
    this.#store.roll(hour, energies)
    if (this.#recital.begin('burst')) this.#page.dueMs = atMs + minuteMs
  }

  /** The next page of a burst or of a dump. */
  #recite(atMs: number): SimulatedEvent | undefined {
    const { kind } = this.#recital
    const meant = this.#recital.next(this.#moment(atMs))
    if (meant === undefined) {
      this.#page.dueMs = never
      this.#recital.end()
      if (kind === 'dump') this.#endDump(atMs)
      return undefined
    }
    const event = this.#send({ meant, text: meant.text, faults: [] }, atMs)
    this.#page.dueMs = kind === 'burst' ? atMs + burstGapMs : Math.max(atMs, this.#busyUntilMs) + dumpGapMs
    return event
  }

  #beginDump(atMs: number): undefined {
    const toHourMs = this.#hour.dueMs - atMs
    const isNearHour = toHourMs < dumpMarginMs || toHourMs > hourMs - dumpMarginMs
    this.#dump.dueMs = isNearHour ? atMs + dumpMarginMs : atMs + this.#waitMs(this.#plan.dumpEveryMs)
    if (isNearHour || !this.#recital.begin('dump')) return
    this.#clock.stop(atMs)
    this.#page.dueMs = atMs
  }

  /** The clock goes on, and has lost more time than the dump took. */
  #endDump(atMs: number): void {
    const lostMs = this.#chance.whole(...behindMs)
    this.#clock.go()
    this.#clock.set(-lostMs)
    this.#hour.dueMs += lostMs
    this.#isStrayDue = true
    this.truth.blame({ kind: 'clock-behind', atMs, ms: -lostMs })
  }

  #setByUser(atMs: number): undefined {
    const { clockSet } = this.#plan
    this.#setting.dueMs = atMs + this.#waitMs(clockSet?.everyMs)
    if (clockSet !== undefined) this.setClock(Math.round(this.#chance.between(clockSet.byMs) / minuteMs) * minuteMs)
  }

  /** A transmitter speaks; the display says what it hears. */
  #hear(transmitter: Transmitter, atMs: number): SimulatedEvent | undefined {
    const { plan, radio } = transmitter
    const reception = radio.receive(atMs)
    if (typeof reception === 'object') this.truth.blame({ kind: 'drop-out', atMs, sensor: plan.number, ms: reception.untilMs - atMs })
    if (reception === 'lost') return this.truth.lose(plan.number, 'radio')
    if (reception !== 'heard') return this.truth.lose(plan.number, 'drop-out')
    if (this.#recital.kind === 'dump') return this.truth.lose(plan.number, 'dump')
    if (atMs < this.#awayUntilMs) return this.truth.lose(plan.number, 'hung-up')
    this.#warmth = wander(this.#warmth, this.#chance)
    const said = this.#say(transmitter, this.#moment(atMs))
    transmitter.spoken += 1
    return this.#send(said, atMs)
  }

  #say({ plan, index, firstCount, firstWattMs, rolledWattMs, spoken }: Transmitter, moment: Moment): Said {
    const energyWattMs = this.#house.energyWattMs(index)
    if (plan.measures === 'watts') {
      const openKwh = (energyWattMs - rolledWattMs) / wattMsPerKwh
      return sayPower(this.#plan, plan, moment, this.#house.watts(index), { store: this.#store, openKwh, spoken }, this.#chance)
    }
    const units = (energyWattMs - firstWattMs) / wattMsPerKwh
    return sayImpulses(this.#plan, plan, moment, (firstCount + Math.floor(units * plan.impulsesPerUnit)) % countWidth)
  }

  /** Sends a message as soon as the line is free; while the port is gone nobody gets it. */
  #send({ meant, text, faults }: Said, dueMs: number): SimulatedEvent | undefined {
    const atMs = Math.max(dueMs, this.#busyUntilMs)
    const isStray = this.#isStrayDue && meant.kind !== 'history'
    const line = lineOf(text, isStray)
    this.#busyUntilMs = atMs + Math.ceil((line.length * bitsPerByte * 1000) / this.#baud)
    if (dueMs < this.#awayUntilMs) return undefined
    if (isStray) this.#isStrayDue = false
    const { bytes, fault } = carry(line, this.#plan.faults ?? {}, this.#wire)
    const all: readonly FaultKind[] = [...faults, ...(isStray ? (['stray-byte'] as const) : []), ...(fault === undefined ? [] : [fault])]
    let ms: number | undefined
    if (fault === 'hang-up') {
      ms = this.#wire.whole(...awayMs)
      this.#awayUntilMs = atMs + ms
      this.#waiting = { kind: 'hang-up', atMs, awayMs: ms }
    }
    for (const kind of all) this.truth.blame({ kind, atMs, meant, ...(kind === 'hang-up' && ms !== undefined ? { ms } : {}) })
    return { kind: 'bytes', atMs, bytes, meant, faults: all }
  }

  #moment(atMs: number): Moment {
    const hour = hourOf(atMs + (this.#plan.zoneMs ?? 0))
    return { clock: this.#clock, atMs, celsius: 20 + 1.5 * activityAt(hour) + 0.8 * this.#warmth }
  }

  /** How long until something that happens so often happens next. */
  #waitMs(everyMs: number | undefined): number {
    return everyMs === undefined ? never : Math.round(this.#chance.between([0.5, 1.5]) * everyMs)
  }
}
