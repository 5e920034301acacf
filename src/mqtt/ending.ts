/** How a connection ends, and what its client is told. */
import { limits } from '../limits.ts'
import type { Connection } from './connection.ts'
import { type CloseReason, codesOfEnds } from './outbox.ts'
import { type ReasonCode, reasonCodes } from './packet.ts'
import type { Checking, Opening } from './phase.ts'
import { whyEnded } from './reasons.ts'

/** Ends a connection whose client sent what it may not. */
export function violation(connection: Connection): void {
  close(connection, 'protocol', reasonCodes.protocolError) // [MQTT-4.13.1-1]
}

/** Ends a connection: its session goes away, and with it the will is due, unless the client said goodbye. [MQTT-3.1.2-8] */
export function close(
  connection: Connection,
  reason: CloseReason,
  reasonCode: ReasonCode | undefined = codesOfEnds[reason],
  reasonString = whyEnded(reasonCode)
): void {
  const { broker, outbox, phase } = connection
  connection.phase = { name: 'closed' }
  broker.counters.count(`closed-${reason}`)
  connection.forget()
  const isTold = phase.name === 'open' && phase.level === 5 && reasonCode !== undefined
  if (isTold) outbox.reply({ type: 'DISCONNECT', reasonCode, reasonString }) // [MQTT-4.13.2-1]
  outbox.close(reason)
  if (phase.name === 'open') broker.leave(phase.session)
}

/** Ends a connection whose CONNECT is late, or takes too long to be answered. */
export function closeLate(connection: Connection, { sinceMs }: Opening | Checking): void {
  if (connection.broker.nowMs() - sinceMs > limits.connectMs) close(connection, 'connect-timeout')
}
