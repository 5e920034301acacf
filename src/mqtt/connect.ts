/** CONNECT and CONNACK: who is let in, and what a client of MQTT 5.0 is told of this server (sections 3.1.4 and 3.2.2). */
import { limits } from '../limits.ts'
import { publishRefusal } from './access.ts'
import {
  type ConnackProperties,
  type Connect,
  type ProtocolLevel,
  type ReasonCode,
  type Reply,
  reasonCodes,
  sessionNeverExpires
} from './packet.ts'
import type { Session } from './session.ts'

/** Whether a protocol level is spoken here. */
export function isLevel(level: number): level is ProtocolLevel {
  return level >= 3 && level <= 5
}

/** Why a CONNECT of a level that is spoken is refused, or `undefined`. @param hasRoom whether one more client may be admitted */
export function connectRefusal(packet: Connect, hasRoom: boolean): ReasonCode | undefined {
  const { protocolLevel, clientId, cleanStart, authenticationMethod } = packet
  if (authenticationMethod !== undefined) return reasonCodes.badAuthenticationMethod // [MQTT-4.12.0-1]
  const mayBeEmpty = protocolLevel === 5 || (protocolLevel === 4 && cleanStart)
  if (clientId === '' && !mayBeEmpty) return reasonCodes.clientIdentifierNotValid // [MQTT-3.1.3-8]
  if (clientId.length > limits.clientIdCharactersMax) return reasonCodes.clientIdentifierNotValid
  return hasRoom ? undefined : reasonCodes.serverBusy
}

/** How long a session outlives its connection, in ms: what the client asks for, up to our bound. */
export function expiryMsOf(sessionExpirySeconds: number): number {
  return sessionExpirySeconds === sessionNeverExpires ? limits.sessionAwayMs : Math.min(sessionExpirySeconds * 1_000, limits.sessionAwayMs)
}

/** The keep-alive that holds for a client, in seconds. */
export function keepAliveSecondsOf({ protocolLevel, keepAliveSeconds }: Connect): number {
  if (protocolLevel < 5) return keepAliveSeconds // who cannot be told otherwise
  return keepAliveSeconds === 0 ? limits.keepAliveSecondsMax : Math.min(keepAliveSeconds, limits.keepAliveSecondsMax)
}

/** The CONNACK of a client that is let in. @param isPresent whether its session was there before */
export function welcome(packet: Connect, session: Session, isPresent: boolean): Reply {
  const keepAliveSeconds = keepAliveSecondsOf(packet)
  const expirySeconds = session.expiryMs / 1_000
  const properties: ConnackProperties = {
    sessionExpirySeconds: expirySeconds === packet.sessionExpirySeconds ? undefined : expirySeconds,
    assignedClientId: packet.clientId === '' ? session.clientId : undefined, // [MQTT-3.1.3-7]
    serverKeepAliveSeconds: keepAliveSeconds === packet.keepAliveSeconds ? undefined : keepAliveSeconds, // [MQTT-3.2.2-22]
    receiveMaximum: limits.receivedMax,
    packetBytesMax: limits.packetBytesMax,
    topicAliasMax: limits.topicAliasMax,
    responseInformation: wantsResponse(packet) ? responseTopic(session) : undefined // [MQTT-3.1.2-28]
  }
  return { type: 'CONNACK', sessionPresent: isPresent, reasonCode: reasonCodes.success, properties }
}

/** Whether a client wants to be told where, and takes a CONNACK that may have a long client id in it. */
function wantsResponse({ wantsResponseInformation, packetBytesMax }: Connect): boolean {
  return wantsResponseInformation && packetBytesMax > 8 * limits.clientIdCharactersMax
}

/** Where a client may have answers sent to it, if it may read them there. */
function responseTopic({ clientId, rights }: Session): string | undefined {
  const plain = `response/${clientId}`
  const topic = publishRefusal(plain) === undefined ? plain : `response/${[...clientId].map(letter => letter.codePointAt(0)).join('-')}`
  return rights?.mayRead(topic) === false ? undefined : topic
}
