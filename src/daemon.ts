/** The daemon: puts the parts together in the order in which a reading goes through them, starts them, and stops them in good order. */
import { budgetOf } from './budget.ts'
import type { Config } from './config.ts'
import { makeDoors, type Ports } from './doors.ts'
import { Clients } from './io/clients.ts'
import type { Clock } from './io/clock.ts'
import { Doorkeeper } from './io/doorkeeper.ts'
import { reachableHosts } from './io/listen.ts'
import type { Log, LogTail } from './io/log.ts'
import { Meters } from './io/meters.ts'
import type { Parts } from './io/parts.ts'
import { type PasswordState, readPassword } from './io/password.ts'
import type { Source } from './io/source.ts'
import type { System } from './io/systemd.ts'
import { encode, openKeeping } from './keeping.ts'
import { limits } from './limits.ts'
import { Pool } from './memory/pool.ts'
import { readNumbers } from './numbers.ts'
import { describeCount } from './operating/amounts.ts'
import { makeReloader } from './reload.ts'
import { furnish, makeOwner } from './rooms.ts'
import type { MeterTold } from './sinks/publish.ts'
import { Status } from './sinks/status.ts'

/** A daemon that runs. */
export interface Daemon {
  /** Takes another configuration; `read` throws what is wrong with it. */
  reload(read: () => Config): void
  stop(): Promise<void>
}

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
): Promise<Daemon> {
  // What is kept, and where readings go.
  const password = (): PasswordState => readPassword(config.state)
  const doorkeeper = new Doorkeeper({ password, clock, log })
  doorkeeper.prepare(config)()
  const keeping = await openKeeping(config, sources, doorkeeper, clock, log)
  const { path, store, storeStatus, broker } = keeping
  const budget = budgetOf(limits)
  const clients = new Clients(broker, new Pool(budget.poolSlabs, limits.slabBytes), clock, log)
  const rooms = await furnish(config, keeping, clock, log)
  const { publisher, books, desk, calendar, latest, recent, corrections, tariffs } = rooms

  // Where readings come from.
  const told: MeterTold[] = []
  const meters = new Meters(sources, store, (id, source) => makeOwner(id, source, rooms, told, clock), clock, log)
  const faults = (): Record<string, number> => ({ ...meters.faults(), ...(desk.spikes > 0 ? { spike: desk.spikes } : {}) })

  // Who is served.
  const parts: Parts = {
    ...{ version, root: config.root, clock, calendar, latest, recent, books, clients, store, storeStatus, path, corrections, tail, told },
    ...{ faults, heldBytes: budget.heldBytes, doorkeeper, password, state: config.state },
    findings: () => meters.findings(calendar),
    certificate: () => doors.certificate(),
    refusals: () => doors.refusals(),
    prices: () => tariffs.prices
  }
  const doors = makeDoors(config, parts, rooms, log, system.pageDescriptors)
  const status = new Status(rooms.publish, encode, () => ({
    ...{ version, uptime: Math.floor(clock.monotonicMs() / 1_000) },
    ...readNumbers(clients, doors.refusals(), store, budget)
  }))
  const ports = await openDoors()
  log.info(`wattslug ${version} is up; clients and meters can make it hold at most ${(budget.heldBytes / 1e6).toFixed(1)} MB`)
  tellPorts(config.host, ports, log)

  publisher.start()
  meters.start()
  const { supervisor } = system
  const timers = [
    setInterval(tick, limits.tickMs),
    setInterval(() => doors.ping(), limits.webSocketPingMs),
    setInterval(() => void doors.renew(), limits.certificateLookMs),
    setInterval(() => broker.review(), limits.passwordLookMs),
    setInterval(() => supervisor.status(`${latest.describe()}; ${describeCount(broker.clients, 'client')}`), limits.statusMs)
  ]
  if (supervisor.aliveMs > 0) timers.push(setInterval(() => supervisor.alive(), supervisor.aliveMs))
  supervisor.ready()
  return { stop, reload: makeReloader(config, [rooms.reload, doors.reload, next => () => void doors.renew(next.tls)], supervisor, log) }

  async function openDoors(): Promise<Ports> {
    try {
      return await doors.open()
    } catch (error) {
      await store.close()
      throw error
    }
  }

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
    doors.close()
    await store.close()
  }
}

function tellPorts(host: string, { mqtt, http, secure }: Ports, log: Log): void {
  const after = (port: number, usual: number): string => (port === usual ? '' : `:${port}`)
  for (const name of reachableHosts(host)) {
    log.info(`page at http://${name}${after(http, 80)}/ · MQTT at mqtt://${name}:${mqtt}`)
    if (secure) log.info(`with TLS: page at https://${name}${after(secure.http, 443)}/ · MQTT at mqtts://${name}:${secure.mqtt}`)
  }
}
