/** The keys under which the broker keeps things: printable ASCII, in the order of their numbers. */

export const sessionsPrefix = 'mqtt/s/'
export const allExchangesPrefix = 'mqtt/x/'
export const bodiesPrefix = 'mqtt/m/'
export const retainedPrefix = 'mqtt/r/'

export const sessionKey = (session: number): string => sessionsPrefix + digits(session)

/** What the keys of one session's exchanges begin with. */
export const exchangesPrefix = (session: number): string => `${allExchangesPrefix}${digits(session)}/`

export const deliveryKey = (session: number, order: number): string => `${exchangesPrefix(session)}d${digits(order)}`

export const receivedKey = (session: number, packetId: number): string => `${exchangesPrefix(session)}r${digits(packetId)}`

export const bodyKey = (number: number): string => bodiesPrefix + digits(number)

export const retainedKey = (number: number): string => retainedPrefix + digits(number)

/** An exchange as its key names it. */
export interface Exchange {
  readonly kind: 'delivery' | 'received'
  readonly session: number
  /** Order of a delivery, or packet id. */
  readonly number: number
}

/** The number at the end of a key. */
export function numberOf(key: string): number {
  return Number.parseInt(key.slice(-width), radix)
}

export function exchangeOf(key: string): Exchange {
  const at = allExchangesPrefix.length
  const session = Number.parseInt(key.slice(at, at + width), radix)
  return { kind: key.charAt(at + width + 1) === 'd' ? 'delivery' : 'received', session, number: numberOf(key) }
}

const radix = 36
/** Enough for a thousand messages a second over 80 years. */
const width = 8

function digits(number: number): string {
  return number.toString(radix).padStart(width, '0')
}
