/** A file system of 1 MB that fills up: one clear message, no crash; accounting goes on in memory, and all of it is written when there is room. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { openStore } from '../../src/io/store.ts'
import { limits } from '../../src/limits.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { hourMs, minuteMs, power, startMs } from '../fixtures/history/readings.ts'

t.test('energy on a disk that is full for hours, and then is not', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'wattslug-'))
  t.teardown(() => rmdirSync(folder))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0)
    return void t.comment('left out: a file system of 1 MB needs root')
  t.teardown(() => spawnSync('umount', ['-l', folder]))
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
