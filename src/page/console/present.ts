/** What is said of a connection, a PUBLISH and a message's properties. Pure. */

import type { ClientState, Message } from '../../client/client.ts'
import { previewOf } from './payload.ts'
import type { Words } from './words.ts'

/** The reason code of who was replaced by another client of the same id. */
const takenOver = 0x8e

/** Why something was refused: in the client's words, by its code, and what the broker had to add. */
export interface Refusal {
  readonly why: string
  readonly code: number | undefined
  readonly said?: string | undefined
}

/** What became of a PUBLISH. */
export type Outcome = { readonly kind: 'sent' | 'acknowledged'; readonly tookMs: number } | ({ readonly kind: 'failed' } & Refusal)

export interface LinkShown {
  readonly kind: 'idle' | 'connecting' | 'connected' | 'lost' | 'ended'
  readonly title: string
  readonly text: string
}

/** How the connection is, and why. */
export function linkShown(
  state: ClientState | undefined,
  who: { readonly clientId: string; readonly version: 4 | 5 },
  words: Words
): LinkShown {
  switch (state?.phase) {
    case undefined:
      return { kind: 'idle', title: words.idle, text: '' }
    case 'connecting':
      return { kind: 'connecting', title: words.connecting, text: '' }
    case 'connected': {
      const as = words.as(who.clientId, who.version === 4 ? '3.1.1' : '5.0')
      return { kind: 'connected', title: words.connected, text: state.sessionPresent ? `${words.resumed} · ${as}` : as }
    }
    case 'waiting': {
      const retry = words.retrying(Math.ceil(state.retryMs / 1_000))
      return { kind: 'lost', title: words.lost, text: `${whyText(state.reason, state.reasonCode, words)} ${retry}` }
    }
    case 'closed': {
      const refused = state.reasonCode === undefined ? words.idle : words.notLetIn // without a code it was never tried
      return {
        kind: 'ended',
        title: state.reasonCode === takenOver ? words.ended : refused,
        text: whyText(state.reason ?? '', state.reasonCode, words)
      }
    }
  }
}

/** Why something was refused, in plain words and then the broker's own. */
export function refusalText({ why, code, said }: Refusal, words: Words): string {
  const text = whyText(why, code, words)
  return said === undefined || text.includes(said) ? text : `${text} (${said})`
}

/** A reason in plain words, and else as it was given. */
export function whyText(reason: string, code: number | undefined, words: Words): string {
  const known = code === undefined ? undefined : words.reasons[code]
  if (known !== undefined) return known
  return reason === '' || /[.!?]$/.test(reason) ? reason : `${reason}.`
}

/** As people write large numbers, in any language. */
export function countText(count: number): string {
  return count.toLocaleString('en').replaceAll(',', '\u202f')
}

/** Why no topic is to be seen. */
export function emptyText(search: string, subscriptions: number, words: Words): string {
  if (search !== '') return words.nothingFits
  return subscriptions === 0 ? words.noSubscription : words.nothingYet
}

export function outcomeText(outcome: Outcome, words: Words): string {
  switch (outcome.kind) {
    case 'sent':
      return words.sent
    case 'acknowledged':
      return words.acknowledged(outcome.tookMs < 10 ? outcome.tookMs.toFixed(1) : String(Math.round(outcome.tookMs)))
    case 'failed':
      return words.failed(refusalText(outcome, words))
  }
}

/** The properties of MQTT 5.0 that came with a message, by name. */
export function propertiesOf(properties: Message['properties'], words: Words): readonly (readonly [name: string, value: string])[] {
  const {
    contentType,
    responseTopic,
    correlationData,
    messageExpirySeconds,
    payloadFormatIndicator,
    subscriptionIdentifiers,
    userProperties
  } = properties ?? {}
  const names = words.properties
  const known: readonly (readonly [string, string | undefined])[] = [
    [names.contentType, contentType],
    [names.responseTopic, responseTopic],
    [names.correlationData, correlationData && previewOf(correlationData, 64)],
    [names.messageExpirySeconds, messageExpirySeconds === undefined ? undefined : `${messageExpirySeconds} s`],
    [names.payloadFormatIndicator, payloadFormatIndicator === undefined ? undefined : payloadFormatIndicator === 1 ? 'UTF-8' : 'bytes'],
    [names.subscriptionIdentifiers, subscriptionIdentifiers?.join(', ')],
    ...(userProperties ?? []).map(([name, value]) => [names.user, `${name} = ${value}`] as const)
  ]
  return known.filter((pair): pair is readonly [string, string] => pair[1] !== undefined)
}
