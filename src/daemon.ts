/** The daemon: wires the parts in the order in which a reading goes through them, starts them, and stops them in good order. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { files } from 'wattslug:page'
import { schemas } from 'wattslug:schemas'
import { budgetOf } from './budget.ts'
import { Calendar } from './calendar.ts'
import type { Config } from './config.ts'
import { type Changes, makeEndpoints } from './io/api.ts'
import type { Body } from './io/body.ts'
import { Books } from './io/books.ts'
import { Clients } from './io/clients.ts'
import type { Clock } from './io/clock.ts'
import { Corrections } from './io/corrections.ts'
import { Guard } from './io/guard.ts'
import { makeHttpServer } from './io/http.ts'
import { listen, listenOn, reachableHosts } from './io/listen.ts'
import type { Log, LogTail } from './io/log.ts'
import { Meters } from './io/meters.ts'
import type { Parts } from './io/parts.ts'
import { readPassword } from './io/password.ts'
import type { ReaderOwner } from './io/reader.ts'
import type { Request } from './io/request.ts'
import { Restorer } from './io/restore.ts'
import { Resumption } from './io/resume.ts'
import type { Source } from './io/source.ts'
import { type DiskStore, openStore, type StoreStatus } from './io/store.ts'
import type { System } from './io/systemd.ts'
import { Tariffs } from './io/tariffs.ts'
import { makeTcpServer } from './io/tcp.ts'
import { makeWebSocketDoor } from './io/websocket.ts'
import { limits } from './limits.ts'
import { Counters } from './memory/counters.ts'
import { Pool } from './memory/pool.ts'
import { describeCycle } from './meters/cycle.ts'
import { Broker } from './mqtt/broker.ts'
import { brokerCounters } from './mqtt/household.ts'
import { Keeper } from './mqtt/keeper.ts'
import type { Message } from './mqtt/packet.ts'
import { Desk } from './sinks/desk.ts'
import { Latest } from './sinks/latest.ts'
import { type MeterTold, Publisher } from './sinks/publish.ts'
import { Recent } from './sinks/recent.ts'
import { type Rows, Status } from './sinks/status.ts'

const encode = (text: string): Uint8Array => Buffer.from(text)
const decode = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()

/**
 * Runs until `stop` is called on what it returns.
 * @param sources where the meters are; none to find them
 * @throws ListenError when a port cannot be had, Error when the store is held by another daemon
 */
export async function startDaemon(
  config: Config,
  sources: readonly Source[],
  version: string,
  clock: Clock,
  log: Log,
  tail: LogTail,
  system: System
): Promise<{ stop(): Promise<void> }> {
  const path = storePath(config, sources)
  if (config.sources.some(({ kind }) => kind === 'replay')) await clear(path)
  const { store, failing, storeStatus } = await openToldStore(path, log)
  const broker = await restoreBroker(store, failing, clock)
  const budget = budgetOf(limits)
  const clients = new Clients(broker, new Pool(budget.poolSlabs, limits.slabBytes), clock, log)
  const rooms = await furnish(config, broker, store, new Restorer(store, path), clock, log)
  const { publisher, books, desk, calendar, latest, recent, corrections, tariffs } = rooms

  // Where readings come from.
  const told: MeterTold[] = []
  const meters = new Meters(sources, store, (id, source) => makeOwner(id, source, rooms, told, clock), clock, log)
  const faults = (): Record<string, number> => ({ ...meters.faults(), ...(desk.spikes > 0 ? { spike: desk.spikes } : {}) })

  // Who is served.
  const parts: Parts = {
    ...{ version, root: config.root, clock, calendar, latest, recent, books, clients, store, storeStatus, path, corrections, tail, told },
    ...{ faults, heldBytes: budget.heldBytes },
    findings: () => meters.findings(),
    password: () => readPassword(config.state),
    prices: () => tariffs.prices
  }
  const guard = new Guard({ password: parts.password, proxies: config.proxies, clock })
  const api = {
    endpoints: makeEndpoints(parts, rooms, schemas),
    admit: (request: Request, peer: string) => guard.admit(request, peer),
    failed: (error: Error) => log.warnSeldom(`a request failed: ${error.message}`, error.message)
  }
  const door = makeWebSocketDoor(link => clients.accept(link), config.proxies)
  const http = makeHttpServer(files, api, door)
  const tcp = makeTcpServer(link => clients.accept(link))
  const status = new Status(rooms.publish, encode, () => ({
    version,
    uptime: Math.floor(clock.monotonicMs() / 1_000),
    ...brokerRows(clients),
    ...named('memory/budget/', { ...budget.bytes, sum: budget.heldBytes }),
    ...named('store/', { state: store.state, waiting: store.waitingBytes, refused: store.refusals })
  }))
  const [mqttPort, httpPort] = await listenBoth(config, tcp, http, store, system.pageDescriptor)
  log.info(`wattslug ${version} is up; clients and meters can make it hold at most ${(budget.heldBytes / 1e6).toFixed(1)} MB`)
  const colonPort = httpPort === 80 ? '' : `:${httpPort}`
  for (const host of reachableHosts(config.host)) log.info(`page at http://${host}${colonPort}/ · MQTT at mqtt://${host}:${mqttPort}`)

  publisher.start()
  meters.start()
  const { supervisor } = system
  const timers = [
    setInterval(tick, limits.tickMs),
    setInterval(() => door.ping(), limits.webSocketPingMs),
    setInterval(() => supervisor.status(`${latest.describe()}; ${clients.broker.clients} clients`), limits.statusMs)
  ]
  if (supervisor.aliveMs > 0) timers.push(setInterval(() => supervisor.alive(), supervisor.aliveMs))
  supervisor.ready()
  return { stop }

  function tick(): void {
    rooms.tick()
    clients.tick()
    meters.tick()
    publisher.tick(clock.monotonicMs())
    status.tick(clock.monotonicMs())
    publisher.faults(faults())
  }

  async function stop(): Promise<void> {
    supervisor.stopping()
    for (const timer of timers) clearInterval(timer)
    meters.stop()
    books.save()
    publisher.stop()
    clients.stop()
    tcp.close()
    http.close()
    http.closeAllConnections()
    await store.close()
  }
}

