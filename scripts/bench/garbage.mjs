/** How much garbage Node makes for each delivery to a WebSocket client: what was allocated between collections, as V8 itself traces it. */
import { unitFlags } from './brokers.mjs'
import { attempt, sleep, valuesOf, withBroker } from './measure.mjs'
import { atMost } from './table.mjs'

const subscribers = 100
const perSecond = 200

/** Of one collection. What it says was allocated since the last is too much while V8 marks the old objects step by step, which may go on for minutes. */
const sizes = / total_size_before=(\d+) total_size_after=(\d+) /

export const measureGarbage = async context => {
  const measured = {}
  for (const kind of ['wattslug', 'aedes', 'null']) {
    measured[kind] = await attempt(`garbage ${kind}`, context, () => garbageOf(kind, context))
  }
  return {
    title: `Garbage, bytes for each delivery over WebSocket: 1→${subscribers}, QoS 0, ${perSecond} messages/s`,
    rows: [{ name: 'for each delivery', values: valuesOf(measured, bytes => bytes), goal: atMost(450, '450 B') }],
    notes: ['Garbage: all that the process allocated in its heap meanwhile, divided by the deliveries.']
  }
}

const garbageOf = async (kind, context) => {
  const nodeFlags = [...(kind === 'wattslug' ? unitFlags() : []), '--trace-gc-nvp']
  return withBroker(kind, { ...context, nodeFlags }, async (broker, load) => {
    let allocated = 0
    let left // by the last collection
    let unfinished = ''
    broker.child.on('heard', text => {
      const lines = (unfinished + text).split('\n')
      unfinished = lines.pop() ?? ''
      for (const line of lines) {
        const [, before, after] = sizes.exec(line) ?? []
        if (before !== undefined && left !== undefined) allocated += Number(before) - left
        if (after !== undefined) left = Number(after)
      }
    })
    await load.call('open', { port: broker.ports.ws, transport: 'ws', count: subscribers, publisher: 'first' })
    await load.call('steady', { perSecond, ms: 1_500 })
    allocated = 0
    const ms = context.quick ? 1_500 : 5_000
    const { lostShare } = await load.call('steady', { perSecond, ms })
    await sleep(100)
    return allocated / (((perSecond * ms) / 1_000) * subscribers * (1 - lostShare))
  })
}
