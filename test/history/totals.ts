/** Totals: exact, monotonic, and the same however often the daemon is started anew. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Ledger } from '../../src/history/ledger.ts'
import { Totals } from '../../src/history/totals.ts'
import type { Reading } from '../../src/reading.ts'
import { hourMs, impulses, minuteMs, power, readings, startMs, steady, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

/** A sensor's totals in a store, as a daemon has them that starts now. */
function started(store = new MemoryStore()): { store: MemoryStore; ledger: Ledger; totals: Totals; save: () => boolean } {
  const ledger = new Ledger(store, '', utc)
  const totals = new Totals(ledger, '', 0)
  const save = (): boolean => {
    const isChanged = totals.save()
    ledger.save()
    store.turn()
    return isChanged
  }
  return { store, ledger, totals, save }
}

const unitsOf = ({ last }: Totals): unknown => (last?.kind === 'impulses' ? [last.medium, last.units, last.sinceMs] : undefined)

/** Accounts for readings; the daemon saves and is started anew after those whose number is among `restarts`. */
function run(all: readonly Reading[], restarts: readonly number[] = []): ReturnType<typeof started> {
  let now = started()
  for (const [index, reading] of all.entries()) {
    now.totals.account(reading)
    if (restarts.includes(index) || index === all.length - 1) now.save()
    if (restarts.includes(index)) now = started(now.store.reopen())
  }
  return now
}

t.test('an hour of three channels', async t => {
  const { totals } = run(steady(startMs, startMs + hourMs, 0).map(({ atMs }) => power(atMs, [100, 0, 500])))
  t.match(totals.power, { backfilledWh: 0, channelBits: 7, sinceMs: startMs, last: { atMs: startMs + hourMs, watts: 600 } })
  const [ch1, ch2, ch3] = totals.power?.channelsWh ?? []
  for (const [wattHours, expected] of [
    [totals.wattHours, 600],
    [ch1, 100],
    [ch2, 0],
    [ch3, 500]
  ])
    t.ok(Math.abs((wattHours ?? -1) - (expected ?? -1)) < 1e-6)
  t.match(totals.last, { kind: 'power', atMs: startMs + hourMs, power: { channelBits: 7 } })
})

t.test('nothing heard, nothing told', async t => {
  const { totals } = started()
  t.strictSame([totals.power, totals.last, totals.wattHours], [undefined, undefined, 0])
})

t.test('energy is the integral of even power, wherever it is read', async t => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.nat(30_000)), { minLength: 1 })
  fc.assert(
    fc.property(steps, steps => {
      let [atMs, truth] = [startMs, 0]
      const all = steps.map(([ms, watts], index) => {
        const before = steps[index - 1]?.[1] ?? watts
        if (index > 0) truth += (((before + watts) / 2) * ms) / hourMs
        atMs += index > 0 ? ms : 0
        return power(atMs, watts)
      })
      assert(Math.abs(run(all).totals.wattHours - truth) < 1e-6)
    })
  )
  t.pass()
})

t.test('saved and started anew after any readings, it comes to the very same', async t => {
  const counted = fc
    .array(fc.tuple(fc.nat(9000), fc.oneof(fc.nat(3000), fc.nat(2 ** 32 - 1)), fc.constantFrom('electricity', 'gas')))
    .map(steps =>
      steps.map(([ms, count, medium], index) =>
        impulses(startMs + index * 10_000 + ms, count, { medium: medium === 'gas' ? 'gas' : 'electricity' })
      )
    )
  const any = fc.oneof(readings, counted)
  fc.assert(
    fc.property(any, fc.array(fc.nat(120)), (all, restarts) => {
      const [whole, parts] = [run(all), run(all, restarts)]
      assert.deepEqual(parts.totals.power, whole.totals.power)
      assert.equal(parts.totals.wattHours, whole.totals.wattHours)
      assert.deepEqual(unitsOf(parts.totals), unitsOf(whole.totals))
      const span = [startMs - 5 * hourMs, startMs + 5 * hourMs] as const
      assert.deepEqual(parts.ledger.query(0, ...span), whole.ledger.query(0, ...span))
    })
  )
  t.pass()
})

t.test('killed and started anew at once, the next reading bridges what was not saved', async t => {
  fc.assert(
    fc.property(fc.nat(3000), fc.nat(3000), fc.nat(13), (fromWatts, watts, lost) => {
      const before = run([power(startMs, fromWatts), power(startMs + 6000, fromWatts)])
      for (let index = 0; index < lost; index++) before.totals.account(power(startMs + 12_000 + index * 6000, watts))
      const after = started(before.store.reopen())
      const ms = 6000 * (lost + 1)
      after.totals.account(power(startMs + 6000 + ms, watts))
      const bridgedWh = (((fromWatts + watts) / 2) * ms) / hourMs
      assert(Math.abs(after.totals.wattHours - (fromWatts * 6000) / hourMs - bridgedWh) < 1e-6)
    })
  )
  t.pass()
})

