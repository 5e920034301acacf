/** The load generator, a process of its own: opens raw clients, and publishes as fast as the broker delivers, at an even pace, or without mercy. */
import { Client } from './client.mjs'
import { maskedFrame, publishes, publishTo, topic } from './packets.mjs'
import { cpuSecondsOf } from './proc.mjs'

/**
 * So many messages are on their way at most, and so many are sent at once; when half of them have arrived, as many are sent anew.
 * At QoS 1 they fit into the queue that each broker has for a client, or it would drop some; for very many subscribers they are fewer.
 */
const windows = [
  { messages: 2_000, chunk: 100, deliveries: 200_000 },
  { messages: 100, chunk: 20, deliveries: 20_000 }
]
/** Each chunk has packet ids of its own; one comes again when those before it are long acknowledged. */
const chunksMax = 64
/** Nothing has come for so long though something should: it was dropped. */
const stallMs = 1_000
const quietMs = 3_000
/** Handshakes at once: as many strangers as wattslug admits by default, and more where there are many clients and it was told to. */
const openAtOnce = 16
const openAtOnceMany = 96
const pourBytes = 1_000
const stormTopic = index => `storm/${String(index).padStart(6, '0')}`
const stormMs = 20_000
const stormSilenceMs = 2_000

const clients = []
/** Those of `clients` that count, and those that publish. */
const subscribers = []
const publishers = []
let totalBytes = 0
let delivered = () => undefined

const commands = {
  /** Opens subscribers, each to a topic of its `own` or all to the same, and publishers beside them; `first` makes the first subscriber one. */
  async open({ port, transport, count = 0, publisher = 0, qos = 0, own = false }) {
    const make = filter => {
      const clientId = `load-${process.pid}-${clients.length}`
      const client = new Client({ port, transport, clientId, filter: own ? `own/${clientId}` : filter, qos, delivered: onDelivered })
      client.sendsFrames = transport === 'ws'
      clients.push(client)
      return client
    }
    const apart = await openMany(publisher === 'first' ? 0 : publisher, () => make())
    const opened = await openMany(count, () => make(topic))
    subscribers.push(...opened)
    publishers.push(...(publisher === 'first' ? opened.slice(0, 1) : apart))
  },

  flood,
  steady,
  requests,
  pour,
  retain,
  storm
}

async function openMany(count, make) {
  const opened = []
  while (opened.length < count) {
    const batch = Array.from({ length: Math.min(count > 100 ? openAtOnceMany : openAtOnce, count - opened.length) }, make)
    await Promise.all(batch.map(client => client.ready))
    opened.push(...batch)
  }
  return opened
}

