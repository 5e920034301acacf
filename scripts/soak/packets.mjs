/** The packets that the soak's clients send, for MQTT 3.1 (level 3), 3.1.1 (4) and 5.0 (5). */

const levelNames = { 3: 'MQIsdp', 4: 'MQTT', 5: 'MQTT' }
const noProperties = level => (level === 5 ? [Buffer.of(0)] : [])

/** A CONNECT without keep-alive; `isKept` asks for a session that outlives the connection. */
export const connect = ({ level, clientId, isKept }) => {
  const properties = level < 5 ? [] : [isKept ? Buffer.of(5, 0x11, 0, 0, 0x0e, 0x10) : Buffer.of(0)] // an hour
  return packet(0x10, text(levelNames[level]), Buffer.of(level, isKept ? 0 : 2, 0, 0), ...properties, text(clientId))
}

export const subscribe = (level, packetId, filters, qos) =>
  packet(0x82, number(packetId), ...noProperties(level), ...filters.flatMap(filter => [text(filter), Buffer.of(qos)]))

export const publish = (level, topic, payload, { qos, retain, packetId }) =>
  packet(
    0x30 | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    ...(qos > 0 ? [number(packetId)] : []),
    ...noProperties(level),
    Buffer.from(payload)
  )

/** PUBACK, PUBREC, PUBREL (with its flags) or PUBCOMP by their first byte. */
export const acknowledgement = (first, packetId) => Buffer.of(first, 2, packetId >> 8, packetId & 0xff)

export const pingRequest = Buffer.of(0xc0, 0)

export const disconnect = Buffer.of(0xe0, 0)

/** The request that turns a connection into a WebSocket. */
export const upgradeRequest = [
  'GET /mqtt HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: d2F0dHNsdWctc29hayEhIQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: mqtt',
  '\r\n'
].join('\r\n')

/** A client's frame; its mask is all zeros, which spares the masking and is a mask all the same. */
export const maskedFrame = (payload, opcode = 2) => {
  const { length } = payload
  const head = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(0x80 | opcode, ...head, 0, 0, 0, 0), payload])
}

const text = string => Buffer.concat([number(Buffer.byteLength(string)), Buffer.from(string)])

const number = value => Buffer.of(value >> 8, value & 0xff)

const packet = (first, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(first), variable(body.length), body])
}

const variable = value => (value < 128 ? Buffer.of(value) : Buffer.of((value & 127) | 128, ...variable(value >> 7)))
