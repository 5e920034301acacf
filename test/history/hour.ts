/** An hour of the ledger: what is written is read, and nothing else. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Hour, minutesPerHour } from '../../src/history/hour.ts'

const slot = fc.record({ minute: fc.nat(minutesPerHour - 1), wattHours: fc.float({ min: 0, max: 2000, noNaN: true }), seconds: fc.nat(60) })

function told(hour: Hour): unknown {
  return Array.from({ length: minutesPerHour }, (_, minute) => [
    hour.measuredWh(minute),
    hour.measuredSeconds(minute),
    hour.filledWh(minute),
    hour.filledSeconds(minute)
  ])
}

t.test('what is written is read', async t => {
  fc.assert(
    fc.property(fc.array(slot), fc.array(slot), (measured, filled) => {
      const hour = new Hour()
      for (const { minute, wattHours, seconds } of measured) hour.measure(minute, wattHours, seconds)
      for (const { minute, wattHours, seconds } of filled) hour.fill(minute, wattHours, seconds)
      assert.deepEqual(told(Hour.decode(hour.encode())), told(hour))
    })
  )
  t.pass()
})

t.test('an hour takes no more room than it needs', async t => {
  const hour = new Hour()
  t.equal(hour.encode().length, 3)
  hour.measure(0, 1.5, 60)
  t.equal(hour.encode().length, 8)
  hour.measure(59, 1.5, 0)
  t.equal(hour.encode().length, 303)
  hour.fill(1, 0, 60)
  t.equal(hour.encode().length, 313)
})

t.test('a minute has sixty seconds, an hour sixty minutes', async t => {
  const hour = new Hour()
  hour.measure(5, 10, 40)
  hour.measure(5, 10, 40)
  hour.measure(60, 10, 40)
  t.strictSame([hour.measuredWh(5), hour.measuredSeconds(5)], [20, 60])
  t.strictSame([hour.measuredWh(60), hour.measuredSeconds(60), hour.filledWh(60), hour.filledSeconds(60)], [0, 0, 0, 0])
})

t.test('what cannot be read is an hour without anything', async t => {
  const hour = new Hour()
  hour.measure(0, 1.5, 60)
  const bytes = hour.encode()
  for (const broken of [undefined, new Uint8Array(), bytes.subarray(1), bytes.subarray(0, 7), bytes.with(0, 2)])
    t.strictSame(told(Hour.decode(broken)), told(new Hour()))
})
