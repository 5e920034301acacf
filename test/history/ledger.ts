/** The ledger: each minute's energy, exact, whatever the readings' pace; bounded for ever. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { pointOf } from '../../src/history/integrate.ts'
import { isClockSet, Ledger } from '../../src/history/ledger.ts'
import { limits } from '../../src/limits.ts'
import type { PowerReading } from '../../src/reading.ts'
import { dayMs, hourMs, minuteMs, power, startMs, steady } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const near = (a: number, b: number, by = 1e-3): boolean => Math.abs(a - b) <= by

/** Measures along readings, each in reach of the one before. */
function measure(ledger: Ledger, readings: readonly PowerReading[]): void {
  const points = readings.map(pointOf)
  if (points[0]) ledger.moveTo(0, points[0].atMs)
  for (const [index, to] of points.entries()) {
    const from = points[index - 1]
    if (from) ledger.measure(0, from, to)
  }
}

t.test('a steady hour, by any span', async t => {
  const ledger = new Ledger(new MemoryStore(), '')
  measure(ledger, steady(startMs, startMs + hourMs, 600))
  const { measuredWh, ...rest } = ledger.query(0, startMs, startMs + hourMs)
  t.ok(near(measuredWh, 600))
  t.strictSame(rest, { backfilledWh: 0, coveredMs: hourMs, missingMs: 0 })
  t.ok(near(ledger.query(0, startMs + 5 * minuteMs, startMs + 6 * minuteMs).measuredWh, 10))
  t.strictSame(ledger.query(0, startMs + hourMs, startMs + hourMs), { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: 0 })
  t.strictSame(ledger.query(1, startMs, startMs + minuteMs), { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: minuteMs })
})

t.test('each minute has the energy of power that goes evenly from reading to reading', async t => {
  const pace = fc.array(fc.tuple(fc.integer({ min: 0, max: limits.energyGapMsMax }), fc.integer({ min: 0, max: 30_000 })), {
    minLength: 2,
    maxLength: 60
  })
  fc.assert(
    fc.property(pace, fc.nat(hourMs), (steps, offsetMs) => {
      let atMs = startMs + offsetMs
      const readings = steps.map(([ms, watts]) => {
        atMs += ms
        return power(atMs, watts)
      })
      const ledger = new Ledger(new MemoryStore(), '')
      measure(ledger, readings)
      const first = Math.floor((readings[0]?.atMs ?? 0) / minuteMs)
      let [sum, truth] = [0, 0]
      for (let minute = first; minute * minuteMs <= atMs; minute++) {
        const { measuredWh, coveredMs } = ledger.query(0, minute * minuteMs, (minute + 1) * minuteMs)
        assert(coveredMs <= minuteMs)
        sum += measuredWh
        // The truth of this minute, in steps of a second.
        const [begin, end] = [Math.max(minute * minuteMs, readings[0]?.atMs ?? 0), Math.min((minute + 1) * minuteMs, atMs)]
        const wattHours = truthOf(readings, begin, end)
        truth += wattHours
        assert(near(measuredWh, wattHours, 1e-4 * Math.max(1, wattHours)), `minute ${minute - first}: ${measuredWh} for ${wattHours}`)
      }
      assert(near(sum, truth, 1e-2))
    })
  )
  t.pass()
})

/** The exact integral of what lies between readings. */
function truthOf(readings: readonly PowerReading[], beginMs: number, endMs: number): number {
  let wattHours = 0
  for (const [index, to] of readings.entries()) {
    const from = readings[index - 1]
    if (from === undefined) continue
    const [begin, end] = [Math.max(from.atMs, beginMs), Math.min(to.atMs, endMs)]
    if (begin >= end) continue
    const at = (ms: number) => from.watts + ((to.watts - from.watts) * (ms - from.atMs)) / (to.atMs - from.atMs)
    wattHours += ((at(begin) + at(end)) / 2) * ((end - begin) / hourMs)
  }
  return wattHours
}

