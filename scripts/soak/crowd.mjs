/** The soak's clients: fifty over TCP and fifty over WebSocket, of all versions, most of them well-behaved. */
import { Client, makeSession } from './client.mjs'
import { Nuisances } from './nuisances.mjs'
import { Published, Track } from './tracks.mjs'

const levels = [3, 4, 5]
const transports = ['tcp', 'ws']
/** How many of each there are of each transport. */
const counts = { publishers: 3, steady: 33, roamers: 8, frozen: 4 }

/** Messages come in bursts, so that a hundred a second cost this process little. */
const burstMs = 200
/** A slow topic has a message so often: what comes while a roamer is away must fit into its queue. */
const slowBursts = 10
const retainedTopics = 200
const floodBytes = 30_000
const roamMs = 5_000
const frozenMs = 90_000
const thawMs = 5_000
/** Those who only listen are heard so often: the broker waits for an hour and a half. */
const pingMs = 1_800_000
const filler = 'x'.repeat(80)

/** Everybody. */
export class Crowd {
  published = new Published()
  problems = []
  messages = 0
  putOff = 0
  refused = 0
  #ports
  #publishers = []
  #subscribers = []
  #roamers = []
  #frozen = new Map()
  #nuisances
  #timers = new Set()
  #bursts = 0
  /** What the broker told of itself last. */
  told = new Map()

  constructor(ports) {
    this.#ports = ports
    this.#nuisances = new Nuisances(ports)
  }