/** Publishes as fast as the messages arrive. Answers deliveries per second, what was lost, and both processes' share of a core. */
async function flood({ qos = 0, warmMs, ms, pid }) {
  const bytes = publishes[qos].length * subscribers.length // of one message, at all its subscribers
  const windowMessages = Math.max(20, Math.min(windows[qos].messages, Math.floor(windows[qos].deliveries / subscribers.length)))
  const chunkMessages = Math.max(
    1,
    Math.min(windows[qos].chunk, Math.floor(windowMessages / 5), Math.floor(windowMessages / publishers.length))
  )
  const chunks = Array.from({ length: qos === 0 ? 1 : chunksMax }, (_, chunk) => chunkOf(chunk * chunkMessages, chunkMessages, qos))
  const startBytes = totalBytes
  let turn = 0
  let sent = 0
  let lost = 0
  let running = true
  const onTheWay = () => sent - lost - (totalBytes - startBytes)
  const pump = () => {
    if (!running || onTheWay() > (windowMessages / 2) * bytes) return
    while (onTheWay() <= (windowMessages - chunkMessages) * bytes) {
      publishers[turn % publishers.length].socket.write(chunks[Math.floor(turn / publishers.length) % chunks.length])
      turn++
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
  const lateAt = performance.now() + quietMs
  while (totalBytes === startBytes && performance.now() < lateAt) await sleep(1)
  await sleep(warmMs)
  const before = { bytes: totalBytes, at: performance.now(), own: cpuSecondsOf(process.pid), server: cpuSecondsOf(pid) }
  await sleep(ms)
  const seconds = (performance.now() - before.at) / 1_000
  const perSecond = (totalBytes - before.bytes) / publishes[qos].length / seconds
  const ownShare = (cpuSecondsOf(process.pid) - before.own) / seconds
  const serverShare = (cpuSecondsOf(pid) - before.server) / seconds
  running = false
  clearInterval(stall)
  const drained = await quiet(() => totalBytes - startBytes >= sent)
  delivered = () => undefined
  return { perSecond, ownShare, serverShare, lostShare: Math.max(0, drained ? 1 - (totalBytes - startBytes) / sent : lost / sent) }
}

/** Messages in a row, with packet ids from `firstId` + 1 on. */
function chunkOf(firstId, count, qos) {
  const packets = Array.from({ length: count }, (_, index) => publishTo(topic, { qos, packetId: firstId + index + 1 }))
  return Buffer.concat(publishers[0].sendsFrames ? packets.map(maskedFrame) : packets)
}

/** Publishes at an even pace to all. Answers the time from each write to each delivery, in ms, by percentile. */
async function steady({ perSecond, ms }) {
  const messages = Math.round((perSecond * ms) / 1_000)
  const sentAt = new Float64Array(messages)
  const startBytes = new Map(subscribers.map(client => [client, client.bytes]))
  const latencies = new Latencies(messages * subscribers.length)
  const length = publishes[0].length
  delivered = (client, bytes) => {
    const now = performance.now()
    const whole = client.bytes - startBytes.get(client)
    const end = Math.min(Math.floor(whole / length), messages)
    for (let message = Math.floor((whole - bytes) / length); message < end; message++) latencies.add(now - sentAt[message])
  }
  await paced(
    perSecond,
    messages,
    message => {
      sentAt[message] = performance.now()
      publishers[0].send(publishes[0])
    },
    latencies
  )
  return latencies.told()
}

/** Publishes at an even pace, each client in its turn to itself. Answers the time from the write of each message to its return, as above. */
async function requests({ perSecond, ms }) {
  const messages = Math.round((perSecond * ms) / 1_000)
  const latencies = new Latencies(messages)
  const packets = subscribers.map(client => publishTo(`own/${client.clientId}`))
  const waiting = new Map(subscribers.map((client, index) => [client, { length: packets[index].length, came: 0, sentAt: [] }]))
  delivered = (client, bytes) => {
    const now = performance.now()
    const its = waiting.get(client)
    for (its.came += bytes; its.came >= its.length && its.sentAt.length > 0; its.came -= its.length) latencies.add(now - its.sentAt.shift())
  }
  await paced(
    perSecond,
    messages,
    message => {
      const index = message % subscribers.length
      waiting.get(subscribers[index]).sentAt.push(performance.now())
      subscribers[index].send(packets[index])
    },
    latencies
  )
  return latencies.told()
}

/** Sends one message after the other when each is due, and waits for the last. */
async function paced(perSecond, messages, send, latencies) {
  const start = performance.now()
  for (let sent = 0; sent < messages; ) {
    const due = Math.min(messages, Math.floor(((performance.now() - start) * perSecond) / 1_000) + 1)
    while (sent < due) send(sent++)
    await sleep(1)
  }
  await quiet(() => latencies.isFull)
  delivered = () => undefined
}

class Latencies {
  #ms
  #count = 0

  constructor(expected) {
    this.#ms = new Float64Array(expected)
  }

  get isFull() {
    return this.#count === this.#ms.length
  }

  add(ms) {
    this.#ms[this.#count++] = ms
  }

  told() {
    const sorted = this.#ms.subarray(0, this.#count).sort()
    const at = share => sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))]
    return { p50: at(0.5), p99: at(0.99), max: sorted[this.#count - 1], lostShare: (this.#ms.length - this.#count) / this.#ms.length }
  }
}

/** Freezes all subscribers and publishes as much as the broker takes. Answers how many messages it took. */
async function pour({ qos, ms }) {
  for (const client of subscribers) client.freeze()
  const [publisher] = publishers
  const count = 50
  const chunks = Array.from({ length: 1_000 }, (_, chunk) => {
    const packets = Array.from({ length: count }, (_, index) =>
      publishTo(topic, { qos, packetId: chunk * count + index + 1, bytes: pourBytes })
    )
    return Buffer.concat(publisher.sendsFrames ? packets.map(maskedFrame) : packets)
  })
  const endAt = performance.now() + ms
  let sent = 0
  while (performance.now() < endAt && !publisher.socket.destroyed) {
    if (publisher.socket.writableLength > 0) await sleep(1)
    else publisher.socket.write(chunks[sent++ % chunks.length])
    if (sent % 10 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  return { messages: sent * count, open: subscribers.filter(client => !client.socket.destroyed).length }
}

/** Leaves `count` retained messages with the broker, each acknowledged. */
async function retain({ count }) {
  const [publisher] = publishers
  const endAt = performance.now() + stormMs
  for (let sent = 0; sent < count; sent++) {
    publisher.send(publishTo(stormTopic(sent), { qos: 1, packetId: sent + 1, retain: true }))
    while (sent + 1 - publisher.acknowledged >= (sent + 1 < count ? 50 : 1)) {
      if (performance.now() > endAt) throw new Error(`of ${sent + 1} retained messages ${publisher.acknowledged} were acknowledged in time`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

/** Subscribers that ask for all retained messages at the same time. Answers after how many ms the last of them had all, and what was lost. */
async function storm({ port, transport, count, subscribers: subscribersCount }) {
  const bytes = count * publishTo(stormTopic(0)).length
  const start = performance.now()
  let last = start
  const opened = Array.from({ length: subscribersCount }, (_, index) => {
    const clientId = `storm-${process.pid}-${index}`
    const client = new Client({ port, transport, clientId, filter: 'storm/#', delivered: () => (last = performance.now()) })
    clients.push(client)
    return client
  })
  await Promise.all(opened.map(client => client.ready))
  const missing = () => opened.reduce((sum, client) => sum + Math.max(0, bytes - client.bytes), 0)
  while (missing() > 0 && performance.now() - last < stormSilenceMs) await sleep(5)
  return { ms: last - start, lostShare: missing() / (bytes * subscribersCount) }
}

function onDelivered(client, bytes) {
  totalBytes += bytes
  delivered(client, bytes)
}

/** Until all has come, or nothing for a while; false when that takes too long. */
async function quiet(isAll) {
  const endAt = performance.now() + quietMs
  let last = totalBytes
  let lastAt = performance.now()
  while (!isAll() && performance.now() - lastAt < stallMs) {
    await sleep(10)
    if (performance.now() > endAt) return false
    if (totalBytes !== last) lastAt = performance.now()
    last = totalBytes
  }
  return true
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
