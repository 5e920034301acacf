/** A server that only copies: it shows the most that the load generator and Node's sockets can do, so that neither is taken for a broker's limit. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { bareFrame, publishes, repeat } from './packets.mjs'

const [tcpPort, webSocketPort] = process.argv.slice(2).map(Number)
const connack = Buffer.from([0x20, 2, 0, 0])
/** More than one read brings. */
const messagesMax = 2_000

/**
 * It answers CONNECT, SUBSCRIBE and PUBLISH at QoS 1 by their first bytes, and sends the one message that there is to all subscribers
 * for each that came. A topic that begins with `own/` goes back to the socket that it came from. Everything is shorter than 128 bytes,
 * and each frame that counts has one packet in it.
 */
const serve = framed => {
  const reply = framed ? bareFrame : bytes => bytes
  const subscribers = new Set()
  const copies = publishes.map(publish => repeat(reply(publish), messagesMax))
  return createServer({ noDelay: true }, socket => {
    const state = { subscribers, socket, copies, reply, framed, greeted: !framed, own: undefined, rest: Buffer.alloc(0) }
    socket.on('error', () => undefined)
    socket.on('close', () => subscribers.delete(socket))
    socket.on('data', chunk => {
      if (state.greeted) take(state, chunk)
      else socket.write(upgradeResponse(chunk.toString('latin1')))
      state.greeted = true
    })
  })
}

const take = (state, chunk) => {
  const { socket, framed, reply } = state
  const bytes = state.rest.length > 0 ? Buffer.concat([state.rest, chunk]) : chunk
  const messages = [0, 0]
  let at = 0
  for (;;) {
    const length = lengthAt(bytes, at, framed)
    if (length === undefined || at + length > bytes.length) break
    const head = framed ? bytes[at + headOf(bytes, at)] ^ bytes[at + headOf(bytes, at) - 4] : bytes[at]
    if (head >> 4 === 3) messages[(head >> 1) & 1]++
    else if (head === 0x10) socket.write(reply(connack))
    else if (head === 0x82) subscribe(state, open(bytes, at, length, framed))
    at += length
  }
  state.rest = Buffer.from(bytes.subarray(at))
  messages.forEach((count, qos) => {
    if (count > 0) copy(state, count, qos)
  })
}

const copy = ({ socket, subscribers, copies, reply, own }, count, qos) => {
  if (qos === 1) socket.write(repeat(reply(Buffer.from([0x40, 2, 0, 1])), count))
  if (own !== undefined) {
    socket.write(repeat(own, count))
    return
  }
  const bytes = copies[qos].subarray(0, (count * copies[qos].length) / messagesMax)
  for (const subscriber of subscribers) subscriber.write(bytes)
}

const subscribe = (state, packet) => {
  const topic = packet.subarray(6, packet.length - 1)
  const qos = packet[packet.length - 1]
  state.socket.write(state.reply(Buffer.from([0x90, 3, 0, 1, qos])))
  if (topic.toString().startsWith('own/')) state.own = state.reply(answerTo(topic))
  else state.subscribers.add(state.socket)
}

/** The message that a client sends to itself. */
const answerTo = topic => {
  const body = Buffer.concat([Buffer.from([0, topic.length]), topic, Buffer.alloc(100, 'x')])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

const lengthAt = (bytes, at, framed) => {
  if (at + 2 > bytes.length) return undefined
  if (!framed) return 2 + bytes[at + 1]
  const short = bytes[at + 1] & 0x7f
  if (short < 126) return 6 + short
  return at + 4 > bytes.length ? undefined : 8 + bytes.readUInt16BE(at + 2)
}

const headOf = (bytes, at) => ((bytes[at + 1] & 0x7f) < 126 ? 6 : 8)

/** The packet at some place, unmasked. */
const open = (bytes, at, length, framed) => {
  if (!framed) return bytes.subarray(at, at + length)
  const head = headOf(bytes, at)
  return bytes.subarray(at + head, at + length).map((byte, index) => byte ^ bytes[at + head - 4 + (index % 4)])
}

const upgradeResponse = request => {
  const [, key] = /^sec-websocket-key: (.*?)\r$/im.exec(request)
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`
}

serve(false).listen(tcpPort, '127.0.0.1')
serve(true).listen(webSocketPort, '127.0.0.1')
