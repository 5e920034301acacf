/** The ledger: each slot's energy in every tier, exact, whatever the readings' pace and the clock, and the same after any restart. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { pointOf, trapezoidWh } from '../../src/history/integrate.ts'
import { isClockSet, Ledger } from '../../src/history/ledger.ts'
import { emptyRow, mergeRow, type Row } from '../../src/history/rows.ts'
import { tiers } from '../../src/history/tiers.ts'
import { limits } from '../../src/limits.ts'
import type { PowerReading } from '../../src/reading.ts'
import { dayMs, hourMs, minuteMs, power, startMs, steady, utc } from '../fixtures/history/readings.ts'
import { MemoryStore } from '../fixtures/store/memory-store.ts'

const near = (a: number, b: number, by = 1e-3): boolean => Math.abs(a - b) <= by
const slotMs = 10_000

/** Measures along readings, each in reach of the one before. */
function measure(ledger: Ledger, readings: readonly PowerReading[]): void {
  const points = readings.map(pointOf)
  for (const [index, to] of points.entries()) {
    const from = points[index - 1]
    if (from) ledger.measure(0, 'all', from, to, readings[index]?.celsius)
  }
}

/** All rows of a series in one tier, in the span in which the tests are. */
function rowsOf(ledger: Ledger, tier: (typeof tiers)[number], part = 'all', aroundMs = startMs): Row[] {
  const series = ledger.known().find(known => known.part === part)?.series
  const rows: Row[] = []
  for (const row of series?.read(tier, aroundMs - 3 * dayMs, aroundMs + 3 * dayMs) ?? []) rows.push({ ...row })
  return rows
}

/** The same, reckoned slot by slot with floating-point numbers. */
class Model {
  slots = new Map<number, Row>()

  measure(from: PowerReading, to: PowerReading): void {
    if (!isClockSet(from.atMs)) return
    for (let atMs = from.atMs; atMs < to.atMs; ) {
      const nextMs = Math.min(to.atMs, (Math.floor(atMs / slotMs) + 1) * slotMs)
      const wattsAt = (ms: number): number => from.watts + ((to.watts - from.watts) * (ms - from.atMs)) / (to.atMs - from.atMs)
      const [a, b, ms] = [wattsAt(atMs), wattsAt(nextMs), nextMs - atMs]
      const net = (((a + b) / 2) * ms) / 3_600
      const slot = Math.floor(atMs / slotMs)
      const row = this.slots.get(slot) ?? emptyRow(slot)
      const exported = trapezoidWh(a, b, ms) * 1_000 - net
      mergeRow(
        row,
        { ...emptyRow(slot), net, exported, coveredMs: ms, min: Math.round(Math.min(a, b)), max: Math.round(Math.max(a, b)) },
        slotMs
      )
      this.slots.set(slot, row)
      atMs = nextMs
    }
  }

  /** What a tier must hold. */
  rows(tierMs: number): Row[] {
    const rows = new Map<number, Row>()
    for (const row of [...this.slots.values()].sort((a, b) => a.slot - b.slot)) {
      const slot = Math.floor((row.slot * slotMs) / tierMs)
      const sum = rows.get(slot) ?? emptyRow(slot)
      mergeRow(sum, row, tierMs)
      rows.set(slot, sum)
    }
    return [...rows.values()]
  }

  copy(): Model {
    const copy = new Model()
    copy.slots = new Map([...this.slots].map(([slot, row]) => [slot, { ...row }]))
    return copy
  }
}

function assertAlike(rows: readonly Row[], expected: readonly Row[], byMilli: number): void {
  assert.equal(rows.length, expected.length)
  for (const [index, row] of rows.entries()) {
    const { slot, net, exported, coveredMs, min, max } = expected[index] as Row
    assert.deepEqual([row.slot, row.coveredMs], [slot, coveredMs])
    assert(
      near(row.net, net, byMilli) && near(row.exported, exported, byMilli),
      `${row.net} and ${row.exported} for ${net} and ${exported}`
    )
    assert(near(row.min, min, 1) && near(row.max, max, 1), `${row.min} to ${row.max} for ${min} to ${max}`)
  }
}

const steps = fc.array(
  fc.tuple(
    fc.oneof({ weight: 5, arbitrary: fc.nat(20_000) }, { weight: 1, arbitrary: fc.nat(limits.energyGapMsMax) }),
    fc.integer({ min: -3_000, max: 30_000 }),
    fc.constantFrom('go on', 'go on', 'go on', 'save', 'stop', 'kill', 'jump')
  ),
  { minLength: 2, maxLength: 80 }
)

