/** The daemon: wires the parts in the order in which a reading goes through them, starts them, and stops them in good order. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { files } from 'wattslug:page'
import { budgetOf } from './budget.ts'
import type { Config } from './config.ts'
import { Clients } from './io/clients.ts'
import type { Clock } from './io/clock.ts'
import { makeHttpServer } from './io/http.ts'
import { listen, reachableHosts } from './io/listen.ts'
import type { Log } from './io/log.ts'
import { Meters } from './io/meters.ts'
import type { ReaderOwner } from './io/reader.ts'
import type { Source } from './io/source.ts'
import { type DiskStore, openStore } from './io/store.ts'
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
import { Accounts } from './sinks/accounts.ts'
import { Desk } from './sinks/desk.ts'
import { Energy } from './sinks/energy.ts'
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
  log: Log
): Promise<{ stop(): Promise<void> }> {
  const path = storePath(config, sources)
  if (config.sources.some(({ kind }) => kind === 'replay')) await clear(path)
  const { store, failing } = await openToldStore(path, log)

  // Where readings go.
  const broker = await restoreBroker(store, failing, clock)
  const publish = (message: Message): void => broker.publish(message)
  const publisher = new Publisher({ root: config.root, publish, encode })
  const recent = new Recent()
  const accounts = new Accounts(meter => makeEnergy(meter, config, store, publish))
  const desk = new Desk(config.corrections, config.derivations, [publisher, recent, accounts])

  // Where they come from.
  const told: MeterTold[] = []
  const ownerOf = (id: string, { name, simulated }: Source): ReaderOwner => {
    const meter = { id, source: name, simulated }
    told.push(meter)
    accounts.start(id) // before its first reading, for a recording may be over within a tick
    return {
      reading: reading => desk.accept(reading),
      history: placed => accounts.fill(id, placed),
      cycle: report => publisher.history(meter, { summary: describeCycle(report), ...accounts.filled(id) }, clock.wallMs()),
      status: (status, port) => {
        publisher.status({ ...meter, source: port.name }, status, clock.wallMs())
        accounts.save(id)
      }
    }
  }
  const meters = new Meters(sources, store, ownerOf, clock, log)

  // Who is served.
  const budget = budgetOf(limits)
  const clients = new Clients(broker, new Pool(budget.poolSlabs, limits.slabBytes), clock, log)
  const door = makeWebSocketDoor(link => clients.accept(link), config.proxies)
  const http = makeHttpServer(
    files,
    {
      '/settings.json': () => ({ version, root: config.root, nowMs: clock.wallMs(), staleMs: limits.staleMs }),
      '/api/recent': () => ({ nowMs: clock.wallMs(), sensors: recent.sensors() }),
      '/api/meters': () => meters.findings()
    },
    door
  )
  const tcp = makeTcpServer(link => clients.accept(link))
  const status = new Status(publish, encode, () => ({
    version,
    uptime: Math.floor(clock.monotonicMs() / 1_000),
    ...brokerRows(clients),
    ...named('memory/budget/', { ...budget.bytes, sum: budget.heldBytes }),
    ...named('store/', { state: store.state, waiting: store.waitingBytes, refused: store.refusals })
  }))
  await listenBoth()

  publisher.start()
  meters.start()
  const timers = [setInterval(tick, limits.tickMs), setInterval(() => door.ping(), limits.webSocketPingMs)]
  return { stop }

  async function listenBoth(): Promise<void> {
    try {
      const mqttPort = await listen(tcp, config.host, config.mqttPort, 'mqtt-port')
      const httpPort = await listen(http, config.host, config.httpPort, 'http-port')
      log.info(`wattslug ${version} is up; clients and meters can make it hold at most ${(budget.heldBytes / 1e6).toFixed(1)} MB`)
      for (const host of reachableHosts(config.host)) log.info(`page at http://${host}:${httpPort}/ · MQTT at mqtt://${host}:${mqttPort}`)
    } catch (error) {
      tcp.close()
      await store.close()
      throw error
    }
  }

  function tick(): void {
    for (const { id } of told) accounts.start(id)
    clients.tick()
    meters.tick()
    publisher.tick(clock.monotonicMs())
    status.tick(clock.monotonicMs())
    publisher.faults({ ...meters.faults(), ...(desk.spikes > 0 ? { spike: desk.spikes } : {}) })
  }

  async function stop(): Promise<void> {
    for (const timer of timers) clearInterval(timer)
    meters.stop()
    for (const { id } of told) accounts.save(id)
    publisher.stop()
    clients.stop()
    tcp.close()
    http.close()
    http.closeAllConnections()
    await store.close()
  }
}

function makeEnergy(meter: string, config: Config, store: DiskStore, publish: (message: Message) => void): Energy {
  const prefix = meter === '' ? '' : `${meter}/`
  const topicOf = (sensor: number): string => `${config.root}/${prefix}${sensor}`
  const factorOf = (sensor: number): number => config.corrections.get(`${prefix}${sensor}`)?.scale ?? 1
  return new Energy({ store, meter, topicOf, factorOf, publish, encode })
}

/** Opens the store, and tells how it is; `failing` is when it cannot be used. */
async function openToldStore(path: string, log: Log): Promise<{ store: DiskStore; failing: Promise<void> }> {
  let tellFailing: () => void = () => undefined
  const failing = new Promise<void>(resolve => {
    tellFailing = resolve
  })
  const store = await openStore(path, status => {
    log[status.isBad ? 'warning' : 'info'](status.message)
    if (status.state === 'failing') tellFailing()
  })
  return { store, failing }
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
