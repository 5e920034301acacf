/** How long a message takes from its publisher's write to each subscriber at an even pace. */
import { startBroker } from './brokers.mjs'
import { startLoad } from './loader.mjs'
import { percent, ratio } from './table.mjs'

const perSecond = 200
const warmMs = 500
const ms = 2_000
const peers = ['wattslug', 'mosquitto', 'aedes', 'null']
const transports = ['tcp', 'ws']
const subscribersOf = [10, 100]

export const measureLatency = async context => {
  const results = []
  for (const transport of transports) {
    for (const peer of peers) results.push(...(await pace(peer, transport, context)))
  }
  results.sort((a, b) => transports.indexOf(a.transport) - transports.indexOf(b.transport) || a.subscribers - b.subscribers)
  return {
    title: `Latency at ${perSecond} messages/s, QoS 0: ms from the publisher’s write to a subscriber’s read`,
    head: ['', 'p50', 'p99', 'most', 'p99 beside mosquitto', 'p99 beside aedes', 'lost'],
    rows: results.map(({ transport, subscribers, peer, p50, p99, max, lostShare }) => {
      const of = name =>
        results.find(other => other.transport === transport && other.subscribers === subscribers && other.peer === name)?.p99
      return [
        `${transport === 'ws' ? 'WebSocket' : 'TCP'} 1→${subscribers} ${peer}`,
        p50.toFixed(2),
        p99.toFixed(2),
        max.toFixed(1),
        ratio(p99, of('mosquitto')),
        ratio(p99, of('aedes')),
        percent(lostShare)
      ]
    }),
    notes: ['`null` is what the load generator and the kernel take by themselves; the reads of 100 subscribers come one after the other.']
  }
}

/** One broker with ever more subscribers. */
const pace = async (peer, transport, context) => {
  const broker = await startBroker(peer, context)
  const load = startLoad()
  const results = []
  try {
    let opened = 0
    for (const subscribers of subscribersOf) {
      const publisher = opened === 0 ? 'first' : undefined
      await load.call('open', { port: broker.ports[transport], transport, count: subscribers - opened, publisher })
      opened = subscribers
      await load.call('steady', { perSecond, ms: warmMs })
      results.push({ transport, subscribers, peer, ...(await load.call('steady', { perSecond, ms })) })
    }
    return results
  } finally {
    await load.stop()
    await broker.stop()
  }
}
