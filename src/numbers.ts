/** The numbers that `$SYS` tells of the broker, the store and the memory. */
import type { Budget } from './budget.ts'
import type { Clients } from './io/clients.ts'
import type { DiskStore } from './io/store.ts'
import type { Rows } from './sinks/status.ts'

/** All of them, as they are now. @param refusals who was cut off at the doors, by what for */
export function readNumbers(clients: Clients, refusals: Rows, store: DiskStore, budget: Budget): Rows {
  return {
    ...brokerRows(clients),
    ...named('refused/', refusals),
    ...named('memory/budget/', { ...budget.bytes, sum: budget.heldBytes }),
    ...named('store/', { state: store.state, waiting: store.waitingBytes, refused: store.refusals })
  }
}

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
