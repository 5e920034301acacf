/** How a client comes in: what its CONNECT asks for, who it is, and what it is answered. */
import type { Verdict } from './access.ts'
import { IncomingAliases } from './alias.ts'
import { connectRefusal, isLevel, keepAliveSecondsOf, welcome } from './connect.ts'
import type { Connection } from './connection.ts'
import { close } from './ending.ts'
import { type Connect, keepWill, type ProtocolLevel, type ReasonCode, reasonCodes } from './packet.ts'
import type { Opening } from './phase.ts'
import { whyRefused } from './reasons.ts'
import { anyone } from './rights.ts'

/** CONNECT: lets its client in, says no, or has its password checked first. */
export function connect(connection: Connection, { sinceMs }: Opening, packet: Connect): void {
  const { broker, outbox } = connection
  const { protocolLevel: level, packetBytesMax, topicAliasMax } = packet
  if (!isLevel(level)) {
    refuse(connection, reasonCodes.unsupportedProtocolVersion) // [MQTT-3.1.2-2]
    return
  }
  outbox.speak({ level, packetBytesMax, topicAliasMax })
  if (isRefused(connection, packet, packet.user !== undefined || packet.password !== undefined)) return
  const verdict = broker.authority.identify(packet, outbox.peer, found => broker.step(connection, { type: 'identified', verdict: found }))
  if (verdict !== 'later') {
    enter(connection, packet, verdict)
    return
  }
  outbox.hold(true)
  connection.phase = { name: 'checking', sinceMs, packet: { ...packet, password: undefined, will: keepWill(packet.will) } }
}

/** Says no to a CONNECT that is none for this server, or finds no room. */
export function isRefused(connection: Connection, packet: Connect, isNamed: boolean): boolean {
  const refusal = connectRefusal(packet, connection.broker.placeFor(packet.clientId, isNamed) !== undefined)
  if (refusal !== undefined) refuse(connection, refusal)
  return refusal !== undefined
}

/** Lets in who was found out, or says no. */
export function enter(connection: Connection, packet: Connect, verdict: Verdict): void {
  const { broker, outbox } = connection
  const refusal = typeof verdict === 'number' ? verdict : broker.entryRefusal(packet, verdict)
  if (typeof verdict === 'number')
    broker.counters.count(verdict === reasonCodes.connectionRateExceeded ? 'connect-hasty' : 'connect-unauthorized')
  if (typeof verdict === 'number' || refusal !== undefined) {
    refuse(connection, refusal as ReasonCode)
    return
  }
  const place = broker.placeFor(packet.clientId, verdict.user !== anyone)
  if (place === undefined) {
    refuse(connection, reasonCodes.serverBusy) // by a name that nobody has asked for
    return
  }
  if (place !== 'free') broker.step(place, { type: 'end', reason: 'too-many' }) // strangers must not keep out who has a name
  const level = packet.protocolLevel as ProtocolLevel
  const { session, isPresent } = broker.admit(packet, verdict)
  connection.phase = {
    name: 'open',
    session,
    level,
    who: verdict,
    silenceMs: keepAliveSecondsOf(packet) * 1_500,
    aliases: new IncomingAliases(),
    inherited: session.received.size,
    wantsReasons: level === 5 && packet.wantsProblemInformation
  }
  // In MQTT 3.1 the bit that tells of a kept session is reserved.
  outbox.reply(welcome(packet, session, isPresent && level > 3)) // [MQTT-3.2.0-1]
  session.resume(connection, outbox, packet.receiveMaximum)
  broker.save(session) // as one whose client is here
}

function refuse(connection: Connection, reasonCode: ReasonCode): void {
  const properties = { reasonString: whyRefused(reasonCode) }
  connection.outbox.reply({ type: 'CONNACK', sessionPresent: false, reasonCode, properties }) // [MQTT-3.2.2-6]
  close(connection, 'refused') // [MQTT-3.2.2-7]
}
