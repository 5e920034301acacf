/** The clients: ties each link to its inbox, its outbox and its connection in the broker, and ends every turn with one write a client. */
import { limits } from '../limits.ts'
import { Counters } from '../memory/counters.ts'
import type { Pool } from '../memory/pool.ts'
import type { Broker } from '../mqtt/broker.ts'
import type { Connection } from '../mqtt/connection.ts'
import { reasonCodes } from '../mqtt/packet.ts'
import type { Event } from '../mqtt/phase.ts'
import type { Callers } from './callers.ts'
import type { Clock } from './clock.ts'
import { Encoder } from './encoder.ts'
import { toldOf, type WireFault, wireFaults } from './fault.ts'
import { Inbox, type Taken } from './inbox.ts'
import type { Link, LinkOwner } from './link.ts'
import type { Log } from './log.ts'
import { LinkOutbox, type Outlet } from './outbox.ts'
import { decode } from './wire.ts'

/** What clients' bytes are counted by. */
const wireCounters = [...wireFaults.map(fault => `malformed-${fault}` as const), 'transport-violation', 'pool-empty'] as const

/** All clients of a broker. */
export class Clients {
  readonly counters = new Counters<(typeof wireCounters)[number]>(wireCounters)
  readonly pool: Pool
  readonly encoder: Encoder
  readonly broker: Broker
  readonly clock: Clock
  readonly #log: Log
  readonly #clients = new Set<Client>()
  #late: Client[] = []
  /** Whether an outbox fills faster than turns end. */
  isCrowded = false

  constructor(broker: Broker, pool: Pool, clock: Clock, log: Log) {
    this.broker = broker
    this.pool = pool
    this.clock = clock
    this.encoder = new Encoder(pool)
    this.#log = log
  }

