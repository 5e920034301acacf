/** The broker of wattslug alone: TCP and WebSocket on two given ports, without meters and page; with a store in a folder, if one is given. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { budgetOf } from '../../src/budget.ts'
import { Clients } from '../../src/io/clients.ts'
import { systemClock } from '../../src/io/clock.ts'
import { makeHttpServer } from '../../src/io/http.ts'
import { makeLog } from '../../src/io/log.ts'
import { makeTcpServer } from '../../src/io/tcp.ts'
import { makeWebSocketDoor } from '../../src/io/websocket.ts'
import { limits } from '../../src/limits.ts'
import { Counters } from '../../src/memory/counters.ts'
import { Pool } from '../../src/memory/pool.ts'
import { Broker } from '../../src/mqtt/broker.ts'
import { brokerCounters } from '../../src/mqtt/household.ts'
import { Keeper } from '../../src/mqtt/keeper.ts'

const [tcpPort, webSocketPort, folder] = process.argv.slice(2)

/** A store that keeps nothing. */
const noStore = {
  state: 'open',
  waitingBytes: 0,
  get: () => undefined,
  put: () => true,
  delete: () => true,
  entries: (_prefix, _countMax, done) => setImmediate(() => done([])),
  afterWrite: done => setImmediate(done),
  afterSync: done => setImmediate(done)
}

/** Not at the top, which a CommonJS bundle cannot wait in. */
async function serve() {
  const store = folder ? await (await import('../../src/io/store.ts')).openStore(join(folder, 'store'), () => undefined) : noStore
  const log = makeLog(line => process.stderr.write(line), false, systemClock.wallMs)
  const text = { encode: string => Buffer.from(string), decode: bytes => Buffer.from(bytes).toString() }
  const keeper = new Keeper(store, text, systemClock)
  const randomId = () => `wattslug-${randomBytes(9).toString('hex')}`
  const broker = new Broker(new Counters(brokerCounters), keeper, () => systemClock.monotonicMs(), randomId)
  keeper.load(kept => broker.restore(kept))
  const pool = new Pool(budgetOf(limits).poolSlabs, limits.slabBytes)
  const clients = new Clients(broker, pool, systemClock, log)
  const door = makeWebSocketDoor(link => clients.accept(link))
  makeTcpServer(link => clients.accept(link)).listen(Number(tcpPort), '127.0.0.1')
  makeHttpServer([], {}, door).listen(Number(webSocketPort), '127.0.0.1')
  setInterval(() => clients.tick(), limits.tickMs)
  setInterval(() => door.ping(), limits.webSocketPingMs)
  process.stdout.write(`pool ${pool.buffer.byteLength}\n`)
}

void serve()
