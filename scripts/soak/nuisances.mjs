/** Who makes trouble: clients that are malformed, half-sent or taken over again and again, and people with a browser. */
import { get } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { Client } from './client.mjs'
import { connect, maskedFrame, upgradeRequest } from './packets.mjs'

const malformedMs = 3_000
const takeOverMs = 5_000
const requestMs = 2_000
/** Longer than the broker waits for the rest. */
const patienceMs = 15_000

const paths = ['/', '/api/recent', '/settings.json', '/api/meters', '/nothing']

const greeting = connect({ level: 4, clientId: 'rude' })
const after = (...bytes) => Buffer.concat([greeting, Buffer.of(...bytes)])

/** What is sent to the port of MQTT. */
const rudeBytes = [
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f), // promises 256 MiB
  greeting.subarray(0, 7), // never goes on
  Buffer.alloc(0), // says nothing
  Buffer.alloc(3_000, 0xff),
  after(0x60, 2, 0, 1), // PUBREL with wrong flags
  after(0x82, 6, 0, 1, 0, 1, 0x61, 3), // asks for QoS 3
  after(0x30, 4, 0, 2, 0x61, 0x23), // a wildcard in a topic
  after(0x30, 3, 0, 1, 0), // NUL in a topic
  after(0x36, 2, 0, 0), // QoS 3
  after(0x32, 5, 0, 1, 0x61, 0, 0), // packet id 0
  after(0x30, 0xff, 0xff, 0xff, 0x7f, 0), // promises, once it is let in
  Buffer.concat([greeting, greeting])
]

/** What is sent to the port of WebSockets. */
const rudeFrames = [
  Buffer.from('GET /mqtt HTTP/1.1\r\nHost: ho'), // never goes on
  Buffer.from(upgradeRequest), // and says nothing
  Buffer.concat([Buffer.from(upgradeRequest), maskedFrame(Buffer.from('hello'), 1)]), // text
  Buffer.concat([Buffer.from(upgradeRequest), Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff)]), // 2 GiB
  Buffer.concat([Buffer.from(upgradeRequest), Buffer.of(0x82, 0x02, 0x10, 0x00)]), // not masked
  Buffer.concat([Buffer.from(upgradeRequest), maskedFrame(greeting), maskedFrame(Buffer.of(0xf3, 0))])
]

/** Makes trouble from start to stop. */
export class Nuisances {
  counts = { malformed: 0, takeOvers: 0, requests: 0, requestsFailed: 0 }
  #ports
  #timers = []
  #open = new Set()
  #owners = new Map()

  constructor(ports) {
    this.#ports = ports
  }

  start() {
    this.#timers = [
      setInterval(() => this.#offend(), malformedMs),
      setInterval(() => this.#takeOver(), takeOverMs),
      setInterval(() => this.#request(), requestMs)
    ]
  }

  stop() {
    for (const timer of this.#timers) clearInterval(timer)
    for (const socket of this.#open) socket.destroy()
    for (const client of this.#owners.values()) client.end()
  }

  #offend() {
    const turn = this.counts.malformed++
    const [port, offences] = turn % 2 === 0 ? [this.#ports.tcp, rudeBytes] : [this.#ports.ws, rudeFrames]
    const socket = connectSocket({ port, host: '127.0.0.1' }, () => socket.write(offences[(turn >> 1) % offences.length]))
    socket.on('error', () => undefined)
    socket.on('data', () => undefined)
    socket.setTimeout(patienceMs, () => socket.destroy())
    socket.on('close', () => this.#open.delete(socket))
    this.#open.add(socket)
  }

  /** The same client id connects again, over either transport and in any version, and is sent all that is retained. */
  #takeOver() {
    const turn = this.counts.takeOvers++
    for (const name of ['one', 'other']) {
      const client = new Client({
        ...{ ports: this.#ports, transport: turn % 2 === 0 ? 'tcp' : 'ws', level: 3 + (turn % 3), clientId: name },
        ...{ isKept: name === 'other', filters: ['soak/retained/#', 'currentcost/#'], qos: 1 }
      })
      this.#owners.set(name, client)
    }
  }

  #request() {
    const path = paths[this.counts.requests++ % paths.length]
    const fail = () => this.counts.requestsFailed++
    const request = get({ port: this.#ports.ws, host: '127.0.0.1', path, agent: false }, response => response.resume().on('error', fail))
    request.on('error', fail)
  }
}
