/** How many deliveries per second leave a broker when one client publishes as fast as they arrive. */
import { startBroker } from './brokers.mjs'
import { startLoad } from './loader.mjs'
import { grouped, percent, ratio } from './table.mjs'

const warmMs = 700
const ms = 2_000
const peers = ['wattslug', 'mosquitto', 'aedes', 'null']
const transports = ['tcp', 'ws']
/** Of 100 subscribers one is the publisher, for wattslug admits 100 clients. */
const fans = [
  { subscribers: 1, publisher: 'apart' },
  { subscribers: 100, publisher: 'first' }
]

export const measureThroughput = async context => {
  const results = []
  for (const transport of transports) {
    for (const fan of fans) {
      for (const peer of peers) results.push({ transport, ...fan, peer, ...(await flood(peer, { transport, ...fan }, context)) })
    }
  }
  return {
    title: 'Fan-out, QoS 0, 100-byte messages: deliveries per second',
    head: ['', 'deliveries/s', 'beside mosquitto', 'beside aedes', 'lost', 'server CPU', 'load CPU', 'per CPU second'],
    rows: results.map(result => row(result, results)),
    notes: [
      'CPU is the share of one core. `null` copies bytes and knows no MQTT: the load generator, and Node’s sockets, can do at least that much.',
      'A broker is its own limit where it has its core, or its wait for the system, to itself and `null` is well above it; per CPU second is',
      'what it delivers for each second of processor time of its own, which other work on the machine disturbs less.',
      'At most 2,000 messages are on their way at a time, sent 1,000 at once when as many have arrived. A message that never comes is lost.'
    ]
  }
}

const flood = async (peer, { transport, subscribers, publisher }, context) => {
  const broker = await startBroker(peer, context)
  const load = startLoad()
  try {
    await load.call('open', { port: broker.ports[transport], transport, count: subscribers, publisher })
    return await load.call('flood', { warmMs, ms, pid: broker.pid })
  } finally {
    await load.stop()
    await broker.stop()
  }
}

const row = ({ transport, subscribers, peer, perSecond, lostShare, serverShare, ownShare }, results) => {
  const of = name =>
    results.find(other => other.transport === transport && other.subscribers === subscribers && other.peer === name)?.perSecond
  return [
    `${transport === 'ws' ? 'WebSocket' : 'TCP'} 1→${subscribers} ${peer}`,
    grouped(perSecond),
    ratio(perSecond, of('mosquitto')),
    ratio(perSecond, of('aedes')),
    percent(lostShare),
    percent(serverShare),
    percent(ownShare),
    grouped(perSecond / serverShare)
  ]
}
