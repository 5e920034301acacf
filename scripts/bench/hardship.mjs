/** What a broker does when it is treated badly: clients that do not read, a storm of retained messages, and a board with little memory. */
import { wide } from './brokers.mjs'
import { cgroupOf } from './cgroup.mjs'
import { attempt, nameOf, peers, sleep, valuesOf, withBroker } from './measure.mjs'
import { cpuSecondsOf, majorFaultsOf, sampled } from './proc.mjs'
import { atMost, decimals, megabytes, nothing, percent } from './table.mjs'

const frozenCount = 100
const stormMessages = 10_000
const stormSubscribers = 10
const cgroupBytes = 32 * 1_048_576
const faultsPerSecondMost = 50

/** A publisher floods subscribers that are frozen. */
export const measureFrozen = async context => {
  const poolKilobytes = ((await attempt('the size of the pool', context, () => poolBytes(context))) ?? 0) / 1_000
  const rows = []
  const notes = []
  for (const transport of ['tcp', 'ws']) {
    for (const qos of [0, 1]) {
      const what = `${nameOf(transport)} QoS ${qos}`
      // Side by side: it is memory that is asked for.
      const results = await Promise.all(
        peers.map(kind => attempt(`frozen, ${what}, ${kind}`, context, () => pour(kind, transport, qos, context)))
      )
      const measured = Object.fromEntries(peers.map((kind, index) => [kind, results[index]]))
      const values = valuesOf(measured, ({ growth }) => growth)
      rows.push({ name: what, values, show: megabytes, goal: atMost(poolKilobytes, `${megabytes(poolKilobytes)} (the pool)`) })
      notes.push(
        `${what}: ${Object.entries(measured)
          .map(([kind, result]) => `${kind} ${toldOf(result)}`)
          .join(' · ')}`
      )
    }
  }
  return {
    title: `Frozen: growth of anon, MB, when a publisher floods ${frozenCount} subscribers that do not read with messages of 1,000 bytes`,
    rows,
    notes: ['Frozen: messages that were taken from the publisher, and subscribers that were still connected at the end:', ...notes]
  }
}

const toldOf = result => (result === undefined ? '–' : `${result.messages.toLocaleString('en')}, ${result.open}`)

const pour = (kind, transport, qos, context) =>
  withBroker(kind, { ...context, limits: wide }, async (broker, load) => {
    await load.call('open', { port: broker.ports[transport], transport, qos, count: frozenCount, publisher: 1 })
    await sleep(500)
    const { before, peak, result } = await sampled(broker.pid, load.call('pour', { qos, ms: context.quick ? 1_000 : 4_000 }))
    return { growth: (peak - before) * 1.024, ...result }
  })

/** Bytes of the default pool, which the broker alone tells. */
const poolBytes = context =>
  withBroker('alone', context, async broker => {
    const [, bytes] = /^pool (\d+)$/m.exec(broker.child.told) ?? []
    if (bytes === undefined) throw new Error('it was not told')
    return Number(bytes)
  })

/** Subscribers that ask for very many retained messages at the same time. */
export const measureStorm = async context => {
  const measured = {}
  for (const kind of peers) {
    measured[kind] = await attempt(`storm ${kind}`, context, () =>
      withBroker(kind, { ...context, limits: wide }, async (broker, load) => {
        const at = { port: broker.ports.tcp, transport: 'tcp' }
        await load.call('open', { ...at, qos: 1, publisher: 1 })
        await load.call('retain', { count: stormMessages })
        await sleep(500)
        const work = load.call('storm', { ...at, count: stormMessages, subscribers: stormSubscribers })
        const { before, peak, result } = await sampled(broker.pid, work)
        return { growth: (peak - before) * 1.024, ...result }
      })
    )
  }
  return {
    title: `Storm: ${stormSubscribers} subscribers ask for ${stormMessages.toLocaleString('en')} retained messages of 100 bytes at the same time`,
    rows: [
      { name: 'ms until all have all', values: valuesOf(measured, ({ ms }) => ms) },
      { name: 'lost', values: valuesOf(measured, ({ lostShare }) => lostShare), show: percent, goal: nothing },
      { name: 'growth of anon, MB', values: valuesOf(measured, ({ growth }) => growth), show: megabytes }
    ],
    notes: []
  }
}

/** A hundred clients served where there is no more memory than the NSLU2 had, all of Node included. */
export const measureCgroup = async context => {
  const title = 'Within 32 MB in all: 50 TCP and 50 WebSocket clients, 100 messages/s to all'
  const cgroup = await attempt('a cgroup of 32 MB', context, () => cgroupOf(cgroupBytes, context))
  if (cgroup === undefined) return { title: `${title}: not measured, for no cgroup may be made here`, rows: [], notes: [] }
  const measured = {}
  for (const kind of peers) measured[kind] = await attempt(`32 MB ${kind}`, context, () => confined(kind, cgroup, context))
  cgroup.remove()
  return {
    title,
    rows: [
      { name: 'lost', values: valuesOf(measured, ({ lostShare }) => lostShare), show: percent, goal: nothing },
      { name: 'latency p99, ms', values: valuesOf(measured, ({ p99 }) => p99), show: decimals(2) },
      { name: 'share of a core', values: valuesOf(measured, ({ share }) => share), show: percent },
      {
        name: 'pages read from disk/s',
        values: valuesOf(measured, ({ faults }) => faults),
        show: decimals(1),
        goal: atMost(faultsPerSecondMost, faultsPerSecondMost)
      }
    ],
    notes: [
      `32 MB: a hard limit of a cgroup without swap${
        cgroup.isWhole
          ? ', with a copy of Node’s program that nobody else has in memory'
          : '; pages of Node’s program that the rest of the machine has in memory are NOT in it, as the disk here reads too far ahead'
      }.`
    ]
  }
}

const confined = (kind, cgroup, context) =>
  withBroker(kind, { ...context, wrap: cgroup.wrap }, async (broker, load) => {
    for (const transport of ['tcp', 'ws']) {
      const publisher = transport === 'tcp' ? 'first' : 0
      await load.call('open', { port: broker.ports[transport], transport, count: 50, publisher })
    }
    await load.call('steady', { perSecond: 100, ms: 1_000 })
    const before = { at: performance.now(), cpu: cpuSecondsOf(broker.pid), faults: majorFaultsOf(broker.pid) }
    const result = await load.call('steady', { perSecond: 100, ms: context.quick ? 1_000 : 6_000 })
    const seconds = (performance.now() - before.at) / 1_000
    const share = (cpuSecondsOf(broker.pid) - before.cpu) / seconds
    return { ...result, share, faults: (majorFaultsOf(broker.pid) - before.faults) / seconds }
  })
