/** The broker of wattslug alone: TCP and WebSocket on two given ports, without meters, page and store. */
import { randomBytes } from 'node:crypto'
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

const [tcpPort, webSocketPort] = process.argv.slice(2).map(Number)

/** A store that keeps nothing. */
const store = {
  state: 'open',
  waitingBytes: 0,
  get: () => undefined,
  put: () => true,
  delete: () => true,
  entries: (_prefix, _countMax, done) => setImmediate(() => done([])),
  afterWrite: done => setImmediate(done),
  afterSync: done => setImmediate(done)
}

const log = makeLog(line => process.stderr.write(line), false, systemClock.wallMs)
const text = { encode: string => Buffer.from(string), decode: bytes => Buffer.from(bytes).toString() }
const keeper = new Keeper(store, text, systemClock)
const randomId = () => `wattslug-${randomBytes(9).toString('hex')}`
const broker = new Broker(new Counters(brokerCounters), keeper, () => systemClock.monotonicMs(), randomId)
keeper.load(kept => broker.restore(kept))
const pool = new Pool(budgetOf(limits).poolSlabs, limits.slabBytes)
const clients = new Clients(broker, pool, systemClock, log)
const door = makeWebSocketDoor(link => clients.accept(link))
makeTcpServer(link => clients.accept(link)).listen(tcpPort, '127.0.0.1')
makeHttpServer([], {}, door).listen(webSocketPort, '127.0.0.1')
setInterval(() => clients.tick(), limits.tickMs)
setInterval(() => door.ping(), limits.webSocketPingMs)
process.stdout.write(`pool ${pool.buffer.byteLength}\n`)
