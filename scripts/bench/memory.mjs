/** What a broker holds: idle, with clients that work, and for each client that does not. */
import { fileURLToPath } from 'node:url'
import { startBroker, unitFlags } from './brokers.mjs'
import { start, stop } from './children.mjs'
import { startLoad } from './loader.mjs'
import { memoryOf } from './proc.mjs'
import { grouped, megabytes, ratio } from './table.mjs'

const settleMs = 1_000
const settledMs = 3_000
const settleMostMs = 12_000
const sampleMs = 100
const messagesPerSecond = 100
const collectMs = 500
const collectRounds = 4
/** Clients, half over TCP and half over WebSocket, and for how long they work. */
const loads = [
  { clients: 10, ms: 4_000 },
  { clients: 100, ms: 10_000 }
]
const idleCounts = [100, 1_000]

export const measureMemory = async context => {
  // Side by side: what is asked for here is memory, and none of them needs much of a core.
  const [empty, ...brokers] = await Promise.all([
    emptyNode(),
    workload('wattslug', 'wattslug', context),
    workload('wattslug', 'wattslug, no flags', { ...context, nodeFlags: [] }),
    workload('mosquitto', 'mosquitto', context),
    workload('aedes', 'aedes', context)
  ])
  const idle = []
  for (const kind of ['wattslug', 'mosquitto', 'aedes']) {
    idle.push(await Promise.all(['tcp', 'ws'].map(transport => perClient(kind, transport, context))))
  }
  return [workTable(empty, brokers), idleTable(idle.flat())]
}

const workTable = (empty, brokers) => {
  const anonOf = name => brokers.find(broker => broker.name === name).busy.at(-1).peak
  return {
    title: `Memory, MB: idle and settled, then with 10 and 100 clients (half WebSocket), each given ${messagesPerSecond} messages/s`,
    head: [
      '',
      'idle RSS',
      'anon',
      'dirty',
      '10: RSS',
      'anon',
      'dirty',
      '100: RSS',
      'anon',
      'dirty',
      'anon peak',
      'beside mosquitto',
      'beside aedes'
    ],
    rows: [
      ['empty Node', ...[empty.rss, empty.anon, empty.dirty].map(megabytes)],
      ...brokers.map(({ name, idle, busy }) => [
        name,
        ...[idle.rss, idle.anon, idle.dirty].map(megabytes),
        ...busy.flatMap(({ rss, anon, dirty }) => [rss, anon, dirty].map(megabytes)),
        megabytes(busy.at(-1).peak),
        ratio(busy.at(-1).peak, anonOf('mosquitto')),
        ratio(busy.at(-1).peak, anonOf('aedes'))
      ])
    ],
    notes: [
      'anon is RssAnon, what a board cannot reclaim; dirty is Private_Dirty of smaps_rollup. RSS has Node’s own program in it.',
      `wattslug has the demo meter and the unit’s flags: ${unitFlags().join(' ')}; the ratios are of the peaks of anon.`
    ]
  }
}

const idleTable = cells => {
  const of = (kind, transport, count) => cells.find(cell => cell.kind === kind && cell.transport === transport)?.bytes.get(count)
  return {
    title: 'Memory of an idle client with one subscription: bytes of anon, garbage collected before',
    head: ['', ...idleCounts.flatMap(count => [`${grouped(count)} clients`, 'beside mosquitto'])],
    rows: cells.map(({ kind, transport, bytes }) => [
      `${transport === 'ws' ? 'WebSocket' : 'TCP'} ${kind}`,
      ...idleCounts.flatMap(count => {
        const value = bytes.get(count)
        return typeof value === 'number' ? [grouped(value), ratio(value, of('mosquitto', transport, count))] : [value, '–']
      })
    ]),
    notes: ['With 100 clients it is mostly the heap that grows to its usual size.']
  }
}

const emptyNode = async () => {
  const child = start(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const idle = await settled(child.pid)
  await stop(child)
  return idle
}

/** A broker by itself, then with ever more clients that get messages at an even pace. */
const workload = async (kind, name, context) => {
  const broker = await startBroker(kind, context)
  const load = startLoad()
  try {
    const idle = await settled(broker.pid)
    const busy = []
    let opened = 0
    for (const { clients, ms } of loads) {
      for (const transport of ['tcp', 'ws']) {
        const publisher = opened === 0 && transport === 'tcp' ? 'first' : undefined
        await load.call('open', { port: broker.ports[transport], transport, count: (clients - opened) / 2, publisher })
      }
      opened = clients
      busy.push(await sampled(broker.pid, load.call('steady', { perSecond: messagesPerSecond, ms })))
    }
    return { name, idle, busy }
  } finally {
    await load.stop()
    await broker.stop()
  }
}

/** Bytes for each client that is there and silent, by their number; or why there is no figure. */
const perClient = async (kind, transport, context) => {
  const collect = ['--expose-gc', '--import', fileURLToPath(new URL('collect.mjs', import.meta.url))]
  const nodeFlags = kind === 'wattslug' ? [...unitFlags(), ...collect] : collect
  const broker = await startBroker(kind, { ...context, nodeFlags })
  const load = startLoad()
  const bytes = new Map()
  try {
    await sleep(settleMs)
    const before = await collected(broker)
    let opened = 0
    for (const count of idleCounts) {
      try {
        await load.call('open', { port: broker.ports[transport], transport, count: count - opened })
        opened = count
        bytes.set(count, ((await collected(broker)) - before) * (1_024 / count))
      } catch (error) {
        if (opened === 0) throw error
        bytes.set(count, 'refused')
      }
    }
    return { kind, transport, bytes }
  } finally {
    await load.stop()
    await broker.stop()
  }
}

/** Anon in KB after garbage has been collected, where there is a collector: some of it goes only when asked for again. */
const collected = async broker => {
  for (let round = 0; round < collectRounds; round++) {
    if (broker.kind !== 'mosquitto') process.kill(broker.pid, 'SIGUSR2')
    await sleep(collectMs)
  }
  return memoryOf(broker.pid).anon
}

/** Memory once it has not moved by more than a hundredth for a while. */
const settled = async pid => {
  let last = memoryOf(pid)
  let sinceMs = performance.now()
  const endMs = sinceMs + settleMostMs
  while (performance.now() < endMs && performance.now() - sinceMs < settledMs) {
    await sleep(sampleMs)
    const now = memoryOf(pid)
    if (Math.abs(now.anon - last.anon) < last.anon / 100) continue
    last = now
    sinceMs = performance.now()
  }
  return memoryOf(pid)
}

/** Memory at the end of a work, and the most anon that it had on the way. */
const sampled = async (pid, work) => {
  let last = memoryOf(pid)
  let peak = last.anon
  const timer = setInterval(() => {
    last = memoryOf(pid)
    peak = Math.max(peak, last.anon)
  }, sampleMs)
  try {
    await work
  } finally {
    clearInterval(timer)
  }
  return { ...last, peak }
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