  /** Connects those who stay, then lets everybody begin. */
  async start() {
    const monitor = { level: 5, transport: 'tcp', clientId: 'monitor', filters: ['$SYS/broker/#'], took: told => this.#hear(told) }
    this.#subscribers.push({ client: await this.#join(monitor) })
    for (const transport of transports) {
      for (let index = 0; index < counts.publishers; index++) await this.#addPublisher(transport, index)
      for (let index = 0; index < counts.steady; index++) await this.#addSteady(transport, index)
      for (let index = 0; index < counts.roamers; index++) await this.#addRoamer(transport, index)
      for (let index = 0; index < counts.frozen; index++) this.#freeze(transport, index)
    }
    this.#every(burstMs, () => this.#burst())
    this.#every(roamMs, () => this.#roam())
    this.#every(pingMs, () => this.#ping())
    this.#nuisances.start()
  }

  /** Brings everybody back, waits until all have had what is theirs, and tells what is missing. */
  async finish() {
    for (const timer of this.#timers) clearInterval(timer)
    this.#nuisances.stop()
    for (const roamer of this.#roamers) if (roamer.client.isClosed) await this.#bringBack(roamer)
    await sleep(10_000)
    for (const { client } of this.#publishers)
      if (client.unacknowledged > 0) this.problems.push(`${client.unacknowledged} were never acknowledged`)
    for (const { track } of this.#tracked()) track.close(this.published)
    const sums = this.sums()
    for (const { client } of [...this.#publishers, ...this.#subscribers, ...this.#roamers]) client.end()
    for (const client of this.#frozen.values()) client.end(false)
    return sums
  }

  /** What all subscribers together had and missed. */
  sums() {
    const sums = { taken: 0, lost: 0, twice: 0, repeated: 0, droppedQos0: 0 }
    for (const { track } of this.#tracked()) for (const name of Object.keys(sums)) sums[name] += track[name]
    return { ...sums, ...this.#nuisances.counts }
  }

  #tracked() {
    return [...this.#subscribers, ...this.#roamers].filter(({ track }) => track)
  }

  #every(ms, act) {
    this.#timers.add(setInterval(act, ms))
  }

  /** Connects a client that is to stay; resolves when it is ready. */
  #join(options, session) {
    return new Promise(resolve => {
      const told = reasonCode => {
        this.problems.push(`${options.clientId} (level ${options.level}, ${options.transport}) was closed with code ${reasonCode}`)
        resolve(client)
      }
      const client = new Client({ ports: this.#ports, ...options, ready: resolve, closed: told, refused: () => this.refused++ }, session)
    })
  }

  async #addPublisher(transport, index) {
    const name = `p-${transport}-${index}`
    this.#publishers.push({ name, client: await this.#join({ level: levels[index % 3], transport, clientId: name }) })
  }

  /** A third wants each QoS; the retained messages come and go before the eyes of one. */
  async #addSteady(transport, index) {
    const qos = index % 3
    const track = new Track(topic => topic.startsWith('soak/quick/') && topic.endsWith(`q${qos}`))
    const filters = [`soak/quick/+/q${qos}`, ...(index === 0 ? ['soak/retained/#'] : [])]
    const took = told => (told.topic.startsWith('soak/quick') ? track.take(told) : undefined)
    const level = levels[Math.floor(index / 3) % 3]
    this.#subscribers.push({
      track,
      client: await this.#join({ level, transport, clientId: `s-${transport}-${index}`, filters, qos, took })
    })
  }

  /** Clients with kept sessions that go and come. */
  async #addRoamer(transport, index) {
    const track = new Track(topic => topic.startsWith('soak/slow/'))
    const level = levels[index % 3]
    const clientId = `r-${transport}-${index}`
    const options = { level, transport, clientId, isKept: true, filters: ['soak/slow/#'], qos: 2, took: told => track.take(told) }
    const session = makeSession()
    this.#roamers.push({ options, session, track, client: await this.#join(options, session) })
  }

  async #bringBack(roamer) {
    roamer.client = await this.#join(roamer.options, roamer.session)
    if (roamer.options.level > 3 && !roamer.client.isPresent) this.problems.push(`${roamer.options.clientId}: its session was gone`)
  }

  /** Some go, with or without a goodbye, and those who went come back. */
  #roam() {
    for (const [index, roamer] of this.#roamers.entries()) {
      if (roamer.client.isReady && !roamer.client.isClosed && Math.random() < 0.3) roamer.client.end(index % 2 === 0)
      else if (roamer.client.isClosed) void this.#bringBack(roamer)
    }
  }

  #ping() {
    for (const { client } of this.#subscribers) if (!client.isClosed) client.ping()
  }

  /** A subscriber that reads nothing once it has subscribed: the broker closes it in the end. Then another one comes. */
  #freeze(transport, index) {
    const clientId = `f-${transport}-${index}`
    const client = new Client({
      ...{ ports: this.#ports, level: levels[index % 3], transport, clientId },
      ...{ filters: ['soak/flood', 'soak/quick/+/q1'], qos: 1 },
      ready: () => client.socket.pause()
    })
    this.#frozen.set(clientId, client)
    // A socket that is not read is not told of its end either.
    this.#later(frozenMs * (0.7 + Math.random()), () => {
      client.end(false)
      this.#later(thawMs, () => this.#freeze(transport, index))
    })
  }

  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #burst() {
    const isSlow = this.#bursts++ % slowBursts === 0
    for (const [index, { name, client }] of this.#publishers.entries()) {
      if (client.unacknowledged > 50) {
        this.putOff++
        continue
      }
      this.#send(client, `soak/quick/${name}/q0`, 0)
      this.#send(client, `soak/quick/${name}/q0`, 0)
      this.#send(client, `soak/quick/${name}/q1`, 1)
      if (this.#bursts % 3 === index % 3) this.#send(client, `soak/quick/${name}/q2`, 2)
      if (isSlow) this.#send(client, `soak/slow/${name}/q${1 + (index % 2)}`, 1 + (index % 2))
      if (index === 0) client.publish('soak/flood', 'y'.repeat(floodBytes))
      if (index === 1) this.#churn(client)
      client.flush()
    }
  }

  #send(client, topic, qos) {
    client.publish(topic, `${this.published.next(topic)} ${filler}`, { qos })
    this.messages++
  }

  /** Sets retained messages, and clears them. */
  #churn(client) {
    const topic = `soak/retained/${Math.floor(Math.random() * retainedTopics)}`
    client.publish(topic, Math.random() < 0.5 ? '' : filler.repeat(Math.ceil(Math.random() * 10)), { qos: this.#bursts % 3, retain: true })
  }

  #hear({ topic, payload }) {
    this.told.set(topic.slice('$SYS/broker/'.length), payload.latin1Slice())
  }
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
