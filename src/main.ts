/** The daemon: wires the parts in the order in which a reading goes through them, starts them, and stops them on a signal. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Server } from 'node:net'
import { files } from 'wattslug:page'
import { type Config, ConfigError, helpText, readCommand, type SourceSetting } from './config.ts'
import { Clients } from './io/clients.ts'
import { systemClock } from './io/clock.ts'
import { makeDemoSource } from './io/demo.ts'
import { makeHttpServer } from './io/http.ts'
import { listen, reachableHosts } from './io/listen.ts'
import { type Log, makeLog } from './io/log.ts'
import { makeRemoteSource } from './io/remote.ts'
import { makeSerialSource } from './io/serial.ts'
import { Reader, type Source } from './io/source.ts'
import { makeTcpServer } from './io/tcp.ts'
import { makeWebSocketDoor } from './io/websocket.ts'
import { budgetBytes, limits, poolSlabs } from './limits.ts'
import { Counters } from './memory/counters.ts'
import { Pool } from './memory/pool.ts'
import { Broker, brokerCounters } from './mqtt/broker.ts'
import { Publisher } from './sinks/publish.ts'
import { Recent } from './sinks/recent.ts'
import type { Sink } from './sinks/sink.ts'

const version = typeof __WATTSLUG_VERSION__ === 'string' ? __WATTSLUG_VERSION__ : 'unbuilt'

/** Exit codes: 0 stopped in good order, 1 could not go on, 2 wrong settings. */
async function main(): Promise<void> {
  const log = makeLog(line => process.stderr.write(line), process.env['JOURNAL_STREAM'] !== undefined, systemClock.wallMs)
  try {
    const command = readCommand(process.argv.slice(2), process.env)
    if (command.name === 'help') process.stdout.write(helpText())
    else if (command.name === 'version') process.stdout.write(`wattslug ${version}\n`)
    else await run(command.config, log)
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`wattslug: ${error.message}\n`)
    else log.error(error instanceof Error ? error.message : String(error))
    process.exitCode = error instanceof ConfigError ? 2 : 1
  }
}

async function run(config: Config, log: Log): Promise<void> {
  const clock = systemClock
  const source = makeSource(config.source, config.baud)

  // Where readings go.
  const broker = new Broker(new Counters(brokerCounters), () => `wattslug-${randomBytes(9).toString('hex')}`)
  const publisher = new Publisher({
    root: config.root,
    source: source.name,
    simulated: source.simulated,
    publish: message => broker.publish(message),
    encode: text => Buffer.from(text)
  })
  const recent = new Recent()
  const sinks: readonly Sink[] = [publisher, recent]

  // Where they come from.
  const reader = new Reader(
    source,
    {
      reading: reading => {
        for (const sink of sinks) sink.accept(reading)
      },
      status: status => publisher.status(status, clock.wallMs())
    },
    clock,
    log
  )

  // Who is served.
  const clients = new Clients(broker, new Pool(poolSlabs, limits.slabBytes), clock, log)
  const door = makeWebSocketDoor(link => clients.accept(link))
  const settings = (): unknown => ({ version, root: config.root, nowMs: clock.wallMs(), staleMs: limits.staleMs })
  const recentPoints = (): unknown => ({ nowMs: clock.wallMs(), sensors: recent.sensors() })
  const http = makeHttpServer(files, { '/settings.json': settings, '/api/recent': recentPoints }, door)
  const tcp = makeTcpServer(link => clients.accept(link))
  const servers: readonly Server[] = [tcp, http]

  const mqttPort = await listen(tcp, config.host, config.mqttPort, 'mqtt-port')
  const httpPort = await listen(http, config.host, config.httpPort, 'http-port').catch((error: unknown) => {
    tcp.close()
    throw error
  })
  const budget = Object.values(budgetBytes).reduce((sum, bytes) => sum + bytes, 0)
  log.info(`wattslug ${version} is up; clients and meters can make it hold at most ${(budget / 1e6).toFixed(1)} MB`)
  for (const host of reachableHosts(config.host)) log.info(`page at http://${host}:${httpPort}/ · MQTT at mqtt://${host}:${mqttPort}`)
  if (source.simulated) log.notice('the meter is SIMULATED: what is shown is no real house')

  publisher.start()
  reader.start()
  const timers = [
    setInterval(() => {
      clients.tick()
      reader.tick()
      publisher.tick(clock.monotonicMs())
      publisher.faults(reader.faults())
    }, limits.tickMs),
    setInterval(() => door.ping(), limits.webSocketPingMs)
  ]

  const stop = (signal: NodeJS.Signals): void => {
    log.info(`${signal}: stopping`)
    for (const timer of timers) clearInterval(timer)
    reader.stop()
    publisher.stop()
    clients.stop()
    for (const server of servers) server.close()
    http.closeAllConnections()
    setTimeout(() => process.exit(0), limits.stopMs).unref() // what still lingers is cut off
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function makeSource(setting: SourceSetting, baud: number): Source {
  switch (setting.kind) {
    case 'demo':
      return makeDemoSource(randomInt(2 ** 31), systemClock)
    case 'remote':
      return makeRemoteSource(setting.host, setting.port)
    case 'serial':
      return makeSerialSource(setting.path, baud)
  }
}

void main()
