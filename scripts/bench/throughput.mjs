/** How many deliveries per second leave a broker when messages are published as fast as they arrive: from one to many, and from many to one. */
import { wide } from './brokers.mjs'
import { attempt, middlesOf, nameOf, peers, valuesOf, withBroker } from './measure.mjs'
import { percent, timesMosquitto } from './table.mjs'

const withNull = [...peers, 'null']

/** One client publishes. Of 100 subscribers it is one itself, for wattslug admits 100 clients by default. */
const fans = [
  { subscribers: 1, publisher: 1 },
  { subscribers: 100, publisher: 'first' },
  { subscribers: 1_000, publisher: 1, limits: wide }
]
const fanOutGoals = { 'tcp 0 100': timesMosquitto(5), 'ws 0 100': timesMosquitto(10) }

/** Fan-out. */
export const measureFanOut = async context => {
  const cases = ['tcp', 'ws'].flatMap(transport => [0, 1].flatMap(qos => fans.map(fan => ({ transport, qos, ...fan }))))
  return section('Fan-out: deliveries/s of 100-byte messages from one publisher', cases, context, {
    rounds: 1,
    nameOf: ({ transport, qos, subscribers }) => `${nameOf(transport)} 1→${subscribers.toLocaleString('en')} QoS ${qos}`,
    goalOf: ({ transport, qos, subscribers }) => fanOutGoals[`${transport} ${qos} ${subscribers}`]
  })
}

/** Fan-in: with the subscriber there are 100 clients. At QoS 1 it is close, and the same broker differs by a tenth from one time to the next. */
export const measureFanIn = async context => {
  const cases = ['tcp', 'ws'].flatMap(transport => [0, 1].map(qos => ({ transport, qos, subscribers: 1, publisher: 99 })))
  return section('Fan-in: deliveries/s of 100-byte messages from 99 publishers to one subscriber, the middle of 3 times', cases, context, {
    rounds: 3,
    nameOf: ({ transport, qos }) => `${nameOf(transport)} 99→1 QoS ${qos}`,
    goalOf: () => timesMosquitto(1)
  })
}

const section = async (title, cases, context, { rounds, nameOf, goalOf }) => {
  const rows = []
  const notes = []
  for (const each of cases) {
    const name = nameOf(each)
    const measure = kind => attempt(`${name} ${kind}`, context, () => flood(kind, each, context))
    const measured = await middlesOf(withNull, rounds, measure, perSecondOf)
    rows.push({ name, values: valuesOf(measured, perSecondOf), goal: goalOf(each) })
    notes.push(`${name}: ${withNull.map(kind => toldOf(kind, measured[kind])).join(' · ')}${limitOf(measured)}`)
  }
  return { title, rows, notes: ['Share of a core taken by the broker / by the load generator (and what was lost):', ...notes] }
}

const perSecondOf = ({ perSecond }) => perSecond

/** Brokers run for months: what Node has run for half a second it has not compiled in full yet, and is a tenth slower. */
const whole = { warmMs: 2_000, ms: 2_000 }
const quick = { warmMs: 200, ms: 400 }

/** With its bound of 1,000 queued messages mosquitto 2.0.11 drops all from 99 publishers, though no more than 100 are ever on their way. */
const mosquittoMore = 'max_queued_messages 0'

const flood = (kind, { transport, qos, subscribers, publisher, limits }, context) =>
  withBroker(kind, { ...context, limits, mosquittoMore }, async (broker, load) => {
    await load.call('open', { port: broker.ports[transport], transport, qos, count: subscribers, publisher })
    const result = await load.call('flood', { qos, pid: broker.pid, ...(context.quick ? quick : whole) })
    if (result.perSecond === 0) throw new Error('nothing was delivered')
    return result
  })

const toldOf = (kind, result) => {
  if (result === undefined) return `${kind} –`
  const lost = result.lostShare > 0.0005 ? ` (${percent(result.lostShare)} lost)` : ''
  return `${kind} ${percent(result.serverShare)} / ${percent(result.ownShare)}${lost}`
}

/** Whether the load generator may have been what was measured: it had no time left, the broker had, and `null` was no faster. */
const limitOf = ({ wattslug, null: copier }) => {
  if (wattslug === undefined || wattslug.serverShare > 0.9 || wattslug.ownShare < 0.9) return ''
  return copier?.perSecond > 1.25 * wattslug.perSecond ? '' : ' — the LOAD GENERATOR is wattslug’s limit: it is at least so fast'
}
