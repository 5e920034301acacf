/** What a broker holds: idle, with clients that work, and for each client that does not. Anon is RssAnon: what a board cannot reclaim. */
import { fileURLToPath } from 'node:url'
import { unitFlags, wide } from './brokers.mjs'
import { start, stop } from './children.mjs'
import { attempt, nameOf, peers, sleep, valuesOf, withBroker } from './measure.mjs'
import { anonOf, sampled } from './proc.mjs'
import { atMost, medianOf, megabytes } from './table.mjs'

const idleMs = 25_000
const idleSamples = 50
const sampleMs = 100
const messagesPerSecond = 100
const collectMs = 400
const collectRounds = 4
const idleCounts = [100, 1_000]
const idleGoals = { tcp: 6_000, ws: 10_000 }

export const measureMemory = async context => {
  // Side by side: what is asked for here is memory, and none of them needs much of a core.
  const kinds = ['alone', 'stored', ...peers]
  const [empty, ...results] = await Promise.all([
    emptyNode(context),
    ...kinds.map(kind => attempt(`memory of ${kind}`, context, () => workload(kind, context)))
  ])
  const measured = Object.fromEntries(peers.map((kind, index) => [kind, results[index + 2]]))
  const idle = valuesOf(measured, result => result.idle)
  const rows = [
    { name: 'idle, the broker alone', values: { ...idle, wattslug: results[0]?.idle ?? 'failed' }, goal: atMost(9_000, '9 MB') },
    { name: 'idle, the broker and its store', values: { wattslug: results[1]?.idle ?? 'failed' }, goal: atMost(12_000, '12 MB') },
    { name: 'idle, all of it (demo)', values: { wattslug: idle.wattslug } },
    { name: '50 + 50 clients, 100 msg/s: peak', values: valuesOf(measured, ({ peak }) => peak), goal: atMost(16_000, '16 MB') }
  ]
  return [
    {
      title: 'Memory, MB of anon',
      rows: rows.map(row => ({ ...row, show: megabytes })),
      notes: [
        `Memory: an empty Node has ${megabytes(empty)} MB, idle is half a minute after the start, and the clients (half over TCP, half WebSocket) all get all messages.`
      ]
    },
    await idleClients(context)
  ]
}

const idleClients = async context => {
  const cells = ['tcp', 'ws'].flatMap(transport => idleCounts.map(count => ({ transport, count, measured: {} })))
  for (const kind of peers) {
    await Promise.all(
      cells.map(async ({ transport, count, measured }) => {
        const what = `${nameOf(transport)}, ${count} idle clients, ${kind}`
        measured[kind] = await attempt(what, context, () => perClient(kind, transport, count, context))
      })
    )
  }
  const rows = cells.map(({ transport, count, measured }) => ({
    name: `${nameOf(transport)}, of ${count.toLocaleString('en')}`,
    values: valuesOf(measured, bytes => bytes),
    goal: count === 1_000 ? atMost(idleGoals[transport], `${idleGoals[transport] / 1_000} KB`) : undefined
  }))
  const notes = ['Idle client: garbage is collected before and after; with 100 clients it is mostly the heap that grows to its usual size.']
  return { title: 'Memory, bytes of anon for an idle client with one subscription', rows, notes }
}

const emptyNode = async context => {
  const child = start(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const idle = await settled(child.pid, context)
  await stop(child)
  return idle
}

/** A broker by itself, then with a hundred clients that get messages at an even pace. */
const workload = (kind, context) =>
  withBroker(kind, context, async (broker, load) => {
    const idle = await settled(broker.pid, context)
    if (kind === 'alone' || kind === 'stored') return { idle }
    for (const transport of ['tcp', 'ws']) {
      const publisher = transport === 'tcp' ? 'first' : 0
      await load.call('open', { port: broker.ports[transport], transport, count: 50, publisher })
    }
    const work = load.call('steady', { perSecond: messagesPerSecond, ms: context.quick ? 1_500 : 10_000 })
    return { idle, peak: (await sampled(broker.pid, work)).peak }
  })

/** Bytes for each client that is there and silent. */
const perClient = async (kind, transport, count, context) => {
  const nodeFlags = [
    ...(kind === 'wattslug' ? unitFlags() : []),
    '--expose-gc',
    '--import',
    fileURLToPath(new URL('collect.mjs', import.meta.url))
  ]
  return withBroker(kind, { ...context, nodeFlags, limits: count > 100 ? wide : undefined }, async (broker, load) => {
    await sleep(1_000)
    const before = await collected(broker)
    await load.call('open', { port: broker.ports[transport], transport, count })
    return ((await collected(broker)) - before) * (1_024 / count)
  })
}

/** Anon in KB after garbage has been collected, where there is a collector: some of it goes only when asked for again. */
const collected = async broker => {
  for (let round = 0; round < collectRounds; round++) {
    if (broker.kind !== 'mosquitto') process.kill(broker.pid, 'SIGUSR2')
    await sleep(collectMs)
  }
  return anonOf(broker.pid)
}

/**
 * Anon in KB of a broker that has been idle for a while: the middle of what it was in the last seconds, for V8 collects garbage once, some
 * seconds after the start, and then lets it gather for long.
 */
export const settled = async (pid, { quick }) => {
  await sleep(quick ? 1_000 : idleMs)
  const series = []
  for (let count = 0; count < idleSamples; count++) {
    series.push(anonOf(pid))
    await sleep(sampleMs)
  }
  return medianOf(series)
}
