/** How long it takes from nothing to the first message at a subscriber. */
import { createServer } from 'node:net'
import { startBroker } from './brokers.mjs'
import { Client } from './client.mjs'
import { attempt, peers, valuesOf } from './measure.mjs'
import { publishes, topic } from './packets.mjs'
import { medianOf } from './table.mjs'

const firstMs = 10_000

/** What a CC128 sends each six seconds. */
const meterMessage =
  '<msg><src>CC128-v1.29</src><dsb>00021</dsb><time>18:43:31</time><tmpr>22.0</tmpr><sensor>0</sensor><id>00077</id><type>1</type><ch1><watts>00292</watts></ch1></msg>\r\n'

export const measureStartup = async context => {
  const repetitions = context.quick ? 2 : 7
  const measured = {}
  for (const kind of peers) {
    measured[kind] = await attempt(`start-up ${kind}`, context, async () => {
      const series = []
      while (series.length < repetitions) series.push(await (kind === 'wattslug' ? startDaemon(context) : startPeer(kind, context)))
      return series
    })
  }
  return {
    title: `Start-up, ms: median of ${repetitions}`,
    rows: [
      { name: 'until it listens', values: valuesOf(measured, series => medianOf(series.map(({ listens }) => listens))) },
      {
        name: 'until the first message is at a subscriber',
        values: valuesOf(measured, series => medianOf(series.map(({ first }) => first)))
      }
    ],
    notes: [
      'Start-up: of wattslug the first message is a reading that a remote serial head sends when the daemon connects, of the peers the subscriber’s own.'
    ]
  }
}

/** The daemon with a serial head that speaks as soon as it is listened to. */
const startDaemon = async context => {
  const head = createServer(socket => socket.on('error', () => undefined).write(meterMessage))
  await new Promise(resolve => head.listen(0, '127.0.0.1', resolve))
  try {
    return await firstMessage('wattslug', { ...context, source: `tcp://127.0.0.1:${head.address().port}` }, 'currentcost/+/power')
  } finally {
    head.close()
  }
}

const startPeer = (peer, context) => firstMessage(peer, context, topic, client => client.send(publishes[0]))

const firstMessage = async (kind, context, filter, subscribed = () => undefined) => {
  const broker = await startBroker(kind, context)
  let client
  const came = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no message came')), firstMs).unref()
    client = new Client({ port: broker.ports.tcp, transport: 'tcp', clientId: 'first', filter, delivered: resolve })
    client.ready.then(() => subscribed(client), reject)
  })
  try {
    await came
    return { listens: broker.listenMs, first: performance.now() - broker.startedAt }
  } finally {
    client.close()
    await broker.stop()
  }
}
