/** Where readings go: the desk, what it offers them to, and what may be changed of that while it runs. */
import type { RestoreAnswer } from './api.ts'
import { Calendar } from './calendar.ts'
import type { Config } from './config.ts'
import type { Changes } from './io/api.ts'
import type { Body } from './io/body.ts'
import { Books } from './io/books.ts'
import type { Clock } from './io/clock.ts'
import { Corrections } from './io/corrections.ts'
import type { Log } from './io/log.ts'
import type { ReaderOwner } from './io/reader.ts'
import { Restorer } from './io/restore.ts'
import { Resumption } from './io/resume.ts'
import type { Source } from './io/source.ts'
import { Tariffs } from './io/tariffs.ts'
import { goBy } from './io/zone.ts'
import { encode, type Keeping } from './keeping.ts'
import { describeCycle } from './meters/cycle.ts'
import type { Message } from './mqtt/packet.ts'
import type { Part } from './reload.ts'
import { Desk } from './sinks/desk.ts'
import { Latest } from './sinks/latest.ts'
import { type MeterTold, Publisher } from './sinks/publish.ts'
import { Recent } from './sinks/recent.ts'

/** The parts behind the meters. */
export interface Rooms extends Changes {
  readonly calendar: Calendar
  readonly publish: (message: Message) => void
  readonly publisher: Publisher
  readonly recent: Recent
  readonly latest: Latest
  readonly books: Books
  readonly desk: Desk
  readonly corrections: Corrections
  /** Takes what another configuration says of sensors and prices. */
  readonly reload: Part
  /** To be called each second or so. */
  readonly tick: () => void
}

/** Furnishes the rooms, with the books open if the store can be read. */
export async function furnish(config: Config, { broker, store, path }: Keeping, clock: Clock, log: Log): Promise<Rooms> {
  const { root, derivations } = config
  const calendar = new Calendar(config.zone, goBy(config.zone))
  const publish = (message: Message): void => broker.publish(message)
  const publisher = new Publisher({ root, publish, encode })
  const recent = new Recent()
  const latest = new Latest(() => clock.monotonicMs())
  const corrections = new Corrections(config.corrections, store)
  const tariffs = new Tariffs(store, calendar, config.tariff)
  const books = new Books({ store, calendar, root, scaleOf: place => corrections.of(place).scale ?? 1, publish, encode })
  const desk = new Desk(config.corrections, derivations, [publisher, recent, latest, books])
  const corrected = (place: string): void => desk.correct(place, corrections.of(place))
  const open = (): void => {
    corrections.load(corrected)
    tariffs.load()
    books.open()
  }
  const reload: Part = next => () => {
    corrections.takeFile(next.corrections, corrected)
    desk.derive(next.derivations)
    tariffs.takeFile(next.tariff)
  }
  const restorer = new Restorer(store, path)
  const resumption = new Resumption(store, restorer, { zone: calendar.zone, close: () => books.close(), open }, clock, log)
  const restore = (body: Body): Promise<RestoreAnswer> => resumption.restore(body)
  const tick = (): void => {
    void resumption.tick()
    books.tick()
  }
  const resumed = resumption.tick()
  if (!restorer.isDue) await resumed // the rest of a restore may take longer than a supervisor waits for the start
  return { calendar, publish, publisher, recent, latest, books, desk, corrections, tariffs, corrected, restore, reload, tick }
}

/** Whom a meter tells. */
export function makeOwner(
  id: string,
  { name, simulated }: Source,
  { desk, books, publisher }: Rooms,
  told: MeterTold[],
  clock: Clock
): ReaderOwner {
  const meter = { id, source: name, simulated }
  told.push(meter)
  books.start(id) // before its first reading, for a recording may be over within a tick
  return {
    reading: reading => desk.accept(reading),
    history: placed => books.fill(id, placed),
    cycle: report => publisher.history(meter, { summary: describeCycle(report), ...books.filled(id) }, clock.wallMs()),
    status: (status, port) => {
      publisher.status({ ...meter, source: port.name }, status, clock.wallMs())
      books.save()
    }
  }
}
