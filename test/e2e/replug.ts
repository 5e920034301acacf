/** A cable that is pulled out and plugged in again and again, at the worst of times: it is always found, and costs nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type Daemon, startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage } from '../fixtures/e2e/meter.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { mosquittoSub } from '../fixtures/e2e/subscriber.ts'
import { aWhile, until } from '../fixtures/e2e/wait.ts'

/** Ports that are plugged and unplugged at once: as many as meters can be read. */
const portCount = 4
const rounds = 25
/** Of a second; a loop that spins takes all of it. */
const idleCpuMsMost = 400
const clockTicksPerSecond = 100

const descriptors = ({ program }: Daemon): number => readdirSync(`/proc/${program.pid}/fd`).length

/** What the process has used of the processor, in ms. */
function cpuMs({ program }: Daemon): number {
  const fields = readFileSync(`/proc/${program.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / clockTicksPerSecond
}

async function isIdle(t: Parameters<typeof startDaemon>[0], daemon: Daemon, when: string): Promise<void> {
  let used = 0
  // What is still under way ends; a loop that spins does not.
  await until(`${when} a second that takes little of the processor`, async () => {
    const before = cpuMs(daemon)
    await aWhile(1000)
    used = cpuMs(daemon) - before
    return used < idleCpuMsMost
  })
  t.pass(`${when} a second takes ${used} ms of processor`)
}

/** How a cable is pulled out. */
const manners = {
  'at rest': (port: Port) => port.unplug(),
  'in mid-message': async (port: Port) => {
    await port.write(bytesOf(houseMessage(9999).slice(0, 130)))
    await port.unplug()
  },
  'while bytes arrive': async (port: Port) => {
    let arriving = true
    const flood = async (): Promise<void> => {
      while (arriving) {
        void port.write(bytesOf(houseMessage(8888).slice(0, 100)))
        await aWhile(1)
      }
    }
    const flooded = flood()
    await aWhile(30)
    await port.unplug()
    arriving = false
    await flooded
  },
  'with a message on its way': async (port: Port) => {
    void port.write(bytesOf(houseMessage(7777)))
    await port.unplug()
  }
} as const

const topicOf = (index: number): string => (index === 0 ? 'currentcost' : `currentcost/meter${index + 1}`)
const stateTopicOf = (index: number): string => `currentcost/bridge/${index === 0 ? 'meter' : `meter${index + 1}`}`

t.test(`${rounds * portCount} times unplugged and plugged in again`, async t => {
  const ports = Array.from({ length: portCount }, () => new Port(t))
  const daemon = await startDaemon(t, { source: ports.map(({ path }) => path).join(',') })
  const stock = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#', '-q', '1'])
  await daemon.untilSaid(/No such device/, portCount)
  const atRest = descriptors(daemon)
  const ways = Object.entries(manners)
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      ports.map(async (port, index) => {
        await port.plug()
        await daemon.untilSaid(new RegExp(`meter ${port.path}: connecting\\. The port is open`), round + 1)
        await port.write(bytesOf(houseMessage(100 + round)))
        await stock.until(`${topicOf(index)}/0/power`, String(100 + round))
      })
    )
    if (round === 1) await isIdle(t, daemon, 'plugged in')
    const pulled = await Promise.all(
      ports.map(async (port, index) => {
        const [name, pull] = ways[(round + index) % ways.length] ?? ['', manners['at rest']]
        await pull(port)
        await stock.until(stateTopicOf(index), /"connecting".* was closed|"absent"/)
        return name
      })
    )
    if (round < 2) await isIdle(t, daemon, 'unplugged')
    t.pass(`round ${round + 1}: ${pulled.join(', ')}`)
  }
  for (const index of ports.keys()) {
    const told = stock.of(`${topicOf(index)}/0/power`).map(Number)
    t.notOk(told.includes(9999) || told.includes(8888), 'pieces of messages were never taken for one')
  }
  await until(`the descriptors to be ${atRest} again (they are ${descriptors(daemon)})`, () => descriptors(daemon) <= atRest)
  t.pass(`${atRest} descriptors, as at the start`)
  await isIdle(t, daemon, 'at the end')
  t.equal(daemon.said(/ is up/), 1, 'without a restart')
})
