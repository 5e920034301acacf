/** Reason Strings: what a client of MQTT 5.0 is told for humans, beside the code, when it is refused or let go (sections 3.2.2.3.9 and 3.14.2.2.3). */
import { limits } from '../limits.ts'
import { type ReasonCode, reasonCodes } from './packet.ts'

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

/** Why CONNECT is refused by a code. */
export function whyRefused(reasonCode: ReasonCode): string | undefined {
  return refusals[reasonCode]?.()
}

/** Why a connection ends with a code, unless its cause has told that. */
export function whyEnded(reasonCode: ReasonCode | undefined): string | undefined {
  return reasonCode === undefined ? undefined : ends[reasonCode]?.()
}