  /** Takes a new connection over; one past the bound is ended. @param callers who comes in */
  accept(link: Link, callers?: Callers): void {
    if (callers && !callers.mayBeSilent(link.peer, this.#strangers(), limits.strangersOfOneMax)) {
      link.end('too-many')
      return
    }
    if (this.#clients.size >= limits.clientsMax + limits.strangersMax) {
      link.end('too-many')
      this.broker.counters.count('closed-too-many')
      return
    }
    const client = new Client(link, this)
    this.#clients.add(client)
    link.own(client)
  }

  /** Time passes: to be called each second or so. */
  tick(): void {
    const nowMs = this.clock.monotonicMs()
    for (const client of this.#clients) client.tick(nowMs)
    this.broker.tick()
  }

  /** Ends all connections, writing what waits as far as the system takes it at once. */
  stop(): void {
    this.broker.stop()
    this.#endTurn()
    for (const client of this.#clients) client.drop()
  }

  /** Adds a client to those that are flushed at the end of this turn. */
  flushLater(client: Client): void {
    if (this.#late.push(client) === 1) setImmediate(() => this.#endTurn())
  }

  /** Says once an hour and kind what a client did wrong; the counters have them all. */
  blame(client: Client, fault: WireFault | 'transport-violation' | 'pool-empty'): void {
    const counter = fault === 'transport-violation' || fault === 'pool-empty' ? fault : (`malformed-${fault}` as const)
    this.counters.count(counter)
    const what = counter === fault ? fault : `${counter}, ${toldOf(fault as WireFault).reasonString}`
    this.#log.warnSeldom(`client at ${client.peer}: ${what}; its connection is closed`, counter)
  }

  forget(client: Client): void {
    this.#clients.delete(client)
  }

  *#strangers(): Generator<Client> {
    for (const client of this.#clients) if (client.isStranger) yield client
  }

  #endTurn(): void {
    const late = this.#late
    this.#late = []
    for (const client of late) client.flush()
    this.encoder.endTurn()
    this.isCrowded = false
  }
}

/** One client's link, inbox and outbox. */
class Client implements LinkOwner, Outlet {
  readonly pool: Pool
  readonly encoder: Encoder
  readonly peer: string
  readonly #clients: Clients
  readonly #inbox: Inbox
  readonly #outbox: LinkOutbox
  readonly #connection: Connection
  #late = false
  /** When it began to be dealt with in this turn; -1 before that. */
  #turnMs = -1

  constructor(link: Link, clients: Clients) {
    this.pool = clients.pool
    this.encoder = clients.encoder
    this.peer = link.peer
    this.#clients = clients
    this.#inbox = new Inbox(clients.pool)
    this.#outbox = new LinkOutbox(link, this)
    this.#connection = clients.broker.accept(this.#outbox)
  }

  /** Whether it has not said yet who it is. */
  get isStranger(): boolean {
    const { name } = this.#connection.phase
    return name !== 'open' && name !== 'closed'
  }

  received(chunk: Buffer): void {
    if (this.#isClosed()) return
    this.#rest()
    this.#taken(this.#inbox.push(chunk, this.#take))
  }

  written(): void {
    this.#outbox.written()
  }

  violated(): void {
    this.#clients.blame(this, 'transport-violation')
    this.#step({ type: 'malformed', reasonCode: reasonCodes.protocolError })
  }

  closed(): void {
    this.#step({ type: 'end', reason: 'lost' })
    this.drop()
  }

  flushLater(): void {
    if (this.#late) return
    this.#late = true
    this.#clients.flushLater(this)
  }

  crowded(): void {
    this.#clients.isCrowded = true
  }

  drained(): void {
    this.#step({ type: 'drained' })
  }

  takeHeld(): boolean {
    return this.#isClosed() || this.#taken(this.#inbox.release(this.#take))
  }

  flush(): void {
    this.#late = false
    this.#turnMs = -1
    this.#outbox.flush()
    if (this.#outbox.overflowed) this.#step({ type: 'end', reason: 'too-slow' })
  }

  tick(nowMs: number): void {
    if (!this.#outbox.isStuck(nowMs)) {
      this.#outbox.flush() // who was refused while the pool was empty is told of room
      return
    }
    this.#step({ type: 'end', reason: 'too-slow' })
    this.drop()
  }

  /** Gives back what it holds, and cuts the link off if that is still there. */
  drop(): void {
    this.#outbox.drop()
    this.#inbox.clear()
    this.#clients.forget(this)
  }

  readonly #take = (packet: Buffer, bodyAt: number): 'more' | 'held' | 'ended' => {
    const { phase } = this.#connection
    const decoded = decode(packet, bodyAt, phase.name === 'open' ? phase.level : 4)
    if (typeof decoded === 'string') this.#malformed(decoded)
    else this.#step(decoded)
    if (this.#isClosed()) return 'ended'
    this.#rest()
    return this.#outbox.held ? 'held' : 'more'
  }

  /** Wants no more before the next turn once it had its share of this one, be it packets or the pieces in which they come. */
  #rest(): void {
    const nowMs = this.#clients.clock.monotonicMs()
    if (this.#turnMs < 0) {
      this.#turnMs = nowMs
      this.flushLater()
    }
    if (this.#clients.isCrowded || nowMs - this.#turnMs > limits.turnMs) this.#outbox.rest()
  }

  /** Deals with what became of a chunk; false when some of it is held. */
  #taken(taken: Taken): boolean {
    if (taken === 'pool-empty') {
      this.#clients.blame(this, taken)
      this.#step({ type: 'end', reason: 'too-many' })
    } else if (taken !== 'taken' && taken !== 'held' && taken !== 'ended') {
      this.#malformed(taken)
    }
    return taken !== 'held'
  }

  #malformed(fault: WireFault): void {
    this.#clients.blame(this, fault)
    this.#step({ type: 'malformed', ...toldOf(fault) })
  }

  #isClosed(): boolean {
    return this.#connection.phase.name === 'closed'
  }

  #step(event: Event): void {
    this.#clients.broker.step(this.#connection, event)
  }
}
