/** How long a message takes through a broker at an even pace: from a client's write to its own read, and to the reads of a hundred. */
import { wide } from './brokers.mjs'
import { attempt, middlesOf, nameOf, peers, valuesOf, withBroker } from './measure.mjs'
import { atMostTimesMosquitto, decimals } from './table.mjs'

const perSecond = 200
const withNull = [...peers, 'null']
const clientsOf = [10, 100, 1_000]
const fan = 100
/** Before it is measured: brokers run for months, and what Node has run a few hundred times it has not compiled yet. */
const warm = { perSecond: 2_000, ms: 3_000 }
/** So long that the tenth worst is p99, and so often: of a shorter time, or of one time, a pause of the machine decides. */
const measuredMs = 5_000
const rounds = 5

export const measureLatency = async context => {
  const rows = []
  for (const transport of ['tcp', 'ws']) {
    for (const clients of clientsOf) {
      const limits = clients > 100 ? wide : undefined
      const name = `${nameOf(transport)} ${clients.toLocaleString('en')} clients`
      rows.push(...(await rowsOf(name, context, kind => pace(kind, { transport, clients, limits, command: 'requests' }, context))))
    }
    const name = `${nameOf(transport)} 1→${fan}`
    rows.push(...(await rowsOf(name, context, kind => pace(kind, { transport, clients: fan, command: 'steady' }, context))))
  }
  return {
    title: `Latency at ${perSecond} messages/s, QoS 0, ms: a client’s own message back to it, each in its turn; and one publisher to ${fan} subscribers`,
    rows,
    notes: [
      `Latency: of ${rounds} measurements the one in the middle by its p99; the brokers take turns. Of a quick run there is one.`,
      'Latency: `null` is what the load generator and the kernel take by themselves; the reads of many subscribers come one after the other.',
      `Before requests all brokers have had ${(warm.perSecond * warm.ms) / 1_000} messages, as many as in half a minute: in its first seconds wattslug takes twice as long.`
    ]
  }
}

const rowsOf = async (name, context, measure) => {
  const measured = await middlesOf(
    withNull,
    context.quick ? 1 : rounds,
    async kind => {
      const result = await attempt(`latency ${name} ${kind}`, context, () => measure(kind))
      if (result?.lostShare > 0) context.troubles.push(`latency ${name} ${kind}: ${(100 * result.lostShare).toFixed(1)} % never came`)
      return result
    },
    ({ p99 }) => p99
  )
  return [
    { name: `${name}, p50`, values: valuesOf(measured, ({ p50 }) => p50), show: decimals(2) },
    { name: `${name}, p99`, values: valuesOf(measured, ({ p99 }) => p99), show: decimals(2), goal: atMostTimesMosquitto(1.5) }
  ]
}

const pace = (kind, { transport, clients, limits, command }, context) =>
  withBroker(kind, { ...context, limits }, async (broker, load) => {
    const isRequest = command === 'requests'
    await load.call('open', {
      port: broker.ports[transport],
      transport,
      count: clients,
      publisher: isRequest ? 0 : 'first',
      own: isRequest
    })
    if (isRequest) await load.call(command, warm)
    await load.call(command, { perSecond, ms: 300 })
    return load.call(command, { perSecond, ms: context.quick ? 500 : measuredMs })
  })
