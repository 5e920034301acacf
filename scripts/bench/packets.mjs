/** MQTT 3.1.1 packets and WebSocket frames as bytes, built once and sent many times. */

const payloadBytes = 100
const maskKey = Buffer.from([0x5a, 0xc3, 0x1e, 0x97])

/** The topic of everything that the load publishes. */
export const topic = 'bench/fan'

/** The message that is measured: 100 bytes of payload at QoS 0. */
export const publish = packet(0x30, text(topic), Buffer.alloc(payloadBytes, 'x'))

/** A CONNECT with a clean session and without keep-alive. */
export const connect = clientId => packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId))

/** A SUBSCRIBE to one filter at QoS 0, with packet id 1. */
export const subscribe = filter => packet(0x82, Buffer.from([0, 1]), text(filter), Buffer.from([0]))

/** The request that turns a connection into a WebSocket. */
export const upgradeRequest = Buffer.from(
  [
    'GET /mqtt HTTP/1.1',
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: d2F0dHNsdWctYmVuY2ghIQ==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: mqtt',
    '\r\n'
  ].join('\r\n')
)

/** A client's frame: binary and masked. Everything here is shorter than 126 bytes. */
export const maskedFrame = body =>
  Buffer.concat([Buffer.from([0x82, 0x80 | body.length]), maskKey, body.map((byte, index) => byte ^ maskKey[index % 4])])

/** A server's frame: binary and bare. */
export const bareFrame = body => Buffer.concat([Buffer.from([0x82, body.length]), body])

/** The same bytes so many times. */
export const repeat = (bytes, count) => Buffer.concat(Array.from({ length: count }, () => bytes))

function packet(head, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([head, body.length]), body])
}

function text(string) {
  const bytes = Buffer.from(string)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}
