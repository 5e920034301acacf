/** The load generator, a process of its own: opens raw clients, and publishes as fast as the broker delivers or at an even pace. */
import { Client } from './client.mjs'
import { maskedFrame, publish, repeat, topic } from './packets.mjs'
import { cpuSecondsOf } from './proc.mjs'

const chunkMessages = 100
/** So many messages are on their way at most; when half of them have arrived, as many are sent at once. */
const windowMessages = 2_000
/** Nothing has come for so long though something should: it was dropped. */
const stallMs = 300
const openAtOnce = 20

const clients = []
/** Those of `clients` that count, and the one that publishes. */
let subscribers = []
let publisher
let publisherTransport
let totalBytes = 0
let delivered = () => undefined

const commands = {
  /** Opens subscribers. `publisher` tells who publishes: the `first` of them, or one `apart` that does not subscribe. */
  async open({ port, transport, count, publisher: who }) {
    const make = filter => {
      const client = new Client({ port, transport, clientId: `load-${process.pid}-${clients.length}`, filter, delivered: onDelivered })
      clients.push(client)
      return client
    }
    const apart = who === 'apart' ? make() : undefined
    await apart?.ready
    for (let opened = 0; opened < count; ) {
      const batch = Array.from({ length: Math.min(openAtOnce, count - opened) }, () => make(topic))
      await Promise.all(batch.map(client => client.ready))
      subscribers.push(...batch)
      opened += batch.length
    }
    if (publisher !== undefined && who === undefined) return
    publisher = apart ?? subscribers[0]
    publisherTransport = transport
  },

  close() {
    for (const client of clients) client.close()
    clients.length = 0
    subscribers = []
    publisher = undefined
  },

  flood,
  steady
}

/** Publishes as fast as the messages arrive. Answers deliveries per second, what was lost, and both processes' share of a core. */
async function flood({ warmMs, ms, pid }) {
  const bytes = publish.length * subscribers.length // of one message, at all its subscribers
  const chunk = repeat(publisherTransport === 'ws' ? maskedFrame(publish) : publish, chunkMessages)
  const startBytes = totalBytes
  let sent = 0
  let lost = 0
  let running = true
  const onTheWay = () => sent - lost - (totalBytes - startBytes)
  const pump = () => {
    if (!running || onTheWay() > (windowMessages / 2) * bytes) return
    while (onTheWay() <= (windowMessages - chunkMessages) * bytes) {
      publisher.socket.write(chunk)
      sent += chunkMessages * bytes
    }
  }
  let lastBytes = -1
  const stall = setInterval(() => {
    if (totalBytes === lastBytes) lost += onTheWay()
    lastBytes = totalBytes
    pump()
  }, stallMs)
  delivered = pump
  pump()
  await sleep(warmMs)
  const before = { bytes: totalBytes, at: performance.now(), own: cpuSecondsOf(process.pid), server: cpuSecondsOf(pid) }
  await sleep(ms)
  const seconds = (performance.now() - before.at) / 1_000
  const perSecond = (totalBytes - before.bytes) / publish.length / seconds
  const ownShare = (cpuSecondsOf(process.pid) - before.own) / seconds
  const serverShare = (cpuSecondsOf(pid) - before.server) / seconds
  running = false
  await quiet()
  clearInterval(stall)
  delivered = () => undefined
  return { perSecond, ownShare, serverShare, lostShare: 1 - (totalBytes - startBytes) / sent }
}

/** Publishes at an even pace. Answers the time from each write to each delivery, in ms, by percentile. */
async function steady({ perSecond, ms }) {
  const messages = Math.round((perSecond * ms) / 1_000)
  const sentAt = new Float64Array(messages)
  const latencies = new Float64Array(messages * subscribers.length)
  const startBytes = new Map(subscribers.map(client => [client, client.bytes]))
  let count = 0
  delivered = (client, bytes) => {
    const now = performance.now()
    const whole = client.bytes - startBytes.get(client)
    const first = Math.floor((whole - bytes) / publish.length)
    const end = Math.min(Math.floor(whole / publish.length), messages)
    for (let message = first; message < end; message++) latencies[count++] = now - sentAt[message]
  }
  const start = performance.now()
  for (let sent = 0; sent < messages; ) {
    const due = Math.min(messages, Math.floor(((performance.now() - start) * perSecond) / 1_000) + 1)
    for (; sent < due; sent++) {
      sentAt[sent] = performance.now()
      publisher.send(publish)
    }
    await sleep(1)
  }
  await quiet()
  delivered = () => undefined
  const sorted = latencies.subarray(0, count).sort()
  const at = share => sorted[Math.min(count - 1, Math.floor(count * share))]
  return { p50: at(0.5), p99: at(0.99), max: sorted[count - 1], lostShare: 1 - count / latencies.length }
}

function onDelivered(client, bytes) {
  totalBytes += bytes
  delivered(client, bytes)
}

/** Until nothing has come for a while. */
async function quiet() {
  for (let last = -1; last !== totalBytes; ) {
    last = totalBytes
    await sleep(stallMs)
  }
}

function sleep(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

process.on('disconnect', () => process.exit(0))
process.on('message', async ({ command, options }) => {
  try {
    process.send({ result: await commands[command](options) })
  } catch (error) {
    process.send({ error: error.message })
  }
})
