/** A file system of 1 MB that fills up: one clear message, no crash; accounting goes on in memory, and all of it is written when there is room. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mock } from 'node:test'
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { openStore } from '../../src/io/store.ts'
import { limits } from '../../src/limits.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { startDaemon } from '../fixtures/e2e/daemon.ts'
import { bytesOf, houseMessage } from '../fixtures/e2e/meter.ts'
import { Port } from '../fixtures/e2e/port.ts'
import { mosquittoSub, mqttJs } from '../fixtures/e2e/subscriber.ts'
import { aWhile } from '../fixtures/e2e/wait.ts'
import { hourMs, minuteMs, power, startMs } from '../fixtures/history/readings.ts'
import { mountSmallDisk, noSmallDisk } from '../fixtures/store/small-disk.ts'

t.test('energy on a disk that is full for hours, and then is not', { skip: noSmallDisk }, async t => {
  const folder = mountSmallDisk(t)
  const realTimeout = setTimeout
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const states: string[] = []
  const told: number[] = []
  const open = async () => {
    const store = await openStore(join(folder, 'store'), ({ state, message }) => states.push(`${state}: ${message}`))
    const energy = new Energy({
      ...{
        store,
        meter: '',
        topicOf: String,
        factorOf: () => 1,
        calendar: new Calendar('UTC'),
        encode: (text: string) => Buffer.from(text)
      },
      publish: ({ topic, payload }) => {
        if (topic === '0/energy') told.push(Number(Buffer.from(payload).toString()))
      }
    })
    energy.start()
    return { store, energy }
  }
  const { store, energy } = await open()
  let atMs = startMs
  const live = async (hours: number): Promise<void> => {
    for (const endMs = atMs + hours * hourMs; atMs < endMs; atMs += minuteMs) {
      for (const sensor of [0, 1]) energy.accept(power(atMs, [600, 0, 20 + (atMs % 7)], sensor))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  await live(3)
  t.equal(store.state, 'open')
  writeFileSync(join(folder, 'ballast'), new Uint8Array(1_048_576 - 160_000))
  for (let hours = 0; hours < 400 && store.state === 'open'; hours++) await live(1)
  t.equal(store.state, 'failing')
  await live(30)
  const before = told.at(-1) ?? 0
  t.equal(states.length, 2, 'said once')
  t.match(states[1], /^failing: .*No space left on device.*waits in memory/)
  rmSync(join(folder, 'ballast'))
  for (let times = 0; times < 5_000 && String(store.state) !== 'open'; times++) {
    mock.timers.tick(limits.storeRetryMs / 10)
    await new Promise(resolve => realTimeout(resolve, 5))
  }
  t.equal(store.state, 'open')
  await live(2)
  energy.save()
  await new Promise<void>(resolve => store.afterWrite(resolve))
  t.equal(states.length, 3, 'and that it goes on, once')
  t.ok((told.at(-1) ?? 0) > before)
  await store.close()
  const again = await open()
  const { measuredWh, missingMs } = again.energy.query(0, startMs, atMs)
  const total = told.at(-1) ?? 0
  t.comment(`${total} kWh in ${(atMs - startMs) / hourMs} h; ${missingMs / minuteMs} minutes are missing`)
  t.ok(measuredWh / 1_000 <= total + 0.002, 'nothing is there twice')
  t.ok(missingMs <= minuteMs && Math.abs(measuredWh / 1_000 - total) < 0.003, 'and nothing is missing')
  await again.store.close()
})

t.test('the daemon on a disk that is full as it starts, and again as it runs', { skip: noSmallDisk }, async t => {
  const folder = mountSmallDisk(t)
  const ballast = join(folder, 'ballast')
  const fill = (): void => void t.throws(() => writeFileSync(ballast, new Uint8Array(2_097_152)), { code: 'ENOSPC' })
  fill()
  const port = new Port(t)
  await port.plug()
  const daemon = await startDaemon(t, { source: port.path, state: folder })
  await daemon.untilSaid(/The port is open/)
  const hearing = await mosquittoSub(t, daemon.mqttPort, ['-t', 'currentcost/#'])
  const speaking = await mqttJs(t, `mqtt://127.0.0.1:${daemon.mqttPort}`)
  for (const [index, when] of ['as it starts', 'as it runs'].entries()) {
    if (index > 0) fill()
    let isKept = false
    const kept = speaking.client.publishAsync(`kept/${index}`, 'x'.repeat(20_000), { qos: 1, retain: true }).then(() => {
      isKept = true
    })
    await daemon.untilSaid(/No space left on device.*waits in memory/, index + 1)
    await aWhile(1.2 * limits.storeRetryMs)
    await port.write(bytesOf(houseMessage(500 + index)))
    await hearing.until('currentcost/0/power', String(500 + index))
    t.pass(`${when}: it goes on`)
    t.equal(daemon.said(/No space left/), index + 1, 'and has said why, once')
    t.notOk(isKept, 'what is not kept is not acknowledged')
    t.equal((await fetch(`${daemon.page}health`)).status, 503)
    rmSync(ballast)
    await kept
    await daemon.untilSaid(/what must outlive a restart is in/, index + 1)
    t.equal((await fetch(`${daemon.page}health`)).status, 200, 'it is well again by itself')
  }
  t.equal((await daemon.stop()).code, 0)
  const next = await startDaemon(t, { source: port.path, state: folder })
  const later = await mosquittoSub(t, next.mqttPort, ['-t', 'kept/#'])
  for (const index of [0, 1]) await later.until(`kept/${index}`, /^x{20000}$/)
  t.equal(next.said(/damaged/), 0)
})
