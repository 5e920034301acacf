/** A raw client that costs little: it acknowledges what comes, and hands each message on once it is its own. */
import { connect as connectSocket } from 'node:net'
import * as packets from './packets.mjs'

/** All clients read into one buffer: what is not done with when the call ends is copied. */
const readBuffer = Buffer.allocUnsafeSlow(262_144)

const none = Buffer.alloc(0)

/** One connection, over `tcp` or `ws`. `session` holds what a kept session's client must remember. */
export class Client {
  isReady = false
  isClosed = false
  /** What CONNACK said. */
  isPresent = false
  #options
  #session
  #phase
  #frames = none
  #bytes = none
  #answers = []
  #lastId = 0
  #awaited = new Map()

  /**
   * @param options `ports`, `transport`, `level`, `clientId`, `isKept`, `filters`, `qos`, `took` (told of messages), `ready` (told once, after
   * SUBACK), `closed` (told of an end that was not asked for, with the reason code of a DISCONNECT or CONNACK if there was one)
   */
  constructor(options, session = makeSession()) {
    this.#options = { filters: [], qos: 0, took: () => undefined, ready: () => undefined, closed: () => undefined, ...options }
    this.#session = session
    this.#phase = options.transport === 'ws' ? 'upgrade' : 'packets'
    this.socket = connectSocket({
      port: options.ports[options.transport],
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length, buffer) => this.#received(buffer.subarray(0, length)) }
    })
    this.socket.on('connect', () => {
      if (options.transport === 'ws') this.socket.write(packets.upgradeRequest)
      this.#write(packets.connect(options))
    })
    this.socket.on('error', () => undefined) // its end is told by what follows
    this.socket.on('close', () => this.#ended())
  }

  /** Messages of our own at QoS 1 and 2 that are not acknowledged yet. */
  get unacknowledged() {
    return this.#awaited.size
  }

  publish(topic, payload, { qos = 0, retain = false } = {}) {
    const packetId = qos > 0 ? this.#nextId() : 0
    if (qos > 0) this.#awaited.set(packetId, qos)
    this.#answers.push(packets.publish(this.#options.level, topic, payload, { qos, retain, packetId }))
  }

  /** Sends what gathered. */
  flush() {
    if (this.#answers.length > 0) this.#write(Buffer.concat(this.#answers.splice(0)))
  }

  /** Says that it is there: the server may want to hear that. [MQTT-3.2.2-21] */
  ping() {
    this.#write(packets.pingRequest)
  }

  /** Ends, with or without a goodbye. */
  end(isPolite = true) {
    this.isClosed = true
    if (isPolite) this.#write(packets.disconnect)
    this.socket[isPolite ? 'end' : 'resetAndDestroy']()
  }

  #write(bytes) {
    this.socket.write(this.#options.transport === 'ws' ? packets.maskedFrame(bytes) : bytes)
  }

  #ended() {
    if (this.isClosed) return
    this.isClosed = true
    this.#options.closed(this.reasonCode)
  }

  #received(chunk) {
    if (this.#phase !== 'packets') this.#unframe(chunk)
    else this.#cut(chunk)
    this.flush()
    return true
  }

  /** Takes the frames off; one that has not come whole waits. */
  #unframe(chunk) {
    let bytes = this.#frames.length > 0 ? Buffer.concat([this.#frames, chunk]) : chunk
    if (this.#phase === 'upgrade') {
      const end = bytes.indexOf('\r\n\r\n')
      if (end >= 0) bytes = bytes.subarray(end + 4)
      this.#phase = end >= 0 ? 'frames' : 'upgrade'
    }
    while (this.#phase === 'frames' && bytes.length >= 2) {
      const short = bytes[1] & 0x7f
      const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2
      if (bytes.length < headBytes) break
      const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
      if (bytes.length < headBytes + length) break
      const payload = bytes.subarray(headBytes, headBytes + length)
      if ((bytes[0] & 0x0f) === 9) this.socket.write(packets.maskedFrame(Buffer.from(payload), 10))
      else if ((bytes[0] & 0x0f) <= 2) this.#cut(payload)
      bytes = bytes.subarray(headBytes + length)
    }
    this.#frames = bytes.length > 0 ? Buffer.from(bytes) : none
  }

  /** Cuts packets; one that has not come whole waits. */
  #cut(chunk) {
    const bytes = this.#bytes.length > 0 ? Buffer.concat([this.#bytes, chunk]) : chunk
    let at = 0
    while (at + 2 <= bytes.length) {
      let length = 0
      let bodyAt = at + 1
      let shift = 0
      do {
        if (bodyAt >= bytes.length) break
        length |= (bytes[bodyAt] & 0x7f) << shift
        shift += 7
      } while (bytes[bodyAt++] & 0x80)
      if (bytes[bodyAt - 1] & 0x80 || bodyAt + length > bytes.length) break
      this.#take(bytes[at], bytes.subarray(bodyAt, bodyAt + length))
      at = bodyAt + length
    }
    this.#bytes = at < bytes.length ? Buffer.from(bytes.subarray(at)) : none
  }

  #take(first, body) {
    const kind = first >> 4
    if (kind === 3) this.#takePublish(first, body)
    else if (kind === 2) this.#takeConnack(body)
    else if (kind === 9) this.#goReady()
    else if (kind === 14) this.reasonCode = body[0] ?? 0
    else if (kind >= 4 && kind <= 7) this.#takeAcknowledgement(kind, body.readUInt16BE(0), body[2] ?? 0)
  }

  #takeConnack(body) {
    this.isPresent = (body[0] & 1) === 1
    if (body[1] !== 0) {
      this.reasonCode = body[1]
      return
    }
    const { filters, level, qos } = this.#options
    if (filters.length === 0 || this.isPresent) this.#goReady()
    else this.#answers.push(packets.subscribe(level, this.#nextId(), filters, qos))
  }

  #goReady() {
    if (this.isReady) return
    this.isReady = true
    this.#options.ready(this)
  }

  #takePublish(first, body) {
    const qos = (first >> 1) & 3
    const topicEnd = 2 + body.readUInt16BE(0)
    const topic = body.latin1Slice(2, topicEnd)
    let at = topicEnd
    const packetId = qos > 0 ? body.readUInt16BE(at) : 0
    if (qos > 0) at += 2
    if (this.#options.level === 5) at += 1 + body[at] // properties shorter than 128 bytes: there are no longer ones here
    if (qos === 1) this.#answers.push(packets.acknowledgement(0x40, packetId))
    if (qos === 2) this.#answers.push(packets.acknowledgement(0x50, packetId))
    if (qos === 2 && this.#session.received.has(packetId)) return
    if (qos === 2) this.#session.received.add(packetId)
    this.#options.took({ topic, qos, isRepeat: (first & 8) !== 0, isRetained: (first & 1) === 1, payload: body.subarray(at) })
  }

  #takeAcknowledgement(kind, packetId, reasonCode) {
    if (kind === 6) {
      this.#session.received.delete(packetId)
      this.#answers.push(packets.acknowledgement(0x70, packetId))
    } else if (kind === 5 && reasonCode < 0x80) {
      this.#answers.push(packets.acknowledgement(0x62, packetId))
    } else {
      this.#awaited.delete(packetId)
      if (reasonCode >= 0x80) this.#options.refused?.(reasonCode)
    }
  }

  #nextId() {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#awaited.has(this.#lastId))
    return this.#lastId
  }
}

/** What a client remembers of its session. */
export const makeSession = () => ({ received: new Set() })
