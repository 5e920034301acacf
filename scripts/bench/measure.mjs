/** What every theme needs: a broker with its load for as long as it is measured, and a word in place of the number when it cannot be. */
import { startBroker } from './brokers.mjs'
import { startLoad } from './loader.mjs'

/** Measured one after the other, so that none is disturbed by another. */
export const peers = ['wattslug', 'mosquitto', 'aedes']

export const nameOf = transport => (transport === 'ws' ? 'WebSocket' : 'TCP')

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Starts a broker and a load generator, hands both to `measure`, and ends them. */
export const withBroker = async (kind, context, measure) => {
  const broker = await startBroker(kind, context)
  const load = startLoad()
  try {
    return await measure(broker, load)
  } finally {
    await load.stop()
    await broker.stop()
  }
}

/** What was measured; or, when that failed, `undefined`, and why stands among the notes. One failure does not end the bench. */
export const attempt = async (what, context, measure) => {
  try {
    return await measure()
  } catch (error) {
    context.troubles.push(`${what}: ${error.message.trim().split('\n').slice(0, 2).join(' ').slice(0, 200)}`)
    return undefined
  }
}

/**
 * Of each peer the middle one of several measurements, by the number that `pick` finds; what failed counts for nothing. They take turns,
 * so that a machine that is slow for a while is so for all of them.
 */
export const middlesOf = async (kinds, rounds, measure, pick) => {
  const measured = Object.fromEntries(kinds.map(kind => [kind, []]))
  for (let round = 0; round < rounds; round++) for (const kind of kinds) measured[kind].push(await measure(kind))
  return Object.fromEntries(Object.entries(measured).map(([kind, results]) => [kind, middleOf(results, pick)]))
}

const middleOf = (results, pick) => {
  const sorted = results.filter(result => result !== undefined).sort((a, b) => pick(a) - pick(b))
  return sorted[Math.floor(sorted.length / 2)]
}

/** Of each peer the number that `pick` finds in what was measured. */
export const valuesOf = (measured, pick) =>
  Object.fromEntries(Object.entries(measured).map(([kind, result]) => [kind, result === undefined ? 'failed' : pick(result)]))
