/** All that is accounted for of energy: kept in the store, and put aside while a restore changes what is in there. */
import type { Calendar } from '../calendar.ts'
import type { Store } from '../memory/store.ts'
import type { PlacedValue } from '../meters/placement.ts'
import type { Message } from '../mqtt/packet.ts'
import type { Report } from '../reading.ts'
import { Accounts, type Filled } from '../sinks/accounts.ts'
import { Archive } from '../sinks/archive.ts'
import { DerivedHistory } from '../sinks/derived.ts'
import { Energy } from '../sinks/energy.ts'
import type { Sink } from '../sinks/sink.ts'
import { Refusal } from './reply.ts'

/** What the books have to know of the world. */
export interface BooksOptions {
  readonly store: Store
  readonly calendar: Calendar
  /** First levels of every topic. */
  readonly root: string
  /** By how much the readings of a sensor are scaled now, by its place. */
  readonly scaleOf: (place: string) => number
  readonly publish: (message: Message) => void
  readonly encode: (text: string) => Uint8Array
}

/** What a counter has counted of gas or water. */
interface Volume {
  readonly medium: 'gas' | 'water'
  readonly cubicMetres: number
}

interface Opened {
  readonly accounts: Accounts
  readonly derived: DerivedHistory
  readonly archive: Archive
}

/** The books; while they are closed, readings pass them by, and nothing is filled. */
export class Books implements Sink {
  readonly #options: BooksOptions
  readonly #totalsWh = new Map<string, number>()
  readonly #volumes = new Map<string, Volume>()
  /** Meters that were started. */
  readonly #meters = new Set<string>()
  #opened: Opened | undefined

  constructor(options: BooksOptions) {
    this.#options = options
  }

  /** Goes on from what is in the store. */
  open(): void {
    this.#totalsWh.clear()
    this.#volumes.clear()
    const accounts = new Accounts(meter => this.#openEnergy(meter))
    const derived = new DerivedHistory(this.#options.store, this.#options.calendar)
    this.#opened = { accounts, derived, archive: new Archive(accounts, derived) }
    this.tick()
  }

  /** Lets go of all that is not saved. */
  close(): void {
    this.#opened = undefined
  }

  /** All energy of each sensor in Wh, by place, as it is stored: it never goes down. */
  get totalsWh(): ReadonlyMap<string, number> {
    return this.#totalsWh
  }

  /** What each counter of gas or water has counted in all, by place, likewise. */
  get volumes(): ReadonlyMap<string, Volume> {
    return this.#volumes
  }

  /** @throws Refusal while they are closed */
  get archive(): Archive {
    if (!this.#opened) throw new Refusal(503, 'a restore is under way', undefined, { 'Retry-After': '5' })
    return this.#opened.archive
  }

  accept(report: Report): void {
    this.#opened?.accounts.accept(report)
    this.#opened?.derived.accept(report)
  }

  forget(place: string): void {
    this.#opened?.derived.forget(place)
  }

  /** There is a meter: its account is opened as soon as the store can be read. */
  start(meter: string): void {
    this.#meters.add(meter)
    this.tick()
  }

  /** To be called each second or so. */
  tick(): void {
    for (const meter of this.#meters) this.#opened?.accounts.start(meter)
  }

  /** Fills gaps from a page of a meter's history. */
  fill(meter: string, values: readonly PlacedValue[]): void {
    this.#opened?.accounts.fill(meter, values)
  }

  /** Tells what was filled since it was asked last. */
  filled(meter: string): Filled {
    return this.#opened?.accounts.filled(meter) ?? { filledWh: {}, notFilled: {} }
  }

  /** Puts all energy into the store now: when a meter's state changes, for nothing may come after that, and at the end. */
  save(): void {
    for (const meter of this.#meters) this.#opened?.accounts.save(meter)
    this.#opened?.derived.save()
  }

  #openEnergy(meter: string): Energy {
    const { root, scaleOf, publish, ...options } = this.#options
    const placeOf = (sensor: number): string => (meter === '' ? String(sensor) : `${meter}/${sensor}`)
    return new Energy({
      ...options,
      meter,
      topicOf: sensor => `${root}/${placeOf(sensor)}`,
      factorOf: sensor => scaleOf(placeOf(sensor)),
      publish: message => {
        this.#listen(message)
        publish(message)
      }
    })
  }

  /** What is published of energy is stored, and is what the metrics tell. */
  #listen({ topic, payload }: Message): void {
    const [, place = '', state] = /^(.*)\/energy(\/state)?$/.exec(topic.slice(this.#options.root.length + 1)) ?? []
    const told: unknown = JSON.parse(Buffer.from(payload).toString())
    if (state === undefined) this.#totalsWh.set(place, Number(told) * 1_000)
    else if (isVolume(told)) this.#volumes.set(place, { medium: told.medium, cubicMetres: told.totalUnits })
  }
}

/** Whether the state of a sensor's energy is that of a counter of gas or water. */
function isVolume(state: unknown): state is { readonly medium: Volume['medium']; readonly totalUnits: number } {
  return (state as { readonly unit?: string }).unit === 'm3'
}
