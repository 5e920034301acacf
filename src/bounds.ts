/** The bounds that an owner may change, each with floor and ceiling: the table `[limits]` of the file, and `--limit NAME=N`. */
import { assertRelations } from './budget.ts'
import { type Bounds, usualLimits } from './limits.ts'

/** From what to what each may be; what they come to together is bounded by the last. */
const ranges = {
  clientsMax: [1, 4_000],
  strangersMax: [1, 1_000],
  sessionsMax: [1, 10_000],
  sessionAwayMs: [60_000, 366 * 24 * 3_600_000],
  subscriptionsMax: [1, 1_000],
  subscriptionBytesMax: [1_216, 4_194_304],
  topicLevelsMax: [8, 256],
  topicAliasMax: [0, 1_000],
  topicAliasBytesMax: [256, 1_048_576],
  receivedMax: [1, 1_000],
  inflightMax: [1, 1_000],
  inflightBytesMax: [8_320, 16_777_216],
  queueMessagesMax: [1, 100_000],
  queueBytesMax: [8_320, 16_777_216],
  outboxBytesMax: [4_096, 1_048_576],
  retainedMessagesMax: [1, 100_000],
  retainedBytesMax: [65_664, 67_108_864],
  packetBytesMax: [4_096, 61_440],
  webSocketMessageBytesMax: [65_536, 16_777_216],
  webSocketFragmentsMax: [1, 65_536],
  connectMs: [2_000, 60_000],
  drainMs: [2_000, 600_000],
  requestsMax: [1, 256],
  connectsOfOneMax: [1, 100_000],
  strangersOfOneMax: [1, 1_000],
  tlsConnectionsMax: [1, 4_000],
  heldBytesMax: [16_777_216, 1_073_741_824]
} as const satisfies Partial<Record<keyof Bounds, readonly [floor: number, ceiling: number]>>

type Name = keyof typeof ranges
const byName = new Map(Object.keys(ranges).map(key => [key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`), key as Name]))

/** A bound that was asked for, and where, for the message when it is no good. */
export interface Asked {
  readonly place: () => string
  readonly name: string
  readonly value: unknown
}

/**
 * Reads bounds that were asked for; of those for the same one the last counts.
 * @throws Error that names the place and what is allowed, or tells what would not hold together
 */
export function readBounds(asked: readonly Asked[]): Partial<Bounds> {
  const changes = Object.fromEntries(asked.map(readBound))
  try {
    assertRelations({ ...usualLimits, ...changes })
    return changes
  } catch (error) {
    // Several bounds do not hold together: the last of those that the reason names is told with its place.
    const reason = (error as Error).message
    const { place, name } = asked.findLast(each => reason.includes(each.name)) ?? (asked.at(-1) as Asked)
    throw new Error(`${place()}: ${name}: ${reason}`)
  }
}

function readBound({ place, name, value }: Asked): readonly [Name, number] {
  const key = byName.get(name)
  if (!key) throw new Error(`${place()}: unknown limit: ${name}; allowed: ${[...byName.keys()].join(', ')}`)
  const [floor, ceiling] = ranges[key]
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= floor && number <= ceiling) return [key, number]
  throw new Error(`${place()}: ${name}: impossible value: ${JSON.stringify(value)}; allowed: a whole number from ${floor} to ${ceiling}`)
}