t.test('every tier holds what a simple model does, over stops, kills and gaps', async t => {
  fc.assert(
    fc.property(steps, fc.nat(hourMs), (steps, offsetMs) => {
      let store = new MemoryStore()
      let ledger = new Ledger(store, '', utc)
      let model = new Model()
      let saved = model.copy()
      let last: PowerReading | undefined
      let atMs = startMs + offsetMs
      for (const [ms, watts, event] of steps) {
        atMs += ms
        const reading = power(atMs, watts)
        if (last) {
          model.measure(last, reading)
          ledger.measure(0, 'all', pointOf(last), pointOf(reading))
        }
        last = reading
        if (event === 'jump') {
          atMs += 47 * minuteMs
          last = undefined
        }
        if (event === 'save' || event === 'stop') {
          assert(ledger.save())
          store.turn()
          saved = model.copy()
        }
        if (event === 'stop' || event === 'kill') {
          if (event === 'kill') model = saved.copy()
          store = store.reopen()
          ledger = new Ledger(store, '', utc)
        }
      }
      for (const tier of tiers) assertAlike(rowsOf(ledger, tier), model.rows(tier.slotMs), mayLose(steps) ? 2 : 1.01)
    })
  )
  t.pass()
})

/** Whether a kill may have lost what was not a whole thousandth yet. */
function mayLose(steps: readonly (readonly [number, number, string])[]): boolean {
  return steps.some(([, , each]) => each === 'kill')
}

t.test('a store that refuses at times loses nothing of a daemon that lives, and doubles nothing of one that is killed', async t => {
  const moods = fc.array(fc.tuple(fc.constantFrom('takes', 'refuses', 'takes some'), fc.integer({ min: 1, max: 12 }), fc.boolean()), {
    minLength: 1,
    maxLength: 12
  })
  fc.assert(
    fc.property(moods, moods => {
      let store = new MemoryStore()
      let ledger = new Ledger(store, '', utc)
      let atMs = startMs
      let isKilled = false
      let puts = 0
      for (const [mood, batches, kills] of moods) {
        const put = store.put.bind(store)
        store.put = (key, value) => (mood === 'takes' || (mood === 'takes some' && puts++ % 3 > 0) ? put(key, value) : false)
        for (let batch = 0; batch < batches; batch++) {
          measure(ledger, steady(atMs, atMs + 6 * minuteMs, 600, 0, 60_000))
          atMs += 6 * minuteMs
          ledger.save()
          store.turn()
        }
        if (kills) {
          store = store.reopen()
          ledger = new Ledger(store, '', utc)
          isKilled = true
        } else store.put = put
      }
      for (const tier of tiers) {
        const sum = rowsOf(ledger, tier).reduce((milli, { net }) => milli + net, 0)
        const all = (600_000 * (atMs - startMs)) / hourMs
        assert(isKilled ? sum <= all + 2 : near(sum, all, 1), `${sum} of ${all}`)
        assert(
          rowsOf(ledger, tier).every(({ net, coveredMs }) => near(net, coveredMs / 6, 2)),
          'no slot has more than it can'
        )
      }
    }),
    { numRuns: 60 }
  )
  t.pass()
})

t.test('a sensor is known since it was heard first', async t => {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  ledger.hear(3, startMs)
  ledger.hear(3, startMs + hourMs)
  t.equal(ledger.sinceMs(3), startMs)
  t.match(ledger.known(), [{ sensor: '3', part: 'all', sinceMs: startMs }])
})

t.test('a steady hour, by any span', async t => {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  measure(ledger, steady(startMs, startMs + hourMs, 600))
  const { measuredWh, ...rest } = ledger.query(0, startMs, startMs + hourMs)
  t.ok(near(measuredWh, 600))
  t.strictSame(rest, { backfilledWh: 0, coveredMs: hourMs, missingMs: 0 })
  t.ok(near(ledger.query(0, startMs + 5 * minuteMs, startMs + 6 * minuteMs).measuredWh, 10))
  t.strictSame(ledger.query(0, startMs + hourMs, startMs + hourMs), { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: 0 })
  t.strictSame(ledger.query(1, startMs, startMs + minuteMs), { measuredWh: 0, backfilledWh: 0, coveredMs: 0, missingMs: minuteMs })
})

