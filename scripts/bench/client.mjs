/** A raw client, made to cost little: it checks the handshakes, and from then on counts the bytes of MQTT that come, and acknowledges at QoS 1. */
import { connect as connectSocket } from 'node:net'
import { connect, maskedFrame, publishes, subscribe, upgradeRequest } from './packets.mjs'

/** All clients read into one buffer, since what came is done with when the call ends. */
const readBuffer = Buffer.allocUnsafeSlow(262_144)
/** What one read makes to be acknowledged, for the same reason. */
const acknowledgements = Buffer.allocUnsafeSlow(65_532)
let acknowledgementsBytes = 0

const connackBytes = 4
const subackBytes = 5
const handshakeMs = 15_000
const nothing = Buffer.alloc(0)

/** One connection, over `tcp` or `ws`. */
export class Client {
  /** Bytes of MQTT since the handshakes; at QoS 1 those of PUBLISH packets. */
  bytes = 0
  /** PUBACKs that came, at QoS 1. */
  acknowledged = 0
  #transport
  #qos
  #phase
  #early = nothing
  #rest = nothing
  #frameLeft = 0
  #frameHead = Buffer.alloc(10)
  #frameHeadBytes = 0
  #frameIsData = false
  #opened
  #failed

  /** @param qos of the subscription, and whether packets are looked at @param delivered is told after each read how many bytes of MQTT it had */
  constructor({ port, transport, clientId, filter, qos = 0, delivered = () => undefined }) {
    this.#transport = transport
    this.#qos = qos
    this.#phase = transport === 'ws' ? 'upgrade' : 'connack'
    this.clientId = clientId
    this.filter = filter
    this.delivered = delivered
    this.ready = new Promise((resolve, reject) => {
      this.#opened = resolve
      this.#failed = reject
    })
    const late = setTimeout(() => this.#failed(new Error(`${clientId} waited in vain for ${this.#phase}`)), handshakeMs)
    this.ready.then(
      () => clearTimeout(late),
      () => clearTimeout(late)
    )
    this.socket = connectSocket({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length, buffer) => this.#received(buffer, length) }
    })
    this.socket.on('connect', () => (transport === 'ws' ? this.socket.write(upgradeRequest) : this.send(connect(clientId))))
    this.socket.on('error', error => this.#failed(error))
    this.socket.on('close', () => this.#failed(new Error(`${clientId} was closed while it waited for ${this.#phase}`)))
  }

  /** Sends one packet. */
  send(packet) {
    this.socket.write(this.#transport === 'ws' ? maskedFrame(packet) : packet)
  }

  /** Reads no more: what comes stays with the system and the broker. */
  freeze() {
    this.socket.pause()
  }

  close() {
    this.socket.destroy()
  }

  #received(buffer, length) {
    if (this.#phase === 'live' && this.#qos === 0) {
      this.#count(this.#transport === 'ws' ? this.#countFrames(buffer, length) : length)
    } else if (this.#phase === 'live') {
      if (this.#transport === 'ws') this.#countFrames(buffer, length, bytes => this.#takePackets(bytes))
      else this.#takePackets(buffer.subarray(0, length))
      this.#acknowledge()
    } else if (this.#phase === 'upgrade') {
      this.#early = Buffer.concat([this.#early, buffer.subarray(0, length)])
      if (!this.#early.includes('\r\n\r\n')) return true
      if (!this.#early.includes(' 101 ')) this.#failed(new Error(`no WebSocket: ${this.#early.toString('latin1').split('\r\n')[0]}`))
      this.#early = nothing
      this.#phase = 'connack'
      this.send(connect(this.clientId))
    } else {
      const before = this.#early.length
      if (this.#transport === 'ws') this.#countFrames(buffer, length, bytes => this.#takeEarly(bytes))
      else this.#takeEarly(buffer.subarray(0, length))
      if (this.#early.length > before) this.#handshake()
    }
    return true
  }

  #takeEarly(bytes) {
    this.#early = Buffer.concat([this.#early, bytes])
  }

  #handshake() {
    if (this.#phase === 'connack' && this.#early.length >= connackBytes) {
      if (this.#early[0] !== 0x20 || this.#early[3] !== 0)
        this.#failed(new Error(`${this.clientId} was refused with code ${this.#early[3]}`))
      this.#early = this.#early.subarray(connackBytes)
      if (this.filter === undefined) this.#goLive()
      else {
        this.#phase = 'suback'
        this.send(subscribe(this.filter, this.#qos))
      }
    }
    if (this.#phase === 'suback' && this.#early.length >= subackBytes) {
      if (this.#early[0] !== 0x90 || this.#early[4] !== this.#qos) this.#failed(new Error(`${this.clientId} got no subscription`))
      this.#early = this.#early.subarray(subackBytes)
      this.#goLive()
    }
  }

  #goLive() {
    this.#phase = 'live'
    const early = this.#early // what followed the SUBACK at once
    this.#early = nothing
    this.#opened()
    if (this.#qos === 0) this.#count(early.length)
    else {
      this.#takePackets(early)
      this.#acknowledge()
    }
  }

  #count(bytes) {
    if (bytes === 0) return
    this.bytes += bytes
    this.delivered(this, bytes)
  }

  /** Walks packets shorter than 128 bytes: PUBLISH is counted and gets its PUBACK with the others of this read, PUBACK is counted. */
  #takePackets(piece) {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    let at = 0
    while (at + 2 <= bytes.length && at + 2 + bytes[at + 1] <= bytes.length) {
      const type = bytes[at] >> 4
      if (type === 4) this.acknowledged++
      if (type === 3) {
        const idAt = at + 4 + ((bytes[at + 2] << 8) | bytes[at + 3])
        acknowledgements[acknowledgementsBytes++] = 0x40
        acknowledgements[acknowledgementsBytes++] = 2
        acknowledgements[acknowledgementsBytes++] = bytes[idAt]
        acknowledgements[acknowledgementsBytes++] = bytes[idAt + 1]
      }
      at += 2 + bytes[at + 1]
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : nothing
  }

  #acknowledge() {
    const bytes = acknowledgementsBytes
    acknowledgementsBytes = 0
    if (bytes > 0) this.send(Buffer.from(acknowledgements.subarray(0, bytes)))
    this.#count((bytes / 4) * publishes[1].length)
  }

  /** Counts the payload of binary frames, whatever pieces they come in. */
  #countFrames(buffer, length, take) {
    let payload = 0
    let at = 0
    while (at < length) {
      if (this.#frameLeft === 0 && this.#frameHeadBytes === 0 && at + 2 <= length && buffer[at + 1] < 126) {
        this.#frameIsData = (buffer[at] & 0x0f) <= 2
        this.#frameLeft = buffer[at + 1]
        at += 2
      } else if (this.#frameLeft === 0) {
        this.#frameHead[this.#frameHeadBytes++] = buffer[at++]
        this.#endHead()
        continue
      }
      const part = Math.min(this.#frameLeft, length - at)
      if (this.#frameIsData) {
        payload += part
        take?.(buffer.subarray(at, at + part))
      }
      this.#frameLeft -= part
      at += part
    }
    return payload
  }

  /** Reads a frame's head that came in pieces, or has a long length, once it is whole. */
  #endHead() {
    const head = this.#frameHead
    if (this.#frameHeadBytes < 2) return
    const wanted = head[1] === 127 ? 10 : head[1] === 126 ? 4 : 2
    if (this.#frameHeadBytes < wanted) return
    this.#frameIsData = (head[0] & 0x0f) <= 2
    this.#frameLeft = wanted === 10 ? Number(head.readBigUInt64BE(2)) : wanted === 4 ? head.readUInt16BE(2) : head[1]
    this.#frameHeadBytes = 0
  }
}