/** Where readings go, and what may be changed of that while it runs. */
interface Rooms extends Changes {
  readonly calendar: Calendar
  readonly publish: (message: Message) => void
  readonly publisher: Publisher
  readonly recent: Recent
  readonly latest: Latest
  readonly books: Books
  readonly desk: Desk
  readonly corrections: Corrections
  /** To be called each second or so. */
  readonly tick: () => void
}

async function furnish(config: Config, broker: Broker, store: DiskStore, restorer: Restorer, clock: Clock, log: Log): Promise<Rooms> {
  const { root, derivations } = config
  const calendar = new Calendar(config.zone)
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
  const resumption = new Resumption(store, restorer, { close: () => books.close(), open }, clock, log)
  const restore = (body: Body): Promise<number> => resumption.restore(body)
  const tick = (): void => {
    void resumption.tick()
    books.tick()
  }
  await resumption.tick()
  return { calendar, publish, publisher, recent, latest, books, desk, corrections, tariffs, corrected, restore, tick }
}

/** Whom a meter tells. */
function makeOwner(
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

/** @throws ListenError */
async function listenBoth(
  { host, mqttPort, httpPort }: Config,
  tcp: Server,
  http: Server,
  store: DiskStore,
  pageDescriptor: number | undefined
): Promise<readonly [number, number]> {
  try {
    const mqttAt = await listen(tcp, host, mqttPort, 'mqtt-port')
    return [mqttAt, await (pageDescriptor === undefined ? listen(http, host, httpPort, 'http-port') : listenOn(http, pageDescriptor))]
  } catch (error) {
    tcp.close()
    await store.close()
    throw error
  }
}

/** Opens the store, and tells how it is; `failing` is when it cannot be used. */
async function openToldStore(
  path: string,
  log: Log
): Promise<{ store: DiskStore; failing: Promise<void>; storeStatus: () => StoreStatus }> {
  let last: StoreStatus = { state: 'failing', isBad: false, message: '' }
  let tellFailing: () => void = () => undefined
  const failing = new Promise<void>(resolve => {
    tellFailing = resolve
  })
  const store = await openStore(path, status => {
    last = status
    log[status.isBad ? 'warning' : 'info'](status.message)
    if (status.state === 'failing') tellFailing()
  })
  return { store, failing, storeStatus: () => last }
}

/** Makes a broker that knows what an earlier run kept; if that cannot be read now, it takes it back as soon as it can. */
async function restoreBroker(store: DiskStore, failing: Promise<void>, clock: Clock): Promise<Broker> {
  const keeper = new Keeper(store, { encode, decode }, clock)
  const randomId = (): string => `wattslug-${randomBytes(9).toString('hex')}`
  const broker = new Broker(new Counters(brokerCounters), keeper, () => clock.monotonicMs(), randomId)
  const restored = new Promise<void>(resolve => {
    keeper.load(kept => {
      broker.restore(kept)
      resolve()
    })
  })
  await Promise.race([restored, failing])
  return broker
}

/** What `$SYS/broker` tells of the broker. */
function brokerRows({ broker, counters, pool }: Clients): Rows {
  return {
    'clients/connected': broker.clients,
    sessions: broker.sessions,
    'retained/count': broker.retained.count,
    'retained/bytes': broker.retained.bytes,
    ...named('pool/', { slabs: pool.count, free: pool.free, 'free-least': pool.lowest, refused: pool.refusals }),
    ...named('count/', broker.counters.all()),
    ...named('restore/', broker.keeper.dropped.all()),
    ...named('faults/', counters.all())
  }
}

function named(prefix: string, rows: Rows): Rows {
  return Object.fromEntries(Object.entries(rows).map(([name, value]) => [prefix + name, value]))
}

/** What is simulated or played back has a store of its own: it must not be added to what was measured. */
function storePath(config: Config, sources: readonly Source[]): string {
  const kind = config.sources.some(source => source.kind === 'replay')
    ? 'replay'
    : sources.some(source => source.simulated)
      ? 'demo'
      : 'store'
  return join(config.state, kind)
}

/** A recording begins anew each time. @throws Error when another daemon plays one */
async function clear(path: string): Promise<void> {
  const old = await openStore(path, () => undefined)
  await old.close()
  rmSync(path, { recursive: true, force: true })
}
