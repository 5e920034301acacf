/** MQTT 3.1.1 packets and WebSocket frames as bytes, built once and sent many times. */

const payloadBytes = 100
const maskKey = Buffer.from([0x5a, 0xc3, 0x1e, 0x97])

/** The topic of everything that is published to all. */
export const topic = 'bench/fan'

/** A PUBLISH with a payload of `bytes`; at QoS 1 with a packet id. */
export const publishTo = (name, { qos = 0, packetId = 1, retain = false, bytes = payloadBytes } = {}) =>
  packet(0x30 | (qos << 1) | Number(retain), text(name), qos > 0 ? sixteen(packetId) : Buffer.alloc(0), Buffer.alloc(bytes, 'x'))

/** The message that is measured, by QoS: 100 bytes of payload. */
export const publishes = [publishTo(topic), publishTo(topic, { qos: 1 })]

/** A CONNECT with a clean session and without keep-alive. */
export const connect = clientId => packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId))

/** A SUBSCRIBE to one filter, with packet id 1. */
export const subscribe = (filter, qos = 0) => packet(0x82, sixteen(1), text(filter), Buffer.from([qos]))

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

/** A client's frame: binary and masked. */
export const maskedFrame = body =>
  Buffer.concat([frameHead(body.length, 0x80), maskKey, body.map((byte, index) => byte ^ maskKey[index % 4])])

/** A server's frame: binary and bare. */
export const bareFrame = body => Buffer.concat([frameHead(body.length, 0), body])

/** The same bytes so many times. */
export const repeat = (bytes, count) => Buffer.concat(Array.from({ length: count }, () => bytes))

function packet(head, ...parts) {
  const body = Buffer.concat(parts)
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7]
  return Buffer.concat([Buffer.from([head, ...length]), body])
}

function text(string) {
  const bytes = Buffer.from(string)
  return Buffer.concat([sixteen(bytes.length), bytes])
}

function sixteen(number) {
  return Buffer.from([number >> 8, number & 0xff])
}

function frameHead(length, mask) {
  return length < 126 ? Buffer.from([0x82, mask | length]) : Buffer.concat([Buffer.from([0x82, mask | 126]), sixteen(length)])
}
