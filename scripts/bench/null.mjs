/** A server that only copies: it shows the most that the load generator and Node's sockets can do, so that neither is taken for a broker's limit. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { bareFrame, maskedFrame, publish, repeat } from './packets.mjs'

const [tcpPort, webSocketPort] = process.argv.slice(2).map(Number)
const connack = Buffer.from([0x20, 2, 0, 0])
const suback = Buffer.from([0x90, 3, 0, 1, 0])
/** More than one read brings. */
const messagesMax = 2_000

const framings = {
  tcp: { inBytes: publish.length, out: publish, reply: bytes => bytes },
  ws: { inBytes: maskedFrame(publish).length, out: bareFrame(publish), reply: bareFrame }
}

/** It answers CONNECT and SUBSCRIBE by their first bytes, then sends one message to all subscribers for each so many bytes. */
const serve = ({ inBytes, out, reply }, isWebSocket) => {
  const subscribers = new Set()
  const copies = repeat(out, messagesMax)
  return createServer({ noDelay: true }, socket => {
    let phase = isWebSocket ? 'upgrade' : 'connect'
    let held = 0
    socket.on('error', () => undefined)
    socket.on('close', () => subscribers.delete(socket))
    socket.on('data', chunk => {
      if (phase === 'upgrade') {
        socket.write(upgradeResponse(chunk.toString('latin1')))
        phase = 'connect'
      } else if (phase === 'connect') {
        socket.write(reply(connack))
        phase = 'open'
      } else if (phase === 'open' && isSubscribe(chunk, isWebSocket)) {
        socket.write(reply(suback))
        subscribers.add(socket)
      } else {
        phase = 'publish'
        const messages = Math.floor((held + chunk.length) / inBytes)
        held += chunk.length - messages * inBytes
        for (const subscriber of subscribers) subscriber.write(copies.subarray(0, messages * out.length))
      }
    })
  })
}

const isSubscribe = (chunk, isWebSocket) => (isWebSocket ? chunk[6] ^ chunk[2] : chunk[0]) === 0x82

const upgradeResponse = request => {
  const [, key] = /^sec-websocket-key: (.*?)\r$/im.exec(request)
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`
}

serve(framings.tcp, false).listen(tcpPort, '127.0.0.1')
serve(framings.ws, true).listen(webSocketPort, '127.0.0.1')
