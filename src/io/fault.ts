/** What can be wrong with a client's bytes: a closed set, each counted, and each with what MQTT 5.0 calls it. */
import { type ReasonCode, reasonCodes } from '../mqtt/packet.ts'

/** What is wrong with a packet. */
export const wireFaults = [
  'type', // a packet that only a server sends, or none at all
  'flags', // reserved bits of the fixed header
  'length', // fields that end before or after the packet does
  'too-long', // a packet past the bound
  'variable-integer', // more bytes than it needs, or more than four
  'text', // ill-formed UTF-8, or NUL in a string
  'topic', // an empty name, or a wildcard in a name
  'filter', // an empty filter, a misplaced wildcard, a share without a name or a filter
  'packet-id', // 0
  'qos', // 3, or DUP at QoS 0
  'options', // reserved bits of subscription options, or Retain Handling 3
  'protocol-name', // another one, or not that of the level
  'connect', // flags that contradict each other
  'property', // one that is unknown, or not allowed in the packet
  'property-repeated', // twice where the standard allows one
  'property-value', // out of its range
  'alias', // Topic Alias 0
  'reason-code', // one that a client may not send in the packet
  'protocol' // well-formed, and forbidden: no topic and no alias, No Local for a share, no filter at all
] as const
export type WireFault = (typeof wireFaults)[number]

/** What a client of MQTT 5.0 is told, section 4.13. */
export const faultReasonCodes: Readonly<Record<WireFault, ReasonCode>> = {
  type: reasonCodes.protocolError,
  flags: reasonCodes.malformedPacket,
  length: reasonCodes.malformedPacket,
  'too-long': reasonCodes.packetTooLarge,
  'variable-integer': reasonCodes.malformedPacket,
  text: reasonCodes.malformedPacket,
  topic: reasonCodes.topicNameInvalid,
  filter: reasonCodes.topicFilterInvalid,
  'packet-id': reasonCodes.malformedPacket,
  qos: reasonCodes.malformedPacket,
  options: reasonCodes.malformedPacket,
  'protocol-name': reasonCodes.protocolError, // told in DISCONNECT only, which may not say 0x84 [MQTT-3.14.2-1]
  connect: reasonCodes.malformedPacket,
  property: reasonCodes.malformedPacket,
  'property-repeated': reasonCodes.protocolError,
  'property-value': reasonCodes.protocolError,
  alias: reasonCodes.topicAliasInvalid,
  'reason-code': reasonCodes.protocolError,
  protocol: reasonCodes.protocolError
}