t.test('a minute that was left is written, one that is open is told by the sensor', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, 'x')
  t.strictSame(ledger.openMinute(0), { wattHours: 0, coveredMs: 0 })
  measure(ledger, steady(startMs, startMs + 90_000, 600))
  store.turn()
  t.equal(store.size, 0, 'nothing is written before it is saved')
  ledger.save()
  store.turn()
  t.equal(store.get('m/x/0/0472224')?.length, 8)
  const { coveredMs, wattHours } = ledger.openMinute(0)
  t.equal(coveredMs, 30_000)
  t.ok(near(wattHours, 5))

  const again = new Ledger(store.reopen(), 'x')
  t.equal(again.query(0, startMs, startMs + 2 * minuteMs).coveredMs, minuteMs)
  again.resume(0, startMs + 90_000, { coveredMs, wattHours })
  t.equal(again.query(0, startMs, startMs + 2 * minuteMs).coveredMs, 90_000)
  t.ok(near(again.query(0, startMs, startMs + 2 * minuteMs).measuredWh, 15))
})

t.test('before the clock is set nothing is entered', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '')
  t.equal(isClockSet(0), false)
  ledger.resume(0, 5000, { wattHours: 1, coveredMs: 1000 })
  measure(ledger, steady(0, 10 * minuteMs, 600))
  ledger.save()
  store.turn()
  t.equal(store.size, 0)
  measure(ledger, steady(startMs, startMs + 5 * minuteMs, 600))
  ledger.moveTo(0, 9 * minuteMs)
  t.ok(near(ledger.query(0, startMs, startMs + hourMs).measuredWh, 50), 'what was open when the clock was lost is kept')
})

t.test('a minute that comes twice is no longer than a minute', async t => {
  const ledger = new Ledger(new MemoryStore(), '')
  measure(ledger, steady(startMs, startMs + 10 * minuteMs, 600))
  measure(ledger, steady(startMs, startMs + 10 * minuteMs, 600))
  const { measuredWh, coveredMs } = ledger.query(0, startMs, startMs + 10 * minuteMs)
  t.equal(coveredMs, 10 * minuteMs)
  t.ok(near(measuredWh, 200), 'and what was used in it is not forgotten')
})

t.test('filling spreads over what is missing', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '')
  measure(ledger, steady(startMs, startMs + hourMs + 30_000, 600))
  ledger.fill(0, startMs + hourMs, startMs + 2 * hourMs, 59.5)
  ledger.save()
  store.turn()
  const { backfilledWh, coveredMs, missingMs } = ledger.query(0, startMs + hourMs, startMs + 2 * hourMs)
  t.ok(near(backfilledWh, 59.5))
  t.strictSame([coveredMs, missingMs], [30_000, 0])
  t.ok(near(ledger.query(0, startMs + hourMs, startMs + hourMs + minuteMs).backfilledWh, 0.5))
  const before = store.writtenBytes
  ledger.fill(0, startMs, startMs + 2 * hourMs, 99)
  ledger.save()
  store.turn()
  t.equal(store.writtenBytes, before, 'where nothing is missing nothing changes')
})

t.test('a year stays bounded', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '')
  const hoursApart = 4
  const recordsMax = (limits.ledgerDaysMax * 24) / hoursApart
  let sizeMax = 0
  for (let day = 0; day < 365; day++) {
    for (let hour = 0; hour < 24; hour += hoursApart) {
      const atMs = startMs + day * dayMs + hour * hourMs
      measure(ledger, [power(atMs, 100), power(atMs + 6000, 100)])
      ledger.save()
      store.turn()
    }
    sizeMax = Math.max(sizeMax, store.size)
  }
  t.ok(sizeMax <= recordsMax + 2, `${sizeMax} records`)
  t.equal(store.get('m//0/0472224'), undefined)
  t.ok(store.size >= recordsMax)

  const endMs = startMs + 365 * dayMs
  t.equal(ledger.oldestMs(endMs), endMs - limits.ledgerDaysMax * dayMs)
  for (let hour = 0; hour < 24; hour++) {
    measure(ledger, [power(endMs + 200 * dayMs + hour * hourMs, 100), power(endMs + 200 * dayMs + hour * hourMs + 6000, 100)])
    ledger.save()
    store.turn()
  }
  t.ok(store.size > recordsMax - 24 * limits.ledgerPruneMax, 'a clock that is wrong for a day does not cost much')
})