t.test('nothing is written before it is saved, and then as one record', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, 'x', utc)
  measure(ledger, steady(startMs, startMs + 90_000, 600))
  store.turn()
  t.equal(store.size, 0)
  t.equal(ledger.save(), true)
  store.turn()
  t.equal(store.size, 1)
  t.ok(store.writtenBytes < 70, `${store.writtenBytes} bytes`)
  t.equal(new Ledger(store.reopen(), 'x', utc).query(0, startMs, startMs + 2 * minuteMs).coveredMs, 90_000)
  t.equal(new Ledger(store.reopen(), 'y', utc).query(0, startMs, startMs + 2 * minuteMs).coveredMs, 0, 'a meter of its own')
})

t.test('before the clock is set nothing is entered', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  ledger.hear(0, 5_000)
  measure(ledger, steady(0, 10 * minuteMs, 600))
  ledger.count(0, 'gas', 0, 60_000, 1)
  ledger.save()
  store.turn()
  t.equal(store.size, 0)
  t.equal(ledger.sinceMs(0), undefined)
  t.strictSame(ledger.known(), [])
})

t.test('a slot that comes twice is no longer than it is, and what was used in it is not forgotten', async t => {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  for (let times = 0; times < 2; times++) measure(ledger, steady(startMs, startMs + 10 * minuteMs, 600))
  const { measuredWh, coveredMs } = ledger.query(0, startMs, startMs + 10 * minuteMs)
  t.equal(coveredMs, 10 * minuteMs)
  t.ok(near(measuredWh, 200))
})

t.test('a clock that jumps both ways corrupts nothing and doubles nothing', async t => {
  const places = fc.array(fc.constantFrom(0, 3 * dayMs, -5 * dayMs, 400 * dayMs, 9_000 * dayMs, -600 * dayMs), {
    minLength: 1,
    maxLength: 6
  })
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 4 }), (places, hours) => {
      let store = new MemoryStore()
      let ledger = new Ledger(store, '', utc)
      const visits: number[] = []
      for (const [index, offsetMs] of places.entries()) {
        // Each visit has an hour of its own.
        const fromMs = startMs + offsetMs + index * 5 * hourMs
        for (let hour = 0; hour < hours; hour++) {
          measure(ledger, steady(fromMs + hour * hourMs, fromMs + (hour + 1) * hourMs, 600, 0, 60_000))
          ledger.save()
          store.turn()
        }
        visits.push(fromMs)
        for (let turn = 0; turn < 20; turn++) store.turn()
        if (index % 2 === 0) continue
        store = store.reopen()
        ledger = new Ledger(store, '', utc)
      }
      for (const fromMs of visits) {
        const { measuredWh, coveredMs } = ledger.query(0, fromMs, fromMs + hours * hourMs)
        // What a wrong clock takes for too old may be gone, but is never wrong.
        assert(coveredMs <= hours * hourMs && coveredMs % hourMs === 0, `${coveredMs} ms of ${hours} h`)
        assert(near(measuredWh, (600 * coveredMs) / hourMs, 0.01), `${measuredWh} Wh in ${coveredMs} ms`)
      }
      const latest = startMs + (places.at(-1) ?? 0) + (places.length - 1) * 5 * hourMs
      assert(near(ledger.query(0, latest, latest + hours * hourMs).measuredWh, hours * 600, 0.01), 'what came last is there')
    }),
    { numRuns: 40 }
  )
  t.pass()
})

t.test('filling spreads over what is missing, in every tier that reaches there', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  measure(ledger, steady(startMs, startMs + hourMs + 30_000, 600))
  ledger.fill(0, startMs + hourMs, startMs + 2 * hourMs, 59.5)
  ledger.save()
  store.turn()
  for (const each of [ledger, new Ledger(store.reopen(), '', utc)]) {
    const { backfilledWh, coveredMs, missingMs } = each.query(0, startMs + hourMs, startMs + 2 * hourMs)
    t.ok(near(backfilledWh, 59.5))
    t.strictSame([coveredMs, missingMs], [30_000, 0])
    t.ok(near(each.query(0, startMs + hourMs, startMs + hourMs + minuteMs).backfilledWh, 0.5))
    for (const tier of tiers) {
      const rows = rowsOf(each, tier)
      t.equal(
        rows.reduce((sum, { filled }) => sum + filled, 0),
        59_500
      )
      t.equal(
        rows.reduce((sum, { filledMs }) => sum + filledMs, 0),
        59.5 * minuteMs
      )
    }
  }
  const before = store.writtenBytes
  ledger.fill(0, startMs, startMs + 2 * hourMs, 99)
  t.equal(ledger.query(0, startMs, startMs + 2 * hourMs).backfilledWh, 59.5, 'where nothing is missing nothing changes')
  t.ok(before > 0)
  const old = startMs - 80 * dayMs
  ledger.fill(0, old, old + hourMs, 60)
  t.strictSame(
    tiers.map(tier => rowsOf(ledger, tier, 'all', old).reduce((sum, { filled }) => sum + filled, 0)),
    [0, 60_000, 60_000],
    'slots of ten seconds are not kept for so long'
  )
  t.equal(ledger.sinceMs(0), old)
})

