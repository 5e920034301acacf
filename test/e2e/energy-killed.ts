/** Killed at any instant two hundred times, the daemon's energy goes on from what it published: never less, and the ledger agrees with the totals. */
import { join } from 'node:path'
import t from 'tap'
import { Calendar } from '../../src/calendar.ts'
import { tiers } from '../../src/history/tiers.ts'
import { openStore } from '../../src/io/store.ts'
import { Energy } from '../../src/sinks/energy.ts'
import { dayMs, startMs } from '../fixtures/history/readings.ts'
import { buildProgram, runAndKill } from '../fixtures/store/child.ts'

/** Of both stores together; two at a time, for much of it is waiting. */
const kills = Number(process.env['WATTSLUG_KILLS'] ?? 200)
const stores = ['one store', 'another store']
t.setTimeout(600_000)
t.jobs = stores.length

for (const name of stores) {
  t.test(`${name}: what was published is stored, and each minute of it is in the ledger`, { buffered: true }, async t => {
    t.setTimeout(600_000)
    const folder = t.testdir()
    const program = buildProgram('test/fixtures/history/accountant.ts', folder)
    const path = join(folder, 'store')
    let [first, highestKWh] = [0, 0]
    for (let times = 0; times < kills / stores.length; times++) {
      const told = (await runAndKill(program, [path, String(first)], Math.random() * 150)).map(Number)
      t.ok(
        told.every((kwh, index) => kwh >= (told[index - 1] ?? highestKWh)),
        `${told.length} times it told more than before`
      )
      highestKWh = told.at(-1) ?? highestKWh

      const store = await openStore(path, () => undefined)
      const said: string[] = []
      const energy = new Energy({
        ...{ store, meter: '', topicOf: String, factorOf: () => 1, calendar: new Calendar('UTC'), encode: text => Buffer.from(text) },
        publish: ({ topic, payload }) => {
          if (topic.endsWith('state')) said.push(Buffer.from(payload).toString())
        }
      })
      energy.start()
      await new Promise<void>(resolve => store.afterWrite(resolve))
      const { time, totalKWh, measuredKWh, backfilledKWh } = JSON.parse(said[0] ?? '{}')
      const { measuredWh, backfilledWh } = energy.query(0, startMs, startMs + 60 * dayMs)
      t.ok(totalKWh >= highestKWh, `stored ${totalKWh} kWh, published ${highestKWh}`)
      t.ok(Math.abs(measuredWh / 1000 - measuredKWh) < 0.002 && Math.abs(backfilledWh / 1000 - backfilledKWh) < 0.002, 'to the watt-hour')
      // Every tier has all of what was measured and filled in.
      const series = energy.known().find(({ part }) => part === 'all')?.series
      const sums = tiers.map(tier => {
        let milli = 0
        for (const { net, filled } of series?.read(tier, startMs, startMs + 60 * dayMs) ?? []) milli += net + filled
        return milli
      })
      const [seconds = 0, minutes = 0, quarters = 0] = sums
      t.equal(minutes, quarters, 'minutes and quarters agree')
      t.ok(seconds <= minutes, 'and seconds, as far as they are kept')
      await store.close()
      highestKWh = totalKWh
      first = (Date.parse(time) - startMs) / 6000 + 1
    }
  })
}
