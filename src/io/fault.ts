/** What can be wrong with a client's bytes: a closed set, each counted, and each with what a client of MQTT 5.0 is told. */
import { type ReasonCode, reasonCodes } from '../mqtt/packet.ts'

/** What is wrong with a packet: what the standard calls it, section 4.13, and what it is, for humans. */
const faults = {
  type: [reasonCodes.protocolError, 'a packet that only a server sends, or none at all'],
  flags: [reasonCodes.malformedPacket, 'reserved bits of the fixed header are not as they must be'],
  length: [reasonCodes.malformedPacket, 'fields end before or after their packet does'],
  'too-long': [reasonCodes.packetTooLarge, 'a packet is longer than the Maximum Packet Size'],
  'variable-integer': [reasonCodes.malformedPacket, 'a variable byte integer has more bytes than it needs, or more than four'],
  text: [reasonCodes.malformedPacket, 'a string has ill-formed UTF-8, or NUL'],
  topic: [reasonCodes.topicNameInvalid, 'a topic name is empty, or has a wildcard'],
  filter: [reasonCodes.topicFilterInvalid, 'a filter is empty, has a misplaced wildcard, or is a share without a name or a filter'],
  'packet-id': [reasonCodes.malformedPacket, 'a packet id is 0'],
  qos: [reasonCodes.malformedPacket, 'a QoS of 3, or DUP at QoS 0'],
  options: [reasonCodes.malformedPacket, 'subscription options have reserved bits, or Retain Handling 3'],
  // It is told in DISCONNECT only, which may not say 0x84. [MQTT-3.14.2-1]
  'protocol-name': [reasonCodes.protocolError, 'a protocol name is another, or not that of its level'],
  connect: [reasonCodes.malformedPacket, 'flags of CONNECT contradict each other'],
  property: [reasonCodes.malformedPacket, 'a property is unknown, or not allowed in its packet'],
  'property-repeated': [reasonCodes.protocolError, 'a property comes twice where the standard allows one'],
  'property-value': [reasonCodes.protocolError, 'a property is out of its range'],
  alias: [reasonCodes.topicAliasInvalid, 'a Topic Alias is 0'],
  'reason-code': [reasonCodes.protocolError, 'a reason code is none that a client may send in its packet'],
  protocol: [reasonCodes.protocolError, 'it is forbidden: no topic and no alias, No Local for a share, or no filter at all']
} as const satisfies Readonly<Record<string, readonly [ReasonCode, string]>>
export type WireFault = keyof typeof faults

/** All of them. */
export const wireFaults = Object.keys(faults) as readonly WireFault[]

/** What a client of MQTT 5.0 is told of a fault. */
export function toldOf(fault: WireFault): { readonly reasonCode: ReasonCode; readonly reasonString: string } {
  const [reasonCode, reasonString] = faults[fault]
  return { reasonCode, reasonString }
}