t.test('a counter counts evenly since it was read last', async t => {
  const ledger = new Ledger(new MemoryStore(), '', utc)
  const sums = (part: string): number[] => tiers.map(tier => rowsOf(ledger, tier, part).reduce((sum, { net }) => sum + net, 0))
  ledger.count(5, 'gas', startMs, startMs + 60_000, 0.03, 21.5)
  t.strictSame(sums('gas'), [30_000, 30_000, 30_000], '30 litres')
  t.match(rowsOf(ledger, tiers[0], 'gas'), Array(6).fill({ net: 5_000, coveredMs: 10_000, deciCelsius: 215 }))
  ledger.count(5, 'gas', startMs + 60_000, startMs + 3 * hourMs, 1)
  t.strictSame(sums('gas'), [1_030_000, 1_030_000, 1_030_000], 'and over a long silence too')
  t.equal(rowsOf(ledger, tiers[1], 'gas').length, 180)
  ledger.count(5, 'water', 0, startMs + hourMs, 0.002)
  t.strictSame(sums('water'), [2_000, 2_000, 2_000])
  t.equal(rowsOf(ledger, tiers[1], 'water').length, 1, 'since when nobody knows: in the last minute')
  ledger.count(5, 'gas', startMs, startMs + hourMs, 1)
  t.strictSame(sums('gas'), [2_030_000, 2_030_000, 2_030_000], 'where all time is known already it is added all the same')
  ledger.count(5, 'electricity', startMs + 5_000, startMs + 5_000, 0.001)
  t.strictSame(sums('electricity'), [1_000, 1_000, 1_000])
  t.strictSame(
    ledger.known().map(({ sensor, part }) => `${sensor} ${part}`),
    ['5 gas', '5 water', '5 electricity']
  )
})

t.test('blocks that a failing store does not take are held, then forgotten, the oldest first', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  const put = store.put.bind(store)
  let isFull = true
  store.put = (key, value) => (isFull && key.startsWith('0/') ? false : put(key, value))
  for (let hour = 0; hour < 40; hour++) {
    measure(ledger, steady(startMs + hour * hourMs, startMs + (hour + 1) * hourMs, 600, 0, 60_000))
    ledger.save()
    store.turn()
  }
  t.ok(ledger.forgotten > 0)
  isFull = false
  measure(ledger, steady(startMs + 40 * hourMs, startMs + 41 * hourMs, 600, 0, 60_000))
  ledger.save()
  store.turn()
  const { measuredWh, missingMs } = new Ledger(store.reopen(), '', utc).query(0, startMs, startMs + 41 * hourMs)
  t.ok(near(measuredWh, 600 * 41 - (600 * missingMs) / hourMs, 0.01), 'what is missing is missing, and nothing is there twice')
  t.ok(missingMs > 0 && missingMs < 30 * hourMs)
})

t.test('a year stays bounded', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  const hoursApart = 6
  let sizeMax = 0
  for (let day = 0; day < 365; day++) {
    for (let hour = 0; hour < 24; hour += hoursApart) {
      const atMs = startMs + day * dayMs + hour * hourMs
      measure(ledger, [power(atMs, 100), power(atMs + 6_000, 100)])
      ledger.save()
      for (let turn = 0; turn < 16; turn++) store.turn()
    }
    sizeMax = Math.max(sizeMax, store.size - day)
  }
  const perDay = 24 / hoursApart
  t.ok(sizeMax <= (3 + 1) * perDay + (93 + 8) * perDay + limits.journalRecordsMax + 3, `${sizeMax} records beside those of quarters`)
  const endMs = startMs + 365 * dayMs
  t.ok(near(ledger.query(0, endMs - 92 * dayMs, endMs).measuredWh, (92 * perDay * 100 * 6) / 3_600, 0.1), 'and minutes are kept')
  t.equal(ledger.oldestMs(endMs), endMs - 93 * dayMs)
})

t.test('it tells whether what was read can be relied on', async t => {
  const store = new MemoryStore()
  const ledger = new Ledger(store, '', utc)
  t.ok(ledger.isReadable)
  store.state = 'failing'
  t.notOk(ledger.isReadable)
})