t.test('whatever the readings and the clock do, totals never go down, and power is no more than there was', async t => {
  fc.assert(
    fc.property(readings, all => {
      const { totals } = started()
      let before = 0
      for (const reading of all) {
        totals.account(reading)
        assert(totals.wattHours >= before && totals.wattHours - before <= (3 * 32_767 * 90) / 3600)
        before = totals.wattHours
      }
    })
  )
  t.pass()
})

t.test('what becomes of a reading', async t => {
  const { totals } = started()
  const told = [0, 6000, 3000, 200_000, 100_000, 106_000, 6000].map(ms => totals.account(power(startMs + ms, 3600)))
  t.strictSame(told, ['first', 'measured', 'out-of-order', 'gap', 'set-back', 'measured', 'set-back'])
  t.ok(Math.abs(totals.wattHours - 12) < 1e-6)
})

t.test('before the clock is set energy counts, but nobody knows since when', async t => {
  const { totals, ledger, store, save } = run([...steady(0, 10 * minuteMs, 600), ...steady(startMs, startMs + 10 * minuteMs, 600)])
  t.ok(Math.abs(totals.wattHours - 200) < 1e-6)
  t.equal(totals.power?.sinceMs, startMs)
  t.equal(run(steady(0, minuteMs, 600)).totals.power?.sinceMs, undefined)
  t.ok(Math.abs(ledger.query(0, startMs, startMs + hourMs).measuredWh - 100) < 1e-3)
  totals.account(power(startMs - hourMs, 600))
  t.equal(totals.power?.sinceMs, startMs - hourMs)
  t.equal(save(), true)
  t.equal(save(), false, 'what does not change is not saved')
  t.equal(started(store).totals.power?.sinceMs, startMs - hourMs)
})

t.test('what was measured before the clock was set is not counted again when history tells of it', async t => {
  const first = run(steady(0, 10 * minuteMs, 600))
  first.totals.backfill(30)
  t.match(first.totals.power, { backfilledWh: 30 }, 'of the time before the first reading nothing is filled')
  const { store } = run(steady(startMs, startMs + hourMs, 600))
  // The board comes back without a clock, and is started anew before that is set.
  const unset = started(store.reopen())
  for (const reading of steady(0, hourMs, 600)) unset.totals.account(reading)
  unset.save()
  const again = started(unset.store.reopen())
  for (const reading of steady(startMs + 4 * hourMs, startMs + 5 * hourMs, 600)) again.totals.account(reading)
  t.ok(Math.abs(again.totals.wattHours - 1800) < 1e-6)
  again.totals.backfill(400)
  t.ok(Math.abs(again.totals.wattHours - 1800) < 1e-6)
  again.totals.backfill(1400)
  t.ok(Math.abs(again.totals.wattHours - 3000) < 1e-6, 'five hours')
})

t.test('what was filled in is kept', async t => {
  const { totals, store, save } = run(steady(startMs, startMs + hourMs, 600))
  totals.backfill(250)
  totals.backfill(50)
  save()
  const again = started(store.reopen()).totals
  t.equal(again.power?.backfilledWh, 300)
  t.equal(again.power?.sinceMs, startMs)
  t.ok(Math.abs(again.wattHours - 900) < 1e-6)
})

t.test('pulse counters by medium', async t => {
  const gas = (ms: number, count: number) => impulses(startMs + ms, count, { medium: 'gas', impulsesPerUnit: 100 })
  const { totals, store, save } = run([
    impulses(0, 10),
    impulses(startMs, 20),
    impulses(startMs + 6000, 25),
    gas(9000, 5),
    gas(9500, 7),
    gas(9600, 7)
  ])
  t.equal(totals.wattHours, 15, 'gas is no kWh')
  t.strictSame(totals.last, { kind: 'impulses', medium: 'gas', atMs: startMs + 9600, units: 0.02, sinceMs: startMs + 9000 })
  totals.account(impulses(startMs + 9650, 25))
  t.match(totals.last, { medium: 'electricity', units: 0.015, sinceMs: startMs })
  t.equal(run([impulses(0, 10)]).totals.last?.kind, 'impulses')
  save()
  t.match(started(store).totals.last, { medium: 'electricity', units: 0.015 })
  totals.account(gas(9700, 7))
  t.equal(save(), true, 'when a counter stood still is kept, for what it counts next comes after that')
})
