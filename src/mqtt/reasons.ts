/** Reason Strings: what a client of MQTT 5.0 is told for humans, beside the code, when it or what it asked for is refused, or it is let go. */
import { limits } from '../limits.ts'
import { type ReasonCode, type Reply, reasonCodes } from './packet.ts'

type Reasons = Readonly<Partial<Record<ReasonCode, () => string>>>

const refusals: Reasons = {
  [reasonCodes.clientIdentifierNotValid]: () => `a client id has at most ${limits.clientIdCharactersMax} characters`,
  [reasonCodes.badUserNameOrPassword]: () => 'no user of that name has that password',
  [reasonCodes.notAuthorized]: () => 'a user and password are needed here, or this user may not have that client id or that will',
  [reasonCodes.serverUnavailable]: () => 'passwords cannot be checked now: the log tells why',
  [reasonCodes.serverBusy]: () => 'there is no room for one more client now: try again later',
  [reasonCodes.badAuthenticationMethod]: () => 'there is no enhanced authentication here',
  [reasonCodes.connectionRateExceeded]: () => 'too many wrong passwords came from there: try again later'
}

const ends: Reasons = {
  [reasonCodes.protocolError]: () => 'what was sent is not allowed here',
  [reasonCodes.notAuthorized]: () => 'who you are is not known here any more: connect again',
  [reasonCodes.serverShuttingDown]: () => 'the broker stops, or starts again',
  [reasonCodes.keepAliveTimeout]: () => 'nothing came for one and a half times the keep-alive',
  [reasonCodes.sessionTakenOver]: () => 'another connection came with this client id',
  [reasonCodes.receiveMaximumExceeded]: () => `at most ${limits.receivedMax} messages at QoS 1 and 2 may be on their way`,
  [reasonCodes.topicAliasInvalid]: () => `topic aliases go up to ${limits.topicAliasMax}`,
  [reasonCodes.quotaExceeded]: () => 'there is no room to keep this now: try again later'
}

const messages: Reasons = {
  [reasonCodes.notAuthorized]: () => 'topics that begin with $ belong to the broker, and others may be for certain users only',
  [reasonCodes.topicNameInvalid]: () => `a topic has at most ${limits.topicLevelsMax} levels`,
  [reasonCodes.quotaExceeded]: () => 'there is no room for this message now: try again later'
}

const exchanges: Reasons = {
  [reasonCodes.packetIdentifierNotFound]: () => 'no message at QoS 2 with this packet id is on its way'
}

const filters: Reasons = {
  [reasonCodes.notAuthorized]: () => 'you may read nothing of what this filter means',
  [reasonCodes.topicFilterInvalid]: () => `a filter has at most ${limits.topicLevelsMax} levels`,
  [reasonCodes.quotaExceeded]: () => `a session has at most ${limits.subscriptionsMax} subscriptions, and fewer where they are long`
}

type Answer = Extract<Reply, { type: 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP' | 'SUBACK' }>

const answers: Readonly<Record<Answer['type'], Reasons>> = {
  ...{ PUBACK: messages, PUBREC: messages, PUBREL: exchanges, PUBCOMP: exchanges, SUBACK: filters }
}

/** An answer, and in words why it says no if it does; of several filters why the first one is refused. */
export function explained(reply: Reply): Reply {
  if (!isAnswer(reply)) return reply
  const code = reply.type === 'SUBACK' ? reply.reasonCodes.find(each => each >= 0x80) : reply.reasonCode
  const reasonString = answers[reply.type][code as ReasonCode]?.()
  return reasonString === undefined ? reply : { ...reply, reasonString }
}

function isAnswer(reply: Reply): reply is Answer {
  return reply.type in answers
}

/** Why CONNECT is refused by a code. */
export function whyRefused(reasonCode: ReasonCode): string | undefined {
  return refusals[reasonCode]?.()
}

/** Why a connection ends with a code, unless its cause has told that. */
export function whyEnded(reasonCode: ReasonCode | undefined): string | undefined {
  return reasonCode === undefined ? undefined : ends[reasonCode]?.()
}
