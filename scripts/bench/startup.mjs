/** How long it takes from nothing to the first message at a subscriber. */
import { createServer } from 'node:net'
import { startBroker } from './brokers.mjs'
import { Client } from './client.mjs'
import { publish, topic } from './packets.mjs'
import { ratio, summary } from './table.mjs'

const repetitions = 7

/** What a CC128 sends each six seconds. */
const meterMessage =
  '<msg><src>CC128-v1.29</src><dsb>00021</dsb><time>18:43:31</time><tmpr>22.0</tmpr><sensor>0</sensor><id>00077</id><type>1</type><ch1><watts>00292</watts></ch1></msg>\r\n'

const peers = ['wattslug', 'mosquitto', 'aedes']

export const measureStartup = async context => {
  const series = Object.fromEntries(peers.map(peer => [peer, []]))
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const peer of peers) series[peer].push(await (peer === 'wattslug' ? startDaemon(context) : startPeer(peer, context)))
  }
  const medians = Object.fromEntries(peers.map(peer => [peer, summary(series[peer].map(({ firstMs }) => firstMs)).median]))
  return {
    title: `Start-up, ms: median of ${repetitions} starts (least to most)`,
    head: ['', 'listens', 'first message', 'beside mosquitto', 'beside aedes'],
    rows: peers.map(peer => [
      peer,
      told(series[peer].map(({ listenMs }) => listenMs)),
      told(series[peer].map(({ firstMs }) => firstMs)),
      ratio(medians[peer], medians.mosquitto),
      ratio(medians[peer], medians.aedes)
    ]),
    notes: [
      'wattslug: from its start until a reading, sent by a remote serial head when the daemon connects, is at a subscriber of <root>/+/power;',
      'the peers: until a message that the subscriber itself publishes has come back.'
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

const startPeer = (peer, context) => firstMessage(peer, context, topic, client => client.send(publish))

const firstMessage = async (kind, context, filter, subscribed = () => undefined) => {
  const broker = await startBroker(kind, context)
  let client
  const came = new Promise((resolve, reject) => {
    client = new Client({ port: broker.ports.tcp, transport: 'tcp', clientId: 'first', filter, delivered: resolve })
    client.ready.then(() => subscribed(client), reject)
  })
  try {
    await came
    return { listenMs: broker.listenMs, firstMs: performance.now() - broker.startedAt }
  } finally {
    client.close()
    await broker.stop()
  }
}

const told = numbers => {
  const { median, least, most } = summary(numbers)
  return `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`
}
